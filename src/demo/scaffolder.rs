//! What people do with templates: a run has a whole life. Requests and details are those of scaffolder 4.2.0.

use serde_json::json;

use super::{
    catalog,
    company::{NEW, SCAFFOLDER, Software, TEMPLATES, Template, through_a_plugin},
    kind,
    trail::{Deed, Session},
};

/// Where the scaffolder keeps its tasks.
pub const TASKS: &str = "/api/scaffolder/v2/tasks";

/// Fills in a form, starts the run, watches it, and looks at what came of it.
pub fn run_template(s: &mut Session<'_>) {
    let template = s.trail.pick(&TEMPLATES);
    ask_for_form(s, template);
    if s.trail.chance(8) {
        s.does(kind::TASK_CREATE, |deed| {
            deed.request("POST", TASKS)
                .meta("templateRef", template.entity_ref())
                .failed("instance is not of a type(s) string")
        });
    }
    let run = Run {
        task: s.trail.id(),
        template,
        product: s.trail.pick(&NEW),
    };
    s.starts_run(&run.task);
    s.does(kind::TASK_CREATE, |deed| {
        deed.request("POST", TASKS)
            .meta("taskId", &run.task)
            .meta("templateRef", template.entity_ref())
    });
    s.does(kind::TASK_STREAM, |deed| {
        run.asked(deed, "GET", "/eventstream")
    });
    match s.trail.number(0..100) {
        0..9 => run.is_cancelled(s),
        9..24 => run.fails_and_is_retried(s),
        _ => run.succeeds(s),
    }
    if s.trail.chance(60) {
        s.does(kind::TASK_LIST, |deed| deed.request("GET", TASKS));
        s.does(kind::TASK_GET, |deed| run.asked(deed, "GET", ""));
    }
}

/// Writes a template: which actions are there, does it render.
pub fn try_template(s: &mut Session<'_>) {
    let template = s.trail.pick(&TEMPLATES);
    s.does(kind::ACTIONS, |deed| {
        deed.request("GET", "/api/scaffolder/v2/actions")
    });
    ask_for_form(s, template);
    for _ in 0..s.trail.number(1..4) {
        s.does(kind::DRY_RUN, |deed| {
            deed.request("POST", "/api/scaffolder/v2/dry-run")
                .meta("templateRef", template.form_ref())
        });
    }
}

/// Opens a template that was renamed.
pub fn open_old_template(s: &mut Session<'_>) {
    let entity = "template:default/java-service";
    s.does(kind::PARAMETER_SCHEMA, |deed| {
        deed.request(
            "GET",
            "/api/scaffolder/v2/templates/default/template/java-service/parameter-schema",
        )
        .meta("templateRef", entity)
        .failed(format!("Template {entity} not found"))
    });
}

fn ask_for_form(s: &mut Session<'_>, template: Template) {
    let path = format!(
        "/api/scaffolder/v2/templates/default/template/{}/parameter-schema",
        template.name
    );
    s.does(kind::PARAMETER_SCHEMA, |deed| {
        deed.request("GET", path)
            .meta("templateRef", template.form_ref())
    });
}

struct Run {
    task: String,
    template: Template,
    product: Software,
}

impl Run {
    /// The usual end: the new thing is registered on behalf of the user, from the plugin's address.
    fn succeeds(&self, s: &mut Session<'_>) {
        s.wait_seconds(25);
        self.executes(s, |deed| deed);
        s.causes(through_a_plugin(s.who), kind::CREATE_LOCATION, |deed| {
            deed.request("POST", "/api/catalog/locations")
                .meta("location", self.product.location())
                .meta("isDryRun", false)
        });
        catalog::open(s, self.product);
    }

    fn fails_and_is_retried(&self, s: &mut Session<'_>) {
        s.wait_seconds(40);
        let message = format!("Repository {} already exists", self.product.name);
        self.executes(s, |deed| deed.failed(message));
        s.does(kind::TASK_EVENTS, |deed| self.asked(deed, "GET", "/events"));
        s.wait_seconds(200);
        s.does(kind::TASK_RETRY, |deed| self.asked(deed, "POST", "/retry"));
        self.succeeds(s);
    }

    fn is_cancelled(&self, s: &mut Session<'_>) {
        s.does(kind::TASK_CANCEL, |deed| {
            self.asked(deed, "POST", "/cancel")
        });
        self.executes(s, |deed| deed.failed("Step publish has been cancelled."));
    }

    /// The end of the work itself: nobody's request, the template's parameters in full.
    fn executes(&self, s: &mut Session<'_>, end: impl FnOnce(Deed) -> Deed) {
        let user = s.who.id;
        s.causes(SCAFFOLDER, kind::TASK_EXECUTION, |deed| {
            let parameters = json!({
                "name": self.product.name,
                "owner": format!("group:default/{}", self.product.owner),
                "language": self.template.language,
            });
            end(deed
                .meta("taskId", &self.task)
                .meta("createdBy", user)
                .meta("templateRef", self.template.entity_ref())
                .meta("taskParameters", parameters))
        });
    }

    fn asked(&self, deed: Deed, method: &'static str, what: &str) -> Deed {
        deed.request(method, format!("{TASKS}/{}{what}", self.task))
            .meta("taskId", &self.task)
    }
}

impl Template {
    fn entity_ref(self) -> String {
        format!("template:default/{}", self.name)
    }

    /// The form's event writes the kind as the entity has it, with a capital.
    fn form_ref(self) -> String {
        format!("Template:default/{}", self.name)
    }
}
