//! `gapdeck embed`.

use super::bar::Bar;
use super::open::{self, Tables};
use super::output::{json, print, say, visible};
use crate::config::Config;
use crate::domain::{EmbeddingStats, ToEmbed};
use crate::embed::HashingEmbedder;
use crate::embed::http::{HttpEmbedder, Settings, is_openai, is_readable};
use crate::embed::job::{self, Embedder, Job, Report, Write};
use crate::error::{AppError, ErrorKind};
use crate::repository::EmbeddingRepository;
use crate::transfer::import::{ProgressSink, Unit};
use clap::Args;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

const AFTER_HELP: &str = "\
Embeds the products that have no embedding, and those whose texts have changed since gapdeck embedded them. Without
--model, the offline hashing embedder does it: no model, no network. What is embedded is kept whatever happens: the same
command goes on from there.

The key is read from GAPDECK_EMBED_KEY; for OpenAI's own servers, otherwise from OPENAI_API_KEY.";

/// Embeds products, offline or by a server that speaks OpenAI's /v1/embeddings.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Embed {
    /// The server: its address, or that of its /v1
    #[arg(long, value_name = "URL", default_value = "https://api.openai.com/v1", requires = "model")]
    endpoint: Url,
    /// The server's model, as text-embedding-3-small
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// How many numbers to ask for, where the model leaves a choice
    #[arg(long, value_name = "N", requires = "model", value_parser = clap::value_parser!(u32).range(1..=1536))]
    dimensions: Option<u32>,
    /// Texts of one request
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=2048))]
    batch: u16,
    /// Requests at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// At most so many requests a minute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: Option<u32>,
    /// How often a request is sent before it is given up
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    tries: u32,
    /// Seconds that one request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Embed every product whose embedding is not this model's of its present texts
    #[arg(long)]
    all: bool,
    /// Embed although other models' vectors, which cannot be compared with these, stay
    #[arg(long, conflicts_with = "all")]
    mix: bool,
    /// Count what would be embedded; write nothing and ask no server
    #[arg(long)]
    dry_run: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Embed, config: &Config) -> Result<(), AppError> {
    let embedder = embedder(&command)?;
    let database = open::database(config, Tables::Expect).await?;
    let done = embed(&command, embedder, &database.store()).await;
    database.close().await;
    let (report, outcome) = done?;
    if command.json {
        json(&report)?;
    } else {
        print(&report_text(&report))?;
    }
    outcome?;
    if report.interrupted {
        return Err(AppError::new(ErrorKind::Interrupted, "interrupted; what was embedded is kept")
            .hinted("The same command goes on from there."));
    }
    if report.refused > 0 {
        return Err(AppError::new(
            ErrorKind::Input,
            format!(
                "{} products were not embedded, since the server did not take their texts",
                report.refused
            ),
        ));
    }
    Ok(())
}

fn embedder(command: &Embed) -> Result<Embedder, AppError> {
    let Some(model) = &command.model else { return Ok(Embedder::Hashing) };
    let model = model.trim();
    if model.is_empty() || model.contains(char::is_control) {
        return Err(AppError::new(ErrorKind::Usage, "--model needs a name"));
    }
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
    let openai = || is_openai(&command.endpoint).then(|| variable("OPENAI_API_KEY")).flatten();
    let key = variable("GAPDECK_EMBED_KEY").or_else(openai).map(|key| key.trim().to_owned());
    if key.is_some() && is_readable(&command.endpoint) {
        say("warning: the key goes to the server unencrypted; anyone on the way can read it (use https)");
    }
    let http = HttpEmbedder::new(Settings {
        endpoint: command.endpoint.clone(),
        model: model.to_owned(),
        key,
        dimensions: command.dimensions,
        tries: command.tries,
        timeout: Duration::from_secs(command.timeout),
        per_minute: command.per_minute,
    })?;
    Ok(Embedder::Http(Arc::new(http)))
}

async fn embed(
    command: &Embed,
    embedder: Embedder,
    store: &impl EmbeddingRepository,
) -> Result<(Report, Result<(), AppError>), AppError> {
    let model = embedder.model();
    let stats = store.embedding_stats().await?;
    let mut warnings = Vec::new();
    if !command.all {
        warnings.extend(comparable(command, &stats, &model)?);
    }
    let job = Job {
        embedder,
        which: if command.all { ToEmbed::NotBy(model) } else { ToEmbed::MissingOrChanged },
        batch: command.batch.into(),
        concurrency: command.concurrency.into(),
        write: if command.dry_run { Write::DryRun } else { Write::Commit },
    };
    let mut bar = Bar::new();
    bar.begin("Embedding products", stats.embeddings + stats.products_without, Unit::Rows);
    let stop = async {
        // Without a handler for Ctrl-C, Ctrl-C ends the process, as it always did.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let (mut report, outcome) = job::run(store, &job, stop, |examined| bar.advance(examined)).await;
    bar.end();
    for warning in &warnings {
        say(&format!("warning: {warning}"));
    }
    report.warnings = warnings;
    Ok((report, outcome))
}

/// Refuses to put vectors beside another model's, unless told to; warns of those that nobody knows the model of.
fn comparable(command: &Embed, stats: &EmbeddingStats, model: &str) -> Result<Option<String>, AppError> {
    let of = |wanted: &dyn Fn(Option<&str>) -> bool| -> u64 {
        stats.models.iter().filter(|one| wanted(one.model.as_deref())).map(|one| one.embeddings).sum()
    };
    let others = of(&|one| one.is_some_and(|one| one != model));
    if others > 0 {
        let names: Vec<&str> = stats.models.iter().filter_map(|one| one.model.as_deref()).collect();
        let other = visible(names.iter().find(|name| **name != model).copied().unwrap_or_default());
        let told = format!(
            "{others} embeddings are of another model ({other}): vectors of {model} cannot be compared with them"
        );
        if command.mix {
            return Ok(Some(told));
        }
        let go_on = if other == HashingEmbedder::MODEL {
            "Without --model, the products that lack an embedding get one of the other model.".to_owned()
        } else {
            format!("--model {other} embeds what is missing with the other model.")
        };
        return Err(AppError::new(ErrorKind::Input, told)
            .hinted("--all embeds every product anew with this model.")
            .hinted(go_on)
            .hinted("--mix puts them side by side all the same."));
    }
    let unknown = of(&|one| one.is_none());
    Ok((unknown > 0).then(|| {
        format!("{unknown} embeddings do not say which model made them; if it was not {model}, use --all")
    }))
}

fn report_text(report: &Report) -> String {
    let mut text = String::new();
    let verb = if report.dry_run { "would be embedded" } else { "embedded" };
    let _ = writeln!(text, "{} products {verb} with {}", report.embedded, visible(&report.model));
    let _ = writeln!(
        text,
        "  {} products looked at, {} characters of text, {:.1} s",
        report.examined, report.characters, report.seconds
    );
    if report.without_text > 0 {
        let _ = writeln!(text, "  {} products have no text to embed", report.without_text);
    }
    if report.retries > 0 {
        let _ = writeln!(text, "  {} requests were sent again", report.retries);
    }
    if report.refused > 0 {
        let _ = writeln!(text, "  {} products were not embedded:", report.refused);
        for one in &report.refused_products {
            let _ = writeln!(text, "    {}: {}", visible(one.product_key.as_str()), one.reason);
        }
    }
    text
}
