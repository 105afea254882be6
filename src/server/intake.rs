//! What is kept of the events that are sent: exclusion rules, and redaction of the rest.

use crate::{
    api::{Event, EventError},
    config::AuditLog,
    redact::Redact,
    rules::{Rule, Rules},
};

/// What every event passes before it is stored.
#[derive(Clone, Debug)]
pub struct Intake {
    rules: Rules,
    redact: Option<Redact>,
}

impl Default for Intake {
    /// The default rules, and the default redaction.
    fn default() -> Self {
        Self::new(Rules::default(), Some(Redact::default()))
    }
}

impl From<&AuditLog> for Intake {
    fn from(config: &AuditLog) -> Self {
        let rules = config.exclude_rules.iter().map(|rule| Rule {
            actor_id: rule.actor_id.clone(),
            event_id: rule.event_id.clone(),
        });
        let rules = Rules::new(&rules.collect::<Vec<_>>(), &config.synthetic_actors);
        let redact = match &config.redact {
            None => Some(Redact::default()),
            Some(redact) => redact.enabled.then(|| {
                let longest = redact.max_value_bytes;
                let longest = longest.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
                Redact::or_default(redact.keys.as_deref(), longest)
            }),
        };
        Self::new(rules, redact)
    }
}

impl Intake {
    /// Leaves out what the rules say, and redacts the rest.
    pub fn new(rules: Rules, redact: Option<Redact>) -> Self {
        Self { rules, redact }
    }

    pub(super) fn excludes(&self, actor_id: Option<&str>, event_id: &str) -> bool {
        self.rules.excludes(actor_id, event_id)
    }

    /// The event without what it must not keep; none where it may stay as it is.
    pub(super) fn redacted(&self, event: &Event) -> Result<Option<Event>, EventError> {
        match &self.redact {
            Some(redact) => redact.redacted(event),
            None => Ok(None),
        }
    }
}
