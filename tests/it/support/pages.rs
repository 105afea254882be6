//! A scripted server that pages through events, well or not so well.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    Home, Run,
    scripted::{Asked, Reply, Scripted},
};

/// A server that pages as it should through events that it keeps in this order.
#[derive(Clone)]
pub struct Pages {
    pub events: Vec<String>,
    /// Events a page, at most, whatever is asked for.
    pub most: usize,
    /// Whether it gives only what lies in the window and passes the filters.
    pub filters: bool,
    /// Whether it says how many there are.
    pub total: bool,
    /// Headers of each answer.
    pub headers: &'static str,
}

impl Pages {
    /// A server that gives its events whatever is asked for.
    pub fn of(events: Vec<String>) -> Self {
        Self {
            events,
            most: 1000,
            filters: false,
            total: true,
            headers: "",
        }
    }

    /// A server that does what the API says, but that the window has no end of its own.
    pub fn honest(events: Vec<String>) -> Self {
        Self {
            filters: true,
            ..Self::of(events)
        }
    }

    pub fn page(&self, asked: &Asked) -> Reply {
        self.page_of(&self.events, asked)
    }

    pub fn page_of(&self, events: &[String], asked: &Asked) -> Reply {
        let all = events.iter().map(String::as_str);
        let events: Vec<_> = all
            .filter(|event| !self.filters || is_asked_for(event, asked))
            .collect();
        let from = asked.number("offset").min(events.len());
        let to = (from + asked.number("limit").min(self.most)).min(events.len());
        let total = match self.total {
            true => format!(r#","total":{}"#, events.len()),
            false => String::new(),
        };
        let data = events[from..to].join(",");
        let headers = format!("Content-Type: application/json\n{}", self.headers);
        Reply::of("200 OK", &headers, format!(r#"{{"data":[{data}]{total}}}"#))
    }

    pub fn serve(self) -> Scripted {
        Scripted::answering(move |asked| self.page(asked))
    }
}

/// Whether an event is what was asked for; not decided by the program's own code.
pub fn is_asked_for(event: &str, asked: &Asked) -> bool {
    let event: Value = serde_json::from_str(event).expect("JSON");
    let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
    let at = time(event["event_time"].as_str().expect("text"));
    let passes = |(name, value): (String, String)| match name.as_str() {
        "limit" | "offset" => true,
        "start_time" => at >= time(&value),
        "end_time" => at <= time(&value),
        "severity_level" => value.split(',').any(|one| event["severity_level"] == one),
        _ => event[name] == value,
    };
    asked.parameters().into_iter().all(passes)
}

/// What `events -o jsonl` comes to there.
pub fn ask(server: &Scripted, args: &[&str]) -> Run {
    Home::new().ask(&server.url(), &[&["-o", "jsonl"], args].concat())
}

/// A server that counts more than it gives: a 3 stands before each of its totals.
pub fn miscounting(events: Vec<String>) -> Scripted {
    let pages = Pages::honest(events);
    Scripted::answering(move |asked| {
        let reply = String::from_utf8(pages.page(asked).bytes).expect("an answer");
        let (_, body) = reply.split_once("\r\n\r\n").expect("an answer");
        Reply::json(body.replace("\"total\":", "\"total\":3"))
    })
}
