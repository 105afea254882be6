//! Questions as SQL: text with `?` in it, and the values for each `?`. Pure; no value ever becomes part of the text.

use rusqlite::types::Value;

use super::{error::StoreError, scan::Position, text::escaped};
use crate::{
    api::{Field, Timestamp},
    query::{Filter, Order, Query, Window},
    wildcard::Wildcard,
};

/// Name of the SQL function `(stored text, patterns) → whether one of them matches`.
pub(super) const MATCHES_ANY: &str = "matches_any";

/// A statement and its parameters.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sql {
    pub(super) text: String,
    pub(super) params: Vec<Value>,
}

/// The number of matches.
pub(super) fn count(query: &Query) -> Result<Sql, StoreError> {
    let mut sql = Sql::from("SELECT count(*) FROM events");
    sql.push_where(query, None)?;
    Ok(sql)
}

/// The bodies of a page, newest first.
pub(super) fn page(query: &Query, limit: u32, offset: u64) -> Result<Sql, StoreError> {
    let mut sql = Sql::from("SELECT body FROM events");
    sql.push_where(query, None)?;
    sql.push_order(Order::NewestFirst);
    sql.push(" LIMIT ?", Value::Integer(limit.into()));
    // Nothing lies behind an offset that SQLite's integers cannot hold.
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    sql.push(" OFFSET ?", Value::Integer(offset));
    Ok(sql)
}

/// The rows behind a position: body, and what a position is made of.
pub(super) fn scan(
    query: &Query,
    order: Order,
    after: Option<&Position>,
    limit: u32,
) -> Result<Sql, StoreError> {
    let mut sql = Sql::from("SELECT body, event_time, id, source FROM events");
    sql.push_where(query, after.map(|position| (order, position)))?;
    sql.push_order(order);
    sql.push(" LIMIT ?", Value::Integer(limit.into()));
    Ok(sql)
}

/// Stores one event unless the source has it already. Parameters: source, id, both times, the filtered fields, body.
pub(super) fn insert() -> String {
    let fields = Field::FILTERED.map(Field::name).join(", ");
    let marks = vec!["?"; Field::FILTERED.len()].join(", ");
    format!(
        "INSERT INTO events (source, id, event_time, recorded_at, {fields}, body) \
         VALUES (?, ?, ?, ?, {marks}, ?) ON CONFLICT (id, source) DO NOTHING"
    )
}

impl From<&str> for Sql {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            params: Vec::new(),
        }
    }
}

impl Sql {
    fn push(&mut self, text: &str, param: Value) {
        self.text.push_str(text);
        self.params.push(param);
    }

    fn push_order(&mut self, order: Order) {
        self.text.push_str(match order {
            Order::NewestFirst => " ORDER BY event_time DESC, id DESC, source DESC",
            Order::OldestFirst => " ORDER BY event_time, id, source",
        });
    }

    fn push_where(
        &mut self,
        query: &Query,
        after: Option<(Order, &Position)>,
    ) -> Result<(), StoreError> {
        self.text.push_str(" WHERE true");
        let Window { mut start, mut end } = query.window;
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
            self.push(" AND event_time >= ?", Value::Integer(start.micros()));
        }
        if let Some(end) = end {
            self.push(" AND event_time <= ?", Value::Integer(end.micros()));
        }
        if let Some((order, position)) = after {
            self.text.push_str(match order {
                Order::NewestFirst => " AND (event_time, id, source) < (?, ?, ?)",
                Order::OldestFirst => " AND (event_time, id, source) > (?, ?, ?)",
            });
            self.params.push(Value::Integer(position.time));
            self.params.push(Value::Text(position.id.clone()));
            self.params.push(Value::Integer(position.source));
        }
        query
            .filters
            .iter()
            .try_for_each(|filter| self.push_filter(filter))
    }

    /// As `Filter::lets_through`: null is none of the values, and passes where no value is asked for.
    fn push_filter(&mut self, filter: &Filter) -> Result<(), StoreError> {
        let column = column(filter.field)?;
        if !filter.any_of.is_empty() {
            self.text.push_str(" AND ");
            self.push_any(column, &filter.any_of);
        }
        if !filter.none_of.is_empty() {
            self.text
                .push_str(&format!(" AND ({column} IS NULL OR NOT "));
            self.push_any(column, &filter.none_of);
            self.text.push(')');
        }
        Ok(())
    }

    /// `(column IN (…) OR matches_any(column, …))`, without the half that nothing is left for.
    fn push_any(&mut self, column: &str, patterns: &[Wildcard]) {
        let literals: Vec<&str> = patterns.iter().filter_map(Wildcard::as_literal).collect();
        let wildcards: Vec<Vec<&str>> = patterns
            .iter()
            .filter(|pattern| pattern.as_literal().is_none())
            .map(|pattern| pattern.pieces().collect())
            .collect();
        self.text.push('(');
        if !literals.is_empty() {
            let marks = vec!["?"; literals.len()].join(", ");
            self.text.push_str(&format!("{column} IN ({marks})"));
            let values = literals
                .iter()
                .map(|&value| Value::Text(escaped(value).into_owned()));
            self.params.extend(values);
        }
        if !literals.is_empty() && !wildcards.is_empty() {
            self.text.push_str(" OR ");
        }
        if !wildcards.is_empty() {
            // One call for all of them: a chain of thousands of `OR` is deeper than SQLite lets an expression be.
            let list = serde_json::Value::from(wildcards).to_string();
            self.push(&format!("{MATCHES_ANY}({column}, ?)"), Value::Text(list));
        }
        self.text.push(')');
    }
}

