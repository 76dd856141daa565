//! The cards at hand: the one shown, and those around it, loaded before they are asked for.

use crate::domain::{Choice, GapId, Lot, ReviewCard, Share, VoteMark};
use crate::evidence::candidates::{choices_of, learned_from, shown_first, vote_of};
use crate::evidence::finding::{Finding, finding};
use crate::evidence::same::Canonical;
use crate::evidence::vote::{Reading, Vote, siblings};
use crate::repository::RepositoryError;
use crate::review::Review;
use std::collections::HashSet;
use std::sync::Arc;

/// How many cards are kept.
const MOST: usize = 64;
/// How many cards are on their way at once: the one under the cursor need not wait for more than one other, and an
/// embedded database has but one connection.
const IN_FLIGHT: usize = 2;

/// With more allowed values than these, other ones are not looked for in the texts.
const FEW_ALLOWED: usize = 60;

/// What there is to say of a choice before anybody takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// What the product's name (text 0) and its other texts say.
    pub finding: Finding,
    /// How many of the product's variants among the neighbours have the value, of how many that have one.
    pub siblings: (usize, usize),
    /// Why taking it needs a second key.
    pub objection: Option<String>,
}

/// A card with what is derived from it.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedCard {
    pub card: ReviewCard,
    /// The candidates, equal values merged.
    pub choices: Vec<Choice>,
    /// What there is to say of each of them.
    pub evidence: Vec<Evidence>,
    /// How many choices are shown at first, where the others may be left out.
    shown_first: Option<usize>,
    /// How many judged predictions the order is learned from, where it is.
    pub learned_from: Option<u64>,
    /// What the neighbours say; none where nobody has a value, or where that is worth nothing.
    pub vote: Option<Vote>,
    /// Whether predictions were taken out: the reviewer chooses first.
    pub is_veiled: bool,
}

impl LoadedCard {
    /// Derives what the screen needs.
    pub fn new(card: ReviewCard) -> Self {
        let vote = vote_of(&card);
        let choices = choices_of(&card, vote.as_ref());
        Self {
            evidence: evidence(&card, &choices),
            shown_first: shown_first(&card, &choices),
            learned_from: learned_from(&card),
            choices,
            vote,
            card,
            is_veiled: false,
        }
    }

    /// Returns how many choices are listed while one is selected: going beyond the fold unfolds the list.
    pub fn listed(&self, selected: usize) -> usize {
        self.shown_first.filter(|shown| selected < *shown).unwrap_or(self.choices.len())
    }

    /// Makes the card as it is shown before the reviewer has chosen: without what was predicted, and without the vote,
    /// whose numbers would be one key away where a value of the reviewer's own takes several.
    fn veiled(&self) -> Self {
        let mut card = self.card.clone();
        card.candidates.clear();
        card.voters.clear();
        card.records.clear();
        (card.common, card.cut) = (None, None);
        (card.row.best_value, card.row.best_confidence) = (None, None);
        Self { is_veiled: true, ..Self::new(card) }
    }

    /// Says what the neighbours' vote means for a value.
    pub fn mark(&self, value: &str) -> VoteMark {
        let mark = |vote: &Vote| vote.mark(value, Reading::of(&self.card.attribute));
        self.vote.as_ref().map_or(VoteMark::Silent, mark)
    }

    /// Says what it means for the best candidate, as the queue's list shows it.
    pub fn best_mark(&self) -> VoteMark {
        self.card.row.best_value.as_deref().map_or(VoteMark::Silent, |value| self.mark(value))
    }
}

/// Looks what the product's texts and its variants say of each choice, and what the gate would say.
fn evidence(card: &ReviewCard, choices: &[Choice]) -> Vec<Evidence> {
    let product = &card.product;
    let name = product.product.name.as_deref().unwrap_or_default();
    let texts: Vec<&str> =
        std::iter::once(name).chain(product.texts.iter().map(|text| text.content.as_str())).collect();
    let reading = Reading::of(&card.attribute);
    let related: Vec<_> = siblings(name, &card.voters).filter(|one| !one.values.is_empty()).collect();
    let allowed = if card.allowed.total <= FEW_ALLOWED { card.allowed.values.as_slice() } else { &[] };
    choices
        .iter()
        .enumerate()
        .map(|(index, choice)| {
            let others = choices.iter().enumerate().filter(|(other, _)| *other != index);
            let others = others.map(|(_, other)| other.value.as_str());
            let others = others.chain(allowed.iter().map(|one| one.value.as_str()));
            let own = Canonical::new(&choice.value, reading.unit);
            let has = |value: &String| Canonical::new(value, reading.unit).is_same(&own);
            let agree = related.iter().filter(|one| one.values.iter().any(has)).count();
            Evidence {
                finding: finding(&texts, &choice.value, &card.attribute, others),
                siblings: (agree, related.len()),
                objection: Review::check(card, &choice.value).err().map(|problem| problem.reason),
            }
        })
        .collect()
}

#[derive(Debug, Clone)]
enum Entry {
    /// With the card as it is shown first, where the reviewer is to choose first.
    Loaded(Arc<LoadedCard>, Option<Arc<LoadedCard>>),
    Failed(RepositoryError),
}

/// Cards by gap, the least recently used dropped first.
#[derive(Debug, Clone, Default)]
pub struct Cards {
    /// The most recently used last.
    entries: Vec<(GapId, Entry)>,
    in_flight: Vec<InFlight>,
    /// Of all gaps, those on which the reviewer chooses first.
    blind: Share,
    /// Gaps on which the reviewer has chosen, and seen the predictions since.
    unveiled: HashSet<GapId>,
}

#[derive(Debug, Clone)]
struct InFlight {
    gap: GapId,
    /// The card was decided while it was on its way: what arrives is out of date.
    outdated: bool,
}

