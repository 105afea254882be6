//! The writing side: events, and how far their source has been read, in one transaction.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio_postgres::{
    Client, Transaction,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};
use uuid::Uuid;

use super::{connection::Database, wait};
use crate::{
    address::DatabaseUrl,
    api::{Event, Field, Timestamp},
    store::{
        Advance, NO_FILE, SourceProgress,
        counts::Deltas,
        error::StoreError,
        kind::{KindId, fields_of},
        text::escaped,
    },
};

/// Longest time for one statement.
const BOUND: Duration = Duration::from_secs(60);
/// Kinds whose numbers are remembered. There are some hundreds; more are looked up again.
const MAX_KINDS: usize = 20_000;

/// Events on their way, of this connection alone. No time or text of them is looked for here: it has no index.
const INCOMING: &str = "CREATE TEMPORARY TABLE incoming (event_time bigint, source bigint, kind bigint, \
    recorded_at bigint, id text COLLATE \"C\", actor_id text COLLATE \"C\", request_url text COLLATE \"C\", \
    entity_ref text COLLATE \"C\", body text) ON COMMIT DELETE ROWS";
const COPY: &str = "COPY incoming (event_time, source, kind, recorded_at, id, actor_id, request_url, entity_ref, body) \
    FROM STDIN (FORMAT binary)";
const TYPES: [Type; 9] = [
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
];
/// Takes over what the source, or any of them, does not have.
const TAKE: &str = "INSERT INTO events (event_time, source, kind, recorded_at, id, actor_id, request_url, entity_ref, body) \
    SELECT event_time, source, kind, recorded_at, id, actor_id, request_url, entity_ref, body FROM incoming \
    WHERE NOT $1 OR NOT EXISTS (SELECT FROM events WHERE events.id = incoming.id) \
    ON CONFLICT (id, source) DO NOTHING RETURNING id";
const DELETE: &str = "DELETE FROM events USING (SELECT id, source FROM events WHERE event_time < $1 \
    ORDER BY event_time, id, source LIMIT $2) AS old \
    WHERE events.id = old.id AND events.source = old.source RETURNING events.kind, events.event_time";
const COUNT: &str = "INSERT INTO counts (grain, kind, start, n) \
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) \
    ON CONFLICT (grain, kind, start) DO UPDATE SET n = counts.n + excluded.n";
const CLEAR: &str = "DELETE FROM counts USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS gone (grain, kind, start) \
    WHERE counts.grain = gone.grain AND counts.kind = gone.kind AND counts.start = gone.start AND n = 0";

/// A connection that writes, made anew where it has broken off.
#[derive(Debug)]
pub(in crate::store) struct Writer {
    database: Database,
    client: Option<Client>,
    known: KnownKinds,
}

/// Numbers of kinds that are in the database for good.
type KnownKinds = HashMap<String, KindId>;

/// A text as it is stored.
fn text(event: &Event, field: Field) -> Option<String> {
    event.text(field).map(|text| escaped(text).into_owned())
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
            let seen = writing.commit().await?;
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
        self.write(async |writing| {
            let most = i64::from(most);
            let gone = writing
                .transaction
                .query(DELETE, &[&time.micros(), &most])
                .await?;
            for row in &gone {
                writing.deltas.add(row.try_get(0)?, row.try_get(1)?, -1);
            }
            Ok(gone.len() as u64)
        })
    }
}

/// What a connection that writes needs besides.
async fn set_up(client: &Client) -> Result<(), StoreError> {
    Ok(client.batch_execute(INCOMING).await?)
}

/// A transaction under way. Dropped, it has changed nothing.
struct Writing<'a> {
    transaction: Transaction<'a>,
    known: &'a KnownKinds,
    /// Kinds that this transaction has looked up, and may have added.
    seen: KnownKinds,
    deltas: Deltas,
}

impl<'a> Writing<'a> {
    /// Waits until nobody else writes.
    async fn begin(client: &'a mut Client, known: &'a KnownKinds) -> Result<Self, StoreError> {
        let transaction = client.transaction().await?;
        transaction
            .query_typed("SELECT FROM writing FOR UPDATE", &[])
            .await?;
        Ok(Self {
            transaction,
            known,
            seen: KnownKinds::new(),
            deltas: Deltas::default(),
        })
    }

    /// The moment at which what is stored now is recorded: not before anything that was recorded earlier, by a machine
    /// whose clock is ahead.
    async fn moment(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        let row = self
            .transaction
            .query_typed(
                "UPDATE writing SET recorded_at = greatest(recorded_at, $1) RETURNING recorded_at",
                &[(&now.micros(), Type::INT8)],
            )
            .await?;
        let latest = row.first().map(|row| row.try_get(0)).transpose()?;
        Ok(latest.and_then(Timestamp::from_micros).unwrap_or(now))
    }

