//! `gapdeck export`.

use super::bar::Bar;
use super::interrupt::{self, keep_writing};
use super::open::{self, Tables};
use super::output;
use crate::config::Config;
use crate::error::{AppError, ErrorKind};
use crate::repository::bulk::Table;
use crate::transfer::export::{self, ExportOptions, ExportReport, Filter, Present, Target, What};
use crate::transfer::format::{FileName, Format};
use chrono::{DateTime, Utc};
use clap::Args;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
WHAT is `all` (every table), a table (products, categories, attributes, product_categories, category_attributes, values, \
gaps, category_allowable_values, allowable_values_in_every_category, allowable_values_in_any_category, \
product_allowable_values, rich_texts, embeddings, experiments, predictions, rounds, recommendations, decisions, review_policy, vote_worth, list_cuts, seeded_values, seeded_answers), or \
`accepted-values`: the accepted and overridden values in force with who decided what and when, for the pipeline that \
feeds the catalogue. `gapdeck import` reads every table back.

  gapdeck export all -o backup --gzip
  gapdeck export accepted-values --since 2026-11-01T00:00:00Z -o accepted.csv
  gapdeck export decisions | jq .reviewer";

/// Writes tables to files.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Export {
    /// Tables, `all`, or `accepted-values`
    #[arg(required = true)]
    what: Vec<String>,
    /// Directory or file (a name that ends in .jsonl or .csv, or in .gz after it); `-`, standard output, by default for one table
    #[arg(short, long, value_name = "PLACE")]
    output: Option<PathBuf>,
    /// What to write; by default as the file's name says, otherwise jsonl
    #[arg(long)]
    format: Option<Format>,
    /// Compress
    #[arg(long)]
    gzip: bool,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Only this attribute (may be repeated)
    #[arg(long, value_name = "KEY")]
    attribute: Vec<String>,
    /// Only this experiment (may be repeated)
    #[arg(long, value_name = "KEY")]
    experiment: Vec<String>,
    /// Only decisions or accepted values recorded at this time or later
    #[arg(long, value_name = "TIME")]
    since: Option<DateTime<Utc>>,
    /// Print the report as JSON, on standard error where the rows go to standard output
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Export, config: &Config) -> Result<(), AppError> {
    let json = command.json;
    let options = options(command)?;
    if options.target == Target::StandardOutput
        && options.format == Format::Csv
        && std::io::stdout().is_terminal()
    {
        return Err(AppError::new(ErrorKind::Usage, "CSV may hold characters that steer a terminal")
            .hinted("Write to a file with -o FILE or a pipe, or let --format jsonl show them escaped."));
    }
    keep_writing();
    let database = open::database(config, Tables::Expect).await?;
    let outcome = {
        let mut connection = database.connection().await?;
        let mut bar = Bar::new();
        export::export(&mut connection, &options, &mut bar, interrupt::asked()).await
    };
    interrupt::close(database, matches!(outcome, Err(export::ExportError::Interrupted))).await;
    let report = outcome?;
    match (json, options.target == Target::StandardOutput) {
        (true, false) => output::json(&report),
        (true, true) => {
            output::say(&serde_json::to_string(&report).unwrap_or_default());
            Ok(())
        }
        (false, false) => output::print(&report_text(&report)),
        (false, true) => Ok(()),
    }
}

