//! The kinds of event in the sample trail, one constant each.
//!
//! Catalog and scaffolder: exactly what a real Backstage was recorded to emit (catalog 4.0.0, scaffolder 4.2.0), its
//! oddities included: a refresh is a *query type*, ancestry an *action type*. What Portal's documentation shows or
//! names stands under its own heading, because nobody has recorded it.

/// Plugin, event and what the plugin says of it, in the API's words.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub plugin: &'static str,
    pub event: &'static str,
    pub severity: &'static str,
    pub action: Option<&'static str>,
    pub query: Option<&'static str>,
}

// Recorded: the catalog.
pub const FETCH_ALL: Kind = catalog("entity-fetch", "low").query("all");
pub const FETCH_BY_NAME: Kind = catalog("entity-fetch", "low").query("by-name");
pub const FETCH_BY_QUERY: Kind = catalog("entity-fetch", "low").query("by-query");
pub const FETCH_BY_REFS: Kind = catalog("entity-fetch", "low").query("by-refs");
pub const FETCH_BY_UID: Kind = catalog("entity-fetch", "low").query("by-uid");
pub const FETCH_ANCESTRY: Kind = catalog("entity-fetch", "low").action("ancestry");
pub const FACETS: Kind = catalog("entity-facets", "low");
pub const REFRESH: Kind = catalog("entity-mutate", "medium").query("refresh");
pub const DELETE_ENTITY: Kind = catalog("entity-mutate", "medium").action("delete");
pub const VALIDATE: Kind = catalog("entity-validate", "low");
pub const ANALYZE_LOCATION: Kind = catalog("location-analyze", "low");
pub const LOCATIONS: Kind = catalog("location-fetch", "low").query("all");
pub const LOCATION_BY_ENTITY: Kind = catalog("location-fetch", "low").query("by-entity");
pub const LOCATION_BY_ID: Kind = catalog("location-fetch", "low").query("by-id");
pub const TRY_LOCATION: Kind = catalog("location-mutate", "low").action("create");
pub const CREATE_LOCATION: Kind = catalog("location-mutate", "medium").action("create");
pub const DELETE_LOCATION: Kind = catalog("location-mutate", "medium").action("delete");

// Recorded: the scaffolder.
pub const ACTIONS: Kind = scaffolder("action-fetch", "low");
pub const PARAMETER_SCHEMA: Kind = scaffolder("template-parameter-schema", "low");
pub const DRY_RUN: Kind = scaffolder("task", "low").action("dry-run");
pub const TASK_EVENTS: Kind = scaffolder("task", "low").action("events");
pub const TASK_GET: Kind = scaffolder("task", "low").action("get");
pub const TASK_LIST: Kind = scaffolder("task", "low").action("list");
pub const TASK_STREAM: Kind = scaffolder("task", "low").action("stream");
pub const TASK_CANCEL: Kind = scaffolder("task", "medium").action("cancel");
pub const TASK_CREATE: Kind = scaffolder("task", "medium").action("create");
pub const TASK_EXECUTION: Kind = scaffolder("task", "medium").action("execution");
pub const TASK_RETRY: Kind = scaffolder("task", "medium").action("retry");

// Portal's documentation: the example answer, field for field.
pub const ENTITY_CREATED: Kind = catalog("entity.created", "high")
    .action("create")
    .query("mutation");

// Portal's documentation says that role assignments and configuration changes are recorded, not under which names.
// These follow the recorded ones (`entity-mutate`, `location-mutate`); plugin ids and severities are a guess.
pub const ASSIGN_ROLE: Kind = kind("rbac", "role-mutate", "high").action("assign");
pub const ASSIGN_ADMIN_ROLE: Kind = kind("rbac", "role-mutate", "critical").action("assign");
pub const REVOKE_ROLE: Kind = kind("rbac", "role-mutate", "high").action("revoke");
pub const REVOKE_ADMIN_ROLE: Kind = kind("rbac", "role-mutate", "critical").action("revoke");
pub const UPDATE_POLICY: Kind = kind("rbac", "policy-mutate", "high").action("update");
pub const UPDATE_CONFIG: Kind = kind("app-config", "config-mutate", "high").action("update");
pub const UPDATE_ACCESS: Kind = kind("app-config", "config-mutate", "critical").action("update");

const fn catalog(event: &'static str, severity: &'static str) -> Kind {
    kind("catalog", event, severity)
}

const fn scaffolder(event: &'static str, severity: &'static str) -> Kind {
    kind("scaffolder", event, severity)
}

const fn kind(plugin: &'static str, event: &'static str, severity: &'static str) -> Kind {
    Kind {
        plugin,
        event,
        severity,
        action: None,
        query: None,
    }
}

impl Kind {
    const fn action(mut self, action: &'static str) -> Self {
        self.action = Some(action);
        self
    }

    const fn query(mut self, query: &'static str) -> Self {
        self.query = Some(query);
        self
    }
}
