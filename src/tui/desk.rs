//! The files in which a user's screen on one database is kept: how the session was left, and the named views.
//!
//! Each is small, written whole and put in its place by renaming: of two gapdecks that write at once, the last one wins,
//! and nobody reads a half. A file that cannot be read never stops a start.

use super::app::session::Resumed;
use super::app::views::{self, Change, View};
use crate::private;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The most bytes of a file that is read.
const LARGEST: u64 = 1 << 20;

/// Where the files of one database are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    directory: PathBuf,
}

impl Desk {
    /// The files in a directory; it is made when something is written.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn session_file(&self) -> PathBuf {
        self.directory.join("session.json")
    }

    fn views_file(&self) -> PathBuf {
        self.directory.join("views.json")
    }

    /// Reads how the last session was left, if that can be used.
    pub(super) fn session(&self) -> Option<Resumed> {
        let file = self.session_file();
        let parsed = read(&file).transpose()?.and_then(|text| Resumed::parse(&text));
        parsed
            .inspect_err(
                |reason| tracing::warn!(file = %file.display(), %reason, "the last session is not resumed"),
            )
            .ok()
    }

    /// Writes how the session is left; where that fails, the log says so.
    pub(super) fn keep_session(&self, resumed: &Resumed) {
        let file = self.session_file();
        let kept = resumed.text().and_then(|text| write(&file, &text).map_err(|error| error.to_string()));
        if let Err(reason) = kept {
            tracing::warn!(file = %file.display(), %reason, "the session could not be kept");
        }
    }

    /// Makes a change to the views as they are in the file now, and returns them.
    pub(super) fn change_views(&self, change: Change) -> Result<Vec<View>, String> {
        let file = self.views_file();
        let about = |reason: String| format!("{}: {reason}", file.display());
        let views = match read(&file).map_err(about)? {
            Some(text) => views::parse(&text).map_err(about)?,
            None => Vec::new(),
        };
        if change == Change::None {
            return Ok(views);
        }
        let views = views::changed(views, change)?;
        let text = views::text(&views)?;
        write(&file, &text).map_err(|error| about(error.to_string()))?;
        Ok(views)
    }
}

/// Reads a small file; `None` where there is none.
fn read(file: &Path) -> Result<Option<String>, String> {
    let open = match fs::File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let mut text = String::new();
    let length = open.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if u64::try_from(length).is_ok_and(|length| length > LARGEST) {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    Ok(Some(text))
}

/// Writes a file whole, for its owner alone.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    // Two gapdecks at once do not write into one another's file.
    let part = file.with_extension(format!("{}.part", std::process::id()));
    let opened = private::options().write(true).create(true).truncate(true).open(&part);
    let written = opened.and_then(|mut open| open.write_all(text.as_bytes()).and_then(|()| open.sync_all()));
    written.and_then(|()| fs::rename(&part, file)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{QueueFilter, QueueSort};

    fn view(name: &str) -> Change {
        let filter = QueueFilter { attribute: Some("colour".into()), ..QueueFilter::default() };
        Change::Save(Box::new(View { name: name.into(), filter, sort: QueueSort::Age }))
    }

    fn names(views: &[View]) -> Vec<&str> {
        views.iter().map(|view| view.name.as_str()).collect()
    }

    #[test]
    fn what_one_gapdeck_saves_the_other_sees_and_keeps() {
        let directory = tempfile::tempdir().unwrap();
        let desk = Desk::new(directory.path().join("new"));
        assert_eq!(desk.change_views(Change::None), Ok(Vec::new()));
        desk.change_views(view("a")).unwrap();
        let other = Desk::new(directory.path().join("new"));
        assert_eq!(names(&other.change_views(view("b")).unwrap()), ["a", "b"]);
        assert_eq!(names(&desk.change_views(Change::Delete("a".into())).unwrap()), ["b"]);
        let left: Vec<_> = fs::read_dir(directory.path().join("new")).unwrap().collect();
        assert_eq!(left.len(), 1, "no part of a file is left: {left:?}");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_ignored_or_named_and_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let desk = Desk::new(directory.path().to_owned());
        assert_eq!(desk.session(), None);
        for text in ["{", "{\"version\": 7}", "\u{0}"] {
            fs::write(desk.session_file(), text).unwrap();
            fs::write(desk.views_file(), text).unwrap();
            assert_eq!(desk.session(), None);
            let error = desk.change_views(view("a")).unwrap_err();
            assert!(error.contains("views.json"), "{error}");
            assert_eq!(fs::read_to_string(desk.views_file()).unwrap(), text);
        }
        fs::write(desk.session_file(), "x".repeat(2 << 20)).unwrap();
        assert_eq!(desk.session(), None);
        fs::write(desk.session_file(), [0xff, 0xfe]).unwrap();
        assert_eq!(desk.session(), None);
    }

    #[cfg(unix)]
    #[test]
    fn others_may_not_read_what_is_kept() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let desk = Desk::new(directory.path().to_owned());
        desk.change_views(view("a")).unwrap();
        let mode = fs::metadata(desk.views_file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
