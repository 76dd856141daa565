//! `gapdeck import`.
use crate::config::Config;
use crate::error::AppError;
use clap::Args;

/// Imports a directory of JSON Lines files.
#[derive(Debug, Args)]
pub struct Import {
    /// The directory
    directory: std::path::PathBuf,
}

pub(super) async fn run(_command: Import, _config: &Config) -> Result<(), AppError> {
    Ok(())
}
