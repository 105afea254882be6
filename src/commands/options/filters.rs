//! The filters of the command line.

use clap::Args;

use crate::{
    api::{Field, SEVERITIES},
    query::{Filter, FilterError},
    wildcard::Wildcard,
};

/// Filters: each value may be a comma list (any of), hold `*`, and begin with `!` (none of).
#[derive(Args, Clone, Debug, Default)]
// Headings are not wrapped: this one fits 40 columns.
#[command(next_help_heading = "Filters (a,b · * wildcard · !a none of)")]
pub struct FilterArgs {
    /// Show events of these plugins
    #[arg(long, alias = "plugin-id", value_name = "ID")]
    plugin: Vec<String>,
    /// Show these events, like entity-fetch
    #[arg(long, alias = "event-id", value_name = "ID")]
    event: Vec<String>,
    /// Show these severities: low, medium, high, critical
    #[arg(long, alias = "severity-level", value_name = "LEVEL")]
    severity: Vec<String>,
    /// Show this severity and those above it
    #[arg(long, value_name = "LEVEL", value_parser = SEVERITIES)]
    min_severity: Option<String>,
    /// Show these outcomes: succeeded, failed
    #[arg(long, value_name = "STATUS")]
    status: Vec<String>,
    /// Show failures, as --status failed
    #[arg(long)]
    failed: bool,
    /// Show what these actors did, like user:default/john
    #[arg(long, alias = "actor-id", value_name = "REF")]
    actor: Vec<String>,
    /// Show these kinds of actor: user, service
    #[arg(long, value_name = "TYPE")]
    actor_type: Vec<String>,
    /// Show these HTTP methods
    #[arg(long, alias = "request-method", value_name = "METHOD")]
    method: Vec<String>,
    /// Show requests to these paths
    #[arg(long, value_name = "PATH")]
    request_url: Vec<String>,
    /// Show these actions, like create
    #[arg(long, alias = "action-type", value_name = "TYPE")]
    action: Vec<String>,
    /// Show these kinds of query, like by-id
    #[arg(long, value_name = "TYPE")]
    query_type: Vec<String>,
    /// Show events about these entities, like component:default/my-service
    #[arg(long, alias = "entity-ref", value_name = "REF")]
    entity: Vec<String>,
}

impl FilterArgs {
    /// The filters that were typed; all of them must let an event through.
    pub fn plan(&self) -> Result<Vec<Filter>, FilterError> {
        let mut status = self.status.clone();
        if self.failed {
            status.push("failed".to_owned());
        }
        let given = [
            (Field::PluginId, &self.plugin),
            (Field::EventId, &self.event),
            (Field::SeverityLevel, &self.severity),
            (Field::ActorId, &self.actor),
            (Field::ActorType, &self.actor_type),
            (Field::Status, &status),
            (Field::RequestMethod, &self.method),
            (Field::RequestUrl, &self.request_url),
            (Field::ActionType, &self.action),
            (Field::QueryType, &self.query_type),
            (Field::EntityRef, &self.entity),
        ];
        let mut filters = given
            .into_iter()
            .filter(|(_, lists)| !lists.is_empty())
            .map(|(field, lists)| Filter::parse(field, lists))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(least) = &self.min_severity {
            let levels = SEVERITIES.iter().skip_while(|level| *level != least);
            filters.push(Filter {
                field: Field::SeverityLevel,
                any_of: levels.map(|level| Wildcard::literal(level)).collect(),
                none_of: Vec::new(),
            });
        }
        Ok(filters)
    }

    /// The option that filters by a field, for notes.
    pub fn option(field: Field) -> &'static str {
        match field {
            Field::PluginId => "--plugin",
            Field::EventId => "--event",
            Field::SeverityLevel => "--severity",
            Field::Status => "--status",
            Field::ActorType => "--actor-type",
            Field::ActorId => "--actor",
            Field::RequestMethod => "--method",
            Field::RequestUrl => "--request-url",
            Field::ActionType => "--action",
            Field::QueryType => "--query-type",
            Field::EntityRef => "--entity",
            Field::Id | Field::EventTime | Field::RecordedAt => "the window",
        }
    }
}
