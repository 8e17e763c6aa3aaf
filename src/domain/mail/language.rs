//! The languages that mails are written in, and how one is chosen.

use serde::{Deserialize, Serialize};

/// A language of mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// English: where nothing better fits.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Dutch.
    #[serde(rename = "nl")]
    Dutch,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Dutch];

    /// As a tag (RFC 5646), which is also the name of its folder of templates.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Dutch => "nl",
        }
    }

    /// The language of a tag, whatever its region.
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The best of a list of tags with weights or without: an `Accept-Language` header (RFC 9110 §12.5.4), or
    /// `ui_locales` (OIDC Core §3.1.2.1), best first. Of equal weights the first counts.
    #[must_use]
    pub fn choose(preferences: &str) -> Option<Self> {
        let mut best: Option<(Self, u32)> = None;
        for entry in preferences.split([',', ' ']).filter(|entry| !entry.is_empty()).take(32) {
            let (tag, weight) = entry.split_once(";q=").unwrap_or((entry, "1"));
            let weight = weight
                .trim()
                .parse::<f32>()
                .ok()
                .filter(|weight| (0.001..=1.0).contains(weight));
            let (Some(language), Some(weight)) = (Self::of(tag.trim()), weight) else {
                continue;
            };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "within 1 and 1000"
            )]
            let weight = (weight * 1000.0) as u32;
            if best.is_none_or(|(_, heaviest)| weight > heaviest) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_that_we_write_is_chosen() {
        for (header, chosen) in [
            ("nl", Some(Language::Dutch)),
            ("nl-BE,nl;q=0.9,en;q=0.8", Some(Language::Dutch)),
            ("fr,en;q=0.5,nl;q=0.7", Some(Language::Dutch)),
            ("en-GB, nl;q=0.9", Some(Language::English)),
            ("fr nl en", Some(Language::Dutch)),
            ("nl;q=0,en;q=0.1", Some(Language::English)),
            ("fr", None),
            ("*", None),
            ("", None),
            (";q=;q=,,nl;q=x", None),
        ] {
            assert_eq!(Language::choose(header), chosen, "{header:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_header_panics(header in "\\PC{0,60}") {
            let _ = Language::choose(&header);
        }
    }
}
