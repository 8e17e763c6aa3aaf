//! Throttles of the token endpoint and its neighbours: charged before anything is looked at, given back to who was right.

use super::Deps;
use crate::config::Bucket;
use crate::db::kv::KvError;
use crate::domain::throttle::{self, ThrottleKey, Verdict};

impl Deps {
    /// Takes a token from each of these buckets, or from none: the longest wait says when to come again.
    pub(super) async fn charge(&self, keys: &[ThrottleKey], bucket: &Bucket) -> Result<Verdict, KvError> {
        let now = self.clock.now();
        let charge = |levels: &mut [Option<i64>]| {
            let mut longest = None;
            for level in levels.iter() {
                if let (_, Verdict::Wait(wait)) = throttle::charge(*level, now, bucket) {
                    longest = longest.max(Some(wait));
                }
            }
            if let Some(wait) = longest {
                return Verdict::Wait(wait);
            }
            for level in levels {
                (*level, _) = throttle::charge(*level, now, bucket);
            }
            Verdict::Pass
        };
        self.kv.count(keys, now, charge).await
    }

    /// Gives back what was charged.
    pub(super) async fn refund(&self, keys: &[ThrottleKey], bucket: &Bucket) -> Result<(), KvError> {
        let now = self.clock.now();
        let refund = |levels: &mut [Option<i64>]| {
            for level in levels {
                *level = throttle::refund(*level, now, bucket);
            }
        };
        self.kv.count(keys, now, refund).await
    }
}
