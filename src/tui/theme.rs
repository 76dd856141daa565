//! Roles to styles: what a piece of text means decides how it looks, in the terminal's own 16 colours or without any.

use crate::config::problem::did_you_mean;
use ratatui::buffer::Buffer;
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

impl Role {
    /// Every role with its name in the configuration.
    pub const ALL: [(Self, &'static str); 19] = [
        (Self::Text, "text"),
        (Self::Muted, "muted"),
        (Self::Strong, "strong"),
        (Self::Title, "title"),
        (Self::Accent, "accent"),
        (Self::Key, "key"),
        (Self::Border, "border"),
        (Self::BorderFocused, "border-focused"),
        (Self::Selected, "selected"),
        (Self::SelectedElsewhere, "selected-elsewhere"),
        (Self::Good, "good"),
        (Self::Bad, "bad"),
        (Self::Warning, "warning"),
        (Self::Attention, "attention"),
        (Self::Mention, "mention"),
        (Self::Match, "match"),
        (Self::TabActive, "tab-active"),
        (Self::Bar, "bar"),
        (Self::Stale, "stale"),
    ];
}

/// The styles of all roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's 16 colours, on a dark background.
    Dark,
    /// The same, on a light one: without the colours that vanish there.
    Light,
    /// On a black background of its own, without faint text.
    HighContrast,
    /// No colour: bold, dim, underlined and reversed text only.
    Mono,
    /// A built-in look with some roles of the user's.
    Own(&'static Styles),
}

/// A style for each role, in the roles' order.
pub type Styles = [Style; Role::ALL.len()];

impl Theme {
    /// Returns a built-in look by its name.
    pub fn named(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "high-contrast" => Self::HighContrast,
            "mono" => Self::Mono,
            _ => Self::Dark,
        }
    }

    /// Returns this look with some roles of the user's. It lives as long as the process: one is made at the start.
    pub fn with(self, roles: &[(Role, Style)]) -> Self {
        if roles.is_empty() {
            return self;
        }
        let mut styles = Role::ALL.map(|(role, _)| self.style(role));
        for (role, style) in roles {
            styles[*role as usize] = *style;
        }
        Self::Own(Box::leak(Box::new(styles)))
    }

    /// Returns a role's style.
    pub fn style(self, role: Role) -> Style {
        match self {
            Self::Dark => dark(role),
            Self::Light => light(role),
            Self::HighContrast => high_contrast(role),
            Self::Mono => mono(role),
            Self::Own(styles) => styles[role as usize],
        }
    }

    /// Gives what has no colour of its own the look's foreground and background, where it has any.
    pub fn ground(self, buffer: &mut Buffer) {
        let ground = self.style(Role::Text);
        if ground.fg.is_none() && ground.bg.is_none() {
            return;
        }
        for cell in &mut buffer.content {
            if let Some(fg) = ground.fg.filter(|_| cell.fg == Color::Reset) {
                cell.fg = fg;
            }
            if let Some(bg) = ground.bg.filter(|_| cell.bg == Color::Reset) {
                cell.bg = bg;
            }
        }
    }
}

const PLAIN: Style = Style::new();

