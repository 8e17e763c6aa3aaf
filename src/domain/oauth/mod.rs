//! OAuth 2.1 and OIDC as pure decisions: what a request means, what may follow, and what is answered.
//!
//! # Layout
//!
//! - [`error`]: the error codes of the RFCs and a description that fits their grammar
//! - [`parameters`]: form-encoded queries and bodies, parsed strictly
//! - [`scope`], [`pkce`], [`prompt`], [`redirect`], [`claims_request`]: the values a request is made of
//! - [`client`], [`client_options`], [`client_secret`], [`client_assertion`], [`credentials`]: who asks, and how it proves
//!   itself
//! - [`resource`]: which servers tokens are for
//! - [`metadata`], [`registered_uri`]: what a client may be registered with
//! - [`request`]: an authorization request, from raw parameters to one that may proceed
//! - [`pushed`], [`request_object`]: a request that was handed in beforehand, or signed
//! - [`flow`]: that request on its way through login and consent
//! - [`code`], [`family`], [`terms`]: redeeming a code, refreshing a token, and what both rest on
//! - [`subject`], [`userinfo`]: what a client knows a person by, and what it is told of them
//! - [`device`]: devices without a keyboard
//! - [`logout`]: RP-initiated logout
//! - [`discovery`]: what the server says about itself

pub mod claims_request;
pub mod client;
pub mod client_assertion;
pub mod client_options;
pub mod client_secret;
pub mod code;
pub mod credentials;
pub mod device;
pub mod discovery;
pub mod error;
pub mod family;
pub mod flow;
pub mod logout;
pub mod metadata;
pub mod parameters;
pub mod pkce;
pub mod prompt;
pub mod pushed;
pub mod redirect;
pub mod registered_uri;
pub mod request;
pub mod request_object;
pub mod resource;
pub mod scope;
pub mod subject;
pub mod terms;
pub mod userinfo;
