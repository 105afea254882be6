//! What there is to say about a file of rules, line by line.

use std::fmt;

use super::Rule;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The file does not say what it is meant to say.
    Error,
    /// It does, and there is something to think about.
    Warning,
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A fault and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Line of the file, from 1.
    pub line: u64,
    /// What is wrong there.
    pub fault: Fault,
}

/// Where another rule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this line.
    Line(u64),
    /// Among the defaults.
    Default(Rule),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "the rule in line {line}"),
            Self::Default(rule) => {
                write!(f, "the default '{}' '{}'", rule.actor_id, rule.event_id)
            }
        }
    }
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not YAML.
    #[error("this is not YAML: {0}")]
    NotYaml(String),
    /// A key that comes twice in one mapping.
    #[error("this key is there already")]
    SameKey,
    /// More than one document.
    #[error("a second document begins here: one is expected")]
    SeveralDocuments,
    /// More than anybody writes, by itself or by what its aliases stand for.
    #[error("this is more than is read of a file: too large, too deep, or too many aliases")]
    TooMuch,
    /// A `*` without quotes, which begins an alias of YAML.
    #[error("a * that begins a value needs quotes: '*'")]
    BareStar,
    /// No rules anywhere.
    #[error("there are no excludeRules, neither at the top level nor under auditLog")]
    NoRules,
    /// Something that has to be a mapping is none.
    #[error("{what} is {found}, not a mapping")]
    NotAMapping {
        /// What it is.
        what: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A list is expected.
    #[error("{key} is {found}, not a list")]
    NotAList {
        /// The list's key.
        key: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A text is expected.
    #[error("{what} is {found}, not a text")]
    NotAText {
        /// The key, or what it is.
        what: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A text is there that holds nothing.
    #[error("{0} is empty: it matches nothing")]
    Empty(&'static str),
    /// A text that cannot be meant.
    #[error("{0} is too long")]
    TooLong(&'static str),
    /// A rule lacks a part.
    #[error("the rule has no {0}: it needs both actorId and eventId")]
    Missing(&'static str),
    /// A key that nobody reads.
    #[error("unknown key '{key}'{}", meant(.nearest))]
    UnknownKey {
        /// The key, cut where it is long.
        key: String,
        /// The nearest known one.
        nearest: Option<&'static str>,
    },
    /// A `*` in an event id.
    #[error("eventId has no wildcards: the * in it stands for itself")]
    StarInEvent,
    /// More rules than anybody reads.
    #[error("there are more than {0} of {1}")]
    TooMany(usize, &'static str),
    /// The same rule again.
    #[error("{0} is the same")]
    Same(Place),
    /// A rule that drops nothing more.
    #[error("{0} covers this one: it drops nothing more")]
    Covered(Place),
    /// A rule that may drop what people did.
    #[error(
        "this drops what people do, failures and high severity included: see what, with auditlog rules test"
    )]
    MeetsUsers,
    /// A rule that may drop changes.
    #[error("this drops changes, those that failed included: see which, with auditlog rules test")]
    DropsChanges,
    /// A `*` in a synthetic actor.
    #[error("a synthetic actor is taken literally: the * stands for itself")]
    StarInSynthetic,
    /// A synthetic actor again.
    #[error("this actor is in line {0} already")]
    SameActor(u64),
}

impl Fault {
    /// How much it weighs.
    pub fn weight(&self) -> Weight {
        match self {
            Self::NotYaml(_)
            | Self::SameKey
            | Self::SeveralDocuments
            | Self::TooMuch
            | Self::BareStar
            | Self::NoRules
            | Self::NotAMapping { .. }
            | Self::NotAList { .. }
            | Self::NotAText { .. }
            | Self::Empty(_)
            | Self::TooLong(_)
            | Self::Missing(_)
            | Self::UnknownKey { .. }
            | Self::StarInEvent
            | Self::TooMany(..) => Weight::Error,
            Self::Same(_)
            | Self::Covered(_)
            | Self::MeetsUsers
            | Self::DropsChanges
            | Self::StarInSynthetic
            | Self::SameActor(_) => Weight::Warning,
        }
    }
}

fn meant(nearest: &Option<&'static str>) -> String {
    let meant = |nearest: &&str| format!("; did you mean '{nearest}'?");
    nearest.as_ref().map_or_else(String::new, meant)
}
