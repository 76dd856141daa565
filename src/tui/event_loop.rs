//! The loop: what it listens to, what it does with it, when it draws.

use super::app::msg::{Effect, Msg};
use super::app::{State, update};
use super::effects::Effects;
use super::input::Input;
use super::pace::{Cause, Pace};
use super::signals::{self, Signal, Signals};
use super::terminal::{self, Terminal};
use super::{ANSWERS, Desk, Opening, Progress, Settings, handover, lost_terminal, waiting};
use crate::domain::Reviewer;
use crate::error::{AppError, ErrorKind};
use crate::logging::LogFile;
use crate::review::Review;
use crate::review::outbox::{News, Outbox};
use chrono::Utc;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

/// How long the end may take after the terminal is gone.
const HUNG_UP_PATIENCE: Duration = Duration::from_secs(10);

type Opened = Result<(Review, Outbox, mpsc::UnboundedReceiver<News>), AppError>;

/// Everything the loop listens to.
pub struct Session {
    pub(super) signals: Signals,
    pub(super) input: Input,
    progress: Option<mpsc::UnboundedReceiver<Progress>>,
    pub(super) opening: JoinHandle<Opened>,
    is_opening: bool,
    /// Lets the opening try again without waiting.
    again: Arc<Notify>,
    news: Option<mpsc::UnboundedReceiver<News>>,
    answers: mpsc::Receiver<Msg>,
    pub(super) answer_to: mpsc::Sender<Msg>,
    pub(super) effects: Option<Effects>,
    /// What is to be asked of the database once the frame is on the screen.
    asked: Vec<Effect>,
    pub(super) desk: Option<Desk>,
    log: Option<LogFile>,
    /// The text that the user's editor is to be opened with.
    pub(super) to_edit: Option<String>,
    /// When the shell gave the terminal back last.
    pub(super) resumed: Option<Instant>,
    /// The signal that asked for the end.
    pub(super) ended_by: Option<u8>,
}

/// What woke the loop.
enum Event {
    Msg(Msg),
    Opened(Opened),
    Continued,
}

impl Event {
    fn cause(&self) -> Cause {
        match self {
            Self::Msg(Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(..)) => Cause::Input,
            _ => Cause::Other,
        }
    }
}

impl Session {
    pub fn new(opening: Opening, settings: Settings, reviewer: Reviewer) -> Result<Self, AppError> {
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
        let signals = Signals::new().map_err(lost_terminal)?;
        signals.outlast_terminal(HUNG_UP_PATIENCE).map_err(lost_terminal)?;
        Ok(Self {
            signals,
            input: Input::new(),
            progress: Some(opening.progress),
            opening: tokio::spawn(open),
            is_opening: true,
            again,
            news: None,
            answers,
            answer_to,
            effects: None,
            asked: Vec::new(),
            desk: settings.desk,
            log: settings.log,
            to_edit: None,
            resumed: None,
            ended_by: None,
        })
    }

    pub async fn work(&mut self, state: &mut State, terminal: &mut Terminal) -> Result<(), AppError> {
        let mut pace = Pace::new(Instant::now());
        loop {
            let wake = [state.next_deadline(), pace.draw_at()].into_iter().flatten().min();
            let event = self.next(wake).await.map_err(lost_terminal)?;
            read_clock(state);
            pace.changed(event.cause());
            if self.take(state, terminal, event)?.is_break() {
                return Ok(());
            }
            // What is typed behind the key that opens the editor is for the editor.
            while self.to_edit.is_none()
                && let Some(event) = self.ready().await.map_err(lost_terminal)?
            {
                pace.changed(event.cause());
                if self.take(state, terminal, event)?.is_break() {
                    return Ok(());
                }
            }
            // What a key decides is on its way to the disk before the screen shows it; for what is read, the frame does not wait.
            if self.asked.iter().any(Effect::decides) {
                self.ask();
            }
            if let Some(text) = self.to_edit.take() {
                self.ask();
                let msg = self.edit(state, terminal, &text).await?;
                if self.take(state, terminal, Event::Msg(msg))?.is_break() {
                    return Ok(());
                }
            }
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
            self.ask();
        }
    }

    /// Starts what was asked for, in order.
    fn ask(&mut self) {
        for effect in self.asked.drain(..) {
            match &mut self.effects {
                Some(effects) => effects.start(effect),
                None if effect == Effect::SendNow => self.again.notify_one(),
                None => {}
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
                Effect::Quit => {
                    self.ask();
                    return Ok(ControlFlow::Break(()));
                }
                Effect::Suspend => {
                    self.ask();
                    self.input.pause();
                    terminal::restore();
                    signals::stop().map_err(lost_terminal)?;
                    terminal.reenter().map_err(lost_terminal)?;
                    self.input.resume();
                    self.resumed = Some(Instant::now());
                    read_clock(state);
                }
                effect if effect.is_local() => self.hand_over(effect).map_err(lost_terminal)?,
                effect => self.asked.push(effect),
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Breaks down at F12 where the environment asks a development build to: how else could a test see what a fault does?
#[cfg(debug_assertions)]
fn fault(msg: &Msg) {
    use super::app::keymap::Key;
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

/// Lets the state know what time it is.
pub fn read_clock(state: &mut State) {
    state.now = Instant::now();
    state.wall = Utc::now();
}
