//! Reads a file on a thread of its own and hands over batches of records.

use super::check::Checked;
use super::error::ImportError;
use super::lines::{Line, Lines};
use super::parse::parse;
use super::report::{BadLine, SHOWN};
use super::source::Source;
use std::io;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// The longest line that is read: 32 MiB.
const LINE_BYTES: usize = 32 << 20;
/// Batches that wait for the database: with the one being made and the one being written, all that is in memory.
const WAITING: usize = 2;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How large a batch gets; it is handed over when it reaches either.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchSize {
    pub rows: usize,
    /// Bytes of text.
    pub bytes: usize,
}

/// Records of a file.
#[derive(Debug)]
pub(super) struct Batch<R> {
    /// The line of each record, counted from 1.
    pub lines: Vec<i64>,
    pub rows: Vec<R>,
    /// How many lines of the file have been read, blank ones not counted.
    pub read: u64,
    /// The line that was read last, blank ones counted.
    pub last: i64,
    /// How many bad lines there are in the batch.
    pub bad: u64,
    /// The first of them, as long as the file has not more than [`SHOWN`].
    pub bad_lines: Vec<BadLine>,
    /// How many bytes have been read from the disk.
    pub bytes: u64,
}

/// Starts to read a file. Dropping the receiver ends the thread.
pub(super) fn read<R: Checked>(
    source: Source,
    size: BatchSize,
) -> mpsc::Receiver<Result<Batch<R>, ImportError>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut reader = Reader { source: &source, size, sender: &sender, number: 0, read: 0, shown: 0 };
        if let Err(error) = reader.run() {
            let failure = ImportError::File {
                path: source.path.clone(),
                line: reader.number.unsigned_abs(),
                source: error,
            };
            // Nobody waits for it if the import is over.
            let _ = sender.blocking_send(Err(failure));
        }
    });
    receiver
}

type Sender<R> = mpsc::Sender<Result<Batch<R>, ImportError>>;

struct Reader<'a, R> {
    source: &'a Source,
    size: BatchSize,
    sender: &'a Sender<R>,
    number: i64,
    read: u64,
    shown: u32,
}

impl<R: Checked> Reader<'_, R> {
    fn run(&mut self) -> io::Result<()> {
        let (input, disk) = self.source.open()?;
        let mut lines = Lines::new(input, LINE_BYTES);
        let (mut batch, mut bytes) = (Self::batch(), 0);
        loop {
            let parsed = match lines.next()? {
                Line::End => break,
                Line::TooLong => Err(format!("longer than {} MiB", LINE_BYTES >> 20)),
                Line::Text => {
                    let mut text = lines.text();
                    if self.number == 0 {
                        text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
                    }
                    if text.trim_ascii().is_empty() {
                        self.number += 1;
                        continue;
                    }
                    bytes += text.len();
                    parse::<R>(text)
                }
            };
            self.number += 1;
            self.read += 1;
            self.add(&mut batch, parsed);
            if batch.rows.len() >= self.size.rows || bytes >= self.size.bytes {
                let full = std::mem::replace(&mut batch, Self::batch());
                if !self.send(full, disk.load(Ordering::Relaxed)) {
                    return Ok(());
                }
                bytes = 0;
            }
        }
        self.send(batch, disk.load(Ordering::Relaxed));
        Ok(())
    }

    fn batch() -> Batch<R> {
        Batch {
            lines: Vec::new(),
            rows: Vec::new(),
            read: 0,
            last: 0,
            bad: 0,
            bad_lines: Vec::new(),
            bytes: 0,
        }
    }

    fn add(&mut self, batch: &mut Batch<R>, parsed: Result<R, String>) {
        match parsed {
            Ok(row) => {
                batch.lines.push(self.number);
                batch.rows.push(row);
            }
            Err(reason) => {
                batch.bad += 1;
                if self.shown < SHOWN {
                    self.shown += 1;
                    let line = self.number.unsigned_abs();
                    batch.bad_lines.push(BadLine { file: self.source.name.clone(), line, reason });
                }
            }
        }
    }

    /// Hands a batch over; tells whether somebody wants more.
    fn send(&self, mut batch: Batch<R>, bytes: u64) -> bool {
        (batch.read, batch.last, batch.bytes) = (self.read, self.number, bytes);
        self.sender.blocking_send(Ok(batch)).is_ok()
    }
}
