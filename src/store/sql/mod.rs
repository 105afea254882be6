//! Questions as SQL: text with marks in it, and the value for each mark. Pure; no value ever becomes part of the text.
//!
//! The two databases hold the same tables. They differ in how a mark is written, in lists, in wildcards, and in that
//! SQLite is told which index to use; PostgreSQL has statistics.

mod filter;
mod page;
mod sums;

use super::{
    MAX_BYTES,
    error::StoreError,
    kind::{KindId, Kinds, is_counted},
    scan::Position,
};
use crate::{
    api::{Field, Timestamp},
    query::{Order, Query, Window},
    wildcard::Wildcard,
};

pub(super) use filter::{MATCHES_ANY, wildcards};
#[cfg(test)]
pub(super) use page::walked_page;
pub(super) use page::{narrowed_page, newest_page, page, sorted_page};
pub(super) use sums::{sums, total};

/// What is read of an event: its JSON, and its position.
const READ: &str = "SELECT body, event_time, id, source FROM events";

/// Whose SQL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// The value of a mark.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Param {
    Integer(i64),
    Text(String),
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

/// A statement and its parameters.
#[derive(Debug, PartialEq)]
pub(super) struct Sql {
    pub(super) text: String,
    pub(super) params: Vec<Param>,
    /// Whether the best plan is the same for all values, so that it needs to be found only once.
    pub(super) has_one_plan: bool,
    dialect: Dialect,
}

/// What a question is once kinds are known: filters of counted fields have become kinds.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) query: &'a Query,
    pub(super) kinds: &'a Kinds,
}

/// The kinds behind one that is known: number, and fields as JSON.
pub(super) fn kinds_behind(dialect: Dialect, known: KindId) -> Sql {
    let mut sql = Sql::new(dialect, "SELECT id, fields FROM kinds");
    sql.push(" WHERE id > ", Param::Integer(known));
    sql.text.push_str(" ORDER BY id");
    sql.has_one_plan = true;
    sql
}

/// The number of matches, counted one by one.
pub(super) fn count(dialect: Dialect, question: &Question<'_>) -> Result<Sql, StoreError> {
    let mut sql = Sql::new(dialect, "SELECT count(*) FROM events");
    sql.push_index(index_for(question.query));
    sql.has_one_plan = has_one_index(question);
    sql.push_where(question, None)?;
    Ok(sql)
}

/// The rows behind a position: body, and what a position is made of.
pub(super) fn scan(
    dialect: Dialect,
    question: &Question<'_>,
    order: Order,
    after: Option<&Position>,
    limit: u32,
) -> Result<Sql, StoreError> {
    let mut sql = Sql::new(dialect, READ);
    sql.push_index(index_for(question.query));
    sql.push_where(question, after.map(|position| (order, position)))?;
    sql.push_order(order);
    sql.push(" LIMIT ", Param::Integer(limit.into()));
    Ok(sql.bounded(order))
}

/// The index that a question is answered by.
fn index_for(query: &Query) -> &'static str {
    let asks_for = |field| {
        query.filters.iter().any(|filter| {
            let literal = |pattern: &Wildcard| pattern.as_literal().is_some();
            filter.field == field && !filter.any_of.is_empty() && filter.any_of.iter().all(literal)
        })
    };
    [
        (Field::Id, "events_by_id"),
        (Field::EntityRef, "events_by_entity"),
        (Field::ActorId, "events_by_actor"),
        (Field::RequestUrl, "events_by_url"),
    ]
    .into_iter()
    .find_map(|(field, index)| asks_for(field).then_some(index))
    .unwrap_or("events_by_time")
}

/// Whether one index finds all that is asked for, and in its order.
fn has_one_index(question: &Question<'_>) -> bool {
    match question.query.filters.as_slice() {
        [filter] => filter.any_of.len() == 1 && index_for(question.query) != "events_by_time",
        _ => false,
    }
}

