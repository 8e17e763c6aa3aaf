//! One try to tell one client.

use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use super::{Deps, Notifier};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Statement, clients, notices};
use crate::domain::oauth::client::{Client, ClientId};
use crate::domain::random::{bytes, name};
use crate::domain::token::claims::{LogoutClaims, LogoutNotice};
use crate::domain::token::jws::{self, TokenType};

/// How long a logout token lives (§2.4 recommends two minutes at most).
const LIFETIME: Duration = Duration::from_mins(2);
/// The pause after the first try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Tells a client that a session has ended. One that makes its try panic is tried again when its claim is over.
pub(super) struct Tell {
    pub(super) client_id: String,
    /// The session, by the name that the client was told.
    pub(super) sid: String,
    pub(super) account_id: String,
    /// How often it has been tried, this try included.
    pub(super) attempts: i64,
    /// Its place among those under way.
    pub(super) permit: OwnedSemaphorePermit,
}

impl Request for Tell {
    type Reply = ();
}

impl Serve<Tell> for Notifier {
    fn serve(&mut self, request: Tell, _: &Myself<Self>) -> Answer<()> {
        let deps = self.deps.clone();
        Answer::later(async move {
            let outcome = deps.tell(&request).await;
            let settled = deps.settle(&request, outcome);
            if let Err(error) = deps.writes.execute(settled).await {
                tracing::error!(client = request.client_id, %error, "what became of a logout token was not noted; it is tried again");
            }
            drop(request.permit);
        })
    }
}

impl Deps {
    /// Sends a fresh token; nothing where the client is gone or does not want to be told any more.
    async fn tell(&self, notice: &Tell) -> Result<(), String> {
        let text = |failure: Failure| failure.to_string();
        let Some(client) = self.client(&notice.client_id).await.map_err(text)? else {
            return Ok(());
        };
        let Some(uri) = &client.options.backchannel_logout_uri else {
            return Ok(());
        };
        let token = self.logout_token(&client, notice).map_err(text)?;
        let sent = self.outgoing.post_form(uri, &[("logout_token", &token)]).await;
        sent.map_err(|error| error.to_string())
    }

    async fn client(&self, id: &str) -> Result<Option<Client>, Failure> {
        let Some(id) = ClientId::parse(id) else {
            return Ok(None);
        };
        let row = self.store.query_one(&clients::by_id(&id)).await?;
        Ok(row.as_ref().map(clients::read).transpose()?)
    }

    /// Signed as the client's ID tokens are: whoever reads those can read this.
    fn logout_token(&self, client: &Client, notice: &Tell) -> Result<String, Failure> {
        let subject = self
            .secrets
            .subjects
            .subject(&client.options.subject_type, &notice.account_id);
        let claims = LogoutClaims::issue(
            LogoutNotice {
                issuer: self.config.define.issuer.as_str(),
                subject: &subject,
                client_id: client.id.as_str(),
                session: &notice.sid,
                jti: name(self.random.as_ref()),
            },
            self.clock.now(),
            LIFETIME,
        );
        let keys = self.keys.current();
        jws::sign(keys.signer(client.id_token_alg), TokenType::Logout, &claims)
            .map_err(|error| Failure::Internal(error.to_string()))
    }

    /// Counts the outcome, and gives the statement that notes it. Every failure may be the client's bad hour, a refusal
    /// too: it may not have seen our newest key yet. So each is tried again until the news expire.
    fn settle(&self, notice: &Tell, outcome: Result<(), String>) -> Statement {
        match outcome {
            Ok(()) => {
                metrics::counter!("countersign_logout_tokens_sent_total").increment(1);
                notices::settle(&notice.client_id, &notice.sid)
            }
            Err(reason) => {
                metrics::counter!("countersign_logout_tokens_postponed_total").increment(1);
                let pause = pause(notice.attempts, u32::from_be_bytes(bytes(self.random.as_ref())));
                tracing::warn!(
                    client = notice.client_id,
                    attempts = notice.attempts,
                    reason,
                    ?pause,
                    "a client could not be told of the end of a session"
                );
                notices::postpone(&notice.client_id, &notice.sid, self.clock.now().plus(pause))
            }
        }
    }
}

/// Doubles from [`FIRST_PAUSE`] to [`LONGEST_PAUSE`], less up to half of it by `spread`, so that what failed together does
/// not come back together.
fn pause(attempts: i64, spread: u32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1).max(0)).unwrap_or(u32::MAX);
    let whole = FIRST_PAUSE
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(LONGEST_PAUSE);
    whole.saturating_sub((whole / 2).mul_f64(f64::from(spread) / f64::from(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bc_09_pauses_double_are_spread_and_have_an_end() {
        assert_eq!(pause(1, 0), FIRST_PAUSE);
        assert_eq!(pause(2, 0), 2 * FIRST_PAUSE);
        assert_eq!(pause(2, u32::MAX), FIRST_PAUSE);
        assert_eq!(pause(i64::MAX, 0), LONGEST_PAUSE);
        assert_eq!(pause(-1, 0), FIRST_PAUSE);
    }
}
