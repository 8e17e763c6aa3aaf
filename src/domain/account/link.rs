//! Mailed links: issued → spent, once, before they expire, for what they were made for.

use std::time::Duration;

use crate::config::Lifetimes;
use crate::domain::clock::Timestamp;

/// What a link may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To show that mail to the address arrives.
    ConfirmEmail,
    /// To register the confirmed address with a password. It is handed to the page, not mailed.
    Register,
    /// To register the account anew with another password.
    ResetPassword,
    /// To move the account to the address it was mailed to, after a login at the old one.
    ChangeEmail,
    /// To register a new password after a login made for it. It is handed to the page, not mailed.
    ChangePassword,
    /// To delete the account after a login made for it. It is handed to the page, not mailed.
    DeleteAccount,
}

impl LinkPurpose {
    const ALL: [Self; 6] = [
        Self::ConfirmEmail,
        Self::Register,
        Self::ResetPassword,
        Self::ChangeEmail,
        Self::ChangePassword,
        Self::DeleteAccount,
    ];

    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm-email",
            Self::Register => "register",
            Self::ResetPassword => "reset-password",
            Self::ChangeEmail => "change-email",
            Self::ChangePassword => "change-password",
            Self::DeleteAccount => "delete-account",
        }
    }

    /// Reads what [`LinkPurpose::as_str`] wrote; anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }

    /// How long a link for this is good.
    #[must_use]
    pub const fn lifetime(self, lifetimes: &Lifetimes) -> Duration {
        match self {
            Self::ConfirmEmail => lifetimes.confirm_link,
            Self::Register => lifetimes.register_link,
            Self::ResetPassword => lifetimes.reset_link,
            Self::ChangeEmail => lifetimes.change_link,
            Self::ChangePassword | Self::DeleteAccount => lifetimes.change_request,
        }
    }
}

/// A link as it is stored, beside the hash of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// From this moment on it is not valid.
    pub expires_at: Timestamp,
    /// Whether it was used.
    pub spent: bool,
}

/// Why a link may not be used. The reasons are for logs and counters; whoever asks is told the same of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this link is not valid, or not any more")]
pub enum LinkRefusal {
    /// No link has that token.
    Unknown,
    /// It is for something else.
    OtherPurpose,
    /// It was used.
    Spent,
    /// Its time is over.
    Expired,
}

impl Link {
    /// A fresh link.
    #[must_use]
    pub fn issue(purpose: LinkPurpose, now: Timestamp, lifetimes: &Lifetimes) -> Self {
        Self {
            purpose,
            expires_at: now.plus(purpose.lifetime(lifetimes)),
            spent: false,
        }
    }

    /// A fresh link that is good for longer or shorter than its purpose says.
    #[must_use]
    pub fn lasting(purpose: LinkPurpose, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            purpose,
            expires_at: now.plus(lifetime),
            spent: false,
        }
    }

    /// Whether it may be used for `purpose` now; using it is [`spend`].
    ///
    /// # Errors
    /// [`LinkRefusal`], the first that applies.
    pub fn check(self, purpose: LinkPurpose, now: Timestamp) -> Result<(), LinkRefusal> {
        if self.purpose != purpose {
            Err(LinkRefusal::OtherPurpose)
        } else if self.spent {
            Err(LinkRefusal::Spent)
        } else if now >= self.expires_at {
            Err(LinkRefusal::Expired)
        } else {
            Ok(())
        }
    }
}

/// Uses the link that was found for a token, if one was: the spent link, to be stored in the transaction that grants.
///
/// # Errors
/// [`LinkRefusal`]; then nothing changes.
pub fn spend(found: Option<Link>, purpose: LinkPurpose, now: Timestamp) -> Result<Link, LinkRefusal> {
    let link = found.ok_or(LinkRefusal::Unknown)?;
    link.check(purpose, now)?;
    Ok(Link { spent: true, ..link })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(purpose: LinkPurpose) -> Link {
        Link::issue(purpose, Timestamp::from_secs(0), &Lifetimes::default())
    }

    #[test]
    fn a_link_is_used_once_for_its_purpose_in_its_time() {
        let now = Timestamp::from_secs(1);
        for purpose in LinkPurpose::ALL {
            let spent = spend(Some(issued(purpose)), purpose, now).expect("fresh");
            assert_eq!(spend(Some(spent), purpose, now), Err(LinkRefusal::Spent));
            for other in LinkPurpose::ALL.into_iter().filter(|other| *other != purpose) {
                assert_eq!(spend(Some(issued(purpose)), other, now), Err(LinkRefusal::OtherPurpose));
            }
        }
        assert_eq!(spend(None, LinkPurpose::Register, now), Err(LinkRefusal::Unknown));
    }

    #[test]
    fn it_expires_at_the_very_moment() {
        let link = issued(LinkPurpose::ResetPassword);
        let last = Timestamp::from_millis(3_599_999);
        assert!(link.check(link.purpose, last).is_ok());
        assert_eq!(
            link.check(link.purpose, Timestamp::from_secs(3600)),
            Err(LinkRefusal::Expired)
        );
    }

    #[test]
    fn all_refusals_read_alike() {
        let texts = [
            LinkRefusal::Unknown,
            LinkRefusal::OtherPurpose,
            LinkRefusal::Spent,
            LinkRefusal::Expired,
        ]
        .map(|refusal| refusal.to_string());
        assert!(texts.iter().all(|text| *text == texts[0]));
    }

    #[test]
    fn a_purpose_survives_the_way_through_text() {
        for purpose in LinkPurpose::ALL {
            assert_eq!(LinkPurpose::parse(purpose.as_str()), Some(purpose));
        }
        assert_eq!(LinkPurpose::parse(""), None);
    }
}
