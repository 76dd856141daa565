//! How often predictions like the one at hand were right, beside what their confidence says.

use super::card::LoadedCard;
use super::card_sections::Setting;
use crate::domain::{Source, TrackRecord};
use crate::insight::proportion;
use crate::tui::theme::Role;
use crate::tui::widgets::wrap;
use ratatui::text::Line;

/// With fewer judged ones the interval is so wide that the line would say nothing.
const LEAST: u64 = 10;

/// Says how often predictions like the selected one were right, where that is known.
pub(super) fn record_line(card: &LoadedCard, setting: Setting) -> Option<Line<'static>> {
    let choice = card.choices.get(setting.choice)?;
    let is_its = |record: &&TrackRecord| {
        choice.candidates.iter().any(|candidate| {
            matches!(&candidate.source, Source::Experiment(key) if *key == record.experiment)
                && candidate.confidence == Some(record.confidence)
        })
    };
    let record = card.card.records.iter().find(is_its).filter(|record| record.judged >= LEAST)?;
    let (mut text, is_below) = in_words(record)?;
    if wrap::width(&text) + 4 > setting.columns {
        text = text.replacen("such predictions were right ", "right: ", 1);
    }
    let role = if is_below { Role::Warning } else { Role::Muted };
    Some(Line::styled(wrap::cut(&format!("    {text}"), setting.columns), setting.theme.style(role)))
}

/// Says a record, and whether the confidence claims more than the record bears out.
fn in_words(record: &TrackRecord) -> Option<(String, bool)> {
    let (share, interval) = proportion::share(record.right, record.judged)?;
    let text = format!(
        "such predictions were right {:.0} % [{}], n = {}",
        share * 100.0,
        interval.percent(),
        record.judged
    );
    let is_below = interval.high < record.confidence.get();
    Some((if is_below { format!("{text} · less than it says") } else { text }, is_below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Confidence;

    fn record(confidence: f64, judged: u64, right: u64) -> TrackRecord {
        TrackRecord {
            experiment: "gpt-4".into(),
            confidence: Confidence::new(confidence).unwrap(),
            judged,
            right,
            near: judged,
            near_right: right,
        }
    }

    #[test]
    fn a_record_is_said_with_its_interval_and_size() {
        let (text, is_below) = in_words(&record(0.85, 240, 194)).unwrap();
        assert_eq!((text.as_str(), is_below), ("such predictions were right 81 % [75-85], n = 240", false));
    }

    #[test]
    fn a_confidence_above_the_interval_is_called_too_high() {
        let (text, is_below) = in_words(&record(0.92, 240, 194)).unwrap();
        assert!(is_below && text.ends_with("n = 240 · less than it says"), "{text}");
    }
}
