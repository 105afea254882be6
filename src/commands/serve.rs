//! `auditlog serve`: the audit-event API over a store.

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono::Utc;
use clap::{ArgGroup, Args};
use secrecy::SecretString;
use tokio::{sync::watch, task::spawn_blocking, time::timeout};

use super::{
    Context, answer, demo,
    options::store_address,
    reload::{self, Reload},
    server_log,
    stop::{reaches, stop_signals},
    token::new_token,
};
use crate::{
    address::StoreAddress,
    config::AppConfig,
    error::Error,
    files::is_exposed,
    output::counted,
    server::{AcceptedTokens, Access, Limits, Metrics, Server, Tls, keep_retention},
    store::Store,
    token::{Token, TokenError},
};

/// Where to listen, where nobody says it.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7017);

/// How long reading a configuration again may take.
const RELOAD: Duration = Duration::from_secs(10);

/// Serve the audit-event API over a store
///
/// The first line of stdout is the URL; with --demo the second is the token. Ends on SIGINT and SIGTERM, after the
/// requests under way; a second one ends it at once. With --config, SIGHUP reads tokens and rules again; without, it
/// ends the server, too.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("accepting").multiple(true))]
pub struct ServeArgs {
    /// Serve this store, a file or a postgres:// URL; created where there is none [env: AUDITLOG_STORE]
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with = "demo",
        requires = "accepting"
    )]
    store: Option<PathBuf>,
    /// Accept the tokens in this file, one a line; they may read
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "demo",
        group = "accepting"
    )]
    accept_token_file: Option<PathBuf>,
    /// Read tokens and settings from this app-config.yaml; may be repeated, the later file wins
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "demo",
        group = "accepting"
    )]
    config: Vec<PathBuf>,
    /// Check the configuration and end
    #[arg(long, requires = "config")]
    check: bool,
    /// Serve the built-in sample trail with a new token
    #[arg(long)]
    demo: bool,
    /// Listen here; port 0 takes any that is free [default: 127.0.0.1:7017]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// Who may ask, and what a client is shown.
struct Settings {
    config: AppConfig,
    access: Access,
    tls: Option<Tls>,
}

/// What is served, and for whom.
struct Opened {
    store: Store,
    settings: Settings,
    /// The token to show.
    shown: Option<Token>,
}

impl ServeArgs {
    /// Serves until a signal says to stop.
    pub async fn run(&self, context: &Context) -> Result<(), Error> {
        if self.check {
            return self.check(context);
        }
        let Opened {
            store,
            settings,
            shown,
        } = self.open(context)?;
        let Settings {
            config,
            access,
            tls,
        } = settings;
        let listen = self.listen.or(config.audit_log.listen).unwrap_or(LISTEN);
        let mut limits = Limits::default();
        limits.stop = config.audit_log.stop_within.unwrap_or(limits.stop);
        let mut server = Server::bind_with(listen, limits).await?;
        if let Some(listen) = config.audit_log.metrics {
            let address;
            (server, address) = server.with_metrics(listen).await?;
            let text = format!("metrics at http://{address}/metrics");
            context.ui.note(&text);
        }
        let tls = tls.map(watch::Sender::new);
        if let Some(tls) = &tls {
            server = server.over_tls(tls.subscribe());
        }
        if tls.is_none() && !listen.ip().is_loopback() {
            context.ui.warning(
                "tokens and events cross the network unencrypted: put a proxy with TLS in front",
            );
        }
        let reload = match self.config.is_empty() {
            true => None,
            false => Some(Reload::new()?),
        };
        let signals = stop_signals(reload.is_none())?;
        show(&server.url(), shown)?;
        let (now, access) = watch::channel(Arc::new(access));
        let now = Changing {
            access: now,
            tls,
            metrics: server.metrics(),
        };
        let reloading = reload::each(reload, async || self.reload(&config, &now, context).await);
        let retention = config.audit_log.retention;
        let keeping = keep_retention(store.clone(), retention, context.ui.clone());
        let stop = reaches(signals.clone(), 1);
        tokio::select! {
            never = keeping => match never {},
            ended = server.serve_while(store, access, context.ui.clone(), stop) => ended?,
            never = reloading => match never {},
            // Who asks twice does not wait for others.
            () = reaches(signals, 2) => return Err(Error::Interrupted),
        }
        context.ui.note("stopped");
        Ok(())
    }

    fn check(&self, context: &Context) -> Result<(), Error> {
        let config = self.read_config(context)?;
        let Settings { config, access, .. } = self.settings(config, context)?;
        match self.store_address(&config, context) {
            // Which one it is may be said when the server is started.
            Err(Error::NoStore) => {}
            at => Store::check_address(&at?)?,
        }
        let tokens = counted(access.tokens.len() as u64, "token");
        let rules = counted(
            config.audit_log.exclude_rules.len() as u64,
            "exclusion rule",
        );
        answer(&format!("valid: {tokens}, {rules} beside the default ones"))
    }

