//! `gapdeck demo`.
use crate::config::Config;
use crate::error::AppError;
use clap::Args;

/// Reviews a made-up catalogue on a database of its own.
#[derive(Debug, Args)]
pub struct Demo {
    /// Make the database and end
    #[arg(long)]
    seed_only: bool,
}

pub(super) async fn run(_command: Demo, _config: &Config) -> Result<(), AppError> {
    Ok(())
}
