//! The terminal application: the loop, the terminal, input and effects.

mod anchored;
mod app;
mod clipboard;
mod desk;
mod editor;
mod effects;
mod event_loop;
#[cfg(test)]
mod fixture;
mod glyphs;
mod handover;
mod hit;
mod input;
mod interface;
mod layout;
mod overlays;
mod pace;
mod screens;
mod settings;
mod signals;
mod stage;
mod svg;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod view;
mod waiting;
mod widgets;
#[cfg(test)]
pub(crate) use widgets::wrap;

use crate::domain::Reviewer;
use crate::error::{AppError, ErrorKind};
use crate::repository::Store;
use crate::review::outbox::{Place, Rest};
use crate::sanitise;
use app::State;
use app::session::{Resumed, resume};
use app::state::MOMENT;
use app::unsaved::Phase;
pub use desk::Desk;
use event_loop::Session;
use futures_util::future::BoxFuture;
pub use interface::Interface;
pub use settings::Settings;
pub use stage::Stage;
use std::sync::Arc;
use terminal::Terminal;
use tokio::sync::mpsc;

/// How many answers may wait for the loop.
const ANSWERS: usize = 256;

/// One step of opening the database, as the start screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done (`"Loading the demo catalogue"`).
    pub step: String,
    /// How much of it is done.
    pub done: u64,
    /// How much there is to do, where that is known.
    pub total: Option<u64>,
}

/// What opens a database, each time it is asked to.
pub type OpenStore = Box<dyn FnMut() -> BoxFuture<'static, Result<Arc<dyn Store>, AppError>> + Send>;

/// A database that is being opened while the first frame is already on the screen.
pub struct Opening {
    pub progress: mpsc::UnboundedReceiver<Progress>,
    /// Opens the database; asked again where it was out of reach.
    pub store: OpenStore,
    /// Where its outbox is.
    pub outbox: Place,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}

/// Who reviews what, for the header line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub reviewer: Reviewer,
    /// Names the database (`"demo"`, `"catalogue on db.example.com"`); never holds a password.
    pub database: String,
    /// Whether others may work on it at the same time.
    pub shared: bool,
}

/// How the terminal application ended.
#[derive(Debug)]
pub struct Ended {
    /// What is left in the outbox.
    pub rest: Rest,
    /// Why, where the user did not quit: a signal, or the terminal is gone.
    pub error: Option<AppError>,
}

/// Runs the terminal application until the user quits, a signal ends it or the terminal goes away.
///
/// # Errors
/// [`ErrorKind::NoTerminal`] where standard input or output is no terminal, what opening the database returns, and
/// [`ErrorKind::Unavailable`] where decisions could not be kept on the disk before the end.
pub async fn run(
    identity: Identity,
    settings: Settings,
    interface: Interface,
    opening: Opening,
) -> Result<Ended, AppError> {
    let title = if settings.title {
        format!("gapdeck: {}", sanitise::line(&identity.database, 60))
    } else {
        String::new()
    };
    let mut terminal = Terminal::enter(&title)?;
    crossterm::style::force_color_output(interface.has_colour);
    let mut state = interface.state(identity, terminal.size());
    // The first frame is on the screen before the database is touched.
    terminal.draw(&state).map_err(lost_terminal)?;
    state.keeps_views = settings.desk.is_some();
    state.toasts.log.file = settings.log.as_ref().map(|log| log.path.clone());
    let kept = settings.desk.clone().filter(|_| settings.resume);
    if let Some(resumed) = kept.as_ref().and_then(Desk::session) {
        resume(&mut state, resumed);
    }
    if settings.mouse {
        state.pointer.is_on = true;
        terminal::set_mouse(true).map_err(lost_terminal)?;
    }
    let mut session = Session::new(opening, settings, state.identity.reviewer.clone())?;
    let result = session.work(&mut state, &mut terminal).await;
    drop(terminal);
    // What was never opened is as it was.
    if let Some(desk) = kept.filter(|_| state.opening.is_none()) {
        desk.keep_session(&Resumed::of(&state));
    }
    let rest = match session.effects.take() {
        Some(effects) => effects.finish(MOMENT).await,
        None => Rest::default(),
    };
    session.opening.abort();
    let lost = match result {
        Err(error) if matches!(error.kind, ErrorKind::Signal(_)) => Some(error),
        result => result.map(|()| None)?,
    };
    let signal = session.ended_by.map(|signal| {
        AppError::new(ErrorKind::Signal(signal), format!("ended by {}", signals::name(signal)))
    });
    let error = signal.or(lost);
    if error.is_none() {
        never_reached(&state).map_or(Ok(()), Err)?;
    }
    unsaved(&state).map_or(Ok(Ended { rest, error }), Err)
}

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
fn lost_terminal(error: std::io::Error) -> AppError {
    AppError::new(ErrorKind::Signal(signals::HUNG_UP), format!("the terminal is gone: {error}"))
}

/// Says why the database was never opened.
fn never_reached(state: &State) -> Option<AppError> {
    let outage = state.outage.as_ref().filter(|_| state.opening.is_some())?;
    let error = AppError::new(ErrorKind::OutOfReach, outage.reason.clone());
    Some(error.hinted("Check that the server runs, and the URL's host, port, user and database."))
}

/// Names the decisions that did not reach the disk.
fn unsaved(state: &State) -> Option<AppError> {
    let decisions: Vec<String> = state
        .unsaved
        .iter()
        .filter(|one| matches!(one.phase, Phase::Refused(_)))
        .map(|one| {
            let value = one.decision.value.as_ref().map(|value| format!(" {}", sanitise::line(value, 60)));
            let gap = sanitise::line(&one.decision.gap.to_string(), 120);
            format!("{gap}: {}{}", one.decision.action.as_str(), value.unwrap_or_default())
        })
        .collect();
    let count = decisions.len();
    let noun = if count == 1 { "decision was" } else { "decisions were" };
    (count > 0).then(|| {
        let message = format!("{count} {noun} not saved:\n  {}", decisions.join("\n  "));
        AppError::new(ErrorKind::Unavailable, message)
            .hinted("`gapdeck decide` makes a decision again once there is room for the outbox.")
    })
}
