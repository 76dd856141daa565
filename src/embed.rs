//! Text to vector: what is embedded, the offline embedder, and vectors made elsewhere.

mod hashing;
pub mod http;
pub mod job;
mod tally;

pub use hashing::HashingEmbedder;

use crate::domain::EMBEDDING_DIMENSIONS;

/// The most bytes of product text that are embedded: 8 KiB.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;

/// The most characters of an embedded text that are stored beside its vector.
pub const DESCRIPTION: usize = 500;

/// Why a vector cannot be stored as an embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// The vector has no numbers.
    #[error("the vector is empty; give 1 to {EMBEDDING_DIMENSIONS} numbers")]
    Empty,
    /// The vector has more numbers than the table's column.
    #[error("the vector has {dimensions} numbers; at most {EMBEDDING_DIMENSIONS} fit")]
    TooLong {
        /// How many numbers it has.
        dimensions: usize,
    },
    /// A number is NaN or infinite.
    #[error("number {position} of the vector is not finite")]
    NotFinite {
        /// Where it stands, counted from 1.
        position: usize,
    },
    /// Every number is zero, so the cosine distance to anything is undefined.
    #[error("every number of the vector is zero; its cosine distance is undefined")]
    Zero,
}

/// Returns the text that stands for a product in embedding space.
///
/// The name comes first and twice, since it says more than the texts; the whole is cut to [`MAX_TEXT_BYTES`] on a
/// character boundary. Parts are joined by line breaks; blank parts are left out. A model that knows language needs the
/// name once only: [`plain_text`].
///
/// ```
/// assert_eq!(gapdeck::embed::product_text(Some("Tempo 2"), &["A light shoe."]), "Tempo 2\nTempo 2\nA light shoe.");
/// ```
pub fn product_text(name: Option<&str>, texts: &[&str]) -> String {
    joined(name.into_iter().chain(name).chain(texts.iter().copied()))
}

/// Returns a product's name and texts, cut to [`MAX_TEXT_BYTES`], as [`product_text`] but with the name once.
pub fn plain_text(name: Option<&str>, texts: &[&str]) -> String {
    joined(name.into_iter().chain(texts.iter().copied()))
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        if !text.is_empty() && text.len() < MAX_TEXT_BYTES {
            text.push('\n');
        }
        text.push_str(cut(part, MAX_TEXT_BYTES - text.len()));
    }
    text
}

/// Returns as much of the text as fits into `bytes`, cut on a character boundary.
fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// Tells whether a vector can be stored.
///
/// # Errors
/// Refuses a vector that is empty, longer than [`EMBEDDING_DIMENSIONS`], not finite or all zero.
pub fn check(vector: &[f32]) -> Result<(), EmbedError> {
    if vector.is_empty() {
        return Err(EmbedError::Empty);
    }
    if vector.len() > EMBEDDING_DIMENSIONS {
        return Err(EmbedError::TooLong { dimensions: vector.len() });
    }
    if let Some(index) = vector.iter().position(|number| !number.is_finite()) {
        return Err(EmbedError::NotFinite { position: index + 1 });
    }
    if vector.iter().all(|number| *number == 0.0) {
        return Err(EmbedError::Zero);
    }
    Ok(())
}

/// Returns a vector of [`EMBEDDING_DIMENSIONS`] numbers: the given ones, then zeros, which leave every cosine unchanged.
///
/// # Errors
/// Those of [`check`].
pub fn pad(mut vector: Vec<f32>) -> Result<Vec<f32>, EmbedError> {
    check(&vector)?;
    vector.resize(EMBEDDING_DIMENSIONS, 0.0);
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cosine(left: &[f32], right: &[f32]) -> f64 {
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
        };
        dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
    }

    #[test]
    fn the_name_stands_first_and_twice() {
        assert_eq!(product_text(Some("A"), &["b", " ", "c"]), "A\nA\nb\nc");
        assert_eq!(plain_text(Some("A"), &["b", " ", "c"]), "A\nb\nc");
        assert_eq!(product_text(None, &["b"]), "b");
        assert_eq!(product_text(None, &[]), "");
    }

    #[test]
    fn a_long_text_is_cut_on_a_character_boundary() {
        for name in ["n", "nn", "nnn"] {
            let text = product_text(Some(name), &[&"靴".repeat(5_000)]);
            assert!(text.len() <= MAX_TEXT_BYTES && text.len() > MAX_TEXT_BYTES - 4, "{}", text.len());
        }
        assert_eq!(product_text(Some(&"x".repeat(20_000)), &["y"]).len(), MAX_TEXT_BYTES);
    }

    #[test]
    fn unusable_vectors_are_refused() {
        assert_eq!(pad(vec![]), Err(EmbedError::Empty));
        assert_eq!(pad(vec![1.0; 1537]), Err(EmbedError::TooLong { dimensions: 1537 }));
        assert_eq!(pad(vec![1.0, f32::NAN]), Err(EmbedError::NotFinite { position: 2 }));
        assert_eq!(pad(vec![f32::INFINITY]), Err(EmbedError::NotFinite { position: 1 }));
        assert_eq!(pad(vec![0.0, -0.0]), Err(EmbedError::Zero));
    }

    proptest! {
        #[test]
        fn padding_keeps_the_cosine(pair in prop::collection::vec((-1.0f32..1.0, -1.0f32..1.0), 1..64)) {
            let (left, right): (Vec<f32>, Vec<f32>) = pair.into_iter().map(|(a, b)| (a + 2.0, b)).unzip();
            prop_assume!(right.iter().any(|number| *number != 0.0));
            let before = cosine(&left, &right);
            let after = cosine(&pad(left)?, &pad(right)?);
            prop_assert!((before - after).abs() < 1e-9);
        }

        #[test]
        fn any_product_text_is_bounded(name in "\\PC{0,40}", text in ".{0,400}") {
            prop_assert!(product_text(Some(&name), &[text.as_str(); 40]).len() <= MAX_TEXT_BYTES);
        }
    }
}
