//! Which source is asked, and with which token: flags, environment, profile.

use std::path::PathBuf;

use super::{
    environment::Environment,
    file::{Config, ConfigError, Profile},
    origin::{Origin, Sourced},
    token_source::{TokenSource, TokenStore},
};
use crate::address::{Address, AddressError, StoreAddress};

/// What the command line says about the source. At most one of the first four is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `--demo`.
    pub demo: bool,
    /// `--url`.
    pub url: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--store`.
    pub store: Option<PathBuf>,
    /// `--token-file`; `-` is standard input.
    pub token_file: Option<PathBuf>,
    /// `--ca-cert`.
    pub ca_cert: Option<PathBuf>,
}

/// What is asked.
#[derive(Debug)]
pub enum Which {
    /// The built-in sample trail.
    Demo,
    /// A store's file.
    Store(Sourced<StoreAddress>),
    /// A server.
    Server {
        /// Where it is.
        address: Sourced<Address>,
        /// The token, if there is one anywhere; not read yet.
        token: Option<TokenSource>,
        /// Certificates beside the system's.
        ca_cert: Option<Sourced<PathBuf>>,
        /// Whether the token may cross a network readable.
        allow_plain_http: Sourced<bool>,
    },
}

/// A source with the defaults of its profile.
#[derive(Debug)]
pub struct Target {
    /// What is asked.
    pub which: Which,
    /// The profile, and who named it.
    pub profile: Option<Sourced<String>>,
    /// The profile's output format.
    pub output: Option<String>,
    /// The profile's time zone.
    pub tz: Option<String>,
}

/// Why no source can be chosen.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Nothing names a source.
    #[error("no source of events is named")]
    NoSource,
    /// Two variables name a source each.
    #[error("{0} and {1} both name a source")]
    TwoSources(&'static str, &'static str),
    /// A profile without `url` and `store`, or with both.
    #[error("profile '{0}' needs either 'url' or 'store'")]
    Profile(String),
    /// Not the address of a server.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The configuration cannot be read, or has no such profile.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Target {
    /// The source, first found:
    ///
    /// 1. `--demo`, `--url`, `--profile` or `--store`
    /// 2. `AUDITLOG_URL`, `AUDITLOG_STORE` or `AUDITLOG_PROFILE`; two of them are an error
    /// 3. `default_profile` of the configuration
    pub fn chosen(
        asked: &Asked,
        environment: &Environment,
        config: &Config,
    ) -> Result<Self, SettingsError> {
        let builder = Builder {
            asked,
            environment,
            config,
        };
        if asked.demo {
            return Ok(Self::bare(Which::Demo));
        }
        if let Some(url) = &asked.url {
            return builder.server(url, Origin::Flag("--url"));
        }
        if let Some(name) = &asked.profile {
            return builder.profile(name, Origin::Flag("--profile"));
        }
        if let Some(path) = &asked.store {
            return Ok(builder.store(path.clone(), Origin::Flag("--store")));
        }
        match (&environment.url, &environment.store, &environment.profile) {
            (Some(_), Some(_), _) => {
                Err(SettingsError::TwoSources("AUDITLOG_URL", "AUDITLOG_STORE"))
            }
            (Some(_), _, Some(_)) => Err(SettingsError::TwoSources(
                "AUDITLOG_URL",
                "AUDITLOG_PROFILE",
            )),
            (_, Some(_), Some(_)) => Err(SettingsError::TwoSources(
                "AUDITLOG_STORE",
                "AUDITLOG_PROFILE",
            )),
            (Some(url), None, None) => builder.server(url, Origin::Variable("AUDITLOG_URL")),
            (None, Some(path), None) => {
                Ok(builder.store(path.clone(), Origin::Variable("AUDITLOG_STORE")))
            }
            (None, None, Some(name)) => builder.profile(name, Origin::Variable("AUDITLOG_PROFILE")),
            (None, None, None) => match &config.default_profile {
                Some(name) => builder.profile(name, Origin::DefaultProfile),
                None => Err(SettingsError::NoSource),
            },
        }
    }

    /// A store that is named by a command of its own.
    pub fn store(at: StoreAddress) -> Self {
        Self::bare(Which::Store(Sourced {
            value: at,
            from: Origin::Flag("--store"),
        }))
    }

    fn bare(which: Which) -> Self {
        Self {
            which,
            profile: None,
            output: None,
            tz: None,
        }
    }
}

struct Builder<'a> {
    asked: &'a Asked,
    environment: &'a Environment,
    config: &'a Config,
}

impl Builder<'_> {
    fn store(&self, value: PathBuf, from: Origin) -> Target {
        let value = value.into();
        Target::bare(Which::Store(Sourced { value, from }))
    }

    fn server(&self, url: &str, from: Origin) -> Result<Target, SettingsError> {
        let address = Sourced {
            value: Address::parse(url)?,
            from,
        };
        let token = self.given_token().or_else(|| self.environment_token());
        Ok(Target::bare(Which::Server {
            address,
            token,
            ca_cert: self.ca_cert(None),
            allow_plain_http: Sourced {
                value: false,
                from: Origin::BuiltIn,
            },
        }))
    }

    fn profile(&self, name: &str, from: Origin) -> Result<Target, SettingsError> {
        let profile = self.config.profile(name)?;
        let of_profile = || Origin::Profile(name.to_owned());
        let which = match (&profile.url, &profile.store) {
            (Some(url), None) => {
                let address = Sourced {
                    value: Address::parse(url)?,
                    from: of_profile(),
                };
                let origin = address.value.origin();
                let stored = TokenStore {
                    profile: name.to_owned(),
                    origin,
                };
                Which::Server {
                    token: Some(self.profile_token(profile, stored, &from)),
                    address,
                    ca_cert: self.ca_cert(Some((name, profile))),
                    allow_plain_http: match profile.allow_plain_http {
                        true => Sourced {
                            value: true,
                            from: of_profile(),
                        },
                        false => Sourced {
                            value: false,
                            from: Origin::BuiltIn,
                        },
                    },
                }
            }
            (None, Some(store)) => Which::Store(Sourced {
                value: store.into(),
                from: of_profile(),
            }),
            _ => return Err(SettingsError::Profile(name.to_owned())),
        };
        Ok(Target {
            which,
            profile: Some(Sourced {
                value: name.to_owned(),
                from,
            }),
            output: profile.output.clone(),
            tz: profile.tz.clone(),
        })
    }

    /// The token, first found:
    ///
    /// 1. `--token-file`
    /// 2. `AUDITLOG_TOKEN_FILE`, 3. `AUDITLOG_TOKEN`, for `--url`, `AUDITLOG_URL` and `AUDITLOG_PROFILE` alone:
    ///    a token that lies about in the environment must not go to a profile named for once
    /// 4. the profile's `token_command`
    /// 5. the profile's stored token
    fn profile_token(&self, profile: &Profile, stored: TokenStore, from: &Origin) -> TokenSource {
        let by_variable = matches!(from, Origin::Variable(_));
        self.given_token()
            .or_else(|| by_variable.then(|| self.environment_token()).flatten())
            .or_else(|| profile.token_command.clone().map(TokenSource::Command))
            .unwrap_or(TokenSource::Stored(stored))
    }

    fn given_token(&self) -> Option<TokenSource> {
        let path = self.asked.token_file.as_ref()?;
        Some(match path.as_os_str() == "-" {
            true => TokenSource::Stdin,
            false => TokenSource::File(Sourced {
                value: path.clone(),
                from: Origin::Flag("--token-file"),
            }),
        })
    }

    fn environment_token(&self) -> Option<TokenSource> {
        let from = Origin::Variable("AUDITLOG_TOKEN_FILE");
        let file = self.environment.token_file.clone();
        file.map(|value| TokenSource::File(Sourced { value, from }))
            .or_else(|| self.environment.token.clone().map(TokenSource::Variable))
    }

    /// `--ca-cert`, `AUDITLOG_CA_CERT`, the profile's.
    fn ca_cert(&self, profile: Option<(&str, &Profile)>) -> Option<Sourced<PathBuf>> {
        let sourced = |from: Origin| move |value: PathBuf| Sourced { value, from };
        let flag = self
            .asked
            .ca_cert
            .clone()
            .map(sourced(Origin::Flag("--ca-cert")));
        let variable = || {
            let value = self.environment.ca_cert.clone();
            value.map(sourced(Origin::Variable("AUDITLOG_CA_CERT")))
        };
        let saved = || {
            let (name, profile) = profile?;
            profile
                .ca_cert
                .clone()
                .map(sourced(Origin::Profile(name.to_owned())))
        };
        flag.or_else(variable).or_else(saved)
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, SettingsError, Target, Which};
    use crate::config::{Config, Environment, Origin, Profile, TokenSource};

    fn config() -> Config {
        let mut config = Config::default();
        let url = |url: &str| Profile {
            url: Some(url.into()),
            ..Profile::default()
        };
        config
            .profiles
            .insert("prod".into(), url("https://prod.example"));
        let command = Some(vec!["op".to_owned(), "read".to_owned()]);
        config.profiles.insert(
            "vault".into(),
            Profile {
                token_command: command,
                ..url("https://v.example")
            },
        );
        config.profiles.insert("empty".into(), Profile::default());
        config.default_profile = Some("prod".into());
        config
    }

    fn environment(names: &str) -> Environment {
        Environment::read(|name| {
            let mut pairs = names.split(' ').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        })
    }

    /// The origin that is asked and where its token comes from.
    fn chosen(asked: &Asked, names: &str) -> (String, &'static str) {
        let target = Target::chosen(asked, &environment(names), &config()).unwrap();
        let Which::Server { address, token, .. } = target.which else {
            panic!("not a server")
        };
        let token = match token {
            None => "none",
            Some(TokenSource::File(_)) => "file",
            Some(TokenSource::Stdin) => "stdin",
            Some(TokenSource::Variable(_)) => "variable",
            Some(TokenSource::Command(_)) => "command",
            Some(TokenSource::Stored(_)) => "stored",
        };
        (address.value.origin(), token)
    }

    fn profile(name: &str) -> Asked {
        Asked {
            profile: Some(name.into()),
            ..Asked::default()
        }
    }

    fn url(url: &str) -> Asked {
        Asked {
            url: Some(url.into()),
            ..Asked::default()
        }
    }

    #[test]
    fn the_first_that_names_a_source_wins() {
        let env = "AUDITLOG_URL=https://env.example";
        assert_eq!(
            chosen(&url("https://flag.example"), env).0,
            "https://flag.example"
        );
        assert_eq!(chosen(&profile("vault"), env).0, "https://v.example");
        assert_eq!(chosen(&Asked::default(), env).0, "https://env.example");
        assert_eq!(
            chosen(&Asked::default(), "AUDITLOG_PROFILE=vault").0,
            "https://v.example"
        );
        assert_eq!(
            chosen(&Asked::default(), "AUDITLOG_URL=").0,
            "https://prod.example"
        );
    }

    #[test]
    fn a_token_of_the_environment_never_goes_to_a_profile_named_by_a_flag() {
        let env = "AUDITLOG_TOKEN=secret-secret";
        assert_eq!(chosen(&url("https://flag.example"), env).1, "variable");
        assert_eq!(
            chosen(
                &Asked::default(),
                "AUDITLOG_TOKEN=s AUDITLOG_URL=https://e.example"
            )
            .1,
            "variable"
        );
        assert_eq!(
            chosen(&Asked::default(), "AUDITLOG_TOKEN=s AUDITLOG_PROFILE=vault").1,
            "variable"
        );
        assert_eq!(chosen(&profile("vault"), env).1, "command");
        assert_eq!(chosen(&profile("prod"), env).1, "stored");
        assert_eq!(chosen(&Asked::default(), env).1, "stored");
        let file = "AUDITLOG_TOKEN=s AUDITLOG_TOKEN_FILE=f";
        assert_eq!(chosen(&url("https://flag.example"), file).1, "file");
        assert_eq!(chosen(&url("https://flag.example"), "").1, "none");
        let given = Asked {
            token_file: Some("-".into()),
            ..profile("vault")
        };
        assert_eq!(chosen(&given, env).1, "stdin");
    }

    #[test]
    fn a_source_that_cannot_be_meant_is_an_error() {
        let of = |asked: &Asked, names: &str| {
            Target::chosen(asked, &environment(names), &config()).unwrap_err()
        };
        let two = of(
            &Asked::default(),
            "AUDITLOG_URL=https://e.example AUDITLOG_STORE=x",
        );
        assert!(matches!(
            two,
            SettingsError::TwoSources("AUDITLOG_URL", "AUDITLOG_STORE")
        ));
        assert!(matches!(
            of(&profile("empty"), ""),
            SettingsError::Profile(_)
        ));
        assert!(matches!(of(&profile("nope"), ""), SettingsError::Config(_)));
        let none = Target::chosen(&Asked::default(), &environment(""), &Config::default());
        assert!(matches!(none, Err(SettingsError::NoSource)));
    }

    #[test]
    fn a_store_and_the_demo_need_no_token() {
        let asked = Asked {
            store: Some("a.db".into()),
            ..Asked::default()
        };
        let target = Target::chosen(&asked, &environment(""), &config()).unwrap();
        assert!(
            matches!(target.which, Which::Store(store) if store.from == Origin::Flag("--store"))
        );
        let asked = Asked {
            demo: true,
            ..Asked::default()
        };
        let target = Target::chosen(&asked, &environment("AUDITLOG_TOKEN=s"), &config()).unwrap();
        assert!(matches!(target.which, Which::Demo));
    }
}
