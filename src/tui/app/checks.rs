//! Whether an action can be done now, and why not.

use super::action::ActionId;
use super::action::{Context, Refusal};
use super::state::{Screen, State};
use super::unsaved::Phase;
use crate::domain::Action;
use crate::tui::screens::activity::Activity;
use crate::tui::screens::clusters::Clusters;

type Check = Result<(), Refusal>;

/// Nothing stands in the way, ever.
#[expect(clippy::unnecessary_wraps, reason = "every check has the same shape")]
pub fn always(_: &State) -> Check {
    Ok(())
}

/// The gap under the cursor can be decided.
pub fn decide(state: &State) -> Check {
    let Some(row) = state.queue.current() else {
        return Err("no gap is under the cursor".into());
    };
    if state.unsaved.iter().any(|one| one.decision.gap == row.data.gap && one.phase == Phase::Keeping) {
        return Err("the last decision on this gap is still being written to the disk".into());
    }
    if state.undo.is_busy() {
        return Err("the undo waits for the database".into());
    }
    if let Some(by) = state.feed.surprise(&row.data.gap, state.now) {
        let by = crate::sanitise::line(by.as_str(), 24);
        return Err(format!("{by} has just decided this gap; look again, then decide").into());
    }
    match state.current_card() {
        Some(_) => Ok(()),
        None if state.cards.failure(&row.data.gap).is_some() => {
            Err(format!("the card could not be loaded; {} tries again", state.key(ActionId::Refresh)).into())
        }
        None => Err("the card is still being loaded".into()),
    }
}

/// Says why nothing can be said of predictions, and what can be done.
fn without_predictions(state: &State, why: &str) -> Refusal {
    let [other, never] = [ActionId::Override, ActionId::NotApplicable].map(|id| state.key(id));
    format!("{why}; {other} gives a value, {never} says not applicable").into()
}

const CHOOSE_FIRST: &str = "predictions show after your choice here";

/// The candidates can be seen, so that they can be rejected.
pub fn reject(state: &State) -> Check {
    decide(state)?;
    match state.current_card() {
        Some(card) if card.is_veiled => Err(without_predictions(state, CHOOSE_FIRST)),
        _ => Ok(()),
    }
}

/// There is a candidate to accept, besides.
pub fn accept(state: &State) -> Check {
    choose(state)?;
    match state.current_card().and_then(|card| card.choices.get(state.review.choice)) {
        Some(choice) if choice.candidates.is_empty() => {
            let other = state.key(ActionId::Override);
            let why = "nobody predicted this value; its number takes it from the neighbours";
            Err(format!("{why}, {other} gives another").into())
        }
        _ => Ok(()),
    }
}

/// There is a candidate to choose by its number, besides.
pub fn choose(state: &State) -> Check {
    decide(state)?;
    choices(state)
}

/// The card shows candidates.
pub fn choices(state: &State) -> Check {
    match state.current_card() {
        Some(card) if card.is_veiled => Err(without_predictions(state, CHOOSE_FIRST)),
        Some(card) if card.choices.is_empty() => {
            Err(without_predictions(state, "nothing was predicted for this gap"))
        }
        Some(_) => Ok(()),
        None => Err("the card is still being loaded".into()),
    }
}

/// A group with gaps to show is under the cursor of the insights screen.
pub fn group(state: &State) -> Check {
    match state.insights() {
        Some(screen) if screen.filter().is_some() => Ok(()),
        Some(screen) if screen.current().is_some() => {
            Err("the queue cannot be narrowed to products without a category".into())
        }
        _ => Err("nothing is under the cursor".into()),
    }
}

/// A cluster with something left to decide is shown.
pub fn cluster(state: &State) -> Check {
    match state.clusters() {
        Some(screen) if screen.accepting.is_waiting() => {
            Err("the rest of a cluster is being accepted".into())
        }
        Some(screen) if screen.details.is_waiting() => Err("the cluster is still being loaded".into()),
        Some(screen) => match screen.cluster() {
            Some(cluster) if cluster.random().next().is_none() => {
                Err("nothing of this cluster is open".into())
            }
            Some(_) => Ok(()),
            None => Err("no cluster is under the cursor".into()),
        },
        None => Err("no cluster is under the cursor".into()),
    }
}

