//! The configuration of a server: Backstage's own files, and in them the keys that a server over a store reads.
//!
//! Several files are merged as Backstage merges them: objects deeply, the later one wins, lists and values are
//! replaced. Includes (`${NAME}`, `$env`, `$file`) are resolved below the keys that are read and nowhere else. No
//! value of a file is repeated in a message: any of them may be a secret.

mod access;
mod audit_log;
mod include;
mod merge;
mod network;
mod operation;
mod problem;
mod rate_limit;
mod tree;
mod view;

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use crate::{address::StoreAddress, files::read_at_most, token::TokenHash};

pub use access::{Action, Restriction, StaticToken};
pub use audit_log::{AuditLog, ExcludeRule, Https, Redact};
pub use network::{Network, Networks};
pub use operation::{LogForm, LogLevel, Logging};
pub use problem::{AppConfigError, Problem};
pub use rate_limit::RateLimit;

use include::Includes;
use problem::Problems;
use tree::Node;
use view::View;

/// Largest file that is read: a path may lead to a device that never ends.
const MAX_FILE: u64 = 1 << 20;

/// What a server is told by its configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppConfig {
    /// `backend.auth.externalAccess`: the static tokens.
    pub tokens: Vec<StaticToken>,
    /// `backend.rateLimit`; none where it is off.
    pub rate_limit: Option<RateLimit>,
    /// Everything below `auditLog`.
    pub audit_log: AuditLog,
    /// The files in which a token or a key stands as it is.
    pub secret_files: Vec<PathBuf>,
    /// What is passed over, and a person should know of.
    pub warnings: Vec<Problem>,
}

impl AppConfig {
    /// Reads and merges files, the later ones over the earlier ones; `variable` gives the environment's.
    pub fn read(
        paths: &[PathBuf],
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, AppConfigError> {
        let problems = Problems::default();
        let (mut root, mut secret_files) = (Node::empty(), Vec::new());
        for path in paths {
            match read_node(path, variable) {
                Ok((node, holds_secret)) => {
                    root = merge::merged(root, node);
                    secret_files.extend(holds_secret.then(|| path.clone()));
                }
                Err(problem) => problems.error(problem),
            }
        }
        // What a file that cannot be read would have said is not known to be missing.
        let config = match problems.is_empty() {
            true => Self::of(&root, &problems),
            false => Self::default(),
        };
        let (errors, warnings) = problems.into_parts();
        match errors.is_empty() {
            true => Ok(Self {
                secret_files,
                warnings,
                ..config
            }),
            false => Err(AppConfigError(errors)),
        }
    }

    fn of(root: &Node, problems: &Problems) -> Self {
        let root = View::root(root, problems);
        let backend = root.child("backend");
        let external = backend
            .as_ref()
            .and_then(|backend| backend.child("auth")?.child("externalAccess"));
        let limit = backend
            .as_ref()
            .and_then(|backend| backend.child("rateLimit"));
        Self {
            tokens: external
                .map(|list| access::tokens(&list))
                .unwrap_or_default(),
            rate_limit: limit.and_then(|limit| rate_limit::rate_limit(&limit)),
            audit_log: root
                .child("auditLog")
                .map(|section| audit_log::audit_log(&section))
                .unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// Whether a token, a key or a password stands in a file: not a token's hash, and not where to take any from.
fn holds_secret(file: &Node) -> bool {
    let ignored = Problems::default();
    let root = View::root(file, &ignored);
    let tokens = || {
        Some(
            root.child("backend")?
                .child("auth")?
                .child("externalAccess")?
                .items(),
        )
    };
    let tokens = tokens().unwrap_or_default();
    let tokens = tokens
        .iter()
        .filter_map(|entry| entry.child("options")?.child("token"));
    let key = || {
        root.child("auditLog")?
            .child("https")?
            .child("certificate")?
            .child("key")
    };
    let store = || {
        let store = root.child("auditLog")?.child("store")?;
        let address = StoreAddress::from(store.secret()?.expose_secret());
        address.has_password().then_some(store)
    };
    let is_plain = |value: View| {
        let text = value.secret().map(ExposeSecret::expose_secret);
        text.is_some_and(|text| !text.contains("${") && TokenHash::parse(text).is_none())
    };
    let sender = || root.child("auditLog")?.child("sender")?.child("token");
    let others = [key(), store(), sender()];
    tokens.chain(others.into_iter().flatten()).any(is_plain)
}

/// One file's tree, with its includes resolved where they are read, and whether a secret stands in the file itself.
fn read_node(
    path: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(Node, bool), Problem> {
    let unreadable =
        |error: std::io::Error| Problem::of_file(path, format!("cannot be read: {error}"));
    let text = read_at_most(path, MAX_FILE).map_err(unreadable)?;
    let node = tree::parsed(path, &text)?;
    let includes = Includes {
        folder: path.parent().unwrap_or_else(|| Path::new("")),
        variable,
    };
    let holds_secret = holds_secret(&node);
    Ok((includes.resolved_below(node, &READ), holds_secret))
}

/// The keys that are read, from the top down.
const READ: [&[&str]; 3] = [
    &["backend", "auth", "externalAccess"],
    &["backend", "rateLimit"],
    &["auditLog"],
];

#[cfg(test)]
mod tests;
