//! The binary in a real terminal: keys in, a screen out.

use super::binary::Gapdeck;
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest that a test waits for a condition: a debug build on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

const FRAME_BEGINS: &str = "\x1b[?2026h";
const FRAME_ENDS: &str = "\x1b[?2026l";

/// A terminal with a running program.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keyboard: Keyboard,
    output: Arc<Output>,
    reader: Option<JoinHandle<()>>,
    settings_before: String,
}

type Keyboard = Arc<Mutex<Box<dyn Write + Send>>>;

/// What the program has written.
struct Output {
    seen: Mutex<Seen>,
    more: Condvar,
}

struct Seen {
    parser: vt100::Parser,
    /// Every byte, for what the screen does not show.
    bytes: Vec<u8>,
    /// Whether a frame has begun (a synchronised update) that a terminal shows only at its end.
    is_in_frame: bool,
    ended: bool,
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Terminal {
    /// Starts the binary in a terminal of a size (columns, rows).
    pub fn start(gapdeck: &Gapdeck, arguments: &[&str], size: (u16, u16)) -> Self {
        Self::run(&gapdeck.command(arguments), size)
    }

    /// Starts a command in a terminal of a size (columns, rows).
    pub fn run(command: &Command, (columns, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a terminal");
        let settings_before = settings(&*pair.master);
        let child = pair.slave.spawn_command(builder(command)).expect("start gapdeck");
        drop(pair.slave);
        let keyboard = Arc::new(Mutex::new(pair.master.take_writer().expect("a keyboard")));
        let seen = Seen {
            parser: vt100::Parser::new(rows, columns, 0),
            bytes: Vec::new(),
            is_in_frame: false,
            ended: false,
        };
        let output = Arc::new(Output { seen: Mutex::new(seen), more: Condvar::new() });
        let reader = pair.master.try_clone_reader().expect("a screen");
        let reader = {
            let (output, keyboard) = (Arc::clone(&output), Arc::clone(&keyboard));
            std::thread::spawn(move || read(reader, &output, &keyboard))
        };
        Self { master: pair.master, child, keyboard, output, reader: Some(reader), settings_before }
    }

    /// Starts a command, types keys once a text is on the screen, and takes the terminal away once another one is.
    pub fn start_and_close(
        command: &Command,
        (columns, rows): (u16, u16),
        first: &str,
        keys: &str,
        then: &str,
    ) -> ExitStatus {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a terminal");
        let mut child = pair.slave.spawn_command(builder(command)).expect("start gapdeck");
        drop(pair.slave);
        let mut keyboard = pair.master.take_writer().expect("a keyboard");
        let mut reader = pair.master.try_clone_reader().expect("a screen");
        let mut parser = vt100::Parser::new(rows, columns, 0);
        let mut chunk = vec![0; 1 << 16];
        let mut wait_for = |text: &str| {
            while !parser.screen().contents().contains(text) {
                let length = reader.read(&mut chunk).unwrap_or(0);
                assert!(
                    length > 0,
                    "gapdeck ended before {text:?}; the screen is\n{}",
                    parser.screen().contents()
                );
                parser.process(&chunk[..length]);
            }
        };
        wait_for(first);
        keyboard.write_all(keys.as_bytes()).and_then(|()| keyboard.flush()).expect("type");
        wait_for(then);
        drop((reader, keyboard, pair.master));
        child.wait().expect("the exit status")
    }

    /// Types keys, as the terminal sends them.
    pub fn send(&self, keys: &str) {
        type_keys(&self.keyboard, keys.as_bytes());
    }

    /// Waits until the screen is as wanted, and returns its text.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.output.lock();
        loop {
            if !seen.is_in_frame && is_so(seen.parser.screen()) {
                return seen.parser.screen().contents();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !seen.ended,
                "waited in vain for {what}{}; the screen is\n{}",
                if seen.ended { ", gapdeck has ended" } else { "" },
                seen.parser.screen().contents()
            );
            seen = self.output.more.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the figures, the queue and the first card are there.
    pub fn wait_for_queue(&self) -> String {
        self.wait_until("the queue", |screen| {
            let text = screen.contents();
            [" open", " today", "Nearest"].iter().all(|part| text.contains(part))
        })
    }

    /// Waits until a text is on the screen, and returns the screen's text.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?}"), |screen| screen.contents().contains(text))
    }

    /// Gives the terminal another size (columns, rows).
    pub fn resize(&self, columns: u16, rows: u16) {
        self.output.lock().parser.screen_mut().set_size(rows, columns);
        self.master.resize(size(columns, rows)).expect("resize");
    }

    /// Sends a signal to the program (`"TERM"`).
    pub fn signal(&self, name: &str) {
        let process = self.child.process_id().expect("a process").to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status().expect("kill");
        assert!(sent.success(), "kill -s {name} {process}");
    }

    /// Waits until the program has ended, and says how.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.output.lock();
        while !seen.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "gapdeck does not end; the screen is\n{}",
                seen.parser.screen().contents()
            );
            seen = self.output.more.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(seen);
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader");
        }
        self.child.wait().expect("the exit status")
    }

    /// Checks that the program left the terminal as it found it.
    pub fn assert_restored(&self) {
        let seen = self.output.lock();
        let screen = seen.parser.screen();
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is still taken");
        for (on, off) in
            [("\x1b[?1004h", "\x1b[?1004l"), ("\x1b[?7l", "\x1b[?7h"), (FRAME_BEGINS, FRAME_ENDS)]
        {
            assert!(last(&seen.bytes, off) >= last(&seen.bytes, on), "{on:?} without {off:?} after it");
        }
        let titles = ["\x1b[22;2t", "\x1b[23;2t"].map(|part| count(&seen.bytes, part));
        assert_eq!(titles[0], titles[1], "the window's title is not the old one");
        let pushed = count(&seen.bytes, "\x1b[>1u") + count(&seen.bytes, "\x1b[>5u");
        assert!(count(&seen.bytes, "\x1b[<1u") >= pushed, "keyboard enhancements are still on");
        assert_eq!(settings(&*self.master), self.settings_before, "the line settings have changed");
    }

    /// Returns the program's process id.
    pub fn process(&self) -> u32 {
        self.child.process_id().expect("a process")
    }

    /// Returns every byte that the program wrote.
    pub fn bytes(&self) -> Vec<u8> {
        self.output.lock().bytes.clone()
    }

    /// Returns the screen's text.
    pub fn screen(&self) -> String {
        self.output.lock().parser.screen().contents()
    }

    /// Returns everything that the program wrote, as text.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().bytes).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a terminal's size without one in pixels.
