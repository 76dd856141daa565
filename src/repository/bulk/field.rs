//! What the rows of a table look like in files: one description for reading, checking, staging, writing and the docs.

/// What a field's text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text that is part of an index: at most 512 bytes, not empty.
    Key,
    /// A text that is indexed: at most 512 bytes.
    Name,
    /// Any text without NUL.
    Text,
    Boolean,
    /// A whole number, 0 or more.
    Count,
    /// A whole number, 0 or more, that may be large.
    Total,
    /// A number; `NaN`, `Infinity` and `-Infinity` are written as texts.
    Number,
    /// A number, 0 to 1.
    Share,
    /// A point in time, of the years 1 to 9999 (RFC 3339).
    Time,
    /// A UUID.
    Uuid,
    /// What a reviewer did.
    Action,
    /// What has become of a gap.
    State,
    /// A JSON object.
    Object,
    /// A JSON list of texts; only written.
    Texts,
    /// A list of numbers.
    Vector,
}

impl Kind {
    /// Returns the type in the database.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Key => "text COLLATE \"C\"",
            Self::Name | Self::Text | Self::Action | Self::State => "text",
            Self::Boolean => "boolean",
            Self::Count => "integer",
            Self::Total => "bigint",
            Self::Number | Self::Share => "double precision",
            Self::Time => "timestamptz",
            Self::Uuid => "uuid",
            Self::Object | Self::Texts => "jsonb",
            Self::Vector => "vector",
        }
    }

    /// Says in words what the field holds.
    pub fn words(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Name => "short text",
            Self::Text => "text",
            Self::Boolean => "`true` or `false`",
            Self::Count | Self::Total => "whole number",
            Self::Number => "number",
            Self::Share => "number, 0 to 1",
            Self::Time => "time",
            Self::Uuid => "UUID",
            Self::Action => "action",
            Self::State => "state",
            Self::Object => "JSON object",
            Self::Texts => "JSON list of texts",
            Self::Vector => "list of numbers",
        }
    }
}

/// What a field that is absent or null means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It is an error.
    Required,
    /// Null, also for a row that is stored already.
    Null,
    /// This SQL expression, also for a row that is stored already.
    Or(&'static str),
    /// This SQL expression for a new row; a row that is stored keeps what it has.
    Kept(&'static str),
    /// This SQL expression, for a new row and whenever the row changes.
    Touched(&'static str),
    /// Null for a new row; a row that is stored keeps what it has, whatever is given.
    AtFirst,
}

/// A field of a row.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in files.
    pub name: &'static str,
    /// Its column in the database.
    pub column: &'static str,
    pub kind: Kind,
    pub need: Need,
    /// What it is, for the documentation; empty where the name says it.
    pub about: &'static str,
}

impl Field {
    const fn new(name: &'static str, kind: Kind, need: Need) -> Self {
        Self { name, column: name, kind, need, about: "" }
    }

    /// A field that every row has.
    pub const fn required(name: &'static str, kind: Kind) -> Self {
        Self::new(name, kind, Need::Required)
    }

    /// A key that every row has.
    pub const fn key(name: &'static str) -> Self {
        Self::required(name, Kind::Key)
    }

    /// A field that may be null.
    pub const fn optional(name: &'static str, kind: Kind) -> Self {
        Self::new(name, kind, Need::Null)
    }

    /// A field with a default.
    pub const fn or(name: &'static str, kind: Kind, default: &'static str) -> Self {
        Self::new(name, kind, Need::Or(default))
    }

    /// A field that stays as it is unless another is given.
    pub const fn kept(name: &'static str, kind: Kind, first: &'static str) -> Self {
        Self::new(name, kind, Need::Kept(first))
    }

    /// When the row was made.
    pub const fn created() -> Self {
        Self::kept("created_at", Kind::Time, "now()")
    }

    /// When the row was changed last.
    pub const fn updated() -> Self {
        Self::new("updated_at", Kind::Time, Need::Touched("now()"))
    }

    /// A field that only a new row takes.
    pub const fn at_first(name: &'static str, kind: Kind) -> Self {
        Self::new(name, kind, Need::AtFirst)
    }

    /// Names the column where it is not the field's name.
    #[must_use]
    pub const fn stored_as(self, column: &'static str) -> Self {
        Self { column, ..self }
    }

    /// Says what the field is.
    #[must_use]
    pub const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }
}
