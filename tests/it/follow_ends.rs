//! How following begins, ends, and goes on, in virtual time.

use std::time::Duration;

use auditlog::follow::{End, Position, Question};
use fastrand::Rng;
use tokio::time::timeout;

use crate::support::growing::{
    Growing, HOUR, Happened, Manners, at, busy, follower, question, times, written_in,
};

#[tokio::test(start_paused = true)]
async fn the_newest_come_first_where_that_is_asked_for() {
    let trail: Vec<_> = (0..40)
        .map(|n| Happened::new(n, n as f64 * 30.0 - 600.0, n as f64 * 30.0 - 600.0))
        .collect();
    let server = Growing::new(&trail, Manners::default());
    let question = Question {
        tail: Some(5),
        ..question()
    };
    let written = written_in(&server, question, 700.0).await;
    let ids: Vec<_> = written.lines.iter().map(|(id, _)| id.as_str()).collect();
    // Those of -120 to 0 seconds, and all behind them.
    let expected: Vec<_> = trail[16..].iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, expected);
}

#[tokio::test(start_paused = true)]
async fn it_ends_after_enough_events_at_its_end_and_when_nothing_comes_any_more() {
    let trail: Vec<_> = (0..100)
        .map(|n| Happened::new(n, n as f64 * 10.0, n as f64 * 10.0))
        .collect();
    let limit = Duration::from_secs(5 * 3600);
    for (question, count, end, seconds) in [
        (
            Question {
                max_events: Some(30),
                ..question()
            },
            30,
            Some(End::Done),
            300.0,
        ),
        (
            Question {
                stall_after: Some(chrono::Duration::hours(1)),
                ..question()
            },
            100,
            None,
            990.0 + HOUR,
        ),
    ] {
        let server = Growing::new(&trail, Manners::default());
        let (mut follower, paper) = follower(&server, question, None);
        let ended = timeout(limit, follower.run()).await.unwrap().unwrap();
        match end {
            Some(end) => assert_eq!(ended, end),
            None => assert!(matches!(ended, End::Stalled { last, .. } if last == Some(at(990.0)))),
        }
        assert!(times(&paper.written.borrow()).len().abs_diff(count) <= 1);
        assert!(
            (server.elapsed() - seconds).abs() < 15.0,
            "{}",
            server.elapsed()
        );
    }
    let server = Growing::new(&trail, Manners::default());
    let mut until = question();
    until.query.window.start = Some(at(-10.0));
    until.query.window.end = Some(at(500.0));
    let (mut follower, paper) = follower(&server, until, None);
    assert_eq!(
        timeout(limit, follower.run()).await.unwrap().unwrap(),
        End::Done
    );
    assert_eq!(times(&paper.written.borrow()).len(), 51);
}

/// Stopped at any moment, it goes on from the position that it kept: what was written after that comes again, and
/// nothing else does.
#[tokio::test(start_paused = true)]
async fn going_on_from_a_position_loses_nothing_and_doubles_what_was_written_since() {
    for seed in 0..10 {
        let mut rng = Rng::with_seed(seed);
        let trail = busy(&mut rng, 400.0);
        let server = Growing::new(&trail, Manners::default());
        let mut question = question();
        question.query.window.start = Some(at(0.0));
        let (mut position, mut lines): (Option<Position>, Vec<String>) = Default::default();
        while server.elapsed() < 1.5 * HOUR {
            let (mut follower, paper) = follower(&server, question.clone(), position.clone());
            let stop = Duration::from_secs_f64(rng.f64() * 400.0);
            let _ = timeout(stop, follower.run()).await;
            drop(follower);
            let written = paper.written.take();
            if let Some((kept, count)) = written.kept {
                position = Some(kept);
                lines.extend(written.lines.into_iter().take(count).map(|(id, _)| id));
            }
            // Sometimes it lies still for longer than the overlap.
            let pause = [0.0, 10.0, 1800.0][rng.usize(0..3)];
            tokio::time::sleep(Duration::from_secs_f64(pause)).await;
        }
        let (mut last, paper) = follower(&server, question, position);
        let _ = timeout(Duration::from_secs(100), last.run()).await;
        lines.extend(paper.written.take().lines.into_iter().map(|(id, _)| id));
        let mut expected: Vec<_> = trail.iter().map(|it| it.id.clone()).collect();
        expected.sort();
        lines.sort();
        assert!(
            lines == expected,
            "{seed}: {} of {}",
            lines.len(),
            expected.len()
        );
    }
}
