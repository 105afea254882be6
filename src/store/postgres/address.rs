//! What the URL of a database says: what the driver reads, and what it leaves to us about TLS and passwords.

use std::{env, fs, path::PathBuf, time::Duration};

use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use super::tls::{Tls, Trust};
use crate::{address::DatabaseUrl, files::is_exposed};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Where a server listens that is on this machine and named by no host.
const SOCKETS: &str = "/var/run/postgresql";
const CONNECT: Duration = Duration::from_secs(10);
/// After how long without a word, or with one that does not arrive, a connection is looked after, or given up.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Reads a URL as libpq does, with its variables for passwords. Gives why not, without anything secret.
pub(super) fn read(url: &DatabaseUrl) -> Result<(Config, Tls), String> {
    if !SCHEMES.iter().any(|it| url.expose().starts_with(it)) {
        return Err("a store is a file, or a database at postgres://".to_owned());
    }
    let (rest, modes, roots) = split(url.expose());
    // The driver's own words: they name keys, never values.
    let mut config: Config = rest
        .parse()
        .map_err(|error| crate::store::error::reasons(&error))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host_path(SOCKETS);
    }
    let is_local = config.get_hosts().iter().all(is_local)
        && config.get_hostaddrs().iter().all(|it| it.is_loopback());
    let (mode, trust) = match modes.as_deref() {
        Some("disable") => (SslMode::Disable, Trust::Anyone),
        Some("allow" | "prefer") => (SslMode::Prefer, Trust::Anyone),
        Some("require") if roots.is_none() => (SslMode::Require, Trust::Anyone),
        Some("require" | "verify-ca") => (SslMode::Require, Trust::Authority),
        Some("verify-full") => (SslMode::Require, Trust::Name),
        Some(_) => {
            return Err("sslmode is disable, prefer, require, verify-ca or verify-full".to_owned());
        }
        // Over a network, nothing but a server that can prove its name.
        None if !is_local => (SslMode::Require, Trust::Name),
        None => (SslMode::Prefer, Trust::Anyone),
    };
    // The driver names the server when it begins TLS.
    if mode == SslMode::Require && config.get_hosts().is_empty() {
        return Err("TLS needs a name: beside hostaddr, say host".to_owned());
    }
    let is_socket = |host: &Host| matches!(host, Host::Unix(_));
    config.ssl_mode(match config.get_hosts().iter().all(is_socket) {
        true => SslMode::Disable,
        false => mode,
    });
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    config.keepalives_idle(KEEPALIVE);
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(KEEPALIVE);
    }
    if config.get_application_name().is_none() {
        config.application_name("auditlog");
    }
    if config.get_password().is_none() {
        add_password(&mut config);
    }
    Ok((config, Tls::new(trust, roots.as_deref())?))
}

/// A URL without `sslmode` and `sslrootcert`, and these: the driver knows fewer modes, and no certificates.
fn split(url: &str) -> (String, Option<String>, Option<PathBuf>) {
    let Some((place, parameters)) = url.split_once('?') else {
        return (url.to_owned(), None, None);
    };
    let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
    for parameter in parameters.split('&') {
        let pair = url::form_urlencoded::parse(parameter.as_bytes()).next();
        match pair {
            Some((name, value)) if name == "sslmode" => mode = Some(value.into_owned()),
            Some((name, value)) if name == "sslrootcert" => {
                roots = (value != "system").then(|| PathBuf::from(value.as_ref()));
            }
            _ => rest.push(parameter),
        }
    }
    (format!("{place}?{}", rest.join("&")), mode, roots)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let ip = name.parse::<std::net::IpAddr>();
            name == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
        }
    }
}

