//! The terminal: entered, drawn on, and given back as it was, whatever ends the program.

use super::anchored::{Anchored, redraw_behind_doubtful};
use super::app::State;
use super::view::view;
use crate::error::{AppError, ErrorKind};
use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::style::Print;
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
/// Whether the terminal hands the mouse over while it is ours.
static MOUSE: AtomicBool = AtomicBool::new(false);
/// Whether the title that the terminal had lies on its stack.
static TITLED: AtomicBool = AtomicBool::new(false);

/// Presses, drags and the wheel, in the form without a limit of 223 columns. Not every movement: an idle hand on the mouse
/// would wake the program.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// Puts the window's title on the terminal's stack, and takes it from there (xterm and its kin).
const KEEP_TITLE: &str = "\x1b[22;2t";
const TITLE_BACK: &str = "\x1b[23;2t";

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
    /// What the window is called meanwhile; empty leaves it as it is.
    title: String,
}

type Inner = ratatui::Terminal<Anchored<CrosstermBackend<FrameWriter>>>;

impl Terminal {
    /// Takes the terminal: raw mode, the alternate screen, bracketed paste, focus; and calls the window by a sanitised title,
    /// unless that is empty.
    ///
    /// # Errors
    /// [`ErrorKind::NoTerminal`] where standard input or output is none.
    pub fn enter(title: &str) -> Result<Self, AppError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(no_terminal("standard input and output must be a terminal"));
        }
        install_panic_hook();
        // A console has no title, and old ones draw what they don't know.
        let has_title = std::env::var_os("TERM").is_some_and(|name| name != "linux" && name != "dumb");
        let title = if has_title { title.to_owned() } else { String::new() };
        Ok(Self { inner: take(&title).map_err(|error| no_terminal(&error.to_string()))?, title })
    }

    /// Returns the size; zero where the terminal does not tell.
    pub fn size(&self) -> Size {
        self.inner.size().unwrap_or_default()
    }

    /// Draws the state, in one synchronised update.
    pub fn draw(&mut self, state: &State) -> io::Result<()> {
        queue!(self.inner.backend_mut().inner(), BeginSynchronizedUpdate)?;
        self.inner.draw(|frame| {
            view(state, frame);
            redraw_behind_doubtful(frame.buffer_mut());
        })?;
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
    pub fn reenter(&mut self) -> io::Result<()> {
        restore();
        self.inner = take(&self.title)?;
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

fn take(title: &str) -> io::Result<Inner> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let writer = FrameWriter { frame: Vec::with_capacity(1 << 16), out: io::stdout() };
    // A line that the terminal holds for longer than we do ends at the edge instead of running into the next.
    let mut titled = String::new();
    if !title.is_empty() {
        TITLED.store(true, Ordering::SeqCst);
        titled = format!("{KEEP_TITLE}\x1b]2;{title}\x1b\\");
    }
    let mouse = if MOUSE.load(Ordering::SeqCst) { MOUSE_ON } else { "" };
    execute!(
        io::stdout(),
        Print(titled),
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        DisableLineWrap,
        cursor::Hide,
        Print(mouse)
    )
    .and_then(|()| ratatui::Terminal::new(Anchored::new(CrosstermBackend::new(writer))))
    .inspect_err(|_| restore())
}

/// Returns what asks the terminal to put a text into the clipboard of whoever sits at it.
pub fn osc52(text: &str) -> io::Result<String> {
    let mut sequence = String::new();
    CopyToClipboard::to_clipboard_from(text).write_ansi(&mut sequence).map_err(io::Error::other)?;
    Ok(sequence)
}

/// Writes a sequence between two frames.
pub fn write(sequence: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(sequence.as_bytes())?;
    out.flush()
}

/// Gives the terminal back as it was; does nothing when it is not ours.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let had_mouse = MOUSE.load(Ordering::SeqCst);
    let title = if TITLED.swap(false, Ordering::SeqCst) { TITLE_BACK } else { "" };
    // In reverse order of entering. Nothing can be done where it fails: the terminal may be gone.
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        Print(if had_mouse { MOUSE_OFF } else { "" }),
        cursor::Show,
        EnableLineWrap,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Print(title)
    );
    if had_mouse {
        // What the mouse did until now is for nobody: a shell would take it for keys.
        discard_input();
    }
    let _ = disable_raw_mode();
}

#[cfg(unix)]
fn discard_input() {
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

#[cfg(not(unix))]
fn discard_input() {}

/// Takes the mouse from the terminal, or gives it back.
pub fn set_mouse(is_on: bool) -> io::Result<()> {
    MOUSE.store(is_on, Ordering::SeqCst);
    write(if is_on { MOUSE_ON } else { MOUSE_OFF })
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
