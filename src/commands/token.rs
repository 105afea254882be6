//! `auditlog token`: make, check, keep and try a token.

use std::io::{self, IsTerminal, Read};

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};

use super::{
    Context, answer,
    options::{SourceArgs, read_token},
    summary::events,
};
use crate::{
    address::Address,
    config::{
        Asked, Target, TokenSource, Which, read_stored_token, remove_stored_token,
        write_stored_token,
    },
    error::Error,
    query::{Query, Request, Window},
    random,
    token::{DEFAULT_BYTES, Encoding, Token, TokenHash},
};

/// Fewest random bytes of a token whose hash is given away.
const LEAST_HASHED: u16 = 16;

/// Make, check, keep and try the access token
#[derive(Args, Clone, Debug)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum TokenCommand {
    Generate(GenerateArgs),
    Validate(ValidateArgs),
    /// Keep the token of a profile
    ///
    /// Read from standard input, or asked for without showing it; kept in credentials.toml, readable by you alone.
    Set(ProfileArg),
    Status(Box<StatusArgs>),
    /// Forget the stored token of a profile
    Remove(ProfileArg),
}

/// Print a new random token
///
/// The token goes to stdout, alone; where to put it goes to stderr.
#[derive(Args, Clone, Debug)]
struct GenerateArgs {
    /// Take this many random bytes from the operating system
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BYTES, value_parser = clap::value_parser!(u16).range(6..=1024))]
    bytes: u16,
    /// Write them as text this way
    #[arg(long, value_enum, default_value_t = Encoding::Base64)]
    encoding: Encoding,
    /// Keep the token for this profile too
    #[arg(long, value_name = "PROFILE")]
    save: Option<String>,
    /// Print its SHA-256 too, in a second line: a server's configuration takes it in place of the token
    #[arg(long)]
    hash: bool,
}

