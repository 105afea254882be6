//! What changes the Backstage itself: roles, policies, configuration. Portal's words where it has published any.

use serde_json::json;

use super::{
    company::{Actor, NEW, PEOPLE, SOFTWARE},
    kind::{self, Kind},
    trail::{Deed, Session},
};

/// Enters a thing by hand: the event of Portal's documentation.
pub fn onboard(s: &mut Session<'_>) {
    let item = s.trail.pick(&NEW);
    s.does(kind::ENTITY_CREATED, |deed| {
        deed.request("POST", "/api/catalog/entities")
            .entity(item.entity_ref())
            .meta(
                "description",
                format!("Created new {} {}", item.kind, item.name),
            )
    });
}

/// Someone changes teams and gets the new team's role; the old one goes.
pub fn welcome(s: &mut Session<'_>) {
    let member = s.trail.pick(&PEOPLE).actor;
    let team = s.trail.pick(&SOFTWARE).owner;
    let role = format!("role:default/{team}-maintainer");
    s.does(kind::ASSIGN_ROLE, |deed| {
        role_of(deed, "PUT", &role, member)
    });
    s.does(kind::REVOKE_ROLE, |deed| {
        role_of(deed, "DELETE", "role:default/newcomer", member)
    });
}

/// Saves the settings of a plugin. The first try has a slip in it, now and then.
pub fn configure(s: &mut Session<'_>) {
    let plugin = s
        .trail
        .pick(&["catalog", "scaffolder", "search", "techdocs"]);
    let minutes = s.trail.pick(&[10, 15, 30, 60]);
    if s.trail.chance(35) {
        s.does(kind::UPDATE_CONFIG, |deed| {
            settings(deed, plugin, minutes).failed("/schedule/frequency must be object")
        });
    }
    s.does(kind::UPDATE_CONFIG, |deed| settings(deed, plugin, minutes));
}

/// Gives the outside access to the audit log a new token.
pub fn rotate_token(s: &mut Session<'_>) {
    s.does(kind::UPDATE_ACCESS, |deed| {
        deed.request(
            "PUT",
            "/api/app-config/external-access/audit-log-api-access",
        )
        .meta("key", "backend.auth.externalAccess")
        .meta("subject", "audit-log-api-access")
    });
}

/// Puts a rule right.
pub fn tidy_policy(s: &mut Session<'_>) {
    let team = s.trail.pick(&SOFTWARE).owner;
    let role = format!("role:default/{team}-maintainer");
    s.does(kind::UPDATE_POLICY, |deed| {
        policy(deed, &role, "catalog.entity.refresh")
    });
}

/// `role` may now do what `permission` names.
pub fn policy(deed: Deed, role: &str, permission: &str) -> Deed {
    deed.request("PUT", "/api/rbac/policies")
        .entity(role)
        .meta("permission", permission)
        .meta("effect", "allow")
}

/// The request that gives `role` to `member`, or takes it.
pub fn role_of(deed: Deed, method: &'static str, role: &str, member: Actor) -> Deed {
    let path = role.trim_start_matches("role:");
    deed.request(method, format!("/api/rbac/roles/{path}/members"))
        .entity(role)
        .meta("members", [member.id])
}

fn settings(deed: Deed, plugin: &str, minutes: u8) -> Deed {
    deed.request("PUT", format!("/api/app-config/plugins/{plugin}"))
        .meta("key", plugin)
        .meta(
            "change",
            json!({"schedule": {"frequency": {"minutes": minutes}}}),
        )
}

/// What a Backstage says to those who may not.
pub fn refused(deed: Deed) -> Deed {
    deed.failed("Unauthorized")
}

/// Tries for a role and does not get it.
pub fn try_for_role(s: &mut Session<'_>, kind: Kind, role: &str) {
    let who = s.who;
    s.does(kind, |deed| refused(role_of(deed, "PUT", role, who)));
}
