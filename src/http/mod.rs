//! Routes: parse the wire form, send one message to the actor that owns the matter, render its answer.
//!
//! - [`app`]: what handlers hold; [`server`]: the listening side
//! - [`problem`], [`extract`], [`cookies`], [`address`], [`headers`], [`pages`]: the parts that handlers share
//! - `oauth`: the authorization server; `login`, `onboard`, `password`, `account`: the pages' API
//! - [`entitlement`]: payments and proofs, with rules of their own
//! - `linking`: where accounts and entitlements meet
//! - `observe`, `unread`: around every request
//! - `operate`: health and metrics; `dev`: what only a development server shows

pub mod app;
pub mod entitlement;
pub mod server;

mod account;
mod address;
mod cookies;
mod dev;
mod extract;
mod headers;
mod linking;
mod login;
mod oauth;
mod observe;
mod onboard;
mod operate;
mod pages;
mod password;
mod problem;
mod routes;
mod unread;