pub fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// Returns the terminal's line settings (echo, raw mode and so on).
fn settings(master: &(dyn MasterPty + Send)) -> String {
    format!("{:?}", master.get_termios().expect("the line settings"))
}

/// Turns a command into one that a terminal can start.
pub fn builder(command: &Command) -> CommandBuilder {
    let mut builder = CommandBuilder::new(command.get_program());
    builder.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => builder.env(name, value),
            None => builder.env_remove(name),
        }
    }
    builder.env("TERM", "xterm-256color");
    builder.cwd(env!("CARGO_TARGET_TMPDIR"));
    builder
}

fn type_keys(keyboard: &Keyboard, bytes: &[u8]) {
    let mut keyboard = keyboard.lock().unwrap_or_else(PoisonError::into_inner);
    // A program that has just ended no longer reads: what it left is what the test looks at.
    let _ = keyboard.write_all(bytes).and_then(|()| keyboard.flush());
}

/// Feeds the screen until the program has ended, and answers what a terminal answers.
fn read(mut reader: Box<dyn Read + Send>, output: &Output, keyboard: &Keyboard) {
    let mut chunk = vec![0; 1 << 16];
    loop {
        // Linux ends a terminal without a program with an error instead of an end of file.
        let length = reader.read(&mut chunk).unwrap_or(0);
        let mut seen = output.lock();
        if length == 0 {
            seen.ended = true;
            output.more.notify_all();
            return;
        }
        let bytes = &chunk[..length];
        seen.parser.process(bytes);
        seen.bytes.extend_from_slice(bytes);
        seen.is_in_frame = last(&seen.bytes, FRAME_BEGINS) > last(&seen.bytes, FRAME_ENDS);
        let (row, column) = seen.parser.screen().cursor_position();
        drop(seen);
        output.more.notify_all();
        if count(bytes, "\x1b[c") > 0 {
            type_keys(keyboard, b"\x1b[?62;22c");
        }
        if count(bytes, "\x1b[6n") > 0 {
            type_keys(keyboard, format!("\x1b[{};{}R", row + 1, column + 1).as_bytes());
        }
    }
}

fn count(bytes: &[u8], part: &str) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part.as_bytes()).count()
}

/// Returns where a part stands last, counted from one; 0 where it does not.
fn last(bytes: &[u8], part: &str) -> usize {
    bytes.windows(part.len()).rposition(|window| window == part.as_bytes()).map_or(0, |at| at + 1)
}
