//! Where a setting came from.

use std::fmt;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This flag.
    Flag(&'static str),
    /// This environment variable.
    Variable(&'static str),
    /// The profile of this name.
    Profile(String),
    /// `default_profile` of the configuration.
    DefaultProfile,
    /// Nobody said otherwise.
    BuiltIn,
}

/// A value, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Who said so.
    pub from: Origin,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Profile(name) => write!(f, "profile '{name}'"),
            Self::DefaultProfile => f.write_str("default_profile"),
            Self::BuiltIn => f.write_str("built in"),
        }
    }
}
