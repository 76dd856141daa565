//! A program in a pseudo-terminal, and when its output came.

use crate::support::pty::{builder, size};
use portable_pty::{Child, MasterPty, native_pty_system};
use std::io::{Read, Write};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Silence that ends an answer to a key.
const SILENCE: Duration = Duration::from_millis(30);
/// The longest wait for any output.
const PATIENCE: Duration = Duration::from_secs(30);
/// The end of a synchronised update: a whole frame has been written.
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";

/// When the answer to a key came.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// Until the first whole frame; for programs that do not mark frames, until the last byte before a silence.
    pub painted: Duration,
    /// Until the last byte before a silence of 30 ms.
    pub settled: Duration,
}

/// A running program.
pub struct Pty {
    _master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
    started: Instant,
}

impl Pty {
    /// Starts a command in a terminal of a size (columns, rows).
    pub fn start(command: &Command, (columns, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a terminal");
        let mut builder = builder(command);
        let directory = command.get_current_dir();
        builder.cwd(directory.unwrap_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR"))));
        let mut reader = pair.master.try_clone_reader().expect("a screen");
        let keyboard = pair.master.take_writer().expect("a keyboard");
        let (sender, output) = channel();
        let started = Instant::now();
        let child = pair.slave.spawn_command(builder).expect("start the program");
        std::thread::spawn(move || {
            let mut chunk = vec![0; 1 << 16];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                if sender.send((Instant::now(), chunk[..length].to_vec())).is_err() {
                    return;
                }
            }
        });
        Self {
            _master: pair.master,
            child,
            keyboard,
            output,
            screen: vt100::Parser::new(rows, columns, 0),
            started,
        }
    }

    /// Presses a key and measures the answer.
    pub fn press(&mut self, key: &str) -> Answer {
        self.quiet();
        let at = Instant::now();
        self.keyboard.write_all(key.as_bytes()).and_then(|()| self.keyboard.flush()).expect("type");
        self.answer(at)
    }

    /// Types a key that nothing need answer.
    pub fn type_only(&mut self, key: &str) {
        self.keyboard.write_all(key.as_bytes()).and_then(|()| self.keyboard.flush()).expect("type");
    }

    /// Measures from the start to the first frame.
    pub fn first_frame(&mut self) -> Answer {
        self.answer(self.started)
    }

    fn answer(&mut self, at: Instant) -> Answer {
        let (mut painted, mut settled, mut wait) = (None, at, PATIENCE);
        let mut is_silent = true;
        let mut tail = Vec::new();
        loop {
            match self.output.recv_timeout(wait) {
                Ok((came, chunk)) => {
                    (settled, wait) = (came, SILENCE);
                    is_silent = false;
                    self.screen.process(&chunk);
                    tail.extend_from_slice(&chunk);
                    if painted.is_none() && tail.windows(FRAME_ENDS.len()).any(|window| window == FRAME_ENDS)
                    {
                        painted = Some(came);
                    }
                    tail.drain(..tail.len().saturating_sub(FRAME_ENDS.len()));
                }
                Err(RecvTimeoutError::Timeout) if !is_silent => break,
                Err(error) => {
                    panic!("no answer: {error}; the screen is\n{}", self.screen.screen().contents())
                }
            }
        }
        let since = |moment: Instant| moment.saturating_duration_since(at);
        Answer { painted: since(painted.unwrap_or(settled)), settled: since(settled) }
    }

    /// Waits until nothing has come for a while.
    pub fn quiet(&mut self) {
        while let Ok((_, chunk)) = self.output.recv_timeout(SILENCE) {
            self.screen.process(&chunk);
        }
    }

    /// Waits until a text is on the screen; returns how long after the start.
    pub fn wait_for(&mut self, text: &str) -> Duration {
        let deadline = Instant::now() + PATIENCE;
        while !self.screen.screen().contents().contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            let (_, chunk) = self.output.recv_timeout(left).unwrap_or_else(|error| {
                panic!(
                    "waited in vain for {text:?}: {error}; the screen is\n{}",
                    self.screen.screen().contents()
                )
            });
            self.screen.process(&chunk);
        }
        self.started.elapsed()
    }

    /// Tells whether the program has ended.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().ok().flatten().is_some()
    }

    pub fn process(&self) -> u32 {
        self.child.process_id().expect("a process")
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
