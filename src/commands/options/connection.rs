//! How a server is reached: its token, certificates, patience and pace.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::{
    client::{Client, DEFAULT_RETRIES, Options, Trace},
    commands::Context,
    config::{Target, TokenSource, Which},
    error::Error,
    query::parse_duration,
    token::Token,
};

/// What every command that talks to a server takes.
#[derive(Args, Clone, Debug, Default)]
pub struct ConnectionArgs {
    /// Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Trust these PEM certificates beside the system's [env: AUDITLOG_CA_CERT]
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// Give up on a request after this time
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = positive)]
    timeout: Duration,
    /// Ask again this often where a failure may pass (429, 502, 503, 504, the network)
    #[arg(long, value_name = "N", default_value_t = DEFAULT_RETRIES)]
    retries: u32,
    /// Send no more requests than this, evenly spaced: N/s or N/m
    #[arg(long, value_name = "RATE", value_parser = spacing)]
    rate: Option<Duration>,
}

fn positive(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)
        .ok()
        .and_then(|duration| duration.to_std().ok());
    duration
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "a length of time like 30s or 2m".to_owned())
}

/// The time between two requests at a rate.
fn spacing(text: &str) -> Result<Duration, String> {
    let unit = |(count, unit): (&str, &str)| {
        let unit = match unit {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            _ => return None,
        };
        Some((count.parse::<u32>().ok().filter(|count| *count > 0)?, unit))
    };
    let rate = text.split_once('/').and_then(unit);
    let (count, unit) = rate.ok_or("a number of requests like 5/s or 100/m")?;
    Ok(unit / count)
}

impl ConnectionArgs {
    /// The same, with each request sent once.
    pub fn asking_once(&self) -> Self {
        Self {
            retries: 0,
            ..self.clone()
        }
    }

    /// A client for the server of `target`, with a token that was read.
    pub fn client(
        &self,
        target: &Target,
        token: &Token,
        context: &Context,
    ) -> Result<Client, Error> {
        let Which::Server {
            address,
            ca_cert,
            allow_plain_http,
            ..
        } = &target.which
        else {
            return Err(Error::NotAServer);
        };
        if allow_plain_http.value && address.value.is_plain_http() && !address.value.is_loopback() {
            let origin = address.value.origin();
            context.ui.warning(&format!(
                "the token goes to {origin} unencrypted, as the profile allows"
            ));
        }
        let options = Options {
            ca_cert: ca_cert.as_ref().map(|path| path.value.clone()),
            allow_plain_http: allow_plain_http.value,
            ..self.options()
        };
        Ok(Client::new(
            address.value.clone(),
            token,
            options,
            trace(context),
        )?)
    }

    /// What they say of a request.
    pub fn options(&self) -> Options {
        Options {
            ca_cert: None,
            allow_plain_http: false,
            timeout: self.timeout,
            retries: self.retries,
            spacing: self.rate.unwrap_or_default(),
        }
    }
}

/// Reads the token of a server.
pub async fn read_token(source: Option<&TokenSource>, context: &Context) -> Result<Token, Error> {
    let source = source.ok_or(Error::NoToken)?;
    let dir = context.config_dir().ok();
    Ok(source.read(dir.as_ref()).await?)
}

/// Where a client says what it does.
pub fn trace(context: &Context) -> Trace {
    let ui = context.ui.clone();
    Box::new(move |level, text| match level {
        0 => ui.note(text),
        level => ui.trace(level, text),
    })
}
