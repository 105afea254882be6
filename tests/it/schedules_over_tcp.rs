//! The random schedules over TCP, with a server and a network that fail: bursts of 429, connections that end inside a
//! body or between two requests.

use std::{borrow::Cow, ops::Range, sync::Arc, sync::Mutex, thread, time::Duration};

use auditlog::{
    address::Address,
    api::{Timestamp, write_page},
    client::{Client, Options},
    query::Request,
    token::Token,
};
use chrono::DateTime;
use fastrand::Rng;

use crate::support::{
    TOKEN,
    message::{Asked, Reply},
    model_server::{Model, Refused},
    schedule::{Schedule, faults, walk_over},
    scripted::Scripted,
};

/// Schedules that run side by side: most of their time is waiting.
const SIDE_BY_SIDE: usize = 16;

/// What the network does to a request, from a seed.
struct Weather {
    rng: Rng,
    /// Requests that are still refused of a burst.
    burst: u32,
}

impl Weather {
    fn spoil(&mut self, reply: Reply) -> Reply {
        if self.burst == 0 && self.rng.u32(0..40) == 0 {
            self.burst = self.rng.u32(1..5);
        }
        if self.burst > 0 {
            self.burst -= 1;
            let refusal = Reply::problem("429 Too Many Requests", "Too many requests");
            return refusal.with_header("Retry-After: 0");
        }
        match self.rng.u32(0..60) {
            0 => reply.cut(1),
            1 => Reply::nothing(),
            2 => reply.closing(),
            _ => reply,
        }
    }
}

fn answer(model: &Model, asked: &Asked) -> Reply {
    let now = Timestamp::from_micros(model.clock()).unwrap();
    let pairs = asked.parameters().into_iter();
    let pairs = pairs.map(|(name, value)| (Cow::Owned(name), Cow::Owned(value)));
    let mut request = Request::from_pairs(pairs, now).expect("a request");
    if asked.parameter("end_time").is_none() {
        request.query.window.end = None;
    }
    let page = match model.page(&request) {
        Ok(page) => page,
        Err(Refused::Limit) => return Reply::problem("400 Bad Request", "Invalid limit"),
        Err(Refused::Endless) => return Reply::problem("500 Internal Server Error", "endless"),
    };
    let events = page.events.iter().map(|event| event.json());
    let body = write_page(
        events,
        page.total.unwrap_or_default(),
        request.limit,
        request.offset,
    );
    let body = match page.total {
        Some(_) => body,
        None => body.replace("\"total\":0,", ""),
    };
    let reply = Reply::json(body);
    let date = DateTime::from_timestamp_micros(model.clock()).unwrap();
    match model.manners.no_date {
        true => reply,
        false => reply.with_header(&format!(
            "Date: {}",
            date.format("%a, %d %b %Y %H:%M:%S GMT")
        )),
    }
}

/// What is wrong with a walk over TCP.
fn run_one(seed: u64) -> Option<String> {
    let mut schedule = Schedule::new(seed);
    // Real time passes: slow answers and crowds of single events belong to virtual time.
    schedule.manners.slowest = Duration::ZERO;
    schedule.page_size = schedule.page_size.max(20);
    schedule.manners.most = schedule
        .manners
        .most
        .map(|(most, refuses)| (most.max(20), refuses));
    let model = Model::new(schedule.manners.clone(), &schedule.times, seed);
    let weather = Mutex::new(Weather {
        rng: Rng::with_seed(seed),
        burst: 0,
    });
    let server = Scripted::answering({
        let model = Arc::clone(&model);
        move |asked| weather.lock().unwrap().spoil(answer(&model, asked))
    });
    let options = Options {
        ca_cert: None,
        allow_plain_http: false,
        timeout: Duration::from_secs(30),
        retries: 20,
        spacing: Duration::ZERO,
    };
    let address = Address::parse(&server.url()).unwrap();
    let token = Token::parse(TOKEN).unwrap();
    let client = Client::new(address, &token, options, Box::new(|_, _| {})).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let walked = runtime.block_on(walk_over(&model, Arc::new(client), &schedule.reading()));
    server.finish();
    // Answers that were lost on the way count among the server's requests.
    let mut faults = faults(&schedule, &walked);
    faults.retain(|fault| !fault.contains("requests, at most"));
    schedule.times.clear();
    (!faults.is_empty()).then(|| format!("{faults:?}: {schedule:?}"))
}

fn run(seeds: Range<u64>) {
    let next = Mutex::new(seeds);
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(seed) = { next.lock().unwrap().next() } {
                    failed.lock().unwrap().extend(run_one(seed));
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n\n")
    );
}

#[test]
fn twenty_schedules_over_tcp() {
    run(0..20);
}

#[test]
#[ignore = "needs minutes: two hundred schedules in real time"]
fn two_hundred_schedules_over_tcp() {
    run(20..220);
}
