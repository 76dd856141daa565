//! Pasted text.

use super::msg::Effect;
use super::state::State;
use super::toast::Level;

/// Gives pasted text to what takes text; anywhere else it is nothing, above all no keys.
pub fn take(state: &mut State, text: &str) -> Vec<Effect> {
    let Some(overlay) = state.overlay.take() else {
        if state.opening.is_none() {
            state.toasts.show(state.now, Level::Info, "Nothing here takes pasted text · / filters by it");
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
