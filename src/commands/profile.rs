//! `auditlog profile`: saved sources.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{Table, presets::NOTHING};

use super::{Context, answer, options::refuse_password};
use crate::{
    address::{Address, StoreAddress},
    config::{
        Asked, Config, ConfigDir, Profile, SettingsError, Sourced, Target, TokenSource, Which,
        read_stored_token, remove_stored_token,
    },
    error::Error,
    output::{OutputFormat, visible},
    query::Zone,
    store::Store,
};

/// Save, list and choose sources
#[derive(Args, Clone, Debug)]
pub struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum ProfileCommand {
    Add(Box<AddArgs>),
    /// List the profiles; * marks the default
    List,
    Show(ShowArgs),
    /// Make a profile the default
    Use(NameArg),
    /// Remove a profile and its stored token
    Remove(NameArg),
}

#[derive(Args, Clone, Debug)]
struct NameArg {
    /// The profile's name
    name: String,
}

/// Save a source under a name
///
/// The first profile becomes the default. Its token: auditlog token set, or --token-command.
#[derive(Args, Clone, Debug)]
struct AddArgs {
    /// The profile's name
    name: String,
    /// Address of a server; it may have a path prefix
    #[arg(
        long,
        value_name = "URL",
        required_unless_present = "store",
        conflicts_with = "store"
    )]
    url: Option<String>,
    /// A store instead of a server: a file, or a database by its postgres:// URL
    #[arg(long, value_name = "PATH", conflicts_with_all = ["ca_cert", "allow_plain_http", "token_command"])]
    store: Option<PathBuf>,
    /// Trust these PEM certificates beside the system's
    #[arg(long, value_name = "FILE")]
    ca_cert: Option<PathBuf>,
    /// Let the token cross a network over plain http
    #[arg(long)]
    allow_plain_http: bool,
    /// Write in this format unless asked otherwise
    #[arg(long, value_enum, value_name = "FORMAT")]
    output: Option<OutputFormat>,
    /// Read and show times in this zone unless asked otherwise
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Replace a profile of the same name
    #[arg(long)]
    replace: bool,
    /// Run this program for the token: its name and arguments, without a shell; comes last
    #[arg(long, value_name = "PROGRAM", num_args = 1.., allow_hyphen_values = true)]
    token_command: Option<Vec<String>>,
}

/// Show a profile's settings, and where each comes from
#[derive(Args, Clone, Debug)]
struct ShowArgs {
    /// The profile's name. Default: the one that a command without a source takes
    name: Option<String>,
}

impl ProfileArgs {
    /// Does what was asked.
    pub fn run(&self, context: &Context) -> Result<(), Error> {
        match &self.command {
            ProfileCommand::Add(args) => args.run(context),
            ProfileCommand::List => list(context),
            ProfileCommand::Show(args) => args.run(context),
            ProfileCommand::Use(args) => {
                context.read_config()?.profile(&args.name)?;
                Config::write_default(&context.config_dir()?, &args.name)?;
                context
                    .ui
                    .note(&format!("'{}' is the default profile", args.name));
                Ok(())
            }
            ProfileCommand::Remove(args) => {
                context.read_config()?.profile(&args.name)?;
                let dir = context.config_dir()?;
                remove_stored_token(&dir, &args.name)?;
                Config::remove_profile(&dir, &args.name)?;
                context
                    .ui
                    .note(&format!("profile '{}' is removed", args.name));
                Ok(())
            }
        }
    }
}

impl AddArgs {
    fn plan(&self) -> Result<Profile, Error> {
        if let Some(url) = &self.url {
            Address::parse(url).map_err(SettingsError::from)?;
        }
        if let Some(store) = &self.store {
            refuse_password(store)?;
        }
        if let Some(zone) = &self.tz {
            Zone::parse(zone)?;
        }
        let store = self.store.as_ref().map(StoreAddress::from);
        if let Some(store) = &store {
            Store::check_address(store)?;
        }
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let output = self.output.and_then(|format| format.to_possible_value());
        Ok(Profile {
            url: self.url.clone(),
            store: match &store {
                Some(StoreAddress::File(path)) => Some(absolute(path)),
                _ => self.store.clone(),
            },
            token_command: self.token_command.clone(),
            ca_cert: self.ca_cert.as_ref().map(absolute),
            allow_plain_http: self.allow_plain_http,
            output: output.map(|value| value.get_name().to_owned()),
            tz: self.tz.clone(),
        })
    }

