//! What a client does under load, one step after the other, until an answer does not come.

use futures_util::future::join;
use serde_json::json;

use super::client::{Account, Client, Code, Family, Person, Session, Single, Standing};
use super::history::History;
use crate::support::{Answer, Browser, Wire, claims};

/// So many live sessions, families and unspent codes does a client hold.
const MOST_HELD: usize = 3;

impl Client {
    /// Works until the server is gone.
    pub async fn work(&mut self, wire: &Wire<'_>, history: &History) {
        while self.step(wire, history).await.is_some() {}
    }

    /// One step; `None` if an answer did not come.
    async fn step(&mut self, wire: &Wire<'_>, history: &History) -> Option<()> {
        let live = |standing: &Standing| *standing == Standing::Live;
        let sessions = self.sessions.iter().filter(|session| live(&session.standing)).count();
        let families = self.families.iter().filter(|family| live(&family.standing)).count();
        match self.pick(100) {
            0..10 if !self.invitations.is_empty() => self.sign_up(wire, history).await,
            10..12 if !self.resets.is_empty() => self.reset(wire, history).await,
            12..18 if sessions > 1 => self.log_out(wire).await,
            18..24 if families > 1 => self.revoke(wire).await,
            24..60 if families > 0 => self.refresh(wire, history).await,
            60..75 if !self.codes.is_empty() => self.redeem(wire, history).await,
            75..85 if sessions < MOST_HELD => self.log_in(wire, history).await,
            _ if self.people.is_empty() => self.sign_up(wire, history).await,
            _ if sessions == 0 => self.log_in(wire, history).await,
            _ if self.codes.is_empty() => self.authorize(wire, history).await,
            _ if families < MOST_HELD => self.redeem(wire, history).await,
            _ => self.refresh(wire, history).await,
        }
    }

    async fn sign_up(&mut self, wire: &Wire<'_>, history: &History) -> Option<()> {
        let Some((email, link)) = self.invitations.pop() else {
            // All were used, and nobody could be registered: the next round brings more.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            return self.check_that_it_lives(wire).await;
        };
        let mut browser = Browser::default();
        let confirmed = browser.post(wire, "/onboard/email/", &json!({ "token": link })).await;
        let Some(confirmed) = confirmed else {
            self.people.push(Person {
                password: format!("password of {email}"),
                email,
                account: Account::Confirming(link),
                touched: true,
            });
            return None;
        };
        history.demand(confirmed.status == 200, || format!("confirm {email}: {confirmed:?}"));
        if confirmed.status != 200 {
            return Some(());
        }
        wire.log.acknowledge();
        let token = confirmed.json()["token"].as_str().expect("a token").to_owned();
        self.use_up(Single::Confirmation(link), &token, history);
        let password = format!("password of {email}");
        let answer = browser.register(wire, &token, &password).await;
        let account = match &answer {
            None => Account::Registering(token),
            Some(answer) => {
                history.demand(answer.status == 200, || format!("register {email}: {answer:?}"));
                self.use_up(Single::Registration(token), "account", history);
                wire.log.acknowledge();
                Account::Registered
            }
        };
        self.people.push(Person {
            email,
            password,
            account,
            touched: true,
        });
        answer.map(drop)
    }

    async fn check_that_it_lives(&mut self, wire: &Wire<'_>) -> Option<()> {
        Browser::default().get(wire, "/healthz").await.map(drop)
    }

    async fn reset(&mut self, wire: &Wire<'_>, history: &History) -> Option<()> {
        let (person, token) = self.resets.pop()?;
        let password = format!("reset by {token}");
        let answer = Browser::default().reset(wire, &token, &password).await;
        let Some(answer) = answer else {
            self.people[person].account = Account::Resetting(token, password);
            self.password_changes(person, Standing::Unsure);
            return None;
        };
        history.demand(answer.status == 200, || format!("reset: {answer:?}"));
        self.use_up(Single::Reset(token), "reset", history);
        wire.log.acknowledge();
        self.people[person].password = password;
        self.password_changes(person, Standing::Ended);
        Some(())
    }

    async fn log_in(&mut self, wire: &Wire<'_>, history: &History) -> Option<()> {
        let Some(person) = self.settled_person() else {
            return self.sign_up(wire, history).await;
        };
        let (email, password) = (self.people[person].email.clone(), self.people[person].password.clone());
        let mut browser = Browser::default();
        let done = browser.log_in(wire, &email, &password).await?;
        history.demand(done, || format!("{email} cannot log in"));
        if done {
            wire.log.acknowledge();
            self.sessions.push(Session {
                person,
                browser,
                standing: Standing::Live,
                touched: true,
            });
        }
        Some(())
    }

    async fn log_out(&mut self, wire: &Wire<'_>) -> Option<()> {
        let session = self.live_session()?;
        let mut browser = self.sessions[session].browser.clone();
        let answer = browser.post(wire, "/account/logout/", &json!({})).await;
        let acknowledged = answer.as_ref().is_some_and(|answer| answer.status == 200);
        if acknowledged {
            wire.log.acknowledge();
        }
        self.session_ends(
            session,
            if acknowledged {
                Standing::Ended
            } else {
                Standing::Unsure
            },
        );
        answer.map(drop)
    }

