//! `gapdeck picture`: screens as pictures, for documents.

use super::demo;
use super::open;
use super::output::{print_exactly, say};
use crate::config::Config;
use crate::error::{AppError, ErrorKind};
use crate::repository::Store;
use crate::tui::{Identity, Interface, Stage};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long decisions made for a picture may take to be sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// Draws a screen of the demo as an SVG, after pressing keys; what they decide, they decide on the demo.
#[derive(Debug, Args)]
#[command(after_help = "gapdeck picture --keys 'j j e' --size 120x36 -o screen.svg")]
pub struct Picture {
    /// Keys to press first, as the help writes them, parted by spaces; a word in double quotes is typed
    #[arg(long, value_name = "KEYS", default_value = "")]
    keys: String,
    /// Columns and rows
    #[arg(long, value_name = "WxH", default_value = "120x36", value_parser = size)]
    size: (u16, u16),
    /// Take the colours of a light terminal
    #[arg(long)]
    light: bool,
    /// File to write; standard output without it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reads columns and rows.
fn size(text: &str) -> Result<(u16, u16), String> {
    let read = || {
        let (columns, rows) = text.split_once('x')?;
        Some((columns.parse().ok()?, rows.parse().ok()?))
    };
    match read() {
        Some((columns @ 20..=500, rows @ 5..=200)) => Ok((columns, rows)),
        _ => Err("columns and rows are written as 120x36; from 20x5 to 500x200".into()),
    }
}

pub(super) async fn run(command: Picture, config: &Config) -> Result<(), AppError> {
    let database = demo::seeded(config).await?;
    let identity = Identity { reviewer: config.reviewer.clone(), database: "demo".into(), shared: false };
    let drawn = draw(&command, identity, config, Arc::new(database.store())).await;
    database.close().await;
    let picture = drawn?;
    let Some(path) = command.output else { return print_exactly(&picture) };
    std::fs::write(&path, picture).map_err(|error| {
        AppError::new(ErrorKind::Input, format!("cannot write {}: {error}", path.display()))
    })?;
    say(&format!("{} shows the screen", path.display()));
    Ok(())
}

async fn draw(
    command: &Picture,
    identity: Identity,
    config: &Config,
    store: Arc<dyn Store>,
) -> Result<String, AppError> {
    let place = open::outbox(config, &demo::location(config))?;
    let mut stage = Stage::open(identity, Interface::new(&config.screen), store, place, command.size).await;
    stage.settle().await;
    stage.press(&command.keys).await?;
    let picture = stage.picture(command.light);
    stage.finish(PATIENCE).await;
    Ok(picture)
}
