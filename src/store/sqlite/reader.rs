//! Answers questions from one moment of the database: kinds first, then counts, then the events of the page.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, Transaction};

use super::{Store, prepared};
use crate::{
    api::Event,
    query::{Order, Query},
    store::{
        MAX_BYTES, StoredPage,
        counts::Bucket,
        error::StoreError,
        kind::{Catalogue, Kinds, is_counted},
        narrowing::{Narrowed, Narrowing, Wanted},
        scan::{Position, Scanned},
        sql::{self, Dialect::Sqlite, Question, Sql},
        stretches::{Cover, Stretch, cover, stretches},
    },
};

/// The kinds that have been read so far, for all connections.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Catalogue>);

impl Known {
    /// The kinds that a question is about, of those that `connection` sees.
    fn matching(&self, connection: &Connection, query: &Query) -> Result<Kinds, StoreError> {
        if !query.filters.iter().any(|it| is_counted(it.field)) {
            return Ok(Kinds::Every);
        }
        // Kinds are only added, and one at a time: a panic elsewhere leaves a catalogue that is merely shorter.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = prepared(connection, &sql::kinds_behind(Sqlite, known.last()))?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let fields = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            known.add(row.get(0)?, fields)?;
        }
        Ok(known.matching(&query.filters))
    }
}

impl Store {
    /// A page and the number of all matches, both from one moment of the store.
    pub(in crate::store) async fn page(
        &self,
        query: &Query,
        limit: u32,
        offset: u64,
    ) -> Result<StoredPage, StoreError> {
        let (query, known) = (query.clone(), self.known.clone());
        let counted = query
            .filters
            .iter()
            .filter(|it| is_counted(it.field))
            .count();
        if counted == query.filters.len() {
            let read = move |connection: &mut Connection| {
                Reading::begin(connection, &query, &known)?.counted_page(limit, offset)
            };
            return self.readers.run(read).await;
        }
        let read = move |connection: &mut Connection| {
            Reading::begin(connection, &query, &known)?.indexed_page(limit, offset)
        };
        // What is found by an index is mostly found at once. What needs the counts or the kinds, which others may be
        // reading, always takes a little longer.
        match counted {
            0 => self.readers.run_at_once(read).await,
            _ => self.readers.run(read).await,
        }
    }

    /// The number of matches.
    pub(in crate::store) async fn count(&self, query: &Query) -> Result<u64, StoreError> {
        let (query, known) = (query.clone(), self.known.clone());
        let read =
            move |connection: &mut Connection| Reading::begin(connection, &query, &known)?.count();
        self.readers.run(read).await
    }

    /// The next `limit` matches behind `after`, or the first.
    pub(in crate::store) async fn scan(
        &self,
        query: &Query,
        order: Order,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Scanned, StoreError> {
        let (query, known, after) = (query.clone(), self.known.clone(), after.cloned());
        let read = move |connection: &mut Connection| {
            let reading = Reading::begin(connection, &query, &known)?;
            let scan = sql::scan(Sqlite, &reading.question(), order, after.as_ref(), limit)?;
            reading.scanned(&scan, limit)
        };
        self.readers.run(read).await
    }
}

/// One question, and the moment of the store at which it is answered.
struct Reading<'a> {
    transaction: Transaction<'a>,
    query: &'a Query,
    kinds: Kinds,
}

impl<'a> Reading<'a> {
    fn begin(
        connection: &'a mut Connection,
        query: &'a Query,
        known: &Known,
    ) -> Result<Self, StoreError> {
        let transaction = connection.transaction()?;
        let kinds = known.matching(&transaction, query)?;
        Ok(Self {
            transaction,
            query,
            kinds,
        })
    }

