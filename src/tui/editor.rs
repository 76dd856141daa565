//! The user's own editor, for a text that deserves one.

use crate::private;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// The most bytes of a text that comes back.
const LARGEST: u64 = 100_000;

/// Returns the command line of the user's editor.
pub fn command() -> Result<String, String> {
    chosen(|name| std::env::var(name).ok())
}

/// `VISUAL`, then `EDITOR`.
fn chosen(get: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(get)
        .find(|value| !value.trim().is_empty())
        .ok_or_else(|| "set VISUAL or EDITOR to the editor to use".into())
}

/// A text in a file of its own, in a directory of its own that goes with it: nobody else may read either, and what an
/// editor leaves beside the file goes as well.
#[derive(Debug)]
pub struct Draft {
    directory: TempDir,
    before: String,
}

impl Draft {
    /// Writes a text to a new file.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new(text: &str) -> io::Result<Self> {
        let parent = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_dir());
        let directory = private::directory("gapdeck-", &parent.unwrap_or_else(std::env::temp_dir))?;
        let draft = Self { directory, before: text.to_owned() };
        let mut file = private::options().write(true).create_new(true).open(draft.file())?;
        file.write_all(text.as_bytes())?;
        if !text.is_empty() {
            file.write_all(b"\n")?;
        }
        Ok(draft)
    }

    /// Returns the file.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("comment.txt")
    }

    /// Returns the text as the editor left it, or why it is as it was; a text that cannot be taken stays in its file.
    pub fn read(mut self) -> Result<String, String> {
        let mut bytes = Vec::new();
        fs::File::open(self.file())
            .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
            .map_err(|error| format!("the editor's text cannot be read: {error}"))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
            return Err(self.kept(&format!("longer than {LARGEST} bytes")));
        }
        let Ok(text) = String::from_utf8(bytes) else { return Err(self.kept("not UTF-8")) };
        let text = text.trim_end().replace("\r\n", "\n");
        if text.trim().is_empty() {
            return Err("the editor left nothing; the comment is as it was".into());
        }
        if text == self.before.trim_end() {
            return Err("the editor changed nothing".into());
        }
        Ok(text)
    }

    /// Leaves the file where it is.
    pub fn keep(&mut self) {
        self.directory.disable_cleanup(true);
    }

    fn kept(&mut self, problem: &str) -> String {
        self.keep();
        format!("not taken, {problem}; the text stays in {}", self.file().display())
    }
}

/// Runs the editor on a file until it is closed.
pub async fn run(editor: &str, file: &Path) -> Result<(), String> {
    match started(editor, file).status().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the editor ended with {status}; nothing changed")),
        Err(error) => Err(format!("the editor cannot be started: {error}")),
    }
}

/// The variable may hold arguments and quotes, which the shell reads, as it does for git; the file's name it does not.
#[cfg(unix)]
fn started(editor: &str, file: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$@\"")).arg("gapdeck").arg(file);
    command
}

#[cfg(not(unix))]
fn started(editor: &str, file: &Path) -> Command {
    let mut words = editor.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).arg(file);
    command
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn visual_goes_before_editor() {
        let of = |visual: &str, editor: &str| {
            let (visual, editor) = (visual.to_owned(), editor.to_owned());
            chosen(move |name| Some(if name == "VISUAL" { visual.clone() } else { editor.clone() }))
        };
        assert_eq!(of("vim -u NONE", "ed"), Ok("vim -u NONE".into()));
        assert_eq!(of(" ", "ed"), Ok("ed".into()));
        assert!(of("", "").unwrap_err().contains("VISUAL"));
    }

    #[test]
    fn nobody_else_may_read_the_draft_and_it_goes_with_what_the_editor_left_beside_it() {
        let draft = Draft::new("a comment").unwrap();
        let directory = draft.directory.path().to_owned();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&draft.file())), (0o700, 0o600));
        fs::write(directory.join("comment.txt~"), "backup").unwrap();
        drop(draft);
        assert!(!directory.exists());
    }

    async fn edited(before: &str, editor: &str) -> Result<String, String> {
        let draft = Draft::new(before).map_err(|error| error.to_string())?;
        run(editor, &draft.file()).await?;
        draft.read()
    }

    #[tokio::test]
    async fn the_text_comes_back_unless_the_editor_failed_or_changed_nothing() {
        assert_eq!(
            edited("old", "f() { printf 'new\\nlines\\n\\n' > \"$1\"; }; f").await,
            Ok("new\nlines".into())
        );
        assert_eq!(edited("old", "true").await, Err("the editor changed nothing".into()));
        assert!(edited("old", "truncate -s 0").await.unwrap_err().contains("left nothing"));
        assert!(edited("old", "f() { echo new > \"$1\"; return 3; }; f").await.unwrap_err().contains('3'));
        assert!(edited("old", "/no/such/editor").await.unwrap_err().contains("127"));
    }

    #[tokio::test]
    async fn a_text_that_cannot_be_taken_stays_where_it_is() {
        for editor in [
            "f() { head -c 200000 /dev/zero | tr '\\0' x > \"$1\"; }; f",
            "f() { printf '\\377' > \"$1\"; }; f",
        ] {
            let error = edited("old", editor).await.unwrap_err();
            let file = PathBuf::from(error.split("stays in ").nth(1).expect("a file"));
            assert!(file.is_file(), "{error}");
            fs::remove_dir_all(file.parent().unwrap()).unwrap();
        }
    }
}
