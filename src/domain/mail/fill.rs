//! The smallest template language that serves: `{{name}}` stands for a value, and nothing else happens.

/// Puts the values in, each once and as it is: what looks like a placeholder within a value stays text. A placeholder
/// without value stays too; that no template has one is tested.
pub(super) fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(2 * template.len());
    let mut rest = template;
    while let Some((before, name, after)) = next(rest) {
        out.push_str(before);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            None => out.extend(["{{", name, "}}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The text before the first placeholder, its name, and the text after it.
pub(super) fn next(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name, after))
}

/// For text and attributes in HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Makes one line of it: every control character and line separator becomes a space.
pub(super) fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.replace(breaks, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Vec<(&'static str, String)> {
        vec![("a", "1".into()), ("b", "{{a}}".into())]
    }

    #[test]
    fn values_are_put_in_once() {
        assert_eq!(fill("x{{a}}{{b}}y", &values()), "x1{{a}}y");
        assert_eq!(fill("{{c}} {{a", &values()), "{{c}} {{a");
        assert_eq!(fill("", &values()), "");
    }

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            escape("<a b=\"c\" d='e'>&amp;"),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_template_panics(template in "[{}ab]{0,20}") {
            let _ = fill(&template, &values());
        }

        #[test]
        fn escaped_text_has_no_markup(text in "\\PC{0,40}") {
            let escaped = escape(&text);
            proptest::prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        }
    }
}
