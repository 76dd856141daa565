//! The neighbour vote: what the nearest products' source values say about a gap.
//!
//! Every neighbour that has a value votes for it with a weight that falls with its distance (Dudani 1976, "The
//! distance-weighted k-nearest-neighbor rule"). Variants of one product
//! (another size, another colour) are one family and share one vote, so that twelve sizes of one shoe are not twelve
//! witnesses. Values are source values, never accepted predictions: a model's mistake that was accepted must not vote for
//! the same mistake next door.

use super::same::Canonical;
use crate::domain::{Attribute, Neighbour, VoteMark};
use std::collections::BTreeSet;

/// How many of the nearest products are asked; those without a value for the attribute do not vote.
pub const VOTERS: usize = 30;
/// The share of the vote from which a value has the majority.
const MAJORITY: f64 = 0.5;
/// Below this share the vote speaks against a value if another has the majority.
const MINORITY: f64 = 0.2;
/// The fewest effective voters that are evidence: one neighbour is an anecdote, and so are two of which one is far.
pub const QUORUM: f64 = 2.0;
/// How much of two names' words must be common to make their products one family.
const FAMILY: f64 = 0.8;
/// Similarities closer than this are one.
const SAME_SIMILARITY: f64 = 1e-6;

/// What the neighbours say about one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// The value as most of the vote writes it.
    pub value: String,
    /// Its share of the vote, 0..=1. Of an attribute with several values, the share of the voters that have it.
    pub share: f64,
    /// How many neighbours have it.
    pub count: usize,
    canonical: Canonical,
}

impl Share {
    /// Tells whether a value is this one.
    pub fn is(&self, value: &Canonical) -> bool {
        self.canonical.is_same(value)
    }
}

/// What the neighbours say about an attribute.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vote {
    /// The values, the largest share first; ties in the order of their texts.
    pub shares: Vec<Share>,
    /// The effective number of voters (Kish 1965): `(sum w)^2 / sum w^2` over the families' weights.
    pub effective: f64,
    /// How many neighbours have a value.
    pub voters: usize,
}

/// How the values of an attribute are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading<'a> {
    /// The unit of numbers without one.
    pub unit: Option<&'a str>,
    /// Whether a product may have several values, apart by `;`.
    pub several: bool,
}

impl<'a> Reading<'a> {
    /// Reads values as an attribute's.
    pub fn of(attribute: &'a Attribute) -> Self {
        Self { unit: attribute.unit.as_deref(), several: attribute.multi_valued }
    }

    /// Returns the single values of a value.
    pub(super) fn parts<'v>(&self, value: &'v str) -> impl Iterator<Item = &'v str> {
        let several = self.several;
        value.split(move |c| several && c == ';').map(str::trim).filter(|part| !part.is_empty())
    }
}

