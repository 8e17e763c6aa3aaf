//! How often somebody may guess. A guess is every evaluation of the OPRF, on every route: the guesser learns the answer
//! from it and need not come back, so it is charged before it is answered.

mod address;
mod bucket;
mod guess;
mod keys;

pub use address::ClientAddress;
pub use bucket::{Verdict, charge, refund, retry_after_secs};
pub use guess::{Attempt, Charged, Levels, TooManyAttempts, charge_guess, refund_guess};
pub use keys::{ThrottleHasher, ThrottleKey};
