//! Where things are: pure functions of the terminal's size, for update and view alike.

use ratatui::layout::{Rect, Size};

/// The smallest terminal that shows anything useful.
pub const SMALLEST: Size = Size { width: 40, height: 12 };

/// Tells whether the terminal is too small to show anything useful.
pub fn is_too_small(size: Size) -> bool {
    size.width < SMALLEST.width || size.height < SMALLEST.height
}

/// The lines that every screen has, and the room between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    pub header: Rect,
    /// What the screen shows, in words.
    pub status: Rect,
    pub body: Rect,
    pub hints: Rect,
}

/// Lays a screen out.
pub fn frame(size: Size) -> Frame {
    let all = Rect::new(0, 0, size.width, size.height);
    let line = |y: u16| Rect { y: y.min(size.height), height: 1.min(size.height.saturating_sub(y)), ..all };
    Frame {
        header: line(0),
        status: line(1),
        body: Rect { y: 2.min(size.height), height: size.height.saturating_sub(3), ..all },
        hints: line(size.height.saturating_sub(1)),
    }
}

/// The review screen: the list and the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    /// The list with its border, or a strip of three rows without one.
    pub list: Rect,
    /// Where the rows are.
    pub rows: Rect,
    pub card: Rect,
    /// Where the card's text is.
    pub content: Rect,
    pub is_strip: bool,
}

/// How wide a terminal must be for the list to stand beside the card.
const BESIDE: u16 = 70;

/// Lays the review screen out.
pub fn review(size: Size) -> Review {
    let body = frame(size).body;
    if size.width < BESIDE {
        let strip = 3.min(body.height);
        let list = Rect { height: strip, ..body };
        let card = Rect { y: body.y + strip, height: body.height - strip, ..body };
        let content = Rect {
            x: card.x + 1.min(card.width),
            y: card.y + 1.min(card.height),
            width: card.width.saturating_sub(2),
            height: card.height.saturating_sub(1),
        };
        return Review { list, rows: list, card, content, is_strip: true };
    }
    let wide = (u32::from(size.width) * 36 / 100).clamp(28, 60);
    let wide = u16::try_from(wide).unwrap_or(28);
    let list = Rect { width: wide, ..body };
    let card = Rect { x: body.x + wide, width: body.width - wide, ..body };
    let content = inside(card);
    let content =
        Rect { x: content.x + 1.min(content.width), width: content.width.saturating_sub(2), ..content };
    Review { list, rows: inside(list), card, content, is_strip: false }
}

/// The room inside a border.
pub fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x + 1.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// A rectangle of at most this size in the middle of an area.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_inside_the_terminal_at_any_size() {
        for width in 0..130 {
            for height in 0..60 {
                let size = Size { width, height };
                let all = Rect::new(0, 0, width, height);
                let Frame { header, status, body, hints } = frame(size);
                let Review { list, rows, card, content, .. } = review(size);
                let box_ = centred(body, 60, 20);
                for area in [header, status, body, hints, list, rows, card, content, box_] {
                    assert_eq!(area.intersection(all).area(), area.area(), "{size:?} {area:?}");
                    assert!(area.right() <= width && area.bottom() <= height, "{size:?} {area:?}");
                }
            }
        }
    }
}
