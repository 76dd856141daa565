//! Which files are imported.

use super::error::ImportError;
use crate::repository::bulk::Table;
use crate::transfer::format::{FileName, Format};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";
const GZIP: &[u8] = &[0x1f, 0x8b];

/// A file to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub table: Table,
    pub format: Format,
    pub path: PathBuf,
    /// The file's name.
    pub name: String,
    /// Its size on the disk; 0 where it is not known.
    pub bytes: u64,
}

/// Lists the files to import, in the order in which they are read, and the names of the others of a directory.
///
/// The table and the format of a single file may be given; otherwise its name says them.
pub(super) fn find(
    path: &Path,
    table: Option<Table>,
    format: Option<Format>,
) -> Result<(Vec<Source>, Vec<String>), ImportError> {
    if path == Path::new(STANDARD_INPUT) {
        return Ok((vec![one(path, "standard input", 0, table, format)?], Vec::new()));
    }
    let metadata = std::fs::metadata(path)
        .map_err(|source| ImportError::Directory { directory: path.to_owned(), source })?;
    if metadata.is_dir() {
        if table.is_some() || format.is_some() {
            return Err(ImportError::NotOneFile(path.to_owned()));
        }
        return directory(path);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = if metadata.is_file() { metadata.len() } else { 0 };
    Ok((vec![one(path, &name, bytes, table, format)?], Vec::new()))
}

fn one(
    path: &Path,
    name: &str,
    bytes: u64,
    table: Option<Table>,
    format: Option<Format>,
) -> Result<Source, ImportError> {
    let parts = FileName::parse(name);
    let unclear = |what| ImportError::Unclear { name: name.to_owned(), what };
    let table = table.or_else(|| Table::named(parts.stem)).ok_or_else(|| unclear("table"))?;
    let format = format.or(parts.format).ok_or_else(|| unclear("format"))?;
    Ok(Source { table, format, path: path.to_owned(), name: name.to_owned(), bytes })
}

fn directory(directory: &Path) -> Result<(Vec<Source>, Vec<String>), ImportError> {
    let unreadable = |source| ImportError::Directory { directory: directory.to_owned(), source };
    let mut found: [Option<Source>; Table::ALL.len()] = Default::default();
    let mut ignored = Vec::new();
    let mut entries: Vec<_> =
        std::fs::read_dir(directory).and_then(Iterator::collect::<io::Result<_>>).map_err(unreadable)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        // Through links; one that leads nowhere is as good as no file.
        let Some(metadata) = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file) else {
            continue;
        };
        let parts = FileName::parse(&name);
        let (Some(table), Some(format)) = (Table::named(parts.stem), parts.format) else {
            ignored.push(name);
            continue;
        };
        let place = found.iter_mut().zip(Table::ALL).find(|(_, known)| *known == table);
        let Some((place, _)) = place else { continue };
        if let Some(other) = place {
            return Err(ImportError::Ambiguous {
                directory: directory.to_owned(),
                first: other.name.clone(),
                second: name,
            });
        }
        *place = Some(Source { table, format, path, name, bytes: metadata.len() });
    }
    let sources: Vec<Source> = found.into_iter().flatten().collect();
    if sources.is_empty() { Err(ImportError::NoFiles(directory.to_owned())) } else { Ok((sources, ignored)) }
}

impl Source {
    /// Opens the file, compressed or not, and a count of the bytes that have been read from the disk.
    pub fn open(&self) -> io::Result<(Box<dyn BufRead + Send>, Arc<AtomicU64>)> {
        let read = Arc::new(AtomicU64::new(0));
        let file: Box<dyn Read + Send> = if self.path == Path::new(STANDARD_INPUT) {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(&self.path)?)
        };
        let mut file = BufReader::with_capacity(1 << 16, Counted { file, read: Arc::clone(&read) });
        let compressed =
            self.path.extension().is_some_and(|ending| ending == "gz") || file.fill_buf()?.starts_with(GZIP);
        let reader: Box<dyn BufRead + Send> = if compressed {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        Ok((reader, read))
    }
}

/// A file that counts what is read of it.
struct Counted {
    file: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.read(buffer)?;
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_table_and_format_unless_they_are_given() {
        let find = |name: &str, table, format| one(Path::new(name), name, 0, table, format);
        let source = find("raw_products.csv.gz", None, None).unwrap();
        assert_eq!((source.table, source.format), (Table::Products, Format::Csv));
        let source = find("export.txt", Some(Table::Values), Some(Format::Jsonl)).unwrap();
        assert_eq!((source.table, source.format), (Table::Values, Format::Jsonl));
        for (name, table, unclear) in [
            ("truth.jsonl", None, "table"),
            ("products.json", Some(Table::Products), "format"),
            ("raw_raw_products.jsonl", None, "table"),
            ("stats.json", None, "table"),
        ] {
            let error = find(name, table, None).unwrap_err();
            assert!(matches!(error, ImportError::Unclear { what, .. } if what == unclear), "{name}: {error}");
        }
    }
}
