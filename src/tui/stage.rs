//! The application without a terminal: keys in, a drawn screen out. Pictures are made on it, and measurements.

use super::app::keymap::Key;
use super::app::msg::Msg;
use super::app::{State, update};
use super::effects::Effects;
use super::view::view;
use super::{ANSWERS, Identity, Interface, svg};
use crate::error::{AppError, ErrorKind};
use crate::repository::Store;
use crate::review::Review;
use crate::review::outbox::{News, Outbox, Place, Rest};
use chrono::Utc;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long nothing must have come before the screen counts as settled.
const SILENCE: Duration = Duration::from_millis(400);

/// The application on an open database, drawn into memory.
#[derive(Debug)]
pub struct Stage {
    state: State,
    effects: Effects,
    answers: mpsc::Receiver<Msg>,
    news: mpsc::UnboundedReceiver<News>,
    canvas: Terminal<TestBackend>,
}

impl Stage {
    /// Opens the review screen at a size of columns and rows; decisions rest in the outbox at `place`.
    pub async fn open(
        identity: Identity,
        interface: Interface,
        store: Arc<dyn Store>,
        place: Place,
        (width, height): (u16, u16),
    ) -> Self {
        let (answer_to, answers) = mpsc::channel(ANSWERS);
        let (outbox, news) = Outbox::start(place, Arc::clone(&store)).await;
        let review = Review::new(store, identity.reviewer.clone());
        let effects = Effects::new(review, outbox, answer_to, identity.shared);
        let size = Size { width, height };
        let state = interface.state(identity, size);
        let Ok(canvas) = Terminal::new(TestBackend::new(width, height));
        let mut opened = Self { state, effects, answers, news, canvas };
        opened.take(Msg::Opened);
        opened
    }

    /// Presses keys, written as in the help and parted by spaces, and waits for what each one brings. A text in quotes is typed.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for a word that names no key.
    pub async fn press(&mut self, keys: &str) -> Result<(), AppError> {
        for word in keys.split_whitespace() {
            let typed = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
            let keys = match typed {
                Some(text) => text.chars().map(Key::char).collect(),
                None => vec![Key::parse(word).map_err(|reason| AppError::new(ErrorKind::Usage, reason))?],
            };
            for key in keys {
                self.take(Msg::Key(key));
            }
            self.settle().await;
        }
        Ok(())
    }

    /// Presses one key without waiting for what it brings: only the state changes.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for a word that names no key.
    pub fn press_at_once(&mut self, key: &str) -> Result<(), AppError> {
        let key = Key::parse(key).map_err(|reason| AppError::new(ErrorKind::Usage, reason))?;
        self.take(Msg::Key(key));
        Ok(())
    }

    /// Waits until nothing comes any more.
    pub async fn settle(&mut self) {
        loop {
            let msg = tokio::select! {
                Some(msg) = self.answers.recv() => msg,
                Some(news) = self.news.recv() => Msg::Outbox(news),
                () = tokio::time::sleep(SILENCE) => return,
            };
            self.take(msg);
        }
    }

    /// Draws the screen.
    pub fn draw(&mut self) -> &Buffer {
        let state = &self.state;
        let Ok(_) = self.canvas.draw(|frame| view(state, frame));
        self.canvas.backend().buffer()
    }

    /// Draws the screen as an SVG; `light` takes the colours of a light terminal.
    pub fn picture(&mut self, light: bool) -> String {
        svg::draw(self.draw(), light)
    }

    /// Ends the work; returns what is left in the outbox.
    pub async fn finish(self, patience: Duration) -> Rest {
        self.effects.finish(patience).await
    }

    fn take(&mut self, msg: Msg) {
        (self.state.now, self.state.wall) = (Instant::now(), Utc::now());
        for effect in update(&mut self.state, msg) {
            // There is no terminal to suspend, to copy from or to leave, and no file to keep views in.
            if !effect.is_local() {
                self.effects.start(effect);
            }
        }
    }
}
