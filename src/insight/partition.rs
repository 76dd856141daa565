//! Parts of a set of directions (embeddings) that lie close together, however many there are.

/// The fewest members of a part that is split off.
const SMALLEST: usize = 8;
/// The most parts.
const MOST: usize = 6;
/// How clearly two parts must stand apart, by their mean silhouette: from here on a structure is reasonable (Kaufman and
/// Rousseeuw 1990, "Finding Groups in Data", table 4).
const APART: f64 = 0.5;
/// The largest share of the variance along the line between two centres that may lie within the parts. Points spread evenly
/// along a line, halved, have a quarter of it there, a normal distribution 36 %: neither has two parts.
const WITHIN: f64 = 0.15;
/// The most steps of one split.
const STEPS: usize = 20;

/// A vector of length one.
#[derive(Debug, Clone, PartialEq)]
pub struct Direction(Vec<f32>);

impl Direction {
    /// Takes a vector's direction; `None` for one that has none.
    pub fn of(mut vector: Vec<f32>) -> Option<Self> {
        let length = dot(&vector, &vector).sqrt();
        if !length.is_finite() || length <= 0.0 {
            return None;
        }
        for number in &mut vector {
            #[expect(clippy::cast_possible_truncation, reason = "as precise as the vector itself")]
            let scaled = (f64::from(*number) / length) as f32;
            *number = scaled;
        }
        Some(Self(vector))
    }

    /// Returns the cosine of the angle between two directions.
    pub fn cosine(&self, other: &Self) -> f64 {
        dot(&self.0, &other.0).clamp(-1.0, 1.0)
    }
}

fn dot(left: &[f32], right: &[f32]) -> f64 {
    const LANES: usize = 8;
    // Sums side by side, which the processor adds up at once.
    let mut sums = [0.0_f32; LANES];
    let (left_parts, left_rest) = left.as_chunks::<LANES>();
    let (right_parts, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left_parts.iter().zip(right_parts) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().map(|sum| f64::from(*sum)).sum::<f64>() + f64::from(rest)
}

/// One part.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Where its members lie on average. The member nearest to it is the medoid: the one whose cosine distances to all others
    /// have the smallest sum.
    pub centre: Direction,
    /// Which of the points are in it, in their order.
    pub members: Vec<usize>,
}

/// Parts points by closeness: split in two again and again (bisecting spherical k-means; Steinbach, Karypis and Kumar 2000)
/// while the halves stand apart, by the silhouette over their centres (Hruschka, de Castro and Campello 2004), which noise in many
/// dimensions does not pass, and leave a gap between them, which an even spread does not. The largest part comes first; the same points in the same order give the same parts.
pub fn parts(points: &[Direction]) -> Vec<Part> {
    let Some(whole) = part(points, (0..points.len()).collect()) else { return Vec::new() };
    let (mut waiting, mut done) = (vec![whole], Vec::new());
    while let Some(next) = waiting.pop() {
        if done.len() + waiting.len() + 1 < MOST
            && let Some((one, other)) = split(points, &next)
        {
            waiting.extend([other, one]);
        } else {
            done.push(next);
        }
    }
    done.sort_by(|a, b| b.members.len().cmp(&a.members.len()).then_with(|| a.members.cmp(&b.members)));
    done
}

fn part(points: &[Direction], members: Vec<usize>) -> Option<Part> {
    let first = points.get(*members.first()?)?;
    let mut sum = vec![0.0_f32; first.0.len()];
    for index in &members {
        sum.iter_mut().zip(&points[*index].0).for_each(|(sum, number)| *sum += number);
    }
    // Where directions cancel each other out, any of them is as good.
    let centre = Direction::of(sum).unwrap_or_else(|| first.clone());
    Some(Part { centre, members })
}

fn farthest(points: &[Direction], members: &[usize], from: &Direction) -> Option<usize> {
    members.iter().copied().min_by(|a, b| points[*a].cosine(from).total_cmp(&points[*b].cosine(from)))
}

fn split(points: &[Direction], whole: &Part) -> Option<(Part, Part)> {
    if whole.members.len() < 2 * SMALLEST {
        return None;
    }
    let one = farthest(points, &whole.members, &whole.centre)?;
    let other = farthest(points, &whole.members, &points[one])?;
    let mut centres = (points[one].clone(), points[other].clone());
    let mut halves = None;
    for _ in 0..STEPS {
        let (left, right): (Vec<usize>, Vec<usize>) = whole
            .members
            .iter()
            .partition(|index| points[**index].cosine(&centres.0) >= points[**index].cosine(&centres.1));
        if left.len() < SMALLEST || right.len() < SMALLEST {
            return None;
        }
        let next = (part(points, left)?, part(points, right)?);
        centres = (next.0.centre.clone(), next.1.centre.clone());
        let is_settled = halves.as_ref() == Some(&next);
        halves = Some(next);
        if is_settled {
            break;
        }
    }
    halves.filter(|(left, right)| {
        silhouette(points, left, right) >= APART && within(points, left, right) <= WITHIN
    })
}

