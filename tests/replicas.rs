//! Reads that may lag go to a streaming replica while it is fresh; everything else goes to the primary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use gapdeck::database::{Database, ReadReplicas};
use gapdeck::domain::{QueueFilter, QueueSort, State};
use gapdeck::repository::{
    InputRepository, PredictionRepository, QueueRepository, RecommendationRepository, Store,
};
use std::time::{Duration, Instant};
use support::cluster::Cluster;
use support::fixture::{accept, decide, embedding, gap_id, open_shop, predict, row};
use support::wire::Wire;
use support::{backend, server};

/// The longest that a test waits for a condition.
const PATIENCE: Duration = Duration::from_secs(60);

/// A primary and its standby with the shop in them, and gapdeck with a wire to each.
struct Pair {
    primary: Cluster,
    standby: Cluster,
    to_primary: Wire,
    to_standby: Wire,
    database: Database,
}

impl Pair {
    async fn new(max_lag: Duration) -> Self {
        let primary = Cluster::primary().await;
        let admin = primary.client("postgres").await;
        admin.batch_execute("CREATE DATABASE shop").await.expect("CREATE DATABASE");
        let url = primary.url("shop");
        backend::migrate(&url).await;
        let store = backend::server_store(&url).await;
        open_shop(&*store).await;
        predict(&*store, "model", ("p1", "colour"), "Red", 0.9).await;
        let vectors =
            [embedding("p1", &[1.0, 0.0]), embedding("p2", &[0.9, 0.1]), embedding("p3", &[0.0, 1.0])];
        store.save_embeddings(&vectors).await.expect("embeddings");
        let standby = Cluster::standby_of(&primary).await;
        let (to_primary, to_standby) = (Wire::to(&url).await, Wire::to(&standby.url("shop")).await);
        let replicas = ReadReplicas { urls: vec![to_standby.url.clone()], max_lag };
        let database = Database::connect(&to_primary.url).await.expect("connect");
        let database = database.reading_from(&replicas).await.expect("replicas");
        Self { primary, standby, to_primary, to_standby, database }
    }

