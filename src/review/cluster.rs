//! Clusters: gaps of one attribute, category and most confident value whose products lie close together; what random checks
//! of their members certify, and accepting the rest of one as a bulk action.
//!
//! Nothing is remembered beside the decisions. Which gaps a cluster has depends on the catalogue, the predictions and the
//! embeddings alone, decided gaps included; and the decided ones with the lowest lots, up to the first that nobody has
//! decided, are a random sample of it, whoever decided them and why.

use super::Review;
use super::bulk::{Acceptance, Accepted, Preview, Told, Which, preview_of};
use crate::domain::{
    Checked, Confidence, GapId, GroupKey, GroupMember, Lot, ProductKey, QueueFilter, QueueRow, QueueSort,
    State, StateFilter, normalised,
};
use crate::insight::partition::{Direction, Part, parts};
use crate::insight::without_replacement::{more_needed, wrong_at_most};
use crate::repository::{RepositoryError, Result};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// The most open gaps that are looked at for groups.
pub const MOST_GAPS: usize = 10_000;
/// The most gaps of a group that are looked at.
pub const MOST_MEMBERS: usize = 10_000;
/// The most members by which a group is parted; the others join the part whose centre is nearest.
const MOST_PARTED: usize = 2_000;
/// How many embeddings are read by one statement: 6 KB each.
const VECTORS: usize = 500;
/// How many pages are read at most: a page may come back short.
const MOST_PAGES: usize = 20;
/// The probability with which what is certified may be wrong.
pub const ALPHA: f64 = 0.05;
/// The share of wrong ones among the unchecked for which it is said how many more checks it takes.
pub const TOLERATED: f64 = 0.05;

/// Open gaps of one attribute, category and most confident value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueGroup {
    /// With the spelling that most of them have.
    #[serde(flatten)]
    pub key: GroupKey,
    /// How many of those looked at are in it.
    pub open: usize,
    /// How many ways of writing the value there are.
    pub spellings: usize,
    pub lowest_confidence: Option<Confidence>,
    pub highest_confidence: Option<Confidence>,
}

/// The groups among some open gaps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Groups {
    /// The largest first.
    pub groups: Vec<ValueGroup>,
    /// How many open gaps were looked at: the most confident ones.
    pub looked_at: usize,
    /// Whether there are more.
    pub is_cut: bool,
}

/// A gap of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub row: QueueRow,
    pub said: Checked,
    /// The cosine of the angle between its product's embedding and the cluster's centre; none without an embedding.
    pub similarity: Option<f64>,
}

impl Member {
    /// Tells whether it waits for a decision.
    pub fn is_open(&self) -> bool {
        self.row.state == State::Open
    }
}

/// Gaps of a group whose products lie close together.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    pub group: GroupKey,
    /// In whatever state, those with the lowest lots first.
    pub members: Vec<Member>,
    /// The member whose product is nearest to all others; none for products without an embedding.
    pub medoid: Option<usize>,
}

/// The clusters of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// The largest first; products without an embedding are the last.
    pub clusters: Vec<Cluster>,
    /// Whether the group has more members than were looked at.
    pub is_cut: bool,
}

/// What was checked of a cluster, and what follows for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// How many gaps the cluster has, decided ones included.
    pub members: u64,
    /// Those that wait for a decision.
    pub open: u64,
    /// The random checks: decided by people, and of the lowest lots.
    pub checked: u64,
    /// Those of them for which the value is wrong, or nobody said that it is right.
    pub wrong: u64,
    /// Wrong ones among the others that people decided, such as outliers: they certify nothing.
    pub wrong_elsewhere: u64,
    /// How many of the open gaps are wrong at most, 95 % sure, however often one looks.
    pub wrong_at_most: u64,
    /// How many more random checks without an error it takes until at most 5 % of the unchecked are wrong.
    pub more_needed: u64,
}

impl Checks {
    /// Returns the largest share of the open gaps that is wrong, as far as is certified.
    pub fn share(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts of gaps")]
        let share = self.wrong_at_most as f64 / self.open.max(1) as f64;
        share
    }
}

