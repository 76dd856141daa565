//! The in-memory fake, for tests.
