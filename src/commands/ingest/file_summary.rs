//! What became of what was read, and how it is said.

use crate::{client::PostAnswer, ingest::Counts};

/// What became of one file.
#[derive(Default)]
pub struct FileSummary {
    pub counts: Counts,
    /// What the destination says of the events.
    pub told: PostAnswer,
    pub at_server: bool,
    /// All of the file was read before, as it seems from its content.
    pub nothing_new: bool,
}

impl FileSummary {
    pub fn summary(&self) -> String {
        let Counts {
            read,
            excluded,
            initiated,
            other,
            repaired,
            rejected,
            ..
        } = self.counts;
        let told = &self.told;
        let counted = format!(
            "read {read}, stored {}, excluded {excluded}, initiated {initiated}, other {other}, repaired {repaired}, \
             rejected {rejected}",
            told.stored
        );
        if !self.at_server {
            return counted;
        }
        format!(
            "{counted}; the server counted stored {}, duplicate {}, excluded {}, rejected {}",
            told.stored, told.duplicate, told.excluded, told.rejected_count
        )
    }

    /// Adds what became of another file.
    pub fn add(&mut self, more: &Self) {
        self.counts += more.counts;
        self.at_server |= more.at_server;
        self.told.add(&more.told);
    }
}