    /// Moves the source and gives its row.
    async fn advance(&self, advance: &Advance) -> Result<i64, StoreError> {
        let Advance { before, after } = advance;
        let integer = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        let uuid = after.source.to_string();
        let found = self
            .transaction
            .query_opt("SELECT read_to FROM sources WHERE uuid = $1", &[&uuid])
            .await?;
        let reached = match &found {
            Some(row) => row.try_get::<_, Option<i64>>(0)?.unwrap_or_default(),
            None => 0,
        };
        if reached != integer(*before) {
            return Err(StoreError::Moved);
        }
        let row = self
            .transaction
            .query_one(
                "INSERT INTO sources (uuid, read_to, prefix_sha256) VALUES ($1, $2, $3) \
                 ON CONFLICT (uuid) DO UPDATE SET read_to = $2, prefix_sha256 = $3 RETURNING id",
                &[
                    &uuid,
                    &integer(after.read_to),
                    &after.prefix_sha256.as_slice(),
                ],
            )
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Stores events of a source that are new to it, or to all; gives their ids. What does not say when it was recorded is
    /// recorded at `now`, if that is given.
    async fn store(
        &mut self,
        source: i64,
        events: impl Iterator<Item = &Event> + Clone,
        now: Option<Timestamp>,
        new_to_all: bool,
    ) -> Result<HashSet<String>, StoreError> {
        let mut sent: HashMap<String, (KindId, i64, &str)> = HashMap::new();
        let copy = self.look_up(events.clone()).await?;
        if copy == 0 {
            return Ok(HashSet::new());
        }
        let sink = self.transaction.copy_in(COPY).await?;
        let mut rows = pin!(BinaryCopyInWriter::new(sink, &TYPES));
        for event in events {
            let id = escaped(event.id()).into_owned();
            let kind = self.kind(&fields_of(event))?;
            let time = event.time().micros();
            if sent.contains_key(&id) {
                continue;
            }
            let stamped = match now.filter(|_| event.recorded_at().is_none()) {
                Some(now) => Some(event.recorded(now).map_err(|error| {
                    StoreError::Damaged(format!("an event on its way: {error}"))
                })?),
                None => None,
            };
            let stored = stamped.as_ref().unwrap_or(event);
            let recorded = stored.text(Field::RecordedAt).and_then(Timestamp::parse);
            let row: [&(dyn ToSql + Sync); 9] = [
                &time,
                &source,
                &kind,
                &recorded.map(Timestamp::micros),
                &id,
                &text(stored, Field::ActorId),
                &text(stored, Field::RequestUrl),
                &text(stored, Field::EntityRef),
                &stored.json(),
            ];
            rows.as_mut().write(&row).await?;
            sent.insert(id, (kind, time, event.id()));
        }
        rows.finish().await?;
        let taken = self.transaction.query(TAKE, &[&new_to_all]).await?;
        let mut stored = HashSet::new();
        for row in taken {
            if let Some((kind, time, id)) = sent.get(row.try_get::<_, &str>(0)?) {
                self.deltas.add(*kind, *time, 1);
                stored.insert((*id).to_owned());
            }
        }
        Ok(stored)
    }

    /// Looks up the kinds of events, and adds those that are new. Gives how many events there are.
    async fn look_up(&mut self, events: impl Iterator<Item = &Event>) -> Result<usize, StoreError> {
        let (mut count, mut new) = (0, HashSet::new());
        for event in events {
            count += 1;
            let fields = fields_of(event);
            if !self.known.contains_key(&fields) {
                new.insert(fields);
            }
        }
        for fields in new {
            let sha256 = Sha256::digest(fields.as_bytes());
            let sha256 = sha256.as_slice();
            let found = self
                .transaction
                .query_opt("SELECT id FROM kinds WHERE sha256 = $1", &[&sha256])
                .await?;
            let row = match found {
                Some(row) => row,
                None => {
                    let insert = "INSERT INTO kinds (sha256, fields) VALUES ($1, $2) RETURNING id";
                    self.transaction
                        .query_one(insert, &[&sha256, &fields])
                        .await?
                }
            };
            self.seen.insert(fields, row.try_get(0)?);
        }
        Ok(count)
    }

    fn kind(&self, fields: &str) -> Result<KindId, StoreError> {
        let kind = self.known.get(fields).or_else(|| self.seen.get(fields));
        kind.copied().ok_or(StoreError::BrokenOff)
    }

    /// Makes it last. Gives the kinds that it has looked up.
    async fn commit(self) -> Result<KnownKinds, StoreError> {
        let (mut grains, mut kinds, mut starts, mut changes) = (vec![], vec![], vec![], vec![]);
        for (grain, kind, start, by) in self.deltas.into_changes() {
            grains.push(grain as i64);
            kinds.push(kind);
            starts.push(start);
            changes.push(by);
        }
        if !changes.is_empty() {
            self.transaction
                .execute(COUNT, &[&grains, &kinds, &starts, &changes])
                .await?;
        }
        if changes.iter().any(|by| *by < 0) {
            self.transaction
                .execute(CLEAR, &[&grains, &kinds, &starts])
                .await?;
        }
        self.transaction.commit().await?;
        Ok(self.seen)
    }
}
