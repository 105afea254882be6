//! Pages: ways to them that step over as few events as the question allows.

use super::{Dialect, Param, Question, READ, Sql, has_one_index, index_for, integer};
use crate::{
    query::{Order, Window},
    store::{
        error::StoreError,
        kind::Kinds,
        narrowing::{LOOK, Narrowed},
    },
};

/// A page among the newest [`LOOK`] events of a window, of whichever kinds. It is only a whole page if they hold one.
pub(in crate::store) fn newest_page(
    dialect: Dialect,
    kinds: &Kinds,
    window: &Window,
    limit: u32,
    offset: u64,
) -> Sql {
    let mut sql = Sql::new(dialect, READ);
    sql.has_one_plan = offset == 0;
    let (first, last) = window.micros();
    match (kinds, dialect) {
        (Kinds::Every, _) => {
            sql.push_index("events_by_time");
            sql.text.push_str(" WHERE true");
            sql.push_between(first, last);
        }
        // It would sort what a question within the question gives, but finds out at once where that begins.
        (Kinds::Of(kinds), Dialect::Sqlite) => {
            sql.push_index("events_by_time");
            sql.text.push_str(
                " WHERE event_time >= coalesce((SELECT event_time FROM events INDEXED BY events_by_time WHERE true",
            );
            sql.push_between(first, last);
            sql.push_order(Order::NewestFirst);
            sql.text.push_str(&format!(" LIMIT 1 OFFSET {LOOK})"));
            sql.push(", ", Param::Integer(first));
            sql.push(") AND event_time <= ", Param::Integer(last));
            sql.push_kinds(kinds);
        }
        (Kinds::Of(kinds), Dialect::Postgres) => {
            sql.text =
                "SELECT body, event_time, id, source FROM (SELECT * FROM events WHERE true".into();
            sql.push_between(first, last);
            sql.push_order(Order::NewestFirst);
            sql.text
                .push_str(&format!(" LIMIT {LOOK}) AS newest WHERE true"));
            sql.push_kinds(kinds);
        }
    }
    sql.push_order(Order::NewestFirst);
    // A plan for any number of events would be one for many.
    sql.text.push_str(&format!(" LIMIT {limit}"));
    if offset > 0 {
        sql.push(" OFFSET ", Param::Integer(integer(offset)));
    }
    sql.bounded(Order::NewestFirst)
}

/// The way to a page of a narrowed window that steps over the fewest events; `all` is how many of any kind are in it,
/// where [`Narrowed::is_large`] asks for that.
pub(in crate::store) fn narrowed_page(
    dialect: Dialect,
    kinds: &Kinds,
    part: &Narrowed,
    limit: u32,
    all: Option<u64>,
) -> Sql {
    match kinds {
        Kinds::Of(of) if !all.is_some_and(|all| part.is_dense(all, of.len(), limit)) => {
            sorted_page(dialect, of, part, limit)
        }
        kinds => walked_page(dialect, kinds, part, limit),
    }
}

/// The bodies of a page of a narrowed window, walking through it from its end.
pub(in crate::store) fn walked_page(
    dialect: Dialect,
    kinds: &Kinds,
    part: &Narrowed,
    limit: u32,
) -> Sql {
    let mut sql = Sql::new(dialect, READ);
    sql.push_index("events_by_time");
    sql.text.push_str(" WHERE true");
    sql.push_between(part.first, part.last);
    if let Kinds::Of(kinds) = kinds {
        if dialect == Dialect::Postgres {
            // What has an offset is read as it says.
            sql.push_order(Order::NewestFirst);
            sql.text = format!(
                "SELECT body, event_time, id, source FROM ({} OFFSET 0) AS walked WHERE true",
                sql.text.replacen(READ, "SELECT * FROM events", 1)
            );
            sql.has_one_plan = true;
        }
        sql.push_kinds(kinds);
    }
    sql.push_order(Order::NewestFirst);
    sql.push_page(limit, part.offset);
    sql.bounded(Order::NewestFirst)
}

/// The same for few matches among many events: they are looked up by kind, and sorted.
pub(in crate::store) fn sorted_page(
    dialect: Dialect,
    kinds: &[i64],
    part: &Narrowed,
    limit: u32,
) -> Sql {
    match dialect {
        Dialect::Sqlite => sorted(kinds, part, limit),
        Dialect::Postgres => merged(kinds, part, limit),
    }
}

fn sorted(kinds: &[i64], part: &Narrowed, limit: u32) -> Sql {
    let columns = "body, event_time, id, source";
    let mut sql = Sql::new(
        Dialect::Sqlite,
        &format!("SELECT {columns} FROM (SELECT rowid AS place FROM events"),
    );
    sql.push_index("events_by_kind");
    sql.text.push_str(" WHERE true");
    sql.push_kinds(kinds);
    sql.push_between(part.first, part.last);
    sql.push_order(Order::NewestFirst);
    sql.push_page(limit, part.offset);
    sql.text
        .push_str(") AS page CROSS JOIN events ON events.rowid = place");
    sql.push_order(Order::NewestFirst);
    sql
}

/// The newest matches of each kind, of which those of the page are the newest.
fn merged(kinds: &[i64], part: &Narrowed, limit: u32) -> Sql {
    let mut sql = Sql::new(
        Dialect::Postgres,
        "SELECT body, event_time, id, source FROM (SELECT newest.* FROM unnest(",
    );
    sql.push("", Param::Integers(kinds.to_vec()));
    sql.text.push_str(
        "::bigint[]) AS one CROSS JOIN LATERAL (SELECT event_time, id, source FROM events WHERE kind = one",
    );
    sql.push_between(part.first, part.last);
    sql.push_order(Order::NewestFirst);
    let each = integer(part.offset.saturating_add(limit.into()));
    sql.push(" LIMIT ", Param::Integer(each));
    sql.text.push_str(") AS newest");
    sql.push_order(Order::NewestFirst);
    sql.text.push_str(&format!(" LIMIT {limit}"));
    sql.push(" OFFSET ", Param::Integer(integer(part.offset)));
    sql.text
        .push_str(") AS page JOIN events USING (event_time, id, source)");
    sql.push_order(Order::NewestFirst);
    sql.has_one_plan = true;
    sql.bounded(Order::NewestFirst)
}

/// The bodies of a page, newest first.
pub(in crate::store) fn page(
    dialect: Dialect,
    question: &Question<'_>,
    limit: u32,
    offset: u64,
) -> Result<Sql, StoreError> {
    let mut sql = Sql::new(dialect, READ);
    sql.push_index(index_for(question.query));
    sql.has_one_plan = has_one_index(question);
    sql.push_where(question, None)?;
    sql.push_order(Order::NewestFirst);
    sql.text.push_str(&format!(" LIMIT {limit}"));
    sql.push(" OFFSET ", Param::Integer(integer(offset)));
    Ok(sql.bounded(Order::NewestFirst))
}
