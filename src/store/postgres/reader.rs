//! Answers questions from one moment of the database: kinds first, then counts, then the events of the page.

use std::sync::{Mutex, PoisonError};

use tokio_postgres::{Client, IsolationLevel, Row, Transaction};

use super::{Store, connection::typed};
use crate::{
    api::Event,
    query::{Order, Query},
    store::{
        StoredPage,
        counts::{Bucket, Stretch, stretches},
        error::StoreError,
        kind::{Catalogue, Kinds, is_counted},
        narrowing::{Narrowed, Narrowing},
        scan::{Position, Scanned},
        sql::{self, Dialect::Postgres, Question, Sql},
    },
};

impl Store {
    /// A page and the number of all matches, both from one moment of the store.
    pub(in crate::store) async fn page(
        &self,
        query: &Query,
        limit: u32,
        offset: u64,
    ) -> Result<StoredPage, StoreError> {
        let mut lent = self.pool.lend().await?;
        let reading = Reading::begin(lent.client()?, query, &self.known).await?;
        let page = reading.page(limit, offset).await?;
        reading.end().await?;
        lent.give_back();
        Ok(page)
    }

    /// The number of matches.
    pub(in crate::store) async fn count(&self, query: &Query) -> Result<u64, StoreError> {
        let mut lent = self.pool.lend().await?;
        let reading = Reading::begin(lent.client()?, query, &self.known).await?;
        let count = reading.count().await?;
        reading.end().await?;
        lent.give_back();
        Ok(count)
    }

    /// The next `limit` matches behind `after`, or the first.
    pub(in crate::store) async fn scan(
        &self,
        query: &Query,
        order: Order,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Scanned, StoreError> {
        let mut lent = self.pool.lend().await?;
        let reading = Reading::begin(lent.client()?, query, &self.known).await?;
        let scan = sql::scan(Postgres, &reading.question(), order, after, limit)?;
        let rows = reading.rows(&scan).await?;
        reading.end().await?;
        lent.give_back();
        scanned(&rows, limit)
    }
}

/// One question, and the moment of the store at which it is answered.
struct Reading<'a> {
    transaction: Transaction<'a>,
    query: &'a Query,
    kinds: Kinds,
}

impl<'a> Reading<'a> {
    async fn begin(
        client: &'a mut Client,
        query: &'a Query,
        known: &Mutex<Catalogue>,
    ) -> Result<Self, StoreError> {
        let transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await?;
        let kinds = matching(&transaction, query, known).await?;
        Ok(Self {
            transaction,
            query,
            kinds,
        })
    }

    async fn end(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }

    fn question(&self) -> Question<'_> {
        Question {
            query: self.query,
            kinds: &self.kinds,
        }
    }

    async fn page(&self, limit: u32, offset: u64) -> Result<StoredPage, StoreError> {
        match self.query.filters.iter().all(|it| is_counted(it.field)) {
            true => self.counted_page(limit, offset).await,
            false => Ok(StoredPage {
                total: self.count().await?,
                bodies: self
                    .bodies(&sql::page(Postgres, &self.question(), limit, offset)?)
                    .await?,
            }),
        }
    }

    async fn count(&self) -> Result<u64, StoreError> {
        if self.query.filters.iter().all(|it| is_counted(it.field)) {
            let sums = self
                .sums(&self.kinds, &stretches(&self.query.window))
                .await?;
            return Ok(sums.iter().map(|bucket| bucket.events).sum());
        }
        let rows = self.rows(&sql::count(Postgres, &self.question())?).await?;
        let count = rows.first().map(|row| row.try_get::<_, i64>(0));
        Ok(number(count.transpose()?.unwrap_or_default()))
    }

    /// A page of a question that the counts can answer.
    async fn counted_page(&self, limit: u32, offset: u64) -> Result<StoredPage, StoreError> {
        let sums = self
            .sums(&self.kinds, &stretches(&self.query.window))
            .await?;
        let mut narrowing = Narrowing::new(sums, limit, offset);
        let total = narrowing.total();
        while let Some((at, stretch)) = narrowing.coarse() {
            let finer = self.sums(&self.kinds, &[stretch]).await?;
            narrowing.divide(at, &stretch, finer);
        }
        let bodies = match narrowing.narrowed() {
            None => Vec::new(),
            Some(part) => {
                self.bodies(&self.narrowed_page(&part, limit).await?)
                    .await?
            }
        };
        Ok(StoredPage { bodies, total })
    }

    /// The way to a page that steps over the fewest events.
    async fn narrowed_page(&self, part: &Narrowed, limit: u32) -> Result<Sql, StoreError> {
        let all = match part.is_large(&self.kinds, limit) {
            false => None,
            true => {
                let all = self.sums(&Kinds::Every, &stretches(&part.window())).await?;
                Some(all.iter().map(|bucket| bucket.events).sum())
            }
        };
        Ok(sql::narrowed_page(Postgres, &self.kinds, part, limit, all))
    }

    async fn sums(&self, kinds: &Kinds, stretches: &[Stretch]) -> Result<Vec<Bucket>, StoreError> {
        if stretches.is_empty() || matches!(kinds, Kinds::Of(kinds) if kinds.is_empty()) {
            return Ok(Vec::new());
        }
        let mut buckets = Vec::new();
        for row in self.rows(&sql::sums(Postgres, kinds, stretches)).await? {
            let (grain, start, events) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            buckets.extend(Bucket::read(grain, start, number(events), stretches));
        }
        Ok(buckets)
    }

    async fn bodies(&self, page: &Sql) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(page).await?;
        let bodies = rows.iter().map(|row| row.try_get(0));
        Ok(bodies.collect::<Result<_, _>>()?)
    }

    async fn rows(&self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        Ok(self.transaction.query_typed(&sql.text, &typed(sql)).await?)
    }
}

/// The kinds that a question is about, of those that the transaction sees.
async fn matching(
    transaction: &Transaction<'_>,
    query: &Query,
    known: &Mutex<Catalogue>,
) -> Result<Kinds, StoreError> {
    if !query.filters.iter().any(|it| is_counted(it.field)) {
        return Ok(Kinds::Every);
    }
    let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
    let last = lock().last();
    let new = transaction
        .query(
            "SELECT id, fields FROM kinds WHERE id > $1 ORDER BY id",
            &[&last],
        )
        .await?;
    let mut known = lock();
    for row in new {
        known.add(row.try_get(0)?, row.try_get(1)?)?;
    }
    Ok(known.matching(&query.filters))
}

fn scanned(rows: &[Row], limit: u32) -> Result<Scanned, StoreError> {
    let mut bytes = 0;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let body: &str = row.try_get(0)?;
        bytes += body.len();
        let event = Event::from_json(body);
        events.push(event.map_err(|error| StoreError::Damaged(format!("an event: {error}")))?);
    }
    let more = bytes >= crate::store::MAX_BYTES || events.len() as u64 >= u64::from(limit);
    let next = match rows.last() {
        Some(row) if more => Some(Position {
            time: row.try_get(1)?,
            id: row.try_get(2)?,
            source: row.try_get(3)?,
        }),
        _ => None,
    };
    Ok(Scanned { events, next })
}

fn number(stored: i64) -> u64 {
    stored.try_into().unwrap_or_default()
}
