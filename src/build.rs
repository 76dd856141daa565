//! What this binary was built from, for `--version` and crash reports.

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Returns the short commit and its date (`"1a2b3c4 2026-11-23"`); `None` in a development build or outside a repository.
pub fn commit() -> Option<&'static str> {
    option_env!("GAPDECK_COMMIT")
}

/// Returns the one line of `--version`.
pub fn line() -> String {
    match commit() {
        Some(commit) => format!("gapdeck {VERSION} ({commit})"),
        None => format!("gapdeck {VERSION}"),
    }
}

/// Returns how it was built, as label and value.
pub fn facts() -> [(&'static str, String); 5] {
    let databases = if cfg!(feature = "embedded") { "embedded and shared" } else { "shared only" };
    [
        ("commit", commit().unwrap_or("unknown").to_owned()),
        ("target", env!("GAPDECK_TARGET").to_owned()),
        ("profile", env!("GAPDECK_PROFILE").to_owned()),
        ("compiler", env!("GAPDECK_RUSTC").to_owned()),
        ("databases", databases.to_owned()),
    ]
}
