//! The servers that a URL names, and what is wanted of the one that is taken.

use super::parameters::{Parameter, Parameters};
use super::wrong;
use crate::error::AppError;
use std::fmt;
use std::net::IpAddr;

/// The port unless one is named.
const PORT: u16 = 5432;

/// A server that may be the one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A host's name, an address, or the directory of a Unix socket.
    pub host: String,
    /// Where to connect to, when not where the name leads.
    pub address: Option<IpAddr>,
    pub port: u16,
}

impl Server {
    /// Tells whether it is reached by a Unix socket.
    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Puts hosts, addresses and ports together, each a list.
pub(super) fn servers(parameters: &Parameters) -> Result<Vec<Server>, AppError> {
    let addresses = match parameters.get("hostaddr") {
        Some(list) => items(list).map(|text| address(list, text)).collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    let hosts: Vec<String> = match parameters.get("host") {
        Some(list) => items(list).map(str::to_owned).collect(),
        None if addresses.is_empty() => vec![String::new()],
        None => vec![String::new(); addresses.len()],
    };
    if !addresses.is_empty() && addresses.len() != hosts.len() {
        let (hosts, addresses) = (hosts.len(), addresses.len());
        return Err(wrong(&format!("host has {hosts} entries and hostaddr {addresses}")));
    }
    let ports = match parameters.get("port") {
        Some(list) => items(list).map(|text| port(list, text)).collect::<Result<Vec<_>, _>>()?,
        None => vec![PORT],
    };
    if ports.len() > 1 && ports.len() != hosts.len() {
        return Err(wrong(&format!("host has {} entries and port {}", hosts.len(), ports.len())));
    }
    let put = |(index, host): (usize, String)| {
        let address = addresses.get(index).copied().flatten();
        let host = match (host.is_empty(), address) {
            (true, Some(address)) => address.to_string(),
            (true, None) => "localhost".to_owned(),
            (false, _) => host,
        };
        Server { host, address, port: ports.get(index).or(ports.first()).copied().unwrap_or(PORT) }
    };
    Ok(hosts.into_iter().enumerate().map(put).collect())
}

fn items(list: &Parameter) -> impl Iterator<Item = &str> {
    list.value.split(',').map(str::trim)
}

fn address(list: &Parameter, text: &str) -> Result<Option<IpAddr>, AppError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| list.refused("is not an address, or several apart by commas"))
}

fn port(list: &Parameter, text: &str) -> Result<u16, AppError> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ if text.is_empty() => Ok(PORT),
        // Not repeated: it may be a part of a password.
        _ => Err(wrong(&format!("{}: a port is not a number from 1 to 65535", list.place()))),
    }
}

/// What is wanted of the server that is taken (`target_session_attrs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wanted {
    #[default]
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// What a server says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    pub is_standby: bool,
    pub is_read_only: bool,
}

impl Wanted {
    pub(super) const WORDS: [(&str, Self); 6] = [
        ("any", Self::Any),
        ("read-write", Self::ReadWrite),
        ("read-only", Self::ReadOnly),
        ("primary", Self::Primary),
        ("standby", Self::Standby),
        ("prefer-standby", Self::PreferStandby),
    ];

    /// Tells whether only one of the servers can be the one, so that their order does not matter.
    pub fn is_primary(self) -> bool {
        matches!(self, Self::ReadWrite | Self::Primary)
    }

    /// Says why a server is not the one; the word that asks for it is in it.
    pub fn refusal(self, role: Role) -> Option<String> {
        let is_not = match self {
            Self::ReadWrite | Self::Primary if role.is_standby => "it is a standby",
            Self::ReadWrite if role.is_read_only => "it does not allow writes",
            Self::ReadOnly if !role.is_standby && !role.is_read_only => "it allows writes",
            Self::Standby if !role.is_standby => "it is no standby",
            _ => return None,
        };
        let word = Self::WORDS.iter().find(|(_, wanted)| *wanted == self).map_or("", |(word, _)| word);
        Some(format!("{is_not}, and target_session_attrs={word}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wish_takes_the_servers_that_libpq_would_take() {
        let role = |is_standby, is_read_only| Role { is_standby, is_read_only };
        let (primary, frozen, standby) = (role(false, false), role(false, true), role(true, true));
        for (wanted, taken) in [
            (Wanted::Any, [true, true, true]),
            (Wanted::ReadWrite, [true, false, false]),
            (Wanted::ReadOnly, [false, true, true]),
            (Wanted::Primary, [true, true, false]),
            (Wanted::Standby, [false, false, true]),
            (Wanted::PreferStandby, [true, true, true]),
        ] {
            let takes = [primary, frozen, standby].map(|role| wanted.refusal(role).is_none());
            assert_eq!(takes, taken, "{wanted:?}");
        }
    }
}
