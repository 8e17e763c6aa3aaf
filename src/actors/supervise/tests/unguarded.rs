//! Why there is a guard: what actix alone makes of a panic.

use actix::{Actor, Context, Handler, MailboxError, Message, Supervised, Supervisor};

struct Unguarded;

impl Actor for Unguarded {
    type Context = Context<Self>;
}

impl Supervised for Unguarded {}

#[derive(Message)]
#[rtype(result = "()")]
struct Ask {
    panic: bool,
}

impl Handler<Ask> for Unguarded {
    type Result = ();

    fn handle(&mut self, ask: Ask, _: &mut Context<Self>) {
        assert!(!ask.panic, "provoked");
    }
}

#[actix_rt::test]
async fn without_the_guard_a_panic_kills_a_supervised_actor_for_good() {
    let address = Supervisor::start(|_| Unguarded);
    assert_eq!(address.send(Ask { panic: false }).await, Ok(()));
    assert_eq!(address.send(Ask { panic: true }).await, Err(MailboxError::Closed));
    assert_eq!(address.send(Ask { panic: false }).await, Err(MailboxError::Closed));
    assert!(!address.connected());
}
