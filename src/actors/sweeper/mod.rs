//! Sweeper: placeholder.

use std::sync::Arc;

use super::supervise::Role;
use super::writer::Writes;
use crate::db::Store;
use crate::db::kv::KeyValue;
use crate::domain::clock::Clock;
use crate::domain::random::Random;

/// Deps.
#[derive(Clone)]
pub struct Deps;

impl Deps {
    /// New.
    pub fn new(_: Store, _: KeyValue, _: Writes, _: Arc<dyn Clock>, _: Arc<dyn Random>) -> Self {
        Self
    }
}

/// Role.
pub struct Sweeper;

impl Role for Sweeper {
    const NAME: &'static str = "sweeper";
    type Deps = Deps;

    fn begin(_: &Deps) -> Self {
        Self
    }
}
