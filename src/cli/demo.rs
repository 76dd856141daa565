//! `gapdeck demo`.

use super::bar::Bar;
use super::open::{self, Tables};
use super::output::{json, say};
use super::review::{Prepare, need_terminal, on_screen, send};
use crate::config::{Config, Location};
use crate::database::Database;
use crate::database::url::{Environment, Target};
use crate::demo::fill::{self, FillError, Filled, Volume};
use crate::demo::{DemoCatalogue, DemoSize, generate};
use crate::error::{AppError, ErrorKind};
use crate::repository::{InputRepository, QueueRepository};
use crate::transfer::import::{ProgressSink, Silent, Unit, load_demo};
use crate::tui::Progress;
use clap::Args;
use tokio::sync::mpsc;

/// The demo is the same for everyone.
const SEED: u64 = 1;

/// The most gaps of the embedded database: it is one process without parallel work, and meant for one person's reviews.
const MOST_EMBEDDED: u64 = 100_000;

/// Reviews a made-up catalogue on a database of its own.
#[derive(Debug, Args)]
pub struct Demo {
    /// Make about this many gaps up inside an empty database, with a fifth as many products, predictions and decisions;
    /// more than 100,000 need a server
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(Volume::RANGE))]
    gaps: Option<u64>,
    /// Make the database and end
    #[arg(long)]
    seed_only: bool,
    /// Print what there is as JSON (with --seed-only)
    #[arg(long, requires = "seed_only")]
    json: bool,
}

impl Demo {
    /// Tells whether the terminal application is started.
    pub(super) fn is_review(&self) -> bool {
        !self.seed_only
    }
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

/// Returns where the demo is: a server is only filled with made-up products when it is named on the command line.
pub(super) fn location(config: &Config) -> Location {
    match &config.location {
        Location::Shared(_) if !config.shared_by_default => config.location.clone(),
        _ => Location::Embedded(config.demo_directory.clone()),
    }
}

/// Opens the demo's database, after making it where it is not there.
pub(super) async fn seeded(config: &Config) -> Result<Database, AppError> {
    prepare(&location(config), &config.environment, None, &mut |_| {}, &mut Silent).await
}

pub(super) async fn run(command: Demo, config: &Config) -> Result<(), AppError> {
    let location = location(config);
    let volume = command.gaps.map(|gaps| volume(gaps, &location)).transpose()?;
    if command.seed_only {
        if let Some(volume) = volume {
            return fill_only(&location, &config.environment, volume, command.json).await;
        }
        let database = seeded(config).await?;
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
        Location::Shared(url) => {
            Target::parse(url, &config.environment).map_err(|error| config.about_url(error))?.label()
        }
    };
    let outbox = open::outbox(config, &location)?;
    let shared = matches!(location, Location::Shared(_));
    let environment = config.environment.clone();
    let prepare: Prepare = Box::new(move |progress| {
        let (location, environment) = (location.clone(), environment.clone());
        Box::pin(async move {
            let mut on_screen = OnScreen { progress: progress.clone(), step: String::new(), total: None };
            let mut step = |step: &str| send(&progress, step, 0, None);
            prepare(&location, &environment, volume, &mut step, &mut on_screen).await
        })
    });
    let tour = config.state_directory.join("tour-seen");
    on_screen(config, name, shared, prepare, outbox, Some(tour)).await
}

/// Checks that a database can take so many gaps.
fn volume(gaps: u64, location: &Location) -> Result<Volume, AppError> {
    if gaps > MOST_EMBEDDED && matches!(location, Location::Embedded(_)) {
        return Err(AppError::new(
            ErrorKind::Usage,
            format!(
                "{gaps} gaps are too many for the embedded database, which takes {MOST_EMBEDDED} of --gaps"
            ),
        )
        .hinted("Name an empty database on a server with --database-url."));
    }
    Volume::of_gaps(gaps)
        .ok_or_else(|| AppError::new(ErrorKind::Usage, format!("{gaps} gaps cannot be made up")))
}

/// Fills a database with made-up rows, and says what they are.
async fn fill_only(
    location: &Location,
    environment: &Environment,
    volume: Volume,
    as_json: bool,
) -> Result<(), AppError> {
    let database = open::at(location, environment, Tables::Migrate, &mut |_| {}).await?;
    let label = database.label().to_owned();
    let filled = filled(&database, volume, &mut Bar::new()).await;
    database.close().await;
    let filled = filled?;
    if as_json {
        return json(&serde_json::json!({ "database": label, "gaps": volume.gaps(), "made": filled }));
    }
    match filled {
        None => {
            say(&format!("{label} has been filled with {} gaps before: nothing was changed", volume.gaps()));
        }
        Some(filled) => {
            let seconds: f64 = filled.steps.iter().map(|(_, seconds)| seconds).sum();
            say(&format!(
                "{label} has {} gaps of {} products, {} predictions, {} decisions and {} vectors now; it took {seconds:.0} s",
                filled.gaps, filled.products, filled.predictions, filled.decisions, filled.embeddings
            ));
            say("The materialised views are still empty; `gapdeck refresh` fills them.");
        }
    }
    Ok(())
}

/// Fills a database, unless the same rows are there.
async fn filled(
    database: &Database,
    volume: Volume,
    progress: &mut dyn ProgressSink,
) -> Result<Option<Filled>, AppError> {
    let refused = |error: &dyn std::error::Error| crate::database::refused("cannot make rows up", error);
    let mut connection = database.connection().await?;
    if fill::filled_with(&mut connection).await.map_err(|error| refused(&error))? == Some(volume.gaps()) {
        return Ok(None);
    }
    match fill::fill(&mut connection, volume, progress).await {
        Ok(filled) => Ok(Some(filled)),
        Err(FillError::Occupied(table)) => Err(AppError::new(
            ErrorKind::Input,
            format!("{} holds other data ({table} has rows): nothing was made up", database.label()),
        )
        .hinted("Name an empty database with --database-url, or an empty directory with --data-dir.")),
        Err(error @ FillError::Words(_)) => Err(internal(&error)),
        Err(error @ FillError::Database(_)) => {
            Err(refused(&error).hinted("Nothing was written. Whoever fills a database must own its tables."))
        }
    }
}

/// Opens a database and loads the demo into it, or as many rows as asked for, unless it is there.
async fn prepare(
    location: &Location,
    environment: &Environment,
    volume: Option<Volume>,
    step: &mut (dyn FnMut(&str) + Send),
    progress: &mut dyn ProgressSink,
) -> Result<Database, AppError> {
    if let Some(volume) = volume {
        let database = open::at(location, environment, Tables::Migrate, step).await?;
        if let Err(error) = filled(&database, volume, progress).await {
            database.close().await;
            return Err(error);
        }
        return Ok(database);
    }
    // A new database will need the catalogue: it is made while the engine starts.
    let is_new = matches!(location, Location::Embedded(directory) if !directory.join("database").exists());
    let early = is_new.then(|| tokio::task::spawn_blocking(|| generate(SEED, DemoSize::default())));
    let database = open::at(location, environment, Tables::Migrate, step).await?;
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
