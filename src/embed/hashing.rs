//! The offline embedder: signed feature hashing (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask
//! Learning"). No model, no network, the same vector
//! on every machine (up to the last digits, which its logarithm decides).

use super::tally::Tally;
use crate::domain::EMBEDDING_DIMENSIONS;

/// Weight of a single word.
const WORD_WEIGHT: f32 = 1.0;
/// Weight of two words in a row.
const BIGRAM_WEIGHT: f32 = 0.7;
/// Weight of a character n-gram; a word of five letters has twelve of them.
const CHARACTER_WEIGHT: f32 = 0.25;
/// The shortest and longest character n-gram, the word's own edges included.
const CHARACTER_NGRAMS: std::ops::RangeInclusive<usize> = 3..=5;

/// What kind of feature a hash stands for: the two top bits of every key, so that kinds never mix in one count.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Word = 0,
    Bigram = 1,
    Character = 2,
}

/// Embeds texts by hashing word unigrams and bigrams and character 3- to 5-grams into
/// [`EMBEDDING_DIMENSIONS`] signed dimensions.
///
/// Words are runs of letters and digits, lower-cased; character n-grams stay within a word, whose edges count as
/// characters. A feature seen `tf` times weighs `1 + ln tf`. Texts that share words, parts of words or word order are
/// near; meaning is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct HashingEmbedder;

impl HashingEmbedder {
    /// The name that its vectors are stored under; another when they change.
    pub const MODEL: &str = "hashing-1";

    /// Returns the text's vector of length 1, or `None` for a text without a letter or digit.
    ///
    /// `None` rather than zeros: a zero vector has no cosine, and pgvector does not index it.
    pub fn embed(&self, text: &str) -> Option<Vec<f32>> {
        let tally = features(text);
        let mut vector = vec![0.0_f32; EMBEDDING_DIMENSIONS];
        for (key, count) in tally.iter() {
            let (dimension, sign) = place(key);
            vector[dimension] += sign * weight(key) * sublinear(count);
        }
        let norm = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        if norm == 0.0 {
            return None;
        }
        for number in &mut vector {
            *number /= norm;
        }
        Some(vector)
    }
}

/// Counts the text's features.
fn features(text: &str) -> Tally {
    let mut tally = Tally::with_capacity(text.len().min(4096));
    // A word with its edges: `<`, its characters, `>`.
    let mut word = vec!['<'];
    let mut previous = None;
    // The separator at the end closes the last word.
    for character in text.chars().flat_map(char::to_lowercase).chain([' ']) {
        if character.is_alphanumeric() {
            word.push(character);
        } else if word.len() > 1 {
            let hash = word[1..].iter().fold(FNV_OFFSET, |hash, character| step(hash, *character));
            tally.add(key(hash, Kind::Word));
            if let Some(previous) = previous.replace(hash) {
                tally.add(key(step(previous, ' ') ^ hash.rotate_left(32), Kind::Bigram));
            }
            word.push('>');
            count_character_ngrams(&word, &mut tally);
            word.truncate(1);
        }
    }
    tally
}

/// Counts the character n-grams of a word with its edges.
fn count_character_ngrams(word: &[char], tally: &mut Tally) {
    for start in 0..=word.len() - CHARACTER_NGRAMS.start() {
        let mut hash = FNV_OFFSET;
        for (index, character) in word[start..].iter().take(*CHARACTER_NGRAMS.end()).enumerate() {
            hash = step(hash, *character);
            if CHARACTER_NGRAMS.contains(&(index + 1)) {
                tally.add(key(hash, Kind::Character));
            }
        }
    }
}

/// The 64-bit FNV-1a offset basis and prime (Fowler, Noll, Vo; RFC 9923).
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// One FNV-1a step over a whole character instead of its bytes.
fn step(hash: u64, character: char) -> u64 {
    (hash ^ u64::from(u32::from(character))).wrapping_mul(FNV_PRIME)
}

/// Finalises a hash (the `fmix64` of MurmurHash3, Appleby) and stamps the kind on its two top bits.
fn key(mut hash: u64, kind: Kind) -> u64 {
    hash ^= (kind as u64 + 1) << 60;
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^= hash >> 33;
    (hash >> 2) | ((kind as u64) << 62)
}

/// Maps a key to its dimension and sign, from different bits.
fn place(key: u64) -> (usize, f32) {
    let scaled = (key & 0xffff_ffff) * EMBEDDING_DIMENSIONS as u64;
    let dimension = (scaled >> 32) as usize;
    (dimension, if key & (1 << 40) == 0 { 1.0 } else { -1.0 })
}

/// Returns the weight of the key's kind.
fn weight(key: u64) -> f32 {
    match key >> 62 {
        0 => WORD_WEIGHT,
        1 => BIGRAM_WEIGHT,
        _ => CHARACTER_WEIGHT,
    }
}

/// Returns `1 + ln tf`.
fn sublinear(count: u32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a count in a text of kilobytes")]
    let count = count as f32;
    if count > 1.0 { 1.0 + count.ln() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn embed(text: &str) -> Vec<f32> {
        HashingEmbedder.embed(text).expect("a text with features")
    }

    fn cosine(left: &str, right: &str) -> f32 {
        embed(left).iter().zip(embed(right)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn the_vector_of_a_text_never_changes() {
        let vector = embed("Norvane Tempo 2 Running Shoe");
        let (mut order, mut golden) = ((0..vector.len()).collect::<Vec<_>>(), Vec::new());
        order.sort_by(|a, b| vector[*b].abs().total_cmp(&vector[*a].abs()).then(a.cmp(b)));
        for dimension in &order[..4] {
            golden.push(format!("{dimension}: {:.5}", vector[*dimension]));
        }
        assert_eq!(golden, GOLDEN);
    }

    const GOLDEN: [&str; 4] = ["190: 0.30737", "443: -0.30737", "906: -0.30737", "998: 0.30737"];

    #[test]
    fn alike_texts_are_nearer_than_others() {
        let shoe = "Norvane Tempo 2 Running Shoe Black 42";
        let sibling = "Norvane Tempo 2 Running Shoe White 43";
        let misspelt = "Norvane Tempo 2 Runing Shoes Black 42";
        let other = "Kettle & Stone cast iron pan, 28 cm";
        assert!(cosine(shoe, sibling) > 0.6);
        assert!(cosine(shoe, misspelt) > 0.6);
        assert!(cosine(shoe, other).abs() < 0.15);
        assert!(cosine("赤いランニングシューズ", "青いランニングシューズ") > 0.5);
    }

    #[test]
    fn case_and_punctuation_do_not_count_but_word_order_does() {
        assert_eq!(embed("Red, SHOE!"), embed("red shoe"));
        assert!(cosine("blue case red shoe", "red case blue shoe") < 0.999);
    }

    #[test]
    fn a_text_without_letters_or_digits_has_no_vector() {
        for text in ["", " \t\n", "—!?", "\u{1F45F}\u{200D}"] {
            assert_eq!(HashingEmbedder.embed(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_feature_seen_often_weighs_less_than_its_count() {
        assert!((sublinear(1) - 1.0).abs() < f32::EPSILON);
        assert!((sublinear(10) - 3.302_585).abs() < 1e-5);
    }

    proptest! {
        #[test]
        fn every_vector_has_length_one(text in ".{0,200}") {
            if let Some(vector) = HashingEmbedder.embed(&text) {
                let norm: f32 = vector.iter().map(|number| number * number).sum();
                prop_assert!((norm - 1.0).abs() < 1e-4);
                prop_assert_eq!(vector.len(), EMBEDDING_DIMENSIONS);
            }
        }
    }
}
