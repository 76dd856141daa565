//! Updating and drawing without a terminal, so that nothing but gapdeck is measured.

use crate::support::backend::server_store;
use crate::{milliseconds, percentile};
use gapdeck::config::Screen;
use gapdeck::domain::Reviewer;
use gapdeck::review::outbox::Place;
use gapdeck::tui::{Identity, Interface, Stage};
use std::time::{Duration, Instant};

const SIZES: [(u16, u16); 3] = [(80, 24), (160, 50), (250, 80)];

/// Each screen with the keys that lead to it, and back to the queue.
const SCREENS: [(&str, &str, &str); 6] = [
    ("queue", "", ""),
    ("queue, 5,000 rows", "G", "g"),
    ("help", "?", "Esc"),
    ("insights", "I", "Q"),
    ("activity", "A", "Q"),
    ("product", "p", "Q"),
];

/// Prints the time of an update and of a frame, by screen and size.
pub async fn measure(url: &str, rounds: usize) {
    println!("\nA frame and the update for `j`, in this process, ms\n");
    println!("| screen | size | frame, p50 | p99 | update, p50 | p99 |\n|---|---|---|---|---|---|");
    let directory = tempfile::tempdir().expect("a directory");
    for size in SIZES {
        let identity = Identity { reviewer: Reviewer::new("ann"), database: "bench".into(), shared: true };
        let interface = Interface::new(&Screen { colour: "always", ..Screen::default() });
        let place = Place::embedded(directory.path());
        let mut stage = Stage::open(identity, interface, server_store(url).await, place, size).await;
        stage.settle().await;
        for (screen, there, back) in SCREENS {
            stage.press(there).await.expect("keys");
            let (mut frames, mut updates) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                updates.push(timed(|| stage.press_at_once("j").expect("a key")));
                frames.push(timed(|| assert_eq!(stage.draw().area.width, size.0)));
            }
            stage.settle().await;
            println!(
                "| {screen} | {}x{} | {} | {} | {} | {} |",
                size.0,
                size.1,
                milliseconds(percentile(&mut frames, 50)),
                milliseconds(percentile(&mut frames, 99)),
                milliseconds(percentile(&mut updates, 50)),
                milliseconds(percentile(&mut updates, 99)),
            );
            stage.press(back).await.expect("keys");
        }
        stage.finish(Duration::from_secs(5)).await;
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}
