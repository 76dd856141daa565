//! Where a database's outbox is.

use crate::database::url::Target;
use crate::error::AppError;
use std::path::{Path, PathBuf};
use tokio_postgres::config::Host;

/// The directory of one database's outbox files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub directory: PathBuf,
    /// Tells the database from others; stands in every file, so that no decision reaches a wrong database.
    pub(super) identity: String,
}

impl Place {
    /// The outbox of the embedded database in a directory: beside it, so that it moves with it.
    pub fn embedded(directory: &Path) -> Self {
        Self { directory: directory.join("outbox"), identity: "embedded".into() }
    }

    /// The outbox of a shared database: in the user's state directory, under a name made from its identity.
    ///
    /// # Errors
    /// As [`Target::parse`].
    pub fn shared(state_directory: &Path, url: &str) -> Result<Self, AppError> {
        let target = Target::parse(url)?;
        let identity = identity(&target.config);
        let readable = identity.split_once('@').map_or(identity.as_str(), |(_, rest)| rest);
        let readable: String = readable
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
            .take(60)
            .collect();
        // Two databases with the same checksum share a directory, not a file: each file names its database.
        let name = format!("{readable}-{:08x}", crc32fast::hash(identity.as_bytes()));
        Ok(Self { directory: state_directory.join("outbox").join(name), identity })
    }
}

/// Names servers, database and user; the order of the servers does not matter.
fn identity(config: &tokio_postgres::Config) -> String {
    let ports = config.get_ports();
    let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(5432);
    let mut servers: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(index, host)| match host {
            Host::Tcp(name) => format!("{}:{}", name.to_lowercase(), port(index)),
            #[cfg(unix)]
            Host::Unix(path) => format!("{}:{}", path.display(), port(index)),
        })
        .collect();
    servers.sort();
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    format!("{user}@{}/{database}", servers.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Place {
        Place::shared(Path::new("/state"), url).unwrap()
    }

    #[test]
    fn a_database_is_the_same_whatever_its_password_and_options() {
        let plain = place("postgres://ann@db.example.com/cat");
        for url in [
            "postgres://ann:s3cret@db.example.com/cat",
            "postgres://ann:other@DB.example.com:5432/cat?sslmode=verify-full&application_name=x",
        ] {
            assert_eq!(place(url), plain);
        }
        assert!(!format!("{plain:?}").contains("s3cret"));
        let several = place("postgres://ann@a,b/cat");
        assert_eq!(place("postgres://ann@b,a/cat").identity, several.identity);
    }

    #[test]
    fn another_server_port_database_or_user_is_another_outbox() {
        let urls = [
            "postgres://ann@db.example.com/cat",
            "postgres://ann@db2.example.com/cat",
            "postgres://ann@db.example.com:5433/cat",
            "postgres://ann@db.example.com/dog",
            "postgres://bob@db.example.com/cat",
        ];
        let directories: std::collections::HashSet<_> = urls.map(|url| place(url).directory).into();
        assert_eq!(directories.len(), urls.len());
    }
}