impl Vote {
    /// Counts the vote of neighbours, which carry their source values for the attribute; those without one do not vote.
    pub fn of(neighbours: &[Neighbour], reading: Reading<'_>) -> Self {
        let scale = Scale::of(neighbours);
        let voters: Vec<&Neighbour> = neighbours
            .iter()
            .filter(|one| {
                scale.weight(one.similarity) > 0.0 && one.values.iter().any(|value| !value.trim().is_empty())
            })
            .collect();
        let families = families(&voters);
        let family_weight = |family: usize| {
            let members = voters.iter().zip(&families).filter(|(_, of)| **of == family);
            members.map(|(voter, _)| scale.weight(voter.similarity)).fold(0.0, f64::max)
        };
        let size = |family: usize| families.iter().filter(|of| **of == family).count();
        let (mut total, mut squares) = (0.0, 0.0);
        for (index, family) in families.iter().enumerate() {
            // The first member stands for its family.
            if *family == index {
                let weight = family_weight(*family);
                total += weight;
                squares += weight * weight;
            }
        }
        if total <= 0.0 {
            return Self::default();
        }
        let mut groups: Vec<Group> = Vec::new();
        for (voter, family) in voters.iter().zip(&families) {
            let own = family_weight(*family) / real(size(*family));
            let parts: Vec<&str> = voter.values.iter().flat_map(|value| reading.parts(value)).collect();
            // Of several values of one attribute, each is the product's; otherwise sources that differ share its vote.
            let each = if reading.several { own } else { own / real(parts.len().max(1)) };
            let mut given: BTreeSet<usize> = BTreeSet::new();
            for part in parts {
                let canonical = Canonical::new(part, reading.unit);
                let at = groups.iter().position(|group| group.canonical.is_same(&canonical));
                let at = at.unwrap_or_else(|| {
                    groups.push(Group { canonical, spellings: Vec::new(), weight: 0.0, count: 0 });
                    groups.len() - 1
                });
                let is_first = given.insert(at);
                groups[at].add(part, each, is_first, reading.several);
            }
        }
        let mut shares: Vec<Share> = groups.into_iter().map(|group| group.share(total)).collect();
        shares.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.value.cmp(&b.value)));
        Self { shares, effective: total * total / squares, voters: voters.len() }
    }

    /// Tells whether enough neighbours have a value to say something.
    pub fn is_evidence(&self) -> bool {
        // Two equal voters make 2 up to rounding.
        self.effective >= QUORUM - 1e-9
    }

    /// Returns the share of the vote that a value has; of several values, the mean of their shares.
    pub fn share(&self, value: &str, reading: Reading<'_>) -> f64 {
        let parts: Vec<Canonical> =
            reading.parts(value).map(|part| Canonical::new(part, reading.unit)).collect();
        let of = |part: &Canonical| {
            self.shares.iter().find(|one| one.canonical.is_same(part)).map_or(0.0, |one| one.share)
        };
        parts.iter().map(of).sum::<f64>() / real(parts.len().max(1))
    }

    /// Says what the vote means for a value: it has the majority, another value has it and this one next to nothing, or
    /// neither.
    pub fn mark(&self, value: &str, reading: Reading<'_>) -> VoteMark {
        if !self.is_evidence() {
            return VoteMark::Silent;
        }
        let own = self.share(value, reading);
        if own >= MAJORITY {
            return VoteMark::Agrees;
        }
        let is_against = self.shares.first().is_some_and(|first| first.share >= MAJORITY);
        if is_against && own < MINORITY { VoteMark::Contradicts } else { VoteMark::Split }
    }
}

/// From what similarity to what weight: 1 for the nearest, 0 for the farthest that was asked, in between linear (Dudani
/// 1976). Similarities of different models are not on one scale; with some, all products are 0.8 alike. Where fewer than
/// [`VOTERS`] were found there is no farthest, and 0 stands for it.
struct Scale {
    nearest: f64,
    farthest: f64,
}

impl Scale {
    fn of(neighbours: &[Neighbour]) -> Self {
        // Not a number: a vector without direction, which has no neighbours.
        let known = || neighbours.iter().map(|one| one.similarity).filter(|similarity| !similarity.is_nan());
        let nearest = known().fold(0.0, f64::max);
        let farthest = if neighbours.len() >= VOTERS { known().fold(nearest, f64::min) } else { 0.0 };
        Self { nearest, farthest: farthest.max(0.0) }
    }

    fn weight(&self, similarity: f64) -> f64 {
        if similarity.is_nan() || similarity <= 0.0 {
            return 0.0;
        }
        let range = self.nearest - self.farthest;
        // All equally near.
        if range <= SAME_SIMILARITY { 1.0 } else { ((similarity - self.farthest) / range).clamp(0.0, 1.0) }
    }
}

/// Values that are one, while the vote is counted.
struct Group {
    canonical: Canonical,
    /// How it is written, with the weight of those who write it so.
    spellings: Vec<(String, f64)>,
    weight: f64,
    count: usize,
}

impl Group {
    fn add(&mut self, spelling: &str, weight: f64, is_first_of_voter: bool, once: bool) {
        if is_first_of_voter {
            self.count += 1;
        }
        if is_first_of_voter || !once {
            self.weight += weight;
        }
        match self.spellings.iter_mut().find(|(known, _)| known == spelling) {
            Some((_, known)) => *known += weight,
            None => self.spellings.push((spelling.to_owned(), weight)),
        }
    }

