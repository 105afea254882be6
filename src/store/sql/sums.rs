//! Sums over the counts, and over the index where a window holds less than an hour.

use super::{Dialect, Param, Sql};
use crate::store::{
    kind::{EVERY_KIND, Kinds},
    stretches::{Cover, Stretch},
};

/// The events in each span of some stretches: number of the grain and first hour, or the number of the stretch below
/// zero and anything; and the events.
pub(in crate::store) fn sums(dialect: Dialect, kinds: &Kinds, stretches: &[Stretch]) -> Sql {
    if dialect == Dialect::Postgres {
        return Lists::of(stretches.iter().map(|stretch| (stretch, 1))).sums(kinds);
    }
    let mut sql = Sql::new(dialect, "");
    for (at, stretch) in stretches.iter().enumerate() {
        if at > 0 {
            sql.text.push_str(" UNION ALL ");
        }
        match *stretch {
            Stretch::Whole { grain, .. } => {
                let grain = grain as i64;
                sql.text.push_str(&format!("SELECT {grain}, start, sum(n)"));
                sql.push_stretch(kinds, stretch);
                sql.text.push_str(" GROUP BY start");
            }
            Stretch::Part { .. } => {
                let number = number(at);
                sql.text.push_str(&format!("SELECT {number}, 0, count(*)"));
                sql.push_stretch(kinds, stretch);
            }
        }
    }
    sql
}

/// The events of some kinds in a window.
pub(in crate::store) fn total(dialect: Dialect, kinds: &Kinds, cover: &Cover) -> Sql {
    let added = cover.added.iter().map(|stretch| (stretch, 1));
    let signed = added.chain(cover.taken.iter().map(|stretch| (stretch, -1)));
    if dialect == Dialect::Postgres {
        return Lists::of(signed).total(kinds);
    }
    let mut sql = Sql::new(dialect, "SELECT 0");
    for (stretch, sign) in signed {
        let sign = if sign > 0 { '+' } else { '-' };
        let counted = match stretch {
            Stretch::Whole { .. } => "coalesce(sum(n), 0)",
            Stretch::Part { .. } => "count(*)",
        };
        sql.text.push_str(&format!(" {sign} (SELECT {counted}"));
        sql.push_stretch(kinds, stretch);
        sql.text.push(')');
    }
    sql
}

/// The number of a stretch that has no grain.
fn number(at: usize) -> i64 {
    -1 - i64::try_from(at).unwrap_or_default()
}

impl Sql {
    /// What a stretch is counted from.
    fn push_stretch(&mut self, kinds: &Kinds, stretch: &Stretch) {
        match *stretch {
            Stretch::Whole { grain, from, to } => {
                let grain = grain as i64;
                self.text
                    .push_str(&format!(" FROM counts WHERE grain = {grain}"));
                match kinds {
                    Kinds::Every => self.push(" AND kind = ", Param::Integer(EVERY_KIND)),
                    Kinds::Of(kinds) => self.push_kinds(kinds),
                }
                self.push(" AND start >= ", Param::Integer(from));
                self.push(" AND start < ", Param::Integer(to));
            }
            Stretch::Part { first, last } => {
                self.text.push_str(" FROM events");
                self.push_index(match kinds {
                    Kinds::Every => "events_by_time",
                    Kinds::Of(_) => "events_by_kind",
                });
                self.text.push_str(" WHERE true");
                if let Kinds::Of(kinds) = kinds {
                    self.push_kinds(kinds);
                }
                self.push_between(first, last);
            }
        }
    }
}

/// Stretches as lists, for a statement that is the same for any of them: PostgreSQL takes longer to plan one than to run it.
#[derive(Default)]
struct Lists {
    whole: [Vec<i64>; 4],
    part: [Vec<i64>; 4],
}

