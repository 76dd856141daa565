//! Files and directories that only their user may read: what a person decided or looked at is nobody else's.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// Options for opening a file that, where it is made, is readable and writable by its user alone.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a directory that its user alone may look into, and that goes when it is dropped.
///
/// # Errors
/// When it cannot be made.
pub fn directory(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.prefix(prefix).tempdir_in(parent)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn nobody_else_may_look_in_nor_read() {
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let directory = directory("gapdeck-test-", &std::env::temp_dir()).unwrap();
        let file = directory.path().join("file");
        options().write(true).create(true).open(&file).unwrap();
        assert_eq!((mode(directory.path()), mode(&file)), (0o700, 0o600));
    }
}
