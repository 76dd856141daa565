//! The materialised views: which there are, how old they are, and what a refresh led to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A materialised view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// One row a product and attribute: values, recommendations, decision.
    ProductSummary,
    /// One row a product, as [`super::ProductDetails`].
    ProductDetails,
    /// One row a gap, with the values allowed for it.
    ProductGaps,
}

impl View {
    /// Every materialised view.
    pub const ALL: [Self; 3] = [Self::ProductSummary, Self::ProductDetails, Self::ProductGaps];

    /// Returns the view's name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProductSummary => "product_summary",
            Self::ProductDetails => "product_details",
            Self::ProductGaps => "product_gaps",
        }
    }

    /// Reads the name back; `-` and `_` are one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|view| view.as_str() == text)
    }
}

/// A refresh that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Refresh {
    /// When it began, by the server's clock: what was committed before is in the view.
    pub refreshed_at: DateTime<Utc>,
    /// How long it took.
    pub seconds: f64,
}

/// What is known of a materialised view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViewState {
    pub view: View,
    /// The last refresh; `None` where nobody has recorded one.
    pub last: Option<Refresh>,
    /// Seconds since then, by the server's clock.
    pub age: Option<f64>,
    /// Whether this user may refresh it.
    pub may_refresh: bool,
}

/// What a refresh does while somebody else refreshes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenBusy {
    /// Waits; what the other one has brought up to date meanwhile is not done again.
    Wait,
    /// Leaves the view alone.
    Leave,
}

/// What a refresh led to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Refreshed {
    /// The view was brought up to date.
    Done(Refresh),
    /// It was younger than asked for.
    Fresh(Refresh),
    /// Somebody else is refreshing.
    Busy,
}
