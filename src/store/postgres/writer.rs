//! The writing side: events, and how far their source has been read, in one transaction.

use std::time::Duration;

use tokio_postgres::Client;
use uuid::Uuid;

use super::{
    connection::Database,
    wait,
    writing::{KnownKinds, Writing},
};
use crate::{
    address::DatabaseUrl,
    api::{Event, Timestamp},
    store::{Advance, NO_FILE, SourceProgress, error::StoreError},
};

/// Longest time for one statement.
const BOUND: Duration = Duration::from_secs(60);
/// Kinds whose numbers are remembered. There are some hundreds; more are looked up again.
const MAX_KINDS: usize = 20_000;

/// Events on their way, of this connection alone. No time or text of them is looked for here: it has no index.
const INCOMING: &str = "CREATE TEMPORARY TABLE incoming (event_time bigint, source bigint, kind bigint, \
    recorded_at bigint, id text COLLATE \"C\", actor_id text COLLATE \"C\", request_url text COLLATE \"C\", \
    entity_ref text COLLATE \"C\", body text) ON COMMIT DELETE ROWS";
/// A connection that writes, made anew where it has broken off.
#[derive(Debug)]
pub(in crate::store) struct Writer {
    database: Database,
    client: Option<Client>,
    known: KnownKinds,
}

impl Writer {
    pub(in crate::store) fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let database = Database::new(url)?;
        let client = wait(async {
            let mut client = database.connect(BOUND).await?;
            database.prepare(&mut client, true).await?;
            set_up(&client).await?;
            Ok(client)
        })?;
        Ok(Self {
            client: Some(client),
            ..Self::new(database)
        })
    }

    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            client: None,
            known: KnownKinds::new(),
        }
    }

    /// Runs `work` in a transaction that nobody else writes beside, and makes what it did last.
    fn write<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Writing<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        wait(async {
            // After an error the connection may be anywhere; a new one is at its beginning.
            let open = self.client.take().filter(|client| !client.is_closed());
            let mut client = match open {
                Some(client) => client,
                None => {
                    let client = self.database.connect(BOUND).await?;
                    set_up(&client).await?;
                    client
                }
            };
            let mut writing = Writing::begin(&mut client, &self.known).await?;
            let done = work(&mut writing).await?;
            let seen = writing.commit().await.map_err(|error| match error {
                StoreError::Away(reason) => StoreError::Unsure(reason),
                error => error,
            })?;
            self.client = Some(client);
            if self.known.len() + seen.len() > MAX_KINDS {
                self.known.clear();
            }
            self.known.extend(seen);
            Ok(done)
        })
    }

    pub(in crate::store) fn sources(&mut self) -> Result<Vec<SourceProgress>, StoreError> {
        self.write(async |writing| {
            let rows = writing
                .transaction
                .query(
                    "SELECT uuid, read_to, prefix_sha256 FROM sources WHERE read_to IS NOT NULL ORDER BY id",
                    &[],
                )
                .await?;
            let mut sources = Vec::new();
            for row in rows {
                let (uuid, sha256): (&str, &[u8]) = (row.try_get(0)?, row.try_get(2)?);
                let damaged = || StoreError::Damaged(format!("source '{uuid}'"));
                sources.push(SourceProgress {
                    source: Uuid::try_parse(uuid).map_err(|_| damaged())?,
                    read_to: u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or_default(),
                    prefix_sha256: sha256.try_into().map_err(|_| damaged())?,
                });
            }
            Ok(sources)
        })
    }

    pub(in crate::store) fn append(
        &mut self,
        events: &[Event],
        advance: Option<&Advance>,
        now: Option<&dyn Fn() -> Timestamp>,
    ) -> Result<u64, StoreError> {
        self.write(async |writing| {
            let now = match now {
                Some(now) => Some(writing.moment(now()).await?),
                None => None,
            };
            let source = match advance {
                Some(advance) => writing.advance(advance).await?,
                None => NO_FILE,
            };
            let stored = writing.store(source, events.iter(), now, false).await?;
            Ok(stored.len() as u64)
        })
    }

    pub(in crate::store) fn append_new(
        &mut self,
        senders: &[&[Event]],
        now: impl Fn() -> Timestamp,
    ) -> Result<Vec<u64>, StoreError> {
        self.write(async |writing| {
            // Whoever only asks whether it could be written leaves nothing behind.
            if senders.iter().all(|events| events.is_empty()) {
                return Ok(vec![0; senders.len()]);
            }
            let now = writing.moment(now()).await?;
            let events = senders.iter().copied().flatten();
            let mut stored = writing.store(NO_FILE, events, Some(now), true).await?;
            // Whoever sent an id first has stored it.
            let mut new = |events: &&[Event]| {
                let new = events.iter().filter(|event| stored.remove(event.id()));
                new.count() as u64
            };
            Ok(senders.iter().map(&mut new).collect())
        })
    }

    pub(in crate::store) fn delete_before(
        &mut self,
        time: Timestamp,
        most: u32,
    ) -> Result<u64, StoreError> {
        self.write(async |writing| writing.delete_before(time, most).await)
    }
}

/// What a connection that writes needs besides.
async fn set_up(client: &Client) -> Result<(), StoreError> {
    Ok(client.batch_execute(INCOMING).await?)
}
