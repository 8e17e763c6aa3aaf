//! OAuth 2.1 and OpenID Connect as pure decisions: what a request means, what may follow, and what is answered.
//!
//! # Layout
//!
//! - [`error`]: the error codes of the RFCs and a description that fits their grammar
//! - [`parameters`]: form-encoded queries and bodies, parsed strictly
//! - [`scope`], [`pkce`], [`prompt`], [`redirect`]: the values a request is made of
//! - [`client`], [`client_secret`], [`metadata`], [`credentials`]: who asks, how it is registered, how it proves itself
//! - [`request`]: an authorization request, from raw parameters to one that may proceed
//! - [`flow`]: that request on its way through login and consent
//! - [`code`], [`family`]: redeeming a code, refreshing a token
//! - [`logout`]: RP-initiated logout
//! - [`discovery`]: what the server says about itself

pub mod algorithm;
pub mod client;
pub mod client_secret;
pub mod code;
pub mod error;
pub mod family;
pub mod flow;
pub mod parameters;
pub mod pkce;
pub mod prompt;
pub mod redirect;
pub mod request;
pub mod scope;
