//! Which files of a directory are imported.

use super::error::ImportError;
use crate::repository::bulk::Table;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a file's lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Rows(Table),
    Embeddings,
}

/// The files' names without their endings, in the order in which they are read.
pub(super) const NAMES: [(&str, Content); 17] = [
    ("categories", Content::Rows(Table::Categories)),
    ("attributes", Content::Rows(Table::Attributes)),
    ("category_attributes", Content::Rows(Table::CategoryAttributes)),
    ("products", Content::Rows(Table::Products)),
    ("product_categories", Content::Rows(Table::ProductCategories)),
    ("category_allowable_values", Content::Rows(Table::CategoryAllowableValues)),
    (
        "attribute_allowable_values_applicable_in_every_category",
        Content::Rows(Table::AllowableValuesInEveryCategory),
    ),
    ("attribute_allowable_values_in_any_category", Content::Rows(Table::AllowableValuesInAnyCategory)),
    ("product_attribute_allowable_values", Content::Rows(Table::ProductAllowableValues)),
    ("rich_text_sources", Content::Rows(Table::RichTexts)),
    ("product_attribute_values", Content::Rows(Table::Values)),
    ("product_attribute_gaps", Content::Rows(Table::Gaps)),
    ("experiments", Content::Rows(Table::Experiments)),
    ("predictions", Content::Rows(Table::Predictions)),
    ("recommendation_rounds", Content::Rows(Table::Rounds)),
    ("recommendations", Content::Rows(Table::Recommendations)),
    ("embeddings", Content::Embeddings),
];

/// A file to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub content: Content,
    pub path: PathBuf,
    /// The file's name.
    pub name: String,
    /// Its size on the disk.
    pub bytes: u64,
}

/// Lists the files to import, in the order in which they are read, and the names of the others.
pub(super) fn find(directory: &Path) -> Result<(Vec<Source>, Vec<String>), ImportError> {
    let unreadable = |source| ImportError::Directory { directory: directory.to_owned(), source };
    let mut found: [Option<Source>; NAMES.len()] = Default::default();
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
        let Some(index) = known(&name) else {
            ignored.push(name);
            continue;
        };
        if let Some(other) = &found[index] {
            return Err(ImportError::Ambiguous {
                directory: directory.to_owned(),
                first: other.name.clone(),
                second: name,
            });
        }
        found[index] = Some(Source { content: NAMES[index].1, path, name, bytes: metadata.len() });
    }
    let sources: Vec<Source> = found.into_iter().flatten().collect();
    if sources.is_empty() { Err(ImportError::NoFiles(directory.to_owned())) } else { Ok((sources, ignored)) }
}

/// Returns the index in [`NAMES`] of a file's name.
fn known(name: &str) -> Option<usize> {
    let stem = name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".jsonl")?;
    let stem = stem.strip_prefix("raw_").unwrap_or(stem);
    NAMES.iter().position(|(known, _)| *known == stem)
}

impl Source {
    /// Opens the file, and a count of the bytes that have been read from the disk.
    pub fn open(&self) -> io::Result<(Box<dyn BufRead + Send>, Arc<AtomicU64>)> {
        let read = Arc::new(AtomicU64::new(0));
        let file = BufReader::with_capacity(
            1 << 16,
            Counted { file: File::open(&self.path)?, read: Arc::clone(&read) },
        );
        let reader: Box<dyn BufRead + Send> = if self.path.extension().is_some_and(|ending| ending == "gz") {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        Ok((reader, read))
    }
}

/// A file that counts what is read of it.
struct Counted {
    file: File,
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
    fn names_are_known_plain_compressed_and_prefixed() {
        assert_eq!(known("categories.jsonl"), Some(0));
        assert_eq!(known("raw_products.jsonl.gz"), Some(3));
        assert_eq!(known("embeddings.jsonl"), Some(16));
        for other in [
            "truth.jsonl",
            "stats.json",
            "products.json",
            "products.gz",
            "products",
            ".jsonl",
            "raw_raw_products.jsonl",
        ] {
            assert_eq!(known(other), None, "{other}");
        }
    }
}
