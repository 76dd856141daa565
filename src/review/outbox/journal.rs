//! One file of the outbox: locked by the process that writes it, appended to, and on the disk before anybody says so.

use super::{OutboxError, Place};
use crate::private;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// What the names of the files end in.
pub(super) const SUFFIX: &str = "outbox";
/// What a file is called until it has its lock and its first record.
const DRAFT: &str = "new";
/// What the bytes set aside are called.
pub(super) const DAMAGED: &str = "damaged";
/// The largest file that is written or read: what is read is held in memory.
pub(super) const LARGEST: u64 = 256 << 20;

/// Whether a write must have reached the disk when it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    Synced,
    /// Lost without harm when the machine stops.
    Whenever,
}

/// A file that this process alone writes.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Where the next record goes: everything before it is whole.
    length: u64,
    /// Whether a failed write may have left bytes behind `length`.
    is_torn: bool,
    /// Whether the disk refused to take what was written: nothing more is entrusted to this file.
    is_lost: bool,
}

impl Journal {
    /// Makes a file that starts with some records.
    pub fn create(place: &Place, records: &[u8]) -> Result<Self, OutboxError> {
        let directory = &place.directory;
        create_directory(directory).map_err(|error| OutboxError::io(directory, &error))?;
        let path = directory.join(format!("{}.{SUFFIX}", Uuid::now_v7()));
        let file = drafted(&path, records).map_err(|error| OutboxError::io(&path, &error))?;
        Ok(Self { path, file, length: records.len() as u64, is_torn: false, is_lost: false })
    }

    /// Takes over a file that nobody holds, and reads it; `None` where somebody holds it, or it has just gone.
    pub fn adopt(path: &Path) -> Result<Option<(Self, Vec<u8>)>, OutboxError> {
        let wrong = |error: io::Error| OutboxError::io(path, &error);
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(wrong(error)),
        }
        // Its owner may have removed or replaced it between opening and locking.
        if !is_same(&file, path) {
            return Ok(None);
        }
        let bytes = contents(&mut file).map_err(wrong)?;
        let length = bytes.len() as u64;
        Ok(Some((Self { path: path.to_owned(), file, length, is_torn: false, is_lost: false }, bytes)))
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    /// Tells whether decisions may still be entrusted to this file.
    pub fn is_sound(&self) -> bool {
        !self.is_lost
    }

    /// Appends records; what could be written only in part is taken back.
    pub fn append(&mut self, records: &[u8], durability: Durability) -> Result<(), OutboxError> {
        if self.length + records.len() as u64 > LARGEST {
            return Err(OutboxError::new(&self.path, "it is full: let what waits be sent first"));
        }
        self.try_append(records, durability).map_err(|error| OutboxError::io(&self.path, &error))
    }

    fn try_append(&mut self, records: &[u8], durability: Durability) -> io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.length)?;
            self.is_torn = false;
        }
        self.file.seek(SeekFrom::Start(self.length))?;
        let written = self.file.write_all(records).and_then(|()| match durability {
            Durability::Whenever => Ok(()),
            Durability::Synced => self.file.sync_data().inspect_err(|_| self.is_lost = true),
        });
        match written {
            Ok(()) => self.length += records.len() as u64,
            Err(_) => self.is_torn = self.file.set_len(self.length).is_err(),
        }
        written
    }

    /// Puts other records in the place of all there are, at once: a crash leaves either the old or the new.
    pub fn rewrite(&mut self, records: &[u8]) -> Result<(), OutboxError> {
        let file = drafted(&self.path, records).map_err(|error| OutboxError::io(&self.path, &error))?;
        self.file = file;
        self.length = records.len() as u64;
        self.is_torn = false;
        Ok(())
    }

    /// Keeps bytes beside the file, for whoever wants to look at them.
    pub fn set_aside(&self, bytes: &[u8]) -> Result<PathBuf, OutboxError> {
        let path = self.path.with_extension(format!("{}.{DAMAGED}", Uuid::now_v7()));
        let wrong = |error: io::Error| OutboxError::io(&path, &error);
        let mut file =
            private::options().read(true).write(true).create_new(true).open(&path).map_err(wrong)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(wrong)?;
        sync_directory(&path).map_err(wrong)?;
        Ok(path)
    }

    /// Removes the file: nothing in it is needed any more.
    pub fn remove(self) {
        // Still locked: nobody adopts it in between. One that stays behind is removed by the next start.
        let _ = fs::remove_file(&self.path);
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Closing alone would leave the lock with a child that has just been forked and not become its program yet.
        let _ = self.file.unlock();
    }
}

/// Reads a file that may be in use by its owner.
pub(super) fn look_at(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    let mut file = File::open(path)?;
    let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    // For a moment only: a gapdeck that starts meanwhile must be able to adopt it.
    let _ = file.unlock();
    Ok((contents(&mut file)?, is_held))
}

fn contents(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is larger than {} MiB and was left alone", LARGEST >> 20)));
    }
    Ok(bytes)
}

/// Lists the files of an outbox, the oldest first; a directory that is not there holds none.
pub(super) fn files(place: &Place, suffix: &str) -> io::Result<Vec<PathBuf>> {
    let listed = match fs::read_dir(&place.directory) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = listed.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == suffix));
    paths.sort();
    Ok(paths)
}

/// Removes what a process left that was killed while it made a file: no decision is ever in there.
pub(super) fn sweep(place: &Place) {
    for path in files(place, DRAFT).unwrap_or_default() {
        let is_old = fs::metadata(&path)
            .and_then(|found| found.modified())
            .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > std::time::Duration::from_secs(600)));
        let is_free = || File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if is_old && is_free() {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Makes a file under a name of its own, locks it and gives it its name only then: whoever sees it sees it locked.
fn drafted(path: &Path, records: &[u8]) -> io::Result<File> {
    let draft = path.with_extension(DRAFT);
    let mut file = private::options().read(true).write(true).create(true).truncate(true).open(&draft)?;
    let made = file
        .try_lock()
        .map_err(io::Error::from)
        .and_then(|()| file.write_all(records))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&draft, path))
        .and_then(|()| sync_directory(path));
    if let Err(error) = made {
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    Ok(file)
}

/// Makes a directory with those above it, each on the disk.
fn create_directory(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        create_directory(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => Ok(()),
        made => made.and_then(|()| sync_directory(directory)),
    }
}

/// Brings the name of a file, not only its contents, to the disk.
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        #[cfg(unix)]
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

/// Tells whether a path still names an open file.
fn is_same(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        match (file.metadata(), fs::metadata(path)) {
            (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}
