//! Reads a store's answer, each part behind the last row of the one before.

use std::ops::ControlFlow;

use super::{Reading, Sink, SourceError, Told};
use crate::store::Store;

pub async fn read(
    store: &Store,
    reading: &Reading,
    sink: &mut Sink<'_>,
) -> Result<Told, SourceError> {
    let mut query = reading.query.clone();
    // As of a server, whose clock is read in whole seconds.
    let end = reading
        .now
        .whole_second()
        .plus(chrono::Duration::seconds(1));
    query.window.end.get_or_insert(end);
    let told = Told {
        window: query.window,
        total: Some(store.count(&query).await?),
        ..Told::default()
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
            if sink(event).map_err(SourceError::Sink)? == ControlFlow::Break(()) {
                return Ok(told);
            }
        }
        match part.next {
            Some(next) => after = Some(next),
            None => return Ok(told),
        }
    }
}
