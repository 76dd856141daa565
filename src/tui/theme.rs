//! Roles to styles: what a piece of text means decides how it looks, in the terminal's own 16 colours or without any.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Text,
    /// Of less weight than the text around it.
    Muted,
    Strong,
    /// The program's name, headings.
    Title,
    /// What the eye should find: the attribute asked for.
    Accent,
    /// A key to press.
    Key,
    Border,
    BorderFocused,
    /// The row under the cursor in the panel that has the keyboard.
    Selected,
    /// The row under the cursor elsewhere.
    SelectedElsewhere,
    Good,
    Bad,
    Warning,
    /// Something put off or marked for attention.
    Attention,
    /// The candidate's value where it stands in the product's text.
    Mention,
    /// What a fuzzy search matched.
    Match,
    /// The screen shown, among the tabs.
    TabActive,
    /// A line across the screen that tells of something that lasts.
    Bar,
    /// What is out of date while something newer is on its way.
    Stale,
}

/// The styles of all roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's 16 colours.
    Colour,
    /// No colour: bold, dim, underlined and reversed text only.
    Mono,
}

impl Theme {
    /// Honours `NO_COLOR` (<https://no-color.org>): any text in it turns colours off.
    pub fn from_environment() -> Self {
        if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            Self::Mono
        } else {
            Self::Colour
        }
    }

    /// Returns a role's style.
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        let coloured = |colour: Color| if self == Self::Colour { plain.fg(colour) } else { plain };
        match role {
            Role::Text => plain,
            // Said outright, so that a title does not take its border's colour.
            Role::Strong => plain.fg(Color::Reset).add_modifier(Modifier::BOLD),
            Role::Title | Role::Key | Role::Accent => coloured(Color::Cyan).add_modifier(Modifier::BOLD),
            // Lines need not be read: the one place where a faint colour may vanish on some palettes.
            Role::Border if self == Self::Colour => plain.fg(Color::DarkGray),
            Role::Muted | Role::Stale | Role::Border => plain.add_modifier(Modifier::DIM),
            Role::BorderFocused => coloured(Color::Cyan),
            Role::SelectedElsewhere => plain.add_modifier(Modifier::BOLD),
            Role::Good => coloured(Color::Green),
            Role::Bad => coloured(Color::Red).add_modifier(Modifier::BOLD),
            // Calm where colour tells it from the rest.
            Role::Bar if self == Self::Colour => plain.fg(Color::Yellow),
            Role::Selected | Role::Bar => plain.add_modifier(Modifier::REVERSED),
            Role::Warning => coloured(Color::Yellow),
            Role::Attention => coloured(Color::Magenta),
            Role::Mention => coloured(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Match => coloured(Color::Yellow).add_modifier(Modifier::BOLD),
            Role::TabActive => plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        }
    }
}
