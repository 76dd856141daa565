//! The password file, `~/.pgpass`: `host:port:database:user:password`, a line for each.

use super::servers::Server;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A longer file is none with passwords.
const LARGEST: u64 = 1 << 20;

/// A password file that may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passfile {
    pub path: PathBuf,
    /// Whether somebody named it; it should be there, then.
    pub is_named: bool,
}

/// What a password file says about one login.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::database) enum Looked {
    /// The password, and the line that it stands in, from 1.
    Found { password: String, line: usize },
    /// Nothing.
    Nothing,
    /// It cannot be used.
    Unusable(String),
}

impl Passfile {
    /// Looks a password up. The file is read anew each time: passwords that are changed while gapdeck runs are found.
    pub(in crate::database) fn look_up(&self, server: &Server, database: &str, user: &str) -> Looked {
        match read(&self.path) {
            Ok(Some(text)) => look_up(&text, server, database, user),
            Ok(None) if self.is_named => Looked::Unusable(format!("{} is not there", self.path.display())),
            Ok(None) => Looked::Nothing,
            Err(reason) => Looked::Unusable(format!("{} is not used: {reason}", self.path.display())),
        }
    }
}

/// Reads the file; none where there is none.
fn read(path: &Path) -> Result<Option<String>, String> {
    let Ok(facts) = std::fs::metadata(path) else { return Ok(None) };
    if !facts.is_file() {
        return Err("it is not a plain file".into());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if facts.permissions().mode() & 0o077 != 0 {
            return Err(format!("others may read it; run chmod 600 {}", path.display()));
        }
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn look_up(text: &str, server: &Server, database: &str, user: &str) -> Looked {
    // libpq calls every local server so, whatever the directory of its default socket is called.
    let host = if matches!(server.host.as_str(), "/tmp" | "/var/run/postgresql" | "/run/postgresql") {
        "localhost"
    } else {
        &server.host
    };
    let wanted = [host, &server.port.to_string(), database, user];
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            continue;
        }
        if let Some(password) = password_for(line, wanted) {
            return Looked::Found { password, line: index + 1 };
        }
    }
    Looked::Nothing
}

/// Returns the password of a line that fits.
fn password_for(line: &str, wanted: [&str; 4]) -> Option<String> {
    let mut rest = line;
    for wanted in wanted {
        let (field, after) = field(rest)?;
        if field != "*" && unescaped(field) != wanted {
            return None;
        }
        rest = after;
    }
    Some(unescaped(rest)).filter(|password| !password.is_empty())
}

/// Parts the first field from what follows its colon.
fn field(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b':' => return Some((&text[..index], &text[index + 1..])),
            _ => {}
        }
    }
    None
}

/// Takes the backslashes away that stand before another character.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(if character == '\\' { characters.next().unwrap_or(character) } else { character });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, host: &str) -> Option<(String, usize)> {
        let server = Server { host: host.into(), address: None, port: 5432 };
        match look_up(text, &server, "cat", "ann") {
            Looked::Found { password, line } => Some((password, line)),
            _ => None,
        }
    }

    #[test]
    fn the_first_line_that_fits_wins_with_wildcards_and_escapes() {
        let text = "# db:5432:cat:ann:comment\n\
                    db:5433:cat:ann:other port\n\
                    short\n\
                    db:5432:cat:bob:other user\n\
                    db:5432:*:ann:a\\:b\\\\c d\r\n\
                    db:5432:cat:ann:later\n\
                    \\:\\:1:*:*:*:six\n\
                    *:*:*:*:any\n";
        assert_eq!(found(text, "db"), Some(("a:b\\c d".into(), 5)));
        assert_eq!(found(text, "::1"), Some(("six".into(), 7)));
        assert_eq!(found(text, "elsewhere"), Some(("any".into(), 8)));
        assert_eq!(found("db:5432:cat:ann:", "db"), None, "an empty password is none");
        assert_eq!(
            found("db:5432:cat:ann:p:q", "db"),
            Some(("p:q".into(), 1)),
            "colons need no escape at the end"
        );
        assert_eq!(found("localhost:*:*:*:x", "/var/run/postgresql"), Some(("x".into(), 1)));
        assert_eq!(found("localhost:*:*:*:x", "/srv/socket"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_not_used_and_the_reason_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pass");
        let file = Passfile { path: path.clone(), is_named: false };
        let server = Server { host: "db".into(), address: None, port: 5432 };
        let look = || file.look_up(&server, "cat", "ann");
        assert!(look() == Looked::Nothing, "there is none");
        std::fs::write(&path, "*:*:*:*:s3cret").unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let Looked::Unusable(reason) = look() else { panic!("used with mode {mode:o}") };
            assert!(reason.contains("chmod 600") && !reason.contains("s3cret"), "{reason}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(look() == Looked::Found { password: "s3cret".into(), line: 1 });
        let named = Passfile { path: directory.path().join("none"), is_named: true };
        assert!(
            matches!(named.look_up(&server, "cat", "ann"), Looked::Unusable(_)),
            "named, it should be there"
        );
    }
}
