//! Pasted text.

use super::action::ActionId;
use super::msg::Effect;
use super::state::State;
use super::toast::Level;

/// Gives pasted text to what takes text; anywhere else it is nothing, above all no keys.
pub fn take(state: &mut State, text: &str) -> Vec<Effect> {
    let Some(overlay) = state.overlay.take() else {
        if state.opening.is_none() {
            let text =
                format!("Nothing here takes pasted text · {} filters by it", state.key(ActionId::Filter));
            state.toasts.show(state.now, Level::Info, text);
        }
        return Vec::new();
    };
    let lines = text.trim_end_matches(['\r', '\n']).lines().count();
    if lines > 1 && overlay.takes_text() {
        let text = format!("{lines} pasted lines became one");
        state.toasts.show(state.now, Level::Info, text);
    }
    overlay.paste(state, text)
}
