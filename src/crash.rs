//! Crash reports: what a fault in gapdeck leaves for whoever mends it, without anything from the database.
//!
//! A panic's message may quote the text that it stumbled over, so only messages that stand in the source as they are get
//! into a report; of the others the place is enough.

use crate::{build, private};
use std::backtrace::Backtrace;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};

/// How many reports are kept; the oldest goes.
const KEPT: usize = 10;

const PREFIX: &str = "crash-";

/// Makes a panic leave a report in a directory, and one message on standard error.
pub fn install(directory: Option<PathBuf>) {
    std::panic::set_hook(Box::new(move |info| {
        let report = report(info, &Backtrace::force_capture());
        let _ = io::stderr().write_all(notice(&report, directory.as_deref()).as_bytes());
    }));
}

/// Keeps the report, and says where it is; prints it where it cannot be kept.
fn notice(report: &str, directory: Option<&Path>) -> String {
    let mut text =
        "gapdeck: a fault in gapdeck itself; what was decided is in the outbox or in the database\n"
            .to_owned();
    match directory.map(|directory| keep(directory, report)) {
        Some(Ok(path)) => {
            let _ = writeln!(
                text,
                "  {} says where, without any data; please send it with what you did.",
                path.display()
            );
        }
        _ => text.push_str(report),
    }
    text
}

fn place(info: &PanicHookInfo<'_>) -> String {
    info.location().map_or_else(|| "an unknown place".into(), ToString::to_string)
}

fn report(info: &PanicHookInfo<'_>, trace: &Backtrace) -> String {
    let mut text = format!("{}\n", build::line());
    for (label, value) in build::facts() {
        let _ = writeln!(text, "{label}: {value}");
    }
    let _ = writeln!(text, "time: {}", chrono::Utc::now().format("%Y-%m-%d %H:%M:%S UTC"));
    let message = info.payload().downcast_ref::<&'static str>().copied();
    let _ = writeln!(text, "message: {}", message.unwrap_or("left out, it may quote data"));
    let _ = writeln!(text, "at: {}\n\n{trace}", place(info));
    text
}

/// Writes a report that only its user may read; returns its path.
fn keep(directory: &Path, report: &str) -> io::Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    let stamp = chrono::Utc::now().format("%Y%m%dT%H%M%S");
    let path = directory.join(format!("{PREFIX}{stamp}-{}.txt", std::process::id()));
    let mut file = private::options().write(true).create(true).truncate(true).open(&path)?;
    file.write_all(report.as_bytes())?;
    forget_old(directory)?;
    Ok(path)
}

/// Removes all but the newest reports; their names sort by time.
fn forget_old(directory: &Path) -> io::Result<()> {
    let mut reports: Vec<PathBuf> = std::fs::read_dir(directory)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX)))
        .collect();
    reports.sort();
    let surplus = reports.len().saturating_sub(KEPT);
    reports.iter().take(surplus).try_for_each(std::fs::remove_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_reports_are_kept_and_nothing_else_is_touched() {
        let directory = tempfile::tempdir().unwrap();
        for day in 10..30 {
            std::fs::write(directory.path().join(format!("crash-202601{day}T000000-1.txt")), "old").unwrap();
        }
        std::fs::write(directory.path().join("gapdeck.log"), "").unwrap();
        let path = keep(directory.path(), "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        let mut names: Vec<String> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), KEPT + 1);
        assert_eq!(names.first().map(String::as_str), Some("crash-20260121T000000-1.txt"));
        assert_eq!(names.last().map(String::as_str), Some("gapdeck.log"));
    }
}
