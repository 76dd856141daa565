//! The log file: where a terminal application can say what it must not draw; and its last lines, for whoever looks.

use crate::{private, sanitise};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// How many lines wait for whoever looks at the log; more are in the file alone.
const WAITING: usize = 256;

/// The log file, and what is written to it from now on.
#[derive(Debug)]
pub struct LogFile {
    pub path: PathBuf,
    /// How much each line matters, and what it says.
    pub lines: mpsc::Receiver<(Level, String)>,
}

/// The log's file name.
const NAME: &str = "gapdeck.log";
/// The size from which on a start begins a new log file, in bytes; the one before is kept.
const LARGEST: u64 = 4 << 20;

/// Returns the log file in a directory.
pub fn path(directory: &Path) -> PathBuf {
    directory.join(NAME)
}

/// Logs warnings and errors to [`path`] until the guard is dropped; without a directory that can be written, to nowhere.
pub fn to_file(directory: &Path) -> Option<(WorkerGuard, LogFile)> {
    std::fs::create_dir_all(directory).ok()?;
    let path = path(directory);
    if path.metadata().is_ok_and(|file| file.len() > LARGEST) {
        std::fs::rename(&path, directory.join("gapdeck.log.1")).ok()?;
    }
    // Made before the appender makes it for everybody to read.
    private::options().append(true).create(true).open(&path).ok()?;
    let appender = tracing_appender::rolling::never(directory, path.file_name()?);
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let writer = move || Harmless(writer.clone());
    let subscriber =
        tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_max_level(Level::WARN).finish();
    let (tell, lines) = mpsc::channel(WAITING);
    tracing::subscriber::set_global_default(subscriber.with(Teller(tell))).ok()?;
    Some((guard, LogFile { path, lines }))
}

/// Hands lines on to whoever looks at the log.
struct Teller(mpsc::Sender<(Level, String)>);

impl<S: Subscriber> Layer<S> for Teller {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        let _ = self.0.try_send((*event.metadata().level(), format!("{}{}", words.message, words.fields)));
    }
}

/// An event in words: the message first, then its fields.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}

/// Writes lines without what could steer the terminal of whoever reads the log.
struct Harmless(NonBlocking);

impl Write for Harmless {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = sanitise::lines(&String::from_utf8_lossy(bytes), LONGEST);
        // In one piece: others write, too.
        self.0.write_all(format!("{}\n", text.trim_end()).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The most characters of a line in the log.
const LONGEST: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nothing_in_a_log_line_steers_a_terminal() {
        let page = Page::default();
        let (writer, guard) = tracing_appender::non_blocking(page.clone());
        let mut log = Harmless(writer);
        log.write_all("WARN no \u{1b}[2J\u{9b}1m \u{202e}evil\r\n".as_bytes()).unwrap();
        log.write_all(b"WARN \xff\n").unwrap();
        drop(guard);
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "WARN no ␛[2J⟨U+009B⟩1m ⟨U+202E⟩evil\nWARN \u{fffd}\n");
    }
}
