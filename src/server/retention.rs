//! Deletes what has become too old, beside whoever reads and writes.

use std::{convert::Infallible, time::Duration};

use chrono::Utc;
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    api::Timestamp,
    output::Ui,
    store::{Store, StoreError},
};

/// Events that are deleted in one transaction: writers wait for it.
const BATCH: u32 = 500;
/// Between two transactions, so that others come in between.
const PAUSE: Duration = Duration::from_millis(20);
/// When nothing is left to delete.
const REST: Duration = Duration::from_secs(60);

/// Keeps `store` free of events that happened longer than `age` ago, for as long as it is asked to.
pub async fn keep(store: Store, age: Option<chrono::Duration>, ui: Ui) -> Infallible {
    let Some(age) = age else {
        return std::future::pending().await;
    };
    let mut kept = None;
    loop {
        let (store, writer) = (store.clone(), kept.take());
        let before = Timestamp::from(Utc::now()).minus(age);
        let delete = move || {
            let mut writer = writer.map_or_else(|| store.writer(), Ok)?;
            Ok((writer.delete_before(before, BATCH)?, writer))
        };
        let deleted = spawn_blocking(delete).await;
        match deleted.unwrap_or(Err(StoreError::BrokenOff)) {
            Ok((deleted, writer)) => {
                kept = Some(writer);
                let is_all = deleted < u64::from(BATCH);
                sleep(if is_all { REST } else { PAUSE }).await;
            }
            Err(error) => {
                ui.warning(&format!("old events could not be deleted: {error}"));
                sleep(REST).await;
            }
        }
    }
}
