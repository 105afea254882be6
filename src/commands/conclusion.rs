//! What can be said of an answer when it has ended, well or not: in words, and in the receipt.

use super::summary::stretches;
use crate::{
    api::Timestamp,
    error::{Code, Error},
    output::{Ui, grouped},
    query::Window,
    receipt::Worth,
    source::{Gap, ReadReport, Verdict},
};

/// Stretches that are named on stderr; the receipt has more.
const NAMED: usize = 3;

/// How a reading ended.
#[derive(Debug)]
pub enum Conclusion {
    /// Every event of the window that could be seen at this moment was given.
    Complete(Timestamp),
    /// Something may be missing.
    Incomplete {
        /// Why.
        reason: String,
        /// The first stretches that may lack events.
        gaps: Vec<Gap>,
        /// How many there are.
        count: u64,
    },
}

impl Conclusion {
    /// Of a reading that came to its end, or was stopped by an error.
    pub fn of(told: Option<&ReadReport>, error: Option<&Error>, seen: &Gaps) -> Self {
        let verdict = match (error, told) {
            (Some(error), _) => return seen.conclusion(reason(error)),
            (None, told) => told.map(|told| &told.verdict),
        };
        match verdict {
            Some(Verdict::Complete { as_of }) => Self::Complete(*as_of),
            Some(Verdict::Incomplete { gaps, count }) => Self::Incomplete {
                reason: match count {
                    // Nothing was counted, or nobody told when.
                    0 => "no answer of the server proves it".to_owned(),
                    count => format!("{} of the window may lack events", stretches(*count)),
                },
                gaps: gaps.clone(),
                count: *count,
            },
            Some(Verdict::Stopped) | None => seen.conclusion("stopped after --limit".to_owned()),
        }
    }

    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete(_))
    }

    /// The same in a receipt.
    pub fn worth(&self) -> Worth {
        match self {
            Self::Complete(as_of) => Worth::complete(*as_of),
            Self::Incomplete {
                reason,
                gaps,
                count,
            } => Worth::incomplete(reason, gaps, *count),
        }
    }

    /// Warns where something may be missing that was asked for: a few stretches, and why.
    pub fn warn(&self, ui: &Ui, all: bool) {
        let Self::Incomplete {
            reason,
            gaps,
            count,
        } = self
        else {
            return;
        };
        match gaps.as_slice() {
            [] if all => ui.warning(&format!("incomplete: {reason}")),
            [] => {}
            [gap] if *count == 1 => ui.warning(&format!("incomplete: {}", shown(gap))),
            gaps => {
                let many = stretches(*count);
                ui.warning(&format!("incomplete: {many} of the window may lack events"));
                let named = gaps.iter().take(NAMED);
                named.for_each(|gap| ui.warning_detail(&shown(gap)));
                let more = count.saturating_sub(NAMED as u64);
                if more > 0 {
                    ui.warning_detail(&format!("and {} more", grouped(more)));
                }
            }
        }
    }
}

/// The stretches of the pieces that have come, for a reading that did not come to its end.
#[derive(Debug, Default)]
pub struct Gaps {
    first: Vec<Gap>,
    count: u64,
}

impl Gaps {
    /// Most that are kept.
    const MOST: usize = 20;

    /// Takes note of one.
    pub fn add(&mut self, gap: Gap) {
        self.count += 1;
        if self.first.len() < Self::MOST {
            self.first.push(gap);
        }
    }

    fn conclusion(&self, reason: String) -> Conclusion {
        Conclusion::Incomplete {
            reason,
            gaps: self.first.clone(),
            count: self.count,
        }
    }
}

fn reason(error: &Error) -> String {
    match error.code() {
        Code::Done => "nobody read the answer to its end".to_owned(),
        Code::Interrupted => "interrupted".to_owned(),
        _ => error.to_string(),
    }
}

fn shown(gap: &Gap) -> String {
    let Window { start, end } = gap.window;
    let bound = |time: Option<Timestamp>| time.map_or_else(String::new, |time| time.to_string());
    format!("{} … {}: {}", bound(start), bound(end), gap.doubt)
}
