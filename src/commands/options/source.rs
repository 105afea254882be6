//! Where the events come from, and opening it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;

use crate::{
    address::Address,
    client::{Client, DEFAULT_RETRIES, Options, Trace},
    commands::{Context, demo},
    config::{Asked, Environment, SettingsError, Target, TokenSource, Which},
    error::Error,
    query::parse_duration,
    source::Source,
    store::Store,
    token::Token,
};

/// The source of events. Without any of these: the default profile.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Source")]
pub struct SourceArgs {
    /// Ask the built-in sample trail
    #[arg(long, group = "place")]
    demo: bool,
    /// Ask this server; it may have a path prefix [env: AUDITLOG_URL]
    #[arg(long, value_name = "URL", group = "place")]
    url: Option<String>,
    /// Ask the server or store of this profile [env: AUDITLOG_PROFILE]
    #[arg(long, value_name = "NAME", group = "place")]
    profile: Option<String>,
    /// Ask a store's file [env: AUDITLOG_STORE]
    #[arg(long, value_name = "PATH", group = "place")]
    store: Option<PathBuf>,
    /// Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["demo", "store"])]
    token_file: Option<PathBuf>,
    /// Trust these PEM certificates beside the system's [env: AUDITLOG_CA_CERT]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["demo", "store"])]
    ca_cert: Option<PathBuf>,
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

/// A source that is ready to be asked.
pub struct Opened {
    /// The source.
    pub source: Source,
    /// The served sample trail, which ends with this value.
    _demo: Option<demo::Served>,
}

impl From<Source> for Opened {
    fn from(source: Source) -> Self {
        Self {
            source,
            _demo: None,
        }
    }
}

impl SourceArgs {
    /// The same source, with each request sent once.
    pub fn asking_once(&self) -> Self {
        Self {
            retries: 0,
            ..self.clone()
        }
    }

    /// What these options ask for, with the environment and the profile.
    pub fn target(&self, context: &Context) -> Result<Target, Error> {
        let asked = Asked {
            demo: self.demo,
            url: self.url.clone(),
            profile: self.profile.clone(),
            store: self.store.clone(),
            token_file: self.token_file.clone(),
            ca_cert: self.ca_cert.clone(),
        };
        let target = match asked.demo || asked.url.is_some() || asked.store.is_some() {
            // These need no profile: a broken configuration must not stand in their way.
            true => Target::chosen(&asked, &context.environment, &Default::default()),
            false => Target::chosen(&asked, &context.environment, &context.read_config()?),
        };
        Ok(target?)
    }

    /// Opens the source; nothing is asked yet.
    pub async fn open(&self, target: &Target, context: &Context) -> Result<Opened, Error> {
        match &target.which {
            Which::Store(path) => {
                refuse_postgres(&path.value)?;
                let store = Store::open_existing(&path.value)?;
                Ok(Opened {
                    source: Source::Store(store),
                    _demo: None,
                })
            }
            Which::Server { token, .. } => {
                let token = read_token(token.as_ref(), context).await?;
                Ok(Opened {
                    source: Source::Server(Arc::new(self.client(target, &token, context)?)),
                    _demo: None,
                })
            }
            Which::Demo => {
                let served = demo::serve(context.now, context.ui.clone()).await?;
                let address = Address::parse(&served.url).map_err(SettingsError::from)?;
                let options = Options {
                    ca_cert: None,
                    allow_plain_http: false,
                    ..self.options()
                };
                let client = Client::new(address, &served.token, options, trace(context))?;
                Ok(Opened {
                    source: Source::Server(Arc::new(client)),
                    _demo: Some(served),
                })
            }
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

    fn options(&self) -> Options {
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

fn trace(context: &Context) -> Trace {
    let ui = context.ui.clone();
    Box::new(move |level, text| match level {
        0 => ui.note(text),
        level => ui.trace(level, text),
    })
}

/// The file of the store that is named by a flag or else by the environment.
pub fn store_path(flag: Option<&PathBuf>, environment: &Environment) -> Result<PathBuf, Error> {
    let path = flag.or(environment.store.as_ref()).ok_or(Error::NoStore)?;
    refuse_postgres(path)?;
    Ok(path.clone())
}

/// The URL of a database is not repeated: it may hold a password.
pub fn refuse_postgres(path: &Path) -> Result<(), Error> {
    let text = path.to_string_lossy();
    match text.starts_with("postgres://") || text.starts_with("postgresql://") {
        true => Err(Error::PostgresStore),
        false => Ok(()),
    }
}
