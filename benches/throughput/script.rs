//! What gapdeck sends for a claim and a decision, as a script for pgbench.

use crate::support::server::TestDatabase;
use crate::support::wire::{Bound, Wire};
use crate::work::claim_and_decide;
use gapdeck::database::Database;
use gapdeck::domain::Reviewer;
use std::error::Error;
use std::fmt::Write;
use tokio_postgres::Client;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type};

/// A script, and the values of its variables that do not differ between transactions.
pub struct Script {
    pub text: String,
    pub constants: Vec<(String, String)>,
}

/// How gapdeck's round trips go, by how the statements begin. A new statement has to find its place here.
const ROUND_TRIPS: [&[&str]; 5] = [
    &["DELETE FROM review_leases WHERE (product_key", "BEGIN"],
    &["SELECT \"review_queue\".\"version\"", "SELECT \"raw_attributes\".\"multi_valued\""],
    &[
        "SELECT \"human_recommendations\".\"product_key\", \"human_recommendations\".\"attribute_key\" FROM",
        "SELECT \"human_recommendations\".\"product_key\", \"human_recommendations\".\"decision_id\"",
        "SELECT \"prediction_results\"",
        "SELECT \"review_policy\"",
        "SELECT \"review_leases\"",
    ],
    &[
        "INSERT INTO \"human_recommendations\"",
        "UPDATE \"review_queue\"",
        "UPDATE prediction_results",
        "DELETE FROM \"review_leases\"",
    ],
    &["COMMIT"],
];
const CLAIM: &str = "WITH candidate";

/// A parameter in the format in which it went over the wire.
#[derive(Debug)]
struct Raw<'a>(&'a [u8]);

impl ToSql for Raw<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// Claims and decides once over a wire, and makes a script of what went over it.
pub async fn of_what_gapdeck_sends(database: &TestDatabase) -> Script {
    let wire = Wire::to(&database.url).await;
    let store = Database::connect(&wire.url).await.expect("connect").store();
    let reviewer = Reviewer::from("reviewer");
    // Once for what only the first time needs.
    claim_and_decide(&store, &reviewer).await;
    wire.take();
    claim_and_decide(&store, &reviewer).await;
    let sent = wire.take_bound();
    let client = database.client().await;
    let gap = client
        .query_one(
            "SELECT product_key, decision_id::text FROM human_recommendations ORDER BY recorded_at DESC LIMIT 1",
            &[],
        )
        .await
        .expect("the decision");
    let mut writer = Writer {
        product: gap.get(0),
        decision: gap.get(1),
        client,
        script: Script { text: String::new(), constants: Vec::new() },
    };
    let mut left: Vec<&Bound> = sent.iter().collect();
    let mut take = |beginning: &str| {
        let place = left.iter().position(|bound| one_line(&bound.statement.text).starts_with(beginning));
        let place = place.unwrap_or_else(|| panic!("gapdeck sent no {beginning}: {sent:#?}"));
        left.remove(place)
    };
    // Its lease has a token of its own, and the decision an id: made here, as gapdeck makes them itself. Of two who claim the
    // same gap at once, one gets no lease, and begins anew.
    let claim = writer.statement(take(CLAIM)).await.replacen(
        ", claimed_at, expires_at FROM candidate",
        ", claimed_at, expires_at, gen_random_uuid() AS decision, token IS NOT NULL AS is_got FROM candidate",
        1,
    );
    assert!(claim.contains("AS decision"), "{claim}");
    writeln!(writer.script.text, "{claim} \\gset\n\\if :is_got").expect("a text");
    for together in ROUND_TRIPS {
        let is_pipeline = together.len() > 1;
        if is_pipeline {
            writer.script.text.push_str("\\startpipeline\n");
        }
        for (place, beginning) in together.iter().enumerate() {
            let statement = writer.statement(take(beginning)).await;
            if *beginning == "BEGIN" && place > 0 {
                // Otherwise what comes before it would be part of the transaction.
                writer.script.text.push_str("\\syncpipeline\n");
            }
            writeln!(writer.script.text, "{statement};").expect("a text");
        }
        if is_pipeline {
            writer.script.text.push_str("\\endpipeline\n");
        }
    }
    writer.script.text.push_str("\\endif\n");
    assert!(left.is_empty(), "pgbench would not run {left:#?}");
    writer.script
}

/// pgbench wants a statement without empty lines; and Diesel writes some spaces twice.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Writer {
    client: Client,
    product: String,
    decision: String,
    script: Script,
}

impl Writer {
    /// Puts variables in the place of a statement's parameters.
    async fn statement(&mut self, bound: &Bound) -> String {
        let mut text = one_line(&bound.statement.text);
        let is_claim = text.starts_with(CLAIM);
        for (index, parameter) in bound.parameters.iter().enumerate().rev() {
            let kind =
                *bound.types.get(index).unwrap_or_else(|| panic!("{text} leaves a type to the server"));
            let variable = self.variable(kind, is_claim, parameter.as_deref()).await;
            text = text.replace(&format!("${}", index + 1), &variable);
        }
        text
    }

    /// Returns what stands for a parameter of a type: a variable whose value the script or the command line gives.
    async fn variable(&mut self, kind: u32, is_claim: bool, bytes: Option<&[u8]>) -> String {
        let named = self.client.query_one("SELECT format_type($1, NULL)", &[&kind]).await;
        let cast: String = named.expect("a type").get(0);
        let Some(bytes) = bytes else { return format!("CAST(NULL AS {cast})") };
        let value: String = self
            .client
            .query_one(&format!("SELECT CAST(CAST($1 AS {cast}) AS text)"), &[&Raw(bytes)])
            .await
            .unwrap_or_else(|error| panic!("{cast}: {error:?}"))
            .get(0);
        if value == self.product {
            return ":c1".into();
        }
        if value == self.decision {
            return ":decision".into();
        }
        if kind == Type::UUID.oid() && is_claim {
            return "gen_random_uuid()".into();
        }
        let name = format!("k{}", self.script.constants.len());
        self.script.constants.push((name.clone(), value));
        format!(":{name}")
    }
}
