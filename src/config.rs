//! The configuration: defaults < file < environment < flags; each value knows its origin.
//!
//! [`settings`] is the one table of what can be set. What is wrong in the file is collected in [`Config::problems`], and its
//! default holds: a command without a screen refuses ([`Config::strict`]), the terminal application says it and starts.

pub mod age;
#[cfg(test)]
pub mod docs;
pub mod document;
mod layers;
mod origin;
pub mod print;
pub mod problem;
pub mod settings;

pub use origin::{Origin, Sourced};

use crate::cli::Place;
use crate::database::ReadReplicas;
use crate::database::url::Environment;
use crate::domain::Reviewer;
use crate::error::{AppError, ErrorKind};
use directories::ProjectDirs;
use document::{Document, Entry, Literal};
use layers::{Layers, text, texts};
use print::{Value, quoted, without_password};
use problem::{Part, Problem};
use std::path::PathBuf;
use std::time::Duration;

/// Where an embedded or shared database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A directory with an embedded database.
    Embedded(PathBuf),
    /// A server's URL; it may hold a password.
    Shared(String),
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded(directory) => f.debug_tuple("Embedded").field(directory).finish(),
            Self::Shared(_) => f.write_str("Shared(..)"),
        }
    }
}

/// The age from which on views are refreshed where nobody says another.
const REFRESH_VIEWS_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What the terminal application looks like and is used with, as far as it is no matter of its own tables.
#[derive(Debug, Clone, Default)]
pub struct Screen {
    /// Whether colours are used: `auto`, `always`, `never`.
    pub colour: &'static str,
    /// `auto`, `unicode`, `ascii`.
    pub glyphs: &'static str,
    /// `full`, `reduced`.
    pub motion: &'static str,
    /// The look's name.
    pub theme: &'static str,
    /// The set of keys that the file's table changes.
    pub preset: &'static str,
    /// Whether filter, place and screen come back as they were left.
    pub resume: bool,
    /// Whether the mouse is on from the start.
    pub mouse: bool,
    /// Whether the terminal's window is called after the database.
    pub title: bool,
    /// What stands in the tables `keys` and `theme` besides settings, each with where it stands.
    pub tables: Vec<(Entry, Origin)>,
}

/// What a run of gapdeck works with.
#[derive(Debug, Clone)]
pub struct Config {
    pub reviewer: Reviewer,
    pub location: Location,
    /// Where the location comes from.
    pub location_origin: Origin,
    /// The replicas of a shared database that reads may go to.
    pub replicas: ReadReplicas,
    /// Where the replicas' URLs come from.
    pub replicas_origin: Origin,
    /// What fills in what the URLs leave out.
    pub environment: Environment,
    /// The age from which on gapdeck refreshes the materialised views by itself; zero for never.
    pub refresh_views_after: Duration,
    /// The directory of the demo's own database.
    pub demo_directory: PathBuf,
    /// Whether a shared server was named in the environment or the file, rather than on the command line.
    pub shared_by_default: bool,
    /// The directory for the log file.
    pub state_directory: PathBuf,
    /// How the terminal application looks and is used.
    pub screen: Screen,
    /// Where the configuration file is, or would be.
    pub file: Option<PathBuf>,
    /// Every setting's value and origin.
    pub values: Vec<Value>,
    /// What cannot be used; its default holds.
    pub problems: Vec<Problem>,
    /// Whether what cannot be used may have named the database, and nothing else does.
    pub doubtful: bool,
}

