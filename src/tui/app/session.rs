//! What comes back at the next start: filter, sort order, place, screen, and where the list ends.

use super::action::ActionId;
use super::jumps::{Spot, Top};
use super::msg::Effect;
use super::state::State;
use super::toast::Level;
use crate::domain::QueueFilter;
use crate::tui::layout::Split;
use crate::tui::screens::review::filter_words;
use serde::{Deserialize, Serialize};

/// The version of what is written; a newer one is left alone.
const VERSION: u32 = 1;
/// The most rows that a place may be down the list, and the most characters of a text in the filter.
const FAR: usize = 5_000;
const LONGEST: usize = 4_000;

/// How a session was left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resumed {
    version: u32,
    spot: Spot,
    #[serde(default)]
    split: Split,
}

impl Resumed {
    /// Takes down how the session is left; a fixed set of gaps, as what was shown before it.
    pub fn of(state: &State) -> Self {
        let mut spot = Spot::of(state);
        if spot.filter.among.is_some() {
            (spot.filter, spot.sort) = state.before_set.clone().unwrap_or_default();
            (spot.gap, spot.row) = (None, 0);
        }
        // A product is looked at on the way; it is not where somebody works.
        spot.top = spot.top.filter(|top| !matches!(top, Top::Product(_) | Top::Walk(_)));
        Self { version: VERSION, spot, split: state.split }
    }

    /// Reads what was written; an error says why it cannot be used.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let readable = |error: serde_json::Error| error.to_string();
        let version = serde_json::from_str::<Versioned>(text).map_err(readable)?.version;
        if version != VERSION {
            return Err(format!("it is of version {version}, this gapdeck reads version {VERSION}"));
        }
        let mut resumed: Self = serde_json::from_str(text).map_err(readable)?;
        let spot = &mut resumed.spot;
        spot.row = spot.row.min(FAR);
        spot.filter = cleaned(&spot.filter)?;
        Ok(resumed)
    }

    /// Returns the text to write.
    pub fn text(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map_err(|error| error.to_string())
    }
}

/// Checks a filter that comes from a file.
pub fn cleaned(filter: &QueueFilter) -> Result<QueueFilter, String> {
    let is_long = filter.text.as_ref().is_some_and(|text| text.chars().count() > LONGEST);
    if is_long {
        return Err(format!("a text in it is longer than {LONGEST} characters"));
    }
    // Who reads is known anew.
    Ok(QueueFilter { not_first_by: None, ..filter.clone() })
}

/// Takes the state in which the last session was left; what is of the queue waits for the database.
pub fn resume(state: &mut State, resumed: Resumed) {
    state.split = resumed.split;
    state.resumed = Some(resumed);
}

/// Loads the queue as it was left, or from its beginning.
pub fn open(state: &mut State, resumed: Resumed) -> Vec<Effect> {
    let is_plain = resumed.spot.filter == QueueFilter::default();
    let effects = resumed.spot.go(state);
    if !is_plain {
        let words = filter_words(state, &state.queue.filter);
        let text =
            format!("As you left it: {words} · {} clears the filter", state.key(ActionId::ClearFilter));
        state.toasts.show(state.now, Level::Info, text);
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{QueueSort, State as GapState, StateFilter};

    #[test]
    fn what_is_written_is_read_back() {
        let filter = QueueFilter {
            state: StateFilter::Only(GapState::Deferred),
            text: Some("nike \u{1b} \"a\"".into()),
            attribute: Some("colour".into()),
            ..QueueFilter::default()
        };
        let spot = Spot { filter, sort: QueueSort::Age, row: 7, top: Some(Top::Insights), ..Spot::default() };
        let resumed = Resumed { version: VERSION, spot, split: Split::at(60, 160) };
        assert_eq!(Resumed::parse(&resumed.text().unwrap()), Ok(resumed));
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        for text in ["", "{", "[]", "{\"version\": 1}", "{\"version\": 1, \"spot\": 3}"] {
            assert!(Resumed::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Resumed::parse("{\"version\": 2, \"spot\": \"another shape\"}"),
            Err("it is of version 2, this gapdeck reads version 1".into())
        );
        let text = "x".repeat(LONGEST + 1);
        let long = format!("{{\"version\": 1, \"spot\": {{\"filter\": {{\"text\": \"{text}\"}}}}}}");
        assert!(Resumed::parse(&long).is_err());
        let far = "{\"version\": 1, \"spot\": {\"row\": 99999999}}";
        assert_eq!(Resumed::parse(far).unwrap().spot.row, FAR);
    }
}
