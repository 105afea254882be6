//! What to do about what was typed, or stands in the configuration.

use super::Error;
use crate::{
    config::{ConfigError, CredentialsError, SettingsError, TokenSourceError},
    query::{FilterError, TimeError},
};

/// What to do about options that do not go together.
pub(super) fn options_hint(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::ReceiptOnStdout => "name it, like --receipt events.receipt.json",
        Error::ReceiptIsOutput(_) => "give --receipt another file",
        Error::OutputIsStore(_) => "name another file: this one was not touched",
        Error::FollowJson => "use -o jsonl, an event a line",
        Error::FutureWindow(_) => "give an earlier time",
        Error::EmptyWindow { .. } => "give --since an earlier time than --until",
        Error::ColumnsOfJson => "use -o csv or -o table, or leave --columns out",
        _ => return None,
    })
}

pub(super) fn filter_hint(error: &FilterError) -> Option<String> {
    Some(match error {
        FilterError::Empty { .. } => "leave the filter out to show every value".to_owned(),
        FilterError::Escape(_) => r"write a backslash of the value as \\".to_owned(),
        FilterError::Unknown { field, .. } => {
            let allowed = field.allowed().unwrap_or_default().join(", ");
            format!("choose one of {allowed}")
        }
    })
}

pub(super) fn time_hint(error: &TimeError) -> Option<String> {
    let hint = match error {
        TimeError::Unreadable(_) => {
            "write 2026-01-31, '2026-01-31 10:00', 2026-01-31T10:00:00Z, 7d or 2h30m ago, now, today, \
             yesterday, monday; with --on also 2026-01, 2026-Q1, 2026"
        }
        TimeError::NotADuration(_) => "write 24h, 7d, 2w or 2h30m",
        TimeError::Skipped { .. } => {
            "name the hour before or after, or give an offset: 2026-03-29T02:30:00+01:00"
        }
        TimeError::OutOfRange(_) => "choose a time between the years 1 and 9999",
        TimeError::UnknownZone(_) => {
            "write a name like Europe/Berlin or America/New_York, or use --utc"
        }
    };
    Some(hint.to_owned())
}

pub(super) fn config_hint(error: &ConfigError) -> Option<String> {
    Some(match error {
        ConfigError::NoHome => "set HOME or AUDITLOG_CONFIG_DIR".to_owned(),
        ConfigError::Read { .. } | ConfigError::Write { .. } => "check who may use it".to_owned(),
        ConfigError::Invalid { .. } => "mend the file by hand".to_owned(),
        ConfigError::UnknownKey {
            nearest: Some(nearest),
            ..
        } => format!("did you mean '{nearest}'?"),
        ConfigError::UnknownKey { nearest: None, .. } => "take it out".to_owned(),
        ConfigError::NoProfile { known, .. } if known.is_empty() => {
            "add it: auditlog profile add NAME --url URL".to_owned()
        }
        ConfigError::NoProfile { known, .. } => format!("there are: {}", known.join(", ")),
        ConfigError::Name(_) => "use letters, digits, '-', '_' and '.'".to_owned(),
    })
}

pub(super) fn settings_hint(error: &SettingsError) -> Option<String> {
    let hint = match error {
        SettingsError::NoSource => {
            "add one (auditlog profile add NAME --url URL), or try --demo, which needs none"
        }
        SettingsError::TwoSources(..) => "unset one of them, or name the source with a flag",
        SettingsError::Profile(_) => "change it in config.toml",
        SettingsError::Address(_) => "write it like https://portal.example.com",
        SettingsError::Config(error) => return config_hint(error),
    };
    Some(hint.to_owned())
}

pub(super) fn credentials_hint(error: &CredentialsError) -> Option<String> {
    Some(match error {
        CredentialsError::Config(error) => return config_hint(error),
        CredentialsError::Exposed { path, .. } => format!(
            "others may have read the tokens: make new ones, then run: chmod 600 '{}'",
            path.display()
        ),
        CredentialsError::OtherOrigin { profile, .. } => {
            format!("store the token of the new address: auditlog token set --profile {profile}")
        }
        CredentialsError::NoPlace { .. } => "mend the file by hand".to_owned(),
        CredentialsError::Token { profile, .. } | CredentialsError::Shape { profile, .. } => {
            format!("store it again: auditlog token set --profile {profile}")
        }
    })
}

pub(super) fn token_source_hint(error: &TokenSourceError) -> Option<String> {
    Some(match error {
        TokenSourceError::NotStored(store) => {
            format!("store one: auditlog token set --profile {}", store.profile)
        }
        TokenSourceError::Read { .. } => "check the path and who may read it".to_owned(),
        TokenSourceError::Token { .. } => {
            "look at it there, or make a new one: auditlog token generate".to_owned()
        }
        TokenSourceError::NoCommand | TokenSourceError::Start { .. } => {
            "check token_command of the profile: a list of a program and its arguments".to_owned()
        }
        TokenSourceError::Failed { .. } | TokenSourceError::Slow { .. } => {
            "run it by hand to see what it wants".to_owned()
        }
        TokenSourceError::Credentials(error) => return credentials_hint(error),
    })
}
