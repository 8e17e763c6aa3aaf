//! Rules between keys, asked when each alone is right.

use super::Config;
use super::define::Onboarding;
use super::job::Job;
use super::reader::Reader;
use super::smtp::{Delivery, Starttls};

/// Tells `reader` about every rule.
pub(super) fn check(config: &Config, reader: &mut Reader<'_>) {
    check_define(config, reader);
    check_mail(config, reader);
}

fn check_define(config: &Config, reader: &mut Reader<'_>) {
    let lifetimes = &config.define.lifetimes;
    let keys = &config.define.keys;
    let admits = matches!(config.define.onboarding, Onboarding::Approval | Onboarding::Invite);
    reader.rule(
        &["define.jobs"],
        config.define.does(Job::Identity) || !config.define.does(Job::Members),
        "has members without identity, so that nobody could sign in to it; add \"identity\"",
    );
    reader.rule(
        &["define.onboarding", "define.jobs"],
        !admits || config.define.does(Job::Members),
        "needs administrators who admit or invite people; add \"members\" to define.jobs, or write \"open\" or \"closed\"",
    );
    reader.rule(
        &["define.lifetimes.refresh_idle", "define.lifetimes.refresh_absolute"],
        lifetimes.refresh_idle <= lifetimes.refresh_absolute,
        "refresh_idle is longer than refresh_absolute; make it shorter or equal",
    );
    reader.rule(
        &["define.lifetimes.session_idle", "define.lifetimes.session_absolute"],
        lifetimes.session_idle <= lifetimes.session_absolute,
        "session_idle is longer than session_absolute; make it shorter or equal",
    );
    reader.rule(
        &["define.lifetimes.login_state", "define.lifetimes.authorization_request"],
        lifetimes.login_state <= lifetimes.authorization_request,
        "login_state is longer than authorization_request; make it shorter or equal",
    );
    reader.rule(
        &["define.keys.publish_ahead", "define.keys.jwks_cache"],
        keys.publish_ahead >= keys.jwks_cache,
        "publish_ahead is shorter than jwks_cache, so that a cached key set would lack the signing key; make it longer",
    );
    reader.rule(
        &["define.keys.rotate_every", "define.keys.publish_ahead"],
        keys.rotate_every > keys.publish_ahead,
        "rotate_every is not longer than publish_ahead; make it longer",
    );
}

fn check_mail(config: &Config, reader: &mut Reader<'_>) {
    let mail = &config.mail;
    reader.rule(
        &["mail.first_retry", "mail.longest_retry"],
        mail.first_retry <= mail.longest_retry,
        "first_retry is longer than longest_retry; make it shorter or equal",
    );
    let Delivery::Smtp(smtp) = &mail.url else { return };
    reader.rule(
        &["mail.starttls", "mail.url"],
        smtp.implicit_tls || smtp.loopback || smtp.credentials.is_none() || mail.starttls == Starttls::Required,
        "would let the mail password cross the network in clear; write \"required\", or use smtps:// in mail.url",
    );
}
