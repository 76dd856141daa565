//! Holds the database against the book.

use super::book::{Held, Pages};
use super::commands::Clerk;
use crate::support::server::connect;
use gapdeck::domain::{Decision, DecisionId, GapId, Lot, Reviewer};
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Client;

/// An event of `human_recommendations`.
#[derive(Debug)]
struct Stored {
    id: DecisionId,
    gap: GapId,
    reviewer: Reviewer,
    action: String,
    value: Option<String>,
    base_version: i32,
    result_version: i32,
    undoes: Option<DecisionId>,
    result_state: Option<String>,
}

const EVENTS: &str = "SELECT decision_id::text, product_key, attribute_key, reviewer, action, value, base_version,
    result_version, undoes::text, result_state FROM human_recommendations ORDER BY product_key, attribute_key, result_version";

/// What is in force on each gap, and how many events it has; worked out from the events alone.
const IN_FORCE: &str = "WITH in_force AS (
        SELECT DISTINCT ON (product_key, attribute_key) * FROM human_recommendations h
         WHERE action <> 'undo' AND NOT EXISTS (SELECT FROM human_recommendations u WHERE u.undoes = h.decision_id)
         ORDER BY product_key, attribute_key, result_version DESC),
    events AS (SELECT product_key, attribute_key, count(*)::int AS version FROM human_recommendations GROUP BY 1, 2)";

const WRONG_ROWS: &str = "SELECT q.product_key FROM review_queue q
    LEFT JOIN in_force f USING (product_key, attribute_key) LEFT JOIN events e USING (product_key, attribute_key)
    WHERE (q.state, q.version, q.decision_id, q.decided_by, q.decided_value) IS DISTINCT FROM
        (coalesce(f.result_state, 'open'), coalesce(e.version, 0), f.decision_id,
         CASE WHEN f.result_state NOT IN ('second', 'disputed') THEN f.reviewer END,
         CASE WHEN f.result_state NOT IN ('second', 'disputed') THEN f.value END)";

const WRONG_MARKS: &str = "SELECT p.product_key FROM prediction_results p
    LEFT JOIN in_force f USING (product_key, attribute_key)
    WHERE p.is_correct IS DISTINCT FROM CASE WHEN f.result_state IN ('second', 'disputed') THEN NULL
                                             WHEN f.action IN ('accept', 'override') THEN p.value = f.value
                                             WHEN f.action IN ('reject', 'not_applicable') THEN false END";

fn id(text: &str) -> DecisionId {
    DecisionId(text.parse().expect("an id"))
}

async fn events(client: &Client) -> Vec<Stored> {
    let rows = client.query(EVENTS, &[]).await.expect("human_recommendations");
    rows.iter()
        .map(|row| Stored {
            id: id(row.get(0)),
            gap: GapId::new(row.get::<_, String>(1), row.get::<_, String>(2)),
            reviewer: Reviewer::from(row.get::<_, String>(3)),
            action: row.get(4),
            value: row.get(5),
            base_version: row.get(6),
            result_version: row.get(7),
            undoes: row.get::<_, Option<&str>>(8).map(id),
            result_state: row.get(9),
        })
        .collect()
}

/// Checks that the database holds what the clients were told, once, and nothing else; returns how many events there are.
pub async fn check(url: &str, pages: &Pages, clerks: &[Clerk]) -> usize {
    let client = connect(url).await;
    let events = events(&client).await;
    let by_id: BTreeMap<DecisionId, &Stored> = events.iter().map(|event| (event.id, event)).collect();
    assert_eq!(by_id.len(), events.len(), "a decision is there twice");
    one_after_another(&events);
    two_opinions_where_two_are_due(&events);
    nothing_invented(&events, pages, clerks);
    nothing_lost(&by_id, pages);
    nothing_unknowing(&events, pages, clerks);
    never_in_two_hands(&pages.held);
    for wrong in [WRONG_ROWS, WRONG_MARKS] {
        let rows = client.query(&format!("{IN_FORCE} {wrong}"), &[]).await.expect("the check");
        let products: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(products, [""; 0], "the events say otherwise: {wrong}");
    }
    events.len()
}

/// Counts the first opinions on gaps that get two, and those that differed from the first.
pub async fn opinions(url: &str) -> (usize, usize) {
    let events = events(&connect(url).await).await;
    let count = |state: &str| events.iter().filter(|one| one.result_state.as_deref() == Some(state)).count();
    (count("second"), count("disputed"))
}

/// The events on a gap are a line without a break or a fork.
fn one_after_another(events: &[Stored]) {
    let mut versions: BTreeMap<&GapId, i32> = BTreeMap::new();
    for event in events {
        let version = versions.entry(&event.gap).or_default();
        assert_eq!((event.base_version, event.result_version), (*version, *version + 1), "{event:?}");
        *version += 1;
    }
}