/// The wildcards of a list that [`Sql::push_any`] wrote.
pub(super) fn wildcards(list: &str) -> Result<Vec<Wildcard>, serde_json::Error> {
    let lists: Vec<Vec<String>> = serde_json::from_str(list)?;
    Ok(lists.into_iter().map(Wildcard::from_pieces).collect())
}

/// The column that holds a field's text. Times have none: they are stored as numbers.
fn column(field: Field) -> Result<&'static str, StoreError> {
    match field {
        Field::EventTime | Field::RecordedAt => Err(StoreError::NotFilterable(field)),
        _ => Ok(field.name()),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

    use super::{count, page, scan, wildcards};
    use crate::{
        api::{Field, Timestamp},
        query::{Filter, Order, Query, Window},
        store::{Position, StoreError},
        wildcard::Wildcard,
    };

    fn query(filters: &[(Field, &str)]) -> Query {
        let filter =
            |&(field, list): &(Field, &str)| Filter::parse(field, &[list.to_owned()]).unwrap();
        Query {
            window: Window::default(),
            filters: filters.iter().map(filter).collect(),
        }
    }

    #[test]
    fn no_question_is_every_event() {
        let sql = count(&Query::default()).unwrap();
        assert_eq!(sql.text, "SELECT count(*) FROM events WHERE true");
        assert_eq!(sql.params, []);
    }

    #[test]
    fn values_are_parameters_whatever_they_hold() {
        let hostile = "x' OR 1=1 --\0";
        let mut query = query(&[(Field::SeverityLevel, "low,high")]);
        query.filters.push(Filter::equals(Field::ActorId, hostile));
        query.window.start = Timestamp::from_micros(5);
        query.window.end = Timestamp::from_micros(7);
        let sql = page(&query, 10, u64::MAX).unwrap();
        assert_eq!(
            sql.text,
            "SELECT body FROM events WHERE true AND event_time >= ? AND event_time <= ? \
             AND (severity_level IN (?, ?)) AND (actor_id IN (?)) \
             ORDER BY event_time DESC, id DESC, source DESC LIMIT ? OFFSET ?"
        );
        let expected = [
            Value::Integer(5),
            Value::Integer(7),
            Value::Text("low".into()),
            Value::Text("high".into()),
            Value::Text("x' OR 1=1 --\u{1}\u{1}".into()),
            Value::Integer(10),
            Value::Integer(i64::MAX),
        ];
        assert_eq!(sql.params, expected);
    }

    #[test]
    fn wildcards_are_one_call_and_negation_lets_null_through() {
        let sql = count(&query(&[(Field::ActorId, r"a,b*\*,*,!c,!d*")])).unwrap();
        assert_eq!(
            sql.text,
            "SELECT count(*) FROM events WHERE true \
             AND (actor_id IN (?) OR matches_any(actor_id, ?)) \
             AND (actor_id IS NULL OR NOT (actor_id IN (?) OR matches_any(actor_id, ?)))"
        );
        let Value::Text(list) = &sql.params[1] else {
            panic!("a list of wildcards is text")
        };
        let pieces = |list: &[&str]| Wildcard::from_pieces(list.iter().map(|&p| p.to_owned()));
        let expected = [pieces(&["b", "*"]), pieces(&["", ""])];
        assert_eq!(wildcards(list).unwrap(), expected);
    }

    #[test]
    fn a_scan_goes_on_behind_its_position_in_both_orders() {
        let after = Position {
            time: 7,
            id: "i".into(),
            source: 3,
        };
        let of = |order| scan(&Query::default(), order, Some(&after), 9).unwrap();
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
            Value::Integer(7),
            Value::Integer(7),
            Value::Text("i".into()),
            Value::Integer(3),
            Value::Integer(9),
        ];
        assert_eq!(oldest.params, expected);
    }

    #[test]
    fn a_time_has_no_text_to_filter_by() {
        let refused = count(&query(&[(Field::EventTime, "2026*")])).unwrap_err();
        assert!(matches!(
            refused,
            StoreError::NotFilterable(Field::EventTime)
        ));
    }
}
