//! The terminal: entered, drawn on, and given back as it was, whatever ends the program.

use super::anchored::Anchored;
use super::app::State;
use super::view::view;
use crate::error::{AppError, ErrorKind};
use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, cursor, execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Rect, Size};
use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours now; what [`restore`] looks at, from wherever it is called.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Collects a frame, so that it reaches the terminal in one write.
#[derive(Debug)]
struct FrameWriter {
    frame: Vec<u8>,
    out: Stdout,
}

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Keeps what was written: ratatui flushes in the middle of a frame. [`FrameEnd`] sends it.
    fn flush(&mut self) -> io::Result<()> {
        if !self.frame.ends_with(END_OF_FRAME) {
            return Ok(());
        }
        self.out.write_all(&self.frame)?;
        self.frame.clear();
        self.out.flush()
    }
}

/// The end of a synchronised update, as crossterm writes it.
const END_OF_FRAME: &[u8] = b"\x1b[?2026l";

/// The terminal while the application has it.
#[derive(Debug)]
pub struct Terminal {
    inner: Inner,
}

type Inner = ratatui::Terminal<Anchored<CrosstermBackend<FrameWriter>>>;

impl Terminal {
    /// Takes the terminal: raw mode, the alternate screen, bracketed paste.
    ///
    /// # Errors
    /// [`ErrorKind::NoTerminal`] where standard input or output is none.
    pub fn enter() -> Result<Self, AppError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(no_terminal("standard input and output must be a terminal"));
        }
        install_panic_hook();
        Ok(Self { inner: take().map_err(|error| no_terminal(&error.to_string()))? })
    }

    /// Returns the size; zero where the terminal does not tell.
    pub fn size(&self) -> Size {
        self.inner.size().unwrap_or_default()
    }

    /// Draws the state, in one synchronised update.
    pub fn draw(&mut self, state: &State) -> io::Result<()> {
        queue!(self.inner.backend_mut().inner(), BeginSynchronizedUpdate)?;
        self.inner.draw(|frame| view(state, frame))?;
        queue!(self.inner.backend_mut().inner(), EndSynchronizedUpdate)?;
        io::Write::flush(self.inner.backend_mut().inner())
    }

    /// Lets the next frame draw everything: a terminal that was smaller for a moment has lost what did not fit, even where
    /// it has its old size again by the time it is asked.
    pub fn forget_screen(&mut self) -> io::Result<()> {
        let size = self.inner.size()?;
        self.inner.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// Takes the terminal again after a suspension, whatever the shell did to it; everything is drawn anew.
    pub fn reenter(&mut self) -> Result<(), AppError> {
        restore();
        self.inner = take().map_err(|error| no_terminal(&error.to_string()))?;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

fn no_terminal(reason: &str) -> AppError {
    AppError::new(ErrorKind::NoTerminal, format!("there is no terminal to draw on: {reason}"))
}

fn take() -> io::Result<Inner> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let writer = FrameWriter { frame: Vec::with_capacity(1 << 16), out: io::stdout() };
    // A line that the terminal holds for longer than we do ends at the edge instead of running into the next.
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, DisableLineWrap, cursor::Hide)
        .and_then(|()| ratatui::Terminal::new(Anchored::new(CrosstermBackend::new(writer))))
        .inspect_err(|_| restore())
}

/// Puts a sanitised text into the clipboard of whoever sits at the terminal (OSC 52), through tmux where that is between.
pub fn copy(text: &str) -> io::Result<()> {
    let mut sequence = String::new();
    CopyToClipboard::to_clipboard_from(text).write_ansi(&mut sequence).map_err(io::Error::other)?;
    if std::env::var_os("TMUX").is_some_and(|value| !value.is_empty()) {
        sequence.push_str(&through_tmux(&sequence));
    }
    let mut out = io::stdout().lock();
    out.write_all(sequence.as_bytes())?;
    out.flush()
}

/// Wraps a sequence so that tmux hands it to the terminal around it.
fn through_tmux(sequence: &str) -> String {
    format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b"))
}

/// Gives the terminal back as it was; does nothing when it is not ours.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // In reverse order of entering. Nothing can be done where it fails: the terminal may be gone.
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        cursor::Show,
        EnableLineWrap,
        DisableBracketedPaste,
        LeaveAlternateScreen
    );
    let _ = disable_raw_mode();
}

/// Makes a panic of the thread that draws give the terminal back before it is reported.
///
/// A panic in an effect is caught there and becomes a message; reporting it would tear the screen.
fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let drawing = std::thread::current().id();
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().id() == drawing {
                restore();
            }
            if ENTERED.load(Ordering::SeqCst) {
                tracing::error!(panic = %info, "a background task panicked");
            } else {
                previous(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tmux_hands_a_sequence_on_with_its_escapes_doubled() {
        assert_eq!(through_tmux("\x1b]52;c;YQ==\x1b\\"), "\x1bPtmux;\x1b\x1b]52;c;YQ==\x1b\x1b\\\x1b\\");
    }
}
