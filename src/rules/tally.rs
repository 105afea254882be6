//! What rules would have dropped of a history, counted event by event.

use super::Rules;
use crate::api::{Event, Field};

/// Examples of a flag that are kept.
const EXAMPLES: usize = 3;
/// Longest text of an event that is kept.
const MAX_TEXT: usize = 200;
/// Methods that change nothing.
const READS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
/// Actions that change something.
const WRITES: [&str; 3] = ["create", "update", "delete"];

/// What a rule drops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Events that it matches.
    pub lost: u64,
    /// Those of them that no other rule matches.
    pub alone: u64,
}

/// Why nobody should want to lose an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// What was tried has failed.
    Failed,
    /// Its severity is high or critical.
    Severe,
    /// It changed something.
    Write,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 3] = [Self::Failed, Self::Severe, Self::Write];

    /// Whether an event has it.
    pub fn is_of(self, event: &Event) -> bool {
        let one_of = |field, list: &[&str]| event.text(field).is_some_and(|it| list.contains(&it));
        match self {
            Self::Failed => one_of(Field::Status, &["failed"]),
            Self::Severe => one_of(Field::SeverityLevel, &["high", "critical"]),
            Self::Write => {
                let method = event.text(Field::RequestMethod);
                method.is_some_and(|it| !READS.contains(&it)) || one_of(Field::ActionType, &WRITES)
            }
        }
    }
}

/// An event that would be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its id, cut where it is long.
    pub id: String,
    /// Its time as it was sent, cut where it is long.
    pub event_time: String,
    /// Index of the first rule that matches it.
    pub rule: usize,
}

/// What would be lost of a flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flagged {
    /// Events.
    pub lost: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// The count so far. It is as large as the rules, however many events there are.
#[derive(Debug)]
pub struct Tally<'a> {
    rules: &'a Rules,
    events: u64,
    lost: u64,
    counts: Vec<Count>,
    flags: [Flagged; 3],
}

impl<'a> Tally<'a> {
    /// Nothing yet.
    pub fn new(rules: &'a Rules) -> Self {
        Self {
            rules,
            events: 0,
            lost: 0,
            counts: vec![Count::default(); rules.iter().count()],
            flags: Default::default(),
        }
    }

    /// Counts an event.
    pub fn add(&mut self, event: &Event) {
        self.events += 1;
        let actor = event.text(Field::ActorId);
        let event_id = event.text(Field::EventId).unwrap_or_default();
        let mut matching = self.rules.matching(actor, event_id);
        let Some(first) = matching.next() else {
            return;
        };
        self.lost += 1;
        let mut alone = true;
        for index in matching {
            alone = false;
            if let Some(count) = self.counts.get_mut(index) {
                count.lost += 1;
            }
        }
        if let Some(count) = self.counts.get_mut(first) {
            count.lost += 1;
            count.alone += u64::from(alone);
        }
        for (flag, flagged) in Flag::ALL.iter().zip(&mut self.flags) {
            if flag.is_of(event) {
                flagged.add(event, first);
            }
        }
    }

    /// Events that were counted.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Those that some rule matches.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Of each rule, in the order of [`Rules::iter`].
    pub fn counts(&self) -> &[Count] {
        &self.counts
    }

    /// Of each flag.
    pub fn flags(&self) -> impl Iterator<Item = (Flag, &Flagged)> {
        Flag::ALL.into_iter().zip(&self.flags)
    }
}

impl Flagged {
    fn add(&mut self, event: &Event, rule: usize) {
        self.lost += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(Example {
                id: kept(event.id()),
                event_time: kept(event.text(Field::EventTime).unwrap_or_default()),
                rule,
            });
        }
    }
}

fn kept(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
