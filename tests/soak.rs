//! Many reviewers on one database while connections, servers and gapdecks die: what a client acknowledged is in the
//! database once, and nothing else is.
//!
//! Each test takes some seconds; `GAPDECK_SOAK=full` makes it as long as the promise (64 reviewers on 20,000 gaps, an
//! outage of half a minute). What is random follows from a seed, which a failing test prints and `GAPDECK_SOAK_SEED` sets;
//! how the threads take turns does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]
#![allow(clippy::print_stderr, reason = "a seed and the sums are of use only where somebody reads them")]
#![cfg(unix)]

mod support;

#[path = "soak/audit.rs"]
mod audit;
#[path = "soak/book.rs"]
mod book;
#[path = "soak/commands.rs"]
mod commands;
#[path = "soak/crowd.rs"]
mod crowd;
#[cfg(feature = "embedded")]
#[path = "soak/embedded.rs"]
mod embedded;
#[path = "soak/faults.rs"]
mod faults;
#[path = "soak/reviewer.rs"]
mod reviewer;

use support::random::Random;
use support::server::connect;

/// Tells whether the soak is to be as long as the promise.
fn is_full() -> bool {
    match std::env::var("GAPDECK_SOAK") {
        Ok(text) => {
            assert_eq!(text, "full", "GAPDECK_SOAK can only be \"full\"");
            true
        }
        Err(_) => false,
    }
}

/// Returns where the random choices of a test start, and prints it.
fn seeded(name: &str) -> Random {
    let seed = match std::env::var("GAPDECK_SOAK_SEED") {
        Ok(text) => text.parse().expect("GAPDECK_SOAK_SEED"),
        Err(_) => u64::from(std::process::id()) ^ chrono::Utc::now().timestamp_micros().unsigned_abs(),
    };
    eprintln!("{name}: GAPDECK_SOAK_SEED={seed}");
    Random::new(seed)
}

/// Returns where the outbox of a gapdeck on a server lies.
fn place(home: &std::path::Path, url: &str) -> gapdeck::review::outbox::Place {
    use gapdeck::database::url::{Environment, Target};
    let target = Target::parse(url, &Environment::of([], None)).expect("a server");
    gapdeck::review::outbox::Place::shared(home, &target)
}

/// Returns the URL without a try at TLS: the system's certificates would be read for every start of a gapdeck.
fn without_tls(url: &str) -> String {
    let mut url = url::Url::parse(url).expect("a URL");
    url.query_pairs_mut().append_pair("sslmode", "disable");
    url.into()
}

/// The share of gaps that get a second opinion.
const SECOND_OPINIONS: f64 = 0.2;

/// What the gaps of a soak are: one a product, each with two predictions.
const GAPS: &str = "
    INSERT INTO raw_attributes (attribute_key, label, data_type) VALUES ('colour', 'Colour', 'text');
    INSERT INTO raw_products (product_key, product_name)
         SELECT 'p' || to_char(n, 'FM00000'), 'Product ' || n FROM generate_series(1, {gaps}) AS n;
    INSERT INTO prediction_experiments (experiment_key) VALUES ('soak');
    INSERT INTO raw_product_attribute_gaps (product_key, attribute_key) SELECT product_key, 'colour' FROM raw_products;
    INSERT INTO prediction_results (experiment_key, product_key, attribute_key, value, confidence)
         SELECT 'soak', product_key, 'colour', value, confidence
           FROM raw_products, (VALUES ('Black', 0.7), ('White', 0.2)) AS v(value, confidence);
    INSERT INTO review_policy (second_opinions) VALUES ({share});
    ANALYZE";

/// Puts gaps into a migrated database.
async fn fill(url: &str, gaps: usize) {
    let sql = GAPS.replace("{gaps}", &gaps.to_string()).replace("{share}", &SECOND_OPINIONS.to_string());
    connect(url).await.batch_execute(&sql).await.expect("the gaps");
}
