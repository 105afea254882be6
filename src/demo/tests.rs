//! What the sample trail promises: the same every day, real events alone, and a night that can be found.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::LazyLock,
};

use chrono::{Datelike, Duration, Timelike, Weekday};

use super::{kind, sample_trail, trail::Trail};
use crate::api::{Event, Field, Timestamp, newest_first};

/// What real plugins were recorded to emit, and below the line what Portal's documentation shows or, without giving
/// a name, speaks of: plugin | event | severity | action type | query type.
const ALLOWED: &str = "
    catalog    | entity-facets   | low    | -        | -
    catalog    | entity-fetch    | low    | -        | all
    catalog    | entity-fetch    | low    | -        | by-name
    catalog    | entity-fetch    | low    | -        | by-query
    catalog    | entity-fetch    | low    | -        | by-refs
    catalog    | entity-fetch    | low    | -        | by-uid
    catalog    | entity-fetch    | low    | ancestry | -
    catalog    | entity-mutate   | medium | -        | refresh
    catalog    | entity-mutate   | medium | delete   | -
    catalog    | entity-validate | low    | -        | -
    catalog    | location-analyze| low    | -        | -
    catalog    | location-fetch  | low    | -        | all
    catalog    | location-fetch  | low    | -        | by-entity
    catalog    | location-fetch  | low    | -        | by-id
    catalog    | location-mutate | low    | create   | -
    catalog    | location-mutate | medium | create   | -
    catalog    | location-mutate | medium | delete   | -
    scaffolder | action-fetch    | low    | -        | -
    scaffolder | task            | low    | dry-run  | -
    scaffolder | task            | low    | events   | -
    scaffolder | task            | low    | get      | -
    scaffolder | task            | low    | list     | -
    scaffolder | task            | low    | stream   | -
    scaffolder | task            | medium | cancel   | -
    scaffolder | task            | medium | create   | -
    scaffolder | task            | medium | execution| -
    scaffolder | task            | medium | retry    | -
    scaffolder | template-parameter-schema | low | - | -

    catalog    | entity.created  | high     | create | mutation
    rbac       | role-mutate     | high     | assign | -
    rbac       | role-mutate     | critical | assign | -
    rbac       | role-mutate     | high     | revoke | -
    rbac       | role-mutate     | critical | revoke | -
    rbac       | policy-mutate   | high     | update | -
    app-config | config-mutate   | high     | update | -
    app-config | config-mutate   | critical | update | -";

/// A Saturday, and so on to Friday; just after midnight and just before, the end of a year, a leap day.
const MOMENTS: [&str; 8] = [
    "2026-11-21T20:15:46.100Z",
    "2026-11-22T02:00:00Z",
    "2026-11-22T23:59:59.999Z",
    "2026-11-23T00:00:00.001Z",
    "2028-02-29T11:11:11Z",
    "2026-11-25T09:30:00Z",
    "2026-12-31T23:59:59Z",
    "2027-01-01T00:00:00Z",
];

static TRAILS: LazyLock<Vec<(Timestamp, Vec<Event>)>> = LazyLock::new(|| {
    MOMENTS
        .iter()
        .map(|text| (at(text), sample_trail(at(text))))
        .collect()
});

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn recorded(event: &Event) -> Timestamp {
    at(event.text(Field::RecordedAt).unwrap())
}

fn meta(event: &Event) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_str(event.meta().unwrap()).unwrap()
}

#[test]
fn two_looks_on_one_day_differ_only_by_what_was_stored_between_them() {
    let evening = sample_trail(at("2026-11-24T21:00:00Z"));
    assert_eq!(evening, sample_trail(at("2026-11-24T21:00:00Z")));
    for earlier in [
        "2026-11-24T00:00:00Z",
        "2026-11-24T09:00:00Z",
        "2026-11-24T14:31:07.250Z",
    ] {
        let seen = evening
            .iter()
            .filter(|event| recorded(event) <= at(earlier));
        let seen: Vec<_> = seen.cloned().collect();
        assert!(seen.len() < evening.len());
        assert_eq!(sample_trail(at(earlier)), seen, "{earlier}");
    }
}

