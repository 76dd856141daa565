//! What every session sets, except where the URL's `options` say otherwise: the user's word wins.

/// Approximate searches look at 10 lists (ivfflat) or 100 candidates (HNSW), and at more where these hold too few rows
/// (pgvector 0.8 and newer; older ones ignore it).
const SETTINGS: [(&str, &str); 7] = [
    ("lock_timeout", "'5s'"),
    ("idle_in_transaction_session_timeout", "'60s'"),
    ("ivfflat.probes", "10"),
    ("hnsw.ef_search", "100"),
    ("ivfflat.iterative_scan", "relaxed_order"),
    ("hnsw.iterative_scan", "relaxed_order"),
    ("client_min_messages", "'warning'"),
];

/// What a server has for long statements besides; with the embedded engine nobody else is kept waiting.
const SERVER: (&str, &str) = ("statement_timeout", "'30s'");
#[cfg(all(feature = "embedded", unix))]
const EMBEDDED: (&str, &str) = ("statement_timeout", "0");

/// The time limits that long work lifts and gives back.
const LIFTED: [&str; 2] = ["lock_timeout", "statement_timeout"];

/// The statements that set a session up.
#[derive(Debug, Clone)]
pub(in crate::database) struct Session {
    /// Run once a session.
    pub set_up: String,
    /// Gives a session its time limits back.
    pub restore: String,
}

impl Session {
    /// A session of the embedded engine.
    #[cfg(all(feature = "embedded", unix))]
    pub fn embedded() -> Self {
        Self::made(EMBEDDED, &[])
    }

    /// A session of a server, whose URL may hold options for it (`-c name=value`).
    pub fn beside(options: Option<&str>) -> Self {
        Self::made(SERVER, &options.map(names).unwrap_or_default())
    }

    fn made(statements: (&str, &str), chosen: &[String]) -> Self {
        let all = || SETTINGS.into_iter().chain([statements]);
        let is_chosen = |name: &str| chosen.iter().any(|chosen| chosen == name);
        let set = |(name, value): (&str, &str)| format!("SET {name} = {value}");
        let set_up: Vec<String> = all().filter(|(name, _)| !is_chosen(name)).map(set).collect();
        let restore = all().filter(|(name, _)| LIFTED.contains(name)).map(|(name, value)| {
            // What the session began with.
            if is_chosen(name) { format!("RESET {name}") } else { set((name, value)) }
        });
        let restore: Vec<String> = restore.collect();
        Self { set_up: set_up.join("; "), restore: restore.join("; ") }
    }
}

/// Lists the settings that options name: `-c name=value`, `-cname=value` or `--name=value`, apart by spaces, of which one
/// with a backslash before it is part of a value.
fn names(options: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = options.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => words.last_mut().into_iter().for_each(|word| word.extend(characters.next())),
            space if space.is_whitespace() => words.push(String::new()),
            character => words.last_mut().into_iter().for_each(|word| word.push(character)),
        }
    }
    let mut named = Vec::new();
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("-c").or_else(|| word.strip_prefix("--")) {
            Some("") => words.next().unwrap_or_default(),
            Some(setting) => setting.to_owned(),
            None => continue,
        };
        let name = setting.split('=').next().unwrap_or_default();
        named.push(name.to_lowercase().replace('-', "_"));
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_a_server_reads_them() {
        assert_eq!(
            names("-c statement_timeout=5s -cLock_Timeout=1s  --work-mem=1MB -c a.b=x\\ y -d 5"),
            ["statement_timeout", "lock_timeout", "work_mem", "a.b"]
        );
        assert_eq!(names(""), [""; 0]);
        assert_eq!(names("-c"), [""]);
    }

    #[test]
    fn what_the_user_set_is_neither_set_nor_changed_afterwards() {
        let ours = Session::beside(None);
        assert!(ours.set_up.contains("SET statement_timeout = '30s'"), "{ours:?}");
        assert_eq!(ours.restore, "SET lock_timeout = '5s'; SET statement_timeout = '30s'");
        let theirs = Session::beside(Some("-c statement_timeout=5min"));
        assert!(!theirs.set_up.contains("statement_timeout"), "{theirs:?}");
        assert!(theirs.set_up.contains("SET lock_timeout = '5s'"), "{theirs:?}");
        assert_eq!(theirs.restore, "SET lock_timeout = '5s'; RESET statement_timeout");
    }
}
