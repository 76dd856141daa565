//! The records of an outbox file: one a line, `length checksum json`, so that damage is noticed and a person can read it.

use crate::domain::{Decision, DecisionId, Fence, GapId, Reviewer, State};
use crate::repository::RepositoryError;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The format that this gapdeck writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 2;
/// The longest record: a decision holds the values that the reviewer saw.
pub(super) const LONGEST: usize = 32 << 20;
/// How many bytes stand before the JSON: two numbers of eight hexadecimal digits, each with a space after it.
const HEAD: usize = 18;

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub(super) enum Record {
    /// The first of a file: whose decisions these are.
    Header(Header),
    /// A decision to be sent.
    Decision { decision: Box<Decision>, fence: Fence },
    /// Decisions to be sent in one transaction, on as many gaps. One record, so that none is there without the others.
    Together { decisions: Vec<Decision> },
    /// The database has it.
    Sent { id: DecisionId },
    /// The database refused it.
    Failed { id: DecisionId, failure: Failure },
    /// It is to be sent again although it was refused.
    Again { id: DecisionId },
    /// The reviewer wants it no more.
    Dropped { id: DecisionId },
}

/// Says which database a file's decisions are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub format: u32,
    /// Tells one database from another; never holds a password.
    pub database: String,
    /// The process that made the file.
    pub process: u32,
    pub created_at: DateTime<Utc>,
}

/// Why the database did not take a decision, as far as a reviewer can do something about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failure {
    /// Somebody decided the gap meanwhile.
    Conflict { version: i32, state: State, by: Option<String> },
    /// Somebody else held the gap.
    Held { by: Reviewer, until: DateTime<Utc> },
    /// Anything else.
    Refused { reason: String },
    /// An earlier decision on the same gap was not taken, and this one builds on it.
    BuildsOn { id: DecisionId },
}

impl Failure {
    /// Returns what a refusal means; `None` where trying again may help.
    pub(super) fn of(error: &RepositoryError) -> Option<Self> {
        match error {
            RepositoryError::Unavailable(_) => None,
            RepositoryError::Conflict { version, state, by, .. } => {
                Some(Self::Conflict { version: *version, state: *state, by: by.clone() })
            }
            RepositoryError::Held { by, until, .. } => Some(Self::Held { by: by.clone(), until: *until }),
            other => Some(Self::Refused { reason: other.to_string() }),
        }
    }

    /// Says in one sentence without a full stop why a decision on a gap was not taken.
    pub fn reason(&self, gap: &GapId) -> String {
        match self {
            Self::Conflict { version, state, by } => RepositoryError::Conflict {
                gap: gap.clone(),
                version: *version,
                state: *state,
                by: by.clone(),
            }
            .to_string(),
            Self::Held { by, until } => {
                RepositoryError::Held { gap: gap.clone(), by: by.clone(), until: *until }.to_string()
            }
            Self::Refused { reason } => reason.clone(),
            Self::BuildsOn { .. } => "it builds on an earlier decision that was not taken".into(),
        }
    }
}

impl Record {
    /// Counts the decisions to be sent that the record holds.
    pub(super) fn decisions(&self) -> usize {
        match self {
            Self::Decision { .. } => 1,
            Self::Together { decisions } => decisions.len(),
            _ => 0,
        }
    }

    /// Writes the record behind what a buffer holds already.
    ///
    /// # Errors
    /// Says why it cannot be kept: too long, or not to be read back as it is.
    pub(super) fn write(&self, buffer: &mut Vec<u8>) -> Result<(), String> {
        let json = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        if json.len() > LONGEST {
            let megabytes = json.len() >> 20;
            return Err(format!("a decision of {megabytes} MiB is too large to be kept"));
        }
        let length = format!("{:08x} ", json.len());
        let checksum = checksum(length.as_bytes(), &json);
        // What is acknowledged must be readable after a restart: found out now, not then.
        if serde_json::from_slice::<Self>(&json).is_err() {
            return Err("the decision cannot be read back: a fault in gapdeck itself".into());
        }
        buffer.extend_from_slice(length.as_bytes());
        buffer.extend_from_slice(format!("{checksum:08x} ").as_bytes());
        buffer.extend_from_slice(&json);
        buffer.push(b'\n');
        Ok(())
    }

    /// Reads the record at the start of some bytes, with the bytes it takes without its line end; `None` where there is no
    /// whole one.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let head = bytes.get(..HEAD)?;
        let length = number(&head[..8])?;
        let wanted = number(&head[9..17])?;
        let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST)?;
        if head[8] != b' ' || head[17] != b' ' {
            return None;
        }
        let end = HEAD + length;
        let json = bytes.get(HEAD..end)?;
        if checksum(&head[..9], json) != wanted {
            return None;
        }
        Some((serde_json::from_slice(json).ok()?, end))
    }
}

fn checksum(length: &[u8], json: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(length);
    hasher.update(json);
    hasher.finalize()
}

/// Reads eight hexadecimal digits as they are written: one spelling for one number.
fn number(digits: &[u8]) -> Option<u32> {
    if !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
