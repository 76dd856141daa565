//! Database URLs as libpq's users write them, with what the environment adds.
//!
//! tokio-postgres refuses some of libpq's parameters and understands others differently, so gapdeck reads them all by
//! itself. `sslmode` means, stricter than libpq: `disable`: no TLS; `prefer` (default) and `allow`: TLS where the server
//! offers it; `require`, `verify-ca` and `verify-full`: TLS or nothing. Whenever TLS is used, the certificate is verified
//! and, except with `verify-ca`, the host's name as well.

mod environment;
mod parameters;
mod passfile;
mod servers;

pub use environment::Environment;
pub(in crate::database) use passfile::Looked;
pub use passfile::Passfile;
pub use servers::{Role, Server, Wanted};

use crate::error::{AppError, ErrorKind};
use crate::tls::{Identity, Names, Roots, Settings, Versions};
use parameters::{Parameter, Parameters};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::config::{ChannelBinding, LoadBalanceHosts, SslMode, SslNegotiation};

/// When a connection is given up whose other side does not even acknowledge: much sooner than a system does by itself, so
/// that a failover is noticed.
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);
/// After how much silence the other side is asked whether it is there, how often, and how many times.
const SILENCE: Duration = Duration::from_secs(15);
const ASK_EVERY: Duration = Duration::from_secs(5);
const ASK_TIMES: u32 = 3;

/// A password and the place it comes from. Its `Debug` text holds only the place.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    pub text: String,
    pub place: String,
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Password").field(&self.place).finish()
    }
}

/// What a URL leads to. Its `Debug` text holds no password.
#[derive(Debug, Clone)]
pub struct Target {
    /// Everything but servers and password.
    pub config: tokio_postgres::Config,
    /// The servers to try; at least one.
    pub servers: Vec<Server>,
    pub wanted: Wanted,
    /// What TLS is to be like; none where it is turned off.
    pub tls: Option<Settings>,
    pub password: Option<Password>,
    /// Where passwords are when none is given.
    pub passfile: Option<Passfile>,
    /// How long one address may take to be connected to.
    pub patience: Option<Duration>,
}

impl Target {
    /// Reads a URL (`postgres://user:password@host:port/database?sslmode=...`); what it leaves out is taken from the
    /// environment, as libpq does. Reads no file.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] says which part or variable cannot be read; never repeats the password.
    pub fn parse(text: &str, environment: &Environment) -> Result<Self, AppError> {
        Self::made(&Parameters::read(text.trim(), environment)?, environment)
    }

    /// Reads the URL of a standby to read from: which kind of server the environment asks for is not meant for it.
    ///
    /// # Errors
    /// As [`Target::parse`].
    pub fn replica(text: &str, environment: &Environment) -> Result<Self, AppError> {
        let mut parameters = Parameters::read(text.trim(), environment)?;
        parameters.forget_variable("target_session_attrs");
        Self::made(&parameters, environment)
    }

    fn made(parameters: &Parameters, environment: &Environment) -> Result<Self, AppError> {
        refuse_what_is_missing(parameters)?;
        let mut config = tokio_postgres::Config::new();
        config.user(parameters.value("user").unwrap_or_else(|| environment.login()));
        if let Some(database) = parameters.value("dbname") {
            config.dbname(database);
        }
        if let Some(options) = parameters.value("options") {
            config.options(options);
        }
        let named = parameters.value("application_name").or(parameters.value("fallback_application_name"));
        if let Some(name) = named {
            config.application_name(name);
        }
        keep_alive(parameters, &mut config)?;
        if let Some(given) = parameters.get("channel_binding") {
            config.channel_binding(given.one_of(&[
                ("disable", ChannelBinding::Disable),
                ("prefer", ChannelBinding::Prefer),
                ("require", ChannelBinding::Require),
            ])?);
        }
        if let Some(given) = parameters.get("load_balance_hosts") {
            let order = [("disable", LoadBalanceHosts::Disable), ("random", LoadBalanceHosts::Random)];
            config.load_balance_hosts(given.one_of(&order)?);
        }
        let wanted = match parameters.get("target_session_attrs") {
            Some(given) => given.one_of(&Wanted::WORDS)?,
            None => Wanted::Any,
        };
        let patience = match parameters.get("connect_timeout") {
            Some(given) => u64::try_from(given.number()?).ok().filter(|seconds| *seconds > 0),
            None => None,
        };
        let tls = tls(parameters, environment, &mut config)?;
        let password = parameters
            .get("password")
            .map(|given| Password { text: given.value.clone(), place: given.place() });
        let passfile = match parameters.value("passfile") {
            Some(path) => Some(Passfile { path: path.into(), is_named: true }),
            None => environment.passfile().map(|path| Passfile { path, is_named: false }),
        };
        Ok(Self {
            config,
            servers: servers::servers(parameters)?,
            wanted,
            tls,
            password,
            passfile,
            patience: patience.map(Duration::from_secs),
        })
    }

