//! What programs do, day and night.

use chrono::{Datelike, NaiveDate, Weekday};
use serde_json::json;

use super::{
    company::{CI, GONE, HEALTH_CHECK, INVENTORY, SIEM, SOFTWARE},
    kind,
    trail::{Session, Trail},
};

/// A day of the machines.
pub fn work(trail: &mut Trail, day: NaiveDate) {
    copy_the_catalog(trail);
    for hour in (0..24).step_by(2) {
        look_up_owners(trail, hour);
    }
    for hour in [5, 11, 17, 23] {
        check_health(trail, hour);
    }
    let merges = match day.weekday() {
        Weekday::Sat | Weekday::Sun => 2,
        _ => 19,
    };
    for _ in 0..merges {
        let hour = trail.number(6..19);
        merge(trail, hour);
    }
}

/// The inventory reads everything at two in the morning, page by page.
fn copy_the_catalog(trail: &mut Trail) {
    let begins = trail.at(2, 0, 0);
    let mut s = Session::of_a_program(trail, INVENTORY, begins);
    for kind in ["component", "api", "system", "resource", "group", "user"] {
        s.does(kind::FETCH_ALL, |deed| {
            deed.request("GET", format!("/api/catalog/entities?filter=kind={kind}"))
                .meta("query", json!({"filter": [format!("kind={kind}")]}))
        });
    }
    s.does(kind::LOCATIONS, |deed| {
        deed.request("GET", "/api/catalog/locations")
    });
}

fn look_up_owners(trail: &mut Trail, hour: i64) {
    let begins = trail.within(hour);
    let named = [(); 3].map(|()| trail.pick(&SOFTWARE).entity_ref());
    Session::of_a_program(trail, SIEM, begins).does(kind::FETCH_BY_REFS, |deed| {
        deed.request("POST", "/api/catalog/entities/by-refs")
            .meta("entityRefs", named)
    });
}

fn check_health(trail: &mut Trail, hour: i64) {
    let begins = trail.at(hour, 30, 0);
    Session::of_a_program(trail, HEALTH_CHECK, begins).does(kind::VALIDATE, |deed| {
        deed.request("POST", "/api/catalog/validate-entity")
    });
}

/// A merge: the catalog file is checked, and its entity refreshed, if the catalog has it.
fn merge(trail: &mut Trail, hour: i64) {
    let begins = trail.within(hour);
    let broken = trail.chance(9);
    let unknown = trail.chance(8);
    let entity = if unknown {
        trail.pick(&GONE).entity_ref()
    } else {
        trail.pick(&SOFTWARE).entity_ref()
    };
    let mut s = Session::of_a_program(trail, CI, begins);
    s.does(kind::VALIDATE, |deed| {
        let deed = deed.request("POST", "/api/catalog/validate-entity");
        if broken {
            deed.failed("Could not validate entity")
        } else {
            deed
        }
    });
    if broken {
        return;
    }
    s.does(kind::REFRESH, |deed| {
        let deed = deed.request("POST", "/api/catalog/refresh").entity(&entity);
        if unknown {
            deed.failed(format!("Entity {entity} not found"))
        } else {
            deed
        }
    });
}
