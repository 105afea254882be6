//! Backstage's error body.

use serde::{Deserialize, Serialize};

/// The body of a 4xx or 5xx, as Backstage's framework writes it:
/// `{"error":{"name","message"},"request":{"method","url"},"response":{"statusCode"}}`.
///
/// A real Backstage leaves `request` out of a 429 and sends no body at all with 404 and 431.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What went wrong.
    pub error: ProblemError,
    /// The request as the plugin saw it: its path begins behind the plugin's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<ProblemRequest>,
    /// The status once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<ProblemResponse>,
}

/// Name and message of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemError {
    /// `InputError`, `AuthenticationError`, `NotAllowedError`, `NotFoundError`, …
    #[serde(default)]
    pub name: String,
    /// A sentence for a person.
    #[serde(default)]
    pub message: String,
}

/// Method and path of the refused request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path inside the plugin, with the query string.
    pub url: String,
}

/// Status of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemResponse {
    /// 400 to 599.
    #[serde(rename = "statusCode")]
    pub status_code: u16,
}

impl Problem {
    /// A whole body for `status`.
    pub fn new(status: u16, name: &str, message: String, request: ProblemRequest) -> Self {
        Self {
            error: ProblemError {
                name: name.to_owned(),
                message,
            },
            request: Some(request),
            response: Some(ProblemResponse {
                status_code: status,
            }),
        }
    }

    /// Reads a body, if it is one; extra fields (`code`, `cause`, `stack`) are passed over.
    pub fn from_json(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}
