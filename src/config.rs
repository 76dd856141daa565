//! The configuration: defaults < file < environment < flags; each value knows its origin.

pub mod age;
mod origin;

pub use origin::{Origin, Setting};

use crate::cli::Place;
use crate::database::ReadReplicas;
use crate::database::url::Environment;
use crate::domain::Reviewer;
use crate::error::{AppError, ErrorKind};
use serde::Deserialize;
use std::path::{Path, PathBuf};
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

/// The file, `config.toml` in the platform's configuration directory.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    reviewer: Option<String>,
    database_url: Option<String>,
    read_urls: Option<Vec<String>>,
    max_replica_lag: Option<f64>,
    data_dir: Option<PathBuf>,
    refresh_views_after: Option<String>,
}

/// The file's keys, for messages.
const KEYS: &str =
    "reviewer, database_url, read_urls, max_replica_lag (seconds), data_dir and refresh_views_after";

/// The age from which on views are refreshed where nobody says another.
const REFRESH_VIEWS_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

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
}

impl Config {
    /// Puts the configuration together.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] for a file that cannot be read or a value that cannot be used, with the place it comes from.
    pub fn load(place: &Place) -> Result<Self, AppError> {
        let directories = directories::ProjectDirs::from("", "", "gapdeck").ok_or_else(|| {
            AppError::new(ErrorKind::Input, "this user has no home directory")
                .hinted("Set HOME, or name a directory with --data-dir.")
        });
        let (file, path) = file(place, directories.as_ref().ok())?;
        let named_directory =
            Setting::first(place.data_dir.clone(), &place.origins.data_dir, file.data_dir, &path);
        let (data_directory, demo_directory) = match (&named_directory, &directories) {
            (Some(directory), _) => (directory.value.clone(), directory.value.clone()),
            (None, Ok(directories)) => {
                (directories.data_dir().to_owned(), directories.data_dir().join("demo"))
            }
            (None, Err(error)) => return Err(error.clone()),
        };
        let state_directory = state_directory().unwrap_or_else(|| data_directory.clone());
        // A directory named on the command line means its embedded database, whatever server the environment names.
        let is_flag = |origin: &Origin| matches!(origin, Origin::Flag(_));
        let directory_given = is_flag(&place.origins.data_dir);
        let url =
            Setting::first(place.database_url.clone(), &place.origins.database_url, file.database_url, &path);
        let (location, location_origin) = match url.filter(|url| !url.value.trim().is_empty()) {
            Some(url) if is_flag(&url.origin) || !directory_given => {
                (Location::Shared(url.value), url.origin)
            }
            _ => (Location::Embedded(data_directory), named_directory.unwrap_or_default().origin),
        };
        let given = (!place.read_urls.is_empty()).then(|| place.read_urls.clone());
        let read_urls =
            Setting::first(given, &place.origins.read_urls, file.read_urls, &path).unwrap_or_default();
        let max_lag = Setting::first(
            place.max_replica_lag,
            &place.origins.max_replica_lag,
            file.max_replica_lag,
            &path,
        );
        Ok(Self {
            reviewer: reviewer(place, file.reviewer, &path)?,
            shared_by_default: matches!(location, Location::Shared(_)) && !is_flag(&location_origin),
            location,
            location_origin,
            replicas: ReadReplicas { urls: read_urls.value, max_lag: lag(max_lag)? },
            replicas_origin: read_urls.origin,
            environment: Environment::of_process(),
            refresh_views_after: refresh_views_after(file.refresh_views_after.as_deref(), &path)?,
            demo_directory,
            state_directory,
        })
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

/// Returns the user's directory for what gapdeck keeps of its runs; `None` without a home directory.
pub fn state_directory() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "gapdeck")?;
    Some(directories.state_dir().unwrap_or(directories.data_local_dir()).to_owned())
}

fn about(error: AppError, what: &str, origin: &Origin) -> AppError {
    match (error.kind, origin) {
        (ErrorKind::Input, Origin::File(_) | Origin::Environment(_) | Origin::Flag(_)) => {
            error.hinted(format!("{what} comes from {origin}."))
        }
        _ => error,
    }
}

/// Reads the configuration file, if there is one.
fn file(place: &Place, directories: Option<&directories::ProjectDirs>) -> Result<(File, Origin), AppError> {
    let path = match (&place.config, directories) {
        (Some(path), _) => path.clone(),
        (None, Some(directories)) => {
            let path = directories.config_dir().join("config.toml");
            if !path.exists() {
                return Ok((File::default(), Origin::Default));
            }
            path
        }
        (None, None) => return Ok((File::default(), Origin::Default)),
    };
    Ok((read(&path)?, Origin::File(path)))
}

fn read(path: &Path) -> Result<File, AppError> {
    let wrong = |reason: String| {
        AppError::new(
            ErrorKind::Input,
            format!("cannot use the configuration file {}: {reason}", path.display()),
        )
        .hinted(format!("It knows {KEYS}."))
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))
}

fn reviewer(place: &Place, file: Option<String>, path: &Origin) -> Result<Reviewer, AppError> {
    let named = Setting::first(place.reviewer.clone(), &place.origins.reviewer, file, path)
        .unwrap_or_else(|| Setting { value: login(), origin: Origin::Default });
    let name = named.value.trim();
    if name.is_empty() || name.len() > 200 || name.contains(char::is_control) {
        let origin = match named.origin {
            Origin::Default => "the login name".to_owned(),
            origin => origin.to_string(),
        };
        return Err(AppError::new(
            ErrorKind::Input,
            format!("the reviewer's name (from {origin}) must have 1 to 200 printable characters"),
        )
        .hinted("Name the reviewer with --reviewer or GAPDECK_REVIEWER."));
    }
    Ok(Reviewer::from(name))
}

/// Reads the age from which on views are refreshed; a day by default.
fn refresh_views_after(text: Option<&str>, path: &Origin) -> Result<Duration, AppError> {
    text.map_or(Ok(REFRESH_VIEWS_AFTER), age::parse).map_err(|reason| {
        AppError::new(ErrorKind::Input, format!("refresh_views_after in {path}: {reason}"))
            .hinted("0 turns refreshing by itself off.")
    })
}

/// Reads how far a replica may lag.
fn lag(seconds: Option<Setting<f64>>) -> Result<Duration, AppError> {
    let Some(seconds) = seconds else { return Ok(ReadReplicas::MAX_LAG) };
    if (0.1..=86_400.0).contains(&seconds.value) {
        return Ok(Duration::from_secs_f64(seconds.value));
    }
    Err(AppError::new(
        ErrorKind::Input,
        format!("a replica cannot be allowed to lag {} seconds (from {})", seconds.value, seconds.origin),
    )
    .hinted("max_replica_lag is a number of seconds from 0.1 to 86400."))
}

/// Returns the login name.
fn login() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
        .unwrap_or_else(|| "reviewer".into())
}