    fn share(self, total: f64) -> Share {
        let mut spellings = self.spellings;
        spellings.sort_by(|(a, left), (b, right)| right.total_cmp(left).then_with(|| a.cmp(b)));
        Share {
            value: spellings.into_iter().next().map(|(spelling, _)| spelling).unwrap_or_default(),
            share: (self.weight / total).clamp(0.0, 1.0),
            count: self.count,
            canonical: self.canonical,
        }
    }
}

/// Puts voters into families; returns for each the index of its family's first member.
///
/// Two are of one family if their names share four fifths of their words, or if they are equally near and have the same
/// values (the same text was embedded twice). Chains join: single linkage.
fn families(voters: &[&Neighbour]) -> Vec<usize> {
    let words: Vec<BTreeSet<String>> = voters.iter().map(|voter| words(&voter.product_name)).collect();
    let mut first: Vec<usize> = (0..voters.len()).collect();
    for right in 1..voters.len() {
        for left in 0..right {
            if first[left] != first[right]
                && is_family(voters[left], voters[right], &words[left], &words[right])
            {
                let (kept, gone) = (first[left].min(first[right]), first[left].max(first[right]));
                for one in &mut first {
                    if *one == gone {
                        *one = kept;
                    }
                }
            }
        }
    }
    first
}

fn is_family(a: &Neighbour, b: &Neighbour, a_words: &BTreeSet<String>, b_words: &BTreeSet<String>) -> bool {
    let is_twin = (a.similarity - b.similarity).abs() < SAME_SIMILARITY && a.values == b.values;
    if is_twin {
        return true;
    }
    are_variants(a_words, b_words)
}

fn are_variants(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    let common = a.intersection(b).count();
    let all = a.len() + b.len() - common;
    all > 0 && real(common) >= FAMILY * real(all) - 1e-9
}

/// Returns the neighbours that are variants of a product by their names: its siblings.
pub fn siblings<'n>(name: &str, neighbours: &'n [Neighbour]) -> impl Iterator<Item = &'n Neighbour> {
    let own = words(name);
    neighbours.iter().filter(move |one| are_variants(&own, &words(&one.product_name)))
}

