//! A panic in any actor, in its handler or in a future, while requests are under way.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use futures_util::future::join_all;

use super::*;
use crate::actors::ask::Door;
use crate::actors::supervise::{Fault, Provoke, Role};
use crate::testing::until;

/// Makes the actor behind each door panic, both ways.
async fn provoke<R: Role>(doors: &[Door<R>]) -> usize {
    let mut panics = 0;
    for door in doors {
        for later in [false, true] {
            assert_eq!(door.ask(Provoke { later }).await, Err(Fault::Panicked), "{}", R::NAME);
            panics += 1;
        }
    }
    panics
}

#[actix_rt::test]
async fn every_actor_panics_under_load_and_only_the_message_in_hand_fails() {
    let server = Running::start();
    let (done, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let load = join_all((0..16).map(|number| {
        let (server, done, enough) = (&server, &done, &enough);
        async move {
            while !enough.load(SeqCst) {
                let (browser, session) = server.log_in().await;
                let cookies = format!("__Host-countersign-browser={browser}; __Host-countersign-session={session}");
                let signed_in = server.get("/account/session/", &cookies).await;
                assert_eq!(signed_in.status, 200, "{}", signed_in.text);
                let out = server.post("/account/logout/", &cookies, &json!({})).await;
                assert_eq!(out.status, 200, "{number}: {}", out.text);
                done.fetch_add(1, SeqCst);
            }
        }
    }));
    let panics = async {
        let actors = &server.app.actors;
        let identity = actors.identity.as_ref().expect("a server that does all jobs");
        let mut panics = 0;
        for _ in 0..10 {
            let before = done.load(SeqCst);
            panics += provoke(std::slice::from_ref(actors.writes.door())).await;
            panics += provoke(std::slice::from_ref(&identity.key_ring)).await;
            panics += provoke(std::slice::from_ref(&identity.mailer)).await;
            panics += provoke(&identity.login.doors()).await;
            panics += provoke(&identity.grants.doors()).await;
            panics += provoke(std::slice::from_ref(&identity.notifier)).await;
            let members = actors.members.as_ref().expect("a server that does all jobs");
            panics += provoke(std::slice::from_ref(members)).await;
            panics += provoke(actors.ledger.as_slice()).await;
            panics += provoke(std::slice::from_ref(&actors.sweeper)).await;
            panics += provoke(std::slice::from_ref(&server.app.supervisor)).await;
            until("others are served meanwhile", async || done.load(SeqCst) > before).await;
        }
        enough.store(true, SeqCst);
        panics
    };
    let (_, panics) = futures_util::future::join(load, panics).await;
    assert!(panics >= 160, "{panics}");
    let ready = server.get("/readyz", "").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    assert_eq!(*server.alarm.borrow(), None, "nobody gives up");
}