impl Cluster {
    /// Says what is certified so far.
    pub fn checks(&self) -> Checks {
        let count = |members: &[Member], of: &[Checked]| {
            members.iter().filter(|member| of.contains(&member.said)).count() as u64
        };
        let is_checked =
            |member: &&Member| matches!(member.said, Checked::Right | Checked::Wrong | Checked::PutOff);
        let (drawn, others) = self.members.split_at(self.members.iter().take_while(is_checked).count());
        let (members, checked) = (self.members.len() as u64, drawn.len() as u64);
        let wrong = count(drawn, &[Checked::Wrong, Checked::PutOff]);
        let open = self.members.iter().filter(|member| member.is_open()).count() as u64;
        Checks {
            members,
            open,
            checked,
            wrong,
            wrong_elsewhere: count(others, &[Checked::Wrong, Checked::PutOff]),
            wrong_at_most: (wrong_at_most(members, checked, wrong, ALPHA) - wrong).min(open),
            more_needed: more_needed(members, checked, wrong, TOLERATED, ALPHA),
        }
    }

    /// Returns the next members to be checked at random: the open ones with the lowest lots.
    pub fn random(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is_open())
    }

    /// Returns the members whose products are farthest from the centre, the farthest first, the medoid not among them.
    pub fn outliers(&self, count: usize) -> Vec<&Member> {
        let mut far: Vec<(f64, &Member)> = self
            .members
            .iter()
            .enumerate()
            .filter(|(index, _)| self.medoid != Some(*index))
            .filter_map(|(_, member)| Some((member.similarity?, member)))
            .collect();
        far.sort_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| one.row.gap.cmp(&other.row.gap)));
        far.into_iter().take(count).map(|(_, member)| member).collect()
    }

    /// Returns the member nearest to all others.
    pub fn middle(&self) -> Option<&Member> {
        self.members.get(self.medoid?)
    }

    /// Returns the mean cosine distance from the centre, 0 where all products are alike; none without embeddings.
    pub fn spread(&self) -> Option<f64> {
        let all: Vec<f64> = self.members.iter().filter_map(|member| Some(1.0 - member.similarity?)).collect();
        #[expect(clippy::cast_precision_loss, reason = "thousands of members")]
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        (!all.is_empty()).then_some(mean.max(0.0))
    }

    /// Returns the open gaps.
    pub fn open(&self) -> Vec<GapId> {
        self.random().map(|member| member.row.gap.clone()).collect()
    }

    /// Says what accepting the rest would do.
    pub fn preview(&self) -> Preview {
        preview_of(self.random().map(|member| &member.row))
    }

    /// Says the policy, for the decisions that come of accepting the rest.
    pub fn policy(&self) -> String {
        let Checks { members, checked, wrong, wrong_elsewhere, wrong_at_most, open, .. } = self.checks();
        format!(
            "bulk:cluster members={members} checked={checked} wrong={wrong} wrong_elsewhere={wrong_elsewhere} \
             rest={open} rest_wrong<={wrong_at_most} assurance={}",
            1.0 - ALPHA
        )
    }

    pub(crate) fn of(group: &GroupKey, mut members: Vec<Member>) -> Self {
        // Of equally near ones the first.
        let nearest = |(_, a): &(usize, f64), (_, b): &(usize, f64)| a.total_cmp(b);
        let near = members.iter().enumerate().filter_map(|(index, one)| Some((index, one.similarity?)));
        let medoid = near.rev().max_by(nearest).map(|(index, _)| index);
        members.shrink_to_fit();
        Self { group: group.clone(), members, medoid }
    }
}

