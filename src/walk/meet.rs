//! Where pieces meet: from the front, they are joined and go on.

use std::{io, ops::ControlFlow, sync::Arc};

use super::{
    Doubt, Pages, Sink,
    line::{Line, State},
    seam::{self, Seam},
    span::{MS, Span, ceil, floor, place_of},
};

/// Times that a seam is tried before it is given up.
const MAX_TRIES: u32 = 4;

impl<P: Pages> Line<P> {
    /// Joins the pieces that have been read, and lets go on what is proven. Breaks where the sink has enough.
    pub(super) fn settle(&mut self, sink: &mut dyn Sink) -> io::Result<ControlFlow<()>> {
        while self
            .parts
            .front()
            .is_some_and(|first| first.read().is_some())
        {
            let first = self.parts.front().and_then(|part| part.reach(self.order));
            let Some((_, last)) = first.filter(|(_, last)| *last >= self.gone) else {
                // It has nothing that has not gone on, or that the next one must show, too.
                if self.give(i64::MIN, sink)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                continue;
            };
            let mut behind = self.parts.iter().enumerate().skip(1);
            // What another reading of the same stretch has shown already is passed over.
            let next = behind.find(|(_, part)| match part.read() {
                Some(_) => part.reach(self.order).is_some_and(|(_, end)| end > last),
                None => true,
            });
            let end = match next {
                None => i64::MAX,
                Some((_, part)) if part.read().is_none() => break,
                Some((next, _)) => match self.join(next, last) {
                    Some(end) => end,
                    None => break,
                },
            };
            if self.give(end, sink)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Where the first part and the next one that has events meet; between them nothing happened. None where they do
    /// not meet yet: then there is more to ask.
    fn join(&mut self, next: usize, last: i64) -> Option<i64> {
        let (first, second) = (self.parts.front()?, self.parts.get(next)?);
        let (front, back) = (first.read()?, second.read()?);
        let tries = first.tries.max(second.tries);
        let doubted = front.piece.doubt.is_some() || back.piece.doubt.is_some();
        match seam::join(self.order, (first.span, front), (second.span, back)) {
            Seam::At(x, late) => {
                self.account.late += late;
                Some(x)
            }
            _ if doubted || tries >= MAX_TRIES => Some(self.force(next, last)),
            Seam::Differs => {
                self.ask_again(next);
                None
            }
            Seam::Open => {
                let (from, _) = second.reach(self.order)?;
                self.bridge(next, last, from);
                None
            }
        }
    }

    /// Puts a part before the `next` one that holds the events on both sides.
    fn bridge(&mut self, next: usize, last: i64, from: i64) {
        let span = Span {
            front: floor(last.min(from)) - MS,
            back: ceil(last.max(from)) + MS,
        };
        self.insert(next, span, None);
        for index in [0, next, next + 1] {
            if let Some(part) = self.parts.get_mut(index) {
                part.tries += 1;
            }
        }
    }

    /// Reads two parts again, with a wider overlap.
    fn ask_again(&mut self, next: usize) {
        for index in [0, next] {
            let Some(part) = self.parts.get_mut(index) else {
                return;
            };
            let wider = MS * 10i64.pow(part.tries.min(6));
            part.tries += 1;
            let mut span = part.span;
            match index {
                0 => span.back += wider,
                _ => span.front -= wider,
            }
            self.resize(index, span, None);
        }
    }

    /// Joins two parts where nothing proves that they meet: the first takes what both have up to its end.
    fn force(&mut self, next: usize, last: i64) -> i64 {
        let order = self.order;
        let second = self.parts.get_mut(next).map(|part| &mut part.state);
        let Some(State::Read(second)) = second else {
            return last + 1;
        };
        let until = second
            .events
            .partition_point(|event| place_of(order, event) <= last);
        let moved = second.events.get(..until).unwrap_or_default().to_vec();
        second.piece.doubt.get_or_insert(Doubt::Seam);
        if let Some(State::Read(first)) = self.parts.front_mut().map(|part| &mut part.state) {
            first.events.extend(moved);
            first.events.sort_by(|a, b| order.compare(a, b));
            first.events.dedup_by(|a, b| a.id() == b.id());
        }
        last + 1
    }

    /// Gives the first part's events before `end`, and takes it out.
    fn give(&mut self, end: i64, sink: &mut dyn Sink) -> io::Result<ControlFlow<()>> {
        let part = self.parts.pop_front();
        let Some(State::Read(read)) = part.map(|part| part.state) else {
            return Ok(ControlFlow::Continue(()));
        };
        let mut piece = read.piece;
        for event in read.events {
            let x = place_of(self.order, &event);
            if x < self.gone || x >= end {
                self.account.doubles += 1;
            } else if self.query.matches(&event) {
                piece.given += 1;
                self.given += 1;
                if sink.event(Arc::unwrap_or_clone(event))?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        self.gone = self.gone.max(end);
        self.account.piece(&piece);
        sink.piece(&piece)?;
        Ok(ControlFlow::Continue(()))
    }
}