    async fn authorize(&mut self, wire: &Wire<'_>, history: &History) -> Option<()> {
        let session = self.live_session()?;
        let offline = self.pick(2) == 0;
        let scope = if offline {
            "openid email offline_access"
        } else {
            "openid email"
        };
        let answer = self.sessions[session].browser.authorize(wire, scope).await?;
        let code = answer.code();
        history.demand(code.is_some(), || format!("authorize: {answer:?}"));
        if let Some(text) = code {
            wire.log.acknowledge();
            self.codes.push(Code {
                session,
                text,
                offline,
                unsure: false,
            });
        }
        Some(())
    }

    /// Redeems a code, every fourth time twice at once: then one must be refused, and what the other got is ended.
    async fn redeem(&mut self, wire: &Wire<'_>, history: &History) -> Option<()> {
        let Some(code) = self.codes.pop() else {
            return self.authorize(wire, history).await;
        };
        if self.pick(4) != 0 {
            let answer = wire.redeem(&code.text).await;
            match &answer {
                None => self.codes.push(Code { unsure: true, ..code }),
                Some(answer) if answer.status == 200 => {
                    wire.log.acknowledge();
                    self.family_begins(&code, answer, history, Standing::Live);
                }
                Some(answer) => history.violation(format!("redeem: {answer:?}")),
            }
            return answer.map(drop);
        }
        let (one, other) = join(wire.redeem(&code.text), wire.redeem(&code.text)).await;
        let both = one.is_some() && other.is_some();
        let answers: Vec<_> = [one, other].into_iter().flatten().collect();
        let granted: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        history.demand(!both || granted.len() == 1, || {
            format!("redeemed twice at once: {answers:?}")
        });
        for answer in &granted {
            wire.log.acknowledge();
            let standing = if both { Standing::Ended } else { Standing::Unsure };
            self.family_begins(&code, answer, history, standing);
        }
        if answers.is_empty() {
            self.codes.push(Code { unsure: true, ..code });
        }
        both.then_some(())
    }

    /// Notes what a code gave.
    pub fn family_begins(&mut self, code: &Code, answer: &Answer, history: &History, standing: Standing) {
        let tokens = answer.json();
        let text = |name: &str| {
            tokens[name]
                .as_str()
                .unwrap_or_else(|| panic!("{name} in {tokens}"))
                .to_owned()
        };
        let access = text("access_token");
        let id = claims(&access)["fam"].as_str().expect("a family").to_owned();
        self.use_up(Single::Code(code.text.clone(), self.families.len()), &id, history);
        self.families.push(Family {
            session: code.session,
            id,
            offline: code.offline,
            refresh: text("refresh_token"),
            sequence: 0,
            access,
            access_standing: Standing::Live,
            asked: false,
            standing,
            touched: true,
        });
    }

    /// Refreshes, every fourth time twice at once with one token: both may be answered, but with the same successor.
    async fn refresh(&mut self, wire: &Wire<'_>, history: &History) -> Option<()> {
        let family = self.live_family()?;
        let token = self.families[family].refresh.clone();
        let answers = if self.pick(4) == 0 {
            let (one, other) = join(wire.refresh(&token), wire.refresh(&token)).await;
            vec![one, other]
        } else {
            vec![wire.refresh(&token).await]
        };
        let complete = answers.iter().all(Option::is_some);
        let answers: Vec<_> = answers.into_iter().flatten().collect();
        self.families[family].asked = answers.is_empty();
        // Asked again in the next check, while a retry still counts as one.
        self.families[family].touched |= answers.is_empty();
        for answer in &answers {
            self.refreshed(family, &token, answer, history);
        }
        if !answers.is_empty() {
            wire.log.acknowledge();
        }
        complete.then_some(())
    }

    /// Notes the answer to a refresh with `token`.
    pub fn refreshed(&mut self, family: usize, token: &str, answer: &Answer, history: &History) {
        let family = &mut self.families[family];
        family.touched = true;
        if answer.status != 200 {
            history.violation(format!("refresh of {} at {}: {answer:?}", family.id, family.sequence));
            return;
        }
        let tokens = answer.json();
        let next = tokens["refresh_token"].as_str().expect("a refresh token");
        history.spent(token, next);
        if family.refresh == token {
            family.sequence += 1;
        }
        next.clone_into(&mut family.refresh);
        tokens["access_token"]
            .as_str()
            .expect("an access token")
            .clone_into(&mut family.access);
        family.access_standing = Standing::Live;
        family.asked = false;
    }

    /// Revokes a family by its refresh token, or one access token.
    async fn revoke(&mut self, wire: &Wire<'_>) -> Option<()> {
        let index = self.live_family()?;
        let whole = self.pick(3) != 0;
        let family = &mut self.families[index];
        let answer = wire.revoke(if whole { &family.refresh } else { &family.access }).await;
        let acknowledged = answer.as_ref().is_some_and(|answer| answer.status == 200);
        if acknowledged {
            wire.log.acknowledge();
        }
        family.touched = true;
        let standing = if acknowledged {
            Standing::Ended
        } else {
            Standing::Unsure
        };
        if whole {
            family.standing = standing;
        } else if family.access_standing != Standing::Ended {
            family.access_standing = standing;
        }
        answer.map(drop)
    }
}
