//! What each format writes, to the byte.

use std::process::{Command, Stdio};

use auditlog::{
    api::{Event, Field, Page},
    output::{Column, Layout, OutputFormat, write_record},
    query::Zone,
};

use crate::support::{
    Home, fixture,
    hostile::{event_of, hostile, layout, written},
};

const EVENTS: &str = r#"
{"id":"e1","event_time":"2026-11-21T20:15:46.100Z","recorded_at":"2026-11-21T20:15:46.200Z","plugin_id":"catalog","event_id":"location-mutate","severity_level":"medium","status":"failed","actor_type":"user","actor_id":"user:default/guest","request_method":"DELETE","request_url":"/api/catalog/locations/nope","action_type":"delete","query_type":null,"entity_ref":null,"meta":{"id":"nope","tries":1.0}}
{"id":"e2","event_time":"2026-11-21T20:15:43Z","recorded_at":"2026-11-21T20:15:43Z","plugin_id":"catalog","event_id":"entity-fetch","severity_level":"low","status":"succeeded","actor_type":"service","actor_id":"plugin:search","request_method":"GET","request_url":"/api/catalog/x","action_type":null,"query_type":"by-name","entity_ref":"component:default/日本語","meta":{}}
{"id":"e3","event_time":"2026-11-20T23:30:00Z","recorded_at":"2026-11-21T00:00:00Z","plugin_id":"auth","event_id":"user-login","severity_level":"critical","status":"succeeded","actor_type":"user","actor_id":null,"request_method":null,"request_url":null,"action_type":null,"query_type":null,"entity_ref":null,"meta":{"note":"=1+1"},"future":[1e400,"\u001b"]}"#;

fn events() -> Vec<Event> {
    let lines = EVENTS.trim().lines();
    lines.map(|line| Event::from_json(line).unwrap()).collect()
}

fn columns(list: &str) -> Option<Vec<Column>> {
    let names = list.split(',');
    Some(names.map(|name| name.parse().unwrap()).collect())
}

#[test]
fn a_table_tells_who_did_what() {
    let expected = "\
TIME                 SEVERITY  STATUS     PLUGIN   EVENT            ACTOR               TARGET
2026-11-21 20:15:46  medium    failed     catalog  location-mutate  user:default/guest  DELETE /api/catalog/locations/nope
2026-11-21 20:15:43  low       succeeded  catalog  entity-fetch     plugin:search       component:default/日本語
2026-11-20 23:30:00  critical  succeeded  auth     user-login       -                   -
";
    assert_eq!(written(OutputFormat::Table, layout(), &events()), expected);
}

#[test]
fn a_table_in_80_columns_shortens_times_and_keeps_the_names_of_references() {
    let layout = Layout {
        width: Some(80),
        zone: Zone::parse("Europe/Berlin").unwrap(),
        ..layout()
    };
    let expected = "\
TIME         SEVERITY  STATUS  EVENT            ACTOR           TARGET
11-21 21:15  medium    failed  location-mutate  …default/guest  DELETE /api/cat…
11-21 21:15  low       ok      entity-fetch     plugin:search   …:default/日本語
11-21 00:30  critical  ok      user-login       -               -
";
    assert_eq!(written(OutputFormat::Table, layout, &events()), expected);
}

#[test]
fn a_table_can_do_without_titles_and_of_no_events_has_none() {
    let layout = Layout {
        header: false,
        columns: columns("id,meta.tries"),
        ..layout()
    };
    let expected = "e1  1.0\ne2  -\ne3  -\n";
    let text = written(OutputFormat::Table, layout.clone(), &events());
    assert_eq!(text, expected);
    assert_eq!(written(OutputFormat::Table, layout, &[]), "");
}