    /// Returns the database's name.
    pub fn database(&self) -> &str {
        // Without a database the user's name is libpq's default as well as the server's.
        self.config.get_dbname().or_else(|| self.config.get_user()).unwrap_or("postgres")
    }

    /// Returns "database on host", without user and password.
    pub fn label(&self) -> String {
        let hosts: Vec<&str> = self.servers.iter().map(|server| server.host.as_str()).collect();
        format!("{} on {}", self.database(), hosts.join(", "))
    }
}

/// Refuses what would be less safe, or something else, if it were passed over.
fn refuse_what_is_missing(parameters: &Parameters) -> Result<(), AppError> {
    let unknown = "is not possible with gapdeck";
    for (name, harmless) in [
        ("sslcrldir", &[][..]),
        ("sslpassword", &[]),
        ("require_auth", &[]),
        ("requirepeer", &[]),
        ("replication", &["false", "off", "no", "0"]),
        ("gssencmode", &["disable", "prefer"]),
        ("client_encoding", &["UTF8", "utf8", "UTF-8", "utf-8", "auto"]),
    ] {
        let Some(given) = parameters.get(name) else { continue };
        if name == "sslpassword" {
            return Err(wrong("sslpassword is not possible with gapdeck")
                .hinted("Name a key without a passphrase with sslkey, readable by you alone."));
        }
        given.only(harmless, unknown)?;
    }
    if parameters.get("service").is_some() || parameters.get("servicefile").is_some() {
        return Err(wrong("gapdeck reads no service file; name host, database and user in the URL"));
    }
    Ok(())
}

/// Sees to it that a server that vanished is noticed soon.
fn keep_alive(parameters: &Parameters, config: &mut tokio_postgres::Config) -> Result<(), AppError> {
    let positive = |name| -> Result<Option<u64>, AppError> {
        let Some(given) = parameters.get(name) else { return Ok(None) };
        Ok(u64::try_from(given.number()?).ok().filter(|number| *number > 0))
    };
    let seconds = |name, default| Ok::<_, AppError>(positive(name)?.map_or(default, Duration::from_secs));
    config.keepalives(parameters.get("keepalives").map(Parameter::number).transpose()? != Some(0));
    config.keepalives_idle(seconds("keepalives_idle", SILENCE)?);
    config.keepalives_interval(seconds("keepalives_interval", ASK_EVERY)?);
    // libpq's name, and tokio-postgres'.
    let times = positive("keepalives_count")?.or(positive("keepalives_retries")?);
    config.keepalives_retries(times.and_then(|times| times.try_into().ok()).unwrap_or(ASK_TIMES));
    // In milliseconds, as libpq has it.
    let unacknowledged = positive("tcp_user_timeout")?.map_or(UNACKNOWLEDGED, Duration::from_millis);
    config.tcp_user_timeout(unacknowledged);
    Ok(())
}

const MODES: [(&str, (SslMode, Names)); 6] = [
    ("disable", (SslMode::Disable, Names::Verified)),
    ("allow", (SslMode::Prefer, Names::Verified)),
    ("prefer", (SslMode::Prefer, Names::Verified)),
    ("require", (SslMode::Require, Names::Verified)),
    ("verify-ca", (SslMode::Require, Names::Any)),
    ("verify-full", (SslMode::Require, Names::Verified)),
];

