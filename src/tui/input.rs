//! Keys, pastes, the mouse, focus and resizes from the terminal.
//!
//! A live event stream reads standard input even when nobody polls it, so it is dropped while the shell has the
//! terminal and made anew afterwards.

use super::app::Msg;
use super::app::keymap::Key;
use super::app::pointer::Gesture;
use crossterm::event::{Event, EventStream, MouseButton, MouseEvent, MouseEventKind};
use futures_util::StreamExt;
use ratatui::layout::{Position, Size};
use std::future::{Future, poll_fn};
use std::io;
use std::task::Poll;
use std::time::Duration;

/// Input from the terminal, while there is any.
#[derive(Debug)]
pub struct Input {
    stream: Option<EventStream>,
}

impl Input {
    /// Starts reading.
    pub fn new() -> Self {
        Self { stream: Some(EventStream::new()) }
    }

    /// Stops reading, so that the shell gets what is typed.
    pub fn pause(&mut self) {
        self.stream = None;
        forget_wake();
    }

    /// Starts reading again.
    pub fn resume(&mut self) {
        // Waits until the thread of the old stream has let go.
        self.stream = Some(EventStream::new());
        forget_wake();
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub async fn next(&mut self) -> io::Result<Msg> {
        loop {
            let Some(stream) = &mut self.stream else { return std::future::pending().await };
            match stream.next().await {
                Some(Ok(event)) => {
                    if let Some(msg) = message(event) {
                        return Ok(msg);
                    }
                }
                Some(Err(error)) => return Err(error),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// Returns a message that is there already.
    ///
    /// Polls with the loop's own waker: the stream remembers the waker it was polled with first, and one that does
    /// nothing (`now_or_never`) would leave the loop asleep.
    pub async fn ready(&mut self) -> Option<io::Result<Msg>> {
        let mut next = std::pin::pin!(self.next());
        poll_fn(|context| {
            Poll::Ready(match next.as_mut().poll(context) {
                Poll::Ready(msg) => Some(msg),
                Poll::Pending => None,
            })
        })
        .await
    }
}

/// Takes the wake-up that a dropped stream leaves for its thread, where that did not wait for one. Crossterm (0.29) would meet it
/// together with the next key, and then leave the key unread until another one is pressed.
fn forget_wake() {
    let _ = crossterm::event::poll(Duration::ZERO);
}

fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => Key::from_event(key).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(width, height) => Some(Msg::Resize(Size { width, height })),
        Event::FocusGained => Some(Msg::Focus(true)),
        Event::FocusLost => Some(Msg::Focus(false)),
        Event::Mouse(event) => gesture(event),
    }
}

fn gesture(event: MouseEvent) -> Option<Msg> {
    let gesture = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Gesture::Press,
        MouseEventKind::Drag(MouseButton::Left) => Gesture::Drag,
        MouseEventKind::Up(MouseButton::Left) => Gesture::Release,
        MouseEventKind::ScrollUp => Gesture::Up,
        MouseEventKind::ScrollDown => Gesture::Down,
        _ => return None,
    };
    Some(Msg::Mouse(gesture, Position { x: event.column, y: event.row }))
}