#[test]
fn wide_has_every_field_and_cuts_nothing() {
    let expected = "\
TIME                 SEVERITY  STATUS     PLUGIN   EVENT            ACTOR               ENTITY                    ACTION  QUERY    METHOD  URL                          ACTOR-TYPE  RECORDED             ID  META
2026-11-21 20:15:46  medium    failed     catalog  location-mutate  user:default/guest  -                         delete  -        DELETE  /api/catalog/locations/nope  user        2026-11-21 20:15:46  e1  {\"id\":\"nope\",\"tries\":1.0}
2026-11-21 20:15:43  low       succeeded  catalog  entity-fetch     plugin:search       component:default/日本語  -       by-name  GET     /api/catalog/x               service     2026-11-21 20:15:43  e2  {}
2026-11-20 23:30:00  critical  succeeded  auth     user-login       -                   -                         -       -        -       -                            user        2026-11-21 00:00:00  e3  {\"note\":\"=1+1\"}
";
    let narrow = Layout {
        width: Some(40),
        ..layout()
    };
    assert_eq!(written(OutputFormat::Wide, narrow, &events()), expected);
}

#[test]
fn a_table_shows_what_came_when_it_is_flushed_and_goes_on() {
    let mut out = Vec::new();
    let mut format = OutputFormat::Table.format(Layout {
        columns: columns("id,plugin"),
        ..layout()
    });
    let events = events();
    format.begin(&mut out).unwrap();
    format.flush(&mut out).unwrap();
    assert_eq!(out, b"");
    format.event(&mut out, &events[0]).unwrap();
    assert_eq!(out, b"");
    format.flush(&mut out).unwrap();
    assert_eq!(out, b"ID  PLUGIN\ne1  catalog\n");
    format.event(&mut out, &events[2]).unwrap();
    format.end(&mut out).unwrap();
    let expected = "ID  PLUGIN\ne1  catalog\ne3  auth\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_table_keeps_no_more_than_a_page() {
    let mut out = Vec::new();
    let mut format = OutputFormat::Table.format(layout());
    let events = events();
    for count in 1..=250 {
        format.event(&mut out, &events[0]).unwrap();
        let lines = out.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines, if count < 100 { 0 } else { count + 1 });
    }
}

#[test]
fn one_value_as_long_as_a_page_does_not_widen_every_row() {
    let mut events = events();
    events.push(event_of(&"x".repeat(10_000)));
    let text = written(OutputFormat::Wide, layout(), &events);
    let longest = |lines: &[&str]| lines.iter().map(|line| line.len()).max();
    let lines: Vec<&str> = text.lines().collect();
    assert!(longest(&lines[..4]) < Some(800), "{text}");
    assert!(longest(&lines[4..]) > Some(60_000));
}

#[test]
fn csv_has_the_fields_of_the_api_and_meta_as_it_was_written() {
    let expected = "\
\"id\",\"event_time\",\"recorded_at\",\"plugin_id\",\"event_id\",\"severity_level\",\"status\",\"actor_type\",\"actor_id\",\"request_method\",\"request_url\",\"action_type\",\"query_type\",\"entity_ref\",\"meta\"\r
\"e1\",\"2026-11-21T20:15:46.100Z\",\"2026-11-21T20:15:46.200Z\",\"catalog\",\"location-mutate\",\"medium\",\"failed\",\"user\",\"user:default/guest\",\"DELETE\",\"/api/catalog/locations/nope\",\"delete\",\"\",\"\",\"{\"\"id\"\":\"\"nope\"\",\"\"tries\"\":1.0}\"\r
\"e2\",\"2026-11-21T20:15:43Z\",\"2026-11-21T20:15:43Z\",\"catalog\",\"entity-fetch\",\"low\",\"succeeded\",\"service\",\"plugin:search\",\"GET\",\"/api/catalog/x\",\"\",\"by-name\",\"component:default/日本語\",\"{}\"\r
\"e3\",\"2026-11-20T23:30:00Z\",\"2026-11-21T00:00:00Z\",\"auth\",\"user-login\",\"critical\",\"succeeded\",\"user\",\"\",\"\",\"\",\"\",\"\",\"\",\"{\"\"note\"\":\"\"=1+1\"\"}\"\r
";
    assert_eq!(written(OutputFormat::Csv, layout(), &events()), expected);
    let chosen = Layout {
        columns: columns("time,meta.note,actor"),
        ..layout()
    };
    let expected = "\
\"event_time\",\"meta.note\",\"actor_id\"\r
\"2026-11-20T23:30:00Z\",\"'=1+1\",\"\"\r
";
    let csv = written(OutputFormat::Csv, chosen.clone(), &events()[2..]);
    assert_eq!(csv, expected);
    let raw = Layout {
        csv_raw: true,
        ..chosen.clone()
    };
    let csv = written(OutputFormat::Csv, raw, &events()[2..]);
    assert_eq!(
        csv,
        "event_time,meta.note,actor_id\r\n2026-11-20T23:30:00Z,=1+1,\r\n"
    );
    let bare = Layout {
        header: false,
        ..chosen
    };
    assert_eq!(written(OutputFormat::Csv, bare, &[]), "");
}

#[test]
fn csv_gives_every_value_back_and_none_that_a_spreadsheet_runs() {
    let values = hostile();
    let events: Vec<Event> = values.iter().map(|value| event_of(value)).collect();
    for csv_raw in [false, true] {
        let layout = Layout {
            csv_raw,
            ..layout()
        };
        let text = written(OutputFormat::Csv, layout, &events);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
        let header = reader.headers().unwrap().clone();
        assert_eq!(header.iter().take(14).collect::<Vec<_>>(), names);
        assert_eq!(header.iter().skip(14).collect::<Vec<_>>(), ["meta"]);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), values.len());
        for (row, (value, event)) in rows.iter().zip(values.iter().zip(&events)) {
            for cell in [3, 4, 5, 6, 8, 10, 13].map(|at| &row[at]) {
                let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']);
                assert!(csv_raw || !runs, "{cell:?}");
                let undone = match cell.strip_prefix('\'') {
                    Some(rest) if !csv_raw => rest,
                    _ => cell,
                };
                assert_eq!(undone, value);
            }
            assert_eq!(Some(&row[14]), event.meta());
        }
    }
}

