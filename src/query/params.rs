//! Queries as URL parameters, both ways: what a client sends, and what a server reads.

use std::borrow::Cow;

use super::{Filter, Query, Window};
use crate::{
    api::{DEFAULT_DAYS, DEFAULT_LIMIT, Field, MAX_LIMIT, Timestamp},
    wildcard::Wildcard,
};

/// One request to the endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Window and filters; each filter one literal value, severity any list of them.
    pub query: Query,
    /// Page size, 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// Matches to skip.
    pub offset: u64,
}

/// A query cut in two: what the API can be asked, and what is left to check here.
#[derive(Clone, Debug, PartialEq)]
pub struct Sendable {
    /// Window and filters that URL parameters can say.
    pub query: Query,
    /// The filters that they cannot say, or not wholly.
    pub rest: Vec<Filter>,
}

/// Why a query string is refused; the text names the parameter and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// A name that the API does not have.
    #[error("Unknown parameter '{0}'")]
    Unknown(String),
    /// A parameter given more than once, other than the severity.
    #[error("Invalid {0}: must be given once")]
    Repeated(&'static str),
    /// A value that the parameter cannot have.
    #[error("Invalid {name}: must be {allowed}")]
    Invalid {
        /// The parameter.
        name: &'static str,
        /// What is allowed.
        allowed: String,
    },
}

impl Query {
    /// Cuts the query into what the API can be asked and what it cannot.
    ///
    /// The first filter of a field that asks for literal values goes out, except those in `withheld`; severity takes
    /// a list, the others one value. A filter that goes out in part stays in `rest` as well.
    pub fn sendable(&self, withheld: &[Field]) -> Sendable {
        let mut sent: Vec<Filter> = Vec::new();
        let mut rest = Vec::new();
        for filter in &self.filters {
            let free =
                !withheld.contains(&filter.field) && sent.iter().all(|f| f.field != filter.field);
            let said = free && says_in_url(filter);
            if said {
                sent.push(Filter {
                    none_of: Vec::new(),
                    ..filter.clone()
                });
            }
            if !said || !filter.none_of.is_empty() {
                rest.push(filter.clone());
            }
        }
        Sendable {
            query: Query {
                window: self.window,
                filters: sent,
            },
            rest,
        }
    }
}

fn says_in_url(filter: &Filter) -> bool {
    let literals = filter
        .any_of
        .iter()
        .all(|pattern| pattern.as_literal().is_some());
    let several = filter.field == Field::SeverityLevel;
    let filtered = Field::FILTERED.contains(&filter.field);
    filtered && literals && (filter.any_of.len() == 1 || several && !filter.any_of.is_empty())
}

impl Request {
    /// Name and value of each parameter, not yet percent-encoded.
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<_> = self
            .query
            .filters
            .iter()
            .map(|filter| {
                let values: Vec<_> = filter
                    .any_of
                    .iter()
                    .filter_map(Wildcard::as_literal)
                    .collect();
                (filter.field.name(), values.join(","))
            })
            .collect();
        let window = self.query.window;
        pairs.extend(window.start.map(|start| ("start_time", start.to_string())));
        pairs.extend(window.end.map(|end| ("end_time", end.to_string())));
        pairs.push(("limit", self.limit.to_string()));
        if self.offset > 0 {
            pairs.push(("offset", self.offset.to_string()));
        }
        pairs
    }

    /// Reads decoded parameters as our server understands them. `now` fills the window's defaults.
    pub fn from_pairs<'a>(
        pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
        now: Timestamp,
    ) -> Result<Self, ParamError> {
        let mut given = Given::default();
        for (name, value) in pairs {
            given.take(&name, &value)?;
        }
        let start = given
            .start
            .unwrap_or_else(|| now.minus(chrono::Duration::days(DEFAULT_DAYS)));
        Ok(Self {
            query: Query {
                window: Window {
                    start: Some(start),
                    end: Some(given.end.unwrap_or(now)),
                },
                filters: given.filters,
            },
            limit: given.limit.unwrap_or(DEFAULT_LIMIT),
            offset: given.offset.unwrap_or(0),
        })
    }
}

