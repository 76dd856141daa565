//! How far a load is.

use std::time::Instant;

/// What a step counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of a file as it lies on the disk.
    Bytes,
    Rows,
}

/// Somebody who is told how far a load is.
pub trait ProgressSink: Send {
    /// A step begins; the one before, if any, is over. `total` is 0 where it is not known.
    fn begin(&mut self, step: &str, total: u64, unit: Unit);

    /// The step has come so far.
    fn advance(&mut self, done: u64);

    /// The last step is over.
    fn end(&mut self);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl ProgressSink for Silent {
    fn begin(&mut self, _step: &str, _total: u64, _unit: Unit) {}

    fn advance(&mut self, _done: u64) {}

    fn end(&mut self) {}
}

/// A step that is over, and how long it took.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct StepTime {
    pub step: String,
    pub seconds: f64,
}

/// Tells a sink of the steps and keeps their times.
#[expect(missing_debug_implementations, reason = "a sink has none")]
pub struct Steps<'a> {
    sink: &'a mut dyn ProgressSink,
    current: Option<(String, Instant)>,
    times: Vec<StepTime>,
}

impl<'a> Steps<'a> {
    pub fn new(sink: &'a mut dyn ProgressSink) -> Self {
        Self { sink, current: None, times: Vec::new() }
    }

    /// Begins a step.
    pub fn begin(&mut self, step: &str, total: u64, unit: Unit) {
        self.close();
        self.sink.begin(step, total, unit);
        self.current = Some((step.to_owned(), Instant::now()));
    }

    /// Tells how far the step is.
    pub fn advance(&mut self, done: u64) {
        self.sink.advance(done);
    }

    /// Ends the last step and returns the times of all.
    pub fn end(&mut self) -> Vec<StepTime> {
        self.close();
        self.sink.end();
        std::mem::take(&mut self.times)
    }

    fn close(&mut self) {
        if let Some((step, start)) = self.current.take() {
            self.times.push(StepTime { step, seconds: start.elapsed().as_secs_f64() });
        }
    }
}
