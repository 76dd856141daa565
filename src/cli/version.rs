//! `gapdeck --version`.

use super::Place;
use super::output::print;
use crate::error::AppError;
use crate::{build, config, logging};
use std::fmt::Write as _;
use std::path::Path;

/// Prints the version and what it was built from; `verbose` adds where gapdeck keeps its files.
pub(super) fn run(verbose: bool, place: &Place) -> Result<(), AppError> {
    let mut text = format!("{}\n", build::line());
    let mut tell = |label: &str, value: &str| {
        let _ = writeln!(text, "{:<11}{value}", format!("{label}:"));
    };
    for (label, value) in build::facts() {
        tell(label, &value);
    }
    if verbose {
        let shown = |path: Option<&Path>| path.map_or("none".into(), |path| path.display().to_string());
        let state = config::state_directory();
        let file = place.config.clone().or_else(config::default_file);
        let data = place.data_dir.clone().or_else(config::default_data_directory);
        tell("config", &shown(file.as_deref()));
        tell("data", &shown(data.as_deref()));
        tell("state", &shown(state.as_deref()));
        tell("log", &shown(state.map(|state| logging::path(&state)).as_deref()));
    }
    print(&text)
}
