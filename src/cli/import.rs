//! `gapdeck import`.

use super::bar::Bar;
use super::interrupt;
use super::open::{self, Tables};
use super::output;
use crate::config::Config;
use crate::error::{AppError, ErrorKind};
use crate::repository::bulk::Table;
use crate::transfer::format::Format;
use crate::transfer::import::{self, Bad, Embed, ImportError, ImportOptions, ImportReport, Write};
use clap::Args;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Imports JSON Lines or CSV files.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Import {
    /// A directory with products.jsonl, predictions.csv.gz, ..., one such file, or `-` for standard input
    path: PathBuf,
    /// The table of a single file whose name does not say it
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// The format of a single file whose name does not say it
    #[arg(long)]
    format: Option<Format>,
    /// Leave bad lines out instead of refusing everything
    #[arg(long)]
    skip_bad: bool,
    /// Check and count everything, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave products without a vector alone
    #[arg(long)]
    no_embed: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Import, config: &Config) -> Result<(), AppError> {
    let table = command.table.as_deref().map(table).transpose()?;
    let options = ImportOptions {
        path: command.path,
        table,
        format: command.format,
        bad: if command.skip_bad { Bad::Skip } else { Bad::Refuse },
        write: if command.dry_run { Write::DryRun } else { Write::Commit },
        embed: if command.no_embed { Embed::Nothing } else { Embed::Missing },
    };
    let database = open::database(config, Tables::Migrate).await?;
    database.expect_undistributed("gapdeck import").await?;
    let outcome = {
        let mut bar = Bar::new();
        import::import(&database, &options, &mut bar, interrupt::asked()).await
    };
    interrupt::close(database, matches!(outcome, Err(ImportError::Interrupted))).await;
    let report = outcome?;
    if command.json { output::json(&report) } else { output::print(&report_text(&report)) }
}

fn table(name: &str) -> Result<Table, AppError> {
    Table::named(&name.replace('-', "_")).ok_or_else(|| {
        AppError::new(ErrorKind::Usage, format!("\"{name}\" is no table"))
            .hinted(format!("These are: {}.", Table::names()))
    })
}

/// Says in words what an import did.
pub fn report_text(report: &ImportReport) -> String {
    let mut text = String::new();
    let width = report.files.iter().map(|file| file.file.len()).max().unwrap_or(0).max(4);
    let _ = writeln!(
        text,
        "{:width$} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "file", "lines", "new", "changed", "same", "bad"
    );
    for file in &report.files {
        let _ = writeln!(
            text,
            "{:width$} {:>10} {:>10} {:>10} {:>10} {:>10}",
            file.file, file.lines, file.inserted, file.updated, file.unchanged, file.bad
        );
    }
    if report.bad > 0 {
        let _ = writeln!(text, "\nBad lines, left out: {}", report.bad);
        for bad in &report.bad_lines {
            let _ = writeln!(text, "  {}:{}: {}", bad.file, bad.line, bad.reason);
        }
        let more = report.bad - report.bad_lines.len() as u64;
        if more > 0 {
            let _ = writeln!(text, "  ... and {more} more");
        }
    }
    text.push('\n');
    if !report.ignored.is_empty() {
        let ignored: Vec<String> = report.ignored.iter().map(|name| output::visible(name)).collect();
        let _ = writeln!(text, "Ignored: {}", ignored.join(", "));
    }
    if report.embedded > 0 {
        let what = if report.dry_run { "to be embedded" } else { "embedded" };
        let _ = writeln!(text, "Products without a vector, {what}: {}", report.embedded);
    }
    for warning in &report.warnings {
        let _ = writeln!(text, "Warning: {warning}");
    }
    let end = if report.dry_run { "A dry run: nothing was written" } else { "Imported" };
    let _ = writeln!(text, "{end} ({:.1} s)", report.seconds);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::import::{BadLine, FileReport};

    #[test]
    fn the_report_shows_counts_and_bad_lines() {
        let file = FileReport {
            file: "products.jsonl".into(),
            lines: 30,
            inserted: 5,
            bad: 25,
            ..FileReport::default()
        };
        let bad = BadLine { file: "products.jsonl".into(), line: 3, reason: "not a JSON object".into() };
        let report = ImportReport {
            files: vec![file],
            bad_lines: vec![bad],
            bad: 25,
            embedded: 5,
            written: true,
            ignored: vec!["truth.jsonl".into()],
            ..ImportReport::default()
        };
        insta::assert_snapshot!(report_text(&report), @r"
        file                lines        new    changed       same        bad
        products.jsonl         30          5          0          0         25

        Bad lines, left out: 25
          products.jsonl:3: not a JSON object
          ... and 24 more

        Ignored: truth.jsonl
        Products without a vector, embedded: 5
        Imported (0.0 s)
        ");
    }
}