fn options(command: Export) -> Result<ExportOptions, AppError> {
    let usage = |message: String| AppError::new(ErrorKind::Usage, message);
    let mut what: Vec<What> = Vec::new();
    for name in &command.what {
        let meant = if name == "all" { What::ALL.to_vec() } else { What::named(name).into_iter().collect() };
        if meant.is_empty() {
            return Err(usage(format!("\"{name}\" is no table"))
                .hinted(format!("These are: {}, accepted_values; all means every table.", Table::names())));
        }
        what.extend(meant.into_iter().filter(|one| !what.contains(one)).collect::<Vec<_>>());
    }
    let target = target(&what, command.output.as_deref())?;
    let file = match &target {
        Target::File(path) => {
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        }
        _ => String::new(),
    };
    let parsed = FileName::parse(&file);
    let format = command.format.or(parsed.format).unwrap_or(Format::Jsonl);
    if parsed.format.is_some_and(|said| said != format)
        || (command.gzip && !parsed.gzip && parsed.format.is_some())
    {
        return Err(usage(format!("{file} would hold something else than its name says")));
    }
    let filter = Filter {
        attributes: command.attribute,
        experiments: command.experiment,
        since: command.since.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)),
    };
    for one in &what {
        if let Some(option) = one.unfit(&filter).first() {
            return Err(usage(format!("{option} says nothing about {}", one.name())));
        }
    }
    let present = if command.force { Present::Replace } else { Present::Refuse };
    Ok(ExportOptions { what, format, gzip: command.gzip || parsed.gzip, target, present, filter })
}

fn target(what: &[What], output: Option<&Path>) -> Result<Target, AppError> {
    let usage = |message: &str| {
        AppError::new(ErrorKind::Usage, message).hinted("Several tables need a directory: -o DIRECTORY.")
    };
    let one = what.len() == 1;
    match output {
        None if one => Ok(Target::StandardOutput),
        None => Err(usage("several tables cannot go to standard output")),
        Some(path) if path == Path::new("-") => {
            if one {
                Ok(Target::StandardOutput)
            } else {
                Err(usage("several tables cannot go to standard output"))
            }
        }
        Some(path) => {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let parsed = FileName::parse(&name);
            if path.is_dir() || (parsed.format.is_none() && !parsed.gzip) {
                Ok(Target::Directory(path.to_owned()))
            } else if one {
                Ok(Target::File(path.to_owned()))
            } else {
                Err(usage("several tables cannot go to one file"))
            }
        }
    }
}

/// Says in words what an export wrote.
fn report_text(report: &ExportReport) -> String {
    let mut text = String::new();
    let width = report.files.iter().map(|file| file.what.len()).max().unwrap_or(0).max(4);
    let _ = writeln!(text, "{:width$} {:>12} {:>14}  file", "what", "rows", "bytes");
    for file in &report.files {
        let path = file.file.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        let _ =
            writeln!(text, "{:width$} {:>12} {:>14}  {path}", file.what, file.rows, file.bytes.unwrap_or(0));
    }
    let _ = writeln!(text, "\nExported ({:.1} s)", report.seconds);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(what: &[&str], output: Option<&str>) -> Export {
        Export {
            what: what.iter().map(|name| (*name).to_owned()).collect(),
            output: output.map(Into::into),
            format: None,
            gzip: false,
            force: false,
            attribute: Vec::new(),
            experiment: Vec::new(),
            since: None,
            json: false,
        }
    }

    #[test]
    fn a_places_name_says_format_and_compression() {
        let made = options(command(&["decisions"], Some("x/d.csv.gz"))).unwrap();
        assert_eq!(
            (made.format, made.gzip, made.target),
            (Format::Csv, true, Target::File("x/d.csv.gz".into()))
        );
        let made = options(command(&["decisions"], Some("backup"))).unwrap();
        assert_eq!((made.format, made.target), (Format::Jsonl, Target::Directory("backup".into())));
        assert_eq!(options(command(&["gaps"], None)).unwrap().target, Target::StandardOutput);
        assert_eq!(options(command(&["all", "gaps"], Some("backup"))).unwrap().what.len(), Table::ALL.len());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |command| options(command).unwrap_err();
        assert!(refused(command(&["truth"], None)).hints[0].contains("accepted_values"));
        assert!(refused(command(&["gaps", "values"], None)).message.contains("standard output"));
        assert!(refused(command(&["gaps", "values"], Some("a.csv"))).message.contains("one file"));
        let since = Some("2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(
            refused(Export { since, ..command(&["gaps"], None) }).message,
            "--since says nothing about product_attribute_gaps"
        );
        let named = command(&["gaps"], Some("gaps.csv"));
        assert!(refused(Export { format: Some(Format::Jsonl), ..named }).message.contains("gaps.csv"));
    }
}
