//! What to do about an error.

use std::{io, path::Path};

use super::{
    Error,
    usage::{
        config_hint, credentials_hint, filter_hint, options_hint, settings_hint, time_hint,
        token_source_hint,
    },
};
use crate::{
    address::StoreAddress,
    api::PageError,
    client::ClientError,
    commands::{ingest::IngestError, rules::RulesError},
    config::CredentialsError,
    files::AppendError,
    follow::Unusable,
    server::ServeError,
    source::SourceError,
    store::StoreError,
};

const PASSWORD: &str = "leave it out of the URL: PGPASSFILE names a file with it, or AUDITLOG_STORE holds the whole URL";
const CERTIFICATE: &str =
    "give both as PEM, by $file: the certificate first, then those that it was issued with";
const APP_CONFIG: &str = "mend it, and try again with: auditlog serve --check --config FILE";
const NO_TOKEN: &str = "give --token-file FILE or AUDITLOG_TOKEN, or keep one: auditlog token set";

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Output(error)
            | Self::Receipt { error, .. }
            | Self::Source(SourceError::Sink(error))
                if error.kind() == io::ErrorKind::StorageFull =>
            {
                "free some space"
            }
            Self::Output(_) | Self::Receipt { .. } | Self::Interrupted | Self::Stopped => {
                return None;
            }
            Self::Stdin(_) | Self::Signals(_) | Self::Random(_) | Self::ReloadSlow => return None,
            Self::Incomplete { file: None } => "what came has been written; read it again later",
            Self::Incomplete { file: Some(_) } => {
                "read it again later, or leave --require-complete out to keep what came"
            }
            Self::ReceiptOnStdout
            | Self::ReceiptIsOutput(_)
            | Self::OutputIsStore(_)
            | Self::FollowJson
            | Self::FutureWindow(_)
            | Self::EmptyWindow { .. }
            | Self::ColumnsOfJson => return options_hint(self).map(str::to_owned),
            Self::Append { path, error } => return append_hint(path, error),
            Self::CheckpointFile { error, .. } => checkpoint_file_hint(error),
            Self::Checkpoint { reason, .. } => checkpoint_hint(reason),
            Self::Stalled { .. } => {
                "look whether the server still records events; a filter may let none through"
            }
            Self::OutputFile { .. } => "check the folder and who may write there",
            Self::NoSuchEvent { .. } => "widen the window with --since",
            Self::ProfileOutput(_) => "change it in config.toml to table, wide, json, jsonl or csv",
            Self::ProfileExists(_) => "add --replace, or choose another name",
            Self::NoProfile => "add one: auditlog profile add NAME --url URL",
            Self::NotAServer => "name a server with --url or --profile",
            Self::NoToken => NO_TOKEN,
            Self::NoStore => "give --store PATH or AUDITLOG_STORE, or keep one in a profile",
            Self::PasswordInArgument => PASSWORD,
            Self::NoAcceptedTokens => {
                "make one (auditlog token generate > FILE) and give --accept-token-file FILE"
            }
            Self::WeakHash => "leave --bytes out, or give it 16 or more",
            Self::Certificate(_) => CERTIFICATE,
            Self::AppConfig(_) => APP_CONFIG,
            Self::AcceptedTokens { .. } => "check the path and who may read it",
            Self::AcceptedToken { .. } | Self::Token(_) => "make one with: auditlog token generate",
            Self::Filter(error) => return filter_hint(error),
            Self::Time(error) => return time_hint(error),
            Self::Config(error) | Self::Credentials(CredentialsError::Config(error)) => {
                return config_hint(error);
            }
            Self::Settings(error) => return settings_hint(error),
            Self::Credentials(error) => return credentials_hint(error),
            Self::TokenSource(error) => return token_source_hint(error),
            Self::Client(error) | Self::Source(SourceError::Client(error)) => {
                return client_hint(error);
            }
            Self::Source(error) => return source_hint(error),
            Self::Store(error) => return store_hint(error).map(str::to_owned),
            Self::Ingest(IngestError::Send(error)) => return send_hint(error),
            Self::Ingest(error) => return ingest_hint(error).map(str::to_owned),
            Self::Rules(error) => rules_hint(error),
            Self::Serve(ServeError::Listen { .. }) => "choose another address with --listen",
            Self::Serve(ServeError::ListenMetrics { .. }) => {
                "choose another address in auditLog.metrics.listen"
            }
            Self::Serve(ServeError::CutOff(_)) => return None,
        };
        Some(hint.to_owned())
    }
}

