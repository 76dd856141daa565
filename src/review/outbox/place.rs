//! Where a database's outbox is.

use crate::database::url::Target;
use std::path::{Path, PathBuf};

/// The identity of every embedded database: it is told from others by its directory.
const EMBEDDED: &str = "embedded";

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
        Self { directory: directory.join("outbox"), identity: EMBEDDED.into() }
    }

    /// The outbox of a shared database: in the user's state directory, under a name made from its identity.
    pub fn shared(state_directory: &Path, target: &Target) -> Self {
        let identity = identity(target);
        let readable = identity.split_once('@').map_or(identity.as_str(), |(_, rest)| rest);
        let readable: String = readable
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
            .take(60)
            .collect();
        // Two databases with the same checksum share a directory, not a file: each file names its database.
        let name = format!("{readable}-{:08x}", crc32fast::hash(identity.as_bytes()));
        Self { directory: state_directory.join("outbox").join(name), identity }
    }

    /// Returns the directory for what a user's screen on this database is like: beside the embedded database, or in the
    /// user's state directory under the name that the outbox has there.
    pub fn desk(&self) -> PathBuf {
        let parent = |directory: &Path| directory.parent().map(Path::to_owned).unwrap_or_default();
        let outboxes = parent(&self.directory);
        match self.directory.file_name() {
            Some(name) if self.identity != EMBEDDED => parent(&outboxes).join("sessions").join(name),
            _ => outboxes,
        }
    }
}

/// Names servers, database and user; the order of the servers does not matter.
fn identity(target: &Target) -> String {
    let mut servers: Vec<String> = target
        .servers
        .iter()
        .map(|server| {
            let is_name = !server.is_socket();
            let host = if is_name { server.host.to_lowercase() } else { server.host.clone() };
            format!("{host}:{}", server.port)
        })
        .collect();
    servers.sort();
    let user = target.config.get_user().unwrap_or_default();
    format!("{user}@{}/{}", servers.join(","), target.database())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::url::Environment;

    fn place(url: &str) -> Place {
        let target = Target::parse(url, &Environment::default()).unwrap();
        Place::shared(Path::new("/state"), &target)
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
    fn the_desk_is_beside_an_embedded_database_and_in_the_state_directory_for_a_shared_one() {
        assert_eq!(Place::embedded(Path::new("/data")).desk(), Path::new("/data"));
        let (one, other) = (place("postgres://ann@a/cat"), place("postgres://ann@a/dog"));
        assert!(one.desk().starts_with("/state/sessions"), "{:?}", one.desk());
        assert_ne!(one.desk(), other.desk());
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
