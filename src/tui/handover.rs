//! What the loop hands to others than the database: the terminal, programs of the platform, the user's editor, files.

use super::app::State;
use super::app::msg::{Effect, Msg};
use super::app::toast::Level;
use super::editor::{self, Draft};
use super::event_loop::{Session, read_clock};
use super::terminal::{self, Terminal};
use super::{clipboard, lost_terminal};
use crate::error::AppError;
use std::io;
use std::time::Instant;

impl Session {
    /// Starts an effect that no database is asked for.
    pub(super) fn hand_over(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Copy(copied) => self.answer(async move {
                let by = clipboard::copy(&copied.text).await;
                Msg::Copied { copied, by }
            }),
            Effect::CopyByTerminal(text) => clipboard::copy_by_terminal(&text)?,
            Effect::Edit(text) => self.to_edit = Some(text),
            Effect::Mouse(is_on) => terminal::set_mouse(is_on)?,
            Effect::ChangeViews(change) => {
                // A small file: the disk has it before the next frame.
                let nowhere = || Err("there is no directory to keep them in".to_owned());
                let result =
                    self.desk.as_ref().map_or_else(nowhere, |desk| desk.change_views(change.clone()));
                self.answer(std::future::ready(Msg::Views { change, result }));
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends an answer once it is there.
    fn answer(&self, msg: impl Future<Output = Msg> + Send + 'static) {
        let to = self.answer_to.clone();
        tokio::spawn(async move {
            let _ = to.send(msg.await).await;
        });
    }

    /// Lets the user's editor have the terminal; returns what it made of a text.
    pub(super) async fn edit(
        &mut self,
        state: &mut State,
        terminal: &mut Terminal,
        text: &str,
    ) -> Result<Msg, AppError> {
        let about = |error: std::io::Error| format!("there is no room for the editor's file: {error}");
        let begun = editor::command().and_then(|command| Ok((command, Draft::new(text).map_err(about)?)));
        let (command, mut draft) = match begun {
            Ok(begun) => begun,
            Err(reason) => return Ok(Msg::Edited(Err(reason))),
        };
        self.input.pause();
        terminal::restore();
        let file = draft.file();
        let ran = tokio::select! {
            biased;
            number = self.signals.end() => Err(number),
            ran = editor::run(&command, &file) => Ok(ran),
        };
        let ran = match ran {
            Ok(ran) => ran,
            Err(signal) => {
                draft.keep();
                tracing::warn!(file = %file.display(), "gapdeck was ended while the editor was open; its text stays");
                self.ended_by = Some(signal);
                return Ok(Msg::Terminate);
            }
        };
        self.signals.forget().map_err(lost_terminal)?;
        terminal.reenter().map_err(lost_terminal)?;
        self.input.resume();
        self.resumed = Some(Instant::now());
        read_clock(state);
        Ok(Msg::Edited(ran.and_then(|()| draft.read())))
    }
}

/// Turns a line of the log into a message.
pub(super) fn logged(level: tracing::Level, text: String) -> Msg {
    let level = match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warning,
        _ => Level::Info,
    };
    Msg::Logged(level, text)
}