impl Review {
    /// Finds the groups among the most confident open gaps of a filter, whatever its state.
    ///
    /// # Errors
    /// Those of the repository.
    pub async fn groups(&self, filter: &QueueFilter) -> Result<Groups> {
        let filter = QueueFilter { state: StateFilter::Open, ..filter.clone() };
        let (mut rows, mut place) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let left = MOST_GAPS - rows.len();
            let page =
                self.store().page(&filter, QueueSort::ConfidenceDescending, place.as_ref(), left).await?;
            rows.extend(page.rows);
            place = page.next;
            if place.is_none() || rows.len() >= MOST_GAPS {
                break;
            }
        }
        Ok(Groups { looked_at: rows.len(), is_cut: place.is_some(), groups: grouped(rows) })
    }

    /// Finds the clusters of a group.
    ///
    /// # Errors
    /// Those of the repository.
    pub async fn clusters(&self, group: &GroupKey) -> Result<Clusters> {
        let mut members = self.store().group_members(group, MOST_MEMBERS + 1).await?;
        let is_cut = members.len() > MOST_MEMBERS;
        members.truncate(MOST_MEMBERS);
        members.sort_by(|a, b| {
            let (one, other) = (&a.row.gap, &b.row.gap);
            Lot::Sample.of(one).total_cmp(&Lot::Sample.of(other)).then_with(|| one.cmp(other))
        });
        let products: Vec<ProductKey> = members.iter().map(|member| member.row.gap.product.clone()).collect();
        let (first, rest) = products.split_at(products.len().min(MOST_PARTED));
        let mut points = HashMap::new();
        for some in first.chunks(VECTORS) {
            points.extend(self.directions(some).await?);
        }
        let keys: Vec<&ProductKey> = first.iter().filter(|key| points.contains_key(*key)).collect();
        let ordered: Vec<Direction> = keys.iter().filter_map(|key| points.get(*key).cloned()).collect();
        // Some hundred milliseconds of arithmetic must not hold up what else is going on.
        let (parts, ordered) = tokio::task::spawn_blocking(move || (parts(&ordered), ordered))
            .await
            .map_err(|_| RepositoryError::Database("a fault in gapdeck itself, see the log".into()))?;
        let mut place: HashMap<ProductKey, (usize, f64)> = HashMap::new();
        for (number, part) in parts.iter().enumerate() {
            let near =
                |index: &usize| ((*keys[*index]).clone(), (number, ordered[*index].cosine(&part.centre)));
            place.extend(part.members.iter().map(near));
        }
        for some in rest.chunks(VECTORS) {
            for (key, direction) in self.directions(some).await? {
                place.extend(nearest(&parts, &direction).map(|near| (key, near)));
            }
        }
        Ok(Clusters { clusters: gathered(group, members, parts.len(), &place), is_cut })
    }

    async fn directions(&self, products: &[ProductKey]) -> Result<Vec<(ProductKey, Direction)>> {
        let found = self.store().embeddings(products).await?;
        Ok(found.into_iter().filter_map(|(key, vector)| Some((key, Direction::of(vector)?))).collect())
    }

    /// Accepts the value of a cluster for its open gaps that nobody holds; `told` hears how far it is
    /// after each transaction, and says whether to go on. What is accepted stays so where it ends early.
    ///
    /// # Errors
    /// Those of the repository.
    pub async fn accept_cluster(&self, cluster: &Cluster, told: &mut Told<'_>) -> Result<Accepted> {
        let (open, policy) = (cluster.open(), cluster.policy());
        let what = Acceptance {
            which: Which::These(&open),
            keeps_out: &|_| false,
            value: Some(&cluster.group.value),
            policy: &policy,
        };
        let mut done = self.accept_all(&what, told).await?;
        // Held by somebody, or decided since.
        done.passed_by = (open.len() as u64).saturating_sub(done.accepted);
        Ok(done)
    }
}

