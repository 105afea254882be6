//! A scripted server that pages through events, well or not so well.

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
    /// Whether it says how many there are.
    pub total: bool,
    /// Headers of each answer.
    pub headers: &'static str,
}

impl Pages {
    pub fn of(events: Vec<String>) -> Self {
        Self {
            events,
            most: 1000,
            total: true,
            headers: "",
        }
    }

    pub fn page(&self, asked: &Asked) -> Reply {
        self.page_of(&self.events, asked)
    }

    pub fn page_of(&self, events: &[String], asked: &Asked) -> Reply {
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

/// What `events -o jsonl` comes to there.
pub fn ask(server: &Scripted, args: &[&str]) -> Run {
    Home::new().ask(&server.url(), &[&["-o", "jsonl"], args].concat())
}
