//! Looking after a store: what is in it, and whether it is sound.

use tokio_postgres::{IsolationLevel, Transaction};

use super::Store;
use crate::{
    api::Timestamp,
    store::{
        error::StoreError,
        upkeep::{Fault, MOST_FAULTS, Recount, StoreInfo, Stored},
    },
};

/// Rows that are read at a time.
const ROWS: i32 = 1000;

impl Store {
    /// What is in the store.
    pub(in crate::store) async fn info(&self) -> Result<StoreInfo, StoreError> {
        let mut lent = self.pool.lend().await?;
        let row = lent
            .session()?
            .client
            .query_one(
                "SELECT (SELECT max(version) FROM version), \
                 (SELECT sum(n)::bigint FROM counts WHERE grain = 2 AND kind = 0), \
                 (SELECT min(event_time) FROM events), (SELECT max(event_time) FROM events), \
                 (SELECT count(*) FROM kinds), \
                 (SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class \
                  WHERE relnamespace = 'auditlog'::regnamespace AND relkind = 'r')",
                &[],
            )
            .await?;
        lent.give_back();
        let number = |at| {
            row.try_get::<_, Option<i64>>(at)
                .map(Option::unwrap_or_default)
        };
        let natural = |number: i64| u64::try_from(number).unwrap_or_default();
        let time = |at| {
            let time = row.try_get::<_, Option<i64>>(at);
            time.map(|time| time.and_then(Timestamp::from_micros))
        };
        Ok(StoreInfo {
            version: number(0)?,
            events: natural(number(1)?),
            oldest: time(2)?,
            newest: time(3)?,
            kinds: natural(number(4)?),
            bytes: natural(number(5)?),
            free_bytes: None,
        })
    }

    /// Reads all of it, and gives what is wrong.
    pub(in crate::store) async fn check(&self) -> Result<Vec<Fault>, StoreError> {
        let mut lent = self.pool.lend().await?;
        let transaction = lent
            .session()?
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await?;
        let mut faults = faults(&transaction).await?;
        transaction.commit().await?;
        lent.give_back();
        faults.truncate(MOST_FAULTS);
        Ok(faults)
    }
}

async fn faults(transaction: &Transaction<'_>) -> Result<Vec<Fault>, StoreError> {
    let events = transaction
        .prepare(
            "SELECT events.id, event_time, recorded_at, fields, actor_id, request_url, entity_ref, body, kind \
             FROM events LEFT JOIN kinds ON kinds.id = events.kind",
        )
        .await?;
    let events = transaction.bind(&events, &[]).await?;
    let (mut faults, mut recount) = (Vec::new(), Recount::default());
    loop {
        let rows = transaction.query_portal(&events, ROWS).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let stored = Stored {
                id: row.try_get(0)?,
                event_time: row.try_get(1)?,
                recorded_at: row.try_get(2)?,
                fields: row.try_get(3)?,
                actor_id: row.try_get(4)?,
                request_url: row.try_get(5)?,
                entity_ref: row.try_get(6)?,
                body: row.try_get(7)?,
            };
            if faults.len() < MOST_FAULTS {
                faults.extend(stored.fault());
            }
            recount.event(row.try_get(8)?, stored.event_time);
        }
    }
    let kept = transaction
        .query("SELECT grain, kind, start, n FROM counts", &[])
        .await?;
    let mut counts = Vec::with_capacity(kept.len());
    for row in kept {
        counts.push((
            row.try_get(0)?,
            row.try_get(1)?,
            row.try_get(2)?,
            row.try_get(3)?,
        ));
    }
    faults.extend(recount.fault(counts));
    Ok(faults)
}
