//! Copying what is under the cursor.

use super::action::Context;
use super::msg::Effect;
use super::state::State;
use super::toast::Level;
use crate::sanitise;
use crate::tui::screens::neighbours;

/// The most characters copied.
const MOST: usize = 4_000;

/// What is copied, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    what: &'static str,
    pub text: String,
}

/// Returns what can be copied where the keyboard is: a product's key, the selected value, an experiment's key.
pub fn copied(state: &State) -> Option<Copied> {
    let (what, text) = match state.context() {
        Context::Queue => ("product key", state.queue.current()?.data.gap.product.to_string()),
        Context::Card => {
            let choices = &state.current_card()?.choices;
            ("value", choices.get(state.review.choice)?.value.clone())
        }
        Context::Experiments => {
            let screen = state.experiments()?;
            ("experiment", screen.current()?.experiment.to_string())
        }
        Context::Comparison => ("product", state.comparison()?.current()?.gap.product.to_string()),
        Context::Insights => ("key", state.insights()?.current()?.key.clone()),
        Context::Product => ("product key", state.pane()?.product.to_string()),
        Context::Walk => {
            let pane = state.pane()?;
            let neighbour = neighbours::neighbours(pane).get(pane.cursor).filter(|_| !pane.document_focused);
            let key = neighbour.map_or(&pane.product, |neighbour| &neighbour.product_key);
            ("product key", key.to_string())
        }
        Context::Activity => ("product key", state.activity()?.current()?.gap.product.to_string()),
        Context::Opening | Context::Texts | Context::Clusters => return None,
    };
    // Nothing in it may run where it is pasted.
    let text = sanitise::line(&text, MOST).trim_end().to_owned();
    (!text.is_empty()).then_some(Copied { what, text })
}

/// Copies it.
pub fn copy(state: &State) -> Vec<Effect> {
    copied(state).map(Effect::Copy).into_iter().collect()
}

/// Says what was copied, and by what; where no program could, the terminal is asked to.
pub fn done(state: &mut State, Copied { what, text }: Copied, by: Option<&'static str>) -> Vec<Effect> {
    let told = format!("Copied the {what} {} by {}", sanitise::line(&text, 60), by.unwrap_or("OSC 52"));
    state.toasts.show(state.now, Level::Info, told);
    if by.is_some() { Vec::new() } else { vec![Effect::CopyByTerminal(text)] }
}
