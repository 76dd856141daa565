//! Experiments with their predictions, rounds with their recommendations.

use super::field::{Field, Kind};
use super::table::{Missing, Plan};

const VALUE: Field = Field::required("value", Kind::Text);
const CONFIDENCE: Field = Field::optional("confidence", Kind::Share).about("the model's confidence");
const REASONING: Field = Field::optional("reasoning", Kind::Text).about("the model's words");

pub(super) const EXPERIMENTS: Plan = Plan {
    aliases: &["prediction_experiments"],
    fields: &[
        Field::key("experiment").stored_as("experiment_key"),
        Field::optional("model", Kind::Text),
        Field::optional("description", Kind::Text),
        Field::or("parameters", Kind::Object, "'{}'"),
        Field::or("metrics", Kind::Object, "'{}'"),
        Field::created(),
        Field::optional("completed_at", Kind::Time),
    ],
    ..Plan::of("experiments", "prediction_experiments", &["experiment_key"])
};

pub(super) const PREDICTIONS: Plan = Plan {
    aliases: &["prediction_results"],
    fields: &[
        Field::key("experiment").stored_as("experiment_key").about("made from its key where no file names it"),
        Field::key("product_key"),
        Field::key("attribute_key"),
        VALUE,
        CONFIDENCE,
        REASONING,
        Field::created(),
        Field::at_first("is_correct", Kind::Boolean).about("what the decision in force says of the value"),
        Field::at_first("decision_id", Kind::Uuid).about("the decision that says so"),
        Field { kind: Kind::Name, ..Field::kept("round", Kind::Key, "NULL") }
            .stored_as("round_key")
            .about("the recommendation round that took the prediction over"),
    ],
    checks: Some(&[Missing::Product, Missing::Attribute, Missing::Gap, Missing::Round]),
    prepare: Some(
        "INSERT INTO prediction_experiments (experiment_key, created_at)
        SELECT experiment_key, coalesce(min(created_at), now()) FROM import_predictions GROUP BY experiment_key
        ORDER BY experiment_key ON CONFLICT DO NOTHING",
    ),
    ..Plan::of(
        "predictions",
        "prediction_results",
        &["product_key", "attribute_key", "experiment_key", "value_md5"],
    )
};

pub(super) const ROUNDS: Plan = Plan {
    aliases: &["rounds"],
    fields: &[
        Field::key("round").stored_as("round_key"),
        Field::optional("model", Kind::Text),
        Field::optional("description", Kind::Text),
        Field::or("metadata", Kind::Object, "'{}'"),
        Field::created(),
        Field::optional("completed_at", Kind::Time),
    ],
    ..Plan::of("recommendation_rounds", "raw_recommendation_rounds", &["round_key"])
};

pub(super) const RECOMMENDATIONS: Plan = Plan {
    fields: &[
        Field::key("round").stored_as("round_key").about("made from its key where no file names it"),
        Field::key("product_key"),
        Field::key("attribute_key"),
        VALUE,
        CONFIDENCE,
        REASONING,
        Field::created(),
    ],
    checks: Some(&[Missing::Product, Missing::Attribute, Missing::Gap]),
    prepare: Some(
        "INSERT INTO raw_recommendation_rounds (round_key, created_at)
        SELECT round_key, coalesce(min(created_at), now()) FROM import_recommendations GROUP BY round_key
        ORDER BY round_key ON CONFLICT DO NOTHING",
    ),
    ..Plan::of(
        "recommendations",
        "raw_recommendations",
        &["product_key", "attribute_key", "round_key", "value_md5"],
    )
};
