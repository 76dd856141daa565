//! What the user wants of the terminal application.

use super::desk::Desk;
use crate::logging::LogFile;

/// What the terminal application does as its user wants it.
#[derive(Debug, Default)]
pub struct Settings {
    /// Where the session and the named views are kept.
    pub desk: Option<Desk>,
    /// Whether the session comes back as it was left.
    pub resume: bool,
    /// Whether the mouse is on from the start.
    pub mouse: bool,
    /// Whether the terminal's window is called after the database.
    pub title: bool,
    /// The log file, and what is written to it.
    pub log: Option<LogFile>,
}
