//! Reads the token from where it is kept.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::{io::AsyncReadExt, process::Command, time::timeout};

use super::{
    credentials::{CredentialsError, read_stored_token},
    environment::TOKEN_VARIABLES,
    origin::Sourced,
    paths::ConfigDir,
};
use crate::token::{Token, TokenError};

/// How long a `token_command` may take; a person may have to touch a key.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest text that is read as a token.
const MAX_TEXT: u64 = 64 * 1024;

/// Where a token is kept.
#[derive(Debug)]
pub enum TokenSource {
    /// A file.
    File(Sourced<PathBuf>),
    /// Standard input, for `--token-file -`.
    Stdin,
    /// `AUDITLOG_TOKEN`.
    Variable(SecretString),
    /// A program and its arguments; no shell.
    Command(Vec<String>),
    /// `credentials.toml`.
    Stored(TokenStore),
}

/// A place in `credentials.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenStore {
    /// The profile.
    pub profile: String,
    /// The origin that the token must belong to.
    pub origin: String,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum TokenSourceError {
    #[error("cannot read the token from {place}: {error}")]
    Read { place: String, error: io::Error },
    #[error("{place} holds no usable token: {error}")]
    Token { place: String, error: TokenError },
    #[error("token_command is empty")]
    NoCommand,
    #[error("token_command '{program}' cannot be run: {error}")]
    Start { program: String, error: io::Error },
    #[error("token_command '{program}' ended with {status}")]
    Failed { program: String, status: String },
    #[error("token_command '{program}' did not end within {} s", COMMAND_TIMEOUT.as_secs())]
    Slow { program: String },
    #[error("no token is stored for profile '{}'", .0.profile)]
    NotStored(TokenStore),
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
}

impl TokenSource {
    /// Where it is kept, for a person; never the token, and no argument of a command.
    pub fn place(&self) -> String {
        match self {
            Self::File(path) => format!("{} ({})", path.value.display(), path.from),
            Self::Stdin => "standard input (--token-file -)".to_owned(),
            Self::Variable(_) => "AUDITLOG_TOKEN".to_owned(),
            Self::Command(command) => {
                format!(
                    "token_command '{}'",
                    command.first().map_or("", String::as_str)
                )
            }
            Self::Stored(store) => format!("credentials.toml, profile '{}'", store.profile),
        }
    }

    /// Reads the token.
    pub async fn read(&self, dir: Option<&ConfigDir>) -> Result<Token, TokenSourceError> {
        match self {
            Self::File(path) => self.checked(&self.text(File::open(&path.value))?),
            Self::Stdin => self.checked(&self.text(Ok(io::stdin()))?),
            Self::Variable(text) => self.checked(text),
            Self::Command(command) => self.checked(&output_of(command).await?),
            Self::Stored(store) => {
                let stored = match dir {
                    Some(dir) => read_stored_token(dir, &store.profile, &store.origin)?,
                    None => None,
                };
                stored.ok_or_else(|| TokenSourceError::NotStored(store.clone()))
            }
        }
    }

    fn checked(&self, text: &SecretString) -> Result<Token, TokenSourceError> {
        let error = |error| TokenSourceError::Token {
            place: self.place(),
            error,
        };
        // Files and commands end with a newline, which is not the token's.
        Token::parse(text.expose_secret().trim_end_matches(['\r', '\n'])).map_err(error)
    }

    fn text(&self, source: io::Result<impl Read>) -> Result<SecretString, TokenSourceError> {
        let mut text = String::new();
        source
            .and_then(|source| source.take(MAX_TEXT).read_to_string(&mut text))
            .map_err(|error| TokenSourceError::Read {
                place: self.place(),
                error,
            })?;
        Ok(text.into())
    }
}

/// Runs a `token_command`: no shell, no standard input, none of our own token variables.
async fn output_of(command: &[String]) -> Result<SecretString, TokenSourceError> {
    let (program, arguments) = command.split_first().ok_or(TokenSourceError::NoCommand)?;
    let program = || program.clone();
    let start = |error| TokenSourceError::Start {
        program: program(),
        error,
    };
    let mut process = Command::new(program());
    for variable in TOKEN_VARIABLES {
        process.env_remove(variable);
    }
    process
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = process.spawn().map_err(start)?;
    let stdout = child.stdout.take();
    let work = async {
        let mut text = String::new();
        if let Some(stdout) = stdout {
            stdout.take(MAX_TEXT).read_to_string(&mut text).await?;
        }
        Ok((SecretString::from(text), child.wait().await?))
    };
    let finished = timeout(COMMAND_TIMEOUT, work).await;
    let (text, status) = finished
        .map_err(|_| TokenSourceError::Slow { program: program() })?
        .map_err(start)?;
    match status.success() {
        true => Ok(text),
        false => Err(TokenSourceError::Failed {
            program: program(),
            status: status.to_string(),
        }),
    }
}