impl Cards {
    /// Returns a card if it is at hand.
    pub fn get(&self, gap: &GapId) -> Option<&Arc<LoadedCard>> {
        self.entries.iter().rev().find_map(|(key, entry)| match entry {
            Entry::Loaded(card, _) if key == gap => Some(card),
            _ => None,
        })
    }

    /// Returns a card without its predictions, where the reviewer is to choose before seeing them.
    pub fn veiled(&self, gap: &GapId) -> Option<&Arc<LoadedCard>> {
        self.entries.iter().rev().find_map(|(key, entry)| match entry {
            Entry::Loaded(_, veiled) if key == gap && !self.unveiled.contains(gap) => veiled.as_ref(),
            _ => None,
        })
    }

    /// Sets on which share of all gaps the reviewer chooses first.
    pub fn set_blind(&mut self, share: Share) {
        if self.blind == share {
            return;
        }
        self.blind = share;
        for (gap, entry) in &mut self.entries {
            if let Entry::Loaded(card, veiled) = entry {
                *veiled = veil(share, gap, card);
            }
        }
    }

    /// Tells whether the reviewer is to choose before seeing anything of a gap's predictions.
    pub fn is_blind(&self, gap: &GapId) -> bool {
        self.blind.takes(Lot::Blind.of(gap)) && !self.unveiled.contains(gap)
    }

    /// Shows the predictions for a gap from now on: its reviewer has chosen.
    pub fn unveil(&mut self, gap: &GapId) {
        self.unveiled.insert(gap.clone());
    }

    /// Returns why a card could not be loaded.
    pub fn failure(&self, gap: &GapId) -> Option<&RepositoryError> {
        self.entries.iter().rev().find_map(|(key, entry)| match entry {
            Entry::Failed(error) if key == gap => Some(error),
            _ => None,
        })
    }

    /// Takes a card that arrived.
    pub fn arrive(&mut self, gap: GapId, result: Result<Option<Box<ReviewCard>>, RepositoryError>) {
        let Some(index) = self.in_flight.iter().position(|one| one.gap == gap) else { return };
        if self.in_flight.remove(index).outdated {
            return;
        }
        let entry = match result {
            Ok(Some(card)) => {
                let card = Arc::new(LoadedCard::new(*card));
                let veiled = veil(self.blind, &gap, &card);
                Entry::Loaded(card, veiled)
            }
            Ok(None) => Entry::Failed(RepositoryError::NotFound { what: "gap", key: gap.to_string() }),
            Err(error) => Entry::Failed(error),
        };
        self.entries.retain(|(key, _)| *key != gap);
        self.entries.push((gap, entry));
        if self.entries.len() > MOST {
            self.entries.remove(0);
        }
    }

    /// Forgets a card: its gap was decided.
    pub fn invalidate(&mut self, gap: &GapId) {
        self.entries.retain(|(key, _)| key != gap);
        for one in &mut self.in_flight {
            one.outdated |= one.gap == *gap;
        }
    }

    /// Forgets every card.
    pub fn clear(&mut self) {
        self.entries.clear();
        for one in &mut self.in_flight {
            one.outdated = true;
        }
    }

    /// Forgets that a card could not be loaded, so that it is tried again.
    pub fn forget_failures(&mut self) {
        self.entries.retain(|(_, entry)| matches!(entry, Entry::Loaded(..)));
    }

    /// Picks the card to load next: the wanted ones in order of need, the first of them under the cursor.
    ///
    /// Nothing is aborted: a card is worth having, and a read cut off in its transaction costs the connection.
    pub fn plan<'a>(&mut self, wanted: impl IntoIterator<Item = &'a GapId>) -> Option<GapId> {
        for (rank, gap) in wanted.into_iter().enumerate() {
            if rank > 0 && !self.in_flight.is_empty() || self.in_flight.len() >= IN_FLIGHT {
                return None;
            }
            if let Some(index) = self.entries.iter().position(|(key, _)| key == gap) {
                let entry = self.entries.remove(index);
                self.entries.push(entry);
            } else if !self.in_flight.iter().any(|one| one.gap == *gap) {
                self.in_flight.push(InFlight { gap: gap.clone(), outdated: false });
                return Some(gap.clone());
            }
        }
        None
    }
}

/// A gap without predictions has nothing to veil.
fn veil(blind: Share, gap: &GapId, card: &LoadedCard) -> Option<Arc<LoadedCard>> {
    (blind.takes(Lot::Blind.of(gap)) && !card.card.candidates.is_empty()).then(|| Arc::new(card.veiled()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps() -> Vec<GapId> {
        (0..9).map(|n| GapId::new(format!("p{n}"), "colour")).collect()
    }

    #[test]
    fn the_card_under_the_cursor_comes_first_and_others_one_at_a_time() {
        let gaps = gaps();
        let mut cards = Cards::default();
        assert_eq!(cards.plan(&gaps[0..5]), Some(gaps[0].clone()));
        assert_eq!(cards.plan(&gaps[0..5]), None, "a prefetch waits");
        assert_eq!(cards.plan(&gaps[5..9]), Some(gaps[5].clone()), "the cursor moved: no waiting");
        assert_eq!(cards.plan(&gaps[6..9]), None, "two at once are enough");
    }

    #[test]
    fn a_card_that_was_decided_on_its_way_is_not_kept() {
        let gaps = gaps();
        let mut cards = Cards::default();
        cards.plan(&gaps[0..1]);
        cards.invalidate(&gaps[0]);
        cards.arrive(gaps[0].clone(), Ok(None));
        assert!(cards.get(&gaps[0]).is_none() && cards.failure(&gaps[0]).is_none());
        assert_eq!(cards.plan(&gaps[0..1]), Some(gaps[0].clone()));
    }
}
