//! Who asked what of the audit log is itself an event, where the configuration wants it: one for each token, question
//! and minute. A reader neither waits for it nor fails with it.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use hyper::{StatusCode, Uri, http::request::Parts};
use uuid::Uuid;

use crate::api::{AUDIT_LOG_PLUGIN, Draft, Event, Meta, READ_EVENT, Timestamp};

/// What the ids of these events are made in: several servers that are asked the same make one event.
const NAMESPACE: Uuid = Uuid::from_u128(0x0d1f_6a2c_91c4_4e0b_8a57_3f3c_b7d0_62e9);
/// Questions of a minute that are told apart. Beyond them a token's questions are one.
const MAX_SEEN: usize = 10_000;
/// Longest text of a question in an event, in bytes.
const MAX_URL: usize = 2048;
/// Parameters that say which part of the same answer is wanted, or move with the clock.
const PARTS: [&str; 4] = ["limit", "offset", "start_time", "end_time"];

/// What has been recorded in this minute.
#[derive(Debug, Default)]
pub(super) struct Reads(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    minute: i64,
    ids: HashSet<Uuid>,
    /// Events that could not be recorded, and of which nothing was said yet.
    lost: u64,
    /// Whether something was said of them in this minute.
    said: bool,
}

impl Reads {
    /// The event of a question that was answered, or refused to a token that may not ask it; none where this minute has
    /// it already, and for other outcomes.
    pub(super) fn event(
        &self,
        head: &Parts,
        status: StatusCode,
        subject: &str,
        now: Timestamp,
    ) -> Option<Event> {
        let outcome = match status {
            StatusCode::OK | StatusCode::NOT_MODIFIED => "succeeded",
            StatusCode::FORBIDDEN => "failed",
            _ => return None,
        };
        let minute = now.micros().div_euclid(60_000_000);
        let id = self.new_id(minute, &[subject, outcome, &question(&head.uri)])?;
        let is_user = subject.starts_with("user:");
        let draft = Draft {
            id: id.to_string(),
            event_time: now.to_string(),
            recorded_at: String::new(),
            plugin_id: AUDIT_LOG_PLUGIN.to_owned(),
            event_id: READ_EVENT.to_owned(),
            severity_level: "low".to_owned(),
            status: outcome.to_owned(),
            actor_type: if is_user { "user" } else { "service" }.to_owned(),
            actor_id: Some(subject.to_owned()),
            request_method: Some(head.method.to_string()),
            request_url: Some(url(&head.uri)),
            action_type: None,
            query_type: None,
            entity_ref: None,
            meta: Meta::new(),
        };
        draft.into_event().ok()
    }

    /// Takes note that an event could not be recorded: who asks the same again has another try. Gives, once a minute,
    /// how many there were.
    pub(super) fn lose(&self, id: &str) -> Option<u64> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(id) = Uuid::try_parse(id) {
            seen.ids.remove(&id);
        }
        seen.lost += 1;
        let is_first = !std::mem::replace(&mut seen.said, true);
        is_first.then(|| std::mem::take(&mut seen.lost))
    }

    /// How many could not be recorded in minutes that are over, of which nothing was said yet.
    pub(super) fn untold(&self) -> Option<u64> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = seen.lost > 0 && !seen.said;
        is_over.then(|| std::mem::take(&mut seen.lost))
    }

    /// The id of what was not seen in this minute.
    fn new_id(&self, minute: i64, parts: &[&str; 3]) -> Option<Uuid> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.minute != minute {
            seen.minute = minute;
            seen.ids.clear();
            seen.said = false;
        }
        let [subject, outcome, question] = parts;
        let question = match seen.ids.len() < MAX_SEEN {
            true => question,
            false => "",
        };
        let name = serde_json::json!([minute, subject, outcome, question]).to_string();
        let id = Uuid::new_v5(&NAMESPACE, name.as_bytes());
        seen.ids.insert(id).then_some(id)
    }
}

/// The filters of a question, whichever part of its answer is asked for.
fn question(uri: &Uri) -> String {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut filters: Vec<_> = pairs
        .filter(|(name, _)| !PARTS.contains(&name.as_ref()))
        .collect();
    filters.sort();
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(filters)
        .finish()
}

