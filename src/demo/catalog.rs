//! What people do in the catalog. Requests, details and errors are the recorded ones of catalog 4.0.0.

use serde_json::json;

use super::{
    company::{GONE, NEW, SOFTWARE, Software},
    kind,
    trail::{Session, lasting_id},
};

/// Looks through the list, opens two or three things, and where they come from.
pub fn browse(s: &mut Session<'_>) {
    let kind = s.trail.pick(&["component", "api", "system", "resource"]);
    s.does(kind::FETCH_BY_QUERY, |deed| {
        let held = SOFTWARE.iter().filter(|item| item.kind == kind).count();
        deed.request(
            "GET",
            format!("/api/catalog/entities/by-query?filter=kind={kind}&limit=20"),
        )
        .meta("totalItems", held)
        .meta("pageInfo", json!({}))
    });
    for _ in 0..s.trail.number(1..4) {
        let item = s.trail.pick(&SOFTWARE);
        open(s, item);
    }
    if s.trail.chance(25) {
        let item = s.trail.pick(&SOFTWARE);
        look_behind(s, item);
    }
    if s.trail.chance(15) {
        s.does(kind::FACETS, |deed| {
            deed.request(
                "GET",
                "/api/catalog/entity-facets?facet=kind&facet=spec.type",
            )
        });
    }
}

/// Opens a page, and with it the things that it names.
pub fn open(s: &mut Session<'_>, item: Software) {
    let entity = item.entity_ref();
    let url = format!(
        "/api/catalog/entities/by-name/{}/default/{}",
        item.kind, item.name
    );
    s.does(kind::FETCH_BY_NAME, |deed| {
        deed.request("GET", url).entity(&entity)
    });
    let owner = format!("group:default/{}", item.owner);
    s.causes(s.who, kind::FETCH_BY_REFS, |deed| {
        deed.request("POST", "/api/catalog/entities/by-refs")
            .meta("entityRefs", [&owner, &entity])
    });
}

/// Asks where an entity comes from.
fn look_behind(s: &mut Session<'_>, item: Software) {
    let entity = item.entity_ref();
    let origin = item.location_ref();
    let path = format!(
        "/api/catalog/entities/by-name/{}/default/{}/ancestry",
        item.kind, item.name
    );
    s.does(kind::FETCH_ANCESTRY, |deed| {
        deed.request("GET", path)
            .entity(&entity)
            .meta("rootEntityRef", &entity)
            .meta(
                "ancestry",
                json!([
                    {"entityRef": &entity, "parentEntityRefs": [&origin]},
                    {"entityRef": &origin, "parentEntityRefs": []},
                ]),
            )
    });
    s.does(kind::LOCATION_BY_ENTITY, |deed| {
        deed.request(
            "GET",
            format!(
                "/api/catalog/locations/by-entity/{}/default/{}",
                item.kind, item.name
            ),
        )
        .meta("locationRef", &entity)
        .meta("output", item.location())
    });
}

/// Follows a dead link. One request, two events: the catalog reports the answer before it finds nothing to answer.
pub fn follow_dead_link(s: &mut Session<'_>) {
    let item = s.trail.pick(&GONE);
    let entity = item.entity_ref();
    let url = format!(
        "/api/catalog/entities/by-name/component/default/{}",
        item.name
    );
    s.does(kind::FETCH_BY_NAME, |deed| {
        deed.request("GET", &url).entity(&entity)
    });
    s.causes(s.who, kind::FETCH_BY_NAME, |deed| {
        let name = item.name;
        deed.request("GET", &url).entity(&entity).failed(format!(
            "No entity named '{name}' found, with kind 'component' in namespace 'default'"
        ))
    });
}

/// Changes a repository and wants to see it at once.
pub fn refresh(s: &mut Session<'_>) {
    let item = s.trail.pick(&SOFTWARE);
    open(s, item);
    s.does(kind::REFRESH, |deed| {
        deed.request("POST", "/api/catalog/refresh")
            .entity(item.entity_ref())
    });
}

/// Registers a repository: what would it bring, what does it bring. Now and then it is there already.
pub fn register(s: &mut Session<'_>) {
    let known = s.trail.chance(40);
    let item = if known {
        s.trail.pick(&SOFTWARE)
    } else {
        s.trail.pick(&NEW)
    };
    let wanted = json!({"type": "url", "target": item.target()});
    s.does(kind::ANALYZE_LOCATION, |deed| {
        deed.request("POST", "/api/catalog/analyze-location").meta(
            "output",
            json!({"existingEntityFiles": [&wanted], "generateEntities": []}),
        )
    });
    s.does(kind::TRY_LOCATION, |deed| {
        deed.request("POST", "/api/catalog/locations?dryRun=true")
            .meta("location", item.location())
            .meta("isDryRun", true)
    });
    s.does(kind::CREATE_LOCATION, |deed| {
        let deed = deed
            .request("POST", "/api/catalog/locations")
            .meta("isDryRun", false);
        if known {
            let message = format!("Location url:{} already exists", item.target());
            deed.meta("location", wanted).failed(message)
        } else {
            deed.meta("location", item.location())
        }
    });
}

/// Takes something out that nobody runs any more: first its location, then what is left.
pub fn unregister(s: &mut Session<'_>) {
    let item = s.trail.pick(&GONE);
    let uid = item.uid();
    s.does(kind::FETCH_BY_UID, |deed| {
        deed.request("GET", format!("/api/catalog/entities/by-uid/{uid}"))
            .meta("uid", &uid)
            .meta("entities", [item.entity_json()])
    });
    delete_location(s, item);
    s.does(kind::DELETE_ENTITY, |deed| {
        deed.request("DELETE", format!("/api/catalog/entities/by-uid/{uid}"))
            .meta("uid", &uid)
    });
}

/// Deletes the location that brings `item` into the catalog.
pub fn delete_location(s: &mut Session<'_>, item: Software) {
    let id = item.location_id();
    let url = format!("/api/catalog/locations/{id}");
    s.does(kind::LOCATION_BY_ID, |deed| {
        deed.request("GET", &url)
            .meta("id", &id)
            .meta("output", item.location())
    });
    s.does(kind::DELETE_LOCATION, |deed| {
        deed.request("DELETE", &url).meta("id", &id)
    });
}

impl Software {
    /// `kind:namespace/name`.
    pub fn entity_ref(self) -> String {
        format!("{}:default/{}", self.kind, self.name)
    }

    /// The file that describes it.
    fn target(self) -> String {
        format!(
            "https://git.example.com/meridian/{}/blob/main/catalog-info.yaml",
            self.name
        )
    }

    fn uid(self) -> String {
        lasting_id(&self.entity_ref()).to_string()
    }

    fn location_id(self) -> String {
        lasting_id(&self.target()).to_string()
    }

    /// A location's entity is named after a hash of 40 digits.
    fn location_ref(self) -> String {
        let id = lasting_id(&self.target()).simple().to_string();
        format!(
            "location:default/generated-{id}{}",
            id.get(..8).unwrap_or_default()
        )
    }

    /// The location that brings it, as the catalog describes it.
    pub fn location(self) -> serde_json::Value {
        json!({
            "id": self.location_id(),
            "type": "url",
            "target": self.target(),
            "entityRef": self.location_ref(),
        })
    }

    /// The catalog puts entities into `meta` as text.
    fn entity_json(self) -> String {
        json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": self.kind,
            "metadata": {"namespace": "default", "name": self.name, "uid": self.uid()},
            "spec": {"lifecycle": "production", "owner": self.owner},
        })
        .to_string()
    }
}