    fn question(&self) -> Question<'_> {
        Question {
            query: self.query,
            kinds: &self.kinds,
        }
    }

    fn count(&self) -> Result<u64, StoreError> {
        match self.query.filters.iter().all(|it| is_counted(it.field)) {
            true => self.total(&self.kinds, &cover(&self.query.window)),
            false => self.number(&sql::count(Sqlite, &self.question())?),
        }
    }

    /// Events of some kinds in what a cover covers.
    fn total(&self, kinds: &Kinds, cover: &Cover) -> Result<u64, StoreError> {
        match kinds {
            Kinds::Of(kinds) if kinds.is_empty() => Ok(0),
            kinds => self.number(&sql::total(Sqlite, kinds, cover)),
        }
    }

    fn number(&self, count: &Sql) -> Result<u64, StoreError> {
        let mut statement = prepared(&self.transaction, count)?;
        let mut rows = statement.raw_query();
        Ok(match rows.next()? {
            Some(row) => number(row.get(0)?),
            None => 0,
        })
    }

    /// A page of a question that an index answers.
    fn indexed_page(&self, limit: u32, offset: u64) -> Result<StoredPage, StoreError> {
        let total = self.number(&sql::count(Sqlite, &self.question())?)?;
        let page = sql::page(Sqlite, &self.question(), limit, offset)?;
        let bodies = self.bodies(&page)?;
        Ok(StoredPage { bodies, total })
    }

    /// A page of a question that the counts can answer.
    fn counted_page(&self, limit: u32, offset: u64) -> Result<StoredPage, StoreError> {
        let (kinds, window) = (&self.kinds, &self.query.window);
        let cover = cover(window);
        let total = self.total(kinds, &cover)?;
        let wanted = Wanted {
            total,
            limit,
            offset,
        };
        let all = match kinds {
            Kinds::Every => total,
            Kinds::Of(_) => self.total(&Kinds::Every, &cover)?,
        };
        let near = match wanted.is_near(all) {
            true => self.bodies(&sql::newest_page(Sqlite, kinds, window, limit, offset))?,
            false => Vec::new(),
        };
        if near.len() as u64 == wanted.on_page() {
            return Ok(StoredPage {
                bodies: near,
                total,
            });
        }
        let mut narrowing = Narrowing::new(self.sums(kinds, &stretches(window))?, limit, offset);
        while let Some((at, stretch)) = narrowing.coarse() {
            let finer = self.sums(kinds, &[stretch])?;
            narrowing.divide(at, &stretch, finer);
        }
        let bodies = match narrowing.narrowed() {
            None => Vec::new(),
            Some(part) => self.bodies(&self.narrowed_page(&part, limit)?)?,
        };
        Ok(StoredPage { bodies, total })
    }

    /// The way to a page that steps over the fewest events.
    fn narrowed_page(&self, part: &Narrowed, limit: u32) -> Result<Sql, StoreError> {
        let all = match part.is_large(&self.kinds, limit) {
            false => None,
            true => Some(self.total(&Kinds::Every, &cover(&part.window()))?),
        };
        Ok(sql::narrowed_page(Sqlite, &self.kinds, part, limit, all))
    }

    fn sums(&self, kinds: &Kinds, stretches: &[Stretch]) -> Result<Vec<Bucket>, StoreError> {
        if stretches.is_empty() || matches!(kinds, Kinds::Of(kinds) if kinds.is_empty()) {
            return Ok(Vec::new());
        }
        let sums = sql::sums(Sqlite, kinds, stretches);
        let mut statement = prepared(&self.transaction, &sums)?;
        let mut rows = statement.raw_query();
        let mut buckets = Vec::new();
        while let Some(row) = rows.next()? {
            let (grain, start, events) = (row.get(0)?, row.get(1)?, number(row.get(2)?));
            buckets.extend(Bucket::read(grain, start, events, stretches));
        }
        Ok(buckets)
    }

    fn bodies(&self, page: &Sql) -> Result<Vec<String>, StoreError> {
        let mut statement = prepared(&self.transaction, page)?;
        let mut rows = statement.raw_query();
        let (mut bodies, mut bytes) = (Vec::new(), 0);
        while bytes < MAX_BYTES
            && let Some(row) = rows.next()?
        {
            let body: String = row.get(0)?;
            bytes += body.len();
            bodies.push(body);
        }
        Ok(bodies)
    }

    fn scanned(&self, scan: &Sql, limit: u32) -> Result<Scanned, StoreError> {
        let mut statement = prepared(&self.transaction, scan)?;
        let mut rows = statement.raw_query();
        let (mut events, mut bytes) = (Vec::new(), 0);
        let mut last = None;
        while bytes < MAX_BYTES
            && let Some(row) = rows.next()?
        {
            let body = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            bytes += body.len();
            let event = Event::from_json(body);
            events.push(event.map_err(|error| StoreError::Damaged(format!("an event: {error}")))?);
            last = Some(Position {
                time: row.get(1)?,
                id: row.get(2)?,
                source: row.get(3)?,
            });
        }
        let more = bytes >= MAX_BYTES || events.len() as u64 >= u64::from(limit);
        Ok(Scanned {
            events,
            next: last.filter(|_| more),
        })
    }
}