impl Lists {
    fn of<'a>(stretches: impl Iterator<Item = (&'a Stretch, i64)>) -> Self {
        let mut lists = Self::default();
        for (at, (stretch, sign)) in stretches.enumerate() {
            let (lists, row) = match *stretch {
                Stretch::Whole { grain, from, to } => {
                    (&mut lists.whole, [grain as i64, from, to, sign])
                }
                Stretch::Part { first, last } => (&mut lists.part, [number(at), first, last, sign]),
            };
            for (list, value) in lists.iter_mut().zip(row) {
                list.push(value);
            }
        }
        lists
    }

    fn sums(self, kinds: &Kinds) -> Sql {
        self.statement(kinds, |whole, counts, part, events| {
            format!(
                "SELECT grain, start, CAST(counted AS bigint) FROM {whole} \
                 CROSS JOIN LATERAL (SELECT start, sum(n) AS counted {counts} GROUP BY start) AS sums \
                 UNION ALL SELECT number, 0, (SELECT count(*) {events}) FROM {part}"
            )
        })
    }

    fn total(self, kinds: &Kinds) -> Sql {
        self.statement(kinds, |whole, counts, part, events| {
            format!(
                "SELECT CAST((SELECT coalesce(sum(sign * (SELECT coalesce(sum(n), 0) {counts})), 0) FROM {whole}) \
                 + (SELECT coalesce(sum(sign * (SELECT count(*) {events})), 0) FROM {part}) AS bigint)"
            )
        })
    }

    /// A statement from the stretches that are counted, what counts one of them, the others, and their events.
    fn statement(self, kinds: &Kinds, text: impl Fn(&str, &str, &str, &str) -> String) -> Sql {
        let (kinds, of_kinds) = match kinds {
            Kinds::Every => (vec![EVERY_KIND], ""),
            Kinds::Of(kinds) => (kinds.clone(), "AND kind = ANY($9)"),
        };
        let text = text(
            "unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS whole (grain, first, behind, sign)",
            "FROM counts WHERE counts.grain = whole.grain AND kind = ANY($9) AND start >= first AND start < behind",
            "unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) AS part (number, first, last, sign)",
            &format!("FROM events WHERE event_time >= first AND event_time <= last {of_kinds}"),
        );
        let mut sql = Sql::new(Dialect::Postgres, &text);
        let lists = self.whole.into_iter().chain(self.part).chain([kinds]);
        sql.params.extend(lists.map(Param::Integers));
        sql.has_one_plan = true;
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Dialect::Sqlite, sums, total};
    use crate::store::{
        counts::Grain,
        kind::Kinds,
        sql::Param,
        stretches::{Cover, Stretch},
    };

    const STRETCHES: [Stretch; 2] = [
        Stretch::Part { first: 8, last: 9 },
        Stretch::Whole {
            grain: Grain::Day,
            from: 24,
            to: 72,
        },
    ];

    #[test]
    fn whole_spans_are_summed_and_parts_are_counted() {
        let every = sums(Sqlite, &Kinds::Every, &STRETCHES);
        assert_eq!(
            every.text,
            "SELECT -1, 0, count(*) FROM events INDEXED BY events_by_time \
             WHERE true AND event_time >= ? AND event_time <= ? \
             UNION ALL SELECT 1, start, sum(n) FROM counts \
             WHERE grain = 1 AND kind = ? AND start >= ? AND start < ? GROUP BY start"
        );
        assert_eq!(every.params, [8, 9, 0, 24, 72].map(Param::Integer));
        let one = sums(Sqlite, &Kinds::Of(vec![5]), &STRETCHES);
        assert_eq!(one.params, [5, 8, 9, 5, 24, 72].map(Param::Integer));
    }

    #[test]
    fn a_total_takes_away_what_was_too_much() {
        let [part, whole] = STRETCHES;
        let cover = Cover {
            added: vec![whole],
            taken: vec![part],
        };
        let every = total(Sqlite, &Kinds::Every, &cover);
        assert_eq!(
            every.text,
            "SELECT 0 + (SELECT coalesce(sum(n), 0) FROM counts WHERE grain = 1 AND kind = ? AND start >= ? AND start < ?) \
             - (SELECT count(*) FROM events INDEXED BY events_by_time WHERE true AND event_time >= ? AND event_time <= ?)"
        );
        assert_eq!(every.params, [0, 24, 72, 8, 9].map(Param::Integer));
    }
}
