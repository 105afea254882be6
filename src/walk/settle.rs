//! What has been read at the front of the chain goes on, where it meets what follows.

use std::{io, ops::ControlFlow};

use super::{
    Sink,
    chain::{Chain, State},
    gathered::Read,
    seam::{self, Seam},
    span::place_of,
    verdict::{Account, Doubt},
};
use crate::{api::Event, query::Query};

/// Times that a seam is tried before it is given up.
const MAX_TRIES: u32 = 4;

impl Chain {
    /// Lets go on what is proven and meets its neighbour. Breaks where the sink has enough.
    pub fn settle(
        &mut self,
        query: &Query,
        account: &mut Account,
        sink: &mut dyn Sink,
    ) -> io::Result<ControlFlow<()>> {
        while self.parts.front().is_some_and(|part| part.read().is_some()) {
            if self.parts.len() > 1 {
                let Some(second) = self.parts.get(1).filter(|part| part.read().is_some()) else {
                    break;
                };
                let (at, tries) = (second.front.at, second.front.tries);
                match self.join(at) {
                    Some(Seam::Meets(late)) => account.late += late,
                    Some(Seam::Differs) if !self.is_doubted() => {
                        if tries < MAX_TRIES && !self.hopeless {
                            self.part_again(1);
                            break;
                        }
                        self.doubt_seam();
                    }
                    _ => {}
                }
                self.hand_over(at);
            }
            if self.give(query, account, sink)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn first_two(&self) -> Option<(&Read, &Read)> {
        Some((self.parts.front()?.read()?, self.parts.get(1)?.read()?))
    }

    fn join(&self, at: i64) -> Option<Seam> {
        let (front, back) = self.first_two()?;
        Some(seam::join(self.order, at, front, back))
    }

    /// Whether one of the first two is not proven anyway.
    fn is_doubted(&self) -> bool {
        self.first_two()
            .is_some_and(|(front, back)| front.piece.doubt.or(back.piece.doubt).is_some())
    }

    fn doubt_seam(&mut self) {
        if let Some(State::Read(read)) = self.parts.get_mut(1).map(|part| &mut part.state) {
            read.piece.doubt.get_or_insert(Doubt::Seam);
        }
    }

    /// Moves what the first part has from `at` on to the second, which alone gives it.
    fn hand_over(&mut self, at: i64) {
        let order = self.order;
        let Some(State::Read(first)) = self.parts.front_mut().map(|part| &mut part.state) else {
            return;
        };
        let from = first
            .events
            .partition_point(|event| place_of(order, event) < at);
        let rest = first.events.split_off(from);
        let Some(State::Read(second)) = self.parts.get_mut(1).map(|part| &mut part.state) else {
            return;
        };
        let until = second
            .events
            .partition_point(|event| place_of(order, event) < at);
        second.events.drain(..until);
        let has = |event: &Event| {
            let found = second
                .events
                .binary_search_by(|other| order.compare(other, event));
            found.is_ok()
        };
        let lacking: Vec<_> = rest.into_iter().filter(|event| !has(event)).collect();
        if !lacking.is_empty() {
            second.events.extend(lacking);
            second.events.sort_by(|a, b| order.compare(a, b));
        }
    }

    /// Gives the first part's events, and takes it out.
    fn give(
        &mut self,
        query: &Query,
        account: &mut Account,
        sink: &mut dyn Sink,
    ) -> io::Result<ControlFlow<()>> {
        let Some(part) = self.parts.pop_front() else {
            return Ok(ControlFlow::Continue(()));
        };
        let State::Read(read) = part.state else {
            return Ok(ControlFlow::Continue(()));
        };
        let mut piece = read.piece;
        // What lies before the joint has gone on from the part before it.
        let gone = |event: &Event| place_of(self.order, event) < part.front.at;
        let from = read.events.partition_point(gone);
        account.taken += (read.events.len() - from) as u64;
        for event in read.events.into_iter().skip(from) {
            if !query.matches(&event) {
                continue;
            }
            piece.given += 1;
            account.given += 1;
            if sink.event(event)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        account.piece(&piece);
        sink.piece(&piece)?;
        Ok(ControlFlow::Continue(()))
    }
}
