//! Filters as conditions: values, wildcards, and what null is.

use super::{Dialect, Param, Sql};
use crate::{
    api::Field,
    query::Filter,
    store::{error::StoreError, text::escaped},
    wildcard::Wildcard,
};

/// Name of the SQL function `(stored text, patterns) → whether one of them matches`, which SQLite is given.
pub(in crate::store) const MATCHES_ANY: &str = "matches_any";

/// Characters of a text that PostgreSQL has in its index, whose entries must be shorter than a page.
const INDEXED: usize = 256;

impl Sql {
    /// As `Filter::lets_through`: null is none of the values, and passes where no value is asked for.
    pub(super) fn push_filter(&mut self, filter: &Filter) -> Result<(), StoreError> {
        let column = column(filter.field)?;
        if !filter.any_of.is_empty() {
            self.push_indexed(column, filter);
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

    /// What PostgreSQL finds in the index of a column, which holds its beginning.
    fn push_indexed(&mut self, column: &str, filter: &Filter) {
        let is_indexed = [Field::ActorId, Field::RequestUrl, Field::EntityRef];
        if self.dialect == Dialect::Sqlite || !is_indexed.contains(&filter.field) {
            return;
        }
        let literals = filter.any_of.iter().map(Wildcard::as_literal);
        let Some(literals) = literals.collect::<Option<Vec<_>>>() else {
            return;
        };
        let begin = |text: &&str| escaped(text).chars().take(INDEXED).collect();
        let mut begins: Vec<String> = literals.iter().map(begin).collect();
        let indexed = format!(" AND left({column}, {INDEXED}) = ");
        match begins.pop() {
            Some(only) if begins.is_empty() => self.push(&indexed, Param::Text(only)),
            last => {
                begins.extend(last);
                self.push(&format!("{indexed}ANY("), Param::Texts(begins));
                self.text.push(')');
            }
        }
    }

    /// That a column matches one of the patterns at least.
    fn push_any(&mut self, column: &str, patterns: &[Wildcard]) {
        match self.dialect {
            Dialect::Sqlite => self.push_any_sqlite(column, patterns),
            Dialect::Postgres => self.push_any_postgres(column, patterns),
        }
    }

    /// `(column = ANY(…) OR column LIKE ANY(…))`, without the half that nothing is left for.
    fn push_any_postgres(&mut self, column: &str, patterns: &[Wildcard]) {
        let literals = patterns.iter().filter_map(Wildcard::as_literal);
        let literals: Vec<_> = literals.map(|it| escaped(it).into_owned()).collect();
        let wildcards = patterns.iter().filter(|it| it.as_literal().is_none());
        let likes: Vec<_> = wildcards.map(like).collect();
        let mut before = format!("({column} ");
        for (operator, list) in [("=", literals), ("LIKE", likes)] {
            if !list.is_empty() {
                self.push(&format!("{before}{operator} ANY("), Param::Texts(list));
                self.text.push(')');
                before = format!(" OR {column} ");
            }
        }
        self.text.push(')');
    }

    /// `(column IN (…) OR matches_any(column, …))`, without the half that nothing is left for.
    fn push_any_sqlite(&mut self, column: &str, patterns: &[Wildcard]) {
        let literals = patterns.iter().filter_map(Wildcard::as_literal);
        let wildcards = patterns.iter().filter(|it| it.as_literal().is_none());
        let wildcards: Vec<Vec<&str>> = wildcards.map(|it| it.pieces().collect()).collect();
        self.text.push('(');
        let mut before = format!("{column} IN (");
        let mut or = "";
        for literal in literals {
            self.push(&before, Param::Text(escaped(literal).into_owned()));
            before = ", ".to_owned();
            or = ") OR ";
        }
        match wildcards.is_empty() {
            true => self.text.push(')'),
            false => {
                // One call for all of them: a chain of thousands of `OR` is deeper than SQLite lets an expression be.
                let list = serde_json::Value::from(wildcards).to_string();
                self.push(&format!("{or}{MATCHES_ANY}({column}, "), Param::Text(list));
                self.text.push(')');
            }
        }
        self.text.push(')');
    }
}

/// The wildcards of a list that was written for [`MATCHES_ANY`].
pub(in crate::store) fn wildcards(list: &str) -> Result<Vec<Wildcard>, serde_json::Error> {
    let lists: Vec<Vec<String>> = serde_json::from_str(list)?;
    Ok(lists.into_iter().map(Wildcard::from_pieces).collect())
}

/// A wildcard as a pattern of PostgreSQL's `LIKE`.
fn like(pattern: &Wildcard) -> String {
    let piece = |piece: &str| {
        let mut out = String::new();
        for c in escaped(piece).chars() {
            if matches!(c, '%' | '_' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        out
    };
    let pieces: Vec<_> = pattern.pieces().map(piece).collect();
    pieces.join("%")
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
    use super::{like, wildcards};
    use crate::{
        api::Field,
        query::Query,
        store::{
            StoreError,
            kind::Kinds,
            sql::{
                Dialect::{self, Postgres, Sqlite},
                Param, Question, Sql, count,
                tests::query,
            },
        },
        wildcard::Wildcard,
    };

    fn counted(dialect: Dialect, query: &Query) -> Result<Sql, StoreError> {
        let kinds = &Kinds::Every;
        count(dialect, &Question { query, kinds })
    }

    #[test]
    fn wildcards_are_one_call_and_negation_lets_null_through() {
        let query = query(&[(Field::ActorId, r"a,b*\*,*,!c,!d*")]);
        let sql = counted(Sqlite, &query).unwrap();
        assert_eq!(
            sql.text,
            "SELECT count(*) FROM events INDEXED BY events_by_time WHERE true \
             AND (actor_id IN (?) OR matches_any(actor_id, ?)) \
             AND (actor_id IS NULL OR NOT (actor_id IN (?) OR matches_any(actor_id, ?)))"
        );
        let Param::Text(list) = &sql.params[1] else {
            panic!("a list of wildcards is text")
        };
        let pieces = |list: &[&str]| Wildcard::from_pieces(list.iter().map(|&p| p.to_owned()));
        let expected = [pieces(&["b", "*"]), pieces(&["", ""])];
        assert_eq!(wildcards(list).unwrap(), expected);
        let sql = counted(Postgres, &query).unwrap();
        assert_eq!(
            sql.text,
            "SELECT count(*) FROM events WHERE true \
             AND (actor_id = ANY($1) OR actor_id LIKE ANY($2)) \
             AND (actor_id IS NULL OR NOT (actor_id = ANY($3) OR actor_id LIKE ANY($4)))"
        );
        let texts = |list: &[&str]| Param::Texts(list.iter().map(|&it| it.to_owned()).collect());
        assert_eq!(
            sql.params,
            [
                texts(&["a"]),
                texts(&["b%*", "%"]),
                texts(&["c"]),
                texts(&["d%"])
            ]
        );
    }

    #[test]
    fn what_like_would_take_for_a_wildcard_is_none() {
        let pieces = ["a%_", "\\\0"].map(str::to_owned);
        assert_eq!(
            like(&Wildcard::from_pieces(pieces)),
            "a\\%\\_%\\\\\u{1}\u{2}\u{2}"
        );
    }

    #[test]
    fn a_time_has_no_text_to_filter_by() {
        let refused = counted(Sqlite, &query(&[(Field::EventTime, "2026*")])).unwrap_err();
        assert!(matches!(
            refused,
            StoreError::NotFilterable(Field::EventTime)
        ));
    }
}
