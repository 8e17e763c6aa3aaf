//! Routes: parse the wire form, send one message to the actor that owns the matter, render its answer.
//!
//! - [`app`]: what handlers hold; [`server`]: the listening side
//! - [`problem`], [`extract`], [`fields`], [`bearer`], [`cookies`], [`address`], [`headers`], [`language`], [`pages`]: the parts that handlers share
//! - `oauth`: the authorization server; `login`, `onboard`, `password`, `change`, `account`, `access`: the pages' API
//! - `members`, `admin_clients`: the web app's own API
//! - [`entitlement`]: payments and proofs, with rules of their own
//! - `linking`: where accounts and entitlements meet
//! - `observe`, `unread`: around every request
//! - `operate`: health and metrics; `dev`: what only a development server shows

pub mod app;
pub mod entitlement;
pub mod server;

mod access;
mod account;
mod address;
mod admin_clients;
mod bearer;
mod change;
mod cookies;
mod dev;
mod extract;
mod fields;
mod headers;
mod language;
mod linking;
mod login;
mod members;
mod oauth;
mod observe;
mod onboard;
mod operate;
mod pages;
mod password;
mod problem;
mod routes;
mod unread;