/// Path and query; a long one ends early.
fn url(uri: &Uri) -> String {
    let whole = uri.path_and_query().map_or("/", |url| url.as_str());
    match whole.get(..MAX_URL) {
        Some(beginning) if beginning.len() < whole.len() => format!("{beginning}…"),
        _ => whole.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use hyper::{Request, StatusCode, http::request::Parts};

    use super::{MAX_SEEN, Reads};
    use crate::api::{Field, Timestamp};

    fn head(query: &str) -> Parts {
        let request = Request::get(format!("/api/audit-log/v1/audit-event?{query}"));
        request.body(()).unwrap().into_parts().0
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_token_a_question_and_a_minute_are_one_event() {
        let reads = Reads::default();
        let is_new = |query: &str, status, subject, time| {
            let event = reads.event(&head(query), status, subject, at(time));
            event.is_some()
        };
        let first = "2026-11-21T10:00:00Z";
        assert!(is_new("plugin_id=a", StatusCode::OK, "external:a", first));
        for part in ["offset=1000", "limit=1", "start_time=x&end_time=y"] {
            let query = format!("{part}&plugin_id=a");
            assert!(!is_new(
                &query,
                StatusCode::OK,
                "external:a",
                "2026-11-21T10:00:59Z"
            ));
        }
        assert!(!is_new(
            "plugin_id=a",
            StatusCode::NOT_MODIFIED,
            "external:a",
            first
        ));
        assert!(is_new("plugin_id=b", StatusCode::OK, "external:a", first));
        assert!(is_new("plugin_id=a", StatusCode::OK, "external:b", first));
        assert!(is_new(
            "plugin_id=a",
            StatusCode::FORBIDDEN,
            "external:a",
            first
        ));
        for status in [StatusCode::BAD_REQUEST, StatusCode::TOO_MANY_REQUESTS] {
            assert!(!is_new("plugin_id=c", status, "external:a", first));
        }
        assert!(is_new(
            "plugin_id=a",
            StatusCode::OK,
            "external:a",
            "2026-11-21T10:01:00Z"
        ));
    }

    #[test]
    fn two_servers_give_the_same_question_the_same_id() {
        let of = |query: &str| {
            let event = Reads::default().event(
                &head(query),
                StatusCode::OK,
                "user:default/ann",
                at("2026-11-21T10:00:30Z"),
            );
            event.unwrap()
        };
        let (one, other) = (
            of("status=failed&plugin_id=a&offset=3"),
            of("plugin_id=a&status=failed"),
        );
        assert_eq!(one.id(), other.id());
        assert_eq!(one.text(Field::ActorType), Some("user"));
        assert_eq!(
            one.text(Field::RequestUrl),
            Some("/api/audit-log/v1/audit-event?status=failed&plugin_id=a&offset=3")
        );
    }

    #[test]
    fn what_could_not_be_recorded_is_tried_again_and_told_of_once_a_minute() {
        let reads = Reads::default();
        let asked = |time: &str| {
            let event = reads.event(&head(""), StatusCode::OK, "a", at(time));
            reads.lose(event.unwrap().id())
        };
        let told = ["10:00:00", "10:00:01", "10:00:59", "10:01:00", "10:01:01"]
            .map(|time| asked(&format!("2026-11-21T{time}Z")));
        assert_eq!(told, [Some(1), None, None, Some(3), None]);
        assert_eq!(reads.untold(), None);
        // In the next minute this one is recorded.
        let recorded = reads.event(&head(""), StatusCode::OK, "a", at("2026-11-21T10:02:00Z"));
        assert!(recorded.is_some());
        assert_eq!([reads.untold(), reads.untold()], [Some(1), None]);
    }

    #[test]
    fn ever_new_questions_of_a_minute_become_one() {
        let reads = Reads::default();
        let now = at("2026-11-21T10:00:00Z");
        let asked = (0..MAX_SEEN + 500).filter(|n| {
            let head = head(&format!("plugin_id={n}"));
            reads.event(&head, StatusCode::OK, "a", now).is_some()
        });
        assert_eq!(asked.count(), MAX_SEEN + 1);
    }
}
