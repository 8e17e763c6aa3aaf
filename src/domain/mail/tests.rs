//! Every mail, with kind and with hostile values.

use proptest::prelude::*;

use super::fill::next;
use super::*;

fn kinds(link: &str) -> [MailKind; 4] {
    let (link, valid) = (link.to_owned(), Duration::from_hours(1));
    [
        MailKind::ConfirmSignup {
            link: link.clone(),
            valid,
        },
        MailKind::AlreadyRegistered {
            reset_url: link.clone(),
            login_url: link.clone(),
        },
        MailKind::ResetPassword {
            link: link.clone(),
            valid,
        },
        MailKind::PasswordChanged { reset_url: link },
    ]
}

fn address() -> Email {
    Email::parse("ann@example.org").expect("address")
}

const LINK: &str = "https://id.example.org/reset/#token";

#[test]
fn every_placeholder_has_a_value_and_both_parts_say_the_same() {
    for kind in kinds(LINK) {
        let template = en::template(&kind);
        assert!(template.text.starts_with("Subject: "), "{kind:?}");
        let mail = render(&kind, &address(), "Example App");
        for part in [&mail.subject, &mail.text, &mail.html] {
            assert_eq!(next(part), None, "{kind:?}");
            assert!(part.contains("Example App"), "{kind:?}");
        }
        let names = |mut rest: &'static str| {
            let mut names = std::collections::BTreeSet::new();
            while let Some((_, name, after)) = next(rest) {
                names.insert(name);
                rest = after;
            }
            names
        };
        assert_eq!(names(template.text), names(template.html), "{kind:?}");
        for part in [&mail.text, &mail.html] {
            assert!(part.contains(LINK) && part.contains("ann@example.org"), "{kind:?}");
        }
    }
}

#[test]
fn a_mail_loads_nothing_and_its_lines_fit_smtp() {
    for kind in kinds(LINK) {
        let mail = render(&kind, &address(), "Example App");
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
    for kind in kinds("https://id.example.org/\"onmouseover=\"x'<b>\r\n.\r\n") {
        let mail = render(&kind, &address(), realm);
        assert!(!mail.subject.contains(['\r', '\n', '\u{2028}']), "{kind:?}");
        assert!(!mail.html.contains("<script") && !mail.html.contains("<b>"), "{kind:?}");
        assert!(!mail.html.contains("\"onmouseover"), "{kind:?}");
        assert!(!mail.text.contains('\r') && !mail.text.contains("\n.\n"), "{kind:?}");
        assert!(mail.subject.contains("{{link}}"), "a value is not a template: {kind:?}");
    }
}

#[test]
fn lk_01_mails_do_not_print() {
    for kind in kinds(LINK) {
        assert!(!format!("{kind:?}").contains("token"));
        assert!(!format!("{:?}", render(&kind, &address(), "x")).contains("token"));
    }
}

#[test]
fn a_link_says_how_long_it_is_good() {
    let [confirm, _, reset, _] = kinds(LINK);
    for kind in [confirm, reset] {
        let mail = render(&kind, &address(), "x");
        assert!(mail.text.contains("within 1 hour"), "{}", mail.text);
        assert!(mail.html.contains("1 hour"), "{kind:?}");
    }
}

proptest! {
    #[test]
    fn no_realm_and_no_link_make_a_second_header_or_an_element(realm: String, link: String) {
        let elements = |html: &str| html.matches('<').count();
        for (kind, tame) in kinds(&link).iter().zip(kinds(LINK)) {
            let mail = render(kind, &address(), &realm);
            prop_assert!(!mail.subject.contains(char::is_control));
            let tame = render(&tame, &address(), "x");
            prop_assert_eq!(elements(&mail.html), elements(&tame.html));
            prop_assert_eq!(mail.text.lines().count(), tame.text.lines().count());
        }
    }
}
