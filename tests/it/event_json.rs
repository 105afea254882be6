//! Events and pages as text: what comes out is what came in, whatever it is and however it is written.
//!
//! The expected values come from the pieces that a text is put together from, and from `serde_json::Value`.

use auditlog::api::{Event, Field, Page, well_formed};
use proptest::prelude::*;
use serde_json::Value;

/// A value as the tokens that it is written with, and the text that it means.
type Written = (Vec<&'static str>, Option<&'static str>);

fn value() -> impl Strategy<Value = Written> {
    proptest::sample::select(vec![
        (vec!["null"], None),
        (vec!["7"], Some("7")),
        (vec!["-1.50e+3"], Some("-1.50e+3")),
        (vec!["true"], Some("true")),
        (vec![r#""""#], Some("")),
        (vec![r#""plain""#], Some("plain")),
        (vec![r#"" a, b : {c} ""#], Some(" a, b : {c} ")),
        (vec![r#""é\u0020\"\\""#], Some("é \"\\")),
        (vec![r#""\\""#], Some("\\")),
        (vec![r#""\ud800x""#], Some("\u{fffd}x")),
        (vec![r#""\ud83d\ude00""#], Some("\u{1f600}")),
        (vec!["{", "}"], Some("{}")),
        (vec!["[", "]"], Some("[]")),
        (
            vec!["{", r#""k, \" : ""#, ":", "[", "1", ",", r#"" ""#, "]", "}"],
            Some(r#"{"k, \" : ":[1," "]}"#),
        ),
    ])
}

/// A name as it is written, and as it is meant.
fn name() -> impl Strategy<Value = (&'static str, &'static str)> {
    proptest::sample::select(vec![
        (r#""actor_id""#, "actor_id"),
        (r#""st\u0061tus""#, "status"),
        (r#""status""#, "status"),
        (r#""meta""#, "meta"),
        (r#""""#, ""),
        (r#""not \"known\" ""#, "not \"known\" "),
        (r#""entity_ref""#, "entity_ref"),
        (r#""request_url""#, "request_url"),
    ])
}

/// What is written between two tokens, as often as nothing.
fn gap() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just(""), 1 => Just(" "), 1 => Just("\r\n\t")]
}

#[derive(Clone, Debug)]
struct Sample {
    members: Vec<(&'static str, &'static str, Written)>,
    gaps: Vec<&'static str>,
}

fn sample() -> impl Strategy<Value = Sample> {
    let id = prop_oneof![Just("\"a1\""), Just(r#""\u0061\u0031""#)];
    let members = prop::collection::vec((name(), value()), 0..8);
    // As servers write it, mostly: without any gap.
    let gaps = prop_oneof![Just(Vec::new()), prop::collection::vec(gap(), 1..50)];
    (id, members, gaps, 0..8_usize).prop_map(|(id, members, gaps, at)| {
        let member = |((written, meant), value)| (written, meant, value);
        let mut members: Vec<_> = members.into_iter().map(member).collect();
        let at = at.min(members.len());
        let time = "\"2026-01-01T00:00:00.123Z\"";
        members.insert(at, (r#""id""#, "id", (vec![id], Some("a1"))));
        members.insert(
            at,
            (
                "\"event_time\"",
                "event_time",
                (vec![time], Some(&time[1..25])),
            ),
        );
        Sample { members, gaps }
    })
}

impl Sample {
    fn tokens(&self) -> Vec<&'static str> {
        let mut tokens = vec!["{"];
        for (index, (name, _, (value, _))) in self.members.iter().enumerate() {
            tokens.extend((index > 0).then_some(","));
            tokens.extend([name, ":"]);
            tokens.extend(value);
        }
        tokens.push("}");
        tokens
    }

    fn compact(&self) -> String {
        self.tokens().concat()
    }

    fn loose(&self) -> String {
        let gaps = self.gaps.iter().copied().chain(std::iter::repeat(""));
        let tokens = self.tokens();
        let parts = tokens
            .iter()
            .zip(gaps)
            .map(|(token, gap)| format!("{token}{gap}"));
        parts.collect()
    }

    /// The text of a field: of a name that comes twice the last.
    fn text(&self, field: Field) -> Option<&'static str> {
        let last = self
            .members
            .iter()
            .rfind(|(_, meant, _)| *meant == field.name());
        last.and_then(|(_, _, (_, text))| *text)
    }

    /// Every event says the same whichever way it was read.
    fn check(&self, event: &Event) -> Result<(), TestCaseError> {
        prop_assert_eq!(event.json(), self.compact());
        for field in Field::ALL {
            prop_assert_eq!(event.text(field), self.text(field), "{:?}", field);
        }
        prop_assert_eq!(event.id(), "a1");
        prop_assert_eq!(event.time().to_string(), "2026-01-01T00:00:00.123Z");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_event_says_what_was_written_and_loses_nothing_but_white_space(sample in sample()) {
        sample.check(&Event::from_json(&sample.loose()).unwrap())?;
    }

    #[test]
    fn a_page_gives_its_events_as_each_of_them_alone(
        samples in prop::collection::vec(sample(), 0..5),
        gap in gap(),
        behind in prop_oneof![Just(""), Just(",\"limit\":9"), Just(",\"data2\":[{}]")],
    ) {
        let events: Vec<_> = samples.iter().map(Sample::loose).collect();
        let events = events.join(&format!(",{gap}"));
        let body = format!(r#"{{{gap}"data":[{gap}{events}{gap}],"total":{}{behind}}}"#, samples.len());
        let page = Page::from_json(body.as_bytes()).unwrap();
        prop_assert_eq!(page.total, Some(samples.len() as u64));
        prop_assert_eq!(page.events.len(), samples.len());
        for (sample, event) in samples.iter().zip(&page.events) {
            sample.check(event)?;
            prop_assert_eq!(event, &Event::from_json(&sample.compact()).unwrap());
        }
    }

    /// What is no JSON is refused, and nothing else is.
    #[test]
    fn an_object_is_read_where_it_is_json(sample in sample(), at in any::<prop::sample::Index>(), with in "[ \"\\\\{}:,a1\n]?") {
        let mut text = sample.loose();
        let places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
        let place = places[at.index(places.len())];
        let end = place + text[place..].chars().next().map_or(0, char::len_utf8);
        text.replace_range(place..end, &with);
        // Halves of surrogate pairs are text to JavaScript, and to us.
        let known: Result<Value, _> = serde_json::from_str(&well_formed(&text));
        if let Ok(event) = Event::from_json(&text) {
            prop_assert!(known.is_ok(), "{}", text);
            let again: Value = serde_json::from_str(&well_formed(event.json())).unwrap();
            prop_assert_eq!(known.unwrap(), again);
        } else if let Ok(known) = known {
            let is = |name: &str, what: fn(&str) -> bool| known[name].as_str().is_some_and(what);
            let lacks = !known.is_object() || !is("id", |id| !id.is_empty())
                || !is("event_time", |time| chrono::DateTime::parse_from_rfc3339(time).is_ok());
            prop_assert!(lacks, "{}", text);
        }
        let page = format!(r#"{{"data":[{text}],"total":1}}"#);
        // Text that closes the array itself makes another page of it.
        if !text.contains(']') {
            prop_assert_eq!(Page::from_json(page.as_bytes()).is_ok(), Event::from_json(&text).is_ok());
        }
    }
}

#[test]
fn events_that_say_the_same_are_equal_wherever_they_came_from() {
    let json = r#"{"id":"1","event_time":"2026-01-01T00:00:00Z"}"#;
    let page = |body: String| Page::from_json(body.as_bytes()).unwrap();
    let one = page(format!(r#"{{"data":[{json}]}}"#));
    let two = page(format!(r#"{{"total":2,"data":[{json}, {json}]}}"#));
    assert_eq!(one.events[0], two.events[1]);
    assert_eq!(one.events[0], Event::from_json(json).unwrap());
    assert_eq!(format!("{:?}", one.events[0]), format!("Event({json:?})"));
}