/// Reads what TLS is to be like.
fn tls(
    parameters: &Parameters,
    environment: &Environment,
    config: &mut tokio_postgres::Config,
) -> Result<Option<Settings>, AppError> {
    // As libpq: what nobody names is taken where it is there.
    let file = |name: &str, default: &str| {
        let named = parameters.value(name).map(|path| (PathBuf::from(path), true));
        named.or_else(|| Some((environment.file(default)?, false)))
    };
    let roots = match parameters.get("sslrootcert") {
        Some(given) if given.value == "system" => Roots::System,
        Some(given) => Roots::File { path: PathBuf::from(&given.value), is_named: true },
        None => {
            environment.file("root.crt").map_or(Roots::System, |path| Roots::File { path, is_named: false })
        }
    };
    let is_system = parameters.value("sslrootcert") == Some("system");
    let (mode, names) = match parameters.get("sslmode") {
        // libpq's answer, too: the system's authorities sign anybody's certificate, so the name must be verified.
        Some(given) if is_system && given.value != "verify-full" => {
            return Err(given.refused("does not go with sslrootcert=system, which takes sslmode=verify-full"));
        }
        Some(given) => given.one_of(&MODES)?,
        None if is_system => (SslMode::Require, Names::Verified),
        // What JDBC calls it.
        None if parameters.value("ssl") == Some("true") => (SslMode::Require, Names::Verified),
        None => (SslMode::Prefer, Names::Verified),
    };
    config.ssl_mode(mode);
    let is_direct = match parameters.get("sslnegotiation") {
        Some(given) => given.one_of(&[("postgres", false), ("direct", true)])?,
        None => false,
    };
    if is_direct {
        if mode != SslMode::Require {
            return Err(wrong("sslnegotiation=direct takes sslmode=require, verify-ca or verify-full"));
        }
        config.ssl_negotiation(SslNegotiation::Direct);
    }
    let shows_certificate = match parameters.get("sslcertmode") {
        Some(given) => given.one_of(&[("allow", true), ("disable", false)])?,
        None => true,
    };
    let key = file("sslkey", "postgresql.key").map_or_else(|| "postgresql.key".into(), |(key, _)| key);
    let own = file("sslcert", "postgresql.crt").filter(|_| shows_certificate);
    let identity = own.map(|(certificate, is_named)| Identity { certificate, key, is_named });
    let revoked = file("sslcrl", "root.crl");
    let sends_name = parameters.value("sslsni") != Some("0");
    let versions = versions(parameters)?;
    Ok((mode != SslMode::Disable).then_some(Settings {
        roots,
        revoked,
        identity,
        names,
        sends_name,
        is_direct,
        versions,
    }))
}

/// Reads which versions of TLS may be used; rustls knows two.
fn versions(parameters: &Parameters) -> Result<Versions, AppError> {
    let least = match parameters.get("ssl_min_protocol_version") {
        Some(given) => given.one_of(&[("TLSv1", 2), ("TLSv1.1", 2), ("TLSv1.2", 2), ("TLSv1.3", 3)])?,
        None => 2,
    };
    let most = match parameters.get("ssl_max_protocol_version") {
        Some(given) => given.one_of(&[("TLSv1.2", 2), ("TLSv1.3", 3)])?,
        None => 3,
    };
    match (least, most) {
        (3, 2) => Err(wrong("ssl_min_protocol_version is above ssl_max_protocol_version")),
        (2, 2) => Ok(Versions::Only12),
        (3, _) => Ok(Versions::Only13),
        _ => Ok(Versions::Both),
    }
}

fn wrong(reason: &str) -> AppError {
    AppError::new(ErrorKind::Input, format!("cannot read the database URL: {reason}"))
        .hinted("A URL looks like postgres://user:password@host:5432/database?sslmode=verify-full")
}

#[cfg(test)]
mod tests;
