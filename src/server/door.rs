//! What stands between a sender and the store: which events are not kept, and what is not kept of the others.

use std::fmt;

use crate::{
    api::{Event, EventError},
    redact::Redact,
};

/// Whether an event of this actor, if it has one, and this name is left out.
pub type Excludes = Box<dyn Fn(Option<&str>, &str) -> bool + Send + Sync>;

/// What every event passes before it is stored.
pub struct Door {
    excludes: Excludes,
    redact: Redact,
}

impl Default for Door {
    /// Leaves no event out, and redacts what it does by default.
    fn default() -> Self {
        Self::new(Box::new(|_, _| false), Redact::default())
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Door").field(&self.redact).finish()
    }
}

impl Door {
    /// Leaves out what `excludes` says and redacts the rest.
    pub fn new(excludes: Excludes, redact: Redact) -> Self {
        Self { excludes, redact }
    }

    pub(super) fn excludes(&self, actor_id: Option<&str>, event_id: &str) -> bool {
        (self.excludes)(actor_id, event_id)
    }

    pub(super) fn redacted(&self, event: Event) -> Result<Event, EventError> {
        self.redact.apply(event)
    }
}
