//! A request whose latest answer alone counts.

use crate::repository::RepositoryError;
use std::time::Instant;

/// Names one request of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What was asked for last, and what came back last.
#[derive(Debug, Clone)]
pub struct Slot<T> {
    latest: Ticket,
    pub value: Option<T>,
    pub error: Option<RepositoryError>,
    pub waiting_since: Option<Instant>,
    /// Something changed since the request was made: its answer may come from before or after that.
    outdated: bool,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { latest: Ticket::default(), value: None, error: None, waiting_since: None, outdated: false }
    }
}

impl<T> Slot<T> {
    /// Starts a request: answers to earlier ones no longer count. The value at hand stays until the answer is there.
    pub fn begin(&mut self, now: Instant) -> Ticket {
        self.latest = Ticket(self.latest.0 + 1);
        self.waiting_since = Some(now);
        self.outdated = false;
        self.latest
    }

    /// Notes that what is being asked for has just changed.
    pub fn outdate(&mut self) {
        self.outdated = self.is_waiting();
    }

    /// Tells whether the answer that came may be from before a change, so that it has to be asked for again.
    pub fn is_outdated(&self) -> bool {
        self.outdated
    }

    /// Tells whether an answer is still wanted.
    pub fn awaits(&self, ticket: Ticket) -> bool {
        ticket == self.latest && self.is_waiting()
    }

    /// Takes an answer unless a newer request was made meanwhile; tells whether it was taken.
    pub fn accept(&mut self, ticket: Ticket, answer: Result<T, RepositoryError>) -> bool {
        if !self.awaits(ticket) {
            return false;
        }
        self.waiting_since = None;
        match answer {
            Ok(value) => {
                self.value = Some(value);
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
        true
    }

    /// Gives the request up: its answer no longer counts.
    pub fn cancel(&mut self) {
        self.waiting_since = None;
    }

    /// Tells whether an answer is awaited.
    pub fn is_waiting(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Tells whether nothing was asked for yet.
    pub fn is_untouched(&self) -> bool {
        self.latest == Ticket::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_does_not_count_and_the_old_value_stays() {
        let mut slot = Slot::default();
        let now = Instant::now();
        let first = slot.begin(now);
        assert!(slot.accept(first, Ok("old")));
        let second = slot.begin(now);
        let third = slot.begin(now);
        assert!(!slot.accept(second, Ok("late")));
        assert_eq!(slot.value, Some("old"));
        assert!(slot.accept(third, Ok("new")));
        assert!(!slot.accept(third, Ok("twice")));
        assert_eq!((slot.value, slot.is_waiting()), (Some("new"), false));
    }
}