    /// Asks again and again until reads come from where they should.
    async fn until_read_from(&self, standby: bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.to_standby.take();
            near(&self.database.store()).await;
            if self.to_standby.texts().iter().any(|text| text.contains("<=>")) == standby {
                return;
            }
            let status = self.database.replicas();
            assert!(Instant::now() < deadline, "reads do not come from the standby: {standby}; {status:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn near(store: &impl Store) -> Vec<String> {
    let near = store.neighbours(&"p1".into(), None, 5).await.expect("neighbours");
    near.into_iter().map(|neighbour| neighbour.product_key.to_string()).collect()
}

fn tells(texts: &[String], table: &str) -> bool {
    texts.iter().any(|text| text.contains(table))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_lag_is_read_from_a_replica_and_the_queue_never_is() {
    let pair = Pair::new(Duration::from_secs(30)).await;
    pair.until_read_from(true).await;
    let store = pair.database.store();
    pair.to_primary.take();
    pair.to_standby.take();
    assert_eq!(near(&store).await, ["p2", "p3"]);
    assert_eq!(store.experiment_summaries().await.expect("summaries").len(), 1);
    assert_eq!(store.metric_trends(&"model".into()).await.expect("trends").len(), 1);
    assert_eq!(store.facets().await.expect("facets").attributes.len(), 3);
    let (primary, standby) = (pair.to_primary.texts(), pair.to_standby.texts());
    for table in ["product_embeddings", "experiment_summary", "metric_trends", "raw_categories"] {
        assert!(tells(&standby, table), "{table} was not read from the replica: {standby:#?}");
        assert!(!tells(&primary, table), "{table} was read from the primary: {primary:#?}");
    }

    // A write, and everything that must show it, while the replica stands still.
    let standby_client = pair.standby.client("shop").await;
    standby_client.batch_execute("SELECT pg_wal_replay_pause()").await.expect("pause");
    let decision = accept(("p1", "colour"), "Red", 0);
    decide(&store, &decision).await;
    let gap = gap_id("p1", "colour");
    assert_eq!(row(&store, ("p1", "colour")).await.state, State::Accepted);
    assert_eq!(store.history(&gap).await.expect("history").len(), 1);
    assert_eq!(store.decided_today(&"ada".into()).await.expect("today"), 1);
    assert!(store.last_decision(&"ada".into()).await.expect("last").is_some());
    let open = QueueFilter::default();
    let page = store.page(&open, QueueSort::Age, None, 10).await.expect("page");
    assert!(page.rows.iter().all(|row| row.gap != gap), "{page:#?}");
    assert_eq!(store.count(&open, 100).await.expect("count").value(), 4);
    let card = store.card(&gap, 5).await.expect("card").expect("a card");
    assert_eq!((card.row.state, card.history.len()), (State::Accepted, 1));
    assert_eq!(card.product.neighbours.len(), 2, "the part that may lag is there as well");
    let product = store.product_card(&"p1".into(), 5).await.expect("card").expect("a product");
    assert!(product.gaps.iter().any(|row| row.gap == gap && row.state == State::Accepted));
    let correct = store.correctness(&gap).await.expect("correctness");
    assert_eq!(correct[0].2, Some(true));
    let standby = pair.to_standby.texts();
    assert!(tells(&standby, "product_embeddings"), "the replica served meanwhile: {standby:#?}");
    for table in ["review_queue", "human_recommendations", "prediction_results", "review_leases"] {
        assert!(!tells(&standby, table), "{table} was read from the replica: {standby:#?}");
    }

    // A product that the replica does not have yet.
    pair.primary
        .client("shop")
        .await
        .batch_execute(
            "INSERT INTO raw_products (product_key) VALUES ('p9');
             INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) VALUES ('p9', 'colour')",
        )
        .await
        .expect("a new product");
    assert!(
        store.card(&gap_id("p9", "colour"), 5).await.expect("card").is_some(),
        "a new product has a card"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_lags_dies_or_is_none_is_left_alone_until_it_is_well() {
    let mut pair = Pair::new(Duration::from_secs(2)).await;
    pair.until_read_from(true).await;
    let status = pair.database.replicas();
    assert!(status[0].skipped.is_none() && status[0].lag_ms.is_some_and(|lag| lag <= 2_000), "{status:?}");

    // It stands still while the primary goes on: skipped, and the reads go on from the primary.
    let standby = pair.standby.client("shop").await;
    standby.batch_execute("SELECT pg_wal_replay_pause()").await.expect("pause");
    let primary = pair.primary.client("shop").await;
    primary.batch_execute("UPDATE raw_products SET description = 'new'").await.expect("a write");
    pair.until_read_from(false).await;
    let skipped = pair.database.replicas()[0].skipped.clone().expect("a reason");
    assert!(skipped.contains("lags"), "{skipped}");
    standby.batch_execute("SELECT pg_wal_replay_resume()").await.expect("resume");
    pair.until_read_from(true).await;

    // It dies: no read fails.
    drop(standby);
    pair.standby.stop();
    pair.until_read_from(false).await;
    for _ in 0..20 {
        assert_eq!(near(&pair.database.store()).await, ["p2", "p3"]);
    }
    assert!(pair.database.replicas()[0].skipped.is_some());
    pair.standby.start().await;
    pair.until_read_from(true).await;

    // It becomes a primary of its own: what it says from then on is not ours.
    let promoted = server::connect(&pair.standby.url("shop")).await;
    promoted.batch_execute("SELECT pg_promote()").await.expect("promote");
    pair.until_read_from(false).await;
    let skipped = pair.database.replicas()[0].skipped.clone().expect("a reason");
    assert!(skipped.contains("no standby"), "{skipped}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_primary_does_not_make_its_replica_seem_to_lag() {
    let pair = Pair::new(Duration::from_secs(1)).await;
    pair.until_read_from(true).await;
    // Nothing is written for several times as long as a replica may lag; reads keep the probes going.
    let end = Instant::now() + Duration::from_secs(4);
    let (mut reads, mut from_standby) = (0, 0);
    while Instant::now() < end {
        pair.to_standby.take();
        near(&pair.database.store()).await;
        reads += 1;
        from_standby += usize::from(tells(&pair.to_standby.texts(), "<=>"));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(from_standby * 2 > reads, "{from_standby} of {reads} reads came from the replica");
}
