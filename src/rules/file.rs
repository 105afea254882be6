//! A file of rules: YAML in Backstage's shape, alone or as part of a whole `app-config.yaml`.
//!
//! ```yaml
//! auditLog: # or its two keys at the top level
//!   excludeRules:
//!     - actorId: 'plugin:*'
//!       eventId: 'entity-fetch'
//!   syntheticActors: ['user:default/e2e']
//! ```

use std::collections::{HashMap, hash_map::Entry};

use secrecy::ExposeSecret;

use super::{Fault, Finding, Rule, Rules, Weight, cover::compare};
use crate::yaml::{self, Key, Kind, Node, Value, YamlError};

const RULES: &str = "excludeRules";
const SYNTHETIC: &str = "syntheticActors";
const SECTION: &str = "auditLog";
const ACTOR: &str = "actorId";
const EVENT: &str = "eventId";
/// Most rules, and most synthetic actors: each rule is held against all others.
const MOST: usize = 1_000;
/// Longest text in bytes; no id is longer.
const MAX_TEXT: usize = 500;
/// Likeness of two keys from which on one may be meant for the other.
const ALIKE: f64 = 0.75;
/// Letters that a slip changes at most.
const SLIPS: usize = 2;

/// A rule and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedRule {
    /// The rule.
    pub rule: Rule,
    /// Line of the file, from 1.
    pub line: u64,
}

/// What a file holds, and what there is to say about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesFile {
    /// The rules that can be understood.
    pub rules: Vec<PlacedRule>,
    /// Actors that the defaults are extended to, each with its line.
    pub synthetic_actors: Vec<(String, u64)>,
    /// Everything that was found, by line.
    pub findings: Vec<Finding>,
}

