//! Files that only their user may read: what a person decided or looked at is nobody else's.

use std::fs::OpenOptions;

/// Options for opening a file that, where it is made, is readable and writable by its user alone.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
