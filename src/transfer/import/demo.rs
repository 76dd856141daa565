//! The demo catalogue to database rows, by the import's statements.