impl Config {
    /// Puts the configuration together. What is wrong in the file is among the problems.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] for a value of the environment or the command line that cannot be used, with the place it comes
    /// from.
    pub fn load(place: &Place) -> Result<Self, AppError> {
        let directories = directories().ok_or_else(|| {
            AppError::new(ErrorKind::Input, "this user has no home directory")
                .hinted("Set HOME, or name a directory with --data-dir.")
        });
        let file = place.config.clone().or_else(default_file);
        let document = match &file {
            // A file that is named must be there; the other one need not.
            Some(path) if place.config.is_some() || path.exists() => Document::read(path),
            _ => Document::default(),
        };
        let mut layers = Layers::new(&document);
        let origins = &place.origins;

        let given = |value: Option<String>, origin: &Origin| value.map(|value| (value, origin.clone()));
        let url = layers.take(
            "database_url",
            given(place.database_url.clone(), &origins.database_url),
            text,
            |url| quoted(&without_password(url)),
        );
        let url = url.filter(|url| !url.value.trim().is_empty());
        let named_directory = layers.take(
            "data_dir",
            place.data_dir.clone().map(|directory| (directory, origins.data_dir.clone())),
            |value| text(value).map(PathBuf::from),
            |directory| quoted(&directory.to_string_lossy()),
        );
        let (data_directory, demo_directory) = match (&named_directory, &directories) {
            (Some(directory), _) => (directory.value.clone(), directory.value.clone()),
            (None, Ok(directories)) => {
                (directories.data_dir().to_owned(), directories.data_dir().join("demo"))
            }
            (None, Err(error)) => return Err(error.clone()),
        };
        if named_directory.is_none() {
            layers.show("data_dir", quoted(&data_directory.to_string_lossy()));
        }
        let state_directory = state_directory().unwrap_or_else(|| data_directory.clone());
        // A directory named on the command line means its embedded database, whatever server the environment names.
        let is_flag = |origin: &Origin| matches!(origin, Origin::Flag(_));
        let directory_given = is_flag(&origins.data_dir);
        let (location, location_origin) = match url {
            Some(url) if is_flag(&url.origin) || !directory_given => {
                (Location::Shared(url.value), url.origin)
            }
            _ => (Location::Embedded(data_directory), named_directory.unwrap_or_default().origin),
        };
        let urls =
            (!place.read_urls.is_empty()).then(|| (place.read_urls.clone(), origins.read_urls.clone()));
        let read_urls = layers.take("read_urls", urls, texts, |urls: &Vec<String>| {
            let urls: Vec<String> = urls.iter().map(|url| quoted(&without_password(url))).collect();
            format!("[{}]", urls.join(", "))
        });
        let read_urls = read_urls.unwrap_or_default();
        let max_lag = max_replica_lag(&mut layers, place)?;
        let reviewer = reviewer(&mut layers, place)?;
        let refresh_views_after = layers
            .take("refresh_views_after", None, |value| age::parse(&text(value)?), |age| quoted(&short(*age)))
            .map_or(REFRESH_VIEWS_AFTER, |age| age.value);
        let screen = Screen {
            colour: layers.word("color", place.color.as_deref()),
            glyphs: layers.word("glyphs", None),
            motion: layers.word("motion", None),
            theme: layers.word("theme.name", place.theme.as_deref()),
            preset: layers.word("keys.preset", None),
            resume: layers.switch("resume"),
            mouse: layers.switch("mouse"),
            title: layers.switch("title"),
            tables: layers.tables(),
        };
        layers.refuse_unknown();
        let doubtful = layers.may_have_named_a_database() && !location_origin.is_outside();
        Ok(Self {
            reviewer,
            shared_by_default: matches!(location, Location::Shared(_)) && !is_flag(&location_origin),
            location,
            location_origin,
            replicas: ReadReplicas { urls: read_urls.value, max_lag },
            replicas_origin: read_urls.origin,
            environment: Environment::of_process(),
            refresh_views_after,
            demo_directory,
            state_directory,
            screen,
            values: layers.values,
            problems: layers.problems,
            doubtful,
            file,
        })
    }

    /// Refuses a configuration with mistakes in what is no matter of the screen: a command that nobody watches does not guess.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] that names every mistake with its place.
    pub fn strict(&self) -> Result<(), AppError> {
        let wrong: Vec<String> = self
            .problems
            .iter()
            .filter(|problem| problem.part == Part::Data)
            .map(ToString::to_string)
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(AppError::new(ErrorKind::Input, wrong.join("\n  ")).hinted(
            "`gapdeck config default` lists every setting; `gapdeck config show` says what holds, and why.",
        ))
    }

    /// Adds to an error about the database's URL where that URL stands.
    pub fn about_url(&self, error: AppError) -> AppError {
        about(error, "The URL", &self.location_origin)
    }

