//! How the team reviews, what was measured of votes and lists of candidates, and what is known of reviewers' eyes.

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
        Field::or("seeded_share", Kind::Share, "0")
            .about("of the gaps of the flow, those whose right value is known"),
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

pub(super) const SEEDED_VALUES: Plan = Plan {
    aliases: &["seeded"],
    fields: &[
        Field::key("product_key"),
        Field::key("attribute_key"),
        Field::required("value", Kind::Text).about("a value that is known to be right"),
        Field::kept("created_at", Kind::Time, "now()"),
    ],
    ..Plan::of("seeded_values", "seeded_values", &["product_key", "attribute_key", "value_md5"])
};

pub(super) const SEEDED_ANSWERS: Plan = Plan {
    fields: &[
        Field::key("product_key"),
        Field::required("answer_id", Kind::Uuid),
        Field::key("attribute_key"),
        Field::key("reviewer"),
        Field::required("action", Kind::Action),
        Field::optional("value", Kind::Text),
        Field::optional("shown_value", Kind::Text).about("the prediction shown first"),
        Field::optional("is_right", Kind::Boolean).about("whether that is the known value"),
        Field::optional("accepted", Kind::Boolean).about("whether the reviewer took it"),
        Field::optional("seconds", Kind::Number).about("from showing the gap to the answer"),
        Field::required("answered_at", Kind::Time),
        Field::kept("recorded_at", Kind::Time, "clock_timestamp()"),
    ],
    checks: Some(&[]),
    ..Plan::of("seeded_answers", "seeded_answers", &["product_key", "answer_id"])
};