fn words(name: &str) -> BTreeSet<String> {
    let split = name.split(|c: char| !c.is_alphanumeric());
    split.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of neighbours are small")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn neighbour(name: &str, similarity: f64, values: &[&str]) -> Neighbour {
        Neighbour {
            product_key: name.into(),
            product_name: name.into(),
            similarity,
            values: values.iter().map(ToString::to_string).collect(),
        }
    }

    const PLAIN: Reading<'_> = Reading { unit: None, several: false };

    fn shares(vote: &Vote) -> Vec<(&str, f64, usize)> {
        vote.shares
            .iter()
            .map(|one| (one.value.as_str(), (one.share * 1e6).round() / 1e6, one.count))
            .collect()
    }

    /// Weights 1, 0.75, 0.5: of 2.25, red has 1.5 and blue 0.75; n = 2.25^2 / (1 + 0.5625 + 0.25).
    #[test]
    fn shares_are_weighted_by_similarity_and_the_effective_number_is_kish_s() {
        let vote = Vote::of(
            &[neighbour("a", 0.8, &["Red"]), neighbour("b", 0.6, &["Blue"]), neighbour("c", 0.4, &[" red "])],
            PLAIN,
        );
        assert_eq!(shares(&vote), [("Red", 0.666_667, 2), ("Blue", 0.333_333, 1)]);
        assert!((vote.effective - 5.0625 / 1.8125).abs() < 1e-9, "{}", vote.effective);
        assert_eq!(vote.mark("RED", PLAIN), VoteMark::Agrees);
        assert_eq!(vote.mark("blue", PLAIN), VoteMark::Split, "a third of the vote is not next to nothing");
        assert_eq!(vote.mark("green", PLAIN), VoteMark::Contradicts);
    }

    /// Three sizes of one shoe have one vote among them, the other shoe another.
    #[test]
    fn variants_of_one_product_are_one_witness() {
        let shoe = |size: &str, name: &str, value| neighbour(&format!("{name} {size}"), 0.9, &[value]);
        let vote = Vote::of(
            &[
                shoe("12", "Ellie Shoes Women 8400 Red Patent Leather", "Ellie"),
                shoe("13", "Ellie Shoes Women 8400 Red Patent Leather", "Ellie"),
                shoe("14", "Ellie Shoes Women 8400 Red Patent Leather", "Ellie"),
                shoe("12", "Holy Land Market Unisex Biblical Sandals Brown", "Holy Land"),
            ],
            PLAIN,
        );
        assert_eq!(shares(&vote), [("Ellie", 0.5, 3), ("Holy Land", 0.5, 1)]);
        assert!((vote.effective - 2.0).abs() < 1e-9);
    }

    #[test]
    fn equally_near_neighbours_with_the_same_values_are_one_text_embedded_twice() {
        let twins = [neighbour("a", 0.9, &["Red"]), neighbour("b", 0.9, &["Red"])];
        let vote = Vote::of(&twins, PLAIN);
        assert!((vote.effective - 1.0).abs() < 1e-9 && !vote.is_evidence());
        assert_eq!(vote.mark("Red", PLAIN), VoteMark::Silent);
    }

    #[test]
    fn units_and_several_values_count_as_what_they_mean() {
        let grams = Reading { unit: Some("g"), several: false };
        let vote = Vote::of(
            &[
                neighbour("a", 0.9, &["286"]),
                neighbour("b", 0.8, &["0.63 lb"]),
                neighbour("c", 0.7, &["90 g"]),
            ],
            grams,
        );
        assert_eq!(vote.shares[0].count, 2);
        assert_eq!(vote.mark("286 g", grams), VoteMark::Agrees);
        let several = Reading { unit: None, several: true };
        let vote = Vote::of(
            &[
                neighbour("a", 0.9, &["Run; Walk"]),
                neighbour("b", 0.8, &["Run"]),
                neighbour("c", 0.7, &["Walk", "Run"]),
            ],
            several,
        );
        assert!((vote.share("Run", several) - 1.0).abs() < 1e-9, "every neighbour has it: {vote:?}");
        assert_eq!(vote.mark("Walk; Run", several), VoteMark::Agrees);
    }

    #[test]
    fn nobody_a_single_one_and_one_without_direction_are_no_evidence() {
        for neighbours in [
            Vec::new(),
            vec![neighbour("a", 0.9, &["Red"])],
            vec![neighbour("a", 0.9, &[]), neighbour("b", 0.8, &[" "])],
            vec![neighbour("a", f64::NAN, &["Red"]), neighbour("b", -0.2, &["Red"])],
        ] {
            let vote = Vote::of(&neighbours, PLAIN);
            assert_eq!(vote.mark("Red", PLAIN), VoteMark::Silent, "{neighbours:?}");
        }
    }

    proptest! {
        #[test]
        fn shares_are_shares_in_any_company(
            rows in proptest::collection::vec((0..6_u8, -0.2..1.0_f64, "[a-c]"), 0..60), several: bool,
        ) {
            let neighbours: Vec<Neighbour> = rows
                .iter()
                .map(|(name, similarity, value)| neighbour(&format!("n{name} {name}x"), *similarity, &[value]))
                .collect();
            let reading = Reading { unit: None, several };
            let vote = Vote::of(&neighbours, reading);
            let sum: f64 = vote.shares.iter().map(|one| one.share).sum();
            prop_assert!(vote.shares.is_empty() || (sum - 1.0).abs() < 1e-9);
            prop_assert!(vote.shares.windows(2).all(|two| two[0].share >= two[1].share));
            prop_assert!(vote.effective <= real(vote.voters) + 1e-9);
            prop_assert!(vote.shares.iter().map(|one| one.count).sum::<usize>() == vote.voters);
        }

        #[test]
        fn where_all_agree_nothing_else_is_agreed_to(count in 3..50_usize) {
            let neighbours: Vec<Neighbour> =
                (0..count).map(|n| neighbour(&format!("name{n}"), 0.9 - real(n) / 100.0, &["x"])).collect();
            let vote = Vote::of(&neighbours, PLAIN);
            prop_assert_eq!(vote.mark("X", PLAIN), VoteMark::Agrees);
            prop_assert_eq!(vote.mark("y", PLAIN), VoteMark::Contradicts);
        }
    }
}
