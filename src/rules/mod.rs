//! Exclusion rules: which events are never stored.
//!
//! [`Rules`] is their meaning; [`RulesFile`] reads them from YAML and says what is wrong with it; [`Tally`] counts what
//! they would drop. Pure: texts and events are handed in.

mod cover;
mod fault;
mod file;
mod tally;

use std::collections::HashMap;

use crate::wildcard::Wildcard;

pub use fault::{Fault, Finding, Place, Weight};
pub use file::{PlacedRule, RulesFile};
pub use tally::{Count, Example, Flag, Flagged, Tally};

/// Read operations of such volume that nobody wants to keep them from machines.
pub const NOISY_EVENTS: [&str; 2] = ["entity-fetch", "entity-facets"];
/// Whose they are not kept: every plugin.
pub const NOISY_ACTOR: &str = "plugin:*";

/// A rule as it is written: both must match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Who acted; `*` stands for any run of characters.
    pub actor_id: String,
    /// What was done, taken literally.
    pub event_id: String,
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The rule of this index among those that were given.
    Given(usize),
    /// Always in force.
    Default,
    /// A default for a synthetic actor.
    Synthetic,
}

/// All rules that are in force: those that were given, and the defaults.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: Vec<InForce>,
    /// Indices of the rules for an event id: events meet no others.
    by_event: HashMap<String, Vec<usize>>,
}

#[derive(Clone, Debug)]
struct InForce {
    rule: Rule,
    origin: Origin,
    actor: Wildcard,
}

impl Default for Rules {
    fn default() -> Self {
        Self::new(&[], &[])
    }
}

impl Rules {
    /// These rules, then the defaults, then the defaults for each of the synthetic actors, who are taken literally.
    pub fn new(rules: &[Rule], synthetic_actors: &[String]) -> Self {
        let given = rules.iter().enumerate().map(|(index, rule)| InForce {
            rule: rule.clone(),
            origin: Origin::Given(index),
            actor: pattern(&rule.actor_id),
        });
        let defaults = NOISY_EVENTS.map(|event| InForce {
            rule: noisy(NOISY_ACTOR, event),
            origin: Origin::Default,
            actor: pattern(NOISY_ACTOR),
        });
        let synthetic = synthetic_actors.iter().flat_map(|actor| {
            NOISY_EVENTS.map(|event| InForce {
                rule: noisy(actor, event),
                origin: Origin::Synthetic,
                actor: Wildcard::literal(actor),
            })
        });
        let rules: Vec<_> = given.chain(defaults).chain(synthetic).collect();
        let mut by_event: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, it) in rules.iter().enumerate() {
            let event = it.rule.event_id.clone();
            by_event.entry(event).or_default().push(index);
        }
        Self { rules, by_event }
    }

    /// Whether an event is not to be stored. One without an actor always is.
    pub fn excludes(&self, actor_id: Option<&str>, event_id: &str) -> bool {
        self.matching(actor_id, event_id).next().is_some()
    }

    /// The indices of all rules that match an event, ascending.
    pub fn matching(
        &self,
        actor_id: Option<&str>,
        event_id: &str,
    ) -> impl Iterator<Item = usize> + '_ {
        let indices = actor_id.and_then(|_| self.by_event.get(event_id));
        let actor = actor_id.unwrap_or_default().to_owned();
        let matches = move |index: &usize| {
            let rule = self.rules.get(*index);
            rule.is_some_and(|it| it.actor.matches(&actor))
        };
        indices.into_iter().flatten().copied().filter(matches)
    }

    /// Every rule, in the order of the indices of [`Rules::matching`].
    pub fn iter(&self) -> impl Iterator<Item = (&Rule, Origin)> {
        self.rules.iter().map(|it| (&it.rule, it.origin))
    }
}

fn noisy(actor: &str, event: &str) -> Rule {
    Rule {
        actor_id: actor.to_owned(),
        event_id: event.to_owned(),
    }
}

fn pattern(actor_id: &str) -> Wildcard {
    Wildcard::from_pieces(actor_id.split('*').map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::{Origin, Rule, Rules};

    fn rule(actor: &str, event: &str) -> Rule {
        Rule {
            actor_id: actor.to_owned(),
            event_id: event.to_owned(),
        }
    }

    #[test]
    fn the_defaults_are_always_in_force() {
        for rules in [Rules::default(), Rules::new(&[rule("a", "b")], &[])] {
            assert!(rules.excludes(Some("plugin:search"), "entity-fetch"));
            assert!(rules.excludes(Some("plugin:"), "entity-facets"));
            assert!(!rules.excludes(Some("plugin:search"), "entity-mutate"));
            assert!(!rules.excludes(Some("user:default/a"), "entity-fetch"));
            assert!(!rules.excludes(None, "entity-fetch"));
        }
    }

    #[test]
    fn a_synthetic_actor_is_literal_and_loses_the_same_two_events() {
        let rules = Rules::new(&[], &["user:default/*".to_owned()]);
        assert!(rules.excludes(Some("user:default/*"), "entity-facets"));
        assert!(!rules.excludes(Some("user:default/a"), "entity-facets"));
        assert!(!rules.excludes(Some("user:default/*"), "task"));
    }

    #[test]
    fn both_parts_must_match_and_only_the_actor_has_wildcards() {
        let rules = Rules::new(&[rule("user:*/*", "task"), rule("*", "a*")], &[]);
        assert!(rules.excludes(Some("user:a/b"), "task"));
        assert!(!rules.excludes(Some("user:a"), "task"));
        assert!(!rules.excludes(None, "a*"));
        assert!(rules.excludes(Some(""), "a*"));
        assert!(!rules.excludes(Some(""), "abc"));
    }

    #[test]
    fn every_rule_that_excludes_an_event_is_named() {
        let rules = [rule("plugin:a", "entity-fetch"), rule("*", "entity-fetch")];
        let rules = Rules::new(&rules, &["plugin:a".to_owned()]);
        let all: Vec<_> = rules.matching(Some("plugin:a"), "entity-fetch").collect();
        assert_eq!(all, [0, 1, 2, 4]);
        let origins: Vec<_> = rules.iter().map(|(_, origin)| origin).collect();
        let (default, synthetic) = (Origin::Default, Origin::Synthetic);
        let given = [Origin::Given(0), Origin::Given(1)];
        let others = [default, default, synthetic, synthetic];
        assert_eq!(origins, [&given[..], &others].concat());
    }

    #[test]
    fn a_hostile_pattern_on_a_hostile_actor_takes_no_time() {
        let pattern = format!("{}b", "*a".repeat(50_000));
        let rules = Rules::new(&[rule(&pattern, "task")], &[]);
        assert!(!rules.excludes(Some(&"a".repeat(200_000)), "task"));
    }
}
