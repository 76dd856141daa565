//! The clusters screen: checks one by one, and accepting the rest.

use super::*;
use insta::assert_snapshot;
use std::collections::BTreeSet;

const SMALL: (u16, u16) = (80, 24);
const WIDE: (u16, u16) = (120, 36);

/// The cluster that the screen shows.
fn cluster(app: &App) -> Cluster {
    app.state.clusters().unwrap().cluster().unwrap().clone()
}

#[test]
fn what_it_looks_like() {
    let mut app = App::open(SMALL);
    app.keys("B");
    assert_snapshot!("clusters_80x24", app.screen());
    app.resize(160, 50);
    assert_snapshot!("clusters_160x50", app.screen());
    app.resize(40, 12);
    assert_snapshot!("clusters_40x12", app.screen());
    app.resize(120, 36).keys("a");
    assert_snapshot!("clusters_accept_120x36", app.screen());
    app.resize(40, 12);
    assert_snapshot!("clusters_accept_40x12", app.screen());
    let mut app = App::empty(SMALL);
    app.keys("B");
    assert_snapshot!("clusters_empty_80x24", app.screen());
    let mut app = App::open(SMALL);
    app.database.down = Some(RepositoryError::Unavailable("connection refused".into()));
    app.keys("B");
    assert_snapshot!("clusters_error_80x24", app.screen());
}

#[test]
fn random_checks_are_ordinary_decisions_in_the_order_of_the_lots() {
    let mut app = App::open(WIDE);
    app.keys("B");
    assert!(app.screen().contains("No random check yet: nothing is certified."), "{}", app.screen());
    let open = cluster(&app).open();
    app.keys("Enter");
    assert!(app.state.screens.is_empty() && app.screen().contains("at random"), "{}", app.screen());
    let listed: BTreeSet<&GapId> = app.state.queue.rows.iter().map(|row| &row.data.gap).collect();
    assert_eq!(listed, open.iter().take(200).collect::<BTreeSet<_>>());
    assert_eq!(app.state.queue.sort, QueueSort::Random);
    // The made-up database lists in its own order; the checks are decided in that of the lots.
    for gap in &open[..2] {
        app.state.queue.go_to(gap);
        app.send(Msg::Woke);
        app.settle();
        app.keys("a");
    }
    let one = &app.database.events[0].decision;
    assert_eq!(one.seen.policy, "cluster:random");
    assert_eq!(one.seen.selection_probability, Some(Lot::Sample.of(&one.gap)));
    app.keys("B");
    assert!(app.screen().contains("2 random checks, 0 wrong: at most"), "{}", app.screen());
    assert_eq!(cluster(&app).checks().checked, 2);
    app.keys("Q x");
    assert_eq!(
        (&app.state.queue.filter, app.state.queue.sort),
        (&QueueFilter::default(), QueueSort::default())
    );
}

#[test]
fn outliers_hunt_and_certify_nothing() {
    let mut app = App::open(WIDE);
    app.keys("B");
    let far = cluster(&app).outliers(1)[0].row.gap.clone();
    app.keys("o");
    assert_eq!(app.state.queue.rows.len(), 11, "the medoid and ten outliers");
    app.state.queue.go_to(&far);
    app.send(Msg::Woke);
    app.settle();
    app.keys("r");
    assert_eq!(app.database.events[0].decision.seen.policy, "cluster:outlier");
    app.keys("B");
    let checks = cluster(&app).checks();
    assert_eq!((checks.checked, checks.wrong_elsewhere), (0, 1));
    assert!(app.screen().contains("Wrong among the others that people looked at: 1."), "{}", app.screen());
}

#[test]
fn the_rest_is_accepted_after_a_question_and_taken_back_as_one() {
    let mut app = App::open(WIDE);
    app.keys("B");
    let open = cluster(&app).open();
    app.database.held_by("bob", &open[..1]);
    app.database.decided_by("carol", &open[1], "Blue");
    app.keys("a Esc");
    assert!(app.database.events.is_empty(), "nothing without a yes");
    app.keys("a");
    let count = open.len() as u64;
    assert!(app.screen().contains(&format!("y accept {count}")), "{}", app.screen());
    app.keys("y");
    assert_eq!(app.database.events.len(), open.len() - 2);
    assert_eq!(
        app.toast(),
        format!(
            "Accepted {} as one, 2 left that others decided or hold · in the queue, u takes them back",
            count - 2
        )
    );
    assert_eq!(cluster(&app).open(), open[..1]);
    app.keys("Q u");
    assert!(app.screen().contains("Take back a bulk action"), "{}", app.screen());
    app.keys("y");
    let undone = app.database.events.iter().filter(|event| event.undone_by.is_some()).count();
    assert_eq!(undone, open.len() - 2);
}

#[test]
fn tab_goes_through_the_parts_and_a_group_without_embeddings_has_no_outliers() {
    let mut app = App::open(WIDE);
    app.keys("B");
    assert!(app.screen().contains("Cluster, part 1 of 2 by closeness"), "{}", app.screen());
    app.keys("Tab");
    assert!(
        app.screen().contains("part 2 of 2") && app.screen().contains("no embeddings"),
        "{}",
        app.screen()
    );
    app.keys("o");
    assert!(app.toast().starts_with("These products have no embedding"), "{}", app.toast());
    app.keys("Tab");
    assert_eq!(app.state.clusters().unwrap().part(), 0);
}

#[test]
fn a_late_answer_of_another_group_is_dropped_and_a_cut_list_says_so() {
    let mut app = App::open(WIDE);
    app.database.is_cut = true;
    app.keys("B");
    assert!(app.screen().contains("most confident open gaps"), "{}", app.screen());
    let first = app.press("j");
    app.press("k");
    app.settle();
    let before = cluster(&app);
    for effect in first {
        if let Some(late) = app.database.answer(effect) {
            app.send(late);
        }
    }
    assert_eq!(cluster(&app), before);
}
