//! The synchronous face of the repositories, from plain threads.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

use gapdeck::domain::{QueueFilter, QueueSort, State, View, WhenBusy};
use gapdeck::repository::blocking::Store;
use gapdeck::repository::memory::MemoryStore;
use std::sync::Arc;
use std::time::Duration;
use support::fixture::*;
use support::server::TestDatabase;

/// Does something with every repository.
fn a_session(store: &Store) {
    store.save_catalogue(&shop()).unwrap();
    assert_eq!(store.product(&"p1".into()).unwrap().expect("a product").key.as_str(), "p1");
    store.save_predictions(&[prediction("e1", ("p1", "colour"), "Black", 0.9)]).unwrap();
    assert_eq!(store.experiments().unwrap().len(), 1);
    store.save_embeddings(&[embedding("p1", &[1.0]), embedding("p2", &[1.0, 0.5])]).unwrap();
    assert_eq!(store.neighbours(&"p1".into(), None, 5).unwrap()[0].product_key.as_str(), "p2");
    let outcome = store.decide(&accept(("p1", "colour"), "Black", 0)).unwrap();
    assert_eq!(outcome.state, State::Accepted);
    assert_eq!(store.history(&gap_id("p1", "colour")).unwrap().len(), 1);
    let page = store.page(&QueueFilter::default(), QueueSort::default(), None, 10).unwrap();
    assert_eq!(page.rows.len(), 4);
    store.refresh_view(View::ProductDetails, Duration::ZERO, WhenBusy::Wait).unwrap();
    assert!(store.product_details(&"p2".into()).unwrap().is_some());
}

/// Runs something on a thread that knows no runtime.
fn on_a_plain_thread(work: impl FnOnce() + Send + 'static) {
    std::thread::spawn(work).join().expect("the thread ends well");
}

#[test]
fn the_fake_works_from_a_plain_thread() {
    on_a_plain_thread(|| a_session(&Store::new(Arc::new(MemoryStore::new())).unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_works_from_plain_threads_at_once() {
    let database = TestDatabase::migrated().await;
    let url = database.url.clone();
    let session = move || {
        let store = Arc::new(Store::connect(&url).unwrap());
        a_session(&store);
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let store = Arc::clone(&store);
                std::thread::spawn(move || store.row(&gap_id("p2", "colour")).unwrap().expect("a row"))
            })
            .collect();
        for reader in readers {
            assert_eq!(reader.join().expect("a reader").state, State::Open);
        }
        Arc::into_inner(store).expect("nobody else has it").close();
    };
    tokio::task::spawn_blocking(move || on_a_plain_thread(session)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_a_running_runtime_is_shared_with_blocking_work() {
    let database = TestDatabase::migrated().await;
    let store = support::backend::server_store(&database.url).await;
    let face = Store::on(tokio::runtime::Handle::current(), Arc::clone(&store));
    tokio::task::spawn_blocking(move || a_session(&face)).await.unwrap();
    assert_eq!(store.row(&gap_id("p1", "colour")).await.unwrap().expect("a row").state, State::Accepted);
}

#[tokio::test]
async fn a_store_may_be_dropped_inside_a_task() {
    let store =
        tokio::task::spawn_blocking(|| Store::new(Arc::new(MemoryStore::new())).unwrap()).await.unwrap();
    drop(store);
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_database_works_from_a_plain_thread_and_is_free_again_when_closed() {
    let directory = tempfile::tempdir().expect("a directory");
    on_a_plain_thread(move || {
        let store = Store::open_embedded(&directory.path().join("database")).unwrap();
        store.save_catalogue(&shop()).unwrap();
        store.close();
        let again = Store::open_embedded(&directory.path().join("database")).unwrap();
        assert_eq!(again.gaps_of(&"p1".into()).unwrap().len(), 3);
        again.close();
    });
}
