//! Signals: what the system asks of the program.

use std::borrow::Cow;
use std::io;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End, and leave the terminal as it was; with the signal's number.
    Terminate(u8),
    /// The program was stopped and goes on.
    Continue,
}

/// `SIGHUP`: the terminal is gone.
pub const HUNG_UP: u8 = 1;
const INTERRUPTED: u8 = 2;
const TERMINATED: u8 = 15;

/// Returns how people write a signal.
pub fn name(signal: u8) -> Cow<'static, str> {
    match signal {
        HUNG_UP => "SIGHUP".into(),
        INTERRUPTED => "SIGINT".into(),
        TERMINATED => "SIGTERM".into(),
        other => format!("signal {other}").into(),
    }
}

#[cfg(unix)]
mod platform {
    use super::{HUNG_UP, INTERRUPTED, Signal, TERMINATED, io};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
    use tokio::sync::Notify;

    /// The signals listened to.
    #[derive(Debug)]
    pub struct Signals {
        terminate: Stream,
        hang_up: Stream,
        interrupt: Stream,
        proceed: Stream,
        /// The terminal is gone, although no signal said so.
        lost: Arc<Notify>,
    }

    impl Signals {
        /// Starts listening.
        pub fn new() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                interrupt: signal(SignalKind::interrupt())?,
                proceed: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
                lost: Arc::default(),
            })
        }

        /// Waits for the next signal.
        pub async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.terminate.recv() => Signal::Terminate(TERMINATED),
                _ = self.hang_up.recv() => Signal::Terminate(HUNG_UP),
                () = self.lost.notified() => Signal::Terminate(HUNG_UP),
                _ = self.interrupt.recv() => Signal::Terminate(INTERRUPTED),
                _ = self.proceed.recv() => Signal::Continue,
            }
        }

        /// Waits until the system asks the program to end, Ctrl-C aside; returns the signal's number.
        pub async fn end(&mut self) -> u8 {
            tokio::select! {
                _ = self.terminate.recv() => TERMINATED,
                _ = self.hang_up.recv() => HUNG_UP,
                () = self.lost.notified() => HUNG_UP,
            }
        }

        /// Forgets what was meant for another program that had the terminal: Ctrl-C, and going on after Ctrl-Z.
        pub fn forget(&mut self) -> io::Result<()> {
            self.interrupt = signal(SignalKind::interrupt())?;
            self.proceed = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
            Ok(())
        }

        /// Ends the process where the loss of its terminal has not ended it after a while. Without a terminal, crossterm's
        /// reading from it may never return (it reads on at the end of input); what was decided is on the disk by then.
        pub fn outlast_terminal(&self, patience: Duration) -> io::Result<()> {
            let mut hang_up = signal(SignalKind::hangup())?;
            let lost = Arc::clone(&self.lost);
            tokio::spawn(async move {
                tokio::select! {
                    Some(()) = hang_up.recv() => {}
                    () = terminal_closed() => lost.notify_one(),
                }
                tokio::time::sleep(patience).await;
                #[expect(clippy::disallowed_methods, reason = "main() is what does not return")]
                std::process::exit(128 + i32::from(HUNG_UP));
            });
            Ok(())
        }
    }

    /// Waits until the other side of the terminal is closed. No signal tells a program that was started in a session of its
    /// own (`setsid`).
    #[cfg(any(target_os = "linux", target_os = "android"))]
    async fn terminal_closed() {
        use tokio::io::Interest;
        use tokio::io::unix::AsyncFd;
        // A terminal has no priority data: of all that happens on it, nothing but its end wakes this.
        #[allow(
            deprecated,
            reason = "its heir is not safe; standard input stays open for as long as the process"
        )]
        let terminal = AsyncFd::with_interest(io::stdin(), Interest::PRIORITY);
        if let Ok(terminal) = terminal {
            while let Ok(mut guard) = terminal.ready(Interest::PRIORITY).await {
                if guard.ready().is_read_closed() {
                    return;
                }
                guard.clear_ready();
            }
        }
        std::future::pending::<()>().await;
    }

    /// Never returns: elsewhere SIGHUP has to tell.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    async fn terminal_closed() {
        std::future::pending::<()>().await;
    }

    /// Stops this program and those started with it (`cargo run`), as the terminal itself does at Ctrl-Z; returns when
    /// it goes on.
    pub fn stop() -> io::Result<()> {
        Ok(rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?)
    }
}

#[cfg(not(unix))]
mod platform {
    use super::{INTERRUPTED, Signal, io};
    use std::time::Duration;

    /// The signals listened to.
    #[derive(Debug)]
    pub struct Signals;

    impl Signals {
        /// Starts listening.
        pub fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Waits for the next signal.
        pub async fn next(&mut self) -> Signal {
            match tokio::signal::ctrl_c().await {
                Ok(()) => Signal::Terminate(INTERRUPTED),
                Err(_) => std::future::pending().await,
            }
        }

        /// Never returns: a console's Ctrl-C is all there is.
        pub async fn end(&mut self) -> u8 {
            std::future::pending().await
        }

        /// Does nothing.
        pub fn forget(&mut self) -> io::Result<()> {
            Ok(())
        }

        /// Does nothing: no signal tells that the terminal is gone.
        pub fn outlast_terminal(&self, _patience: Duration) -> io::Result<()> {
            Ok(())
        }
    }

    /// Does nothing: there is no job control.
    pub fn stop() -> io::Result<()> {
        Ok(())
    }
}

pub use platform::{Signals, stop};
