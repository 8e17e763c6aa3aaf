//! "Did you mean …?" for a key that nobody knows.

/// The known key that `unknown` most likely stands for.
pub(super) fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let (distance, _, key) = known
        .map(|key| {
            // The right name in the wrong section is nearer than any slip of the pen.
            let misplaced = if last(unknown) == last(key) { 0 } else { usize::MAX };
            let whole = distance(unknown, key);
            (whole.min(misplaced), whole, key)
        })
        .min()?;
    (distance <= 1 + unknown.len() / 6).then_some(key)
}

/// Levenshtein's distance: characters to insert, delete or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (deleted, from) in a.chars().enumerate() {
        let mut left = deleted + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(left);
        for (pair, to) in row.windows(2).zip(&b) {
            let &[diagonal, above] = pair else { continue };
            left = (above + 1).min(left + 1).min(diagonal + usize::from(from != *to));
            next.push(left);
        }
        row = next;
    }
    row.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["listen", "define.issuer", "define.lifetimes.access", "log.level"];

    fn suggest(unknown: &str) -> Option<&'static str> {
        nearest(unknown, KNOWN.into_iter())
    }

    #[test]
    fn slips_and_wrong_sections_are_recognised() {
        assert_eq!(suggest("lisen"), Some("listen"));
        assert_eq!(suggest("issuer"), Some("define.issuer"));
        assert_eq!(suggest("lifetimes.access"), Some("define.lifetimes.access"));
        assert_eq!(suggest("log.levle"), Some("log.level"));
    }

    #[test]
    fn what_resembles_nothing_gets_no_hint() {
        assert_eq!(suggest("colour"), None);
        assert_eq!(nearest("x", std::iter::empty()), None);
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
