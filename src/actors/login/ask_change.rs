//! A signed-in person begins a change. What they get proves nothing yet: the change itself asks for a login made for it.

use super::{Deps, Login, LoginError};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::links::NewLink;
use crate::db::{Decision, accounts, links};
use crate::domain::account::{Link, LinkPurpose};
use crate::domain::email::Email;
use crate::domain::mail::{Language, MailKind};
use crate::domain::secret::Token;
use crate::domain::throttle::ClientAddress;

/// Begins a change of one's own account.
pub struct AskChange {
    /// Whose account.
    pub account_id: String,
    /// Which one.
    pub change: Change,
    /// Where it comes from.
    pub address: ClientAddress,
    /// In which language to write, if a mail goes out.
    pub language: Language,
}

/// The changes that are proved by a fresh login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// To this address, which gets a mail.
    Email(Email),
    /// Another password.
    Password,
    /// No account any more.
    Delete,
}

impl Request for AskChange {
    /// What the login is made for; `None` if it is mailed.
    type Reply = Result<Option<Token>, LoginError>;
}

impl Serve<AskChange> for Login {
    fn serve(&mut self, request: AskChange, _: &Myself<Self>) -> Answer<Result<Option<Token>, LoginError>> {
        let deps = self.deps.clone();
        Answer::later(async move {
            match request.change.clone() {
                Change::Email(email) => deps.ask_new_address(request, email).await.map(|()| None),
                Change::Password => deps.ask(&request, LinkPurpose::ChangePassword).await.map(Some),
                Change::Delete => deps.ask(&request, LinkPurpose::DeleteAccount).await.map(Some),
            }
        })
    }
}

impl Deps {
    /// A link that is handed to the page.
    async fn ask(&self, request: &AskChange, purpose: LinkPurpose) -> Result<Token, LoginError> {
        let row = self.store.query_one(&accounts::by_id(&request.account_id)).await?;
        let account = row
            .as_ref()
            .map(accounts::read)
            .transpose()?
            .ok_or(LoginError::NotProven)?;
        let email = Email::parse(&account.email).map_err(|_| LoginError::NotProven)?;
        let now = self.clock.now();
        let token = Token::generate(self.random.as_ref());
        let insert = links::insert(&NewLink {
            token_hash: token.hash(),
            link: Link::issue(purpose, now, &self.config.define.lifetimes),
            identifier: self.secrets.identifier.identify(&email),
            email,
            account_id: Some(account.id),
            details: None,
            created_at: now,
        });
        self.writes.execute(insert).await?;
        Ok(token)
    }

    /// A link that is mailed to the new address. One that has an account is told so, in that mailbox alone.
    async fn ask_new_address(&self, request: AskChange, email: Email) -> Result<(), LoginError> {
        let identifier = self.secrets.identifier.identify(&email);
        self.charge_mail(&identifier, request.address).await?;
        let taken = self
            .store
            .query_one(&accounts::by_identifier(&identifier))
            .await?
            .is_some();
        let language = self.language(&identifier, request.language).await?;
        let now = self.clock.now();
        let token = Token::generate(self.random.as_ref());
        let letters = self.letters();
        let kind = if taken {
            MailKind::AddressInUse {
                login_url: letters.url("/login/"),
            }
        } else {
            MailKind::ConfirmEmailChange {
                link: letters.link("/email/", &token),
                valid: self.config.define.lifetimes.change_link,
            }
        };
        let link = Link::issue(LinkPurpose::ChangeEmail, now, &self.config.define.lifetimes);
        let queue = letters.queue(&kind, &email, language, now, link.expires_at);
        let insert = links::insert(&NewLink {
            token_hash: token.hash(),
            link,
            identifier,
            email,
            account_id: Some(request.account_id),
            details: None,
            created_at: now,
        });
        self.writes
            .transact("ask for another address", async move |transaction| {
                transaction.query(&insert).await?;
                transaction.query(&queue).await?;
                Ok(Decision::Commit(()))
            })
            .await?;
        self.wake_mailer();
        Ok(())
    }
}