    /// Adds to an error about a replica's URL where that URL stands.
    pub fn about_read_url(&self, error: AppError) -> AppError {
        about(error, "It is a replica's URL; it", &self.replicas_origin)
    }
}

/// Returns where the platform puts the user's files of gapdeck; `None` without a home directory.
fn directories() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "gapdeck")
}

/// Returns the configuration file that is read where none is named; `None` without a home directory.
pub fn default_file() -> Option<PathBuf> {
    Some(directories()?.config_dir().join("config.toml"))
}

/// Returns the embedded database's directory where none is named; `None` without a home directory.
pub fn default_data_directory() -> Option<PathBuf> {
    Some(directories()?.data_dir().to_owned())
}

/// Returns the user's directory for what gapdeck keeps of its runs; `None` without a home directory.
pub fn state_directory() -> Option<PathBuf> {
    let directories = directories()?;
    Some(directories.state_dir().unwrap_or(directories.data_local_dir()).to_owned())
}

fn about(error: AppError, what: &str, origin: &Origin) -> AppError {
    match (error.kind, origin) {
        (_, Origin::Default) => error,
        (ErrorKind::Input, _) => error.hinted(format!("{what} comes from {origin}.")),
        _ => error,
    }
}

/// Writes an age as the file does.
fn short(age: Duration) -> String {
    let seconds = age.as_secs();
    if seconds == 0 {
        return "0".into();
    }
    let units = [("d", 86_400), ("h", 3_600), ("m", 60)];
    units
        .into_iter()
        .find(|(_, unit)| seconds.is_multiple_of(*unit))
        .map_or_else(|| format!("{seconds}s"), |(letter, unit)| format!("{}{letter}", seconds / unit))
}

fn reviewer(layers: &mut Layers, place: &Place) -> Result<Reviewer, AppError> {
    let checked = |name: &str| {
        let name = name.trim();
        let is_good = !name.is_empty() && name.len() <= 200 && !name.contains(char::is_control);
        is_good.then(|| name.to_owned()).ok_or("the reviewer's name must have 1 to 200 printable characters")
    };
    let refused = |reason: &str, from: &str| {
        AppError::new(ErrorKind::Input, format!("{reason} (from {from})"))
            .hinted("Name the reviewer with --reviewer or GAPDECK_REVIEWER.")
    };
    let given = match &place.reviewer {
        Some(name) => {
            let origin = place.origins.reviewer.clone();
            let name = checked(name).map_err(|reason| refused(reason, &origin.to_string()))?;
            Some((name, origin))
        }
        None => None,
    };
    let read = |value: &Literal| checked(&text(value)?).map_err(|reason| format!("reviewer: {reason}"));
    if let Some(named) = layers.take("reviewer", given, read, |name| quoted(name)) {
        return Ok(Reviewer::from(named.value.as_str()));
    }
    let name = checked(&login()).map_err(|reason| refused(reason, "the login name"))?;
    layers.show("reviewer", quoted(&name));
    Ok(Reviewer::from(name.as_str()))
}

/// Reads how far a replica may lag.
fn max_replica_lag(layers: &mut Layers, place: &Place) -> Result<Duration, AppError> {
    let checked = |seconds: f64| {
        (0.1..=86_400.0)
            .contains(&seconds)
            .then_some(seconds)
            .ok_or_else(|| format!("max_replica_lag is a number of seconds from 0.1 to 86400, not {seconds}"))
    };
    let given = match place.max_replica_lag {
        Some(seconds) => {
            let origin = place.origins.max_replica_lag.clone();
            let refused = |reason| AppError::new(ErrorKind::Input, format!("{reason} (from {origin})"));
            Some((checked(seconds).map_err(refused)?, origin))
        }
        None => None,
    };
    let read = |value: &Literal| match value {
        Literal::Number(seconds) => checked(*seconds),
        other => Err(format!("a number is wanted, not {}", other.kind())),
    };
    let lag = layers.take("max_replica_lag", given, read, ToString::to_string);
    Ok(lag.map_or(ReadReplicas::MAX_LAG, |lag| Duration::from_secs_f64(lag.value)))
}

/// Returns the login name.
fn login() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
        .unwrap_or_else(|| "reviewer".into())
}

#[cfg(test)]
mod tests;