/// Tokens that a parsed value would not keep: how numbers, escapes and the order of fields were written.
const TOKENS: &str = r#"{"zeta":1.0,"id":"1","event_time":"2026-11-21T20:15:46Z","one":1,"big":123456789012345678901234567890,"far":1e400,"neg":-0,"text":"\u00e9\/\ud83d\ude00 \ud800 é","alpha":[1E+2,{"b":null,"a":true}],"meta":{"z":1.10,"a":{}}}"#;

/// The same tokens as an indented answer has them.
fn spaced(json: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for c in json.chars() {
        inside ^= c == '"';
        out.push(c);
        if !inside && "{}[],:\"".contains(c) {
            out.push_str("\r\n \t");
        }
    }
    out
}

#[test]
fn json_carries_every_token_as_it_was_sent() {
    let indented = format!(
        "{{\"data\": [\n{}\n, {}], \"total\": 2}}",
        spaced(TOKENS),
        TOKENS
    );
    let page = Page::from_json(indented.as_bytes()).unwrap();
    assert_eq!(
        written(OutputFormat::Json, layout(), &page.events),
        format!("[\n{TOKENS},\n{TOKENS}\n]\n")
    );
    assert_eq!(
        written(OutputFormat::Jsonl, layout(), &page.events),
        format!("{TOKENS}\n{TOKENS}\n")
    );
}

#[test]
fn the_answer_of_a_real_backend_passes_through_unchanged() {
    let body = std::fs::read_to_string(fixture("backstage/http/real-catalog-events.json")).unwrap();
    let page = Page::from_json(body.as_bytes()).unwrap();
    let lines = written(OutputFormat::Jsonl, layout(), &page.events);
    let data = lines.trim_end().replace('\n', ",");
    assert!(body.starts_with(&format!("{{\"data\":[{data}]")));
    assert!(page.events.len() > 10);
}

