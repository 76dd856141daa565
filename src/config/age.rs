//! Ages as people write them: `90s`, `15m`, `24h`, `7d`.

use std::time::Duration;

/// The units, the largest first: letter, word, seconds.
const UNITS: [(char, &str, u64); 4] =
    [('d', "day", 86_400), ('h', "hour", 3_600), ('m', "minute", 60), ('s', "second", 1)];

/// Reads an age: a whole number and `s`, `m`, `h` or `d`; `0` alone is none.
pub fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let wrong = || format!("\"{text}\" is no age; write 90s, 15m, 24h or 7d");
    let last = text.chars().next_back().ok_or_else(wrong)?;
    let (_, _, seconds) = UNITS.into_iter().find(|(letter, ..)| *letter == last).ok_or_else(wrong)?;
    let number = text.strip_suffix(last).unwrap_or_default();
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = number.parse().map_err(|_| wrong())?;
    // Ten thousand years: more than a database can subtract from a time is a slip of the finger.
    let seconds = number.checked_mul(seconds).filter(|seconds| *seconds <= 315_360_000_000);
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// Says an age in its largest unit (`"3 hours"`), for a reader.
pub fn in_words(age: Duration) -> String {
    let seconds = age.as_secs();
    let (_, word, unit) =
        UNITS.into_iter().find(|(_, _, unit)| seconds >= *unit).unwrap_or(('s', "second", 1));
    let number = seconds / unit;
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_and_a_unit() {
        for (text, seconds) in [("0", 0), ("90s", 90), (" 15m", 900), ("24h", 86_400), ("7d", 604_800)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in
            ["", "7", "-1h", "+1h", "1.5h", "h", "1w", "24 h", "99999999999999999999d", "9999999999d", "7d7"]
        {
            assert!(parse(wrong).is_err_and(|error| error.contains("90s, 15m")), "{wrong}");
        }
    }

    #[test]
    fn an_age_is_said_in_its_largest_unit() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (7_300, "2 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
