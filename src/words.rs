//! Numbers as people read them.

use crate::domain::Count;

/// Counts with separators: `8,012`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Says a count, and whether it is one: `about 8,012`.
pub fn counted(count: Count) -> String {
    match count {
        Count::Exact(number) => grouped(number),
        Count::About(number) => format!("about {}", grouped(number)),
    }
}

/// Says a share in percent, with a tenth where there is one: `1.5 %`.
pub fn percent(share: f64) -> String {
    let percent = (share * 1_000.0).round() / 10.0;
    format!("{percent} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_shares_keep_a_tenth() {
        assert_eq!(grouped(12), "12");
        assert_eq!(counted(Count::About(1_234_567)), "about 1,234,567");
        assert_eq!((percent(0.61), percent(0.0154)), ("61 %".into(), "1.5 %".into()));
    }
}
