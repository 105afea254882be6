//! Who lives in the demo's company, and what they have.
//!
//! Addresses are of the ranges kept for documentation (RFC 5737): 192.0.2.0/24 is the office, 198.51.100.0/24 people's
//! homes and the servers, 203.0.113.0/24 places that nobody should come from. Names of hosts are below `example.com`
//! and `example.net` (RFC 2606).

/// Where browsers find the Backstage; an audit event's `hostname` is the host of the request.
const PORTAL: &str = "portal.example.com";
/// Where machines find it.
const INTERNAL: &str = "portal.internal.example.net";

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// Someone or something that acts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Actor {
    /// `actor_id`, as Backstage writes it.
    pub id: &'static str,
    /// Where a request came from; none for what Backstage does by itself.
    pub origin: Option<Origin>,
}

impl Actor {
    /// `actor_type`: only the prefix of a user is sure.
    pub fn kind(self) -> &'static str {
        match self.id.starts_with("user:") {
            true => "user",
            false => "service",
        }
    }
}

/// What `meta.actor` says of a request, in Backstage's words.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    pub ip: &'static str,
    pub hostname: &'static str,
    pub user_agent: &'static str,
}

/// Someone with office hours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Person {
    /// The account, from the usual place.
    pub actor: Actor,
    /// Hour of the day (UTC) at which work begins; most live in Europe, two in America.
    pub arrives: i64,
}

const MARTA: Person = person("user:default/marta.lindqvist", "192.0.2.21", FIREFOX, 7);
const JONAS: Person = person("user:default/jonas.weber", "192.0.2.22", CHROME, 6);
const PRIYA: Person = person("user:default/priya.raman", "192.0.2.35", CHROME, 7);

/// The people, those who keep the Backstage first.
pub const PEOPLE: [Person; 12] = [
    MARTA,
    JONAS,
    PRIYA,
    person("user:default/amara.okafor", "192.0.2.34", SAFARI, 8),
    person("user:default/luca.ferri", "192.0.2.36", SAFARI, 8),
    person("user:default/chen.wei", "192.0.2.41", FIREFOX, 7),
    person("user:default/sofia.almeida", "198.51.100.17", CHROME, 8),
    person("user:default/tomasz.nowak", "192.0.2.43", CHROME, 6),
    person("user:default/hanna.virtanen", "198.51.100.58", FIREFOX, 6),
    person("user:default/ines.moreau", "192.0.2.52", SAFARI, 8),
    person("user:default/dana.brooks", "198.51.100.90", CHROME, 13),
    person("user:default/miguel.santos", "198.51.100.91", SAFARI, 14),
];

/// Keeps the Backstage: roles, policies, configuration.
pub const ADMIN: Actor = MARTA.actor;
/// Called when something breaks, at home as well as in the office.
pub const ON_CALL: Actor = JONAS.actor;
/// Writes templates, and tries them first.
pub const TEMPLATE_AUTHOR: Actor = PRIYA.actor;
/// Left the project in spring; the account was forgotten.
pub const CONTRACTOR: Actor = actor(
    "user:contractors/r.castellan",
    "203.0.113.66",
    PORTAL,
    "python-requests/2.32.5",
);

/// Validates catalog files and refreshes their entities on each merge.
pub const CI: Actor = actor("external:ci", "198.51.100.200", INTERNAL, "curl/8.16.0");
/// Looks up the owners of what its alerts name.
pub const SIEM: Actor = actor(
    "external:siem",
    "198.51.100.210",
    INTERNAL,
    "siem-enrichment/4.2",
);
/// Copies the catalog each night. Its token has a subject without a prefix, which Backstage takes as it is.
pub const INVENTORY: Actor = actor(
    "cmdb-sync",
    "198.51.100.211",
    INTERNAL,
    "Go-http-client/2.0",
);
/// The account that the monitoring signs in with.
pub const HEALTH_CHECK: Actor = actor(
    "user:default/healthcheck-service",
    "198.51.100.220",
    INTERNAL,
    "blackbox-exporter/0.27.0",
);
/// The scaffolder's own work has no request, and so no origin.
pub const SCAFFOLDER: Actor = Actor {
    id: "plugin:scaffolder",
    origin: None,
};

