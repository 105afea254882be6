//! Exclusion rules evaluated by SQLite: its GLOB is a wildcard that others wrote, its counting another language.

use auditlog::{api::Event, rules::Rule};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::served::draft;

/// In a pattern: a `*` that stands for itself.
pub const LITERAL_STAR: &str = "\u{1}";

/// Events and rules in tables.
pub struct Model(Connection);

impl Model {
    pub fn new(events: &[Event], rules: &[Rule]) -> Self {
        let db = Connection::open_in_memory().expect("a database");
        db.execute_batch(
            "CREATE TABLE e (n INTEGER PRIMARY KEY, id, actor, event, status, severity, method, action);
             CREATE TABLE r (n INTEGER PRIMARY KEY, glob, event);
             BEGIN;",
        )
        .expect("tables");
        for (n, rule) in rules.iter().enumerate() {
            let glob = rule.actor_id.replace('[', "[[]").replace('?', "[?]");
            let glob = glob.replace(LITERAL_STAR, "[*]");
            db.execute(
                "INSERT INTO r VALUES (?, ?, ?)",
                params![n as i64, glob, rule.event_id],
            )
            .expect("a row");
        }
        let mut insert = db
            .prepare("INSERT INTO e VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .expect("a statement");
        for (n, event) in events.iter().enumerate() {
            let event: Value = serde_json::from_str(event.json()).expect("JSON");
            let text = |name: &str| event[name].as_str().map(str::to_owned);
            insert
                .execute(params![
                    n as i64,
                    text("id"),
                    text("actor_id"),
                    text("event_id"),
                    text("status"),
                    text("severity_level"),
                    text("request_method"),
                    text("action_type")
                ])
                .expect("a row");
        }
        drop(insert);
        db.execute_batch(
            "CREATE TABLE m AS SELECT e.n AS e, r.n AS r FROM e JOIN r ON e.event = r.event WHERE e.actor GLOB r.glob;
             CREATE TABLE l AS SELECT e, min(r) AS first, count(*) AS rules FROM m GROUP BY e;
             CREATE INDEX mr ON m (r); CREATE INDEX le ON l (e);
             COMMIT;",
        )
        .expect("what matches");
        Self(db)
    }

    fn number(&self, sql: &str) -> i64 {
        self.0.query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    /// Whether an event of this place is excluded.
    pub fn excluded(&self) -> Vec<usize> {
        let mut statement = self.0.prepare("SELECT e FROM l ORDER BY e").expect("SQL");
        let rows = statement
            .query_map([], |row| row.get::<_, i64>(0))
            .expect("rows");
        rows.map(|row| row.expect("a row") as usize).collect()
    }

    /// Events, lost ones, and both counts of each rule.
    pub fn counts(&self, rules: usize) -> Value {
        let of = |n: usize| {
            let lost = self.number(&format!("SELECT count(*) FROM m WHERE r = {n}"));
            let alone = "SELECT count(*) FROM l WHERE rules = 1 AND first";
            json!([lost, self.number(&format!("{alone} = {n}"))])
        };
        json!([
            self.number("SELECT count(*) FROM e"),
            self.number("SELECT count(*) FROM l"),
            (0..rules).map(of).collect::<Vec<_>>()
        ])
    }

    /// Of failures, high severity and changes: how many are lost, and the first three with their rules.
    pub fn flags(&self) -> Value {
        let of = |condition: &&str| {
            let from = format!("FROM l JOIN e ON e.n = l.e WHERE {condition}");
            let sql = format!("SELECT id, first {from} ORDER BY n LIMIT 3");
            let mut statement = self.0.prepare(&sql).expect("SQL");
            let rows = statement
                .query_map([], |row| {
                    Ok(json!([row.get::<_, String>(0)?, row.get::<_, i64>(1)?]))
                })
                .expect("rows");
            let examples: Vec<_> = rows.map(|row| row.expect("a row")).collect();
            json!([self.number(&format!("SELECT count(*) {from}")), examples])
        };
        let conditions = [
            "status = 'failed'",
            "severity IN ('high', 'critical')",
            "method NOT IN ('GET', 'HEAD', 'OPTIONS') OR action IN ('create', 'update', 'delete')",
        ];
        conditions.iter().map(of).collect()
    }
}

/// What an id or a pattern is put together from; what is special to a GLOB is among it.
const PIECES: [&str; 12] = [
    "user:", "plugin:", "default/", "/", "a", "b", "ab", "*", "?", "[a]", "\u{e9}", "\u{e000}",
];
const EVENTS: [&str; 5] = ["entity-fetch", "entity-facets", "task", "entity-mutate", ""];

fn text(random: &mut fastrand::Rng, most: usize, stars: bool) -> String {
    let count = random.usize(0..=most);
    let piece = |random: &mut fastrand::Rng| match stars && random.u8(0..3) == 0 {
        true => "*",
        false => *random.choice(&PIECES).expect("a piece"),
    };
    (0..count).map(|_| piece(random)).collect()
}

/// An event of anybody. The later its number, the older it is.
pub fn random_event(random: &mut fastrand::Rng, number: usize) -> Event {
    let second = 86_399 - number % 86_400;
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let day = 28 - number / 86_400;
    let time = format!(
        "2026-10-{day}T{hour:02}:{minute:02}:{:02}.000Z",
        second % 60
    );
    let mut draft = draft(&format!("id-{:06}", 999_999 - number), &time);
    let actor = text(random, 4, false);
    let own = |random: &mut fastrand::Rng, list: &[&str]| {
        let one = random.choice(list).expect("one");
        (!one.is_empty()).then(|| (*one).to_owned())
    };
    draft.actor_id = (random.u8(0..10) > 0).then_some(actor);
    draft.event_id = (*random.choice(&EVENTS).expect("one")).to_owned();
    draft.status = own(random, &["succeeded", "failed"]).unwrap_or_default();
    draft.severity_level = own(random, &["low", "high", "critical", "fatal"]).unwrap_or_default();
    draft.request_method = own(random, &["", "GET", "HEAD", "OPTIONS", "POST", "get"]);
    draft.action_type = own(random, &["", "create", "update", "delete", "fetch"]);
    draft.into_event().expect("an event")
}

/// Rules of all kinds.
pub fn random_rules(random: &mut fastrand::Rng, count: usize) -> Vec<Rule> {
    let rule = |_| Rule {
        actor_id: text(random, 5, true),
        event_id: (*random.choice(&EVENTS).expect("one")).to_owned(),
    };
    (0..count).map(rule).collect()
}
