//! Several servers on PostgreSQL and Redis, and what must stay true when any part of it dies, freezes, forgets or is cut
//! off under load: nothing acknowledged is lost, nothing is spent twice, everybody is told soon, and all is well again by
//! itself.

mod bursts;
mod encrypted;
mod full_disk;
mod house;
mod once;
mod outages;
mod proxy;
mod rolling;
mod rotation;
mod rounds;
mod shared;
mod visitor;

pub use house::House;
pub use visitor::Visitor;