/// A cluster is shown whose members have embeddings.
pub fn outliers(state: &State) -> Check {
    cluster(state)?;
    match state.clusters().and_then(Clusters::cluster) {
        Some(cluster) if cluster.medoid.is_none() => {
            Err("these products have no embedding; `gapdeck embed` makes them".into())
        }
        _ => Ok(()),
    }
}

/// Gaps like the one that was overridden or rejected last are known.
pub fn alike(state: &State) -> Check {
    match state.alike.found.value.as_ref() {
        Some(found) if !found.rows.is_empty() => Ok(()),
        _ if state.alike.found.is_waiting() => Err("gaps like it are still being looked for".into()),
        _ => Err("no gaps like one that you overrode or rejected are known".into()),
    }
}

/// Rows can be selected.
pub fn select(state: &State) -> Check {
    if state.flow.is_some() {
        return Err(format!("the flow serves gaps one by one; {} ends it", state.key(ActionId::Flow)).into());
    }
    if state.queue.current().is_none() {
        return Err("no gap is under the cursor".into());
    }
    Ok(())
}
/// An experiment is under the cursor.
pub fn experiment(state: &State) -> Check {
    let current = state.experiments().and_then(|screen| screen.current());
    current.map(drop).ok_or_else(|| "no experiment is under the cursor".into())
}

/// Another experiment is marked.
pub fn marked(state: &State) -> Check {
    experiment(state)?;
    match state.experiments() {
        Some(screen) if screen.pair().is_some() => Ok(()),
        _ => Err(format!(
            "{} marks an experiment; {} on another compares the two",
            state.key(ActionId::MarkExperiment),
            state.key(ActionId::CompareMarked)
        )
        .into()),
    }
}

/// Something with a gap is under the cursor of the activity screen or of a comparison.
pub fn row_with_gap(state: &State) -> Check {
    match state.comparison() {
        Some(screen) if screen.current().is_some() => Ok(()),
        Some(_) => Err("no gap is under the cursor".into()),
        None => activity_row(state),
    }
}

/// A decision is under the cursor of the activity screen.
pub fn activity_row(state: &State) -> Check {
    state
        .activity()
        .and_then(Activity::current)
        .map(drop)
        .ok_or_else(|| "no decision is under the cursor".into())
}

/// The decision under the cursor of the activity screen is part of a bulk action, or such a one is all that is shown.
pub fn batch(state: &State) -> Check {
    activity_row(state)?;
    let screen = state.activity();
    let has_batch = screen.is_some_and(|screen| screen.wanted.batch.is_some());
    if has_batch || screen.and_then(Activity::current).is_some_and(|row| row.batch.is_some()) {
        return Ok(());
    }
    Err("this decision was made alone, not in a bulk action".into())
}

/// Something narrows the activity screen.
pub fn clear_activity(state: &State) -> Check {
    match state.activity() {
        Some(screen) if !screen.wanted.is_plain() => Ok(()),
        _ => Err("every decision is shown already".into()),
    }
}

/// The decision under the cursor of the activity screen can be taken back, as far as can be told here.
pub fn take_back(state: &State) -> Check {
    activity_row(state)?;
    let Some((screen, row)) = state.activity().and_then(|screen| Some((screen, screen.current()?))) else {
        return Ok(());
    };
    let enter = state.key(ActionId::GoToGap);
    if row.action == Action::Undo {
        return Err(format!("an undo is not taken back; {enter} goes to the gap, to decide again").into());
    }
    if row.undone_by.is_some() {
        return Err("this decision was taken back already".into());
    }
    if row.reviewer != state.identity.reviewer {
        if row.action == Action::Opinion {
            return Err(format!(
                "this is somebody's first opinion; {enter} goes to the gap, where yours is the second"
            )
            .into());
        }
        let by = crate::sanitise::line(row.reviewer.as_str(), 24);
        return Err(
            format!("this is {by}'s decision; {enter} goes to the gap, where yours goes on top").into()
        );
    }
    if state.unsaved_on(&row.gap).is_some() {
        let outbox = state.key(ActionId::Outbox);
        return Err(format!("another decision on this gap is not saved yet; {outbox} shows it").into());
    }
    if screen.is_finding() || state.undo.is_busy() {
        return Err("the undo waits for the database".into());
    }
    Ok(())
}

