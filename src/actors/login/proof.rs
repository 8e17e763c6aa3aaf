//! A fresh login made for one change: its session carries the hash of the change's own token.

use super::LoginError;
use crate::db::links::StoredLink;
use crate::db::{DbError, Transaction, sessions};
use crate::domain::account::LinkPurpose;
use crate::domain::clock::Timestamp;
use crate::domain::secret::{Token, TokenHash};

/// What a browser shows to prove such a login: both its cookies.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// The browser cookie.
    pub browser: Option<Token>,
    /// The session cookie.
    pub session: Option<Token>,
}

/// The hashes of both, once both are there.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    browser: TokenHash,
    session: TokenHash,
}

impl Proof {
    pub(super) fn shown(&self) -> Option<Shown> {
        Some(Shown {
            browser: self.browser.as_ref()?.hash(),
            session: self.session.as_ref()?.hash(),
        })
    }
}

impl LinkPurpose {
    /// Whether its link alone is not enough.
    pub(super) const fn needs_login(self) -> bool {
        match self {
            Self::ChangeEmail | Self::ChangePassword | Self::DeleteAccount => true,
            Self::ConfirmEmail | Self::Register | Self::ResetPassword => false,
        }
    }
}

/// The statement that finds the session which proves the change of `link`.
pub(super) fn statement(
    shown: Option<&Shown>,
    token: &TokenHash,
    link: &StoredLink,
    now: Timestamp,
) -> Result<crate::db::Statement, LoginError> {
    let (Some(shown), Some(account)) = (shown, &link.account_id) else {
        return Err(LoginError::NotProven);
    };
    Ok(sessions::proves(&shown.session, &shown.browser, token, account, now))
}

/// The `sid` of the session that proves a change, looked at inside the transaction that makes it.
pub(super) async fn proven(
    transaction: &mut Transaction<'_>,
    shown: Option<&Shown>,
    token: &TokenHash,
    link: &StoredLink,
    now: Timestamp,
) -> Result<Option<String>, DbError> {
    let Ok(proves) = statement(shown, token, link, now) else {
        return Ok(None);
    };
    let row = transaction.query_one(&proves).await?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}
