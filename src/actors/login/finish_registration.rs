//! Last message of a registration: the record is stored and the link spent, in one transaction (RFC 9807 §5.2.3).

use super::enrolment::{Enrolled, Enrolment};
use super::proof::Proof;
use super::start_registration::Occasion;
use super::states::Exchange;
use super::{Deps, Login, LoginError};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::actors::writer::WriteError;
use crate::db::DbError;
use crate::domain::account::{AccountId, ProfileEdit};
use crate::domain::mail::Language;
use crate::domain::opaque::registration::Registration;
use crate::domain::opaque::wire::RegistrationUpload;
use crate::domain::secret::{Token, TokenHash};

/// Finishes a registration.
pub struct FinishRegistration {
    /// Under which the state waits.
    pub auth_id: Token,
    /// What the registration was started for.
    pub occasion: Occasion,
    /// The client's last message.
    pub upload: RegistrationUpload,
    /// What a new account's owner says of themselves.
    pub profile: ProfileEdit,
    /// What proves a fresh login, where the link alone is not enough.
    pub proof: Proof,
    /// To write to somebody in who has not said which language they want.
    pub language: Language,
}

impl Request for FinishRegistration {
    type Reply = Result<(), LoginError>;
}

impl Serve<FinishRegistration> for Login {
    fn serve(&mut self, request: FinishRegistration, _: &Myself<Self>) -> Answer<Result<(), LoginError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.finish_registration(request).await })
    }
}

impl Deps {
    async fn finish_registration(&self, request: FinishRegistration) -> Result<(), LoginError> {
        let Some(state) = self.take(Exchange::Registration, &request.auth_id).await? else {
            return Err(LoginError::Expired);
        };
        let (token, rest) = state.split_first_chunk::<32>().ok_or(LoginError::Expired)?;
        let token = TokenHash::from_bytes(*token);
        let registration = Registration::from_bytes(rest).ok_or(LoginError::Expired)?;
        let now = self.clock.now();
        let enrolment = Enrolment {
            token,
            occasion: request.occasion,
            record: registration.clone().finish(request.upload),
            identifier: *registration.identifier(),
            shown: request.proof.shown(),
            new_id: AccountId::generate(now, self.random.as_ref()).to_string(),
            said: request.profile,
            language: request.language,
            letters: self.letters(),
            now,
        };
        let done = self
            .writes
            .transact("finish registration", async move |transaction| {
                enrolment.run(transaction).await
            })
            .await;
        let enrolled = match done {
            // Two accounts moved to one address in the same moment: the index let one of them.
            Err(WriteError::Db(DbError::Constraint(_))) if request.occasion == Occasion::NewAddress => Enrolled::Taken,
            done => done?,
        };
        self.wake_mailer();
        match enrolled {
            Enrolled::Yes => {
                metrics::counter!("countersign_registrations_total").increment(1);
                Ok(())
            }
            Enrolled::Expired => Err(LoginError::Expired),
            Enrolled::NotProven => Err(LoginError::NotProven),
            Enrolled::Taken => Err(LoginError::AddressTaken),
            Enrolled::NotSaid(error) => Err(LoginError::Profile(error)),
        }
    }
}