/// The password of `PGPASSWORD`, or the one of the password file that is meant for this server, database and user.
fn add_password(config: &mut Config) {
    if let Ok(password) = env::var("PGPASSWORD") {
        config.password(password);
        return;
    }
    let named = env::var_os("PGPASSFILE").map(PathBuf::from);
    let Some(path) = named.or_else(|| Some(env::home_dir()?.join(".pgpass"))) else {
        return;
    };
    // As libpq: what others may read is not used.
    if is_exposed(&path) {
        return;
    }
    let Ok(text) = fs::read_to_string(&path) else {
        return;
    };
    let user = config.get_user().unwrap_or_default().to_owned();
    let name = config.get_dbname().unwrap_or(&user).to_owned();
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        _ => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let asked = [host, port.to_string(), name, user];
    if let Some(password) = password_in(&text, &asked) {
        config.password(password);
    }
}

/// The password of the first line `host:port:database:user:password` that fits; `*` fits anything, `\` stands before a
/// character that is meant.
fn password_in(text: &str, asked: &[String; 4]) -> Option<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(fields).find_map(|mut fields| {
        let password = (fields.len() == 5).then(|| fields.pop()).flatten()?;
        let fits = |(field, asked): (&String, &String)| field == "*" || field == asked;
        fields.iter().zip(asked).all(fits).then_some(password)
    })
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => {
                if let (Some(field), Some(meant)) = (fields.last_mut(), chars.next()) {
                    field.push(meant);
                }
            }
            c => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::{fields, password_in, read, split};
    use crate::address::StoreAddress;

    #[test]
    fn the_driver_is_not_shown_what_it_does_not_know() {
        let (rest, mode, roots) =
            split("postgres://h/db?sslmode=verify-full&application_name=x&sslrootcert=%2Fca.pem");
        assert_eq!(rest, "postgres://h/db?application_name=x");
        assert_eq!(mode.as_deref(), Some("verify-full"));
        assert_eq!(roots, Some("/ca.pem".into()));
        assert_eq!(split("postgres://h/db?sslrootcert=system").2, None);
    }

    #[test]
    fn what_needs_tls_never_goes_without() {
        use tokio_postgres::config::SslMode::{Disable, Prefer, Require};
        for (url, expected) in [
            ("postgres://h/db", Some(Require)),
            ("postgres://h/db?sslmode=disable", Some(Disable)),
            ("postgres://localhost/db", Some(Prefer)),
            ("postgres:///db", Some(Disable)),
            ("postgres:///db?host=/run&sslmode=require", Some(Disable)),
            ("postgres:///db?hostaddr=127.0.0.1", Some(Disable)),
            ("postgres:///db?hostaddr=10.0.0.5", None),
            ("postgres:///db?hostaddr=10.0.0.5&sslmode=require", None),
            ("postgres:///db?hostaddr=10.0.0.5&sslmode=verify-ca", None),
            (
                "postgres:///db?hostaddr=10.0.0.5&sslmode=prefer",
                Some(Disable),
            ),
            (
                "postgres://h/db?hostaddr=10.0.0.5&sslmode=require",
                Some(Require),
            ),
        ] {
            let StoreAddress::Database(address) = StoreAddress::from(url) else {
                panic!("{url}");
            };
            let mode = read(&address).ok().map(|(config, _)| config.get_ssl_mode());
            assert_eq!(mode, expected, "{url}");
        }
    }

    #[test]
    fn a_password_file_is_read_as_libpq_reads_it() {
        let file =
            "# comment\nh:1:db:me:first\n*:*:db:you:se\\:co\\\\nd:too\nh:5432:*:me:third\nshort\n";
        let of = |asked: [&str; 4]| password_in(file, &asked.map(str::to_owned));
        assert_eq!(of(["h", "1", "db", "me"]).as_deref(), Some("first"));
        assert_eq!(
            of(["x", "2", "db", "you"]).as_deref(),
            Some("se:co\\nd:too")
        );
        assert_eq!(of(["h", "5432", "other", "me"]).as_deref(), Some("third"));
        assert_eq!(of(["h", "2", "db", "me"]), None);
        assert_eq!(fields("a:b"), ["a", "b"]);
    }
}
