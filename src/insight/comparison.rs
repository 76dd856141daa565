//! Two experiments on the same gaps: which is right more often, and is that more than luck?

use super::real;
use serde::Serialize;
use statrs::distribution::{Binomial, DiscreteCDF};
use statrs::function::beta::ln_beta;

/// From which e-value on a difference is called one.
const CLEAR: f64 = 20.0;

/// Two experiments compared on gaps that both predicted and a reviewer judged.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Comparison {
    pub both_right: u64,
    /// Gaps that only the first one was right on.
    pub only_first: u64,
    /// Gaps that only the second one was right on.
    pub only_second: u64,
    pub both_wrong: u64,
}

impl Comparison {
    /// Returns McNemar's exact two-sided p-value (McNemar 1947; the exact binomial form): how likely a difference as large
    /// is when both are as good. For a number of gaps that was fixed beforehand.
    pub fn p_value(&self) -> f64 {
        let (fewer, all) = (self.only_first.min(self.only_second), self.only_first + self.only_second);
        Binomial::new(0.5, all).map_or(1.0, |luck| (2.0 * luck.cdf(fewer)).min(1.0))
    }

    /// Returns the e-value against "both are as good": the wins of one among the gaps that they differ on, tested by a
    /// mixture over all rates (a Beta(1/2, 1/2) prior: the Krichevsky-Trofimov bet; Grünwald, de Heide and Koolen 2024,
    /// "Safe testing").
    ///
    /// It may be looked at after every decision: it exceeds 20 at any time with a chance of at most 1/20 (Ville 1939).
    pub fn e_value(&self) -> f64 {
        let (first, second) = (real(self.only_first), real(self.only_second));
        (ln_beta(0.5 + first, 0.5 + second) - ln_beta(0.5, 0.5) + (first + second) * std::f64::consts::LN_2)
            .exp()
    }

    /// Says which one is better, as far as that is shown.
    pub fn verdict(&self, first: &str, second: &str) -> String {
        if self.e_value() >= CLEAR {
            let better = if self.only_first > self.only_second { first } else { second };
            format!("{better} is better: such a difference is no luck.")
        } else {
            "Neither is shown to be better yet; it is safe to look again after more decisions.".into()
        }
    }

    /// Says what the tests found.
    pub fn tests(&self) -> String {
        let (p, e) = (self.p_value(), self.e_value());
        let p = if p < 0.000_5 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
        let e = match e {
            0.0..100.0 => format!("{e:.2}"),
            100.0..1e6 => format!("{e:.0}"),
            _ => "over a million".into(),
        };
        format!(
            "McNemar's exact {p} (for a number of gaps fixed beforehand), e-value {e} (valid at any time; {CLEAR} is strong)"
        )
    }

    /// Returns how many gaps were compared.
    pub fn gaps(&self) -> u64 {
        self.both_right + self.only_first + self.only_second + self.both_wrong
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    fn differ(only_first: u64, only_second: u64) -> Comparison {
        Comparison { only_first, only_second, ..Comparison::default() }
    }

    /// `statsmodels.stats.contingency_tables.mcnemar(table, exact=True)`, statsmodels 0.14.
    #[test]
    fn the_p_value_is_what_statsmodels_says() {
        for (first, second, p) in
            [(6, 1, 0.125), (10, 10, 1.0), (0, 5, 0.062_5), (121, 59, 4.434_449_263_754e-6), (0, 0, 1.0)]
        {
            let made = differ(first, second).p_value();
            assert!((made - p).abs() < 1e-9 * p.max(1e-3), "{first}:{second}: {made}");
        }
    }

    /// `exp(betaln(.5+w, .5+l) - betaln(.5, .5) + (w+l) log 2)` by SciPy.
    #[test]
    fn the_e_value_is_what_scipy_says() {
        for (first, second, e) in [
            (6, 1, 2.062_5),
            (10, 10, 0.176_197_052),
            (0, 5, 7.875),
            (121, 59, 3_215.831_560_68),
            (0, 0, 1.0),
        ] {
            let made = differ(first, second).e_value();
            assert!((made / e - 1.0).abs() < 1e-8, "{first}:{second}: {made}");
        }
    }

    /// Ville's inequality: looking after every gap, of 1,000 fair histories at most 5 % may ever reach 20.
    #[test]
    fn looking_after_every_decision_does_not_break_the_e_value() {
        let mut crossed = 0;
        for history in 1..=1_000_u64 {
            let mut random = Random::of(history);
            let mut seen = Comparison::default();
            for _ in 0..500 {
                if random.next() >> 63 == 0 {
                    seen.only_first += 1;
                } else {
                    seen.only_second += 1;
                }
                if seen.e_value() >= 20.0 {
                    crossed += 1;
                    break;
                }
            }
        }
        assert!(crossed <= 50, "{crossed} of 1,000 reached 20");
        assert!(crossed > 0, "an e-value that never moves proves nothing");
    }

    #[test]
    fn a_p_value_is_never_said_to_be_nothing() {
        assert!(
            differ(121, 59).tests().contains("p < 0.001")
                && differ(121, 59).tests().contains("e-value 3216 ")
        );
        assert!(differ(6, 1).tests().contains("p = 0.125") && differ(6, 1).tests().contains("e-value 2.06 "));
        assert!(differ(400, 0).tests().contains("e-value over a million "));
    }

    #[test]
    fn a_clear_winner_is_found() {
        let mut seen = Comparison { both_right: 400, both_wrong: 60, ..Comparison::default() };
        (seen.only_first, seen.only_second) = (60, 20);
        assert!(seen.e_value() > 20.0 && seen.p_value() < 0.001);
        assert_eq!(seen.gaps(), 540);
    }
}
