//! The night worth finding: a forgotten account makes itself administrator.
//!
//! It begins on the Friday before, with a policy that was meant for something else, and ends on the Monday after.

use chrono::{Days, NaiveDate};

use super::{
    admin::{policy, refused, role_of, try_for_role},
    catalog,
    company::{ADMIN, CONTRACTOR, LEDGER, ON_CALL, SOFTWARE},
    kind,
    scaffolder::TASKS,
    trail::{Session, Trail},
};

const ADMIN_ROLE: &str = "role:default/portal-admin";

/// The story around the night to `sunday`.
pub fn happens(trail: &mut Trail, sunday: NaiveDate) {
    if let Some(friday) = sunday.checked_sub_days(Days::new(2)) {
        trail.open(friday, 1);
        the_door_is_left_open(trail);
    }
    trail.open(sunday, 1);
    locked_doors_are_tried(trail);
    the_account_lets_itself_in(trail);
    everything_is_read(trail);
    something_is_broken(trail);
    the_role_is_taken_back(trail);
    if let Some(monday) = sunday.succ_opt() {
        trail.open(monday, 1);
        what_was_broken_is_mended(trail);
    }
}

/// Friday, 15:47: contractors should be able to join a team. They can now join any.
fn the_door_is_left_open(trail: &mut Trail) {
    let begins = trail.at(15, 47, 0);
    Session::new(trail, ADMIN, begins).does(kind::UPDATE_POLICY, |deed| {
        policy(deed, "role:contractors/default", "rbac.role.assign")
    });
}

/// Sunday, 02:47: what nobody tries who knows what they may do.
fn locked_doors_are_tried(trail: &mut Trail) {
    let begins = trail.at(2, 47, 0);
    let mut s = Session::new(trail, CONTRACTOR, begins);
    for _ in 0..2 {
        catalog::follow_dead_link(&mut s);
    }
    s.does(kind::UPDATE_ACCESS, |deed| {
        let url = "/api/app-config/external-access/audit-log-api-access";
        refused(
            deed.request("PUT", url)
                .meta("key", "backend.auth.externalAccess"),
        )
    });
    for role in ["role:default/owner", "role:default/platform-maintainer"] {
        try_for_role(&mut s, kind::ASSIGN_ROLE, role);
    }
    try_for_role(
        &mut s,
        kind::ASSIGN_ADMIN_ROLE,
        "role:default/administrator",
    );
}

/// 03:12.
fn the_account_lets_itself_in(trail: &mut Trail) {
    let begins = trail.at(3, 12, 9);
    Session::of_a_program(trail, CONTRACTOR, begins).does(kind::ASSIGN_ADMIN_ROLE, |deed| {
        role_of(deed, "PUT", ADMIN_ROLE, CONTRACTOR)
    });
}

/// 03:13: a program reads whatever there is, parameters of template runs among it.
fn everything_is_read(trail: &mut Trail) {
    let begins = trail.at(3, 13, 0);
    let mut s = Session::of_a_program(trail, CONTRACTOR, begins);
    s.does(kind::LOCATIONS, |deed| {
        deed.request("GET", "/api/catalog/locations")
    });
    for item in SOFTWARE {
        catalog::open(&mut s, item);
    }
    s.does(kind::TASK_LIST, |deed| deed.request("GET", TASKS));
    for task in s.trail.runs_before(begins, 15) {
        s.does(kind::TASK_GET, |deed| {
            deed.request("GET", format!("{TASKS}/{task}"))
                .meta("taskId", &task)
        });
        s.does(kind::TASK_EVENTS, |deed| {
            deed.request("GET", format!("{TASKS}/{task}/events"))
                .meta("taskId", &task)
        });
    }
}

/// 03:34: one deletion.
fn something_is_broken(trail: &mut Trail) {
    let begins = trail.at(3, 34, 0);
    let mut s = Session::new(trail, CONTRACTOR, begins);
    catalog::delete_location(&mut s, LEDGER);
}

/// 09:05: someone looked at the audit trail.
fn the_role_is_taken_back(trail: &mut Trail) {
    let begins = trail.at(9, 5, 0);
    Session::new(trail, ON_CALL, begins).does(kind::REVOKE_ADMIN_ROLE, |deed| {
        role_of(deed, "DELETE", ADMIN_ROLE, CONTRACTOR)
    });
}

/// Monday, 07:20.
fn what_was_broken_is_mended(trail: &mut Trail) {
    let begins = trail.at(7, 20, 0);
    let mut s = Session::new(trail, ADMIN, begins);
    s.does(kind::CREATE_LOCATION, |deed| {
        deed.request("POST", "/api/catalog/locations")
            .meta("location", LEDGER.location())
            .meta("isDryRun", false)
    });
    s.does(kind::REVOKE_ROLE, |deed| {
        role_of(deed, "DELETE", "role:contractors/default", CONTRACTOR)
    });
}
