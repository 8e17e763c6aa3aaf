//! Texts that people write about themselves: any script, within bounds, and nothing that could deceive a reader.

use unicode_normalization::UnicodeNormalization as _;

/// A text does not fit a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Over so many characters.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// A character that is not to be seen: a control, or one that turns the direction of the text around it.
    #[error("it has a control character")]
    Control,
    /// Not a phone number.
    #[error("it is not a phone number; write 7 to 15 digits, with + and the country code in front")]
    NotAPhone,
    /// Not a language tag (RFC 5646).
    #[error("it is not a language; write for example nl or en-GB")]
    NotALocale,
}

/// One line: trimmed, NFC; `None` if nothing is left.
///
/// # Errors
/// [`TextError`] says what is wrong with it.
pub fn line(text: &str, most: usize) -> Result<Option<String>, TextError> {
    clean(text, most, false)
}

/// As [`line`], where line breaks are allowed (a street address, OIDC Core §5.1.1).
///
/// # Errors
/// As for [`line`].
pub fn lines(text: &str, most: usize) -> Result<Option<String>, TextError> {
    clean(&text.replace("\r\n", "\n"), most, true)
}

fn clean(text: &str, most: usize, breaks: bool) -> Result<Option<String>, TextError> {
    // The bound in bytes keeps the work small; the one in characters is what people are told.
    if text.len() > 16 * most {
        return Err(TextError::TooLong(most));
    }
    let text: String = text.trim().nfc().collect();
    if text.chars().count() > most {
        return Err(TextError::TooLong(most));
    }
    if text.chars().any(|c| is_hidden(c) && !(breaks && c == '\n')) {
        return Err(TextError::Control);
    }
    Ok(if text.is_empty() { None } else { Some(text) })
}

/// Controls, line separators, and the marks that override the direction of what follows (Unicode TR 9): a name with one
/// would rearrange the line it stands in. Joiners stay: Persian and emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A phone number without what people put between digits: `+31612345678`.
///
/// # Errors
/// [`TextError::NotAPhone`].
pub fn phone(text: &str) -> Result<Option<String>, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > 64 {
        return Err(TextError::NotAPhone);
    }
    let mut number = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => number.push(c),
            '+' if number.is_empty() => number.push(c),
            ' ' | '\u{a0}' | '-' | '\u{2010}' | '\u{2011}' | '(' | ')' | '.' | '/' => {}
            _ => return Err(TextError::NotAPhone),
        }
    }
    let digits = number.trim_start_matches('+').len();
    if (7..=15).contains(&digits) {
        Ok(Some(number))
    } else {
        Err(TextError::NotAPhone)
    }
}

/// A language tag: letters, then parts of up to eight letters or digits with hyphens between.
///
/// # Errors
/// [`TextError::NotALocale`].
pub fn locale(text: &str) -> Result<Option<String>, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let ok = text.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if ok {
        Ok(Some(text.to_owned()))
    } else {
        Err(TextError::NotALocale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_are_names() {
        for name in [
            "Ann",
            "Łukasz",
            "王小明",
            "مريم",
            "אֲבִיגַיִל",
            "می‌خواهم",
            "👩‍🔬 Ann",
            "O'Neil-Smith",
            "e\u{301}",
        ] {
            let kept = line(name, 100).expect("is kept").expect("is not empty");
            assert_eq!(kept, name.nfc().collect::<String>());
        }
        assert_eq!(line("  \t ", 100), Ok(None));
        assert_eq!(line(" e\u{301} ", 100), Ok(Some("\u{e9}".to_owned())));
    }

    #[test]
    fn bounds_are_in_characters_and_hidden_ones_are_refused() {
        assert!(line(&"王".repeat(100), 100).is_ok());
        assert_eq!(line(&"a".repeat(500), 100), Err(TextError::TooLong(100)));
        assert_eq!(line(&" ".repeat(100_000), 100), Err(TextError::TooLong(100)));
        for bad in ["a\nb", "a\0b", "a\u{202e}b", "a\u{2066}b", "a\u{1b}[2Jb", "a\u{2028}b"] {
            assert_eq!(line(bad, 100), Err(TextError::Control), "{bad:?}");
        }
        assert_eq!(lines("Mill 1\r\nYard", 100), Ok(Some("Mill 1\nYard".to_owned())));
        assert_eq!(lines("a\rb", 100), Err(TextError::Control));
    }

    #[test]
    fn a_phone_number_is_kept_as_digits() {
        assert_eq!(phone("+31 (6) 1234-5678"), Ok(Some("+31612345678".to_owned())));
        assert_eq!(phone("06 12345678"), Ok(Some("0612345678".to_owned())));
        assert_eq!(phone(" "), Ok(None));
        for bad in [
            "12",
            "call me",
            "+31+6",
            "1234567890123456",
            "+3161234567a",
            "٠٦١٢٣٤٥٦٧٨",
        ] {
            assert_eq!(phone(bad), Err(TextError::NotAPhone), "{bad:?}");
        }
    }

    #[test]
    fn a_locale_is_a_language_tag() {
        for good in ["nl", "en-GB", "zh-Hant-TW", "de-CH-1996"] {
            assert_eq!(locale(good), Ok(Some(good.to_owned())));
        }
        for bad in ["n", "en_GB", "en-", "-en", "123", "en--GB", "abcdefghi"] {
            assert_eq!(locale(bad), Err(TextError::NotALocale), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_kept_is_kept_again(text in "\\PC{0,40}") {
            if let Ok(Some(kept)) = line(&text, 40) {
                proptest::prop_assert_eq!(line(&kept, 40), Ok(Some(kept.clone())));
            }
            let _ = (phone(&text), locale(&text));
        }
    }
}
