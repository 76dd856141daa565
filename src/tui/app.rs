//! The application as plain data: the state, the messages that change it, the actions a key can start.

pub mod action;
pub mod activity;
pub mod alike;
pub mod answers;
pub mod bindings;
pub mod checks;
pub mod clusters;
pub mod conflict;
pub mod copy;
pub mod decide;
pub mod feed;
pub mod flow;
pub mod jumps;
pub mod keymap;
pub mod log;
pub mod msg;
pub mod navigate;
pub mod outbox;
pub mod paste;
pub mod pointer;
pub mod presets;
pub mod selection;
pub mod session;
pub mod slot;
pub mod state;
pub mod toast;
pub mod tour;
pub mod undo;
pub mod unsaved;
pub mod update;
pub mod views;
pub mod waits;

pub use msg::Msg;
pub use state::State;
pub use update::update;
