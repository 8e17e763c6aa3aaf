//! Reads JSON as this protocol needs it: integers of any length are told apart from fractions, the last of several members
//! of one name wins, and what nobody asks for may be anything.

/// How deep arrays and objects may lie in each other.
const DEPTH: usize = 200;

/// The longest integer that is taken for one, in digits. Beyond it existing servers refuse, too.
const DIGITS: usize = 4300;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`, or an array, of which nobody asks for the items.
    Other,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent.
    Int(Int),
    /// Any other number; `NaN` and the infinities are taken for some, as existing servers take them.
    Fraction,
    /// A text; `None` if it is none of Unicode (half of a surrogate pair).
    Text(Option<String>),
    /// Members in the order in which they stand.
    Object(Vec<(Option<String>, Self)>),
}

/// An integer of any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Int {
    /// One that fits.
    Small(i128),
    /// One that is smaller than all that fit.
    Least,
    /// One that is larger.
    Most,
}

impl Json {
    /// Reads a whole body; `None` if it is not JSON.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader {
            text: std::str::from_utf8(body).ok()?,
            at: 0,
        };
        let value = reader.value(0)?;
        reader.blank();
        (reader.at == body.len()).then_some(value)
    }
}

/// Half of a surrogate pair: an escape that JSON allows and that is no letter.
struct Half;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text
            .get(self.at..)?
            .starts_with(word)
            .then(|| self.at += word.len())
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > DEPTH {
            return None;
        }
        self.blank();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(|text| Json::Text(text.ok())),
            b't' => self.word("true").map(|()| Json::Bool(true)),
            b'f' => self.word("false").map(|()| Json::Bool(false)),
            b'n' => self.word("null").map(|()| Json::Other),
            b'N' => self.word("NaN").map(|()| Json::Fraction),
            b'I' => self.word("Infinity").map(|()| Json::Fraction),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        self.take(b'{')?;
        let mut members = Vec::new();
        self.blank();
        if self.take(b'}').is_some() {
            return Some(Json::Object(members));
        }
        loop {
            self.blank();
            let name = self.string()?;
            self.blank();
            self.take(b':')?;
            members.push((name.ok(), self.value(depth + 1)?));
            self.blank();
            if self.take(b',').is_none() {
                self.take(b'}')?;
                return Some(Json::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Json> {
        self.take(b'[')?;
        self.blank();
        if self.take(b']').is_some() {
            return Some(Json::Other);
        }
        loop {
            self.value(depth + 1)?;
            self.blank();
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(Json::Other);
            }
        }
    }

    fn string(&mut self) -> Option<Result<String, Half>> {
        self.take(b'"')?;
        let mut text = String::new();
        let mut whole = true;
        loop {
            let rest = self.text.get(self.at..)?;
            let plain = rest.find(|letter: char| matches!(letter, '"' | '\\') || letter < ' ')?;
            text.push_str(rest.get(..plain)?);
            self.at += plain;
            if self.take(b'"').is_some() {
                return Some(if whole { Ok(text) } else { Err(Half) });
            }
            // Neither a quote nor a backslash: a control character, which must be escaped.
            self.take(b'\\')?;
            match self.escape()? {
                Ok(letter) => text.push(letter),
                Err(Half) => whole = false,
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Option<Result<char, Half>> {
        let kind = self.peek()?;
        self.at += 1;
        let letter = match kind {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return None,
        };
        Some(Ok(letter))
    }

    fn unicode(&mut self) -> Option<Result<char, Half>> {
        let first = self.four()?;
        if !(0xD800..0xDC00).contains(&first) {
            return Some(char::from_u32(first).ok_or(Half));
        }
        let before = self.at;
        if self.word("\\u").is_some() {
            let second = self.four()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Some(char::from_u32(code).ok_or(Half));
            }
            // It is an escape of its own.
            self.at = before;
        }
        Some(Err(Half))
    }

    fn four(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn digits(&mut self) -> usize {
        let before = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - before
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        let negative = self.take(b'-').is_some();
        if negative && self.word("Infinity").is_some() {
            return Some(Json::Fraction);
        }
        let zero = self.peek()? == b'0';
        let digits = self.digits();
        if digits == 0 || (zero && digits > 1) {
            return None;
        }
        let text = self.text.get(start..self.at)?;
        let mut is_int = digits <= DIGITS;
        if self.take(b'.').is_some() {
            is_int = false;
            (self.digits() > 0).then_some(())?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            is_int = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            (self.digits() > 0).then_some(())?;
        }
        if !is_int {
            return Some(Json::Fraction);
        }
        let huge = if negative { Int::Least } else { Int::Most };
        Some(Json::Int(text.parse().map_or(huge, Int::Small)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn int(text: &str) -> Option<Json> {
        Json::parse(text.as_bytes())
    }

    #[test]
    fn integers_are_told_apart_from_everything_else() {
        assert_eq!(int(" 12 "), Some(Json::Int(Int::Small(12))));
        assert_eq!(int("-0"), Some(Json::Int(Int::Small(0))));
        assert_eq!(
            int(&"9".repeat(25)),
            Some(Json::Int(Int::Small(9_999_999_999_999_999_999_999_999)))
        );
        assert_eq!(int(&"9".repeat(400)), Some(Json::Int(Int::Most)));
        assert_eq!(int(&format!("-{}", "9".repeat(400))), Some(Json::Int(Int::Least)));
        for fraction in [
            "0.0",
            "1e0",
            "1E+2",
            "1.5e-3",
            "NaN",
            "Infinity",
            "-Infinity",
            &"9".repeat(DIGITS + 1),
        ] {
            assert_eq!(int(fraction), Some(Json::Fraction), "{}", fraction.len());
        }
        for bad in [
            "", "+1", "01", "1.", ".5", "1e", "0x1", "nan", "Inf", "-NaN", "--1", "1 2", "- 1",
        ] {
            assert_eq!(int(bad), None, "{bad}");
        }
    }

    #[test]
    fn texts_are_whole_or_known_not_to_be() {
        let text = |json: &str| match Json::parse(json.as_bytes()) {
            Some(Json::Text(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            text(r#""a\"\\\/\b\f\n\r\té😀é""#).as_deref(),
            Some("a\"\\/\u{8}\u{c}\n\r\té😀é")
        );
        for half in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\ud83dA""#] {
            assert_eq!(text(half), None, "{half}");
        }
        for bad in [
            "\"\n\"",
            "\"\u{1}\"",
            r#""\x""#,
            r#""\u12g4""#,
            r#""\u+123""#,
            "\"abc",
            r#""\ud83d\u12""#,
        ] {
            assert_eq!(Json::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(Json::parse(deep(DEPTH).as_bytes()), Some(Json::Other));
        let bad = [
            deep(DEPTH + 2),
            "{".into(),
            "{}x".into(),
            "{\"a\"}".into(),
            "{\"a\":1,}".into(),
            "{a:1}".into(),
            "[1,]".into(),
            "nul".into(),
            "\u{feff}{}".into(),
            "{'a':1}".into(),
        ];
        for bad in bad {
            assert_eq!(Json::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Json::parse(&[0xff, b'{', b'}']), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Json::parse(&body);
        }

        #[test]
        fn what_serde_json_writes_is_read(text in ".*", number in any::<i64>()) {
            let body = serde_json::json!({ text.clone(): [number, { "a": null }], "b": text.clone(), "c": number });
            let Some(Json::Object(members)) = Json::parse(body.to_string().as_bytes()) else {
                return Err(TestCaseError::fail("not an object"));
            };
            let found = members.iter().rev().find(|(name, _)| name.as_deref() == Some("b")).map(|(_, value)| value);
            if text != "c" {
                prop_assert_eq!(found, Some(&Json::Text(Some(text))));
            }
        }

        #[test]
        fn nothing_is_read_that_serde_json_refuses(body in r#"[\[\]{}:,"\\ue0-9.truefalsn -]{0,24}"#) {
            // serde_json alone also refuses numbers beyond f64, which do not fit here.
            let theirs = serde_json::from_str::<serde_json::Value>(&body).is_ok();
            let ours = Json::parse(body.as_bytes()).is_some();
            prop_assert!(ours == theirs || (ours && body.contains("\\u")), "{body}");
        }
    }
}
