//! Where the events come from, and opening it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use super::connection::{ConnectionArgs, read_token, trace};
use crate::{
    address::{Address, StoreAddress},
    client::{Client, Options},
    commands::{Context, demo},
    config::{Asked, Environment, SettingsError, Target, Which},
    error::Error,
    files::is_same,
    source::Source,
    store::Store,
    token::Token,
};

/// The source of events. Without any of these: the default profile.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Source")]
pub struct SourceArgs {
    /// Ask the built-in sample trail
    #[arg(long, group = "place", conflicts_with_all = ["token_file", "ca_cert"])]
    demo: bool,
    /// Ask this server; it may have a path prefix [env: AUDITLOG_URL]
    #[arg(long, value_name = "URL", group = "place")]
    url: Option<String>,
    /// Ask the server or store of this profile [env: AUDITLOG_PROFILE]
    #[arg(long, value_name = "NAME", group = "place")]
    profile: Option<String>,
    /// Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]
    #[arg(long, value_name = "PATH", group = "place", conflicts_with_all = ["token_file", "ca_cert"])]
    store: Option<PathBuf>,
    #[command(flatten)]
    connection: ConnectionArgs,
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
    /// A store, or a profile that may have one.
    pub fn of_store(store: Option<PathBuf>, profile: Option<String>) -> Self {
        Self {
            store,
            profile,
            ..Self::default()
        }
    }

    /// The same source, with each request sent once.
    pub fn asking_once(&self) -> Self {
        Self {
            connection: self.connection.asking_once(),
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
            token_file: self.connection.token_file.clone(),
            ca_cert: self.connection.ca_cert.clone(),
        };
        if let Some(store) = &self.store {
            refuse_password(store)?;
        }
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
            Which::Store(at) => {
                let store = Store::open_existing(at.value.clone())?;
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
                    ..self.connection.options()
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
        self.connection.client(target, token, context)
    }
}

/// What is written must not go where the asked store is.
pub fn refuse_store_as_output(target: &Target, files: &[Option<&Path>]) -> Result<(), Error> {
    let Which::Store(at) = &target.which else {
        return Ok(());
    };
    let store = at.value.file();
    let is_store = |path: &&Path| store.is_some_and(|store| is_same(store, path));
    match files.iter().flatten().copied().find(is_store) {
        None => Ok(()),
        Some(path) => Err(Error::OutputIsStore(path.to_owned())),
    }
}

/// The store that is named by a flag or else by the environment.
pub fn store_address(
    flag: Option<&PathBuf>,
    environment: &Environment,
) -> Result<StoreAddress, Error> {
    if let Some(flag) = flag {
        refuse_password(flag)?;
    }
    let named = flag.or(environment.store.as_ref()).ok_or(Error::NoStore)?;
    Ok(named.into())
}

/// Arguments are seen by everybody on the machine. The URL is not repeated.
pub fn refuse_password(argument: &Path) -> Result<(), Error> {
    match StoreAddress::from(argument).has_password() {
        true => Err(Error::PasswordInArgument),
        false => Ok(()),
    }
}
