//! Product codes: EAN-13 with a valid check digit, or a stock keeping unit.

/// The most products whose codes are sure to differ.
pub(super) const MOST_PRODUCTS: usize = 1_000_000;

/// Returns the EAN-13 of a product: the prefix 29, which GS1 leaves to in-house use and so is nobody's, four digits of
/// the company, six of the product and the check digit.
pub(super) fn ean(company: usize, product: usize) -> String {
    let body = format!("29{:04}{:06}", company % 10_000, product % MOST_PRODUCTS);
    format!("{body}{}", check_digit(&body))
}

/// Returns the check digit of an EAN's first digits: weights 3 and 1 from the right, up to the next ten (GS1 General
/// Specifications 7.9).
pub(super) fn check_digit(body: &str) -> u32 {
    let digits = body.bytes().rev().map(|byte| u32::from(byte.wrapping_sub(b'0')));
    let sum: u32 = digits.zip([3, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    (10 - sum % 10) % 10
}

/// Returns the stock keeping unit of a product: letters of brand and model, and its number.
pub(super) fn sku(brand: &str, model: &str, product: usize) -> String {
    let letters = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .take(3)
            .map(|letter| letter.to_ascii_uppercase())
            .collect()
    };
    format!("{}-{}-{product:06}", letters(brand), letters(model))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_the_published_ones() {
        // The examples of GS1's own calculator and of ISO 2108 (an ISBN-13 is an EAN-13).
        assert_eq!(check_digit("629104150021"), 3);
        assert_eq!(check_digit("978030640615"), 7);
    }

    #[test]
    fn codes_differ() {
        assert_eq!(ean(3, 1), "2900030000019");
        assert_ne!(ean(3, 1), ean(3, 2));
        assert_eq!(sku("Peak & Pine", "Traverse 18", 42), "PEA-TRA-000042");
    }
}
