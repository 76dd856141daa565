//! Plain `gapdeck`: the terminal application.

use super::open::{self, Tables};
use super::output::say;
use super::refresh;
use crate::config::{Config, Location};
use crate::database::Database;
use crate::database::url::Target;
use crate::error::{AppError, ErrorKind};
use crate::repository::Store;
use crate::review::outbox::{Place, Rest};
use crate::tui::{self, Desk, Identity, Opening, Progress, Settings};
use futures_util::future::BoxFuture;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// What brings a database into the state that a review needs, saying each step.
pub(super) type Prepare =
    Box<dyn Fn(mpsc::UnboundedSender<Progress>) -> BoxFuture<'static, Result<Database, AppError>> + Send>;

/// Says that there is no terminal, and what works without one.
pub(super) fn need_terminal() -> Result<(), AppError> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(AppError::new(ErrorKind::NoTerminal, "reviewing needs a terminal on standard input and output")
        .hinted("Without one: gapdeck queue --json, gapdeck decide, gapdeck history, gapdeck neighbours, gapdeck import.")
        .hinted("gapdeck demo --seed-only makes a database to try them on."))
}

pub(super) async fn run(config: &Config) -> Result<(), AppError> {
    need_terminal()?;
    let name = match &config.location {
        Location::Embedded(_) => "embedded".to_owned(),
        Location::Shared(url) => {
            Target::parse(url, &config.environment).map_err(|error| config.about_url(error))?.label()
        }
    };
    let from = config.clone();
    let prepare: Prepare = Box::new(move |progress| {
        let from = from.clone();
        Box::pin(async move {
            let mut step = |step: &str| send(&progress, step, 0, None);
            let database = open::at(&from.location, &from.environment, Tables::Expect, &mut step).await?;
            open::reading(database, &from).await
        })
    });
    let outbox = open::outbox(config, &config.location)?;
    on_screen(config, name, matches!(config.location, Location::Shared(_)), prepare, outbox).await
}

/// Sends a step to the start screen.
pub(super) fn send(progress: &mpsc::UnboundedSender<Progress>, step: &str, done: u64, total: Option<u64>) {
    let _ = progress.send(Progress { step: step.to_owned(), done, total });
}

/// Runs the terminal application while the database opens, and closes the database after it.
pub(super) async fn on_screen(
    config: &Config,
    database: String,
    shared: bool,
    prepare: Prepare,
    outbox: Place,
) -> Result<(), AppError> {
    let (_log, log) = crate::logging::to_file(&config.state_directory).unzip();
    let settings =
        Settings { desk: Some(Desk::new(outbox.desk())), resume: true, mouse: false, title: true, log };
    let (sender, progress) = mpsc::unbounded_channel();
    let opened: Arc<Mutex<Option<Database>>> = Arc::default();
    let stale_after = config.refresh_views_after;
    let kept = Arc::clone(&opened);
    let store: tui::OpenStore = Box::new(move || {
        let (opened, preparing) = (Arc::clone(&kept), prepare(sender.clone()));
        Box::pin(async move {
            let database = preparing.await?;
            let store = Arc::new(database.store());
            if shared {
                // On a connection of its own; the embedded database has but one, and waits for the end.
                let database = database.clone();
                tokio::spawn(
                    async move { refresh::refresh_stale(&database, stale_after, refresh::BESIDE).await },
                );
            }
            *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(database);
            Ok(store as Arc<dyn Store>)
        })
    });
    let identity = Identity { reviewer: config.reviewer.clone(), database, shared };
    let result = tui::run(identity, settings, Opening { progress, store, outbox }).await;
    let database = opened.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(database) = database {
        if !shared && result.as_ref().is_ok_and(|ended| ended.error.is_none()) {
            refresh::refresh_stale(&database, stale_after, refresh::BEFORE_CLOSING).await;
        }
        database.close().await;
    }
    let ended = result?;
    tell(ended.rest);
    ended.error.map_or(Ok(()), Err)
}

/// Says what is left in the outbox, and what becomes of it.
fn tell(rest: Rest) {
    let decisions = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 decision {one}"),
        count => format!("{count} decisions {many}"),
    };
    if rest.pending > 0 {
        let what = decisions(rest.pending, "rests", "rest");
        say(&format!("{what} in the outbox; the next start of gapdeck sends what rests there."));
    }
    if rest.failed > 0 {
        let what = decisions(rest.failed, "was", "were");
        say(&format!("{what} refused by the database and kept; O in gapdeck or `gapdeck outbox` says why."));
    }
}
