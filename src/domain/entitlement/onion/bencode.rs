//! Bencoded lists of byte strings, the one shape that onion requests use.

/// The strings of the list that `bytes` is, at most `most` of them; `None` for anything else.
pub(super) fn parse_strings(bytes: &[u8], most: usize) -> Option<Vec<&[u8]>> {
    let mut rest = bytes.strip_prefix(b"l")?.strip_suffix(b"e")?;
    let mut strings = Vec::new();
    while !rest.is_empty() {
        if strings.len() == most {
            return None;
        }
        let (string, after) = take_string(rest)?;
        strings.push(string);
        rest = after;
    }
    Some(strings)
}

/// Splits `<length>:<bytes>` off the front.
fn take_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = bytes.split_at_checked(end)?;
    if digits.is_empty() {
        return None;
    }
    // Zeros before a length are none of bencoding, but existing servers read over them.
    let length = digits.iter().try_fold(0_usize, |length, digit| {
        length.checked_mul(10)?.checked_add(usize::from(digit - b'0'))
    })?;
    rest.strip_prefix(b":")?.split_at_checked(length)
}

/// The list of `strings`.
pub(super) fn write_strings(strings: &[&[u8]]) -> Vec<u8> {
    let mut list = Vec::with_capacity(strings.iter().map(|string| string.len() + 12).sum::<usize>() + 2);
    list.push(b'l');
    for string in strings {
        list.extend_from_slice(string.len().to_string().as_bytes());
        list.push(b':');
        list.extend_from_slice(string);
    }
    list.push(b'e');
    list
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_a_list_of_strings_is_nothing() {
        for bad in [
            "",
            "l",
            "e",
            "d3:abce",
            "le ",
            "l3:abe",
            "l3:abc",
            "l4:abce",
            "li3ee",
            "lle1:ae",
            "l-1:e",
            "l+1:ae",
            "l:ae",
            "l1ae",
            "l 1:ae",
            "l99999999999999999999:ae",
            "l184467440737095516171:ae",
            "l3:abc1:dxe",
        ] {
            assert_eq!(parse_strings(bad.as_bytes(), 9), None, "{bad}");
        }
    }

    #[test]
    fn a_list_longer_than_expected_is_nothing() {
        assert_eq!(parse_strings(b"l1:a1:be", 2), Some(vec![b"a".as_slice(), b"b"]));
        assert_eq!(parse_strings(b"l1:a1:be", 1), None);
        assert_eq!(parse_strings(b"le", 2), Some(vec![]));
        assert_eq!(
            parse_strings(b"l0000000000000000000000001:ae", 1),
            Some(vec![b"a".as_slice()])
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(strings in proptest::collection::vec(any::<Vec<u8>>(), 0..4)) {
            let borrowed: Vec<&[u8]> = strings.iter().map(Vec::as_slice).collect();
            let written = write_strings(&borrowed);
            prop_assert_eq!(parse_strings(&written, 4), Some(borrowed));
        }

        #[test]
        fn no_bytes_panic_and_all_that_is_found_was_there(bytes in "l([0-9]{0,12}:?[a-z]{0,4}){0,4}e?") {
            if let Some(strings) = parse_strings(bytes.as_bytes(), 3) {
                prop_assert!(strings.len() <= 3);
                prop_assert!(strings.iter().map(|string| string.len()).sum::<usize>() < bytes.len());
            }
        }
    }
}
