//! The newest events of a window in one request: cheap enough to be asked again and again.

use super::{Source, SourceError};
use crate::{
    api::{Event, Field, Timestamp},
    query::{Query, Request, Sendable},
    store::StoreError,
};

/// The newest events of a window.
#[derive(Clone, Debug)]
pub struct Newest {
    /// In the order in which they came.
    pub events: Vec<Event>,
    /// How many the window holds, if the source says.
    pub total: Option<u64>,
    /// The source's clock when it answered.
    pub clock: Timestamp,
}

impl Source {
    /// What this source can be asked of a question, without the filters of some fields.
    pub fn sendable(&self, query: &Query, withheld: &[Field]) -> Sendable {
        match self {
            Self::Server(_) => query.sendable(withheld),
            // A store understands every filter.
            Self::Store(_) => Sendable {
                query: query.clone(),
                rest: Vec::new(),
            },
        }
    }

    /// Asks once for the newest `limit` events. `now` is the clock of a store, and of a server that does not tell its
    /// own.
    pub async fn newest(
        &self,
        query: &Query,
        limit: u32,
        now: Timestamp,
    ) -> Result<Newest, SourceError> {
        match self {
            Self::Server(client) => {
                let request = Request {
                    query: query.clone(),
                    limit,
                    offset: 0,
                };
                let answer = client.fetch(&request).await?;
                Ok(Newest {
                    events: answer.page.events,
                    total: answer.page.total,
                    clock: answer.date.unwrap_or(now),
                })
            }
            Self::Store(store) => {
                let page = store.page(query, limit, 0).await?;
                let bodies = page.bodies.iter();
                let damaged = |error| StoreError::Damaged(format!("an event: {error}"));
                let events = bodies.map(|body| Event::from_json(body).map_err(damaged));
                Ok(Newest {
                    events: events.collect::<Result<_, _>>()?,
                    total: Some(page.total),
                    clock: now,
                })
            }
        }
    }
}
