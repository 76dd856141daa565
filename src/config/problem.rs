//! What is wrong with a setting: the place, the thing and the remedy.

use std::fmt;

/// What a setting is for, and so what a mistake in it may stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Which database, and who decides: a command without a screen does not guess these.
    Data,
    /// How the terminal application looks and is used: no mistake there stops anything.
    Screen,
}

/// Something in the configuration that cannot be used, and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands: `FILE:LINE`, or a variable of the environment.
    pub place: String,
    /// What is wrong there.
    pub what: String,
    pub part: Part,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Returns the known word that a misspelt one is nearest to, if one is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let most = (word.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|one| (strsim::damerau_levenshtein(&word, &one.to_lowercase()), one))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

/// Asks whether a known word was meant; says nothing where none is near.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |one| format!("; did you mean \"{one}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let known = ["data_dir", "database_url", "reviewer"];
        assert_eq!(nearest("data_dri", known), Some("data_dir"));
        assert_eq!(nearest("Reviwer", known), Some("reviewer"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(did_you_mean("databse_url", known), "; did you mean \"database_url\"?");
        assert_eq!(did_you_mean("", known), "");
    }
}
