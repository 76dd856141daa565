//! A drawn screen as a picture that scales: SVG, one element for each run of cells that look alike.

use super::widgets::wrap;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::fmt::Write as _;

/// A cell's size and the text's, in pixels: monospaced fonts are about 0.6 times as wide as high.
const WIDTH: f64 = 9.0;
const HEIGHT: f64 = 18.0;
const FONT: f64 = 15.0;
/// Where a line's text stands, from its top.
const BASELINE: f64 = 13.8;
const MARGIN: f64 = 10.0;

/// How a terminal shows its 16 colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Palette {
    ground: &'static str,
    text: &'static str,
    colours: [&'static str; 16],
}

const DARK: Palette = Palette {
    ground: "#16181d",
    text: "#d8dbe0",
    colours: [
        "#16181d", "#e06c75", "#8cc265", "#d9a84e", "#61a5ec", "#c678dd", "#4cc4cf", "#c5c8ce", "#6f7682",
        "#ff7b86", "#a5e075", "#f0c674", "#7cb8ff", "#de94f0", "#5fdbe6", "#ffffff",
    ],
};

const LIGHT: Palette = Palette {
    ground: "#fbfbf9",
    text: "#2a2c31",
    colours: [
        "#2a2c31", "#b3202c", "#2f7a1f", "#8a5a00", "#1f5fbf", "#8a2fa3", "#00727f", "#c9ccd1", "#767c86",
        "#c9303d", "#3c8f2a", "#a06a00", "#2f74d8", "#a144bd", "#00848f", "#ffffff",
    ],
};

/// What a run of cells looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    text: &'static str,
    /// None where it is the picture's own.
    ground: Option<&'static str>,
    modifier: Modifier,
}

impl Palette {
    fn colour(&self, colour: Color) -> Option<&'static str> {
        let index = match colour {
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::DarkGray => 8,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightBlue => 12,
            Color::LightMagenta => 13,
            Color::LightCyan => 14,
            Color::White => 15,
            // The themes have no others.
            Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
        };
        Some(self.colours[index])
    }

    fn look(&self, cell: &Cell) -> Look {
        let (text, ground) = (self.colour(cell.fg).unwrap_or(self.text), self.colour(cell.bg));
        let modifier = cell.modifier;
        if modifier.contains(Modifier::REVERSED) {
            return Look { text: ground.unwrap_or(self.ground), ground: Some(text), modifier };
        }
        Look { text, ground, modifier }
    }
}

/// Draws a screen; `light` takes a light terminal's colours.
pub fn draw(buffer: &Buffer, light: bool) -> String {
    let palette = if light { &LIGHT } else { &DARK };
    let width = f64::from(buffer.area.width) * WIDTH + 2.0 * MARGIN;
    let height = f64::from(buffer.area.height) * HEIGHT + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,monospace\" font-size=\"{FONT}\" \
         xml:space=\"preserve\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{}\"/>\n",
        palette.ground
    );
    for y in 0..buffer.area.height {
        line(buffer, y, palette, &mut svg);
    }
    svg.push_str("</svg>\n");
    svg
}

fn line(buffer: &Buffer, y: u16, palette: &Palette, svg: &mut String) {
    let mut x = 0;
    while x < buffer.area.width {
        let (start, look, mut text) = (x, palette.look(&buffer[(x, y)]), String::new());
        while x < buffer.area.width && palette.look(&buffer[(x, y)]) == look {
            let symbol = buffer[(x, y)].symbol();
            text.push_str(symbol);
            x += u16::try_from(wrap::width(symbol).max(1)).unwrap_or(1);
        }
        run(svg, &text, (start, x.min(buffer.area.width)), y, look);
    }
}

fn run(svg: &mut String, text: &str, (start, end): (u16, u16), y: u16, look: Look) {
    let (left, top) = (MARGIN + f64::from(start) * WIDTH, MARGIN + f64::from(y) * HEIGHT);
    let width = f64::from(end - start) * WIDTH;
    if let Some(ground) = look.ground {
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{HEIGHT}\" fill=\"{ground}\"/>"
        );
    }
    let trimmed = text.trim_end();
    if trimmed.is_empty() {
        return;
    }
    let lead = text.len() - text.trim_start().len();
    let (left, shown) = (left + WIDTH * wrap_width(&text[..lead]), text.trim());
    let mut style = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::DIM, " opacity=\"0.62\""),
    ] {
        if look.modifier.contains(modifier) {
            style.push_str(attribute);
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{style}>{}</text>",
        top + BASELINE,
        WIDTH * wrap_width(shown),
        look.text,
        escaped(shown)
    );
}

/// Returns a text's width in cells.
fn wrap_width(text: &str) -> f64 {
    u32::try_from(wrap::width(text)).map_or(0.0, f64::from)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn runs_of_cells_keep_their_place_colour_and_width() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        buffer.set_string(1, 0, "a<b & 日", Style::new().fg(Color::Green).add_modifier(Modifier::BOLD));
        buffer.set_string(0, 1, "  x ", Style::new().add_modifier(Modifier::REVERSED));
        let svg = draw(&buffer, false);
        let text = "x=\"19\" y=\"23.8\" textLength=\"72\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#8cc265\" \
                    font-weight=\"bold\">a&lt;b &amp; 日</text>";
        assert!(svg.contains(text), "{svg}");
        let ground = "<rect x=\"10\" y=\"28\" width=\"36\" height=\"18\" fill=\"#d8dbe0\"/>";
        assert!(svg.contains(ground), "{svg}");
        assert!(svg.contains("<text x=\"28\" y=\"41.8\" textLength=\"9\""), "{svg}");
        assert!(draw(&buffer, true).contains(LIGHT.ground));
    }
}