#[derive(Default)]
struct Given {
    filters: Vec<Filter>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    limit: Option<u32>,
    offset: Option<u64>,
}

impl Given {
    fn take(&mut self, name: &str, value: &str) -> Result<(), ParamError> {
        match name {
            "start_time" => once("start_time", &mut self.start, time("start_time", value)?),
            "end_time" => once("end_time", &mut self.end, time("end_time", value)?),
            "limit" => once("limit", &mut self.limit, limit(value)?),
            "offset" => once("offset", &mut self.offset, offset(value)?),
            "severity_level" | "severity_level[]" => self.take_severities(value),
            _ => {
                let field = Field::FILTERED
                    .into_iter()
                    .find(|field| field.name() == name)
                    .ok_or_else(|| ParamError::Unknown(name.to_owned()))?;
                self.take_field(field, value)
            }
        }
    }

    fn take_severities(&mut self, list: &str) -> Result<(), ParamError> {
        let field = Field::SeverityLevel;
        for value in list.split(',') {
            listed(field, value)?;
            match self.filters.iter_mut().find(|filter| filter.field == field) {
                Some(filter) => filter.any_of.push(Wildcard::literal(value)),
                None => self.filters.push(Filter::equals(field, value)),
            }
        }
        Ok(())
    }

    fn take_field(&mut self, field: Field, value: &str) -> Result<(), ParamError> {
        listed(field, value)?;
        if self.filters.iter().any(|filter| filter.field == field) {
            return Err(ParamError::Repeated(field.name()));
        }
        self.filters.push(Filter::equals(field, value));
        Ok(())
    }
}

fn once<T>(name: &'static str, slot: &mut Option<T>, value: T) -> Result<(), ParamError> {
    match slot.replace(value) {
        Some(_) => Err(ParamError::Repeated(name)),
        None => Ok(()),
    }
}

fn invalid(name: &'static str, allowed: impl Into<String>) -> ParamError {
    ParamError::Invalid {
        name,
        allowed: allowed.into(),
    }
}

fn listed(field: Field, value: &str) -> Result<(), ParamError> {
    match field.allowed() {
        Some(allowed) if !allowed.contains(&value) => Err(invalid(
            field.name(),
            format!("one of {}", allowed.join(", ")),
        )),
        _ => Ok(()),
    }
}

fn time(name: &'static str, value: &str) -> Result<Timestamp, ParamError> {
    value
        .strip_suffix('Z')
        .and_then(|_| Timestamp::parse(value))
        .ok_or_else(|| {
            invalid(
                name,
                "an ISO 8601 UTC time that ends in Z, like 2026-01-31T00:00:00Z",
            )
        })
}

fn limit(value: &str) -> Result<u32, ParamError> {
    match whole_number(value) {
        Some(limit @ 1..=MAX_LIMIT) => Ok(limit),
        _ => Err(invalid(
            "limit",
            format!("an integer between 1 and {MAX_LIMIT}"),
        )),
    }
}

fn offset(value: &str) -> Result<u64, ParamError> {
    whole_number(value).ok_or_else(|| invalid("offset", "an integer of at least 0"))
}

