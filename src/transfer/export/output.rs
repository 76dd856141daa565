//! Where rows go: standard output, or a file that gets its name when it is whole.

use super::error::ExportError;
use super::row;
use crate::repository::bulk::{Cells, Field};
use crate::transfer::format::Format;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Batches that wait for the disk.
const WAITING: usize = 1;
const BUFFER: usize = 1 << 16;

/// Where the rows of one table go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    StandardOutput,
    File(PathBuf),
}

impl Place {
    /// Names the place in messages.
    pub fn name(&self) -> String {
        match self {
            Self::StandardOutput => "standard output".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// A file under a temporary name, removed unless it is kept.
#[derive(Debug)]
pub(super) struct Part {
    temporary: PathBuf,
    path: PathBuf,
    pub bytes: u64,
    kept: bool,
}

impl Part {
    fn create(path: &Path) -> io::Result<(Self, File)> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!("{name}.{}.part", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        Ok((Self { temporary, path: path.to_owned(), bytes: 0, kept: false }, file))
    }

    /// Gives the file its name.
    pub fn keep(mut self) -> Result<(), ExportError> {
        std::fs::rename(&self.temporary, &self.path)
            .map_err(|source| ExportError::Write { place: self.path.display().to_string(), source })?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

/// Rows on their way, and what will be known when all have come.
#[derive(Debug)]
pub(super) struct Writing {
    pub rows: mpsc::Sender<Vec<Cells>>,
    pub end: JoinHandle<Result<Option<Part>, ExportError>>,
}

/// Starts a thread that writes rows until the sender is dropped, and then closes the file, still under its temporary name.
pub(super) fn start(place: Place, format: Format, gzip: bool, fields: &'static [Field]) -> Writing {
    let (rows, receiver) = mpsc::channel(WAITING);
    let end = tokio::task::spawn_blocking(move || {
        write(&place, format, gzip, fields, receiver).map_err(|source| {
            let place = place.name();
            if source.kind() == io::ErrorKind::BrokenPipe {
                ExportError::Closed { place }
            } else {
                ExportError::Write { place, source }
            }
        })
    });
    Writing { rows, end }
}

fn write(
    place: &Place,
    format: Format,
    gzip: bool,
    fields: &[Field],
    rows: mpsc::Receiver<Vec<Cells>>,
) -> io::Result<Option<Part>> {
    match place {
        Place::StandardOutput => {
            let mut out = compressed(io::stdout().lock(), gzip, format, fields, rows)?;
            out.flush()?;
            Ok(None)
        }
        Place::File(path) => {
            let (mut part, file) = Part::create(path)?;
            let file = compressed(file, gzip, format, fields, rows)?;
            // A file that has its name is on the disk.
            file.sync_all()?;
            part.bytes = file.metadata()?.len();
            Ok(Some(part))
        }
    }
}

fn compressed<W: Write>(
    out: W,
    gzip: bool,
    format: Format,
    fields: &[Field],
    rows: mpsc::Receiver<Vec<Cells>>,
) -> io::Result<W> {
    let buffered = BufWriter::with_capacity(BUFFER, out);
    let buffered = if gzip {
        // Neither name nor time goes into the head: the same rows make the same file.
        let mut encoder = GzEncoder::new(buffered, Compression::default());
        all(&mut encoder, format, fields, rows)?;
        encoder.finish()?
    } else {
        let mut plain = buffered;
        all(&mut plain, format, fields, rows)?;
        plain
    };
    buffered.into_inner().map_err(io::IntoInnerError::into_error)
}

fn all(
    out: &mut impl Write,
    format: Format,
    fields: &[Field],
    mut rows: mpsc::Receiver<Vec<Cells>>,
) -> io::Result<()> {
    let mut text = String::new();
    row::push_header(&mut text, format, fields);
    out.write_all(text.as_bytes())?;
    while let Some(batch) = rows.blocking_recv() {
        for cells in &batch {
            text.clear();
            row::push(&mut text, format, fields, cells);
            out.write_all(text.as_bytes())?;
        }
        // A large text does not keep its room.
        text.shrink_to(BUFFER);
    }
    Ok(())
}
