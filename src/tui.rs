//! The terminal application: the loop, the terminal, input and effects.

mod anchored;
mod app;
mod clipboard;
mod desk;
mod editor;
mod effects;
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
use crate::logging::LogFile;
use crate::repository::Store;
use crate::review::Review;
use crate::review::outbox::{News, Outbox, Place, Rest};
use crate::sanitise;
use app::msg::{Effect, Msg};
use app::session::{self, Resumed};
use app::state::MOMENT;
use app::unsaved::Phase;
use app::{State, update};
use chrono::Utc;
pub use desk::Desk;
use effects::Effects;
use futures_util::future::BoxFuture;
use input::Input;
pub use interface::Interface;
use pace::Pace;
pub use settings::Settings;
use signals::{Signal, Signals};
pub use stage::Stage;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use terminal::Terminal;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

/// How long the end may take after the terminal is gone.
const HUNG_UP_PATIENCE: Duration = Duration::from_secs(10);

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
        session::resume(&mut state, resumed);
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

type Opened = Result<(Review, Outbox, mpsc::UnboundedReceiver<News>), AppError>;

/// Everything the loop listens to.
struct Session {
    signals: Signals,
    input: Input,
    progress: Option<mpsc::UnboundedReceiver<Progress>>,
    opening: JoinHandle<Opened>,
    is_opening: bool,
    /// Lets the opening try again without waiting.
    again: Arc<Notify>,
    news: Option<mpsc::UnboundedReceiver<News>>,
    answers: mpsc::Receiver<Msg>,
    answer_to: mpsc::Sender<Msg>,
    effects: Option<Effects>,
    desk: Option<Desk>,
    log: Option<LogFile>,
    /// The text that the user's editor is to be opened with.
    to_edit: Option<String>,
    /// When the shell gave the terminal back last.
    resumed: Option<Instant>,
    /// The signal that asked for the end.
    ended_by: Option<u8>,
}

/// What woke the loop.
enum Event {
    Msg(Msg),
    Opened(Opened),
    Continued,
}

impl Session {
    fn new(opening: Opening, settings: Settings, reviewer: Reviewer) -> Result<Self, AppError> {
        let (answer_to, answers) = mpsc::channel(ANSWERS);
        let again = Arc::new(Notify::new());
        let open = {
            let (tell, again) = (answer_to.clone(), Arc::clone(&again));
            async move {
                let store = waiting::open(opening.store, &opening.outbox, &tell, &again).await?;
                let (outbox, news) = Outbox::start(opening.outbox, Arc::clone(&store)).await;
                Ok((Review::new(store, reviewer), outbox, news))
            }
        };
        signals::outlast_hang_up(HUNG_UP_PATIENCE).map_err(lost_terminal)?;
        Ok(Self {
            signals: Signals::new().map_err(lost_terminal)?,
            input: Input::new(),
            progress: Some(opening.progress),
            opening: tokio::spawn(open),
            is_opening: true,
            again,
            news: None,
            answers,
            answer_to,
            effects: None,
            desk: settings.desk,
            log: settings.log,
            to_edit: None,
            resumed: None,
            ended_by: None,
        })
    }

    async fn work(&mut self, state: &mut State, terminal: &mut Terminal) -> Result<(), AppError> {
        let mut pace = Pace::new(Instant::now());
        loop {
            let wake = [state.next_deadline(), pace.draw_at()].into_iter().flatten().min();
            let event = self.next(wake).await.map_err(lost_terminal)?;
            read_clock(state);
            if self.take(state, terminal, event)?.is_break() {
                return Ok(());
            }
            // What is typed behind the key that opens the editor is for the editor.
            while self.to_edit.is_none()
                && let Some(event) = self.ready().await.map_err(lost_terminal)?
            {
                if self.take(state, terminal, event)?.is_break() {
                    return Ok(());
                }
            }
            if let Some(text) = self.to_edit.take() {
                let msg = self.edit(state, terminal, &text).await?;
                if self.take(state, terminal, Event::Msg(msg))?.is_break() {
                    return Ok(());
                }
            }
            pace.changed();
            if pace.is_due(Instant::now()) {
                let size = terminal.size();
                if size != state.size {
                    let effects = update(state, Msg::Resize(size));
                    if self.start(state, terminal, effects)?.is_break() {
                        return Ok(());
                    }
                }
                terminal.draw(state).map_err(lost_terminal)?;
                pace.drawn(Instant::now());
            }
        }
    }

