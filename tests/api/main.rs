//! The server from outside, over HTTP: every request goes through a real socket, a real store and real actors.
//!
//! Each file is one matter; the ids in the names of tests are those of the checks that they show. A test starts a
//! server of its own, in this process, with a clock that it can move.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod abuse;
mod admin_clients;
mod authorize;
mod backchannel;
mod bounds;
mod changes;
mod client_authentication;
mod code_grant;
mod codes;
mod connections;
mod consent_and_pages;
mod cross_site;
mod devices;
mod discovery;
mod double_spend;
mod dpop;
mod entitlement;
mod entitlement_grants;
mod enumeration;
mod forgeries;
mod grants_of_clients;
mod guessing;
mod guessing_shares;
mod introspection;
mod key_rotation;
mod leaks;
mod limited_clients;
mod linking;
mod logout;
mod members;
mod oidc;
mod onboarding;
mod onion;
mod opaque;
mod openidconnect;
mod policy;
mod pushed;
mod redirect_uri;
mod refresh;
mod registration;
mod request_object;
mod response_modes;
mod revocation;
mod rights;
mod routes;
mod rubbish;
mod sessions;
mod sign_in;
mod storage;
mod support;
mod token_endpoint;
mod userinfo;
