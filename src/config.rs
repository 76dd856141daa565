//! The configuration: defaults < file < environment < flags.

use crate::cli::Place;
use crate::domain::Reviewer;
use crate::error::{AppError, ErrorKind};
use serde::Deserialize;
use std::path::{Path, PathBuf};

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
    data_dir: Option<PathBuf>,
}

/// What a run of gapdeck works with.
#[derive(Debug, Clone)]
pub struct Config {
    pub reviewer: Reviewer,
    pub location: Location,
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
    /// [`ErrorKind::Input`] for a file that cannot be read, with its path and line.
    pub fn load(place: &Place) -> Result<Self, AppError> {
        let directories = directories::ProjectDirs::from("", "", "gapdeck").ok_or_else(|| {
            AppError::new(ErrorKind::Input, "this user has no home directory")
                .hinted("Set HOME, or name a directory with --data-dir.")
        });
        let file = match (&place.config, &directories) {
            (Some(path), _) => read(path)?,
            (None, Ok(directories)) => {
                let path = directories.config_dir().join("config.toml");
                if path.exists() { read(&path)? } else { File::default() }
            }
            (None, Err(_)) => File::default(),
        };
        let named_directory = place.data_dir.clone().or(file.data_dir);
        let (data_directory, demo_directory) = match (&named_directory, &directories) {
            (Some(directory), _) => (directory.clone(), directory.clone()),
            (None, Ok(directories)) => {
                (directories.data_dir().to_owned(), directories.data_dir().join("demo"))
            }
            (None, Err(error)) => return Err(error.clone()),
        };
        let state_directory = match &directories {
            Ok(directories) => directories.state_dir().unwrap_or(directories.data_local_dir()).to_owned(),
            Err(_) => data_directory.clone(),
        };
        // A directory named on the command line means its embedded database, whatever server the environment names.
        let url = place.database_url.clone().or(file.database_url).filter(|url| !url.trim().is_empty());
        let location = match url {
            Some(url) if place.url_given || !place.directory_given => Location::Shared(url),
            _ => Location::Embedded(data_directory),
        };
        let reviewer = place.reviewer.clone().or(file.reviewer).unwrap_or_else(login);
        let reviewer = reviewer.trim();
        if reviewer.is_empty() || reviewer.len() > 200 || reviewer.contains(char::is_control) {
            return Err(AppError::new(
                ErrorKind::Input,
                "the reviewer's name must have 1 to 200 printable characters",
            )
            .hinted("Name the reviewer with --reviewer or GAPDECK_REVIEWER."));
        }
        Ok(Self {
            reviewer: Reviewer::from(reviewer),
            shared_by_default: matches!(location, Location::Shared(_)) && !place.url_given,
            location,
            demo_directory,
            state_directory,
        })
    }
}

fn read(path: &Path) -> Result<File, AppError> {
    let wrong = |reason: String| {
        AppError::new(
            ErrorKind::Input,
            format!("cannot use the configuration file {}: {reason}", path.display()),
        )
        .hinted("It knows reviewer, database_url and data_dir.")
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))
}

/// Returns the login name.
fn login() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
        .unwrap_or_else(|| "reviewer".into())
}