    /// Waits for what comes first: signals, input, answers, then the clock.
    async fn next(&mut self, wake: Option<Instant>) -> std::io::Result<Event> {
        let clock = async {
            match wake {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let progress = async {
            match &mut self.progress {
                Some(progress) => progress.recv().await,
                None => std::future::pending().await,
            }
        };
        let news = async {
            match &mut self.news {
                Some(news) => news.recv().await,
                None => std::future::pending().await,
            }
        };
        let log = async {
            match &mut self.log {
                Some(log) => log.lines.recv().await,
                None => std::future::pending().await,
            }
        };
        Ok(tokio::select! {
            biased;
            signal = self.signals.next() => match signal {
                Signal::Terminate(number) => {
                    self.ended_by = Some(number);
                    Event::Msg(Msg::Terminate)
                }
                Signal::Continue => Event::Continued,
            },
            msg = self.input.next() => Event::Msg(msg?),
            Some(news) = news => Event::Msg(Msg::Outbox(news)),
            Some(msg) = self.answers.recv() => Event::Msg(msg),
            Some((level, text)) = log => Event::Msg(handover::logged(level, text)),
            opened = &mut self.opening, if self.is_opening => Event::Opened(opened.unwrap_or_else(|_| {
                Err(AppError::new(ErrorKind::Internal, "opening the database ended in a fault of gapdeck itself"))
            })),
            step = progress => Event::Msg(if let Some(step) = step {
                Msg::Progress(step)
            } else {
                self.progress = None;
                Msg::Woke
            }),
            () = clock => Event::Msg(Msg::Woke),
        })
    }

    /// Returns what is there already, so that a burst becomes one frame.
    async fn ready(&mut self) -> std::io::Result<Option<Event>> {
        if let Some(msg) = self.input.ready().await {
            return Ok(Some(Event::Msg(msg?)));
        }
        if let Some(news) = self.news.as_mut().and_then(|news| news.try_recv().ok()) {
            return Ok(Some(Event::Msg(Msg::Outbox(news))));
        }
        Ok(self.answers.try_recv().ok().map(Event::Msg))
    }

    fn take(
        &mut self,
        state: &mut State,
        terminal: &mut Terminal,
        event: Event,
    ) -> Result<ControlFlow<()>, AppError> {
        let msg = match event {
            Event::Msg(msg) => msg,
            Event::Opened(opened) => {
                self.is_opening = false;
                self.progress = None;
                let (review, outbox, news) = opened?;
                self.effects =
                    Some(Effects::new(review, outbox, self.answer_to.clone(), state.identity.shared));
                self.news = Some(news);
                Msg::Opened
            }
            Event::Continued => {
                // After a Ctrl-Z of our own the terminal is ours again already.
                if self.resumed.is_none_or(|at| at.elapsed() > Duration::from_secs(1)) {
                    terminal.reenter().map_err(lost_terminal)?;
                }
                Msg::Woke
            }
        };
        #[cfg(debug_assertions)]
        fault(&msg);
        if matches!(msg, Msg::Resize(_)) {
            terminal.forget_screen().map_err(lost_terminal)?;
        }
        let effects = update(state, msg);
        self.start(state, terminal, effects)
    }

    fn start(
        &mut self,
        state: &mut State,
        terminal: &mut Terminal,
        effects: Vec<Effect>,
    ) -> Result<ControlFlow<()>, AppError> {
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(ControlFlow::Break(())),
                Effect::Suspend => {
                    self.input.pause();
                    terminal::restore();
                    signals::stop().map_err(lost_terminal)?;
                    terminal.reenter().map_err(lost_terminal)?;
                    self.input.resume();
                    self.resumed = Some(Instant::now());
                    read_clock(state);
                }
                effect if effect.is_local() => self.hand_over(effect).map_err(lost_terminal)?,
                effect => match &mut self.effects {
                    Some(effects) => effects.start(effect),
                    None if effect == Effect::SendNow => self.again.notify_one(),
                    None => {}
                },
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Breaks down at F12 where the environment asks a development build to: how else could a test see what a fault does?
#[cfg(debug_assertions)]
fn fault(msg: &Msg) {
    use app::keymap::Key;
    use crossterm::event::KeyCode;
    if matches!(msg, Msg::Key(key) if *key == Key::plain(KeyCode::F(12)))
        && let Ok(data) = std::env::var("GAPDECK_TEST_FAULT")
    {
        #[expect(clippy::panic, reason = "that is what is asked for")]
        {
            panic!("cannot take {data}");
        }
    }
}

fn read_clock(state: &mut State) {
    state.now = Instant::now();
    state.wall = Utc::now();
}