fn nearest(parts: &[Part], direction: &Direction) -> Option<(usize, f64)> {
    let near = parts.iter().map(|part| direction.cosine(&part.centre)).enumerate();
    near.rev().max_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// Puts members together by the number of their part.
fn gathered(
    group: &GroupKey,
    members: Vec<GroupMember>,
    parts: usize,
    place: &HashMap<ProductKey, (usize, f64)>,
) -> Vec<Cluster> {
    let mut found: Vec<Vec<Member>> = vec![Vec::new(); parts + 1];
    for GroupMember { row, said } in members {
        let near = place.get(&row.gap.product).copied();
        let number = near.map_or(parts, |(number, _)| number);
        found[number].push(Member { row, said, similarity: near.map(|(_, similarity)| similarity) });
    }
    let unplaced = found.pop().unwrap_or_default();
    found.sort_by_key(|members| std::cmp::Reverse(members.len()));
    found.push(unplaced);
    found.retain(|members| !members.is_empty());
    found.into_iter().map(|members| Cluster::of(group, members)).collect()
}

/// Groups gaps by attribute, category and value, the largest group first.
pub(crate) fn grouped(rows: Vec<QueueRow>) -> Vec<ValueGroup> {
    type Key = (crate::domain::AttributeKey, Option<crate::domain::CategoryKey>, String);
    let mut found: BTreeMap<Key, (BTreeMap<String, usize>, Vec<Confidence>)> = BTreeMap::new();
    for row in rows {
        let Some(value) = row.best_value else { continue };
        let key = (row.gap.attribute, row.category, normalised(&value));
        let (spellings, confidences) = found.entry(key).or_default();
        *spellings.entry(value).or_default() += 1;
        confidences.extend(row.best_confidence);
    }
    let group = |((attribute, category, _), (spellings, confidences)): (
        Key,
        (BTreeMap<String, usize>, Vec<Confidence>),
    )| {
        let value = spellings.iter().rev().max_by_key(|(_, count)| **count)?.0.clone();
        let order = |a: &Confidence, b: &Confidence| a.get().total_cmp(&b.get());
        Some(ValueGroup {
            key: GroupKey { attribute, category, value },
            open: spellings.values().sum(),
            spellings: spellings.len(),
            lowest_confidence: confidences.iter().copied().min_by(order),
            highest_confidence: confidences.iter().copied().max_by(order),
        })
    };
    let mut groups: Vec<ValueGroup> = found.into_iter().filter_map(group).collect();
    groups.sort_by(|a, b| b.open.cmp(&a.open).then_with(|| a.key.cmp(&b.key)));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn member(place: usize, said: Checked) -> Member {
        let state = match said {
            Checked::Nothing => State::Open,
            Checked::Right | Checked::Unseen => State::Accepted,
            Checked::Wrong => State::Rejected,
            Checked::PutOff => State::Deferred,
        };
        let row = QueueRow {
            gap: GapId::new(format!("p{place:03}"), "colour"),
            product_name: String::new(),
            category: None,
            best_value: Some("Black".into()),
            best_confidence: None,
            candidate_count: 1,
            value_count: 1,
            disagreement: 0.0,
            uncertainty: 0.0,
            state,
            version: 0,
            decided_by: None,
            decided_value: None,
            decided_at: None,
            first_by: None,
            vote: None,
            gap_created_at: DateTime::UNIX_EPOCH,
        };
        Member { row, said, similarity: None }
    }

    fn cluster(said: impl IntoIterator<Item = Checked>) -> Cluster {
        let group = GroupKey { attribute: "colour".into(), category: None, value: "Black".into() };
        let members = said.into_iter().enumerate().map(|(place, said)| member(place, said)).collect();
        Cluster::of(&group, members)
    }

    const ALL: [Checked; 5] =
        [Checked::Nothing, Checked::Right, Checked::Wrong, Checked::PutOff, Checked::Unseen];

    #[test]
    fn a_check_that_was_put_off_is_wrong_and_what_was_accepted_unseen_ends_the_sample() {
        let said = [
            Checked::Right,
            Checked::PutOff,
            Checked::Unseen,
            Checked::Right,
            Checked::Wrong,
            Checked::Nothing,
        ];
        let checks = cluster(said).checks();
        assert_eq!((checks.checked, checks.wrong, checks.wrong_elsewhere, checks.open), (2, 1, 1, 1));
        assert_eq!(checks.wrong_at_most, 1);
    }

    #[test]
    fn without_members_or_with_all_of_them_checked_nothing_is_left_to_be_wrong() {
        assert_eq!(cluster([]).checks().wrong_at_most, 0);
        let checks = cluster([Checked::Right, Checked::Wrong]).checks();
        assert_eq!((checks.checked, checks.wrong, checks.wrong_at_most, checks.more_needed), (2, 1, 0, 0));
    }

    proptest! {
        #[test]
        fn never_more_is_certified_than_the_checks_say(said in prop::collection::vec(prop::sample::select(&ALL[..]), 0..200)) {
            let checks = cluster(said.clone()).checks();
            prop_assert!(checks.wrong <= checks.checked && checks.checked <= checks.members);
            prop_assert!(checks.wrong_at_most <= checks.open && checks.open <= checks.members - checks.checked);
            prop_assert!((0.0..=1.0).contains(&checks.share()));
            if checks.checked == 0 {
                prop_assert_eq!(checks.wrong_at_most, checks.open, "nothing is certified");
            }
        }
    }
}
