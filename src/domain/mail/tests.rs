//! Every mail in every language, with kind and with hostile values.

use proptest::prelude::*;

use super::fill::next;
use super::style::names;
use super::*;
use crate::config::MailTexts;

fn address() -> Email {
    Email::parse("ann@example.org").expect("address")
}

const LINK: &str = "https://id.example.org/reset/#token";

/// Every occasion in every language.
fn all(link: &str) -> Vec<(MailKind, Language)> {
    let languages = |kind: MailKind| Language::ALL.map(|language| (kind.clone(), language));
    samples(link).into_iter().flat_map(languages).collect()
}

fn write(kind: &MailKind, language: Language, realm: &str) -> Mail {
    let texts = MailTexts::default();
    let style = Style {
        realm,
        language,
        texts: &texts,
    };
    render(kind, &address(), &style)
}

#[test]
fn every_placeholder_has_a_value_and_both_parts_say_the_same() {
    for (kind, language) in all(LINK) {
        let template = built_in::template(&kind, language);
        assert!(template.text.starts_with("Subject: "), "{kind:?}");
        let mail = write(&kind, language, "Example App");
        for part in [&mail.subject, &mail.text, &mail.html] {
            assert_eq!(next(part), None, "{kind:?}");
            assert!(part.contains("Example App"), "{kind:?}");
        }
        assert_eq!(names(template.text), names(template.html), "{kind:?} {language:?}");
        for part in [&mail.text, &mail.html] {
            assert!(part.contains(LINK) && part.contains("ann@example.org"), "{kind:?}");
        }
    }
}

#[test]
fn every_language_has_the_same_to_say() {
    for kind in samples(LINK) {
        let [first, rest @ ..] = Language::ALL.map(|language| names(built_in::template(&kind, language).text));
        assert!(rest.iter().all(|other| *other == first), "{kind:?}");
        let [english, dutch] = Language::ALL.map(|language| write(&kind, language, "App").text);
        assert_ne!(english, dutch, "{kind:?}");
    }
}

#[test]
fn a_mail_loads_nothing_and_its_lines_fit_smtp() {
    for (kind, language) in all(LINK) {
        let mail = write(&kind, language, "Example App");
        for foreign in ["<img", "<script", "url(", "@import", "src=", "<link"] {
            assert!(!mail.html.contains(foreign), "{kind:?}: {foreign}");
        }
        assert!(mail.text.lines().all(|line| line.chars().count() <= 100), "{kind:?}");
        assert!(mail.html.lines().all(|line| line.len() <= 998), "{kind:?}");
    }
}

#[test]
fn hostile_names_and_links_stay_text() {
    let realm = "\"><script>alert(1)</script>\r\nBcc: x@example.org\u{2028}{{link}}";
    for (kind, language) in all("https://id.example.org/\"onmouseover=\"x'<b>\r\n.\r\n") {
        let mail = write(&kind, language, realm);
        assert!(!mail.subject.contains(['\r', '\n', '\u{2028}']), "{kind:?}");
        assert!(!mail.html.contains("<script") && !mail.html.contains("<b>"), "{kind:?}");
        assert!(!mail.html.contains("\"onmouseover"), "{kind:?}");
        assert!(!mail.text.contains('\r') && !mail.text.contains("\n.\n"), "{kind:?}");
        assert!(mail.subject.contains("{{link}}"), "a value is not a template: {kind:?}");
    }
}

#[test]
fn lk_01_mails_do_not_print() {
    for (kind, language) in all(LINK) {
        assert!(!format!("{kind:?}").contains("token"));
        assert!(!format!("{:?}", write(&kind, language, "x")).contains("token"));
    }
}

#[test]
fn a_link_says_how_long_it_is_good() {
    for (kind, language) in all(LINK) {
        let mail = write(&kind, language, "x");
        let says = match language {
            Language::English => "1 hour",
            Language::Dutch => "1 uur",
        };
        let has_link = names(built_in::template(&kind, language).text).contains("link");
        assert_eq!(mail.text.contains(says), has_link, "{kind:?} {}", mail.text);
        assert_eq!(mail.html.contains(says), has_link, "{kind:?}");
    }
}

fn own(file: &str, text: &str) -> MailTexts {
    MailTexts::of([(file, text)])
}

#[test]
fn the_operators_text_stands_in_for_ours() {
    let texts = own(
        "nl/welcome.txt",
        "Subject: Dag van {{realm}}\n\nKom binnen: {{login_url}} {{to}}\n",
    );
    assert_eq!(check(&texts), Ok(()));
    let kind = MailKind::Welcome {
        login_url: LINK.to_owned(),
    };
    let write = |language| {
        let style = Style {
            realm: "App",
            language,
            texts: &texts,
        };
        render(&kind, &address(), &style)
    };
    let mail = write(Language::Dutch);
    assert_eq!(
        (mail.subject.as_str(), mail.text.as_str()),
        (
            "Dag van App",
            "Kom binnen: https://id.example.org/reset/#token ann@example.org\n"
        )
    );
    assert_eq!(write(Language::English).subject, "Welcome to App");
}

#[test]
fn a_text_that_would_make_a_broken_mail_is_refused_in_words() {
    for (file, text, says) in [
        ("nl/welcome.txt", "no subject", "must begin"),
        ("nl/welcome.txt", "Subject: a\nBcc: b\n\nc", "must begin"),
        ("nl/welcome.txt", "Subject: a\n\n{{link}}", "{{link}}"),
        ("en/layout.html", "{{link}}", "{{link}}"),
        ("fr/welcome.txt", "Subject: a\n\nb", "stands in for no text"),
        ("nl/wellcome.txt", "Subject: a\n\nb", "stands in for no text"),
        ("nl/layout.txt", "Subject: a\n\nb", "stands in for no text"),
        ("welcome.txt", "Subject: a\n\nb", "stands in for no text"),
    ] {
        let error = check(&own(file, text)).expect_err(file).to_string();
        assert!(error.contains(says) && error.contains(file), "{error}");
    }
}

proptest! {
    #[test]
    fn no_realm_and_no_link_make_a_second_header_or_an_element(realm: String, link: String) {
        let elements = |html: &str| html.matches('<').count();
        for ((kind, language), (tame, _)) in all(&link).iter().zip(all(LINK)) {
            let mail = write(kind, *language, &realm);
            prop_assert!(!mail.subject.contains(char::is_control));
            let tame = write(&tame, *language, "x");
            prop_assert_eq!(elements(&mail.html), elements(&tame.html));
            prop_assert_eq!(mail.text.lines().count(), tame.text.lines().count());
        }
    }
}