    /// What is served, for whom, and the token to show.
    fn open(&self, context: &Context) -> Result<Opened, Error> {
        if self.demo {
            server_log::start(None, &context.ui);
            let token = new_token()?;
            let tokens = AcceptedTokens::from_iter([token.clone().into_secret()]);
            return Ok(Opened {
                store: demo::store(context.now)?,
                settings: Settings {
                    config: AppConfig::default(),
                    access: tokens.into(),
                    tls: None,
                },
                shown: Some(token),
            });
        }
        let config = self.read_config(context)?;
        // Before anything else is said: what reads the log reads all of it.
        server_log::start(config.audit_log.log, &context.ui);
        let settings = self.settings(config, context)?;
        let at = self.store_address(&settings.config, context)?;
        Ok(Opened {
            store: Store::open(at)?,
            settings,
            shown: None,
        })
    }

    /// The flag's store, the configuration's, or that of the environment.
    fn store_address(&self, config: &AppConfig, context: &Context) -> Result<StoreAddress, Error> {
        match (&self.store, &config.audit_log.store) {
            (None, Some(configured)) => Ok(configured.clone()),
            (flag, _) => store_address(flag.as_ref(), &context.environment),
        }
    }

    /// The configuration; where several things are wrong with it, each is said.
    fn read_config(&self, context: &Context) -> Result<AppConfig, Error> {
        let variable = |name: &str| std::env::var(name).ok();
        let config = AppConfig::read(&self.config, &variable);
        Ok(config.inspect_err(|error| {
            if let [_, _, ..] = error.0.as_slice() {
                for problem in &error.0 {
                    context.ui.error(&problem.to_string());
                }
            }
        })?)
    }

    /// The tokens of the configuration and of the file of tokens, and the certificate.
    fn settings(&self, config: AppConfig, context: &Context) -> Result<Settings, Error> {
        for warning in &config.warnings {
            context.ui.warning(&warning.to_string());
        }
        for file in &config.secret_files {
            warn_of_exposed(file, "secrets", context);
        }
        let mut access = Access::from(config.clone());
        if let Some(file) = self.accept_token_file.as_deref() {
            let readers = AcceptedTokens::from_iter(read_tokens(file)?);
            access.tokens = access.tokens.and(readers);
            warn_of_exposed(file, "tokens", context);
        }
        if access.tokens.is_empty() {
            return Err(Error::NoAcceptedTokens);
        }
        let now = u64::try_from(Utc::now().timestamp()).unwrap_or_default();
        let tls = config.audit_log.https.as_ref();
        let tls = tls.map(|https| Tls::new(https, now)).transpose()?;
        if let Some(doubt) = tls.as_ref().and_then(|tls| tls.doubt) {
            let text = format!("the certificate in auditLog.https {doubt}: clients will refuse it");
            context.ui.warning(&text);
        }
        Ok(Settings {
            config,
            access,
            tls,
        })
    }

    /// Reads tokens, rules and certificate again; what is wrong with them leaves the old ones as they are.
    async fn reload(&self, at_start: &AppConfig, now: &Changing, context: &Context) {
        let (args, read_by) = (self.clone(), context.clone());
        // A file may lie on a disk that does not answer, or be a pipe: nobody else waits for it.
        let read = spawn_blocking(move || {
            let config = args.read_config(&read_by)?;
            args.settings(config, &read_by)
        });
        let read = match timeout(RELOAD, read).await {
            Ok(read) => read.unwrap_or(Err(Error::ReloadSlow)),
            Err(_) => Err(Error::ReloadSlow),
        };
        match read {
            Ok(settings) => {
                let changed = reload::at_restart(&at_start.audit_log, &settings.config.audit_log);
                for key in changed {
                    let text = format!("auditLog.{key} has changed: that needs a restart");
                    context.ui.warning(&text);
                }
                let tokens = counted(settings.access.tokens.len() as u64, "token");
                now.metrics.reloaded(true);
                now.access.send_replace(Arc::new(settings.access));
                if let (Some(showing), Some(tls)) = (&now.tls, settings.tls) {
                    showing.send_replace(tls);
                }
                context
                    .ui
                    .note(&format!("the configuration was read again: {tokens}"));
            }
            Err(error) => {
                now.metrics.reloaded(false);
                context
                    .ui
                    .error(&format!("{error}: the old configuration stays"));
            }
        }
    }
}

/// What a running server can be given anew.
struct Changing {
    access: watch::Sender<Arc<Access>>,
    tls: Option<watch::Sender<Tls>>,
    metrics: Arc<Metrics>,
}

/// The first lines of stdout.
fn show(url: &str, token: Option<Token>) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{url}")
        .and_then(|()| token.map_or(Ok(()), |token| writeln!(out, "{}", token.expose())))
        .and_then(|()| out.flush())
        .map_err(Error::Output)
}

fn warn_of_exposed(file: &Path, secrets: &str, context: &Context) {
    if is_exposed(file) {
        let file = file.display();
        context.ui.warning(&format!(
            "others can read the {secrets} in {file}: chmod 600 it"
        ));
    }
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
