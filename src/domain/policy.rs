//! How a team reviews: which share of the gaps is treated in which way, the same for everybody.

use super::GapId;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A share of gaps, 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0.0);
    /// Everything.
    pub const ALL: Self = Self(1.0);

    /// Returns the number, 0..=1.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Reads `0.05` or `5%`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (number, unit) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), 100.0),
            None => (text, 1.0),
        };
        let number: f64 = number.parse().map_err(|_| format!("\"{text}\" is no share, like 0.05 or 5%"))?;
        Self::try_from(number / unit)
    }

    /// Tells whether a lot falls into the share.
    pub fn takes(self, lot: f64) -> bool {
        lot < self.0
    }
}

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("{number} is no share: it must be from 0 to 1, or from 0% to 100%"))
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A tenth of a percent at most; without a zero at the end.
        let percent = (self.0 * 1_000.0).round() / 10.0;
        write!(f, "{percent} %")
    }
}

/// How the team reviews.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Of all gaps, those that two people decide on, the second without seeing the first.
    pub second_opinions: Share,
    /// Of the gaps in the flow, those that are drawn at random instead of in order.
    pub random: Share,
    /// Of all gaps, those whose predictions are shown after the reviewer has chosen.
    pub blind: Share,
    /// Of the gaps in the flow, those whose right value is known.
    #[serde(default)]
    pub seeded: Share,
}

/// What a gap's lot is drawn for: each purpose draws anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lot {
    /// Whether a second person decides too.
    Second,
    /// The order of a random sample.
    Sample,
    /// Whether the reviewer chooses before seeing predictions.
    Blind,
    /// The order in which gaps whose right value is known come.
    Seeded,
}

impl Lot {
    /// Returns the word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Sample => "sample",
            Self::Blind => "blind",
            Self::Seeded => "seeded",
        }
    }

    /// Returns a gap's lot, 0..1: evenly spread over gaps, always the same for one. As `gapdeck_lot` in the database does.
    pub fn of(self, gap: &GapId) -> f64 {
        let mut sum = Md5::new();
        for (place, part) in [self.as_str(), gap.product.as_str(), gap.attribute.as_str()].iter().enumerate()
        {
            if place > 0 {
                sum.update([31]);
            }
            sum.update(part);
        }
        let sum = sum.finalize();
        let bits = sum.iter().take(7).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte)) >> 4;
        #[expect(clippy::cast_precision_loss, reason = "twelve digits fit exactly")]
        let lot = (bits % 1_000_000_000_000) as f64 / 1e12;
        lot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_as_a_number_or_a_percentage() {
        assert_eq!(Share::parse("0.05").map(Share::get), Ok(0.05));
        assert_eq!(Share::parse(" 5 % ").map(Share::get), Ok(0.05));
        assert_eq!(Share::parse("100%"), Ok(Share::ALL));
        for wrong in ["", "%", "x", "1.01", "-0.1", "101%", "NaN", "inf"] {
            assert!(Share::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_shown_in_percent() {
        assert_eq!(Share::parse("0.05").unwrap().to_string(), "5 %");
        assert_eq!(Share::parse("0.125").unwrap().to_string(), "12.5 %");
        assert_eq!(Share::NONE.to_string(), "0 %");
    }

    #[test]
    fn lots_are_spread_evenly_and_differ_by_purpose() {
        let gaps: Vec<GapId> = (0..4_000).map(|n| GapId::new(format!("p{n}"), "colour")).collect();
        for purpose in [Lot::Second, Lot::Sample, Lot::Blind, Lot::Seeded] {
            for tenth in 1..10 {
                let share = Share(f64::from(tenth) / 10.0);
                let taken = gaps.iter().filter(|gap| share.takes(purpose.of(gap))).count();
                // Four standard deviations of a fair draw are 0.032 at most.
                #[expect(clippy::cast_precision_loss, reason = "thousands")]
                let off = (taken as f64 / 4_000.0 - share.get()).abs();
                assert!(off < 0.032, "{purpose:?} {share}: {taken} of 4000");
            }
        }
        // Purposes are independent: of a half and a half, a quarter has both.
        let both = gaps.iter().filter(|gap| Lot::Second.of(gap) < 0.5 && Lot::Sample.of(gap) < 0.5).count();
        assert!((870..1_130).contains(&both), "{both}");
    }

    #[test]
    fn nothing_falls_into_no_share_and_everything_into_all() {
        assert!(!Share::NONE.takes(0.0));
        assert!(Share::ALL.takes(1.0_f64.next_down()));
    }
}
