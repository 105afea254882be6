//! What rules have against each other: the same again, one within another, people within reach.

use std::collections::{HashMap, HashSet};

use super::{Fault, Finding, NOISY_ACTOR, NOISY_EVENTS, Place, PlacedRule, Rule, noisy, pattern};
use crate::wildcard::Wildcard;

/// What the catalog and the scaffolder emit, of medium severity, where something changes.
const CHANGES: [&str; 3] = ["entity-mutate", "location-mutate", "task"];

/// What there is to say about rules that can be understood.
pub fn compare(rules: &[PlacedRule]) -> Vec<Finding> {
    let anything = unused(rules.iter().map(|it| it.rule.actor_id.as_str()));
    let mut by_event: HashMap<&str, Vec<Actors<'_>>> = HashMap::new();
    for placed in rules {
        let actors = Actors::new(placed, anything);
        let event = placed.rule.event_id.as_str();
        by_event.entry(event).or_default().push(actors);
    }
    let mut findings = Vec::new();
    for of_event in by_event.values() {
        for (at, own) in of_event.iter().enumerate() {
            let fault = own.within_default().or_else(|| own.within(of_event, at));
            let fault = fault.or_else(|| loss(&own.placed.rule));
            let line = own.placed.line;
            findings.extend(fault.map(|fault| Finding { line, fault }));
        }
    }
    findings
}

/// The actors of a rule.
struct Actors<'a> {
    placed: &'a PlacedRule,
    pattern: Wildcard,
    /// The pattern with a strange character in the place of each `*`: what matches this matches everything that the
    /// pattern does, since nothing but another `*` takes that character.
    sample: String,
}

impl<'a> Actors<'a> {
    fn new(placed: &'a PlacedRule, anything: char) -> Self {
        let actor = &placed.rule.actor_id;
        Self {
            placed,
            pattern: pattern(actor),
            sample: actor.replace('*', anything.encode_utf8(&mut [0; 4])),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        self.pattern.matches(&other.sample)
    }

    /// What a default has against this rule.
    fn within_default(&self) -> Option<Fault> {
        let Rule { actor_id, event_id } = &self.placed.rule;
        let noisy_event = NOISY_EVENTS.contains(&event_id.as_str());
        if !noisy_event || !pattern(NOISY_ACTOR).matches(&self.sample) {
            return None;
        }
        let place = Place::Default(noisy(NOISY_ACTOR, event_id));
        Some(match actor_id == NOISY_ACTOR {
            true => Fault::Same(place),
            false => Fault::Covered(place),
        })
    }

    /// What the rules for the same event, of which this is the one at `at`, have against it. Of two that match the same
    /// the later one is named.
    fn within(&self, all: &[Self], at: usize) -> Option<Fault> {
        let actor = |it: &Self| it.placed.rule.actor_id.clone();
        let place = |it: &Self| Place::Line(it.placed.line);
        let before = all.iter().take(at);
        if let Some(same) = before.clone().find(|it| actor(it) == actor(self)) {
            return Some(Fault::Same(place(same)));
        }
        let mut wider = before.filter(|it| it.covers(self)).chain(
            all.iter()
                .skip(at + 1)
                .filter(|it| it.covers(self) && !self.covers(it)),
        );
        wider.next().map(|it| Fault::Covered(place(it)))
    }
}

/// A character that none of the texts holds.
fn unused<'a>(texts: impl Iterator<Item = &'a str>) -> char {
    let used: HashSet<char> = texts.flat_map(str::chars).collect();
    // There are more of these than a file of rules has room for.
    let mut strange = '\u{e000}'..=char::MAX;
    strange.find(|c| !used.contains(c)).unwrap_or(char::MAX)
}

/// What a rule may drop that somebody will look for. Whether it does, only the events can tell.
fn loss(Rule { actor_id, event_id }: &Rule) -> Option<Fault> {
    let event_id = event_id.as_str();
    if meets_users(actor_id, event_id) {
        return Some(Fault::MeetsUsers);
    }
    CHANGES.contains(&event_id).then_some(Fault::DropsChanges)
}

/// Whether a rule can match a person, other than one whose noise is left out by name.
fn meets_users(actor_id: &str, event_id: &str) -> bool {
    const USER: &str = "user:";
    match actor_id.split_once('*') {
        Some((first, _)) => first.starts_with(USER) || USER.starts_with(first),
        None => actor_id.starts_with(USER) && !NOISY_EVENTS.contains(&event_id),
    }
}

#[cfg(test)]
mod tests {
    use super::{Actors, PlacedRule, meets_users, noisy, unused};

    #[test]
    fn a_pattern_covers_those_that_match_no_more() {
        for (outer, inner, expected) in [
            ("plugin:*", "plugin:search", true),
            ("plugin:*", "plugin:a*b", true),
            ("plugin:*", "plugin:*", true),
            ("plugin:**", "plugin:*", true),
            ("*", "", true),
            ("*", "***", true),
            ("user:*", "user:*/*", true),
            ("user:*/*", "user:*", false),
            ("user:*/*", "user:default/*", true),
            ("user:default/*", "user:*/*", false),
            ("a*a", "a*", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("plugin:search", "plugin:*", false),
            ("\u{e000}*", "\u{e000}a", true),
            ("\u{e000}", "*", false),
        ] {
            let [wide, narrow] = [outer, inner].map(|actor| PlacedRule {
                rule: noisy(actor, "task"),
                line: 1,
            });
            let anything = unused([outer, inner].into_iter());
            let [wide, narrow] = [&wide, &narrow].map(|it| Actors::new(it, anything));
            assert_eq!(wide.covers(&narrow), expected, "{outer} {inner}");
        }
    }

    #[test]
    fn people_are_met_by_name_and_by_patterns_that_leave_room_for_them() {
        for (actor, expected) in [
            ("*", [true, true]),
            ("user:*/*", [true, true]),
            ("user:default/*", [true, true]),
            ("us*", [true, true]),
            ("*:guest", [true, true]),
            ("user:default/a", [false, true]),
            ("plugin:*", [false, false]),
            ("users:*", [false, false]),
            ("users:a", [false, false]),
        ] {
            let met = ["entity-fetch", "demo"].map(|event| meets_users(actor, event));
            assert_eq!(met, expected, "{actor}");
        }
    }
}