/// Check that a server can take a token
///
/// Read from standard input, or asked for without showing it; with --profile the stored one. Nothing is sent.
#[derive(Args, Clone, Debug)]
struct ValidateArgs {
    /// Check the stored token of this profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

// Without a `///`: it would stand as the help of `set` and `remove`, in place of theirs.
#[derive(Args, Clone, Debug)]
struct ProfileArg {
    /// The profile. Default: the default profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// Tell where the token comes from, and whether the server takes it
#[derive(Args, Clone, Debug)]
struct StatusArgs {
    #[command(flatten)]
    source: SourceArgs,
}

impl TokenArgs {
    /// Does what was asked.
    pub async fn run(&self, context: &Context) -> Result<(), Error> {
        match &self.command {
            TokenCommand::Generate(args) => args.run(context),
            TokenCommand::Validate(args) => args.run(context),
            TokenCommand::Set(args) => set(args, context),
            TokenCommand::Status(args) => args.run(context).await,
            TokenCommand::Remove(args) => remove(args, context),
        }
    }
}

impl GenerateArgs {
    fn run(&self, context: &Context) -> Result<(), Error> {
        let profile = self
            .save
            .as_deref()
            .map(|name| server_profile(Some(name), context))
            .transpose()?;
        // A hash may be read by others, who would find a short token by trying all.
        if self.hash && self.bytes < LEAST_HASHED {
            return Err(Error::WeakHash);
        }
        let token = random_token(self.bytes, self.encoding)?;
        if let Some(profile) = &profile {
            write_stored_token(
                &context.config_dir()?,
                &profile.name,
                &profile.address.origin(),
                &token,
            )?;
        }
        answer(token.expose())?;
        if self.hash {
            answer(&TokenHash::from(&token).to_string())?;
        }
        context.ui.note(
            "Paste it in Portal under App Settings → External access → audit-log-api-access, then \
             'Update item' and 'Save'. Portal will not show it again: keep it safe.",
        );
        match profile {
            Some(profile) => context
                .ui
                .note(&format!("It is kept for profile '{}'.", profile.name)),
            None => context.ui.note("To keep it here too: auditlog token set"),
        }
        Ok(())
    }
}

impl ValidateArgs {
    fn run(&self, context: &Context) -> Result<(), Error> {
        let token = match &self.profile {
            Some(name) => stored_token(name, context)?,
            None => typed_token()?,
        };
        answer(&format!(
            "valid: {} characters, no white space",
            token.expose().chars().count()
        ))
    }
}

fn set(args: &ProfileArg, context: &Context) -> Result<(), Error> {
    let profile = server_profile(args.profile.as_deref(), context)?;
    let token = typed_token()?;
    let dir = context.config_dir()?;
    write_stored_token(&dir, &profile.name, &profile.address.origin(), &token)?;
    let place = dir.credentials_file();
    context.ui.note(&format!(
        "the token of profile '{}' is kept in {}",
        profile.name,
        place.display()
    ));
    Ok(())
}

fn remove(args: &ProfileArg, context: &Context) -> Result<(), Error> {
    let profile = server_profile(args.profile.as_deref(), context)?;
    let removed = remove_stored_token(&context.config_dir()?, &profile.name)?;
    context.ui.note(&match removed {
        true => format!("the token of profile '{}' is forgotten", profile.name),
        false => format!("no token was stored for profile '{}'", profile.name),
    });
    Ok(())
}

impl StatusArgs {
    async fn run(&self, context: &Context) -> Result<(), Error> {
        let target = self.source.target(context)?;
        let (place, token) = match &target.which {
            Which::Server { address, token, .. } => {
                let from = &address.from;
                answer(&format!("server  {} ({from})", address.value))?;
                (
                    token.as_ref().map(TokenSource::place),
                    read_token(token.as_ref(), context).await?,
                )
            }
            Which::Demo | Which::Store(_) => return Err(Error::NotAServer),
        };
        let place = place.unwrap_or_default();
        answer(&format!(
            "token   {place}, {} characters",
            token.expose().chars().count()
        ))?;
        let client = self.source.client(&target, &token, context)?;
        let query = Query {
            window: Window::default(),
            filters: Vec::new(),
        };
        let page = client
            .fetch(&Request {
                query,
                limit: 1,
                offset: 0,
            })
            .await?
            .page;
        let total = page.total.map_or_else(String::new, |total| {
            format!("; {} in the last 30 days", events(total))
        });
        answer(&format!("answer  200: the server takes the token{total}"))
    }
}

/// A profile that asks a server.
struct ServerProfile {
    name: String,
    address: Address,
}

/// The profile named, or the default one; it must ask a server.
fn server_profile(name: Option<&str>, context: &Context) -> Result<ServerProfile, Error> {
    let config = context.read_config()?;
    let name = name
        .map(str::to_owned)
        .or_else(|| context.environment.profile.clone())
        .or_else(|| config.default_profile.clone())
        .ok_or(Error::NoProfile)?;
    let asked = Asked {
        profile: Some(name.clone()),
        ..Asked::default()
    };
    match Target::chosen(&asked, &context.environment, &config)?.which {
        Which::Server { address, .. } => Ok(ServerProfile {
            name,
            address: address.value,
        }),
        Which::Demo | Which::Store(_) => Err(Error::NotAServer),
    }
}

fn stored_token(name: &str, context: &Context) -> Result<Token, Error> {
    let profile = server_profile(Some(name), context)?;
    let origin = profile.address.origin();
    let token = read_stored_token(&context.config_dir()?, &profile.name, &origin)?;
    token.ok_or(Error::NoToken)
}

/// The token that a person types without seeing it, or that is piped in.
fn typed_token() -> Result<Token, Error> {
    let text: SecretString = match io::stdin().is_terminal() {
        true => rpassword::prompt_password("Token (not shown): ")
            .map_err(Error::Stdin)?
            .into(),
        false => {
            let mut text = String::new();
            io::stdin()
                .take(64 * 1024)
                .read_to_string(&mut text)
                .map_err(Error::Stdin)?;
            text.into()
        }
    };
    // The line's end is not the token's; any other white space is a mistake that must be said.
    let text = text.expose_secret();
    let text = text
        .strip_suffix('\n')
        .map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    Ok(Token::parse(text)?)
}

/// A token as Portal's guide makes one.
pub fn new_token() -> Result<Token, Error> {
    random_token(DEFAULT_BYTES, Encoding::Base64)
}

fn random_token(bytes: u16, encoding: Encoding) -> Result<Token, Error> {
    let mut random = vec![0; bytes.into()];
    random::fill(&mut random)?;
    Ok(Token::from_random(&random, encoding)?)
}