/// The same user, through a plugin: the account stays, address and agent are the plugin's.
pub const fn through_a_plugin(user: Actor) -> Actor {
    let node = "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)";
    actor(user.id, "198.51.100.201", INTERNAL, node)
}

/// What the night takes away.
pub const LEDGER: Software = software("payments-ledger", "component", "payments");

/// What the catalog holds: name, kind, owner.
pub const SOFTWARE: [Software; 20] = [
    software("payments-api", "component", "payments"),
    LEDGER,
    software("checkout-web", "component", "storefront"),
    software("storefront", "component", "storefront"),
    software("cart-service", "component", "storefront"),
    software("search-indexer", "component", "discovery"),
    software("recommendations", "component", "discovery"),
    software("catalog-importer", "component", "discovery"),
    software("identity-gateway", "component", "identity"),
    software("session-store", "component", "identity"),
    software("notification-hub", "component", "engagement"),
    software("email-renderer", "component", "engagement"),
    software("shipping-rates", "component", "logistics"),
    software("warehouse-sync", "component", "logistics"),
    software("orders", "api", "logistics"),
    software("payments", "api", "payments"),
    software("shop", "system", "storefront"),
    software("fulfilment", "system", "logistics"),
    software("orders-db", "resource", "logistics"),
    software("event-bus", "resource", "platform"),
];

/// What is being built these weeks: most runs of a template and most new locations are about one of these.
pub const NEW: [Software; 12] = [
    software("loyalty-points", "component", "engagement"),
    software("push-gateway", "component", "engagement"),
    software("returns-portal", "component", "storefront"),
    software("gift-cards", "component", "storefront"),
    software("wallet-service", "component", "payments"),
    software("refund-worker", "component", "payments"),
    software("fraud-scoring", "component", "payments"),
    software("passkey-login", "component", "identity"),
    software("address-book", "component", "identity"),
    software("parcel-tracking", "component", "logistics"),
    software("stock-forecast", "component", "logistics"),
    software("query-suggestions", "component", "discovery"),
];

/// What was switched off. It leaves the catalog bit by bit, and links to it stay.
pub const GONE: [Software; 5] = [
    software("payments-v1", "component", "payments"),
    software("checkout-php", "component", "storefront"),
    software("legacy-orders", "component", "logistics"),
    software("billing-worker", "component", "payments"),
    software("storefront-beta", "component", "storefront"),
];

/// Templates and the languages that they are for.
pub const TEMPLATES: [Template; 5] = [
    template("spring-service", "java"),
    template("node-service", "typescript"),
    template("static-site", "markdown"),
    template("postgres-database", "sql"),
    template("add-to-monitoring", "yaml"),
];

/// Something in the catalog, in the catalog's words.
#[derive(Clone, Copy, Debug, Default)]
pub struct Software {
    pub name: &'static str,
    pub kind: &'static str,
    pub owner: &'static str,
}

/// A template of the scaffolder, and the language that its form is filled in with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Template {
    pub name: &'static str,
    pub language: &'static str,
}

const fn actor(
    id: &'static str,
    ip: &'static str,
    hostname: &'static str,
    user_agent: &'static str,
) -> Actor {
    Actor {
        id,
        origin: Some(Origin {
            ip,
            hostname,
            user_agent,
        }),
    }
}

const fn person(id: &'static str, ip: &'static str, browser: &'static str, arrives: i64) -> Person {
    Person {
        actor: actor(id, ip, PORTAL, browser),
        arrives,
    }
}

const fn software(name: &'static str, kind: &'static str, owner: &'static str) -> Software {
    Software { name, kind, owner }
}

const fn template(name: &'static str, language: &'static str) -> Template {
    Template { name, language }
}
