//! `[define.lifetimes]`: how long what is granted lasts.

use std::time::Duration;

use super::visit::{Section, Visitor};

/// Lifetimes, each from the moment of issue; an idle one from the last use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Access tokens.
    pub access: Duration,
    /// ID tokens.
    pub id: Duration,
    /// A refresh family that is not used.
    pub refresh_idle: Duration,
    /// A refresh family, however much it is used.
    pub refresh_absolute: Duration,
    /// While the successor is unused, the same refresh may be repeated for so long and gets the same answer.
    pub refresh_retry: Duration,
    /// A browser session that is not used.
    pub session_idle: Duration,
    /// A browser session, however much it is used.
    pub session_absolute: Duration,
    /// An open authorization request, from authorize to callback.
    pub authorization_request: Duration,
    /// A pushed authorization request, from push to authorize.
    pub pushed_request: Duration,
    /// An OPAQUE exchange, from start to finish.
    pub login_state: Duration,
    /// An authorization code.
    pub code: Duration,
    /// A device authorization: the code that a person types, and the device's own.
    pub device_code: Duration,
    /// The mailed link that confirms an address.
    pub confirm_link: Duration,
    /// What a confirmed address may be registered with.
    pub register_link: Duration,
    /// The mailed link that resets a password.
    pub reset_link: Duration,
    /// The mailed link that moves an account to another address.
    pub change_link: Duration,
    /// A change that a signed-in person has begun and proves by a fresh login: another password, deletion.
    pub change_request: Duration,
    /// The mailed link by which somebody who was admitted or invited registers.
    pub invitation: Duration,
    /// Somebody who waits to be admitted is forgotten after this.
    pub application: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        let days = |days: u64| Duration::from_hours(24 * days);
        Self {
            access: Duration::from_hours(1),
            id: Duration::from_mins(55),
            refresh_idle: days(30),
            refresh_absolute: days(180),
            refresh_retry: Duration::from_secs(10),
            session_idle: days(1),
            session_absolute: days(14),
            authorization_request: Duration::from_mins(15),
            pushed_request: Duration::from_mins(5),
            login_state: Duration::from_mins(1),
            code: Duration::from_mins(1),
            device_code: Duration::from_mins(15),
            confirm_link: days(1),
            register_link: Duration::from_hours(1),
            reset_link: Duration::from_hours(1),
            change_link: Duration::from_hours(1),
            change_request: Duration::from_mins(15),
            invitation: days(14),
            application: days(90),
        }
    }
}

impl Section for Lifetimes {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        let second = Duration::from_secs(1);
        let hour = Duration::from_hours(1);
        let year = 366 * 24 * hour;
        v.within("access", &mut self.access, second..=24 * hour);
        v.within("id", &mut self.id, second..=24 * hour);
        v.within("refresh_idle", &mut self.refresh_idle, second..=10 * year);
        v.within("refresh_absolute", &mut self.refresh_absolute, second..=10 * year);
        v.within("refresh_retry", &mut self.refresh_retry, Duration::ZERO..=60 * second);
        v.within("session_idle", &mut self.session_idle, second..=year);
        v.within("session_absolute", &mut self.session_absolute, second..=year);
        v.within("authorization_request", &mut self.authorization_request, second..=hour);
        v.within("pushed_request", &mut self.pushed_request, second..=600 * second);
        v.within("login_state", &mut self.login_state, second..=600 * second);
        v.within("code", &mut self.code, second..=600 * second);
        v.within("device_code", &mut self.device_code, 60 * second..=hour);
        v.within("confirm_link", &mut self.confirm_link, second..=7 * 24 * hour);
        v.within("register_link", &mut self.register_link, second..=24 * hour);
        v.within("reset_link", &mut self.reset_link, second..=24 * hour);
        v.within("change_link", &mut self.change_link, second..=24 * hour);
        v.within("change_request", &mut self.change_request, second..=hour);
        v.within("invitation", &mut self.invitation, second..=90 * 24 * hour);
        v.within("application", &mut self.application, second..=year);
    }
}
