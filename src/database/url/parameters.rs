//! libpq's connection parameters: from the URL, and what it leaves out from the environment.

use super::environment::Environment;
use super::wrong;
use crate::error::AppError;
use std::collections::BTreeMap;

/// Where a parameter's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Url,
    Variable(&'static str),
}

/// A parameter's value; it may be a password, so it has no `Debug`.
#[derive(Clone)]
pub(super) struct Parameter {
    pub name: &'static str,
    pub value: String,
    pub source: Source,
}

impl Parameter {
    /// Names the place that the value comes from.
    pub fn place(&self) -> String {
        match self.source {
            Source::Url => format!("{} in the URL", self.name),
            Source::Variable(variable) => format!("{variable} in the environment"),
        }
    }

    /// Refuses the value, which is no secret.
    pub fn refused(&self, reason: &str) -> AppError {
        wrong(&format!("{}: \"{}\" {reason}", self.place(), self.value))
    }

    /// Finds the value among words.
    pub fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, AppError> {
        words.iter().find(|(word, _)| *word == self.value).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refused(&format!("is not one of {}", words.join(", ")))
        })
    }

    /// Reads a whole number.
    pub fn number(&self) -> Result<i64, AppError> {
        self.value.trim().parse().map_err(|_| self.refused("is not a whole number"))
    }

    /// Refuses every value but some, which ask for nothing that gapdeck lacks.
    pub fn only(&self, words: &[&str], why: &str) -> Result<(), AppError> {
        if words.contains(&self.value.as_str()) { Ok(()) } else { Err(self.refused(why)) }
    }
}

/// The parameters that gapdeck knows, and the variables that stand in for them.
const KNOWN: [(&str, Option<&str>); 44] = [
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("port", Some("PGPORT")),
    ("dbname", Some("PGDATABASE")),
    ("user", Some("PGUSER")),
    ("password", Some("PGPASSWORD")),
    ("passfile", Some("PGPASSFILE")),
    ("options", Some("PGOPTIONS")),
    ("application_name", Some("PGAPPNAME")),
    ("fallback_application_name", None),
    ("sslmode", Some("PGSSLMODE")),
    ("ssl", None),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslcertmode", Some("PGSSLCERTMODE")),
    ("sslcrl", Some("PGSSLCRL")),
    ("sslcrldir", Some("PGSSLCRLDIR")),
    ("sslpassword", None),
    ("sslsni", Some("PGSSLSNI")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslcompression", Some("PGSSLCOMPRESSION")),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION")),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("require_auth", Some("PGREQUIREAUTH")),
    ("requirepeer", Some("PGREQUIREPEER")),
    ("gssencmode", Some("PGGSSENCMODE")),
    ("gsslib", None),
    ("gssdelegation", None),
    ("krbsrvname", None),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("tcp_user_timeout", None),
    ("keepalives", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("keepalives_count", None),
    ("keepalives_retries", None),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    ("client_encoding", None),
    ("replication", None),
    ("service", None),
    ("servicefile", None),
];

/// What a URL and the environment say, each parameter at most once.
pub(super) struct Parameters(BTreeMap<&'static str, Parameter>);

impl Parameters {
    /// Reads a URL, and fills in what it leaves out.
    pub fn read(url: &str, environment: &Environment) -> Result<Self, AppError> {
        let mut parameters = Self(BTreeMap::new());
        parameters.read_url(url)?;
        let names_server = parameters.get("host").is_some() || parameters.get("hostaddr").is_some();
        for (name, variable) in KNOWN {
            let Some(variable) = variable else { continue };
            // An address belongs to the host beside it, not to one that the URL names.
            if parameters.0.contains_key(name) || (name == "hostaddr" && names_server) {
                continue;
            }
            if let Some(value) = environment.get(variable) {
                parameters.put(name, value.to_owned(), Source::Variable(variable));
            }
        }
        Ok(parameters)
    }

    /// Returns a parameter that says something.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.get(name).filter(|parameter| !parameter.value.is_empty())
    }

    /// Returns a parameter's value.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.get(name).map(|parameter| parameter.value.as_str())
    }

    /// Forgets a parameter that the environment gave.
    pub fn forget_variable(&mut self, name: &str) {
        self.0.retain(|known, parameter| *known != name || parameter.source == Source::Url);
    }

    fn put(&mut self, name: &'static str, value: String, source: Source) {
        self.0.insert(name, Parameter { name, value, source });
    }

    /// Reads `postgres://user:password@host:port,host:port/database?name=value&...`. Nothing of it is repeated in an error
    /// that could be a part of a password with a character in it that must be encoded.
    fn read_url(&mut self, url: &str) -> Result<(), AppError> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let rest = rest.ok_or_else(|| wrong("it must start with postgres:// or postgresql://"))?;
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = before.split_once('/').unwrap_or((before, ""));
        let (credentials, servers) = authority.split_once('@').unwrap_or(("", authority));
        if servers.contains('@') || database.contains('@') {
            return Err(wrong(
                "it has an @ too many; in a name or password, @ is written %40, / %2F, ? %3F, : %3A and % %25",
            ));
        }
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for server in servers.split(',') {
            let (host, port) = host_and_port(server)?;
            if !port.is_empty() && port.parse::<u16>().is_err() {
                return Err(wrong("a port is not a number from 1 to 65535"));
            }
            hosts.push(decoded(host, "a host")?);
            ports.push(port.to_owned());
        }
        let list = |values: Vec<String>| {
            if values.iter().all(String::is_empty) { String::new() } else { values.join(",") }
        };
        for (name, value) in [
            ("user", decoded(user, "the user")?),
            ("password", decoded(password, "the password")?),
            ("host", list(hosts)),
            ("port", list(ports)),
            ("dbname", decoded(database, "the database's name")?),
        ] {
            if !value.is_empty() {
                self.put(name, value, Source::Url);
            }
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) =
                pair.split_once('=').ok_or_else(|| wrong("behind the ? it has something without a ="))?;
            let name = decoded(name, "a parameter")?;
            let Some((known, _)) = KNOWN.iter().find(|(known, _)| *known == name) else {
                return Err(if query.contains('@') {
                    wrong("a parameter is not known; in a password, ? is written %3F and @ %40")
                } else {
                    wrong(&format!("the parameter {name} is not known"))
                });
            };
            self.put(known, decoded(value, known)?, Source::Url);
        }
        Ok(())
    }
}

/// Parts `host:port` and `[::1]:port`.
fn host_and_port(server: &str) -> Result<(&str, &str), AppError> {
    if let Some(rest) = server.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(|| wrong("an IPv6 address lacks its ]"))?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, port)),
            None if rest.is_empty() => Ok((host, "")),
            None => Err(wrong("behind the ] of an IPv6 address only : and a port can follow")),
        };
    }
    Ok(server.split_once(':').unwrap_or((server, "")))
}

/// Decodes percent-encoded text; + is itself, as in libpq.
fn decoded(text: &str, what: &str) -> Result<String, AppError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || {
            rest.next()
                .and_then(|digit| char::from(digit).to_digit(16))
                .and_then(|digit| u8::try_from(digit).ok())
        };
        match (digit(), digit()) {
            (Some(high), Some(low)) if high + low > 0 => bytes.push(16 * high + low),
            _ => {
                return Err(wrong(&format!(
                    "{what} has a % without two hexadecimal digits; % itself is written %25"
                )));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong(&format!("{what} is not UTF-8")))
}
