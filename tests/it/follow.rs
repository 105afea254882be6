//! Following a trail for hours and days, in virtual time: each event is written once, and soon.

use auditlog::{api::Field, follow::Question, query::Filter};
use fastrand::Rng;

use crate::support::growing::{
    Growing, HOUR, Happened, Manners, busy, question, said, times, written_in,
};

#[tokio::test(start_paused = true)]
async fn every_event_comes_once_and_within_a_poll_of_being_recorded() {
    for seed in 0..10 {
        let mut rng = Rng::with_seed(seed);
        let trail = busy(&mut rng, 590.0);
        let most = [None, None, Some(50)][rng.usize(0..3)];
        let server = Growing::new(
            &trail,
            Manners {
                most,
                ..Manners::default()
            },
        );
        let written = written_in(&server, question(), 1.3 * HOUR).await;
        let times = times(&written);
        for happened in &trail {
            let came = times.get(happened.id.as_str());
            let delay = came.map(|came| came - happened.seen);
            // Reading a window whole takes its time where pages are small.
            let longest = if most.is_some() { 16.0 } else { 10.0 };
            let soon = |delay| (0.0..longest).contains(&delay);
            assert!(delay.is_some_and(soon), "{seed} {happened:?} {delay:?}");
        }
        assert_eq!(times.len(), trail.len());
        assert_eq!(said(&written, "Late"), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_is_one_request_where_nothing_is_late() {
    // One each ten seconds, for two hours.
    let trail: Vec<_> = (0..720).map(|n| (n, n as f64 * 10.0 + 0.5)).collect();
    let trail: Vec<_> = trail
        .iter()
        .map(|(n, at)| Happened::new(*n, *at, *at))
        .collect();
    let server = Growing::new(&trail, Manners::default());
    let written = written_in(&server, question(), 2.0 * HOUR).await;
    assert!(times(&written).len() >= 719);
    let polls = 2.0 * HOUR / 5.0;
    let requests = server.requests() as f64;
    assert!(
        requests < polls * 1.05 + 20.0,
        "{requests} requests for {polls} polls"
    );
}

#[tokio::test(start_paused = true)]
async fn oldest_come_first_within_a_poll() {
    let mut trail: Vec<_> = (0..50)
        .map(|n| Happened::new(n, 100.0 + n as f64 / 50.0, 102.0))
        .collect();
    trail.push(Happened::new(50, 20.0, 102.0));
    let server = Growing::new(&trail, Manners::default());
    let written = written_in(&server, question(), 200.0).await;
    let mut expected = trail.clone();
    expected.sort_by(|a, b| a.at.total_cmp(&b.at));
    let expected: Vec<_> = expected.iter().map(|it| it.id.as_str()).collect();
    let ids: Vec<_> = written.lines.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_recorded_later_than_the_overlap_is_found_within_the_hour_and_told() {
    let mut trail = vec![Happened::new(0, 600.0, 600.0)];
    // Two hours late, 23 hours late, and later than a day.
    trail.push(Happened::new(1, 700.0, 700.0 + 2.0 * HOUR));
    trail.push(Happened::new(2, 800.0, 800.0 + 22.5 * HOUR));
    trail.push(Happened::new(3, 900.0, 900.0 + 26.0 * HOUR));
    let server = Growing::new(&trail, Manners::default());
    let written = written_in(&server, question(), 30.0 * HOUR).await;
    let times = times(&written);
    let delay = |n: usize| {
        times
            .get(trail[n].id.as_str())
            .map(|came| came - trail[n].seen)
    };
    assert!(delay(1).unwrap() < HOUR + 20.0);
    assert!(delay(2).unwrap() < HOUR + 20.0);
    assert_eq!(delay(3), None);
    let late = said(&written, "Late");
    assert_eq!(late.len(), 2, "{late:?}");
    assert!(
        late[0].contains("count: 1") && late[0].contains("secs: 7200"),
        "{late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn deleted_events_are_no_trouble_and_do_not_come_twice() {
    let mut trail: Vec<_> = (0..400)
        .map(|n| Happened::new(n, n as f64 * 3.0, n as f64 * 3.0))
        .collect();
    for n in (0..400).step_by(7) {
        trail[n].gone = trail[n].seen + 120.0;
    }
    let server = Growing::new(&trail, Manners::default());
    let written = written_in(&server, question(), 1300.0).await;
    assert!(times(&written).len() >= 399);
    // Each deletion makes one reading of the window, not one with each poll.
    assert!(server.requests() < 260 + 58 * 5, "{}", server.requests());
    assert_eq!(said(&written, "Late"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_server_clock_that_is_wrong_for_a_while_loses_and_doubles_nothing() {
    for wrong in [-3.0 * HOUR, -5.0, 5.0, 3.0 * HOUR, 72.0 * HOUR] {
        for length in [4.0, 100.0] {
            let trail: Vec<_> = (0..300)
                .map(|n| Happened::new(n, n as f64 * 4.0, n as f64 * 4.0))
                .collect();
            let manners = Manners {
                wrong_clock: Some((400.0, 400.0 + length, wrong)),
                ..Manners::default()
            };
            let server = Growing::new(&trail, manners);
            let written = written_in(&server, question(), 2.0 * HOUR).await;
            let times = times(&written);
            assert!(times.len() >= 299, "{wrong} {length}");
            // One wrong answer alone does not even delay an event: the window begins where the earlier clock was.
            let delay =
                |it: &Happened| times.get(it.id.as_str()).map_or(0.0, |came| came - it.seen);
            let longest = trail.iter().map(delay).fold(0.0, f64::max);
            assert!(length > 5.0 || longest < 7.0, "{wrong} {longest}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_told_once_and_nothing_is_lost() {
    let trail: Vec<_> = (0..600)
        .map(|n| Happened::new(n, n as f64 * 4.0, n as f64 * 4.0))
        .collect();
    let manners = Manners {
        away: (300.0, 1500.0),
        ..Manners::default()
    };
    let server = Growing::new(&trail, manners);
    let written = written_in(&server, question(), 1.0 * HOUR).await;
    let times = times(&written);
    assert!(times.len() >= 599);
    assert_eq!(said(&written, "Away").len(), 1);
    assert_eq!(said(&written, "Back").len(), 1);
    // The longest pause is a minute.
    let first = trail.iter().find(|it| it.seen > 301.0).unwrap();
    assert!(times[first.id.as_str()] < 1500.0 + 70.0);
}

#[tokio::test(start_paused = true)]
async fn more_events_than_are_remembered_are_told_and_none_comes_twice() {
    // One a second: of 1,000 ids some 15 minutes are remembered, of 200 no more than 3.
    for (most_ids, overlap_fits) in [(1000, true), (200, false)] {
        let mut trail: Vec<_> = (10..3000)
            .map(|n| Happened::new(n, n as f64, n as f64))
            .collect();
        // Late, but not too late for what is remembered.
        trail.push(Happened::new(8000, 2000.3, 2090.0));
        let server = Growing::new(&trail, Manners::default());
        let question = Question {
            most_ids,
            ..question()
        };
        let written = written_in(&server, question, 3100.0).await;
        assert_eq!(times(&written).len(), trail.len());
        let forgets = said(&written, "Forgets");
        assert_eq!(forgets.len(), 1);
        let reach: f64 = forgets[0]
            .split("secs: ")
            .nth(1)
            .unwrap()
            .split(',')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(reach > 600.0, overlap_fits, "{forgets:?}");
        assert!(
            reach > most_ids as f64 * 0.8 && reach <= most_ids as f64 + 10.0 || overlap_fits,
            "{forgets:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn filters_that_the_server_ignores_or_cannot_apply_are_applied_here() {
    let trail: Vec<_> = (0..200)
        .map(|n| Happened::new(n, n as f64 * 7.0, n as f64 * 7.0))
        .collect();
    let wanted = trail.iter().filter(|it| it.plugin == "search").count();
    for (list, ignores_filters) in [
        ("search", false),
        ("search", true),
        ("sea*", false),
        ("!catalog", true),
    ] {
        let manners = Manners {
            ignores_filters,
            ..Manners::default()
        };
        let server = Growing::new(&trail, manners);
        let mut question = question();
        question.query.filters = vec![Filter::parse(Field::PluginId, &[list.to_owned()]).unwrap()];
        let written = written_in(&server, question, 2000.0).await;
        assert_eq!(times(&written).len(), wanted, "{list} {ignores_filters}");
        let leaky = ignores_filters && list == "search";
        assert_eq!(said(&written, "Leaky").len(), usize::from(leaky));
        // One request a poll all the same, after the leak is known.
        assert!(server.requests() < 460, "{list}: {}", server.requests());
    }
}

#[tokio::test(start_paused = true)]
async fn servers_that_do_not_count_are_read_whole() {
    let trail: Vec<_> = (0..300)
        .map(|n| Happened::new(n, n as f64 * 2.0, n as f64 * 2.0))
        .collect();
    for (no_total, own_length) in [(true, false), (false, true)] {
        let manners = Manners {
            no_total,
            own_length,
            most: Some(20),
            ..Manners::default()
        };
        let server = Growing::new(&trail, manners);
        let written = written_in(&server, question(), 900.0).await;
        assert!(times(&written).len() >= 299, "{}", written.lines.len());
        assert_eq!(said(&written, "Unproven").len(), 1);
    }
}
