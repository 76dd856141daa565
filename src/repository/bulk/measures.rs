//! How the team reviews, and what was measured of votes and lists of candidates.

use super::field::{Field, Kind};
use super::table::Plan;

pub(super) const REVIEW_POLICY: Plan = Plan {
    aliases: &["policy"],
    fields: &[
        Field::required("only_row", Kind::Boolean).about("`true`: there is one row"),
        Field::or("second_opinions", Kind::Share, "0").about("of the gaps, those that two people decide on"),
        Field::or("random_share", Kind::Share, "0")
            .about("of the gaps of the flow, those that are drawn at random"),
        Field::or("blind_share", Kind::Share, "0")
            .about("of the gaps, those whose predictions are shown after the choice"),
        Field::optional("set_by", Kind::Text).about("who set it"),
        Field::kept("set_at", Kind::Time, "now()"),
    ],
    ..Plan::of("review_policy", "review_policy", &["only_row"])
};

pub(super) const VOTE_WORTH: Plan = Plan {
    fields: &[
        Field::key("attribute_key"),
        Field::required("tried", Kind::Total).about("products with a known value that were looked at"),
        Field::required("voted", Kind::Total).about("those of them whose neighbours said something"),
        Field::required("correct", Kind::Total).about("those of the voted where the vote was right"),
        Field::required("frequent", Kind::Total)
            .about("those of the voted that have the most frequent value"),
        Field::kept("measured_at", Kind::Time, "now()"),
    ],
    ..Plan::of("vote_worth", "vote_worth", &["attribute_key"])
};

pub(super) const LIST_CUTS: Plan = Plan {
    fields: &[
        Field::key("attribute_key"),
        Field::required("decided", Kind::Total).about("drawn gaps whose right value is known"),
        Field::required("listed", Kind::Total).about("those of them whose list of candidates had it"),
        Field::optional("score", Kind::Share).about("candidates that score less may be left out"),
        Field::kept("measured_at", Kind::Time, "now()"),
    ],
    ..Plan::of("list_cuts", "list_cuts", &["attribute_key"])
};
