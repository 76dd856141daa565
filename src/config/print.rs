//! What `gapdeck config` prints.

use super::origin::Origin;
use super::settings::{SETTINGS, Takes};
use serde::Serialize;
use std::fmt::Write;

/// A value that holds, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub name: String,
    /// As TOML writes it; without passwords.
    pub text: String,
    pub origin: Origin,
}

/// A value as JSON.
#[derive(Debug, Serialize)]
pub struct Shown<'a> {
    name: &'a str,
    value: &'a str,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

impl<'a> From<&'a Value> for Shown<'a> {
    fn from(value: &'a Value) -> Self {
        let (origin, source) = match &value.origin {
            Origin::Default => ("default", None),
            Origin::File { .. } => ("file", Some(value.origin.to_string())),
            Origin::Environment(variable) => ("environment", Some((*variable).to_owned())),
            Origin::Flag(flag) => ("flag", Some((*flag).to_owned())),
        };
        Self { name: &value.name, value: &value.text, origin, source }
    }
}

/// Writes a text as TOML does.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Hides the password in a database's URL, whatever else is wrong with the URL.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return hide_parameters(url) };
    // Up to the last @: an unescaped one in the password is part of it.
    let Some((user, place)) = rest.rsplit_once('@') else {
        return format!("{scheme}://{}", hide_parameters(rest));
    };
    let user = user.split_once(':').map_or_else(|| user.to_owned(), |(name, _)| format!("{name}:***"));
    format!("{scheme}://{user}@{}", hide_parameters(place))
}

fn hide_parameters(rest: &str) -> String {
    let Some((place, parameters)) = rest.split_once('?') else { return rest.to_owned() };
    let shown = parameters.split('&').map(|one| match one.split_once('=') {
        Some((name, _)) if name.to_lowercase().contains("password") => format!("{name}=***"),
        _ => one.to_owned(),
    });
    format!("{place}?{}", shown.collect::<Vec<_>>().join("&"))
}

/// Returns a configuration file with every default, each line a comment: whoever keeps it changes nothing by it.
pub fn default_file(keys: &str, roles: &str) -> String {
    let mut text = String::from(
        "# gapdeck's settings, each with its default. `gapdeck config path` says where gapdeck reads them.\n\
         # The command line wins over the environment, the environment over this file. No line is needed.\n",
    );
    let mut table = "";
    for setting in SETTINGS {
        let (here, name) = setting.name.split_once('.').unwrap_or(("", setting.name));
        text.push('\n');
        if here != table {
            let _ = writeln!(text, "[{here}]");
            table = here;
        }
        let _ = writeln!(text, "# {}", setting.doc);
        let otherwise = if setting.otherwise.is_empty() {
            String::new()
        } else {
            format!("; otherwise {}", setting.otherwise)
        };
        let _ = writeln!(text, "# Takes: {}{otherwise}", setting.takes_in_words());
        let value = match (setting.default, setting.takes) {
            ("", Takes::Url) => "\"postgres://ann@db.example.com/catalogue\"",
            ("", Takes::Path) => "\"/srv/gapdeck\"",
            ("", _) => "\"ann\"",
            (default, _) => default,
        };
        let _ = writeln!(text, "# {name} = {value}");
        if setting.name == "theme.name" {
            text.push_str(roles);
        }
    }
    text.push_str(keys);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown_whatever_else_is_wrong() {
        for (url, shown) in [
            ("postgres://ann:sEcReT@host/db", "postgres://ann:***@host/db"),
            (
                "postgres://ann:sE@cR/eT@one,two/db?sslmode=require",
                "postgres://ann:***@one,two/db?sslmode=require",
            ),
            ("postgres://host/db?user=a&password=sEcReT", "postgres://host/db?user=a&password=***"),
            ("postgres://ann@host/db", "postgres://ann@host/db"),
            ("postgres://host", "postgres://host"),
        ] {
            assert_eq!(without_password(url), shown);
        }
        assert!(!without_password("x?sslpassword=sEcReT").contains("sEcReT"));
    }
}
