//! The user's configuration: profiles, stored tokens, the environment, and which of them holds.
//!
//! It knows files and environment variables, no server and no store.

mod app;
mod credentials;
mod environment;
mod file;
mod origin;
mod paths;
mod settings;
mod token_source;

pub use app::{
    Action, AppConfig, AppConfigError, AuditLog, ExcludeRule, Https, LogForm, LogLevel, Logging,
    Network, Networks, Problem, RateLimit, Redact, Restriction, StaticToken,
};
pub use credentials::{
    CredentialsError, read_stored_token, remove_stored_token, write_stored_token,
};
pub use environment::Environment;
pub use file::{Config, ConfigError, Profile};
pub use origin::{Origin, Sourced};
pub use paths::ConfigDir;
pub use settings::{Asked, SettingsError, Target, Which};
pub use token_source::{TokenSource, TokenSourceError, TokenStore};
