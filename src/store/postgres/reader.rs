//! Answers questions from one moment of the database: kinds first, then counts, then the events of the page.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::try_join;
use tokio_postgres::Row;

use super::{Store, session::Session};
use crate::{
    api::Event,
    query::{Order, Query},
    store::{
        StoredPage,
        counts::Bucket,
        error::StoreError,
        kind::{Catalogue, KindId, Kinds, is_counted},
        narrowing::{Narrowed, Narrowing, Wanted, is_short},
        scan::{Position, Scanned},
        sql::{self, Dialect::Postgres, Question, Sql},
        stretches::{Cover, Stretch, cover, stretches},
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
        let page = async |session: &Session| {
            let reading = Reading::new(session, query, &self.known);
            match reading.is_counted() {
                true => reading.counted_page(limit, offset).await,
                false => reading.found_page(limit, offset).await,
            }
        };
        self.pool.ask(page).await
    }

    /// The number of matches.
    pub(in crate::store) async fn count(&self, query: &Query) -> Result<u64, StoreError> {
        let count = async |session: &Session| {
            let reading = Reading::new(session, query, &self.known);
            reading.count().await
        };
        self.pool.ask(count).await
    }

    /// The next `limit` matches behind `after`, or the first.
    pub(in crate::store) async fn scan(
        &self,
        query: &Query,
        order: Order,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Scanned, StoreError> {
        let scan = async |session: &Session| {
            let reading = Reading::new(session, query, &self.known);
            let scan = |kinds: &Kinds| {
                let question = reading.question(kinds);
                Ok((sql::scan(Postgres, &question, order, after, limit)?, None))
            };
            let (_, rows, _) = reading.begin(scan).await?;
            scanned(&rows, limit)
        };
        self.pool.ask(scan).await
    }
}

/// One question, on its way at one moment of the store.
struct Reading<'a> {
    session: &'a Session,
    query: &'a Query,
    known: &'a Mutex<Catalogue>,
    cover: Cover,
}

impl<'a> Reading<'a> {
    fn new(session: &'a Session, query: &'a Query, known: &'a Mutex<Catalogue>) -> Self {
        Self {
            session,
            query,
            known,
            cover: cover(&query.window),
        }
    }

    /// Whether the counts can answer it.
    fn is_counted(&self) -> bool {
        self.query.filters.iter().all(|it| is_counted(it.field))
    }

    fn question<'q>(&'q self, kinds: &'q Kinds) -> Question<'q> {
        Question {
            query: self.query,
            kinds,
        }
    }

    /// Begins, and asks in the same breath one thing or two about the kinds that are known. Where there turn out to be
    /// newer ones, these are asked once more.
    async fn begin(
        &self,
        ask: impl Fn(&Kinds) -> Result<(Sql, Option<Sql>), StoreError>,
    ) -> Result<(Kinds, Vec<Row>, Vec<Row>), StoreError> {
        let (mut kinds, last) = self.kinds();
        let (first, second) = ask(&kinds)?;
        let ((), has_learned, mut one, mut other) = try_join!(
            biased;
            self.session.begin(),
            self.learn(last),
            self.session.rows(&first),
            self.session.rows_of(second.as_ref()),
        )?;
        if has_learned {
            (kinds, _) = self.kinds();
            let (first, second) = ask(&kinds)?;
            (one, other) = try_join!(
                biased;
                self.session.rows(&first),
                self.session.rows_of(second.as_ref()),
            )?;
        }
        Ok((kinds, one, other))
    }

    /// The kinds that the question is about, as far as they are known, and the last that is known.
    fn kinds(&self) -> (Kinds, KindId) {
        let known = self.known();
        (known.matching(&self.query.filters), known.last())
    }

    /// Reads the kinds behind `last`, if the question is about any. Gives whether there were some.
    async fn learn(&self, last: KindId) -> Result<bool, StoreError> {
        if !self.query.filters.iter().any(|it| is_counted(it.field)) {
            return Ok(false);
        }
        let newer = sql::kinds_behind(Postgres, last);
        let rows = self.session.rows(&newer).await?;
        let mut known = self.known();
        for row in &rows {
            known.add(row.try_get(0)?, row.try_get(1)?)?;
        }
        Ok(!rows.is_empty())
    }