fn dark(role: Role) -> Style {
    match role {
        Role::Title | Role::Key | Role::Accent => PLAIN.fg(Color::Cyan).add_modifier(Modifier::BOLD),
        // Lines need not be read: the one place where a faint colour may vanish on some palettes.
        Role::Border => PLAIN.fg(Color::DarkGray),
        Role::BorderFocused => PLAIN.fg(Color::Cyan),
        Role::Good => PLAIN.fg(Color::Green),
        // Plain red and magenta are too dark on black.
        Role::Bad => PLAIN.fg(Color::LightRed).add_modifier(Modifier::BOLD),
        // Calm where colour tells it from the rest.
        Role::Bar | Role::Warning => PLAIN.fg(Color::Yellow),
        Role::Attention => PLAIN.fg(Color::LightMagenta),
        Role::Mention => PLAIN.fg(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Role::Match => PLAIN.fg(Color::Yellow).add_modifier(Modifier::BOLD),
        other => mono(other),
    }
}

/// Red, blue and magenta alone can be read on white on every common palette; green, yellow and cyan on hardly any.
fn light(role: Role) -> Style {
    match role {
        Role::Title | Role::Key | Role::Accent => PLAIN.fg(Color::Blue).add_modifier(Modifier::BOLD),
        Role::Border => PLAIN.fg(Color::Gray),
        Role::BorderFocused | Role::Good => PLAIN.fg(Color::Blue),
        Role::Bad => PLAIN.fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Bar | Role::Warning => PLAIN.fg(Color::Red),
        Role::Attention => PLAIN.fg(Color::Magenta),
        Role::Mention => PLAIN.fg(Color::Magenta).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        Role::Match => PLAIN.fg(Color::Magenta).add_modifier(Modifier::BOLD),
        other => mono(other),
    }
}

/// White, yellow and cyan on black, the brightest of the palette; what matters is bold, nothing is faint.
fn high_contrast(role: Role) -> Style {
    let bold = PLAIN.add_modifier(Modifier::BOLD);
    match role {
        Role::Text => PLAIN.fg(Color::White).bg(Color::Black),
        Role::Muted | Role::Stale | Role::Border => PLAIN.fg(Color::White),
        Role::Title | Role::Key | Role::Accent | Role::Match => bold.fg(Color::LightYellow),
        Role::BorderFocused | Role::Warning => PLAIN.fg(Color::LightYellow),
        Role::Good => bold.fg(Color::LightCyan),
        Role::Attention => PLAIN.fg(Color::LightCyan),
        Role::Bad | Role::Bar => bold.fg(Color::White).add_modifier(Modifier::REVERSED),
        Role::Mention => bold.fg(Color::LightYellow).add_modifier(Modifier::UNDERLINED),
        other => mono(other),
    }
}

fn mono(role: Role) -> Style {
    match role {
        Role::Text | Role::BorderFocused | Role::Good | Role::Warning | Role::Attention => PLAIN,
        // Both said outright, so that a title does not take its border's colour.
        Role::Strong => PLAIN.fg(Color::Reset).add_modifier(Modifier::BOLD),
        Role::Title | Role::Key | Role::Accent | Role::SelectedElsewhere | Role::Bad | Role::Match => {
            PLAIN.add_modifier(Modifier::BOLD)
        }
        Role::Muted => PLAIN.fg(Color::Reset).add_modifier(Modifier::DIM),
        Role::Stale | Role::Border => PLAIN.add_modifier(Modifier::DIM),
        Role::Selected | Role::Bar => PLAIN.add_modifier(Modifier::REVERSED),
        Role::Mention | Role::TabActive => PLAIN.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
    }
}

/// The colours' names in the configuration.
pub const COLOURS: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

/// Reads a style as the configuration writes it: `bold blue`, `bright-white on black`, `plain`.
///
/// # Errors
/// Names the word that says nothing, and what was likely meant.
pub fn parse_style(text: &str) -> Result<Style, String> {
    let mut style = PLAIN;
    let mut is_background = false;
    for word in text.split_whitespace() {
        let colour = COLOURS.iter().find(|(name, _)| *name == word).map(|(_, colour)| *colour);
        let modifier = MODIFIERS.iter().find(|(name, _)| *name == word).map(|(_, modifier)| *modifier);
        style = match (word, colour, modifier) {
            ("plain", ..) => style,
            ("on", ..) if !is_background => {
                is_background = true;
                continue;
            }
            (_, Some(colour), _) if is_background => style.bg(colour),
            (_, Some(colour), _) => style.fg(colour),
            (_, _, Some(modifier)) => style.add_modifier(modifier),
            _ => {
                let known =
                    COLOURS.iter().map(|(name, _)| *name).chain(MODIFIERS.iter().map(|(name, _)| *name));
                return Err(format!(
                    "\"{word}\" is no colour and no kind of text{}",
                    did_you_mean(word, known)
                ));
            }
        };
        is_background = false;
    }
    if is_background {
        return Err("a colour has to follow \"on\"".into());
    }
    Ok(style)
}

/// Writes a style as the configuration does.
pub fn style_words(style: Style) -> String {
    let mut words: Vec<&str> = MODIFIERS
        .iter()
        .filter(|(_, modifier)| style.add_modifier.contains(*modifier))
        .map(|(name, _)| *name)
        .collect();
    let name = |colour: Color| COLOURS.iter().find(|(_, one)| *one == colour).map(|(name, _)| *name);
    words.extend(style.fg.and_then(name));
    if let Some(background) = style.bg.and_then(name) {
        words.extend(["on", background]);
    }
    if words.is_empty() { "plain".into() } else { words.join(" ") }
}

#[cfg(test)]
mod tests;
