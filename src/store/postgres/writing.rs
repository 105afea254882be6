//! A transaction that writes: nobody else does meanwhile.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
};

use sha2::{Digest, Sha256};
use tokio_postgres::{
    Client, Transaction,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

use crate::{
    api::{Event, Field, Timestamp},
    store::{
        Advance,
        counts::Deltas,
        error::StoreError,
        kind::{KindId, fields_of},
        text::escaped,
    },
};

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

/// Numbers of kinds that are in the database for good.
pub(super) type KnownKinds = HashMap<String, KindId>;

/// A text as it is stored.
fn text(event: &Event, field: Field) -> Option<String> {
    event.text(field).map(|text| escaped(text).into_owned())
}

/// A transaction under way. Dropped, it has changed nothing.
pub(super) struct Writing<'a> {
    pub(super) transaction: Transaction<'a>,
    known: &'a KnownKinds,
    /// Kinds that this transaction has looked up, and may have added.
    seen: KnownKinds,
    deltas: Deltas,
}

impl<'a> Writing<'a> {
    /// Waits until nobody else writes.
    pub(super) async fn begin(
        client: &'a mut Client,
        known: &'a KnownKinds,
    ) -> Result<Self, StoreError> {
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
    pub(super) async fn moment(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
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
    pub(super) async fn advance(&self, advance: &Advance) -> Result<i64, StoreError> {
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
    pub(super) async fn store(
        &mut self,
        source: i64,
        events: impl Iterator<Item = &Event> + Clone,
        now: Option<Timestamp>,
        new_to_all: bool,
    ) -> Result<HashSet<String>, StoreError> {
        let mut sent: HashMap<String, (KindId, i64, &str)> = HashMap::new();
        let fields: Vec<_> = events.clone().map(fields_of).collect();
        if fields.is_empty() {
            return Ok(HashSet::new());
        }
        self.look_up(&fields).await?;
        let sink = self.transaction.copy_in(COPY).await?;
        let mut rows = pin!(BinaryCopyInWriter::new(sink, &TYPES));
        for (event, fields) in events.zip(&fields) {
            let id = escaped(event.id()).into_owned();
            let kind = self.kind(fields)?;
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

    /// Deletes at most `most` of the events before `time`, the oldest first. Gives how many.
    pub(super) async fn delete_before(
        &mut self,
        time: Timestamp,
        most: u32,
    ) -> Result<u64, StoreError> {
        let gone = self
            .transaction
            .query(DELETE, &[&time.micros(), &i64::from(most)])
            .await?;
        for row in &gone {
            self.deltas.add(row.try_get(0)?, row.try_get(1)?, -1);
        }
        Ok(gone.len() as u64)
    }

    /// Looks up the kinds with these fields, and adds those that are new.
    async fn look_up(&mut self, fields: &[String]) -> Result<(), StoreError> {
        let new = fields.iter().filter(|it| !self.known.contains_key(*it));
        for fields in new.collect::<HashSet<_>>() {
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
                        .query_one(insert, &[&sha256, fields])
                        .await?
                }
            };
            self.seen.insert(fields.clone(), row.try_get(0)?);
        }
        Ok(())
    }

    fn kind(&self, fields: &str) -> Result<KindId, StoreError> {
        let kind = self.known.get(fields).or_else(|| self.seen.get(fields));
        kind.copied().ok_or(StoreError::BrokenOff)
    }

    /// Makes it last. Gives the kinds that it has looked up.
    pub(super) async fn commit(self) -> Result<KnownKinds, StoreError> {
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
