//! Named views: a filter and a sort order that somebody gave a name.

use super::action::ActionId;
use super::msg::Effect;
use super::session::cleaned;
use super::state::State;
use super::toast::Level;
use super::{narrow, navigate};
use crate::domain::{QueueFilter, QueueSort};
use crate::sanitise;
use crate::tui::overlays::{NameView, Overlay, Views};
use serde::{Deserialize, Serialize};

/// The version of what is written; another one is left alone.
const VERSION: u32 = 1;
/// How many views there are at most.
const MOST: usize = 200;
/// The most characters of a name.
pub const LONGEST_NAME: usize = 60;

/// A filter and a sort order under a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub name: String,
    #[serde(default)]
    pub filter: QueueFilter,
    #[serde(default)]
    pub sort: QueueSort,
}

/// What becomes of the views.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Nothing: they are read.
    None,
    /// One is added, or takes the place of the one of its name.
    Save(Box<View>),
    Delete(String),
    Rename {
        from: String,
        to: String,
    },
}

/// The views as they are written.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: u32,
    views: Vec<View>,
}

/// Reads views; an error says why they cannot be used.
pub fn parse(text: &str) -> Result<Vec<View>, String> {
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if file.version != VERSION {
        let version = file.version;
        return Err(format!("they are of version {version}, this gapdeck reads version {VERSION}"));
    }
    let clean = |view: View| -> Result<View, String> {
        let name = named(&view.name).ok_or("a view has no name")?;
        Ok(View { name, filter: cleaned(&view.filter)?, sort: view.sort })
    };
    file.views.into_iter().take(MOST).map(clean).collect()
}

/// Returns the text to write.
pub fn text(views: &[View]) -> Result<String, String> {
    let file = File { version: VERSION, views: views.to_vec() };
    serde_json::to_string_pretty(&file).map_err(|error| error.to_string())
}

/// Returns a name that can be shown, if there is one in the text.
pub fn named(text: &str) -> Option<String> {
    let name = sanitise::line(text.trim(), LONGEST_NAME);
    (!name.is_empty()).then_some(name)
}

/// Finds the view of a name, in any case.
pub fn position(views: &[View], name: &str) -> Option<usize> {
    views.iter().position(|view| view.name.to_lowercase() == name.to_lowercase())
}

/// Makes a change, by name in any case.
pub fn changed(mut views: Vec<View>, change: Change) -> Result<Vec<View>, String> {
    match change {
        Change::None => {}
        Change::Save(view) => match position(&views, &view.name) {
            Some(index) => views[index] = *view,
            None if views.len() >= MOST => return Err(format!("there are {MOST} views already")),
            None => views.push(*view),
        },
        Change::Delete(name) => views.retain(|view| view.name != name),
        Change::Rename { from, to } => {
            let Some(index) = views.iter().position(|view| view.name == from) else {
                return Err(format!("there is no view \"{from}\" any more"));
            };
            if position(&views, &to).is_some_and(|other| other != index) {
                return Err(format!("there is a view \"{to}\" already"));
            }
            views[index].name = to;
        }
    }
    views.sort_by_cached_key(|view| view.name.to_lowercase());
    Ok(views)
}

/// Returns the present filter and order as a view; a fixed set of gaps is none.
pub fn present(state: &State, name: String) -> View {
    View { name, filter: state.queue.filter.clone(), sort: state.queue.sort }
}

/// Opens the list of views.
pub fn list(state: &mut State) -> Vec<Effect> {
    state.overlay = Some(Overlay::Views(Box::new(Views::new(state))));
    vec![Effect::ChangeViews(Change::None)]
}

/// Asks for the name of a new view.
pub fn save(state: &mut State) -> Vec<Effect> {
    let shown = |view: &&View| view.filter == state.queue.filter && view.sort == state.queue.sort;
    let name = state.views.iter().find(shown).map_or_else(String::new, |view| view.name.clone());
    state.overlay = Some(Overlay::NameView(NameView::save(name)));
    vec![Effect::ChangeViews(Change::None)]
}

/// Shows a view in the queue.
pub fn show(state: &mut State, view: View) -> Vec<Effect> {
    navigate::to_queue(state);
    state.review.card_focused = false;
    state.queue.sort = view.sort;
    narrow::filter(state, view.filter)
}

/// Takes the views as they are after a change.
pub fn arrive(state: &mut State, change: &Change, result: Result<Vec<View>, String>) {
    let views = match result {
        Ok(views) => views,
        Err(reason) => {
            let text = format!("The views: {}", sanitise::line(&reason, 200));
            state.toasts.show(state.now, Level::Error, text);
            return;
        }
    };
    let told = match change {
        Change::None => None,
        Change::Save(view) => {
            Some(format!("Saved the view \"{}\" · {} lists the views", view.name, state.key(ActionId::Views)))
        }
        Change::Delete(name) => Some(format!("Deleted the view \"{name}\"")),
        Change::Rename { from, to } => Some(format!("\"{from}\" is called \"{to}\" now")),
    };
    if let Some(text) = told {
        state.toasts.show(state.now, Level::Info, text);
    }
    state.views = views;
    if let Some(Overlay::Views(mut list)) = state.overlay.take_if(|open| matches!(open, Overlay::Views(_))) {
        list.arrive(state);
        state.overlay = Some(Overlay::Views(list));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str) -> View {
        View { name: name.into(), filter: QueueFilter::default(), sort: QueueSort::Age }
    }

    #[test]
    fn views_are_saved_renamed_and_deleted_by_name() {
        let save = |name| Change::Save(Box::new(view(name)));
        let views = changed(Vec::new(), save("shoes")).unwrap();
        let views = changed(views, save("Bags")).unwrap();
        let views = changed(views, save("SHOES")).unwrap();
        let names = |views: &[View]| views.iter().map(|view| view.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&views), ["Bags", "SHOES"], "one of a name");
        let rename = |from: &str, to: &str| Change::Rename { from: from.into(), to: to.into() };
        assert!(changed(views.clone(), rename("Bags", "shoes")).is_err());
        let views = changed(views, rename("Bags", "bags")).unwrap();
        let views = changed(views, Change::Delete("SHOES".into())).unwrap();
        assert_eq!(names(&views), ["bags"]);
        assert_eq!(parse(&text(&views).unwrap()), Ok(views));
    }

    #[test]
    fn a_name_can_be_shown() {
        assert_eq!(named("  a\u{1b}[2J\n "), Some("a␛[2J".into()));
        assert_eq!(named(" \t"), None);
        assert!(parse("{\"version\": 9, \"views\": []}").is_err());
        assert!(parse("{\"version\": 1, \"views\": [{\"name\": \" \"}]}").is_err());
    }
}