/// Every decision brought its gap into the state that is due: of a gap that was drawn, the first opinion waits for another
/// one's, two that differ are disputed, and nothing is settled by one reviewer.
fn two_opinions_where_two_are_due(events: &[Stored]) {
    let mut standing: BTreeMap<&GapId, Vec<&Stored>> = BTreeMap::new();
    for event in events {
        let before = standing.entry(&event.gap).or_default();
        if let Some(undone) = event.undoes {
            assert_eq!(before.pop().map(|last| last.id), Some(undone), "{event:?}");
            continue;
        }
        let own = match event.action.as_str() {
            "accept" => "accepted",
            "override" => "overridden",
            "reject" => "rejected",
            "defer" => "deferred",
            "flag" => "flagged",
            other => other,
        };
        let is_opinion = |one: &&Stored| !["defer", "flag"].contains(&one.action.as_str());
        let last = before.iter().copied().rfind(is_opinion);
        let due = match last.and_then(|last| last.result_state.as_deref()) {
            _ if ["deferred", "flagged"].contains(&own) => own,
            None if Lot::Second.of(&event.gap) < super::SECOND_OPINIONS => "second",
            Some("second") => {
                let first = last.expect("a first opinion");
                let is_same =
                    first.value == event.value && (event.value.is_some() || first.action == event.action);
                match first.reviewer == event.reviewer {
                    true => "second",
                    false if is_same => own,
                    false => "disputed",
                }
            }
            _ => own,
        };
        assert_eq!(event.result_state.as_deref(), Some(due), "{event:?} after {last:?}");
        before.push(event);
    }
}

/// Every event is one that a client made, as it made it.
fn nothing_invented(events: &[Stored], pages: &Pages, clerks: &[Clerk]) {
    for clerk in clerks {
        let theirs: BTreeSet<DecisionId> =
            events.iter().filter(|event| event.reviewer == clerk.reviewer).map(|event| event.id).collect();
        let lost: Vec<_> = clerk.acknowledged.keys().filter(|id| !theirs.contains(id)).collect();
        assert!(lost.is_empty(), "{} was told of {lost:?}", clerk.reviewer);
        let more = theirs.len() - clerk.acknowledged.len();
        assert!(more <= clerk.unsure, "{} made at most {} more, not {more}", clerk.reviewer, clerk.unsure);
    }
    for event in events.iter().filter(|event| clerks.iter().all(|clerk| clerk.reviewer != event.reviewer)) {
        let made = pages.asked.get(&event.id).unwrap_or_else(|| panic!("nobody made {event:?}"));
        let Decision { gap, action, value, reviewer, base_version, undoes, .. } = made;
        assert_eq!(
            (&event.gap, event.action.as_str(), &event.value, &event.reviewer),
            (gap, action.as_str(), value, reviewer)
        );
        assert_eq!((event.base_version, event.undoes), (*base_version, *undoes));
    }
}

/// Every acknowledged decision is there, unless its reviewer saw that it was refused and gave it up.
fn nothing_lost(stored: &BTreeMap<DecisionId, &Stored>, pages: &Pages) {
    for id in pages.sent.keys() {
        assert!(stored.contains_key(id), "the database has forgotten {:?}", pages.asked[id]);
    }
    for (id, failure) in &pages.refused {
        assert!(!stored.contains_key(id), "{:?} was refused ({failure:?}) and is there", pages.asked[id]);
    }
    // A decision and its undo that the database saw neither of cancel each other out.
    let taken_back: BTreeSet<DecisionId> = pages
        .asked
        .values()
        .filter(|undo| !stored.contains_key(&undo.id))
        .filter_map(|undo| undo.undoes.filter(|of| !stored.contains_key(of)).map(|of| [of, undo.id]))
        .flatten()
        .collect();
    // Whoever gives a refused decision up gives up what builds on it.
    let builds_on_given_up = |id: &DecisionId| {
        let one = &pages.asked[id];
        let mut given_up = pages.given_up.iter().map(|id| &pages.asked[id]);
        given_up.any(|other| other.gap == one.gap && other.base_version < one.base_version)
    };
    for id in &pages.acknowledged {
        assert!(
            stored.contains_key(id)
                || pages.given_up.contains(id)
                || taken_back.contains(id)
                || builds_on_given_up(id),
            "lost: {:?}, {:?}",
            pages.asked[id],
            pages.refused.get(id)
        );
    }
}

/// Whoever decided on top of somebody else's decision had been shown it.
fn nothing_unknowing(events: &[Stored], pages: &Pages, clerks: &[Clerk]) {
    for pair in events.windows(2).filter(|pair| pair[0].gap == pair[1].gap) {
        let (before, after) = (&pair[0], &pair[1]);
        if before.reviewer == after.reviewer {
            continue;
        }
        let is_known = if clerks.iter().any(|clerk| clerk.reviewer == after.reviewer) {
            // The command reads the gap by itself, and refuses where somebody else has settled it.
            let is_open = |state: &str| ["second", "disputed", "deferred", "flagged"].contains(&state);
            before.action == "undo" || before.result_state.as_deref().is_some_and(is_open)
        } else {
            pages.known.contains(&(after.reviewer.clone(), after.gap.clone(), after.base_version))
        };
        assert!(is_known, "{after:?} was decided without a look at {before:?}");
    }
}

/// Of two leases of a gap that nobody decided in between, the second begins when the first has expired.
fn never_in_two_hands(held: &[Held]) {
    let mut of_gap: BTreeMap<(&GapId, i32), Vec<&Held>> = BTreeMap::new();
    for one in held {
        of_gap.entry((&one.lease.gap, one.version)).or_default().push(one);
    }
    for leases in of_gap.values_mut() {
        leases.sort_by_key(|one| one.lease.claimed_at);
        for pair in leases.windows(2).filter(|pair| !pair[0].is_released) {
            assert!(pair[1].lease.claimed_at >= pair[0].lease.expires_at, "{pair:?}");
        }
    }
}
