//! The binary in a real terminal.
