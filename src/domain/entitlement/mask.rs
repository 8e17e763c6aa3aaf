//! Masking of what could be used against a person: payment tokens, order and transaction ids, public keys.

/// Most characters of either end that stay legible.
const LEGIBLE: usize = 4;

/// First and last characters, at most four of each and never more than a third, with `…` between. What has fewer than
/// three characters says nothing and stays.
#[must_use]
pub fn mask(text: &str) -> String {
    let length = text.chars().count();
    if length < 3 {
        return text.to_owned();
    }
    let kept = (length * 3 / 10).clamp(1, LEGIBLE);
    let first: String = text.chars().take(kept).collect();
    let last: String = text.chars().skip(length - kept).collect();
    format!("{first}…{last}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::entitlement::vectors::{cases, text};

    #[test]
    fn no_more_is_legible_than_the_original_shows() {
        for case in cases("misc.json", "obfuscate") {
            let (ours, theirs) = (mask(&text(&case["in"])), text(&case["out"]));
            let (first, last) = ours.split_once('…').unwrap_or((&ours, ""));
            assert!(theirs.starts_with(first) && theirs.ends_with(last), "{ours} {theirs}");
            assert!(
                ours.chars().count() <= theirs.chars().count().min(2 * LEGIBLE + 1),
                "{ours}"
            );
        }
    }

    #[test]
    fn short_ids_are_masked_as_the_original_does_and_long_ones_more() {
        for (text, masked) in [
            ("", ""),
            ("a", "a"),
            ("ab", "ab"),
            ("abc", "a…c"),
            ("abcd", "a…d"),
            ("abcdefg", "ab…fg"),
            ("abcdefghij", "abc…hij"),
            ("éèêë", "é…ë"),
            ("2000000123456789", "2000…6789"),
            ("GPA.1234-5678-9012-34567..0", "GPA.…7..0"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    proptest! {
        #[test]
        fn no_more_than_eight_characters_stay(text in "\\PC{3,80}") {
            let masked = mask(&text);
            let kept = masked.chars().count() - 1;
            prop_assert!(kept <= 2 * LEGIBLE && kept < text.chars().count());
        }
    }
}