fn number(stored: i64) -> u64 {
    stored.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Store, prepared, sql};
    use crate::{
        api::{Field, Timestamp},
        query::{Filter, Order, Query, Window},
        store::{
            kind::{Kinds, is_counted},
            narrowing::Narrowed,
            sql::{Dialect::Sqlite, Question, Sql},
            stretches::{cover, stretches},
        },
    };

    fn windows() -> [Window; 2] {
        let at = |text| Timestamp::parse(text);
        let bounded = Window {
            start: at("2026-01-30T22:30:00Z"),
            end: at("2026-04-02T01:15:00Z"),
        };
        [Window::default(), bounded]
    }

    /// Every statement that a question may become.
    fn statements(query: &Query, kinds: &Kinds) -> Vec<Sql> {
        let question = Question { query, kinds };
        let part = Narrowed {
            first: 1,
            last: 2,
            offset: 3,
            matches: 4,
        };
        match kinds {
            Kinds::Every if !query.filters.is_empty() => vec![
                sql::count(Sqlite, &question).unwrap(),
                sql::page(Sqlite, &question, 100, 0).unwrap(),
                sql::scan(Sqlite, &question, Order::NewestFirst, None, 100).unwrap(),
            ],
            kinds => {
                let mut all = vec![
                    sql::sums(Sqlite, kinds, &stretches(&query.window)),
                    sql::total(Sqlite, kinds, &cover(&query.window)),
                    sql::walked_page(Sqlite, kinds, &part, 100),
                    sql::newest_page(Sqlite, kinds, &query.window, 100, 0),
                ];
                if let Kinds::Of(kinds) = kinds {
                    all.push(sql::sorted_page(Sqlite, kinds, &part, 100));
                }
                all
            }
        }
    }

    #[tokio::test]
    async fn no_filter_alone_or_with_a_window_reads_the_whole_table() {
        let store = Store::in_memory(Duration::from_secs(60)).unwrap();
        let fields = Field::FILTERED.map(Some).into_iter().chain([None]);
        let mut looked_at = 0;
        for (field, window) in fields.flat_map(|field| windows().map(|window| (field, window))) {
            let query = Query {
                window,
                filters: field
                    .iter()
                    .map(|field| Filter::equals(*field, "x"))
                    .collect(),
            };
            let kinds = match field.is_some_and(is_counted) {
                true => Kinds::Of(vec![1, 2]),
                false => Kinds::Every,
            };
            for sql in statements(&query, &kinds) {
                let text = sql.text.clone();
                let mut explained = sql;
                explained.text.insert_str(0, "EXPLAIN QUERY PLAN ");
                let read = move |connection: &mut rusqlite::Connection| {
                    let mut statement = prepared(connection, &explained)?;
                    let mut rows = statement.raw_query();
                    let mut plan = Vec::new();
                    while let Some(row) = rows.next()? {
                        plan.push(row.get::<_, String>(3)?);
                    }
                    Ok(plan)
                };
                let plan = store.readers.run(read).await.unwrap();
                let searches = |line: &String| line.contains("SEARCH ");
                assert!(plan.iter().any(searches), "{field:?} {}: {plan:#?}", text);
                let scans = |line: &String| {
                    line.starts_with("SCAN events") || line.starts_with("SCAN counts")
                };
                assert!(!plan.iter().any(scans), "{field:?} {}: {plan:#?}", text);
                looked_at += 1;
            }
        }
        assert_eq!(looked_at, 8 * 2 * 5 + 3 * 2 * 3 + 2 * 4);
    }
}
