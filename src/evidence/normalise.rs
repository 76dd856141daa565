//! When two values are one candidate.

/// Returns the form in which values are compared: trimmed, inner white space folded to one space, lower-cased.
///
/// Values whose forms are equal are one candidate. The stored value is never changed.
///
/// ```
/// assert_eq!(gapdeck::evidence::normalise("  Midnight \t BLUE "), "midnight blue");
/// ```
pub fn normalise(value: &str) -> String {
    let mut form = String::with_capacity(value.len());
    for word in value.split_whitespace() {
        if !form.is_empty() {
            form.push(' ');
        }
        form.extend(word.chars().flat_map(char::to_lowercase));
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn space_and_case_do_not_count() {
        assert_eq!(normalise("\u{a0}Two  Spaces\n"), "two spaces");
        assert_eq!(normalise("None"), "none");
        assert_eq!(normalise("  "), "");
        assert_eq!(normalise("STRASSE"), "strasse");
        assert_ne!(normalise("0"), normalise("0.0"));
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(value in "\\PC{0,40}") {
            // Greek, Turkish and the like: a second lower-casing changes nothing.
            let once = normalise(&value);
            prop_assert_eq!(normalise(&once), once);
        }
    }
}
