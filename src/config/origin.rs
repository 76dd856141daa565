//! Where a setting comes from, for the messages about it.

use clap::ArgMatches;
use clap::parser::ValueSource;
use std::fmt;
use std::path::PathBuf;

/// Where a setting comes from; a later one wins over an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody set it.
    #[default]
    Default,
    /// The configuration file.
    File(PathBuf),
    /// A variable of the environment.
    Environment(&'static str),
    /// An option on the command line.
    Flag(&'static str),
}

impl Origin {
    /// Looks where clap took an argument from; global arguments may stand before or behind the command.
    pub fn of(matches: &ArgMatches, id: &str, flag: &'static str, variable: &'static str) -> Self {
        let mut origin = Self::Default;
        let mut level = Some(matches);
        while let Some(matches) = level {
            // A nested command does not know every argument.
            let source = matches.try_contains_id(id).is_ok().then(|| matches.value_source(id)).flatten();
            origin = origin.max(match source {
                Some(ValueSource::CommandLine) => Self::Flag(flag),
                Some(ValueSource::EnvVariable) => Self::Environment(variable),
                _ => Self::Default,
            });
            level = matches.subcommand().map(|(_, matches)| matches);
        }
        origin
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(variable) => write!(f, "{variable} in the environment"),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A setting and where it comes from.
#[derive(Debug, Clone, Default)]
pub struct Setting<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// Takes what clap found, or else what the file says.
    pub fn first(given: Option<T>, origin: &Origin, file: Option<T>, path: &Origin) -> Option<Self> {
        match (given, file) {
            (Some(value), _) => Some(Self { value, origin: origin.clone() }),
            (None, Some(value)) => Some(Self { value, origin: path.clone() }),
            (None, None) => None,
        }
    }
}
