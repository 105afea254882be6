//! Reads a store's answer, each part behind the last row of the one before.

use std::ops::ControlFlow;

use super::{Begun, Piece, ReadReport, Reading, Sink, SourceError, Verdict};
use crate::store::Store;

pub async fn read(
    store: &Store,
    reading: &Reading,
    sink: &mut dyn Sink,
) -> Result<ReadReport, SourceError> {
    let mut query = reading.query.clone();
    // As of a server, whose clock is read in whole seconds.
    let end = reading
        .now
        .whole_second()
        .plus(chrono::Duration::seconds(1));
    query.window.end.get_or_insert(end);
    let total = store.count(&query).await?;
    let begun = Begun {
        sent: query.clone(),
        total: Some(total),
    };
    sink.begun(&begun).map_err(SourceError::Sink)?;
    let mut told = ReadReport {
        begun,
        applied_here: Vec::new(),
        leaky: Vec::new(),
        doubles: 0,
        late: 0,
        verdict: Verdict::Stopped,
    };
    let mut after = None;
    let mut read = 0;
    loop {
        let wanted = reading
            .wanted
            .map_or(u64::MAX, |wanted| wanted.saturating_sub(read));
        let limit = wanted.clamp(1, reading.page_size.into());
        let limit = u32::try_from(limit).unwrap_or(reading.page_size);
        let part = store
            .scan(&query, reading.order, after.as_ref(), limit)
            .await?;
        read += part.events.len() as u64;
        for event in part.events {
            if sink.event(event).map_err(SourceError::Sink)? == ControlFlow::Break(()) {
                return Ok(told);
            }
        }
        match part.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    // What is read in one strict order cannot lose what was there at the start, whatever is stored meanwhile.
    let piece = Piece {
        window: query.window,
        total: Some(total),
        distinct: read,
        given: read,
        requests: 0,
        as_of: Some(reading.now),
        doubt: None,
    };
    sink.piece(&piece).map_err(SourceError::Sink)?;
    told.verdict = Verdict::Complete { as_of: reading.now };
    Ok(told)
}
