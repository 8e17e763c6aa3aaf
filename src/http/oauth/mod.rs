//! The authorization server's endpoints, one file each.

pub mod authorize;
pub mod consent;
pub mod device;
pub mod discovery;
pub mod form;
pub mod form_post;
pub mod introspect;
pub mod logout;
pub mod par;
pub mod register;
pub mod revoke;
pub mod token;
pub mod userinfo;
