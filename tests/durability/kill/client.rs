//! One client, and what it knows about everything that it was given.

use crate::support::Browser;

/// What a client knows about something that lives until it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was given, and nobody asked for its end.
    Live,
    /// Its end was asked for, and no answer came.
    Unsure,
    /// Its end was acknowledged.
    Ended,
}

/// What a client knows about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The confirmation with this link was not answered.
    Confirming(String),
    /// That link was spent, and what it gave was never heard of: there is no account, and will be none.
    Lost,
    /// Registration with this token was not answered.
    Registering(String),
    /// Acknowledged.
    Registered,
    /// A reset with this token to this password was not answered.
    Resetting(String, String),
}

/// Somebody.
#[derive(Debug)]
pub struct Person {
    pub email: String,
    pub password: String,
    pub account: Account,
    /// Whether something about the account happened since the last check.
    pub touched: bool,
}

impl Person {
    /// Whether nothing about the account is unknown.
    pub fn is_settled(&self) -> bool {
        self.account == Account::Registered
    }
}

/// A browser session.
#[derive(Debug)]
pub struct Session {
    pub person: usize,
    pub browser: Browser,
    pub standing: Standing,
    pub touched: bool,
}

/// An authorization code that was given.
#[derive(Debug)]
pub struct Code {
    pub session: usize,
    pub text: String,
    pub offline: bool,
    /// Whether it may have been spent or voided without an answer.
    pub unsure: bool,
}

/// A refresh family.
#[derive(Debug)]
pub struct Family {
    pub session: usize,
    pub id: String,
    pub offline: bool,
    /// The newest token that was acknowledged, and its place.
    pub refresh: String,
    pub sequence: i64,
    pub access: String,
    /// Of that access token.
    pub access_standing: Standing,
    /// Whether a refresh with that token was not answered.
    pub asked: bool,
    pub standing: Standing,
    pub touched: bool,
}

/// One client.
#[derive(Debug)]
pub struct Client {
    pub number: usize,
    pub people: Vec<Person>,
    pub sessions: Vec<Session>,
    pub codes: Vec<Code>,
    pub families: Vec<Family>,
    /// Addresses with their confirmation links, for this round.
    pub invitations: Vec<(String, String)>,
    /// People with their reset links, for this round.
    pub resets: Vec<(usize, String)>,
    random: u64,
}

impl Client {
    /// One that knows nobody yet.
    pub fn new(number: usize) -> Self {
        Self {
            number,
            people: Vec::new(),
            sessions: Vec::new(),
            codes: Vec::new(),
            families: Vec::new(),
            invitations: Vec::new(),
            resets: Vec::new(),
            random: 0x9E37_79B9_7F4A_7C15 ^ u64::try_from(number + 1).expect("small"),
        }
    }

    /// A number below `bound`, the same in every run.
    pub fn pick(&mut self, bound: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random >> 33).expect("31 bits") % bound
    }

    /// One of those whose account is known to be there.
    pub fn settled_person(&mut self) -> Option<usize> {
        let settled: Vec<_> = (0..self.people.len())
            .filter(|index| self.people[*index].is_settled())
            .collect();
        (!settled.is_empty()).then(|| settled[self.pick(settled.len())])
    }

    /// One of those that are live.
    pub fn live_session(&mut self) -> Option<usize> {
        let live: Vec<_> = (0..self.sessions.len())
            .filter(|index| self.sessions[*index].standing == Standing::Live)
            .collect();
        (!live.is_empty()).then(|| live[self.pick(live.len())])
    }

    /// One of those that are live.
    pub fn live_family(&mut self) -> Option<usize> {
        let live: Vec<_> = (0..self.families.len())
            .filter(|index| self.families[*index].standing == Standing::Live && !self.families[*index].asked)
            .collect();
        (!live.is_empty()).then(|| live[self.pick(live.len())])
    }

    /// What the end of a session means for what hangs on it; `standing` is what is known of that end.
    pub fn session_ends(&mut self, session: usize, standing: Standing) {
        self.sessions[session].standing = standing;
        self.sessions[session].touched = true;
        self.codes_end(standing, |code| code.session == session);
        self.families_end(standing, |family| family.session == session && !family.offline);
    }

    /// What another password means for everything that the old one opened.
    pub fn password_changes(&mut self, person: usize, standing: Standing) {
        let sessions: Vec<_> = (0..self.sessions.len())
            .filter(|index| self.sessions[*index].person == person)
            .collect();
        for session in &sessions {
            if self.sessions[*session].standing != Standing::Ended {
                self.session_ends(*session, standing);
            }
        }
        self.families_end(standing, |family| sessions.contains(&family.session));
        self.people[person].touched = true;
    }

    fn codes_end(&mut self, standing: Standing, which: impl Fn(&Code) -> bool) {
        if standing == Standing::Ended {
            self.codes.retain(|code| !which(code));
        } else {
            self.codes
                .iter_mut()
                .filter(|code| which(code))
                .for_each(|code| code.unsure = true);
        }
    }

    fn families_end(&mut self, standing: Standing, which: impl Fn(&Family) -> bool) {
        for family in self.families.iter_mut().filter(|family| which(family)) {
            if family.standing != Standing::Ended {
                family.standing = standing;
                family.touched = true;
            }
        }
    }
}
