//! `gapdeck config`: the settings, without writing any.

use super::output::{json, print, say};
use crate::config::print::{Shown, Value, default_file};
use crate::config::{Config, Origin};
use crate::error::{AppError, ErrorKind};
use crate::tui::Interface;
use clap::{Args, Subcommand};
use std::fmt::Write;

/// Shows the settings: what holds and why, where the file is, every default.
#[derive(Debug, Args)]
pub struct ConfigCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Prints a configuration file with every default, each line a comment
    Default,
    /// Prints where the configuration file is, or would be
    Path,
    /// Prints every value and where it comes from; ends with 3 where something cannot be used
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &ConfigCommand, config: &Config) -> Result<(), AppError> {
    match command.what {
        What::Default => print(&default_file(&Interface::default_keys(), &Interface::default_roles())),
        What::Path => path(config),
        What::Show { json } => show(config, json),
    }
}

fn path(config: &Config) -> Result<(), AppError> {
    let Some(path) = &config.file else {
        return Err(AppError::new(
            ErrorKind::Input,
            "this user has no home directory, and so no configuration",
        )
        .hinted("Set HOME, or name a file with --config."));
    };
    print(&format!("{}\n", path.display()))?;
    if !path.exists() {
        say("There is no such file. gapdeck needs none; `gapdeck config default` prints one to begin with.");
    }
    Ok(())
}

fn show(config: &Config, as_json: bool) -> Result<(), AppError> {
    let interface = Interface::new(&config.screen);
    let values: Vec<_> = config.values.iter().chain(&interface.values).collect();
    if as_json {
        json(&values.iter().map(|value| Shown::from(*value)).collect::<Vec<_>>())?;
    } else {
        let line = |value: &Value| match value.text.as_str() {
            "" => format!("# {} is not set", value.name),
            text => format!("{} = {text}", value.name),
        };
        let lines: Vec<(String, &Origin)> = values.iter().map(|value| (line(value), &value.origin)).collect();
        let wide = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0).min(60);
        let mut text = String::new();
        for (line, origin) in lines {
            let _ = writeln!(text, "{line:wide$}  # {origin}");
        }
        print(&text)?;
    }
    let wrong: Vec<String> =
        config.problems.iter().chain(&interface.problems).map(ToString::to_string).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(AppError::new(ErrorKind::Input, format!("some of it cannot be used:\n  {}", wrong.join("\n  "))))
}