#[test]
fn yesterday_is_told_the_same_today() {
    let day = |now: &str| -> Vec<Event> {
        let (from, to) = (at("2026-11-11T00:00:00Z"), at("2026-11-18T00:00:00Z"));
        let events = sample_trail(at(now)).into_iter();
        events
            .filter(|event| from <= event.time() && event.time() < to)
            .collect()
    };
    let monday = day("2026-11-23T12:00:00Z");
    assert!(monday.len() > 800);
    assert_eq!(monday, day("2026-11-28T12:00:00Z"));
}

#[test]
fn everything_lies_in_the_four_weeks_before_now_newest_first() {
    for (now, events) in TRAILS.iter() {
        assert!(
            (4000..=6000).contains(&events.len()),
            "{} at {now}",
            events.len()
        );
        assert!(events.is_sorted_by(|a, b| newest_first(a, b).is_lt()));
        for event in events {
            assert!(event.time() < recorded(event), "{}", event.json());
            assert!(recorded(event) <= *now, "{}", event.json());
            assert!(
                event.time() >= now.minus(Duration::days(28)),
                "{}",
                event.json()
            );
        }
    }
}

#[test]
fn every_event_is_of_a_kind_that_is_known_and_every_kind_occurs() {
    let row = |line: &str| {
        line.split('|')
            .map(str::trim)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let allowed: BTreeSet<_> = ALLOWED
        .lines()
        .filter(|l| !l.trim().is_empty())
        .map(row)
        .collect();
    let fields = [
        Field::PluginId,
        Field::EventId,
        Field::SeverityLevel,
        Field::ActionType,
        Field::QueryType,
    ];
    for (now, events) in TRAILS.iter() {
        let told: BTreeSet<Vec<_>> = events
            .iter()
            .map(|event| {
                fields
                    .map(|field| event.text(field).unwrap_or("-").to_owned())
                    .to_vec()
            })
            .collect();
        assert_eq!(told, allowed, "at {now}");
    }
}

#[test]
fn nothing_is_told_that_portal_leaves_out() {
    for (_, events) in TRAILS.iter() {
        let left_out = events.iter().find(|event| {
            event
                .text(Field::ActorId)
                .is_some_and(|id| id.starts_with("plugin:"))
                && matches!(
                    event.text(Field::EventId),
                    Some("entity-fetch" | "entity-facets")
                )
        });
        assert_eq!(left_out, None);
    }
}

#[test]
fn every_record_becomes_an_event_with_an_id_of_its_own() {
    let today = at("2026-11-25T00:00:00Z").utc().date_naive();
    let mut trail = Trail::new();
    trail.open(today, 0);
    super::machines::work(&mut trail, today);
    super::office::work(&mut trail, today);
    let records = trail.len();
    assert!(records > 100);
    assert_eq!(trail.into_events(at("2027-01-01T00:00:00Z")).len(), records);

    for (_, events) in TRAILS.iter() {
        let ids: HashSet<_> = events.iter().map(Event::id).collect();
        assert_eq!(ids.len(), events.len());
        let id = uuid::Uuid::parse_str(events[0].id()).unwrap();
        assert_eq!(
            (id.to_string().as_str(), id.get_version_num()),
            (events[0].id(), 4)
        );
    }
}

#[test]
fn who_acts_fits_what_is_said_of_them() {
    for event in &TRAILS[0].1 {
        let actor = event.text(Field::ActorId).unwrap();
        let kind = if actor.starts_with("user:") {
            "user"
        } else {
            "service"
        };
        assert_eq!(event.text(Field::ActorType), Some(kind));
        let meta = meta(event);
        let failed = event.text(Field::Status) == Some("failed");
        let error = meta.get("error").and_then(serde_json::Value::as_str);
        assert_eq!(
            error.is_some_and(|text| !text.is_empty()),
            failed,
            "{}",
            event.json()
        );
        // What the scaffolder does by itself has no request, and nobody behind it but in `createdBy`.
        let by_itself = actor == "plugin:scaffolder";
        assert_eq!(
            event.text(Field::ActionType) == Some("execution"),
            by_itself
        );
        assert_eq!(event.text(Field::RequestUrl).is_none(), by_itself);
        assert_eq!(meta.contains_key("createdBy"), by_itself);
        assert_eq!(meta.contains_key("actor"), !by_itself);
        for lifted in ["actionType", "queryType", "entityRef"] {
            assert!(!meta.contains_key(lifted));
        }
    }
}

#[test]
fn the_weeks_look_like_weeks() {
    let events = &TRAILS[3].1;
    let people: Vec<_> = events
        .iter()
        .filter(|event| event.text(Field::ActorType) == Some("user"))
        .map(|event| event.time().utc())
        .collect();
    let weekend = |day: Weekday| matches!(day, Weekday::Sat | Weekday::Sun);
    let (free, work): (Vec<_>, Vec<_>) =
        people.into_iter().partition(|time| weekend(time.weekday()));
    assert!(
        free.len() * 8 < work.len(),
        "{} and {}",
        free.len(),
        work.len()
    );
    let mut hours = BTreeMap::new();
    for time in work {
        *hours.entry(time.hour()).or_insert(0) += 1;
    }
    assert!(
        hours[&9] > hours[&11] * 5 / 4 && hours[&13] > hours[&11] * 5 / 4,
        "lunch: {hours:?}"
    );
    assert!(
        hours.get(&3).is_none_or(|night| night * 10 < hours[&9]),
        "night: {hours:?}"
    );

    let share = |field: Field, value: &str| {
        events
            .iter()
            .filter(|event| event.text(field) == Some(value))
            .count()
            * 1000
            / events.len()
    };
    assert!(
        (30..=50).contains(&share(Field::Status, "failed")),
        "{}",
        share(Field::Status, "failed")
    );
    let critical = events
        .iter()
        .filter(|e| e.text(Field::SeverityLevel) == Some("critical"));
    assert!((4..=9).contains(&critical.count()));
}

#[test]
fn the_question_of_the_documentation_has_many_answers() {
    for (_, events) in TRAILS.iter() {
        let answers = events.iter().filter(|event| {
            event.text(Field::PluginId) == Some("catalog")
                && event.text(Field::SeverityLevel) == Some("medium")
        });
        assert!(answers.count() > 100);
    }
}

#[test]
fn the_night_can_be_found_whenever_one_looks() {
    for (now, events) in TRAILS.iter() {
        let stranger =
            |event: &&Event| event.text(Field::ActorId) == Some("user:contractors/r.castellan");
        let night: Vec<_> = events.iter().filter(stranger).rev().collect();
        let door = night
            .iter()
            .position(|event| {
                event.text(Field::SeverityLevel) == Some(kind::ASSIGN_ADMIN_ROLE.severity)
                    && event.text(Field::Status) == Some("succeeded")
            })
            .unwrap();
        let time = night[door].time().utc();
        assert_eq!(time.weekday(), Weekday::Sun, "at {now}");
        assert_eq!((time.hour(), time.minute()), (3, 12), "at {now}");
        assert!(
            night[door].time() > now.minus(Duration::days(8)),
            "at {now}"
        );
        assert_eq!(
            meta(night[door])["members"][0],
            "user:contractors/r.castellan"
        );
        assert_eq!(meta(night[door])["actor"]["ip"], "203.0.113.66");

        let failed = |event: &&&Event| event.text(Field::Status) == Some("failed");
        assert_eq!(night[..door].iter().filter(failed).count(), 6, "at {now}");
        let read = night[door..]
            .iter()
            .filter(|e| e.text(Field::SeverityLevel) == Some("low"));
        assert!(read.count() > 60, "at {now}");
        let run = |event: &&&Event| event.text(Field::ActionType) == Some("events");
        let run = meta(night.iter().find(run).unwrap())["taskId"].clone();
        let created = events.iter().any(|event| {
            event.text(Field::ActionType) == Some("create")
                && meta(event).get("taskId") == Some(&run)
        });
        assert!(created, "what was read at {now} had been there");
        let last = night.last().unwrap();
        assert_eq!(last.text(Field::EventId), Some("location-mutate"));
        assert_eq!(last.text(Field::ActionType), Some("delete"));
    }
}
