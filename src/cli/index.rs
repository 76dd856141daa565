//! `gapdeck index`.

use super::bar::Bar;
use super::open::{self, Tables};
use super::output::{json, print, say};
use crate::config::Config;
use crate::database::ann::{
    self, Advice, BuildProgress, Design, Element, IndexNote, Method, Outcome, Quality, Sample, VectorIndex,
    Version,
};
use crate::database::{Database, refused};
use crate::error::{AppError, ErrorKind};
use crate::transfer::import::{ProgressSink, Unit};
use clap::{Args, Subcommand};
use diesel::sql_types::Text;
use diesel::{OptionalExtension, QueryableByName};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;

/// Shows the vector index and how good it is, or builds it anew.
#[derive(Debug, Args)]
pub struct Index {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    show: Show,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Shows the index, and measures its recall@10 and time against exact search
    Show(Show),
    /// Builds it anew beside the one there is, and finds how far to search it
    Rebuild(Rebuild),
}

#[derive(Debug, Clone, Args)]
struct Show {
    /// How many stored vectors to measure with; 0 measures nothing
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(0..=1000))]
    sample: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Rebuild {
    /// ivfflat with so many lists, rather than as the rows recommend
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32_768))]
    lists: Option<u32>,
    /// HNSW: better recall in less time, a slower build (pgvector 0.5)
    #[arg(long, conflicts_with = "lists")]
    hnsw: bool,
    /// HNSW over the numbers cut to 16 bits: half the size (pgvector 0.7)
    #[arg(long, conflicts_with_all = ["lists", "hnsw"])]
    halfvec: bool,
    /// The recall@10 to search for
    #[arg(long, value_name = "R", default_value_t = 0.95, value_parser = share)]
    recall: f64,
    /// The most memory that the build may take, in MiB
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(i64).range(16..=1_048_576))]
    memory: Option<i64>,
    #[command(flatten)]
    show: Show,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("a recall lies between 0 and 1".into()),
    }
}

/// How long exact searches for a sample may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The index as `--json` shows it.
#[derive(Debug, Default, Serialize)]
struct Shown {
    pgvector: String,
    embeddings: i64,
    indexes: Vec<VectorIndex>,
    /// The lists that so many embeddings recommend.
    recommended_lists: u32,
    /// How far a search goes into the first valid index: probes or candidates.
    depth: Option<i32>,
    /// The vectors that the index was measured with.
    sample: usize,
    index: Option<Quality>,
    exact: Option<Quality>,
    advice: Vec<Advice>,
    /// What a rebuild did.
    #[serde(skip_serializing_if = "Option::is_none")]
    rebuilt: Option<Rebuilt>,
}

#[derive(Debug, Serialize)]
struct Rebuilt {
    rows: i64,
    cleared: usize,
    seconds: f64,
    target: f64,
    /// Whether the recall asked for was reached.
    reached: Option<bool>,
}

pub(super) async fn run(command: Index, config: &Config) -> Result<(), AppError> {
    let (show, rebuild) = match command.what {
        None => (command.show, None),
        Some(What::Show(show)) => (show, None),
        Some(What::Rebuild(rebuild)) => (rebuild.show.clone(), Some(rebuild)),
    };
    let database = open::database(config, Tables::Expect).await?;
    let shown = match &rebuild {
        Some(rebuild) => self::rebuild(&database, rebuild).await,
        None => look(&database, &show).await,
    };
    database.close().await;
    let shown = shown?;
    if show.json { json(&shown) } else { print(&text(&shown)) }
}

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
fn failed(error: diesel::result::Error) -> AppError {
    refused("cannot look at the vector index", &error)
}

