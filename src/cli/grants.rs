//! `gapdeck grants`: the least that a database role needs, as SQL for the owner of the tables to read and run.

use super::output::print_exactly;
use crate::error::{AppError, ErrorKind};
use clap::{Args, ValueEnum};

/// Prints the SQL that lets a database role review, and nothing else.
#[derive(Debug, Args)]
pub struct Grants {
    /// The role, as it is named in the database
    role: String,
    /// What the role is for
    #[arg(long = "for", value_enum, default_value_t = Purpose::Reviewer, value_name = "PURPOSE")]
    purpose: Purpose,
    /// Let nobody decide in another's name: the reviewer must be the database user
    #[arg(long)]
    bind_reviewer: bool,
    /// The schema of the tables
    #[arg(long, default_value = "public", value_name = "NAME")]
    schema: String,
}

/// What a role is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Purpose {
    /// Looks at everything and decides
    Reviewer,
    /// Looks at everything
    Observer,
}

/// What gapdeck reads: everything it has.
const READ: &str = "\
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON {tables} TO {role};
";

/// What a decision and a lease write. The time of a decision is the server's: the role cannot give it.
const DECIDE: &str = "\
GRANT INSERT (product_key, decision_id, attribute_key, reviewer, action, value, comment, base_version, result_version,
    undoes, shown_value, shown_confidence, shown_experiment, batch_id, policy, selection_probability, seconds,
    kept_on_purpose, seen, decided_at, result_state) ON {schema}.human_recommendations TO {role};
GRANT UPDATE (state, version, decision_id, decided_by, decided_value, decided_at, first_by, updated_at)
    ON {schema}.review_queue TO {role};
GRANT UPDATE (is_correct, decision_id) ON {schema}.prediction_results TO {role};
GRANT INSERT, UPDATE, DELETE ON {schema}.review_leases TO {role};
GRANT INSERT (product_key, answer_id, attribute_key, reviewer, action, value, shown_value, is_right, accepted, seconds,
    answered_at) ON {schema}.seeded_answers TO {role};
";

/// Binds the name in a decision and a lease to the database user, for every role but the owner of the tables.
const BIND: &str = "\
ALTER TABLE {schema}.human_recommendations ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS gapdeck_read ON {schema}.human_recommendations;
CREATE POLICY gapdeck_read ON {schema}.human_recommendations FOR SELECT USING (true);
DROP POLICY IF EXISTS gapdeck_own_name ON {schema}.human_recommendations;
CREATE POLICY gapdeck_own_name ON {schema}.human_recommendations FOR INSERT WITH CHECK (reviewer = session_user::text);
ALTER TABLE {schema}.review_leases ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS gapdeck_own_name ON {schema}.review_leases;
CREATE POLICY gapdeck_own_name ON {schema}.review_leases USING (true) WITH CHECK (reviewer = session_user::text);
ALTER TABLE {schema}.seeded_answers ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS gapdeck_own_name ON {schema}.seeded_answers;
CREATE POLICY gapdeck_own_name ON {schema}.seeded_answers USING (reviewer = session_user::text);
";

/// Every table and view that gapdeck reads; the test of this command compares them with the migrated database.
const TABLES: [&str; 37] = [
    "__diesel_schema_migrations",
    "raw_products",
    "raw_categories",
    "raw_attributes",
    "raw_product_categories",
    "raw_category_attributes",
    "raw_product_attribute_values",
    "raw_product_attribute_gaps",
    "raw_category_allowable_values",
    "raw_attribute_allowable_values_applicable_in_every_category",
    "raw_attribute_allowable_values_in_any_category",
    "raw_product_attribute_allowable_values",
    "raw_recommendations",
    "raw_recommendation_rounds",
    "raw_rich_text_sources",
    "human_recommendations",
    "product_embeddings",
    "prediction_experiments",
    "prediction_results",
    "review_queue",
    "prediction_tallies",
    "review_leases",
    "vote_worth",
    "list_cuts",
    "seeded_values",
    "seeded_answers",
    "review_policy",
    "view_refreshes",
    "product_summary",
    "attribute_value_stats",
    "product_details",
    "product_gaps",
    "category_values",
    "product_similarity_search",
    "embedding_stats",
    "experiment_summary",
    "metric_trends",
];

#[expect(clippy::unused_async, reason = "every command is run alike")]
pub(super) async fn run(command: Grants) -> Result<(), AppError> {
    if command.role.trim().is_empty() || command.role.contains(char::is_control) {
        return Err(AppError::new(ErrorKind::Usage, "a role needs a name without control characters"));
    }
    if command.bind_reviewer && command.purpose == Purpose::Observer {
        return Err(AppError::new(
            ErrorKind::Usage,
            "an observer decides nothing, so there is no name to bind",
        ));
    }
    print_exactly(&sql(&command))
}

fn sql(command: &Grants) -> String {
    let (role, schema) = (quoted(&command.role), quoted(&command.schema));
    let tables: Vec<String> = TABLES.iter().map(|table| format!("{schema}.{table}")).collect();
    let what = match command.purpose {
        Purpose::Reviewer => "Lets the role review in gapdeck, and nothing else",
        Purpose::Observer => "Lets the role look at everything in gapdeck, and change nothing",
    };
    let mut sql = format!("-- {what}. Run it as the owner of the tables.\nBEGIN;\n{READ}");
    if command.purpose == Purpose::Reviewer {
        sql.push_str(DECIDE);
    }
    if command.bind_reviewer {
        sql.push_str(
            "-- Nobody decides in another's name: `gapdeck --reviewer` must be the database user.\n",
        );
        sql.push_str(BIND);
    }
    sql.push_str("COMMIT;\n");
    sql.replace("{role}", &role).replace("{schema}", &schema).replace("{tables}", &tables.join(",\n    "))
}

/// Returns an identifier as SQL takes it, whatever characters it has.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
