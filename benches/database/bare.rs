//! The same SQL on a bare connection, prepared once.

use gapdeck::domain::{CursorValue, Decision, GapId, QueueCursor};
use std::error::Error;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};
use tokio_postgres::{Client, Statement};

const COLUMNS: &str = "product_key, attribute_key, left(product_name, 200), category_key, best_value, best_confidence,
    candidate_count, value_count, disagreement, uncertainty, state, version, decided_by, decided_value, decided_at,
    gap_created_at, sort_name, first_by";

/// A value as it goes over the wire, taken from one statement and bound to another.
#[derive(Debug)]
pub struct Raw(Vec<u8>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Raw {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// A connection with every statement prepared.
pub struct Bare {
    client: Client,
    page: Statement,
    filtered: Statement,
    card: Vec<Statement>,
    gap_card: Vec<Statement>,
    decide: Vec<Statement>,
    embedding: Statement,
    nearest: Statement,
}

impl Bare {
    pub async fn new(client: Client) -> Self {
        let prepare =
            async |sql: &str| client.prepare(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let page = format!(
            "SELECT {COLUMNS} FROM review_queue WHERE state = 'open'
                AND (coalesce(-best_confidence, 2), product_key, attribute_key) > ($1, $2, $3)
              ORDER BY coalesce(-best_confidence, 2), product_key, attribute_key LIMIT $4"
        );
        let filtered = format!(
            "SELECT {COLUMNS} FROM review_queue WHERE state = 'open' AND attribute_key = $5
                AND (coalesce(-best_confidence, 2), product_key, attribute_key) > ($1, $2, $3)
              ORDER BY coalesce(-best_confidence, 2), product_key, attribute_key LIMIT $4"
        );
        // What a review card is made of, by product.
        let mut card = Vec::new();
        for sql in [
            "SELECT left(product_name, 4000), code_type, left(description, 20000) FROM raw_products WHERE product_key = $1",
            "SELECT c.category_key, c.category_name, c.system_name FROM raw_categories c
               JOIN raw_product_categories pc USING (category_key) WHERE pc.product_key = $1 ORDER BY 1",
            "SELECT v.attribute_key, a.label, a.unit, left(v.value, 4000) FROM raw_product_attribute_values v
               JOIN raw_attributes a USING (attribute_key) WHERE v.product_key = $1 ORDER BY v.attribute_key, v.value_md5 LIMIT 500",
            "SELECT source, left(content, 20000), char_length(content) > 20000 FROM raw_rich_text_sources
              WHERE product_key = $1 ORDER BY source LIMIT 20",
        ] {
            card.push(prepare(sql).await);
        }
        card.push(
            prepare(&format!(
                "SELECT {COLUMNS} FROM review_queue WHERE product_key = $1 ORDER BY attribute_key LIMIT 200"
            ))
            .await,
        );
        // And by gap.
        let mut gap_card = Vec::new();
        gap_card.push(
            prepare(&format!(
                "SELECT {COLUMNS} FROM review_queue WHERE product_key = $1 AND attribute_key = $2"
            ))
            .await,
        );
        for sql in [
            "SELECT a.attribute_key, system_name, label, data_type, unit, multi_valued FROM raw_attributes a
              WHERE attribute_key = $2 AND $1::text IS NOT NULL",
            "SELECT experiment_key, left(value, 4000), confidence, left(reasoning, 4000), created_at FROM prediction_results
              WHERE product_key = $1 AND attribute_key = $2 LIMIT 100",
            "SELECT round_key, left(value, 4000), confidence, left(reasoning, 4000), created_at FROM raw_recommendations
              WHERE product_key = $1 AND attribute_key = $2 LIMIT 100",
            "SELECT DISTINCT left(value, 4000) FROM raw_product_attribute_allowable_values
              WHERE product_key = $1 AND attribute_key = $2 ORDER BY 1 LIMIT 2000",
            "SELECT DISTINCT left(value, 4000) FROM raw_category_allowable_values WHERE attribute_key = $2 AND category_key IN
               (SELECT category_key FROM raw_product_categories WHERE product_key = $1) ORDER BY 1 LIMIT 2000",
            "SELECT * FROM human_recommendations WHERE product_key = $1 AND attribute_key = $2",
        ] {
            gap_card.push(prepare(sql).await);
        }
        let mut decide = Vec::new();
        for sql in [
            "SELECT version, state, decided_by FROM review_queue WHERE product_key = $1 AND attribute_key = $2 FOR NO KEY UPDATE",
            "SELECT multi_valued FROM raw_attributes WHERE attribute_key = $1",
            "SELECT product_key, attribute_key FROM human_recommendations WHERE decision_id = $1",
            "SELECT * FROM human_recommendations WHERE product_key = $1 AND attribute_key = $2",
            "SELECT experiment_key, value, value_md5 FROM prediction_results WHERE product_key = $1 AND attribute_key = $2",
            "INSERT INTO human_recommendations (product_key, decision_id, attribute_key, reviewer, action, value, base_version,
                result_version, policy, seen, decided_at, result_state)
              VALUES ($1, $2, $3, $4, 'accept', $5, $6, $6 + 1, 'bench', '{}', now(), 'accepted')",
            "UPDATE review_queue SET state = 'accepted', version = version + 1, decision_id = $3, decided_by = $4,
                decided_value = $5, decided_at = now(), updated_at = now() WHERE product_key = $1 AND attribute_key = $2",
            "UPDATE prediction_results SET is_correct = value = $3, decision_id = $4 WHERE product_key = $1 AND attribute_key = $2",
            "DELETE FROM review_leases WHERE product_key = $1 AND attribute_key = $2",
            "SELECT second_opinions FROM review_policy",
        ] {
            decide.push(prepare(sql).await);
        }
        let (page, filtered) = (prepare(&page).await, prepare(&filtered).await);
        let embedding = prepare("SELECT embedding FROM product_embeddings WHERE product_key = $1").await;
        let nearest = prepare(
            "SELECT e.product_key, left(p.product_name, 200), e.embedding <=> $1 FROM product_embeddings e
               JOIN raw_products p USING (product_key) ORDER BY e.embedding <=> $1 LIMIT $2",
        )
        .await;
        Self { client, page, filtered, card, gap_card, decide, embedding, nearest }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The rows after a place, of an attribute if one is given.
    pub async fn page(&self, place: &QueueCursor, attribute: Option<&str>, limit: i64) -> usize {
        let CursorValue::Number(number) = place.value else { panic!("a place by confidence") };
        let (product, key) = (place.gap.product.as_str(), place.gap.attribute.as_str());
        let rows = match attribute {
            None => self.client.query(&self.page, &[&number, &product, &key, &limit]).await,
            Some(attribute) => {
                self.client.query(&self.filtered, &[&number, &product, &key, &limit, &attribute]).await
            }
        };
        rows.expect("a page").len()
    }

    /// Everything a review card shows, sent together.
    pub async fn card(&self, gap: &GapId, neighbours: i64) {
        let (product, attribute) = (gap.product.as_str(), gap.attribute.as_str());
        let by_product: [&(dyn ToSql + Sync); 1] = [&product];
        let by_gap: [&(dyn ToSql + Sync); 2] = [&product, &attribute];
        let parts = futures_util::future::try_join_all(
            self.card.iter().map(|statement| self.client.query(statement, &by_product)).collect::<Vec<_>>(),
        );
        let of_gap = futures_util::future::try_join_all(
            self.gap_card.iter().map(|statement| self.client.query(statement, &by_gap)).collect::<Vec<_>>(),
        );
        let (parts, of_gap, _) = futures_util::join!(parts, of_gap, self.neighbours(product, neighbours));
        parts.expect("a card");
        of_gap.expect("a card");
    }

    /// The nearest products.
    pub async fn neighbours(&self, product: &str, limit: i64) -> Vec<String> {
        let found = self.client.query_opt(&self.embedding, &[&product]).await.expect("an embedding");
        let Some(row) = found else { return Vec::new() };
        let vector: Raw = row.get(0);
        let rows = self.client.query(&self.nearest, &[&vector, &(limit + 1)]).await.expect("neighbours");
        rows.iter().map(|row| row.get(0)).filter(|key| key != product).collect()
    }

    /// The decision's statements, in as many round trips as gapdeck makes.
    pub async fn decide(&self, decision: &Decision) {
        let (product, attribute) = (decision.gap.product.as_str(), decision.gap.attribute.as_str());
        let (id, reviewer) = (Raw(decision.id.0.into_bytes().to_vec()), decision.reviewer.as_str());
        let (value, version) = (decision.value.as_deref().unwrap_or_default(), decision.base_version);
        let client = &self.client;
        client.batch_execute("BEGIN").await.expect("BEGIN");
        let gap: [&(dyn ToSql + Sync); 2] = [&product, &attribute];
        let (by_attribute, by_id): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) =
            ([&attribute], [&id]);
        futures_util::try_join!(
            client.query(&self.decide[0], &gap),
            client.query(&self.decide[1], &by_attribute)
        )
        .expect("lock");
        futures_util::try_join!(
            client.query(&self.decide[2], &by_id),
            client.query(&self.decide[3], &gap),
            client.query(&self.decide[4], &gap),
            client.query(&self.decide[9], &[])
        )
        .expect("read");
        let event: [&(dyn ToSql + Sync); 6] = [&product, &id, &attribute, &reviewer, &value, &version];
        let row: [&(dyn ToSql + Sync); 5] = [&product, &attribute, &id, &reviewer, &value];
        let marks: [&(dyn ToSql + Sync); 4] = [&product, &attribute, &value, &id];
        futures_util::try_join!(
            client.execute(&self.decide[5], &event),
            client.execute(&self.decide[6], &row),
            client.execute(&self.decide[7], &marks),
            client.execute(&self.decide[8], &gap)
        )
        .expect("write");
        client.batch_execute("COMMIT").await.expect("COMMIT");
    }
}
