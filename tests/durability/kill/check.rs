//! After a restart: first the database is held against what the client knows, then the client asks again what was not
//! answered, and then it tries everything that it has.

use serde_json::json;

use super::client::{Account, Client, Standing};
use super::database::Database;
use super::history::History;
use crate::support::{Answer, Browser, Wire, claims};
use countersign::domain::secret::Token;

impl Client {
    /// Checks what was touched since the last time, or everything.
    pub async fn check(&mut self, wire: &Wire<'_>, history: &History, database: &Database, everything: bool) {
        self.compare(database, history);
        for person in 0..self.people.len() {
            self.settle_person(person, wire, history).await;
            if everything || self.people[person].touched {
                self.try_login(person, wire, history).await;
            }
        }
        for session in 0..self.sessions.len() {
            if everything || self.sessions[session].touched {
                self.try_session(session, wire, history).await;
            }
        }
        // Before the codes: what they give is known to be good already.
        for family in 0..self.families.len() {
            if everything || self.families[family].touched {
                self.try_family(family, wire, history).await;
            }
        }
        for code in std::mem::take(&mut self.codes) {
            let answer = answered(wire.redeem(&code.text).await);
            if answer.status == 200 {
                self.family_begins(&code, &answer, history, Standing::Live);
            } else {
                let refused = code.unsure && answer.status == 400;
                history.demand(refused, || format!("an acknowledged code is lost: {answer:?}"));
            }
            if code.unsure {
                history.settled();
            }
        }
    }

    /// What the database holds is what was acknowledged.
    fn compare(&self, database: &Database, history: &History) {
        for person in &self.people {
            let rows = database.accounts.get(&person.email).copied().unwrap_or_default();
            let fine = match person.account {
                Account::Registered | Account::Resetting(..) => rows == 1,
                Account::Registering(_) => rows <= 1,
                Account::Confirming(_) | Account::Lost => rows == 0,
            };
            history.demand(fine, || format!("{rows} accounts: {person:?}"));
        }
        for session in &self.sessions {
            let cookie = session
                .browser
                .cookies
                .get("countersign-session")
                .expect("a session cookie");
            let hash = Token::parse(cookie).expect("a token").hash().as_bytes().to_vec();
            let ended = database.sessions.get(&hash).copied();
            let fine = match session.standing {
                Standing::Live => ended == Some(false),
                Standing::Unsure => true,
                Standing::Ended => ended != Some(false),
            };
            history.demand(fine, || format!("ended {ended:?} in the database: {session:?}"));
        }
        for family in &self.families {
            let stored = database.families.get(&family.id);
            let at_its_place =
                |sequence: i64| sequence == family.sequence || (family.asked && sequence == family.sequence + 1);
            let fine = match (family.standing, stored) {
                (Standing::Live, Some((sequence, ended))) => !ended && at_its_place(*sequence),
                (Standing::Unsure, Some((sequence, _))) => at_its_place(*sequence),
                (Standing::Ended, Some((sequence, ended))) => *ended && at_its_place(*sequence),
                (_, None) => false,
            };
            history.demand(fine, || format!("{stored:?} in the database: {family:?}"));
            let jti = claims(&family.access)["jti"].as_str().expect("a jti").to_owned();
            let revoked = family.access_standing != Standing::Ended || database.revoked.contains_key(&jti);
            history.demand(revoked, || format!("{jti} is not revoked in the database: {family:?}"));
        }
    }

    /// Asks again what was not answered: it must succeed as the only one, or be refused because it was done.
    async fn settle_person(&mut self, index: usize, wire: &Wire<'_>, history: &History) {
        let person = &mut self.people[index];
        let account = person.account.clone();
        if matches!(account, Account::Registered | Account::Lost) {
            return;
        }
        let (token, result) = match &account {
            Account::Confirming(link) => (link.clone(), "confirmation"),
            Account::Registering(token) => (token.clone(), "account"),
            Account::Resetting(token, _) => (token.clone(), "reset"),
            Account::Registered | Account::Lost => return,
        };
        let mut browser = Browser::default();
        let password = person.password.clone();
        let answer = answered(match &account {
            Account::Confirming(_) => browser.post(wire, "/onboard/email/", &json!({ "token": token })).await,
            Account::Resetting(_, next) => browser.reset(wire, &token, next).await,
            _ => browser.register(wire, &token, &password).await,
        });
        history.settled();
        let (done, gone) = (answer.status == 200, answer.status == 410);
        history.demand(done || gone, || format!("asked again: {answer:?} {account:?}"));
        if done {
            history.spent(&format!("link {token}"), result);
        }
        match account {
            Account::Confirming(_) if gone => self.people[index].account = Account::Lost,
            Account::Confirming(_) => {
                let token = answer.json()["token"].as_str().expect("a token").to_owned();
                let registered = answered(browser.register(wire, &token, &password).await);
                history.demand(registered.status == 200, || format!("register: {registered:?}"));
                history.spent(&format!("link {token}"), "account");
                self.people[index].account = Account::Registered;
            }
            Account::Resetting(_, next) => {
                self.people[index].password = next;
                self.people[index].account = Account::Registered;
                self.password_changes(index, Standing::Ended);
            }
            _ => self.people[index].account = Account::Registered,
        }
    }

    async fn try_login(&mut self, index: usize, wire: &Wire<'_>, history: &History) {
        let person = &mut self.people[index];
        person.touched = false;
        if person.account == Account::Registered {
            let done = Browser::default().log_in(wire, &person.email, &person.password).await;
            history.demand(done == Some(true), || format!("cannot log in ({done:?}): {person:?}"));
        }
    }

    async fn try_session(&mut self, index: usize, wire: &Wire<'_>, history: &History) {
        let mut browser = self.sessions[index].browser.clone();
        if self.sessions[index].standing == Standing::Unsure {
            let answer = answered(browser.clone().post(wire, "/account/logout/", &json!({})).await);
            history.demand(answer.status == 200, || format!("logout again: {answer:?}"));
            history.settled();
            self.session_ends(index, Standing::Ended);
        }
        let session = &mut self.sessions[index];
        session.touched = false;
        let wanted = if session.standing == Standing::Live { 200 } else { 401 };
        let answer = answered(browser.get(wire, "/account/session/").await);
        history.demand(answer.status == wanted, || format!("{answer:?}: {session:?}"));
    }

    async fn try_family(&mut self, index: usize, wire: &Wire<'_>, history: &History) {
        let family = &mut self.families[index];
        let (refresh, access) = (family.refresh.clone(), family.access.clone());
        if family.standing == Standing::Unsure {
            let answer = answered(wire.revoke(&refresh).await);
            history.demand(answer.status == 200, || format!("revoke again: {answer:?}"));
            history.settled();
            family.standing = Standing::Ended;
        }
        let live = family.standing == Standing::Live;
        let userinfo = answered(wire.userinfo(&access).await);
        let wanted = match (live, family.access_standing) {
            (true, Standing::Live) => userinfo.status == 200,
            (true, Standing::Unsure) => true,
            (true, Standing::Ended) | (false, _) => userinfo.status == 401,
        };
        history.demand(wanted, || format!("{userinfo:?}: {family:?}"));
        if family.asked {
            history.settled();
        }
        let answer = answered(wire.refresh(&refresh).await);
        if live {
            self.refreshed(index, &refresh, &answer, history);
        } else {
            history.demand(answer.status == 400, || format!("{answer:?}: {family:?}"));
        }
        self.families[index].touched = false;
    }
}

fn answered(answer: Option<Answer>) -> Answer {
    answer.expect("the server answers after its restart")
}