    fn known(&self) -> MutexGuard<'_, Catalogue> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn count(&self) -> Result<u64, StoreError> {
        if self.is_counted() {
            let total = |kinds: &Kinds| Ok((sql::total(Postgres, kinds, &self.cover), None));
            let (_, total, _) = self.begin(total).await?;
            return counted(&total);
        }
        let count = |kinds: &Kinds| Ok((sql::count(Postgres, &self.question(kinds))?, None));
        let (_, rows, _) = self.begin(count).await?;
        counted(&rows)
    }

    /// A page of a question that only an index can answer.
    async fn found_page(&self, limit: u32, offset: u64) -> Result<StoredPage, StoreError> {
        let ask = |kinds: &Kinds| {
            let question = self.question(kinds);
            let count = sql::count(Postgres, &question)?;
            Ok((count, Some(sql::page(Postgres, &question, limit, offset)?)))
        };
        let (_, count, page) = self.begin(ask).await?;
        Ok(StoredPage {
            bodies: bodies(&page)?,
            total: counted(&count)?,
        })
    }

    /// A page of a question that the counts can answer.
    async fn counted_page(&self, limit: u32, offset: u64) -> Result<StoredPage, StoreError> {
        let (session, window) = (self.session, &self.query.window);
        let newest = |kinds: &Kinds| sql::newest_page(Postgres, kinds, window, limit, offset);
        let total = |kinds: &Kinds| sql::total(Postgres, kinds, &self.cover);
        let ask = |kinds: &Kinds| {
            let second = match kinds {
                // Nothing is left out, so that it is known where the page lies.
                Kinds::Every => is_short(offset).then(|| newest(kinds)),
                Kinds::Of(_) => Some(total(&Kinds::Every)),
            };
            Ok((total(kinds), second))
        };
        let (kinds, total, second) = self.begin(ask).await?;
        let total = counted(&total)?;
        let wanted = Wanted {
            total,
            limit,
            offset,
        };
        let near = match kinds {
            Kinds::Every => second,
            Kinds::Of(_) if wanted.is_near(counted(&second)?) => {
                session.rows(&newest(&kinds)).await?
            }
            Kinds::Of(_) => Vec::new(),
        };
        if near.len() as u64 == wanted.on_page() {
            return Ok(StoredPage {
                bodies: bodies(&near)?,
                total,
            });
        }
        let page = match &kinds {
            Kinds::Of(of) if wanted.is_merged_from(of) => {
                let whole = Narrowed::whole(window, wanted);
                Some(sql::sorted_page(Postgres, of, &whole, limit))
            }
            kinds => self.narrowed_page(kinds, wanted).await?,
        };
        let page = session.rows_of(page.as_ref()).await?;
        Ok(StoredPage {
            bodies: bodies(&page)?,
            total,
        })
    }

    /// The way to a page that steps over the fewest events; none where there is nothing on it.
    async fn narrowed_page(
        &self,
        kinds: &Kinds,
        wanted: Wanted,
    ) -> Result<Option<Sql>, StoreError> {
        let Wanted { limit, offset, .. } = wanted;
        let sums = self.sums(kinds, &stretches(&self.query.window)).await?;
        let mut narrowing = Narrowing::new(sums, limit, offset);
        while let Some((at, stretch)) = narrowing.coarse() {
            let finer = self.sums(kinds, &[stretch]).await?;
            narrowing.divide(at, &stretch, finer);
        }
        let Some(part) = narrowing.narrowed() else {
            return Ok(None);
        };
        let all = match part.is_large(kinds, limit) {
            false => None,
            true => {
                let all = sql::total(Postgres, &Kinds::Every, &cover(&part.window()));
                Some(counted(&self.session.rows(&all).await?)?)
            }
        };
        Ok(Some(sql::narrowed_page(Postgres, kinds, &part, limit, all)))
    }

    async fn sums(&self, kinds: &Kinds, stretches: &[Stretch]) -> Result<Vec<Bucket>, StoreError> {
        let sums = sql::sums(Postgres, kinds, stretches);
        let rows = self.session.rows(&sums).await?;
        let mut buckets = Vec::with_capacity(rows.len());
        for row in rows {
            let (grain, start, events) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            buckets.extend(Bucket::read(grain, start, number(events), stretches));
        }
        Ok(buckets)
    }
}

/// What a statement that counts gives.
fn counted(rows: &[Row]) -> Result<u64, StoreError> {
    let count = rows.first().map(|row| row.try_get::<_, i64>(0));
    Ok(number(count.transpose()?.unwrap_or_default()))
}

fn bodies(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    let bodies = rows.iter().map(|row| row.try_get(0));
    Ok(bodies.collect::<Result<_, _>>()?)
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