/// Returns how clearly two parts stand apart, -1..=1: the mean over their members of how much nearer their own centre is than
/// the other.
fn silhouette(points: &[Direction], left: &Part, right: &Part) -> f64 {
    let of = |own: &Part, other: &Part| -> f64 {
        let one = |index: &usize| {
            let (near, far) =
                (1.0 - points[*index].cosine(&own.centre), 1.0 - points[*index].cosine(&other.centre));
            if near.max(far) > 0.0 { (far - near) / near.max(far) } else { 0.0 }
        };
        own.members.iter().map(one).sum()
    };
    let sum = of(left, right) + of(right, left);
    #[expect(clippy::cast_precision_loss, reason = "thousands of points")]
    let count = (left.members.len() + right.members.len()) as f64;
    sum / count
}

/// Returns the share of the variance along the line between two centres that lies within the parts, 0..=1.
fn within(points: &[Direction], left: &Part, right: &Part) -> f64 {
    let place = |index: &usize| points[*index].cosine(&left.centre) - points[*index].cosine(&right.centre);
    let sides =
        [&left.members, &right.members].map(|members| members.iter().map(place).collect::<Vec<f64>>());
    let all: Vec<f64> = sides.concat();
    let total = squares(&all);
    if total > 0.0 { sides.iter().map(|side| squares(side)).sum::<f64>() / total } else { 1.0 }
}

/// Returns the sum of the squared distances from the mean.
fn squares(numbers: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "thousands of points")]
    let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    numbers.iter().map(|number| (number - mean) * (number - mean)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Directions in the plane, by their angles in degrees.
    fn fan(angles: impl IntoIterator<Item = f32>) -> Vec<Direction> {
        let point =
            |angle: f32| Direction::of(vec![angle.to_radians().cos(), angle.to_radians().sin()]).unwrap();
        angles.into_iter().map(point).collect()
    }

    fn members(points: &[Direction]) -> Vec<Vec<usize>> {
        parts(points).into_iter().map(|part| part.members).collect()
    }

    #[test]
    fn two_bundles_are_two_parts_the_larger_one_first() {
        let angles =
            (0..9_u8).map(|n| f32::from(n) / 4.0).chain((0..12_u8).map(|n| 80.0 + f32::from(n) / 4.0));
        assert_eq!(members(&fan(angles)), [(9..21).collect::<Vec<_>>(), (0..9).collect()]);
    }

    #[test]
    fn three_bundles_are_three_parts() {
        let bundle = |from: f32| (0..10_u8).map(move |n| from + f32::from(n) / 5.0);
        let found = members(&fan(bundle(0.0).chain(bundle(60.0)).chain(bundle(150.0))));
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|part| part.len() == 10), "{found:?}");
    }

    #[test]
    fn what_lies_together_and_what_is_few_stays_together() {
        assert_eq!(
            members(&fan(std::iter::repeat_n(30.0, 40))),
            [(0..40).collect::<Vec<_>>()],
            "all the same"
        );
        assert_eq!(
            members(&fan([0.0; 7].into_iter().chain([90.0; 30]))).len(),
            1,
            "seven are outliers, no part"
        );
        assert_eq!(members(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(members(&fan([12.0])), [[0]]);
        let opposite = fan((0..20_u8).map(|n| if n % 2 == 0 { 0.0 } else { 180.0 }));
        assert_eq!(members(&opposite).len(), 2, "their mean has no direction");
    }

    #[test]
    fn what_is_spread_evenly_stays_together() {
        assert_eq!(members(&fan((0..40_u8).map(f32::from))).len(), 1);
    }

    #[test]
    fn noise_in_many_dimensions_is_one_part() {
        let mut seed = 7_u32;
        let mut number = || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            f32::from(u16::try_from(seed % 2_001).unwrap()) / 1_000.0 - 1.0
        };
        let points: Vec<Direction> =
            (0..60).map(|_| Direction::of((0..64).map(|_| 1.0 + number()).collect()).unwrap()).collect();
        assert_eq!(members(&points).len(), 1);
    }

    /// The medoid is defined by all distances; the centre finds it.
    #[test]
    fn the_member_nearest_to_the_centre_is_the_medoid() {
        let points = fan([3.0, 8.0, 9.0, 11.0, 30.0]);
        let part = parts(&points).remove(0);
        let nearest =
            (0..5).max_by(|a, b| points[*a].cosine(&part.centre).total_cmp(&points[*b].cosine(&part.centre)));
        let sum = |one: usize| points.iter().map(|other| points[one].cosine(other)).sum::<f64>();
        assert_eq!(nearest, (0..5).max_by(|a, b| sum(*a).total_cmp(&sum(*b))));
    }

    #[test]
    fn a_vector_without_a_direction_has_none() {
        assert_eq!(Direction::of(vec![0.0; 9]), None);
        assert_eq!(Direction::of(vec![f32::NAN]), None);
        assert_eq!(Direction::of(Vec::new()), None);
        let cosine = |left: Vec<f32>, right: Vec<f32>| {
            Direction::of(left).unwrap().cosine(&Direction::of(right).unwrap())
        };
        assert!((cosine(vec![3.0; 11], vec![1.0; 11]) - 1.0).abs() < 1e-6);
        assert!((cosine(vec![0.0, 1.0, 0.0], vec![0.0, -2.0, 0.0]) + 1.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn every_point_is_in_exactly_one_part(angles in prop::collection::vec(0.0_f32..360.0, 0..80)) {
            let mut found: Vec<usize> = members(&fan(angles.clone())).concat();
            found.sort_unstable();
            prop_assert_eq!(found, (0..angles.len()).collect::<Vec<_>>());
        }
    }
}
