//! The progress bar of commands that take long, on standard error.

use super::output::is_quiet;
use crate::transfer::import::{ProgressSink, Unit};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

const BYTES: &str = "{msg:42} {bar:24} {bytes:>10} of {total_bytes}, {binary_bytes_per_sec}, {eta} left";
const ROWS: &str = "{msg:42} {bar:24} {human_pos:>10} of {human_len}, {per_sec}, {eta} left";
const UNKNOWN: &str = "{msg:42} {spinner} {elapsed}";

/// Shows each step as a bar with rate and time left; nothing unless standard error is a terminal.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub fn new() -> Self {
        // Ten times a second; hidden where there is no terminal.
        let target =
            if is_quiet() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) };
        Self { bar: ProgressBar::with_draw_target(None, target) }
    }
}

impl ProgressSink for Bar {
    fn begin(&mut self, step: &str, total: u64, unit: Unit) {
        let template = match unit {
            _ if total == 0 => UNKNOWN,
            Unit::Bytes => BYTES,
            Unit::Rows => ROWS,
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar.set_style(style.progress_chars("━╸ "));
        self.bar.reset();
        self.bar.set_message(step.to_owned());
        if total == 0 {
            self.bar.unset_length();
            self.bar.enable_steady_tick(Duration::from_millis(100));
        } else {
            self.bar.disable_steady_tick();
            self.bar.set_length(total);
        }
    }

    fn advance(&mut self, done: u64) {
        self.bar.set_position(done);
    }

    fn end(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
