//! `gapdeck demo`.

use super::open::{self, Tables};
use super::output::{json, say};
use super::review::{Prepare, need_terminal, on_screen, send};
use crate::config::{Config, Location};
use crate::database::Database;
use crate::demo::{DemoCatalogue, DemoSize, generate};
use crate::error::{AppError, ErrorKind};
use crate::repository::{InputRepository, QueueRepository};
use crate::transfer::import::{ProgressSink, Silent, Unit, load_demo};
use crate::tui::Progress;
use clap::Args;
use tokio::sync::mpsc;

/// The demo is the same for everyone.
const SEED: u64 = 1;

/// Reviews a made-up catalogue on a database of its own.
#[derive(Debug, Args)]
pub struct Demo {
    /// Make the database and end
    #[arg(long)]
    seed_only: bool,
    /// Print what there is as JSON (with --seed-only)
    #[arg(long, requires = "seed_only")]
    json: bool,
}

/// Tells the start screen how far the load is.
struct OnScreen {
    progress: mpsc::UnboundedSender<Progress>,
    step: String,
    total: Option<u64>,
}

impl ProgressSink for OnScreen {
    fn begin(&mut self, step: &str, total: u64, _unit: Unit) {
        step.clone_into(&mut self.step);
        self.total = (total > 0).then_some(total);
        send(&self.progress, step, 0, self.total);
    }

    fn advance(&mut self, done: u64) {
        send(&self.progress, &self.step, done, self.total);
    }

    fn end(&mut self) {}
}

pub(super) async fn run(command: Demo, config: &Config) -> Result<(), AppError> {
    // A server is only filled with made-up products when it is named on the command line.
    let location = match &config.location {
        Location::Shared(_) if !config.shared_by_default => config.location.clone(),
        _ => Location::Embedded(config.demo_directory.clone()),
    };
    if command.seed_only {
        let database = prepare(&location, &mut |_| {}, &mut Silent).await?;
        let counted = database.store().count(&crate::domain::QueueFilter::default(), 1_000_000).await;
        let label = database.label().to_owned();
        database.close().await;
        let open = counted?.value();
        if command.json {
            return json(&serde_json::json!({ "database": label, "open_gaps": open }));
        }
        say(&format!("the demo is ready on {label}: {open} open gaps"));
        return Ok(());
    }
    need_terminal()?;
    let name = match &location {
        Location::Embedded(_) => "demo".to_owned(),
        Location::Shared(url) => crate::database::url::Target::parse(url)?.label(),
    };
    let outbox = open::outbox(config, &location)?;
    let prepare: Prepare = Box::new(move |progress| {
        Box::pin(async move {
            let mut on_screen = OnScreen { progress: progress.clone(), step: String::new(), total: None };
            prepare(&location, &mut |step| send(&progress, step, 0, None), &mut on_screen).await
        })
    });
    on_screen(config, name, prepare, outbox).await
}

/// Opens a database and loads the demo into it, unless it is there.
async fn prepare(
    location: &Location,
    step: &mut (dyn FnMut(&str) + Send),
    progress: &mut dyn ProgressSink,
) -> Result<Database, AppError> {
    // A new database will need the catalogue: it is made while the engine starts.
    let is_new = matches!(location, Location::Embedded(directory) if !directory.join("database").exists());
    let early = is_new.then(|| tokio::task::spawn_blocking(|| generate(SEED, DemoSize::default())));
    let database = open::at(location, Tables::Migrate, step).await?;
    let facets = database.store().facets().await?;
    if facets.attributes.is_empty() && facets.categories.is_empty() {
        step("Making the demo catalogue");
        let making =
            early.unwrap_or_else(|| tokio::task::spawn_blocking(|| generate(SEED, DemoSize::default())));
        let catalogue = making.await.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
        load(&database, &catalogue, progress).await?;
    } else if !facets.experiments.iter().any(|experiment| experiment.key.as_str() == crate::demo::EXPERIMENT)
    {
        let label = database.label().to_owned();
        database.close().await;
        return Err(AppError::new(ErrorKind::Input, format!("{label} holds another catalogue: the demo was not loaded"))
            .hinted("Give the demo a directory of its own with --data-dir, or plain `gapdeck` to review what is there."));
    }
    Ok(database)
}

async fn load(
    database: &Database,
    catalogue: &DemoCatalogue,
    progress: &mut dyn ProgressSink,
) -> Result<(), AppError> {
    let mut connection = database.connection().await?;
    load_demo(&mut connection, catalogue, progress).await?;
    Ok(())
}

fn internal(error: &dyn std::fmt::Display) -> AppError {
    AppError::new(ErrorKind::Internal, format!("cannot make the demo catalogue: {error}"))
}