fn ordered(order: Order) -> &'static str {
    match order {
        Order::NewestFirst => "ORDER BY event_time DESC, id DESC, source DESC",
        Order::OldestFirst => "ORDER BY event_time, id, source",
    }
}

fn integer(number: u64) -> i64 {
    // Nothing lies behind what the database's integers can hold.
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Sql {
    fn new(dialect: Dialect, text: &str) -> Self {
        Self {
            text: text.to_owned(),
            params: Vec::new(),
            has_one_plan: false,
            dialect,
        }
    }

    fn push(&mut self, text: &str, param: Param) {
        self.text.push_str(text);
        self.params.push(param);
        match self.dialect {
            Dialect::Sqlite => self.text.push('?'),
            Dialect::Postgres => self.text.push_str(&format!("${}", self.params.len())),
        }
    }

    /// The index to use.
    fn push_index(&mut self, name: &str) {
        if self.dialect == Dialect::Sqlite {
            self.text.push_str(&format!(" INDEXED BY {name}"));
        }
    }

    /// The same rows without those that come when [`MAX_BYTES`] are reached. SQLite is read row by row instead.
    fn bounded(mut self, order: Order) -> Self {
        if self.dialect == Dialect::Postgres {
            let by = ordered(order);
            self.text = format!(
                "SELECT body, event_time, id, source FROM (SELECT *, sum(octet_length(body)) OVER \
                 ({by} ROWS UNBOUNDED PRECEDING) - octet_length(body) AS before FROM ({}) AS page) AS bounded \
                 WHERE before < {MAX_BYTES} {by}",
                self.text
            );
        }
        self
    }

    fn push_kinds(&mut self, kinds: &[i64]) {
        match kinds {
            [kind] => self.push(" AND kind = ", Param::Integer(*kind)),
            kinds => {
                let list = Param::Integers(kinds.to_vec());
                match self.dialect {
                    Dialect::Sqlite => {
                        self.push(" AND kind IN (SELECT value FROM json_each(", list);
                        self.text.push_str("))");
                    }
                    Dialect::Postgres => {
                        self.push(" AND kind = ANY(", list);
                        self.text.push(')');
                    }
                }
            }
        }
    }

    fn push_between(&mut self, first: i64, last: i64) {
        self.push(" AND event_time >= ", Param::Integer(first));
        self.push(" AND event_time <= ", Param::Integer(last));
    }

    fn push_order(&mut self, order: Order) {
        self.text.push(' ');
        self.text.push_str(ordered(order));
    }

    fn push_page(&mut self, limit: u32, offset: u64) {
        self.push(" LIMIT ", Param::Integer(limit.into()));
        self.push(" OFFSET ", Param::Integer(integer(offset)));
    }

    fn push_where(
        &mut self,
        question: &Question<'_>,
        after: Option<(Order, &Position)>,
    ) -> Result<(), StoreError> {
        self.text.push_str(" WHERE true");
        let Window { mut start, mut end } = question.query.window;
        // The place that was reached bounds the window better than its own end does: SQLite seeks by the first bound
        // that it finds, and would step over everything that was read before.
        if let Some((order, position)) = after {
            let reached = Timestamp::from_micros(position.time);
            match order {
                Order::NewestFirst => end = reached,
                Order::OldestFirst => start = reached,
            }
        }
        if let Some(start) = start {
            self.push(" AND event_time >= ", Param::Integer(start.micros()));
        }
        if let Some(end) = end {
            self.push(" AND event_time <= ", Param::Integer(end.micros()));
        }
        if let Some((order, position)) = after {
            self.push_behind(order, position);
        }
        if let Kinds::Of(kinds) = question.kinds {
            self.push_kinds(kinds);
        }
        let uncounted = question.query.filters.iter();
        uncounted
            .filter(|filter| !is_counted(filter.field))
            .try_for_each(|filter| self.push_filter(filter))
    }

    fn push_behind(&mut self, order: Order, position: &Position) {
        self.text.push_str(match order {
            Order::NewestFirst => " AND (event_time, id, source) < (",
            Order::OldestFirst => " AND (event_time, id, source) > (",
        });
        self.push("", Param::Integer(position.time));
        self.push(", ", Param::Text(position.id.clone()));
        self.push(", ", Param::Integer(position.source));
        self.text.push(')');
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Dialect::{Postgres, Sqlite},
        Param, Question, page, scan,
    };
    use crate::{
        api::{Field, Timestamp},
        query::{Filter, Order, Query, Window},
        store::{Position, kind::Kinds},
    };

    /// A question without a window.
    pub(super) fn query(filters: &[(Field, &str)]) -> Query {
        let filter =
            |&(field, list): &(Field, &str)| Filter::parse(field, &[list.to_owned()]).unwrap();
        Query {
            window: Window::default(),
            filters: filters.iter().map(filter).collect(),
        }
    }

    #[test]
    fn values_are_parameters_whatever_they_hold() {
        let hostile = "x' OR 1=1 --\0";
        let mut query = query(&[(Field::SeverityLevel, "low,high")]);
        query.filters.push(Filter::equals(Field::ActorId, hostile));
        query.window.start = Timestamp::from_micros(5);
        query.window.end = Timestamp::from_micros(7);
        let kinds = Kinds::Of(vec![3, 4]);
        let question = Question {
            query: &query,
            kinds: &kinds,
        };
        let sql = page(Sqlite, &question, 10, u64::MAX).unwrap();
        assert_eq!(
            sql.text,
            "SELECT body, event_time, id, source FROM events INDEXED BY events_by_actor \
             WHERE true AND event_time >= ? AND event_time <= ? \
             AND kind IN (SELECT value FROM json_each(?)) AND (actor_id IN (?)) \
             ORDER BY event_time DESC, id DESC, source DESC LIMIT 10 OFFSET ?"
        );
        let expected = [
            Param::Integer(5),
            Param::Integer(7),
            Param::Integers(vec![3, 4]),
            Param::Text("x' OR 1=1 --\u{1}\u{2}\u{2}".into()),
            Param::Integer(i64::MAX),
        ];
        assert_eq!(sql.params, expected);

        let sql = page(Postgres, &question, 10, u64::MAX).unwrap();
        let inner = "SELECT body, event_time, id, source FROM events \
             WHERE true AND event_time >= $1 AND event_time <= $2 AND kind = ANY($3) \
             AND left(actor_id, 256) = $4 AND (actor_id = ANY($5)) \
             ORDER BY event_time DESC, id DESC, source DESC LIMIT 10 OFFSET $6";
        assert!(sql.text.contains(inner), "{}", sql.text);
        assert!(!sql.text.contains("1=1") && sql.params.len() == 6);
    }

    #[test]
    fn a_scan_goes_on_behind_its_position_in_both_orders() {
        let after = Position {
            time: 7,
            id: "i".into(),
            source: 3,
        };
        let question = Question {
            query: &Query::default(),
            kinds: &Kinds::Every,
        };
        let of = |order| scan(Sqlite, &question, order, Some(&after), 9).unwrap();
        let newest = of(Order::NewestFirst);
        assert!(
            newest
                .text
                .contains("(event_time, id, source) < (?, ?, ?) ORDER BY event_time DESC")
        );
        let oldest = of(Order::OldestFirst);
        assert!(
            oldest
                .text
                .contains("(event_time, id, source) > (?, ?, ?) ORDER BY event_time, id")
        );
        // The position's time is the bound; the window has no start of its own.
        assert!(oldest.text.contains("AND event_time >= ?"));
        let expected = [
            Param::Integer(7),
            Param::Integer(7),
            Param::Text("i".into()),
            Param::Integer(3),
            Param::Integer(9),
        ];
        assert_eq!(oldest.params, expected);
    }
}
