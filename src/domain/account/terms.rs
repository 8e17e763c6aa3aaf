//! The words by which people are found, the same for what is stored and for what is asked.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

use super::profile::Profile;

/// The most words of one account; further ones are not found by.
const MOST: usize = 24;
/// The most bytes of one word: longer ones are found by their beginning.
const LONGEST: usize = 64;
/// The most words of a question; further ones are not looked at.
pub const MOST_ASKED: usize = 3;

/// What an account is found by: the words of its names, its address whole and in parts, its membership number.
#[must_use]
pub fn terms(email: &str, profile: &Profile) -> BTreeSet<Vec<u8>> {
    let number = profile.membership_number.as_deref().unwrap_or_default();
    let names = [&profile.given_name, &profile.family_name, &profile.call_name];
    let names = names.into_iter().flatten().flat_map(|name| words(name));
    let whole = [bounded(&fold(email)), bounded(&fold(number))];
    let mut found = BTreeSet::new();
    for word in whole.into_iter().chain(names).chain(words(email)).chain(words(number)) {
        if !word.is_empty() && found.len() < MOST {
            found.insert(word);
        }
    }
    found
}

/// What is asked for: each word must begin one of an account's. The longest comes first, since fewest have it.
#[must_use]
pub fn question(text: &str) -> Vec<Vec<u8>> {
    let folded = fold(text);
    // An address is asked for whole: its parts alone would find its neighbours.
    let mut asked: Vec<Vec<u8>> = if folded.contains('@') {
        folded.split_whitespace().map(bounded).collect()
    } else {
        words(text).collect()
    };
    asked.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    asked.dedup();
    asked.truncate(MOST_ASKED);
    asked
}

/// Letters in their plainest form and lower case.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

fn words(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let folded = fold(text);
    let words: Vec<Vec<u8>> = folded
        .split(|c: char| !c.is_alphanumeric() && !is_mark(c))
        .filter(|word| !word.is_empty())
        .map(bounded)
        .collect();
    words.into_iter()
}

/// Marks belong to the letter before them.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) || c == '\u{200c}' || c == '\u{200d}'
}

fn bounded(word: &str) -> Vec<u8> {
    let end = word.floor_char_boundary(LONGEST);
    word.get(..end).unwrap_or_default().as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> Profile {
        Profile {
            given_name: Some("Ann-Marie".to_owned()),
            family_name: Some("de Vries".to_owned()),
            membership_number: Some("A-17".to_owned()),
            ..Profile::default()
        }
    }

    fn finds(question: &str, email: &str, profile: &Profile) -> bool {
        let terms = terms(email, profile);
        let asked = super::question(question);
        !asked.is_empty() && asked.iter().all(|word| terms.iter().any(|term| term.starts_with(word)))
    }

    #[test]
    fn people_are_found_by_the_beginning_of_every_word() {
        for question in [
            "ann",
            "MARIE",
            "vri",
            "ann vries",
            "vries, ann",
            "ann.m@example.org",
            "example",
            "a-17",
            "Ann-M",
        ] {
            assert!(finds(question, "ann.m@example.org", &ann()), "{question}");
        }
        for question in ["nn", "bob", "ann bob", "bob@example.org", "", " - "] {
            assert!(!finds(question, "ann.m@example.org", &ann()), "{question:?}");
        }
    }

    #[test]
    fn spellings_of_one_name_are_one() {
        let person = Profile {
            given_name: Some("Ann\u{e9}".to_owned()),
            family_name: Some("\u{ff2d}\u{ff49}\u{ff52}\u{ff41}".to_owned()),
            ..Profile::default()
        };
        assert!(finds("ANNE\u{301}", "a@example.org", &person));
        assert!(finds("mira", "a@example.org", &person));
    }

    #[test]
    fn bounds_hold() {
        let person = Profile {
            given_name: Some("x ".repeat(50)),
            family_name: Some((0..100).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ")),
            call_name: Some("\u{738b}".repeat(100)),
            ..Profile::default()
        };
        let terms = terms(&format!("{}@example.org", "a".repeat(200)), &person);
        assert!(terms.len() <= MOST && terms.iter().all(|term| term.len() <= LONGEST));
        assert!(question(&"many words here and more ".repeat(1000)).len() <= MOST_ASKED);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_whole_names_are_found(name in "\\PC{1,40}") {
            let person = Profile { given_name: Some(name.clone()), ..Profile::default() };
            let asked = question(&name);
            if !asked.is_empty() && !fold(&name).contains('@') {
                proptest::prop_assert!(finds(&name, "a@example.org", &person));
            }
        }
    }
}
