//! Reads a file on a thread of its own and hands over batches of rows.

use super::csv::{Record, Records};
use super::error::ImportError;
use super::header::Header;
use super::json;
use super::lines::{Line, Lines};
use super::parse::Parsed;
use super::report::{BadLine, SHOWN};
use super::source::Source;
use crate::repository::bulk::Columns;
use crate::transfer::format::Format;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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

/// Rows of a file.
#[derive(Debug)]
pub(super) struct Batch {
    /// The rows with the line of each, counted from 1.
    pub rows: Columns,
    /// The vectors of embeddings, one a row.
    pub vectors: Vec<Vec<f32>>,
    /// How many lines of the file have been read, blank ones and a header not counted.
    pub read: u64,
    /// The line that was read last, blank ones counted.
    pub last: i64,
    /// How many bad lines there are in the batch.
    pub bad: u64,
    /// The first of them, as long as the file has not more than [`SHOWN`].
    pub bad_lines: Vec<BadLine>,
    /// The columns of a CSV file that are not read.
    pub ignored: Vec<String>,
    /// How many bytes have been read from the disk.
    pub bytes: u64,
}

/// Starts to read a file. Dropping the receiver ends the thread.
pub(super) fn read(source: Source, size: BatchSize) -> mpsc::Receiver<Result<Batch, ImportError>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut reader = Reader {
            batch: batch(&source),
            bytes: 0,
            source: &source,
            size,
            sender: &sender,
            disk: Arc::default(),
            number: 0,
            read: 0,
            shown: 0,
        };
        if let Err(Stop::Failed(error)) = reader.run() {
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

fn batch(source: &Source) -> Batch {
    Batch {
        rows: Columns::new(source.table.plan().fields.len()),
        vectors: Vec::new(),
        read: 0,
        last: 0,
        bad: 0,
        bad_lines: Vec::new(),
        ignored: Vec::new(),
        bytes: 0,
    }
}

/// Why reading ends before the file does.
enum Stop {
    Failed(io::Error),
    /// Nobody wants more.
    Unwanted,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

struct Reader<'a> {
    source: &'a Source,
    size: BatchSize,
    sender: &'a mpsc::Sender<Result<Batch, ImportError>>,
    /// How many bytes have been read from the disk.
    disk: Arc<AtomicU64>,
    batch: Batch,
    /// Bytes of text in the batch.
    bytes: usize,
    number: i64,
    read: u64,
    shown: u32,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        let (input, disk) = self.source.open()?;
        self.disk = disk;
        match self.source.format {
            Format::Jsonl => self.json_lines(input)?,
            Format::Csv => self.csv(input)?,
        }
        self.send()
    }

    fn json_lines(&mut self, input: impl io::BufRead) -> Result<(), Stop> {
        let mut lines = Lines::new(input, LINE_BYTES);
        loop {
            let (bytes, parsed) = match lines.next()? {
                Line::End => return Ok(()),
                Line::TooLong => (0, Err(too_long())),
                Line::Text => {
                    let mut text = lines.text();
                    if self.number == 0 {
                        text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
                    }
                    if text.trim_ascii().is_empty() {
                        self.number += 1;
                        continue;
                    }
                    (text.len(), json::parse(self.source.table, text))
                }
            };
            self.number += 1;
            self.add(bytes, parsed)?;
        }
    }

    fn csv(&mut self, input: impl io::BufRead) -> Result<(), Stop> {
        let mut records = Records::new(without_mark(input)?, LINE_BYTES);
        let mut header = None;
        loop {
            let record = records.next()?;
            self.number = records.started();
            let cells = records.cells();
            let blank = matches!(cells, [only] if only.bytes.is_empty() && !only.quoted);
            let (bytes, parsed) = match record {
                Record::End => break,
                Record::Cells if blank => continue,
                Record::TooLong => (0, Err(too_long())),
                Record::Broken(cell, reason) => (0, Err(format!("column {cell}: {reason}"))),
                Record::Cells => match &header {
                    None => match Header::read(self.source.table, cells) {
                        Ok(mut read) => {
                            self.batch.ignored.append(&mut read.ignored);
                            header = Some(read);
                            continue;
                        }
                        Err(reason) => (0, Err(reason)),
                    },
                    Some(header) => {
                        let bytes = cells.iter().map(|cell| cell.bytes.len()).sum();
                        (bytes, header.row(self.source.table, cells))
                    }
                },
            };
            self.add(bytes, parsed)?;
            if header.is_none() {
                // Without a header nothing can be said of the rest.
                return Ok(());
            }
        }
        if header.is_none() {
            self.number = 1;
            self.add(0, Err("no header that names the columns".to_owned()))?;
        }
        Ok(())
    }

    fn add(&mut self, bytes: usize, parsed: Result<Parsed, String>) -> Result<(), Stop> {
        self.read += 1;
        self.bytes += bytes;
        match parsed {
            Ok(row) => {
                self.batch.rows.push(self.number, row.cells);
                if !row.vector.is_empty() {
                    self.batch.vectors.push(row.vector);
                }
            }
            Err(reason) => {
                self.batch.bad += 1;
                if self.shown < SHOWN {
                    self.shown += 1;
                    let line = self.number.unsigned_abs();
                    self.batch.bad_lines.push(BadLine { file: self.source.name.clone(), line, reason });
                }
            }
        }
        if self.batch.rows.lines.len() >= self.size.rows || self.bytes >= self.size.bytes {
            self.send()?;
        }
        Ok(())
    }

    /// Hands the batch over.
    fn send(&mut self) -> Result<(), Stop> {
        let mut full = std::mem::replace(&mut self.batch, batch(self.source));
        self.bytes = 0;
        (full.read, full.last, full.bytes) = (self.read, self.number, self.disk.load(Ordering::Relaxed));
        self.sender.blocking_send(Ok(full)).map_err(|_| Stop::Unwanted)
    }
}

fn too_long() -> String {
    format!("longer than {} MiB", LINE_BYTES >> 20)
}

fn without_mark(mut input: impl io::BufRead) -> io::Result<impl io::BufRead> {
    if input.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        input.consume(BYTE_ORDER_MARK.len());
    }
    Ok(input)
}