    fn run(&self, context: &Context) -> Result<(), Error> {
        let profile = self.plan()?;
        let config = context.read_config()?;
        if config.profiles.contains_key(&self.name) && !self.replace {
            return Err(Error::ProfileExists(self.name.clone()));
        }
        let dir = context.config_dir()?;
        let default = config.default_profile.is_none();
        Config::write_profile(&dir, &self.name, &profile, default)?;
        let place = dir.config_file();
        context.ui.note(&format!(
            "profile '{}' is kept in {}",
            self.name,
            place.display()
        ));
        if default {
            context
                .ui
                .note(&format!("'{}' is the default profile", self.name));
        }
        if profile.url.is_some() && profile.token_command.is_none() {
            context
                .ui
                .note(&format!("next: auditlog token set --profile {}", self.name));
        }
        Ok(())
    }
}

fn list(context: &Context) -> Result<(), Error> {
    let config = context.read_config()?;
    if config.profiles.is_empty() {
        context
            .ui
            .note("no profiles; add one: auditlog profile add NAME --url URL");
        return Ok(());
    }
    let mut rows = Vec::new();
    for (name, profile) in &config.profiles {
        let default = if config.default_profile.as_ref() == Some(name) {
            "*"
        } else {
            ""
        };
        let store = profile.store.as_ref().map(StoreAddress::from);
        let source = match (&profile.url, store) {
            (Some(url), _) => match Address::parse(url) {
                Ok(address) => address.to_string(),
                Err(error) => error.to_string(),
            },
            (None, store) => store.map(|it| it.to_string()).unwrap_or_default(),
        };
        rows.push([default.to_owned(), name.clone(), source]);
    }
    answer(&aligned(["", "NAME", "SOURCE"], &rows))
}

impl ShowArgs {
    fn run(&self, context: &Context) -> Result<(), Error> {
        let config = context.read_config()?;
        let asked = Asked {
            profile: self.name.clone(),
            ..Asked::default()
        };
        let target = Target::chosen(&asked, &context.environment, &config)?;
        let dir = context.config_dir().ok();
        let settings = settings(&target, dir.as_ref());
        answer(&aligned(["SETTING", "VALUE", "FROM"], &settings))
    }
}

/// Name, value and origin of each setting.
fn settings(target: &Target, dir: Option<&ConfigDir>) -> Vec<[String; 3]> {
    let mut rows = Vec::new();
    let mut row =
        |name: &str, value: String, from: String| rows.push([name.to_owned(), value, from]);
    let saved = target.profile.as_ref();
    if let Some(Sourced { value, from }) = saved {
        row("profile", value.clone(), from.to_string());
    }
    match &target.which {
        Which::Demo => row("source", "the sample trail".to_owned(), "--demo".to_owned()),
        Which::Store(at) => row("store", at.value.to_string(), at.from.to_string()),
        Which::Server {
            address,
            token,
            ca_cert,
            allow_plain_http,
        } => {
            row("url", address.value.to_string(), address.from.to_string());
            let place = token
                .as_ref()
                .map_or_else(|| "none".to_owned(), TokenSource::place);
            row("token", shown(token.as_ref(), dir).to_owned(), place);
            let cert = ca_cert.as_ref();
            let path = cert.map_or_else(
                || "the system's alone".to_owned(),
                |cert| cert.value.display().to_string(),
            );
            row(
                "ca_cert",
                path,
                cert.map_or_else(|| "built in".to_owned(), |cert| cert.from.to_string()),
            );
            let (value, from) = (allow_plain_http.value, &allow_plain_http.from);
            row("allow_plain_http", value.to_string(), from.to_string());
        }
    }
    let name = saved.map_or_else(String::new, |saved| format!("profile '{}'", saved.value));
    for (key, value, built_in) in [
        ("output", &target.output, "table"),
        ("tz", &target.tz, "local"),
    ] {
        match value {
            Some(value) => row(key, value.clone(), name.clone()),
            None => row(key, built_in.to_owned(), "built in".to_owned()),
        }
    }
    rows
}

/// What there is to say of a token: whether there is one, as far as that can be seen without asking for it.
fn shown(token: Option<&TokenSource>, dir: Option<&ConfigDir>) -> &'static str {
    let stored = match (token, dir) {
        (Some(TokenSource::Stored(store)), Some(dir)) => {
            read_stored_token(dir, &store.profile, &store.origin)
        }
        (None | Some(TokenSource::Stored(_)), _) => Ok(None),
        (Some(_), _) => return "(not shown)",
    };
    match stored {
        Ok(Some(_)) => "(not shown)",
        Ok(None) => "none",
        Err(_) => "cannot be used",
    }
}

/// Columns one under the other, harmless.
fn aligned(header: [&str; 3], rows: &[[String; 3]]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header);
    for row in rows {
        table.add_row(row.iter().map(|cell| visible(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}
