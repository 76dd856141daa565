//! Reading an outbox file whatever it holds: the whole records, and where it is damaged.

use super::record::Record;
use std::ops::Range;

/// What a file's bytes are.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Contents {
    /// Every whole record, in order.
    pub records: Vec<Record>,
    /// Bytes that are no record, or the torn start of one.
    pub damaged: Vec<Range<usize>>,
}

/// Reads records; after damage, goes on with the next whole one.
pub(super) fn read(bytes: &[u8]) -> Contents {
    let mut contents = Contents::default();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\n' {
            at += 1;
        } else if let Some((record, length)) = Record::read(&bytes[at..]) {
            contents.records.push(record);
            at += length;
        } else {
            let start = at;
            at = next_whole(bytes, start);
            contents.damaged.push(start..at);
        }
    }
    contents
}

/// Finds the next whole record: records start behind line ends, and hold none; the line end itself may be what is damaged.
fn next_whole(bytes: &[u8], start: usize) -> usize {
    let ends = bytes[start..].iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    std::iter::once(start + 1)
        .chain(ends.map(|(index, _)| start + index + 1))
        .find(|at| bytes.get(*at..).is_some_and(|rest| Record::read(rest).is_some()))
        .unwrap_or(bytes.len())
}