/// Nothing is being undone just now.
pub fn undo(state: &State) -> Check {
    if state.undo.is_busy() { Err("the last undo waits for the database".into()) } else { Ok(()) }
}

/// The filter lets gaps through that wait for a decision, which alone can be held.
pub fn flow(state: &State) -> Check {
    if state.flow.is_some() || super::flow::can_flow(&state.queue.filter) {
        Ok(())
    } else {
        let filter = state.key(ActionId::Filter);
        Err(format!("only gaps that wait for a decision can be held; {filter} changes the filter").into())
    }
}

/// A decision is not saved.
pub fn retry(state: &State) -> Check {
    if state.unsaved.is_empty() { Err("every decision is saved".into()) } else { Ok(()) }
}

/// Something narrows the queue.
pub fn clear_filter(state: &State) -> Check {
    if state.queue.filter == crate::domain::QueueFilter::default() {
        Err("no filter is set".into())
    } else {
        Ok(())
    }
}

/// Something can be opened.
pub fn open(state: &State) -> Check {
    match state.context() {
        Context::Queue if state.queue.current().is_none() => Err("no gap is under the cursor".into()),
        Context::Product | Context::Walk if state.pane().is_none_or(|pane| pane.card.is_none()) => {
            Err("the product is still being loaded".into())
        }
        _ => Ok(()),
    }
}

/// There is somewhere to go back to.
pub fn back(state: &State) -> Check {
    let is_selecting = !state.queue.selection.is_empty();
    if state.context() == Context::Queue
        && state.flow.is_none()
        && !is_selecting
        && !state.toasts.has_errors()
    {
        Err(format!("this is the first screen; {} quits", state.key(ActionId::Quit)).into())
    } else {
        Ok(())
    }
}

/// Something can be copied.
pub fn copy(state: &State) -> Check {
    if super::copy::copied(state).is_some() {
        Ok(())
    } else {
        Err("nothing to copy is under the cursor".into())
    }
}

/// The filter can be kept under a name.
pub fn save_view(state: &State) -> Check {
    views(state)?;
    if state.queue.filter.among.is_some() {
        return Err("this list is a fixed set of gaps; only a filter can be kept".into());
    }
    Ok(())
}

/// Views can be kept.
pub fn views(state: &State) -> Check {
    if state.keeps_views { Ok(()) } else { Err("there is no directory to keep views in".into()) }
}

/// There is a place behind.
pub fn jump_back(state: &State) -> Check {
    if state.jumps.can_go_back() { Ok(()) } else { Err("there is no place to go back to".into()) }
}

/// There is a place ahead.
pub fn jump_forward(state: &State) -> Check {
    if state.jumps.can_go_forward() { Ok(()) } else { Err("there is no place to go forward to".into()) }
}

/// The list stands beside the card.
pub fn split(state: &State) -> Check {
    if crate::tui::layout::is_beside(state.size) {
        Ok(())
    } else {
        Err("the terminal is too narrow for the list to stand beside the card".into())
    }
}

/// A product is in view.
pub fn product(state: &State) -> Check {
    match state.screens.last() {
        Some(Screen::Product(_) | Screen::Walk(_)) => Ok(()),
        Some(_) => Err("no product is in view".into()),
        None if state.queue.current().is_some() => Ok(()),
        None => Err("no gap is under the cursor".into()),
    }
}
