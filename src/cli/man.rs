//! `gapdeck man`: the manual pages.

use super::Cli;
use super::output::{print_exactly, say};
use crate::error::{AppError, ErrorKind};
use clap::{Args, CommandFactory};
use std::path::{Path, PathBuf};

/// Prints gapdeck's manual page, for man(1); with --output writes the pages of all commands.
#[derive(Debug, Args)]
#[command(after_help = "`gapdeck man | man -l -` reads it at once.")]
pub struct Man {
    /// Directory to write gapdeck.1, gapdeck-queue.1 and so on into
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(super) fn run(command: &Man) -> Result<(), AppError> {
    if let Some(directory) = &command.output {
        return write(directory);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(|error| {
        AppError::new(ErrorKind::Internal, format!("cannot write the manual page: {error}"))
    })?;
    print_exactly(&String::from_utf8_lossy(&page))
}

fn write(directory: &Path) -> Result<(), AppError> {
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
        .map_err(|error| {
            AppError::new(ErrorKind::Input, format!("cannot write to {}: {error}", directory.display()))
        })?;
    say(&format!("The manual pages are in {}.", directory.display()));
    Ok(())
}