/// Digits alone: `+1` and ` 1` are refused, which Rust's own parser would partly take.
fn whole_number<T: std::str::FromStr>(value: &str) -> Option<T> {
    value
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| value.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{ParamError, Request};
    use crate::{
        api::{Field, Timestamp},
        query::{Filter, Query, Window},
    };

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-21T12:00:00Z").unwrap()
    }

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Request, ParamError> {
        Request::from_pairs(
            pairs.iter().map(|&(n, v)| (Cow::from(n), Cow::from(v))),
            now(),
        )
    }

    fn filter(field: Field, list: &str) -> Filter {
        Filter::parse(field, &[list.to_owned()]).unwrap()
    }

    #[test]
    fn without_parameters_the_last_thirty_days_and_a_hundred_events() {
        let request = read(&[]).unwrap();
        assert_eq!(
            request.query.window.start,
            Timestamp::parse("2026-10-22T12:00:00Z")
        );
        assert_eq!(request.query.window.end, Some(now()));
        assert_eq!((request.limit, request.offset), (100, 0));
    }

    #[test]
    fn the_error_names_the_parameter_and_what_is_allowed() {
        for (name, value, message) in [
            (
                "limit",
                "0",
                "Invalid limit: must be an integer between 1 and 1000",
            ),
            (
                "limit",
                "1001",
                "Invalid limit: must be an integer between 1 and 1000",
            ),
            (
                "limit",
                "+1",
                "Invalid limit: must be an integer between 1 and 1000",
            ),
            (
                "limit",
                "",
                "Invalid limit: must be an integer between 1 and 1000",
            ),
            (
                "offset",
                "-1",
                "Invalid offset: must be an integer of at least 0",
            ),
            (
                "severity_level",
                "high,fatal",
                "Invalid severity_level: must be one of low, medium, high, critical",
            ),
            (
                "status",
                "initiated",
                "Invalid status: must be one of succeeded, failed",
            ),
            (
                "actor_type",
                "User",
                "Invalid actor_type: must be one of user, service",
            ),
            (
                "start_time",
                "2026-01-01T00:00:00+00:00",
                "Invalid start_time: must be an ISO 8601 UTC time that ends in Z, like 2026-01-31T00:00:00Z",
            ),
            (
                "end_time",
                "2026-02-30T00:00:00Z",
                "Invalid end_time: must be an ISO 8601 UTC time that ends in Z, like 2026-01-31T00:00:00Z",
            ),
            ("plugin", "catalog", "Unknown parameter 'plugin'"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), message);
        }
        let twice = read(&[("plugin_id", "a"), ("plugin_id", "b")]).unwrap_err();
        assert_eq!(twice.to_string(), "Invalid plugin_id: must be given once");
    }

    #[test]
    fn severity_takes_a_list_repetition_and_brackets() {
        let expected = [filter(Field::SeverityLevel, "high,critical")];
        for pairs in [
            &[("severity_level", "high,critical")][..],
            &[("severity_level", "high"), ("severity_level", "critical")],
            &[
                ("severity_level[]", "high"),
                ("severity_level[]", "critical"),
            ],
        ] {
            assert_eq!(read(pairs).unwrap().query.filters, expected);
        }
    }

    #[test]
    fn what_is_sent_reads_back_as_the_same_request() {
        let request = Request {
            query: Query {
                window: Window {
                    start: Timestamp::parse("2026-01-01T00:00:00.000001Z"),
                    end: Timestamp::parse("2026-01-31T23:59:59.999Z"),
                },
                filters: vec![
                    filter(Field::EntityRef, r"component:default/a\,b&c=d \* é"),
                    filter(Field::SeverityLevel, "low,high"),
                ],
            },
            limit: 7,
            offset: 9,
        };
        let pairs = request
            .to_pairs()
            .into_iter()
            .map(|(n, v)| (Cow::from(n), Cow::from(v)));
        assert_eq!(Request::from_pairs(pairs, now()).unwrap(), request);
    }

    #[test]
    fn one_literal_a_field_is_sent_and_the_rest_is_checked_here() {
        let query = Query {
            window: Window::default(),
            filters: vec![
                filter(Field::PluginId, "catalog"),
                filter(Field::EventId, "a,b"),
                filter(Field::ActorId, "user:*"),
                filter(Field::RequestMethod, "!GET"),
                filter(Field::ActionType, "create,!create"),
                filter(Field::SeverityLevel, "low,high"),
                filter(Field::SeverityLevel, "high,critical"),
            ],
        };
        let fields =
            |filters: &[Filter]| filters.iter().map(|f| f.field.name()).collect::<Vec<_>>();
        let cut = query.sendable(&[]);
        assert_eq!(
            fields(&cut.query.filters),
            ["plugin_id", "action_type", "severity_level"]
        );
        let rest = [
            "event_id",
            "actor_id",
            "request_method",
            "action_type",
            "severity_level",
        ];
        assert_eq!(fields(&cut.rest), rest);
        let cut = query.sendable(&[Field::PluginId]);
        assert_eq!(
            fields(&cut.query.filters),
            ["action_type", "severity_level"]
        );
    }
}