fn append_hint(path: &Path, error: &AppendError) -> Option<String> {
    Some(match error {
        AppendError::Io(error) if error.kind() == io::ErrorKind::StorageFull => {
            "free some space".to_owned()
        }
        AppendError::Io(_) => "check the folder and who may write there".to_owned(),
        AppendError::InUse => "let it end, or name another file".to_owned(),
        AppendError::Shorter { .. } => format!(
            "what was written is missing: put it back; or begin anew without '{}' and its checkpoint",
            path.display()
        ),
    })
}

fn checkpoint_file_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::WouldBlock => "let it end, or name another file",
        io::ErrorKind::StorageFull => {
            "free some space and run the same command again: nothing is lost"
        }
        _ => "check the folder and who may write there",
    }
}

fn checkpoint_hint(reason: &Unusable) -> &'static str {
    match reason {
        Unusable::NotOne => "name another file; to begin anew, take this one away",
        Unusable::TooNew(_) => "use a newer auditlog",
        Unusable::Other { .. } => {
            "name another checkpoint for another question; to begin anew, take this one away"
        }
    }
}

fn client_hint(error: &ClientError) -> Option<String> {
    let hint = match error {
        ClientError::Certificates { .. } => "give a file of PEM certificates",
        ClientError::PlainHttp { .. } => {
            "use https; or, where the network can be trusted, a profile with allow_plain_http = true"
        }
        ClientError::Setup(_) => return None,
        ClientError::Unreachable { .. } => {
            "check the address, the network and the proxy (HTTPS_PROXY, NO_PROXY)"
        }
        ClientError::Untrusted { reason, .. } if reason.contains("CaUsedAsEndEntity") => {
            "it is an authority's own, which no server may use: let it make one for the server (basicConstraints=CA:FALSE)"
        }
        ClientError::Untrusted { reason, .. } if reason.contains("not valid for name") => {
            "use a name that it is for, or ask who runs the server to mend it"
        }
        ClientError::Untrusted { .. } => {
            "if a private CA signed it, give its certificate with --ca-cert FILE"
        }
        ClientError::TimedOut { .. } => "try a smaller --page-size, or a longer --timeout",
        ClientError::NoHttp { .. } => "check the port, and whether it wants https or http",
        ClientError::BrokenOff { .. } => {
            "try again; if it stays so, check the address and the proxy, or try a smaller --page-size"
        }
        ClientError::RedirectedInCircles { .. } => "check the URL and its path prefix",
        ClientError::Redirected { .. } => {
            "the token is sent to no other address; if that is a sign-in page, the URL is behind single sign-on: \
             ask for an address that takes API tokens"
        }
        ClientError::Unauthorized(_) => {
            "check it against App Settings → External access → audit-log-api-access (auditlog token status)"
        }
        ClientError::Forbidden(_) if error.is_other_plugin() => {
            "its access restrictions name another plugin: they need plugin 'audit-log' with permission \
             'audit.log.read' (App Settings → External access)"
        }
        ClientError::Forbidden(_) => {
            "its access restrictions need permission 'audit.log.read' of plugin 'audit-log' (App Settings → \
             External access)"
        }
        ClientError::BadRequest { status: 431, .. } => "a shorter token may do",
        ClientError::BadRequest { .. } => {
            "look at what is sent with --explain; a server may want a smaller --page-size"
        }
        ClientError::NotFound { .. } => {
            "check the URL and its path prefix, and that the audit log is installed; a Backstage that is starting \
             answers so too"
        }
        ClientError::RateLimited(_) => "wait, or ask for fewer events",
        ClientError::Fault { .. } => "the server's log says why; try again later",
        ClientError::NotAPage(PageError::NotAnEvent { .. }) => {
            "ask who runs the server to mend it; till then choose a window that leaves it out"
        }
        ClientError::NotTold => "check that the URL is that of an auditlog serve",
        ClientError::Status(_) | ClientError::Empty | ClientError::NotAPage(_) => {
            "check that the URL is that of a Backstage with an audit log"
        }
        ClientError::NotJson(_) => {
            "something in front of the server answers: a proxy, or single sign-on"
        }
        ClientError::TooLarge(_) => "ask for fewer events a request with --page-size",
    };
    Some(hint.to_owned())
}

fn source_hint(error: &SourceError) -> Option<String> {
    match error {
        SourceError::Client(error) => client_hint(error),
        SourceError::Store(error) => store_hint(error).map(str::to_owned),
        SourceError::Sink(_) => None,
    }
}

