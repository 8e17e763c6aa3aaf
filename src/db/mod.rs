//! The store: SQL written once for every database, and a key-value store for what may be lost.
//!
//! - [`statement`], [`value`], [`transaction`], [`work`]: the narrow seam that every query goes through
//! - `sqlite`, `postgres`: the drivers behind it
//! - [`store`], [`migrate`]: opening, migrating, refusing
//! - [`kv`]: the key-value store
//! - [`original`]: the database of the original entitlement server, to take it over
//! - one file for each family of tables: what is asked of them, in SQL

pub mod accounts;
pub mod applicants;
pub mod assertions;
pub mod clients;
pub mod codes;
pub mod devices;
pub mod directory;
pub mod entitlements;
pub mod error;
pub mod families;
pub mod introspection;
pub mod keys;
pub mod kv;
pub mod linking;
pub mod links;
pub mod looks;
pub mod mail_troubles;
pub mod migrate;
pub mod notices;
pub mod original;
pub mod profiles;
pub mod pushed;
pub mod registrations;
pub mod sessions;
pub mod statement;
pub mod store;
pub mod sweep;
pub mod transaction;
pub mod value;
pub mod work;

mod postgres;
mod sqlite;

pub use error::{DbError, OpenError};
pub use postgres::Lanes;
pub use sqlite::WriteConnection as SqliteWriter;
pub use statement::Statement;
pub use store::{ServerLock, SetupLock, Sharing, Store, WriteConnection};
pub use transaction::Transaction;
pub use value::{Row, Value};
pub use work::Decision;