/// Returns pgvector's version.
pub(super) async fn version(connection: &mut crate::database::Connection) -> Result<Version, AppError> {
    #[derive(QueryableByName)]
    struct Extension {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let found: Option<Extension> =
        diesel::sql_query("SELECT extversion::text AS version FROM pg_extension WHERE extname = 'vector'")
            .get_result(connection)
            .await
            .optional()
            .map_err(failed)?;
    Ok(Version::parse(&found.map(|found| found.version).unwrap_or_default()))
}

async fn look(database: &Database, show: &Show) -> Result<Shown, AppError> {
    let mut connection = database.connection().await?;
    let version = version(&mut connection).await?;
    let embeddings = ann::count(&mut connection).await.map_err(failed)?;
    let indexes = ann::indexes(&mut connection).await.map_err(failed)?;
    let mut shown = Shown {
        pgvector: version.to_string(),
        embeddings,
        recommended_lists: ann::lists_for(embeddings),
        advice: ann::judge(&indexes, embeddings, version),
        ..Shown::default()
    };
    if let Some(index) = indexes.iter().find(|index| index.valid) {
        let depth = ann::depth_in_use(index);
        shown.depth = Some(depth);
        if show.sample > 0 && embeddings > 1 {
            let sample = draw(&mut connection, embeddings, show.sample.into()).await?;
            if !sample.is_empty() {
                shown.index = Some(sample.at(&mut connection, index, depth).await.map_err(failed)?);
                shown.exact = Some(sample.exact());
                shown.sample = sample.len();
            }
        }
    }
    shown.indexes = indexes;
    Ok(shown)
}

async fn draw(
    connection: &mut crate::database::Connection,
    embeddings: i64,
    size: usize,
) -> Result<Sample, AppError> {
    let mut bar = Bar::new();
    bar.begin("Searching exactly, to compare with", size as u64, Unit::Rows);
    let sample = Sample::draw(connection, embeddings, size, PATIENCE, |done| bar.advance(done as u64)).await;
    bar.end();
    sample.map_err(failed)
}

async fn rebuild(database: &Database, command: &Rebuild) -> Result<Shown, AppError> {
    let design = {
        let mut connection = database.connection().await?;
        let version = version(&mut connection).await?;
        design(command, version, ann::count(&mut connection).await.map_err(failed)?)?
    };
    let mut bar = Bar::new();
    let mut phase = String::new();
    bar.begin("Building the vector index", 0, Unit::Rows);
    let progress = |now: BuildProgress| {
        if now.phase != phase {
            bar.begin(&now.phase, now.total, Unit::Rows);
            phase.clone_from(&now.phase);
        }
        bar.advance(now.done);
    };
    let stop = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let memory = command.memory.map(|megabytes| megabytes << 20);
    let outcome = ann::build(database, design, memory, stop, progress).await;
    bar.end();
    let built = match outcome? {
        Outcome::Built(built) => built,
        Outcome::Stopped => {
            return Err(AppError::new(
                ErrorKind::Interrupted,
                "interrupted; the vector index is the one of before",
            ));
        }
    };
    let mut rebuilt = Rebuilt {
        rows: built.rows,
        cleared: built.cleared,
        seconds: built.seconds,
        target: command.recall,
        reached: None,
    };
    if built.rows > 1 && command.show.sample > 0 {
        rebuilt.reached = choose(database, command, built.rows).await?;
    }
    let unmeasured = Show { sample: 0, ..command.show };
    let after = if rebuilt.reached.is_some() { &command.show } else { &unmeasured };
    let mut shown = look(database, after).await?;
    shown.rebuilt = Some(rebuilt);
    Ok(shown)
}

fn design(command: &Rebuild, version: Version, rows: i64) -> Result<Design, AppError> {
    let lists = command.lists.unwrap_or_else(|| ann::lists_for(rows));
    let (method, element, needed) = match (command.hnsw, command.halfvec) {
        (_, true) => (Method::Hnsw, Element::Halfvec, Version::HALFVEC),
        (true, false) => (Method::Hnsw, Element::Vector, Version::HNSW),
        (false, false) => (Method::Ivfflat, Element::Vector, Version(0, 0, 0)),
    };
    if version < needed {
        return Err(AppError::new(
            ErrorKind::Usage,
            format!("the server's pgvector {version} cannot do that: {needed} is needed"),
        )
        .hinted("After an update of its package: ALTER EXTENSION vector UPDATE"));
    }
    Ok(Design { method, element, lists })
}

/// Finds how far the new index must be searched, and notes it; tells whether the recall was reached.
async fn choose(database: &Database, command: &Rebuild, rows: i64) -> Result<Option<bool>, AppError> {
    let mut connection = database.connection().await?;
    let Some(index) = ann::serving(&mut connection).await.map_err(failed)? else { return Ok(None) };
    let sample = draw(&mut connection, rows, command.show.sample.into()).await?;
    if sample.is_empty() {
        return Ok(None);
    }
    let (depth, quality) = sample.depth_for(&mut connection, &index, command.recall).await.map_err(failed)?;
    let mut note =
        IndexNote { recall: Some(quality.recall), target: Some(command.recall), ..IndexNote::default() };
    match index.method {
        Method::Ivfflat => note.probes = Some(depth),
        Method::Hnsw => note.ef_search = Some(depth),
    }
    ann::write_choice(&mut connection, &index, note).await.map_err(failed)?;
    let reached = quality.recall >= command.recall;
    if !reached {
        say(&format!(
            "warning: recall@10 of {} is the most that this index gives; {} was asked for",
            quality.recall, command.recall
        ));
    }
    Ok(Some(reached))
}

fn text(shown: &Shown) -> String {
    let mut text = String::new();
    if let Some(rebuilt) = &shown.rebuilt {
        let _ = writeln!(text, "Built on {} rows in {:.1} s", rebuilt.rows, rebuilt.seconds);
        if rebuilt.cleared > 0 {
            let _ =
                writeln!(text, "Cleared away {} that earlier builds had left unfinished", rebuilt.cleared);
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{} embeddings, pgvector {}", shown.embeddings, shown.pgvector);
    for index in &shown.indexes {
        let element = match index.element {
            Element::Vector => "",
            Element::Halfvec => " on halfvec",
        };
        let valid = if index.valid { "" } else { ", NOT VALID" };
        let _ = writeln!(
            text,
            "{}: {}{element} ({}), {}{valid}",
            index.name,
            index.method.name(),
            index.options.join(", "),
            size(index.bytes)
        );
        if let Some(rows) = index.built_on {
            let _ = writeln!(text, "  built on {rows} rows");
        }
    }
    if let Some(depth) = shown.depth {
        let what = match shown.indexes.iter().find(|index| index.valid).map(|index| index.method) {
            Some(Method::Hnsw) => "candidates kept by a search (ef_search)",
            _ => "lists looked into by a search (probes)",
        };
        let _ = writeln!(text, "  {what}: {depth}");
    }
    if let (Some(index), Some(exact)) = (shown.index, shown.exact) {
        let _ = writeln!(
            text,
            "  recall@10 {:.3}, {:.1} ms a search (95 % within {:.1}); exact {:.1} ms; measured with {} vectors",
            index.recall, index.median_ms, index.p95_ms, exact.median_ms, shown.sample
        );
    }
    for advice in &shown.advice {
        let _ = writeln!(text, "{}\n  {}", advice.message, advice.remedy);
    }
    text
}

fn size(bytes: i64) -> String {
    match bytes {
        0..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
