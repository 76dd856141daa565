//! What models propose for the gaps, how sure they are and why.

use super::item::{Fact, Item, Mode, SEPARATOR};
use super::random::Random;
use super::reasoning::reasoning;
use super::spec::{Proposer, Skill, Spec, ValueType};
use chrono::{DateTime, TimeDelta, Utc};

/// The share of gaps for which nobody proposes anything.
const SILENT: f64 = 0.05;
/// How often two proposers find the same gap easy or hard.
const SHARED_LUCK: f64 = 0.72;
/// How often they make the same mistake.
const SHARED_MISTAKE: f64 = 0.65;
/// The least and the best chance to be right.
const SKILLS: [f64; 2] = [0.1, 0.89];

/// Which proposer speaks, for streams and sentences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice<'a> {
    pub(super) proposer: &'a Proposer,
    pub(super) number: u64,
    /// Whether it reads the products' texts, or only their siblings.
    pub(super) reads: bool,
}

/// A proposed value.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) value: String,
    pub(super) confidence: f64,
    pub(super) reasoning: String,
    pub(super) created_at: DateTime<Utc>,
}

/// Proposes a value for a gap, or not.
pub(super) fn propose(
    spec: &Spec,
    seed: u64,
    voice: Voice<'_>,
    item: &Item,
    fact: &Fact,
) -> Option<Proposal> {
    let (row, column) = (item.index as u64, fact.attribute as u64);
    let mut shared = Random::keyed(seed, &[8, row, column]);
    let mut own = Random::keyed(seed, &[9, voice.number, row, column]);
    let proposer = voice.proposer;
    if shared.chance(SILENT) || !own.chance(proposer.coverage) {
        return None;
    }
    // How good this proposer is at this attribute and gap.
    let knack = Random::keyed(seed, &[10, voice.number, column]).noise();
    let skill =
        (skill(&proposer.skill, fact.mode) + 0.1 * knack + 0.26 * own.noise()).clamp(SKILLS[0], SKILLS[1]);
    let (common, private) = (shared.unit(), own.unit());
    let luck = if own.chance(SHARED_LUCK) { common } else { private };
    let shared_mistake = own.chance(SHARED_MISTAKE);
    let mistake = mistake(spec, fact, if shared_mistake { &mut shared } else { &mut own });
    let right = luck < skill || mistake.is_none();
    let mut value = mistake.filter(|_| !right).unwrap_or_else(|| fact.joined());
    if item.awkward == Some(super::awkward::Awkward::OddValues) && voice.number == 0 {
        own.text(&spec.awkward.values).clone_into(&mut value);
    } else if spec.attributes[fact.attribute].value_type == ValueType::Choice && own.chance(0.03) {
        // The same value, carelessly written.
        value = value.to_lowercase();
    }
    let stated = skill * proposer.slope + proposer.shift + 0.04 * own.noise();
    let rounded = (stated / proposer.step).round() * proposer.step;
    Some(Proposal {
        reasoning: reasoning(spec, voice, item, fact, &value, rounded, &mut own),
        value,
        // Again to two digits: 0.05 * 19 is not 0.95.
        confidence: ((rounded * 100.0).round() / 100.0).clamp(0.2, 0.99),
        created_at: moment(proposer, &mut own),
    })
}

fn skill(skill: &Skill, mode: Mode) -> f64 {
    match mode {
        Mode::Verbatim => skill.verbatim,
        Mode::Converted => skill.converted,
        Mode::Contradicted => skill.contradicted,
        Mode::Absent => skill.absent,
    }
}

/// Makes the wrong value: what a text wrongly says, a number taken over without its unit, or another plausible one.
fn mistake(spec: &Spec, fact: &Fact, random: &mut Random) -> Option<String> {
    let number = spec.attributes[fact.attribute].value_type == ValueType::Number;
    let stated = fact.statements.iter().find(|statement| statement.value != fact.joined());
    let misread = stated.filter(|statement| !statement.right || (number && random.chance(0.5)));
    let partial = fact.truth.len() > 1 && random.chance(0.5);
    let value = match misread {
        Some(statement) => statement.value.clone(),
        None if partial => fact.truth[..fact.truth.len() - 1].join(SEPARATOR),
        None => {
            let likely = fact.others.len().min(2);
            let among = if random.chance(0.7) { &fact.others[..likely] } else { &fact.others };
            random.pick(among)?.clone()
        }
    };
    (value != fact.joined()).then_some(value)
}

/// Picks a moment between the proposer's start and end.
fn moment(proposer: &Proposer, random: &mut Random) -> DateTime<Utc> {
    let seconds = (proposer.completed_at - proposer.created_at).num_seconds();
    let after = random.below(usize::try_from(seconds).unwrap_or_default());
    proposer.created_at + TimeDelta::seconds(i64::try_from(after).unwrap_or_default())
}