impl RulesFile {
    /// Reads a file's text.
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        match yaml::read(text) {
            Ok(root) => file.take_root(&root),
            Err(error) => file.find(error.line, unreadable(text, error)),
        }
        file.findings.extend(compare(&file.rules));
        file.compare_synthetic();
        file.findings.sort_by_key(|it| (it.line, it.fault.weight()));
        file
    }

    /// The first error. A file that has one is not to be acted upon.
    pub fn first_error(&self) -> Option<&Finding> {
        let mut findings = self.findings.iter();
        findings.find(|it| it.fault.weight() == Weight::Error)
    }

    /// How many findings there are of a weight.
    pub fn count(&self, weight: Weight) -> u64 {
        let of = |it: &&Finding| it.fault.weight() == weight;
        self.findings.iter().filter(of).count() as u64
    }

    /// The rules in force with this file.
    pub fn in_force(&self) -> Rules {
        let rules: Vec<_> = self.rules.iter().map(|it| it.rule.clone()).collect();
        let actors: Vec<_> = self
            .synthetic_actors
            .iter()
            .map(|it| it.0.clone())
            .collect();
        Rules::new(&rules, &actors)
    }

    fn find(&mut self, line: u64, fault: Fault) {
        self.findings.push(Finding { line, fault });
    }

    fn take_root(&mut self, root: &Node) {
        let entries = match &root.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            other => {
                let (what, found) = ("the file", other.kind());
                return self.find(line(root), Fault::NotAMapping { what, found });
            }
        };
        let mut found = self.take_section(entries, &[RULES, SYNTHETIC, SECTION]);
        for (_, node) in entries.iter().filter(|(key, _)| key.value == SECTION) {
            match &node.value {
                Value::Map(inner) => found |= self.take_section(inner, &[RULES, SYNTHETIC]),
                Value::Null => {}
                other => {
                    let (what, found) = (SECTION, other.kind());
                    self.find(line(node), Fault::NotAMapping { what, found });
                }
            }
        }
        if !found && self.first_error().is_none() {
            self.find(1, Fault::NoRules);
        }
    }

    /// Takes what a mapping has of the two keys. Other keys are somebody else's, unless they look like a slip.
    fn take_section(&mut self, entries: &[(Key, Node)], known: &[&'static str]) -> bool {
        let mut found = false;
        for (key, node) in entries {
            match key.value.as_str() {
                SECTION if known.contains(&SECTION) => {}
                RULES => {
                    found = true;
                    for item in self.items(RULES, node) {
                        self.take_rule(item);
                    }
                }
                SYNTHETIC => {
                    found = true;
                    for item in self.items(SYNTHETIC, node) {
                        self.take_synthetic(item);
                    }
                }
                other => {
                    if let Some(nearest) = slip(other, known) {
                        let fault = Fault::UnknownKey {
                            key: other.to_owned(),
                            nearest: Some(nearest),
                        };
                        self.find(key.referenced.line(), fault);
                    }
                }
            }
        }
        found
    }

    fn items<'a>(&mut self, key: &'static str, node: &'a Node) -> &'a [Node] {
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            other => {
                let found = other.kind();
                self.find(line(node), Fault::NotAList { key, found });
                &[]
            }
        };
        if let Some(first) = items.get(MOST) {
            self.find(line(first), Fault::TooMany(MOST, key));
        }
        items.get(..MOST).unwrap_or(items)
    }

    fn take_rule(&mut self, node: &Node) {
        let Value::Map(entries) = &node.value else {
            let (what, found) = ("a rule", node.value.kind());
            return self.find(line(node), Fault::NotAMapping { what, found });
        };
        let (mut actor, mut event) = (None, None);
        let mut slips = Vec::new();
        for (key, value) in entries {
            match key.value.as_str() {
                ACTOR => actor = Some(self.text(ACTOR, value)),
                EVENT => event = Some(self.text(EVENT, value)),
                other => {
                    let nearest = nearest(other, &[ACTOR, EVENT]);
                    slips.extend(nearest);
                    let line = key.referenced.line();
                    let key = other.to_owned();
                    self.find(line, Fault::UnknownKey { key, nearest });
                }
            }
        }
        let place = entries
            .first()
            .map_or(line(node), |(key, _)| key.referenced.line());
        for (key, part) in [(ACTOR, &actor), (EVENT, &event)] {
            // A slip has been named already.
            if part.is_none() && !slips.contains(&key) {
                self.find(place, Fault::Missing(key));
            }
        }
        let (Some(Some(actor)), Some(Some(event))) = (actor, event) else {
            return;
        };
        if event.contains('*') {
            let of_event = entries.iter().find(|(key, _)| key.value == EVENT);
            let place = of_event.map_or(place, |(_, value)| line(value));
            return self.find(place, Fault::StarInEvent);
        }
        self.rules.push(PlacedRule {
            rule: Rule {
                actor_id: actor.to_owned(),
                event_id: event.to_owned(),
            },
            line: place,
        });
    }

    fn take_synthetic(&mut self, node: &Node) {
        let Some(actor) = self.text("a synthetic actor", node) else {
            return;
        };
        if actor.contains('*') {
            self.find(line(node), Fault::StarInSynthetic);
        }
        self.synthetic_actors.push((actor.to_owned(), line(node)));
    }

    /// The text of a node.
    fn text<'a>(&mut self, what: &'static str, node: &'a Node) -> Option<&'a str> {
        let fault = match &node.value {
            Value::Text(text) => match text.expose_secret() {
                "" => Fault::Empty(what),
                text if text.len() <= MAX_TEXT => return Some(text),
                _ => Fault::TooLong(what),
            },
            Value::Long => Fault::TooLong(what),
            other => Fault::NotAText {
                what,
                found: other.kind(),
            },
        };
        self.find(line(node), fault);
        None
    }

    /// Names the synthetic actors that come twice.
    fn compare_synthetic(&mut self) {
        let mut first_lines: HashMap<&str, u64> = HashMap::new();
        for (actor, line) in &self.synthetic_actors {
            match first_lines.entry(actor) {
                Entry::Occupied(first) => self.findings.push(Finding {
                    line: *line,
                    fault: Fault::SameActor(*first.get()),
                }),
                Entry::Vacant(place) => {
                    place.insert(*line);
                }
            }
        }
    }
}

/// What is wrong with a text that has no tree.
fn unreadable(text: &str, error: YamlError) -> Fault {
    let at = usize::try_from(error.line).unwrap_or(1).saturating_sub(1);
    let there = text.lines().nth(at).unwrap_or_default();
    let value = there.split_once(": ").map_or(there, |(_, value)| value);
    if value.trim_start_matches([' ', '-']).starts_with('*') {
        return Fault::BareStar;
    }
    match error.kind {
        Kind::SameKey => Fault::SameKey,
        Kind::SeveralDocuments => Fault::SeveralDocuments,
        Kind::TooMuch => Fault::TooMuch,
        Kind::NotYaml => Fault::NotYaml(error.said),
    }
}

fn line(node: &Node) -> u64 {
    node.referenced.line()
}

/// The key that another may be meant for, where no others are known.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let key = key.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&key, &known.to_lowercase());
    let all = known.iter().map(|known| (likeness(known), *known));
    let best = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= ALIKE).then_some(best.1)
}

/// The key that another is meant for among keys of all kinds: `auth` is not `auditLog`.
fn slip(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let key = key.to_lowercase();
    let distance = |known: &str| strsim::osa_distance(&key, &known.to_lowercase());
    let mut known = known.iter().copied();
    known.find(|known| key != *known && distance(known) <= SLIPS)
}
