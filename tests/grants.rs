//! `gapdeck grants`: what the roles that it makes can do, and what they cannot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use gapdeck::domain::{
    Claim, Decision, Fence, GroupKey, LeaseToken, Policy, QueueFilter, QueueSort, SeededAnswer, Share, State,
};
use gapdeck::repository::{Alike, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use support::binary::Gapdeck;
use support::fixture::*;
use support::server::TestDatabase;
use support::{backend, server};
use tokio_postgres::Client;

const PAIR: (&str, &str) = ("p1", "colour");

/// A role of its own in a database with a shop, made by the SQL that `gapdeck grants` prints.
struct Role {
    name: String,
    url: String,
    database: TestDatabase,
}

impl Role {
    async fn with(options: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // An awkward name, so that quoting is tried too.
        let name = format!("gapdeck test \"{}\" {count}", std::process::id());
        let database = TestDatabase::migrated().await;
        open_shop(&*backend::server_store(&database.url).await).await;
        let arguments = [&["grants", &name], options].concat();
        let grants = Gapdeck::new().run(&arguments);
        assert_eq!(grants.code, 0, "{grants:?}");
        let owner = database.client().await;
        let quoted = name.replace('"', "\"\"");
        let create = format!("CREATE ROLE \"{quoted}\" LOGIN PASSWORD 'secret'");
        owner.batch_execute(&create).await.expect("CREATE ROLE");
        owner.batch_execute(&grants.stdout).await.expect("the SQL that gapdeck grants prints");
        let mut url = url::Url::parse(&database.url).unwrap();
        url.set_username(&name.replace(' ', "%20").replace('"', "%22")).unwrap();
        url.set_password(Some("secret")).unwrap();
        Self { name, url: url.into(), database }
    }

    async fn store(&self) -> Arc<dyn Store> {
        backend::server_store(&self.url).await
    }

    async fn client(&self) -> Client {
        server::connect(&self.url).await
    }

    /// Asserts that every statement is refused for want of a privilege.
    async fn may_not(&self, statements: &[&str]) {
        let client = self.client().await;
        for statement in statements {
            let error = client.batch_execute(statement).await.expect_err(statement);
            let code = error.code().expect("an error of the server").code().to_owned();
            assert_eq!(code, "42501", "{statement}: {error:?}");
        }
    }

    /// Drops the role: roles are the server's, not the database's.
    async fn end(self) {
        let owner = self.database.client().await;
        let quoted = self.name.replace('"', "\"\"");
        let drop = format!("DROP OWNED BY \"{quoted}\"; DROP ROLE \"{quoted}\"");
        owner.batch_execute(&drop).await.expect("DROP ROLE");
    }
}

/// Reads everything that a screen or a command reads.
async fn read_everything(store: &dyn Store) {
    let filter = QueueFilter::default();
    let page = store.page(&filter, QueueSort::default(), None, 10).await.unwrap();
    assert!(!page.rows.is_empty());
    store.count(&filter, 10).await.unwrap();
    store.facets().await.unwrap();
    store.experiment_summaries().await.unwrap();
    store.metric_trends(&"e1".into()).await.unwrap();
    let card = store.card(&page.rows[0].gap, 5).await.unwrap();
    assert!(card.is_some());
    store.product_card(&"p1".into(), 5).await.unwrap();
    let group = GroupKey { attribute: "colour".into(), category: None, value: "Black".into() };
    store.group_members(&group, 10).await.unwrap();
    let alike =
        Alike { gap: gap_id("p1", "colour"), experiment: "e1".into(), value: "Black".into(), nearest: 5 };
    store.alike(&alike).await.unwrap();
    store.history(&page.rows[0].gap).await.unwrap();
    store.changes(Some(now()), 10).await.unwrap();
    store.decided_today(&"ada".into()).await.unwrap();
    store.seeds(&QueueFilter::default(), &"ada".into(), 5).await.unwrap();
    store.seeded_answers(&"ada".into()).await.unwrap();
    store.seeding().await.unwrap();
    store.last_decision(&"ada".into()).await.unwrap();
}

fn claim(reviewer: &str) -> Claim {
    Claim {
        filter: QueueFilter::default(),
        sort: QueueSort::Product,
        after: None,
        limit: 2,
        reviewer: reviewer.into(),
        token: LeaseToken::new(),
        lasts: Duration::from_secs(60),
    }
}

/// An answer on a gap whose value is known.
fn answer(reviewer: &str) -> SeededAnswer {
    let said = Decision { shown_value: Some("Black".into()), ..by(reviewer, accept(PAIR, "Black", 0)) };
    SeededAnswer::of(said, &["Black".into()], false)
}

/// What nobody but the owner may do.
const OWNERS: [&str; 17] = [
    "UPDATE human_recommendations SET comment = 'x'",
    "DELETE FROM human_recommendations",
    "TRUNCATE human_recommendations",
    "DELETE FROM review_queue",
    "UPDATE review_queue SET product_name = 'x'",
    "INSERT INTO review_queue (product_key, attribute_key) VALUES ('p9', 'colour')",
    "INSERT INTO raw_products (product_key) VALUES ('p9')",
    "UPDATE raw_product_attribute_values SET value = 'x'",
    "DELETE FROM raw_product_attribute_gaps",
    "UPDATE prediction_results SET value = 'x'",
    "DELETE FROM prediction_results",
    "DELETE FROM product_embeddings",
    "INSERT INTO seeded_values (product_key, attribute_key, value) VALUES ('p1', 'colour', 'x')",
    "DELETE FROM seeded_values",
    "UPDATE seeded_answers SET accepted = true",
    "CREATE TABLE mine (x integer)",
    "ALTER TABLE human_recommendations DISABLE TRIGGER ALL",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_can_review_and_nothing_else() {
    let role = Role::with(&[]).await;
    let owner = backend::server_store(&role.database.url).await;
    predict(&*owner, "e1", PAIR, "Black", 0.9).await;
    let store = role.store().await;
    read_everything(&*store).await;
    let claimed = store.claim(&claim("ada")).await.unwrap();
    let (token, gaps) = (claimed.rows[0].1.token, [claimed.rows[0].0.gap.clone()]);
    store.renew(token, &gaps, Duration::from_secs(60)).await.unwrap();
    store.release(token, &gaps).await.unwrap();
    let sent = accept(PAIR, "Black", 0);
    store.decide_fenced(&sent, Fence::Unheld).await.unwrap_or_else(|error| panic!("decide: {error}"));
    store.decide(&undo(&sent, 1)).await.unwrap();
    // The policy is the owner's to set, and holds for the reviewer.
    let policy = Policy { second_opinions: Share::ALL, ..Policy::default() };
    owner.set_policy(&policy, &"lead".into()).await.unwrap();
    let first =
        store.decide(&accept(PAIR, "Black", 2)).await.unwrap_or_else(|error| panic!("decide: {error}"));
    assert_eq!(first.state, State::Second);
    store.decide(&by("bob", accept(PAIR, "Red", 3))).await.unwrap();
    store.set_policy(&Policy::default(), &"ada".into()).await.expect_err("a reviewer set the policy");
    let recorded = "INSERT INTO human_recommendations (product_key, decision_id, attribute_key, reviewer, action, \
        base_version, result_version, policy, decided_at, recorded_at) \
        VALUES ('p1', gen_random_uuid(), 'colour', 'ada', 'defer', 4, 5, 'x', now(), '2020-01-01')";
    store.answer_seeded(&answer("ada")).await.unwrap_or_else(|error| panic!("answer: {error}"));
    role.may_not(&OWNERS).await;
    role.may_not(&[recorded]).await;
    role.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_can_use_the_commands() {
    let role = Role::with(&[]).await;
    let gapdeck = Gapdeck::new();
    let queue = gapdeck.run(&["queue", "--json", "--database-url", &role.url]);
    assert_eq!(queue.code, 0, "{queue:?}");
    let decided = gapdeck.run(&["decide", "p1", "colour", "reject", "--database-url", &role.url]);
    assert_eq!(decided.code, 0, "{decided:?}");
    let migrated = gapdeck.run(&["migrate", "--database-url", &role.url]);
    assert_eq!(migrated.code, 4, "a reviewer does not create tables: {migrated:?}");
    role.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_observer_can_look_and_changes_nothing() {
    let role = Role::with(&["--for", "observer"]).await;
    let store = role.store().await;
    read_everything(&*store).await;
    store.decide(&accept(PAIR, "Black", 0)).await.expect_err("an observer decided");
    store.claim(&claim("ada")).await.expect_err("an observer claimed");
    role.may_not(&OWNERS).await;
    role.may_not(&[
        "INSERT INTO review_leases (product_key, attribute_key, token, reviewer, expires_at) \
         VALUES ('p1', 'colour', gen_random_uuid(), 'ada', now() + interval '1 hour')",
        "UPDATE review_queue SET state = 'accepted'",
        "UPDATE prediction_results SET is_correct = true",
    ])
    .await;
    role.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_reviewer_decides_and_claims_in_no_other_name() {
    let role = Role::with(&["--bind-reviewer"]).await;
    let store = role.store().await;
    let error = store.decide(&accept(PAIR, "Black", 0)).await.expect_err("ada is not the database user");
    assert!(error.to_string().contains("row-level security"), "{error}");
    store.claim(&claim("ada")).await.expect_err("ada is not the database user");
    let own = by(&role.name, accept(PAIR, "Black", 0));
    store.decide(&own).await.unwrap();
    let held = store.claim(&claim(&role.name)).await.unwrap();
    assert_eq!(held.rows.len(), 2);
    store.answer_seeded(&answer("ada")).await.expect_err("ada is not the database user");
    store.answer_seeded(&answer(&role.name)).await.unwrap();
    let owner = backend::server_store(&role.database.url).await;
    owner.answer_seeded(&answer("ada")).await.unwrap();
    assert_eq!(store.seeded_answers(&role.name.as_str().into()).await.unwrap().len(), 1);
    assert_eq!(store.seeded_answers(&"ada".into()).await.unwrap(), [], "others' answers cannot be read");
    assert_eq!(
        store.history(&gap_id(PAIR.0, PAIR.1)).await.unwrap().len(),
        1,
        "everybody's decisions can be read"
    );
    role.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_and_view_of_gapdeck_can_be_read_by_a_reviewer() {
    let role = Role::with(&[]).await;
    let owner = role.database.client().await;
    let unreadable = owner
        .query(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace \
             AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT has_table_privilege($1, c.oid, 'SELECT') \
             AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1",
            &[&role.name],
        )
        .await
        .unwrap();
    let unreadable: Vec<String> = unreadable.iter().map(|row| row.get(0)).collect();
    assert!(unreadable.is_empty(), "{unreadable:?}");
    role.end().await;
}

#[test]
fn what_makes_no_sense_is_refused() {
    let bound = Gapdeck::new().run(&["grants", "eve", "--for", "observer", "--bind-reviewer"]);
    assert_eq!((bound.code, bound.stdout.as_str()), (2, ""));
    let nameless = Gapdeck::new().run(&["grants", ""]);
    assert_eq!(nameless.code, 2, "{nameless:?}");
}
