//! What the process's environment says of servers, as a value: read once, where a run begins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The variables that libpq's users set, and where their files are. Its `Debug` text holds no values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(Arc<Inner>);

#[derive(Default, PartialEq, Eq)]
struct Inner {
    variables: BTreeMap<String, String>,
    /// The home directory; on Windows, that of PostgreSQL's own files.
    home: Option<PathBuf>,
}

impl Environment {
    /// Reads the environment of this process.
    pub fn of_process() -> Self {
        let is_ours = |name: &str| name.starts_with("PG") || LOGIN.contains(&name);
        let text =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let variables = std::env::vars_os().filter_map(text).filter(|(name, _)| is_ours(name)).collect();
        let home = if cfg!(windows) {
            std::env::var_os("APPDATA").map(|directory| PathBuf::from(directory).join("postgresql"))
        } else {
            std::env::home_dir()
        };
        Self(Arc::new(Inner { variables, home }))
    }

    /// Makes an environment of one's own.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>, home: Option<&Path>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables = variables.into_iter().map(owned).collect();
        Self(Arc::new(Inner { variables, home: home.map(Path::to_owned) }))
    }

    /// Returns a variable that says something.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns the login name, libpq's default for the user.
    pub(super) fn login(&self) -> &str {
        LOGIN.into_iter().find_map(|name| self.get(name)).unwrap_or("postgres")
    }

    /// Returns where the passwords are unless a file is named.
    pub(super) fn passfile(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "pgpass.conf" } else { ".pgpass" };
        self.0.home.as_ref().map(|home| home.join(name))
    }

    /// Returns the path of one of the files that libpq takes when it is there, such as `root.crt`.
    pub(super) fn file(&self, name: &str) -> Option<PathBuf> {
        let within = if cfg!(windows) { "" } else { ".postgresql" };
        self.0.home.as_ref().map(|home| home.join(within).join(name))
    }
}

const LOGIN: [&str; 2] = ["USER", "LOGNAME"];

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.0.variables.keys())
            .field("home", &self.0.home)
            .finish()
    }
}