fn ingest_hint(error: &IngestError) -> Option<&'static str> {
    const FULL: &str = "free some space and run the same command again: nothing is lost or doubled";
    match error {
        IngestError::StandardInputTwice => Some("give - once"),
        IngestError::OwnRejects(_) => Some("give --rejects another file"),
        IngestError::NotFollowed(_) => Some("leave --follow out to read it to its end"),
        IngestError::Open { .. } => Some("check the path and who may use it"),
        IngestError::Read { .. } => {
            Some("run the same command again: it goes on where this one ended")
        }
        IngestError::Rejects(reason) if reason.kind() == io::ErrorKind::StorageFull => Some(FULL),
        IngestError::Rejects(_) => {
            Some("run the same command again with another --rejects: nothing is lost or doubled")
        }
        IngestError::Store(StoreError::Full) => Some(FULL),
        IngestError::Store(StoreError::Moved) => {
            Some("let the other one end and run the same command again: nothing is lost or doubled")
        }
        IngestError::Store(
            StoreError::Locked
            | StoreError::Away(_)
            | StoreError::Unsure(_)
            | StoreError::Database(_),
        ) => Some("run the same command again: nothing is lost or doubled"),
        IngestError::Store(error) => store_hint(error),
        IngestError::State { reason, .. } => Some(match reason.kind() {
            io::ErrorKind::WouldBlock => "let it end, or give each its own --state FILE",
            io::ErrorKind::StorageFull => FULL,
            _ => "check the folder and who may write there, or name another with --state FILE",
        }),
        IngestError::NotAState { .. } => Some("name another file with --state"),
        IngestError::OtherState { .. } => Some("give each server its own --state FILE"),
        IngestError::Event(_) | IngestError::Random(_) | IngestError::Send(_) => None,
    }
}

/// What to do where events cannot be sent.
fn send_hint(error: &ClientError) -> Option<String> {
    let hint = match error {
        ClientError::Unauthorized(_) => {
            "give a token of the server: those that may send are in its app-config.yaml, under backend.auth.externalAccess"
        }
        ClientError::Forbidden(_) => {
            "its access restrictions need permission 'audit.log.write' of plugin 'audit-log'"
        }
        ClientError::NotFound { .. } | ClientError::BadRequest { status: 405, .. } => {
            "check the URL and its path prefix: events are taken by auditlog serve, not by a Backstage"
        }
        ClientError::BadRequest { status: 413, .. } => {
            "let what is in front of the server take larger bodies"
        }
        ClientError::BadRequest { status: 415, .. } => {
            "let what is in front of the server pass Content-Type and Content-Encoding on; or use a newer server"
        }
        ClientError::BadRequest { .. } => "the server's log may say why",
        ClientError::TimedOut { .. } => {
            "run the same command again, or with a longer --timeout: nothing is lost or doubled"
        }
        ClientError::RateLimited(_) | ClientError::Fault { .. } | ClientError::BrokenOff { .. } => {
            "run the same command again later: nothing is lost or doubled"
        }
        _ => return client_hint(error),
    };
    Some(hint.to_owned())
}

fn rules_hint(error: &RulesError) -> &'static str {
    match error {
        RulesError::Read { reason, .. } if reason.kind() == io::ErrorKind::FileTooLarge => {
            "give the rules a file of their own"
        }
        RulesError::Read { .. } => "check the path and who may read it",
        RulesError::Faulty { .. } => "mend the lines that are named above",
        RulesError::Unusable { .. } => "auditlog rules check names all there is to mend",
    }
}

fn store_hint(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::NotFound(StoreAddress::Database(_)) => {
            Some("auditlog serve or ingest makes one, with a user who may create a schema")
        }
        StoreError::CannotOpen {
            store: StoreAddress::Database(_),
            ..
        } => Some("check the URL, the password in PGPASSFILE, and sslmode and sslrootcert"),
        StoreError::NotFound(_) | StoreError::CannotOpen { .. } => {
            Some("check the path and who may use it")
        }
        StoreError::NotAStore(StoreAddress::Database(_)) => Some(
            "name another database: its schema auditlog holds something else, and was not touched",
        ),
        StoreError::NotAStore(_) => Some("name another file: this one was not touched"),
        StoreError::TooNew { .. } => Some("use a newer auditlog"),
        StoreError::ReadOnly => Some("check who may write to the store and its folder"),
        StoreError::Locked => Some("let the other program end"),
        StoreError::Away(_) | StoreError::Unsure(_) => {
            Some("check the host and the port, or try again later: nothing is lost or doubled")
        }
        StoreError::Denied(_) => Some(
            "its user needs CREATE on the database to make a store, and USAGE on the schema auditlog and SELECT on its tables \
             to read one",
        ),
        StoreError::NoFile => Some("pg_dump --schema auditlog makes a copy"),
        StoreError::Full => Some("free some space"),
        StoreError::Damaged(_) => Some("put a backup in its place"),
        StoreError::TooSlow => Some("narrow the window"),
        StoreError::Moved
        | StoreError::NotFilterable(_)
        | StoreError::Database(_)
        | StoreError::Postgres(_)
        | StoreError::BrokenOff => None,
    }
}
