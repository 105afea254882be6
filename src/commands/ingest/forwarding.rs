//! Passing on what was read: to a store, which takes it while more is read, or to a server, portion by portion.

use std::{io::Write, time::Duration};

use super::{
    IngestError,
    destination::{Destination, may_pass},
    session::Session,
};
use crate::{api::Event, client::PostAnswer, store::Advance};

/// The wait before what may go well later is tried again; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest of these waits.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl Session<'_> {
    /// Takes events, how far their file was read with them, and whether some of them will come again.
    pub async fn append(
        &mut self,
        events: Vec<Event>,
        advance: Option<Advance>,
        again: bool,
        told: &mut PostAnswer,
    ) -> Result<(), IngestError> {
        while let Destination::Store(storing) = &mut self.destination {
            if storing.has_room_for(advance.as_ref()) {
                storing.add(events, advance, again);
                return match storing.is_at_work() {
                    true => Ok(()),
                    false => self.wait(told).await,
                };
            }
            self.wait(told).await?;
        }
        self.send(&events, advance.as_ref(), told).await
    }

    /// Waits for what the store has under way, and lets it begin with what has come since.
    async fn wait(&mut self, told: &mut PostAnswer) -> Result<(), IngestError> {
        let mut pause = FIRST_WAIT;
        while let Destination::Store(storing) = &mut self.destination {
            match storing.wait().await {
                Ok(stored) => {
                    told.stored += stored;
                    storing.begin();
                    break;
                }
                Err(error) => self.wait_or_fail(error.into(), &mut pause).await?,
            }
            if let Destination::Store(storing) = &mut self.destination {
                storing.begin();
            }
        }
        Ok(())
    }

    /// Waits until all that was taken is stored.
    pub async fn settle(&mut self, told: &mut PostAnswer) -> Result<(), IngestError> {
        while matches!(&self.destination, Destination::Store(storing) if storing.has_work()) {
            self.wait(told).await?;
        }
        Ok(())
    }

    /// Leaves the store as every other one: nothing more will be read for now.
    pub async fn finish(&mut self) -> Result<(), IngestError> {
        match &mut self.destination {
            Destination::Store(storing) => Ok(storing.finish().await?),
            Destination::Server(_) => Ok(()),
        }
    }

    /// Stores what was taken, unless that has failed already: then the next run reads it again.
    pub async fn conclude(&mut self, told: &mut PostAnswer) -> Result<(), IngestError> {
        self.patient = false;
        if matches!(&self.destination, Destination::Store(storing) if storing.has_failed()) {
            return self.finish().await;
        }
        let settled = self.settle(told).await;
        self.finish().await.and(settled)
    }

    async fn send(
        &mut self,
        events: &[Event],
        advance: Option<&Advance>,
        told: &mut PostAnswer,
    ) -> Result<(), IngestError> {
        let Destination::Server(server) = &mut self.destination else {
            return Ok(());
        };
        if let Some(advance) = advance {
            server.begin(advance)?;
        }
        let portions = server.portions(events);
        let last = portions.len().saturating_sub(1);
        for (number, portion) in portions.into_iter().enumerate() {
            let advance = advance.filter(|_| number == last);
            let answer = self.send_patiently(portion, advance).await?;
            for rejected in &answer.rejected {
                let id = portion.get(rejected.index).map_or("?", Event::id);
                let reason = &rejected.reason;
                self.warn_rejected(&format!("the server rejects event {id}: {reason}"));
            }
            told.add(&answer);
        }
        Ok(())
    }

    async fn send_patiently(
        &mut self,
        portion: &[Event],
        advance: Option<&Advance>,
    ) -> Result<PostAnswer, IngestError> {
        let mut pause = FIRST_WAIT;
        loop {
            match self.send_portion(portion, advance).await {
                Ok(told) => return Ok(told),
                Err(error) => self.wait_or_fail(error, &mut pause).await?,
            }
        }
    }

    /// What a server rejects is on the disk before it counts as read: cut off here, it is written twice and not lost.
    async fn send_portion(
        &mut self,
        portion: &[Event],
        advance: Option<&Advance>,
    ) -> Result<PostAnswer, IngestError> {
        let Destination::Server(server) = &mut self.destination else {
            return Ok(PostAnswer::default());
        };
        let told = server.append(portion).await?;
        let rejected = told.rejected.iter().map(|it| portion.get(it.index));
        for event in rejected.flatten() {
            let line = [event.json().as_bytes(), b"\n"].concat();
            self.rejects
                .write_all(&line)
                .map_err(IngestError::Rejects)?;
        }
        self.rejects.flush().map_err(IngestError::Rejects)?;
        if let Some(advance) = advance {
            server.advance(advance)?;
        }
        Ok(told)
    }

    /// Whoever follows waits for a store or a server that will be there again.
    async fn wait_or_fail(
        &self,
        error: IngestError,
        pause: &mut Duration,
    ) -> Result<(), IngestError> {
        if !self.patient || !may_pass(&error) {
            return Err(error);
        }
        if *pause == FIRST_WAIT {
            let text = format!("{error}; it is tried again until it goes well");
            self.ui.warning(&text);
        }
        tokio::time::sleep(*pause).await;
        *pause = (*pause * 2).min(LONGEST_WAIT);
        Ok(())
    }
}
