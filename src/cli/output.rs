//! What commands print: data on standard output, words for people on standard error.

use crate::error::{AppError, ErrorKind};
use crate::sanitise;
use serde::Serialize;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether words for people are left out, as `--quiet` asks; said once, at the start.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Leaves words for people and progress bars out from now on; errors are still told.
pub(super) fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Tells whether words for people are left out.
pub(super) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Prints a value as JSON and a line end; a reader that has gone away is no error.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<(), AppError> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| AppError::new(ErrorKind::Internal, format!("cannot write JSON: {error}")))?;
    text.push('\n');
    print_exactly(&sanitise::json(&text))
}

/// Prints a text for people to standard output; nothing in it can steer a terminal.
pub(super) fn print(text: &str) -> Result<(), AppError> {
    print_exactly(&sanitise::lines(text, usize::MAX))
}

/// Prints a text for programs to standard output; a reader that has gone away is no error.
pub(super) fn print_exactly(text: &str) -> Result<(), AppError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(AppError::new(ErrorKind::Internal, format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says a line to the person at the terminal, on standard error.
pub(super) fn say(text: &str) {
    if is_quiet() {
        return;
    }
    let _ = writeln!(io::stderr().lock(), "{}", sanitise::lines(text, usize::MAX));
}

/// Prints rows as a table with aligned columns.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> Result<(), AppError> {
    use unicode_width::UnicodeWidthStr;
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    let header: Vec<String> = header.iter().map(|title| visible(title)).collect();
    let mut widths: Vec<usize> = header.iter().map(|title| title.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    for row in std::iter::once(&header).chain(&rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    print(&text)
}

/// Returns at most 60 characters of a text, without anything that could steer a terminal.
pub(super) fn visible(text: &str) -> String {
    sanitise::line(text, 59)
}