#[test]
fn json_of_no_events_is_an_empty_array_and_jsonl_is_nothing() {
    assert_eq!(written(OutputFormat::Json, layout(), &[]), "[]\n");
    assert_eq!(written(OutputFormat::Jsonl, layout(), &[]), "");
}

#[test]
fn json_that_does_not_end_cannot_pass_for_whole() {
    let mut out = Vec::new();
    let mut format = OutputFormat::Json.format(layout());
    format.begin(&mut out).unwrap();
    for event in events() {
        format.event(&mut out, &event).unwrap();
        format.flush(&mut out).unwrap();
        assert!(serde_json::from_slice::<serde_json::Value>(&out).is_err());
    }
    format.end(&mut out).unwrap();
    let events: Vec<Box<serde_json::value::RawValue>> = serde_json::from_slice(&out).unwrap();
    assert_eq!(events.len(), 3);
}

#[test]
fn a_record_has_every_field_and_both_clocks() {
    let berlin = Layout {
        zone: Zone::parse("Europe/Berlin").unwrap(),
        ..layout()
    };
    let mut out = Vec::new();
    write_record(&mut out, &events()[0], &berlin).unwrap();
    let expected = "\
id              e1
event_time      2026-11-21T20:15:46.100Z  (2026-11-21 21:15:46 +01:00)
recorded_at     2026-11-21T20:15:46.200Z  (2026-11-21 21:15:46 +01:00)
plugin_id       catalog
event_id        location-mutate
severity_level  medium
status          failed
actor_type      user
actor_id        user:default/guest
request_method  DELETE
request_url     /api/catalog/locations/nope
action_type     delete
query_type      -
entity_ref      -
meta            {
                  \"id\": \"nope\",
                  \"tries\": 1.0
                }
";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let mut out = Vec::new();
    write_record(&mut out, &events()[2], &layout()).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("id              e3\nevent_time      2026-11-20T23:30:00Z\n"));
    let future = "future          [\n                  1e400,\n                  \"\\u001b\"\n                ]\n";
    assert!(text.ends_with(future), "{text}");
}

/// What LibreOffice makes of a CSV: its own XML.
fn opened_in_libreoffice(csv: &str) -> String {
    let home = Home::new();
    home.write("events.csv", csv);
    let profile = format!(
        "-env:UserInstallation=file://{}",
        home.path("profile").display()
    );
    let status = Command::new("soffice")
        .args([profile.as_str(), "--headless", "--convert-to", "fods"])
        .args(["--infilter=CSV:44,34,76,1", "events.csv"])
        .current_dir(home.path("."))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("soffice starts").success());
    home.read("events.fods")
}

#[test]
#[ignore = "needs LibreOffice"]
fn a_spreadsheet_opens_hostile_values_as_text() {
    let values = [
        "=1+1",
        "=HYPERLINK(\"http://example.com\",\"x\")",
        "@SUM(1)",
        "+1",
        "-1",
        "+1+1",
        "-1-1",
        "\t=1+1",
        "\r=1+1",
        "'x",
        "'=1+1",
        "=cmd|' /C calc'!A0",
        "x\n=1+1",
        "x\",=1+1",
        "\"=1+1\"",
    ];
    let events: Vec<Event> = values.iter().map(|value| event_of(value)).collect();
    let layout = Layout {
        columns: columns("event"),
        ..layout()
    };
    let xml = opened_in_libreoffice(&written(OutputFormat::Csv, layout.clone(), &events));
    assert!(!xml.contains("table:formula"), "{xml}");
    assert!(!xml.contains("office:value-type=\"float\""), "{xml}");
    let texts = xml.matches("office:value-type=\"string\"").count();
    assert_eq!(texts, values.len() + 1, "{xml}");
    // The same without the prefix does run: LibreOffice was asked the right question.
    let raw = Layout {
        csv_raw: true,
        ..layout
    };
    let xml = opened_in_libreoffice(&written(OutputFormat::Csv, raw, &events));
    assert!(xml.contains("table:formula"), "{xml}");
}
