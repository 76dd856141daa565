//! The binary on a pipe.
