//! Reads a server's answer: its newest or oldest events from one page where that is all that is wanted, else by the
//! walk.

use std::{ops::ControlFlow, sync::Arc};

use super::{Begun, ReadReport, Reading, Sink, SourceError, Verdict};
use crate::{
    api::Event,
    client::{Client, ClientError},
    query::{Order, Request},
    walk::{self, Answer, Pages, WalkError},
};

impl Pages for Client {
    type Error = ClientError;

    async fn fetch(&self, request: Request) -> Result<Answer, ClientError> {
        let answer = Client::fetch(self, &request).await?;
        Ok(Answer {
            page: answer.page,
            date: answer.date,
        })
    }

    fn refuses_limit(error: &ClientError) -> bool {
        error.refuses_limit()
    }
}

pub async fn read(
    client: &Arc<Client>,
    reading: &Reading,
    sink: &mut dyn Sink,
) -> Result<ReadReport, SourceError> {
    let mut reading = reading.clone();
    if let Some(told) = one_page(client, &mut reading, sink).await? {
        return Ok(told);
    }
    let told = walk::walk(Arc::clone(client), &reading, sink).await;
    told.map_err(|error| match error {
        WalkError::Fetch(error) => SourceError::Client(error),
        WalkError::Sink(error) => SourceError::Sink(error),
    })
}

/// The first events, where one page surely holds as many as are wanted. Nothing has been given where it does not; where
/// the server refused the page for its size, smaller ones are read from then on.
async fn one_page(
    client: &Client,
    reading: &mut Reading,
    sink: &mut dyn Sink,
) -> Result<Option<ReadReport>, SourceError> {
    let cut = reading.query.sendable(&[]);
    let wanted = match reading.wanted {
        Some(wanted)
            if wanted < reading.page_size.into() && reading.order == Order::NewestFirst =>
        {
            usize::try_from(wanted).unwrap_or(usize::MAX)
        }
        _ => return Ok(None),
    };
    let request = reading.first_request(&cut);
    let answer = match client.fetch(&request).await {
        Err(error) if error.refuses_limit() => {
            reading.page_size = (request.limit / 2).max(1);
            return Ok(None);
        }
        answer => answer?,
    };
    let second = chrono::Duration::seconds(1);
    let end = answer.date.unwrap_or(reading.now).plus(second);
    let mut query = reading.query.clone();
    query.window.end.get_or_insert(end);
    let leaks = |event: &Event| !cut.query.filters.iter().all(|f| f.lets_through(event));
    if answer.page.events.iter().any(leaks) {
        return Ok(None);
    }
    let Some(events) = surely_first(answer.page.events, answer.page.total, reading.order) else {
        return Ok(None);
    };
    let whole = answer.page.total == Some(events.len() as u64);
    let matches: Vec<_> = events.into_iter().filter(|e| query.matches(e)).collect();
    if matches.len() < wanted && !whole {
        return Ok(None);
    }
    let mut sent = cut.query.clone();
    sent.window = query.window;
    let begun = Begun {
        sent,
        total: answer.page.total,
    };
    sink.begun(&begun).map_err(SourceError::Sink)?;
    for event in matches.into_iter().take(wanted) {
        if sink.event(event).map_err(SourceError::Sink)? == ControlFlow::Break(()) {
            break;
        }
    }
    Ok(Some(ReadReport {
        begun,
        applied_here: cut.rest.iter().map(|filter| filter.field).collect(),
        leaky: Vec::new(),
        doubles: 0,
        late: 0,
        verdict: Verdict::Stopped,
    }))
}

/// The events of a first page whose places nothing behind it can take: all but those of its last instant, which may
/// go on. None where the page is not in order, or gives an event twice.
fn surely_first(mut events: Vec<Event>, total: Option<u64>, order: Order) -> Option<Vec<Event>> {
    let in_order = events.is_sorted_by(|a, b| a.time() >= b.time());
    let last = events.last().map(Event::time);
    let count = events.len();
    events.sort_by(|a, b| order.compare(a, b));
    events.dedup_by(|a, b| a.id() == b.id());
    if !in_order || events.len() != count {
        return None;
    }
    if total != Some(count as u64) {
        events.retain(|event| Some(event.time()) != last);
    }
    Some(events)
}
