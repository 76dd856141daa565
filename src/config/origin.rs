//! Where a value comes from, for the messages about it.

use clap::ArgMatches;
use clap::parser::ValueSource;
use std::fmt;
use std::path::PathBuf;

/// Where a value comes from; a later one wins over an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody set it.
    #[default]
    Default,
    /// A line of the configuration file.
    File { path: PathBuf, line: usize },
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

    /// Tells whether the command line or the environment says so.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Flag(_) | Self::Environment(_))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(variable) => write!(f, "{variable} in the environment"),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub origin: Origin,
}
