//! `auditlog serve`: the audit-event API over a store.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args;
use secrecy::SecretString;

use super::{Context, demo, options::store_path, stop_signal, token::new_token};
use crate::{
    error::Error,
    server::{AcceptedTokens, Server},
    store::Store,
    token::{Token, TokenError},
};

/// Serve the audit-event API over a store
///
/// The first line of stdout is the URL; with --demo the second is the token. Ends on SIGINT and SIGTERM, after the
/// requests under way.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Serve this store; created where there is none [env: AUDITLOG_STORE]
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with = "demo",
        requires = "accept_token_file"
    )]
    store: Option<PathBuf>,
    /// Accept the tokens in this file, one a line
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    accept_token_file: Option<PathBuf>,
    /// Serve the built-in sample trail with a new token
    #[arg(long)]
    demo: bool,
    /// Listen here; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7017")]
    listen: SocketAddr,
}

impl ServeArgs {
    /// Serves until a signal says to stop.
    pub async fn run(&self, context: &Context) -> Result<(), Error> {
        let (store, tokens, shown) = self.open(context)?;
        let server = Server::bind(self.listen).await?;
        if !self.listen.ip().is_loopback() {
            context.ui.warning(
                "tokens and events cross the network unencrypted: put a proxy with TLS in front",
            );
        }
        let stop = stop_signal()?;
        let mut out = io::stdout().lock();
        writeln!(out, "{}", server.url())
            .and_then(|()| shown.map_or(Ok(()), |token| writeln!(out, "{}", token.expose())))
            .and_then(|()| out.flush())
            .map_err(Error::Output)?;
        drop(out);
        let tokens = AcceptedTokens::from_iter(tokens);
        server
            .serve(store, tokens, context.ui.clone(), stop)
            .await?;
        context.ui.note("stopped");
        Ok(())
    }

    /// What is served, for whom, and the token to show.
    fn open(&self, context: &Context) -> Result<(Store, Vec<SecretString>, Option<Token>), Error> {
        if self.demo {
            let token = new_token()?;
            return Ok((
                demo::store(context.now)?,
                vec![token.clone().into_secret()],
                Some(token),
            ));
        }
        let file = self
            .accept_token_file
            .as_deref()
            .ok_or(Error::NoAcceptedTokens)?;
        let tokens = read_tokens(file)?;
        if is_exposed(file) {
            let file = file.display();
            context.ui.warning(&format!(
                "others can read the tokens in {file}: chmod 600 it"
            ));
        }
        let path = store_path(self.store.as_ref(), &context.environment)?;
        Ok((Store::open(&path)?, tokens, None))
    }
}

/// Whether others than its owner can read a file.
#[cfg(unix)]
fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_path: &Path) -> bool {
    false
}

/// The tokens of a file, one a line, so that an old one can stay valid while a new one is handed out.
fn read_tokens(path: &Path) -> Result<Vec<SecretString>, Error> {
    let error = |error| Error::AcceptedTokens {
        path: path.to_owned(),
        error,
    };
    let text = SecretString::from(std::fs::read_to_string(path).map_err(error)?);
    let lines = secrecy::ExposeSecret::expose_secret(&text)
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty());
    let invalid = |line: usize, error: TokenError| Error::AcceptedToken {
        path: path.to_owned(),
        line,
        error,
    };
    let tokens: Vec<_> = lines
        .map(|(at, line)| {
            Token::parse(line)
                .map(Token::into_secret)
                .map_err(|e| invalid(at + 1, e))
        })
        .collect::<Result<_, _>>()?;
    match tokens.is_empty() {
        true => Err(Error::NoAcceptedTokens),
        false => Ok(tokens),
    }
}
