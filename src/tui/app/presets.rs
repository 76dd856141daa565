//! The sets of keys that are built in. `vim` is the action table's own; the others say what they change.

/// What a set changes: the place (none for everywhere), the action, its keys.
pub type Change = (&'static str, &'static str, &'static [&'static str]);

/// Returns what a set of keys changes of the action table's.
pub fn changes(preset: &str) -> &'static [Change] {
    match preset {
        "arrows" => ARROWS,
        "emacs" => EMACS,
        _ => &[],
    }
}

/// No letter moves, and the keys that desktop programs have.
const ARROWS: &[Change] = &[
    ("common", "down", &["Down"]),
    ("common", "up", &["Up"]),
    ("common", "page-down", &["PgDn"]),
    ("common", "page-up", &["PgUp"]),
    ("common", "top", &["Home"]),
    ("common", "bottom", &["End"]),
    ("common", "next-candidate", &["Right"]),
    ("common", "previous-candidate", &["Left"]),
    ("common", "next-part", &["Tab", "Right"]),
    ("common", "select", &["Insert", "v"]),
    ("common", "filter", &["Ctrl-F", "/"]),
    ("common", "filter-activity", &["Ctrl-F", "/"]),
    ("common", "help", &["F1", "?"]),
    ("common", "commands", &["F2", ":"]),
    ("common", "refresh", &["F5", "R"]),
    ("common", "quit", &["F10", "q"]),
];

/// Emacs's movement, without Alt, and without Ctrl-A, Ctrl-B and Ctrl-H, which screen, tmux and terminals keep.
const EMACS: &[Change] = &[
    ("common", "down", &["Ctrl-N", "Down"]),
    ("common", "up", &["Ctrl-P", "Up"]),
    ("common", "page-down", &["Ctrl-V", "PgDn"]),
    // Its own is Alt-V; without arguments to give, Ctrl-U is free.
    ("common", "page-up", &["Ctrl-U", "PgUp"]),
    ("common", "top", &["Home", "Ctrl-X ["]),
    ("common", "bottom", &["End", "Ctrl-X ]"]),
    ("common", "next-candidate", &["Ctrl-F", "Right"]),
    ("common", "previous-candidate", &["Left"]),
    ("common", "next-part", &["Tab", "Ctrl-F"]),
    ("common", "back", &["Ctrl-G", "Esc", "Backspace"]),
    ("common", "switch-panel", &["Tab", "Shift-Tab", "Ctrl-X o"]),
    ("common", "filter", &["Ctrl-S", "/"]),
    ("common", "filter-activity", &["Ctrl-S", "/"]),
    ("common", "undo", &["Ctrl-_", "u"]),
    ("common", "take-back", &["Ctrl-_", "u"]),
    ("common", "select", &["Ctrl-Space", "v"]),
    ("common", "copy", &["Ctrl-W", "y"]),
    ("common", "refresh", &["Ctrl-L", "R"]),
    ("common", "queue", &["Ctrl-X b", "Q"]),
    ("common", "activity", &["Ctrl-X a", "A"]),
    ("common", "clusters", &["Ctrl-X c", "B"]),
    ("common", "experiments", &["Ctrl-X e", "E"]),
    ("common", "insights", &["Ctrl-X i", "I"]),
    ("common", "outbox", &["Ctrl-X s", "O"]),
    ("common", "commands", &[":", "Ctrl-X x"]),
    ("common", "quit", &["Ctrl-X Ctrl-C", "q"]),
];
