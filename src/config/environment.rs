//! The environment variables that the program reads, all of them, once.

use std::{ffi::OsString, path::PathBuf};

use secrecy::SecretString;

/// Variables that hold or lead to a token: no child process gets them.
pub const TOKEN_VARIABLES: [&str; 2] = ["AUDITLOG_TOKEN", "AUDITLOG_TOKEN_FILE"];

/// What the environment says; empty variables say nothing.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `AUDITLOG_URL`.
    pub url: Option<String>,
    /// `AUDITLOG_STORE`.
    pub store: Option<PathBuf>,
    /// `AUDITLOG_PROFILE`.
    pub profile: Option<String>,
    /// `AUDITLOG_TOKEN`.
    pub token: Option<SecretString>,
    /// `AUDITLOG_TOKEN_FILE`.
    pub token_file: Option<PathBuf>,
    /// `AUDITLOG_CONFIG_DIR`.
    pub config_dir: Option<PathBuf>,
    /// `AUDITLOG_CA_CERT`.
    pub ca_cert: Option<PathBuf>,
    /// Whether `NO_COLOR` is set, or the terminal is a `dumb` one.
    pub no_color: bool,
}

impl Environment {
    /// Reads variables through `variable`; the program hands in those of its process.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
        let path = |name: &str| variable(name).map(PathBuf::from);
        Self {
            url: text("AUDITLOG_URL"),
            store: path("AUDITLOG_STORE"),
            profile: text("AUDITLOG_PROFILE"),
            token: text("AUDITLOG_TOKEN").map(SecretString::from),
            token_file: path("AUDITLOG_TOKEN_FILE"),
            config_dir: path("AUDITLOG_CONFIG_DIR"),
            ca_cert: path("AUDITLOG_CA_CERT"),
            no_color: variable("NO_COLOR").is_some()
                || variable("TERM").is_some_and(|terminal| terminal == "dumb"),
        }
    }
}
