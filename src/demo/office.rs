//! What people do: office hours, and the few things a week that only some may do.

use chrono::{Datelike, NaiveDate, Weekday};

use super::{
    admin, catalog,
    company::{ADMIN, ON_CALL, PEOPLE, Person, SOFTWARE, TEMPLATE_AUTHOR},
    scaffolder,
    trail::{Session, Trail},
};

/// How much happens in each hour after someone's arrival: two peaks, and lunch between them.
const HOURS: [i64; 25] = [
    0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 9,
];

/// A day of the people.
pub fn work(trail: &mut Trail, day: NaiveDate) {
    let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    for person in PEOPLE {
        let sessions = match (weekend, trail.chance(8)) {
            (true, true) => 1,
            (true, false) => 0,
            (false, true) => 0, // a day off
            (false, false) => trail.number(2..6),
        };
        for _ in 0..sessions {
            sit_down(trail, person);
        }
    }
    if trail.chance(20) {
        get_out_of_bed(trail);
    }
    administrate(trail, day);
}

fn sit_down(trail: &mut Trail, person: Person) {
    let hour = person.arrives + trail.pick(&HOURS);
    let begins = trail.within(hour);
    let what = trail.number(0..100);
    let mut s = Session::new(trail, person.actor, begins);
    match what {
        0..55 => catalog::browse(&mut s),
        55..62 => catalog::follow_dead_link(&mut s),
        62..77 => catalog::refresh(&mut s),
        77..83 => catalog::register(&mut s),
        83..84 => catalog::unregister(&mut s),
        84..97 => scaffolder::run_template(&mut s),
        97..98 => scaffolder::open_old_template(&mut s),
        _ => admin::onboard(&mut s),
    }
}

/// Something broke at night: whose is it, what is it made of.
fn get_out_of_bed(trail: &mut Trail) {
    let hour = trail.number(0..5);
    let begins = trail.within(hour);
    let mut s = Session::new(trail, ON_CALL, begins);
    for _ in 0..3 {
        let item = s.trail.pick(&SOFTWARE);
        catalog::open(&mut s, item);
    }
}

/// The week of those who keep the Backstage.
fn administrate(trail: &mut Trail, day: NaiveDate) {
    match day.weekday() {
        Weekday::Mon => {
            let begins = trail.within(8);
            admin::welcome(&mut Session::new(trail, ADMIN, begins));
        }
        Weekday::Tue => {
            let begins = trail.within(9);
            scaffolder::try_template(&mut Session::new(trail, TEMPLATE_AUTHOR, begins));
            // Every other week, so that any four weeks hold it. Not by the week of the year: a 53rd is followed by a 1st.
            if (day.num_days_from_ce() / 7) % 2 == 0 {
                let begins = trail.within(12);
                admin::rotate_token(&mut Session::new(trail, ADMIN, begins));
            }
        }
        Weekday::Wed => {
            let begins = trail.within(13);
            admin::configure(&mut Session::new(trail, ADMIN, begins));
        }
        Weekday::Thu => {
            let begins = trail.within(10);
            admin::tidy_policy(&mut Session::new(trail, ADMIN, begins));
        }
        Weekday::Fri | Weekday::Sat | Weekday::Sun => {}
    }
}
