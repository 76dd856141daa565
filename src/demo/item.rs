//! A product in the making: what is true of it, what is known, what its texts say.

use super::awkward::Awkward;

/// Joins several values of one attribute in a prediction.
pub(super) const SEPARATOR: &str = "; ";

/// What the texts say about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// As the catalogue writes it.
    Verbatim,
    /// In another unit or other words.
    Converted,
    /// Another value (and sometimes the right one too).
    Contradicted,
    /// Nothing.
    Absent,
}

/// Which text says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Description,
    Bullets,
    Datasheet,
}

impl Source {
    pub(super) const ALL: [Self; 3] = [Self::Description, Self::Bullets, Self::Datasheet];

    /// Returns the name under which the text is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Bullets => "bullets",
            Self::Datasheet => "datasheet",
        }
    }
}

/// One sentence or line of a text that states a value.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) source: Source,
    pub(super) sentence: String,
    /// The stated value; a number as the sentence writes it, without converting it.
    pub(super) value: String,
    pub(super) right: bool,
}

/// One attribute of a product.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    /// Index into the specification's attributes.
    pub(super) attribute: usize,
    /// The true values; more than one only where the attribute may have several.
    pub(super) truth: Vec<String>,
    /// Plausible wrong values, the likeliest first, several values joined by [`SEPARATOR`].
    pub(super) others: Vec<String>,
    /// The values this product comes in, where they are allowed per product.
    pub(super) allowed: Vec<String>,
    pub(super) gap: bool,
    pub(super) mode: Mode,
    pub(super) statements: Vec<Statement>,
}

impl Fact {
    /// Returns the true values in one text.
    pub(super) fn joined(&self) -> String {
        self.truth.join(SEPARATOR)
    }
}

/// One product in the making.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) index: usize,
    /// Index into the specification's categories.
    pub(super) category: usize,
    pub(super) family: u64,
    pub(super) brand: String,
    /// The model: line and edition.
    pub(super) model: String,
    pub(super) facts: Vec<Fact>,
    pub(super) key: String,
    pub(super) code_type: &'static str,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) texts: Vec<(Source, String)>,
    pub(super) awkward: Option<Awkward>,
}
