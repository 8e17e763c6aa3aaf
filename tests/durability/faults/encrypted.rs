//! Everything by TLS, to stores that take nobody in without.

use test_stores::{Authority, psql};

use super::House;
use super::shared::sign_up;
use crate::kill::on_this_thread;
use crate::support::{Browser, Log, Wire, command, run};

/// How many of our sessions have TLS, and how many have not.
const SESSIONS: &str = "SELECT COUNT(*) FILTER (WHERE s.ssl), COUNT(*) FILTER (WHERE NOT s.ssl) FROM pg_stat_ssl s \
                        JOIN pg_stat_activity a ON a.pid = s.pid WHERE a.application_name = 'countersign'";

#[test]
fn two_servers_reach_their_stores_by_tls_alone_and_find_them_again() {
    let authority = Authority::new();
    let pair = authority.vouch_for("127.0.0.1");
    let (postgres, redis) = (
        test_stores::encrypted_postgres(&pair),
        test_stores::encrypted_redis(&pair, "hunter2"),
    );
    let spell = |url: &str| match url.strip_prefix("redis://") {
        Some(place) => format!("rediss://:hunter2@{place}/0?ca={}", authority.file),
        None => format!("{url}?sslmode=verify-full&sslrootcert={}", authority.file),
    };
    let mut house = House::on(postgres, redis, spell);
    house.add(2);
    let addresses = house.addresses();
    let log = Log::default();
    let mut refresh = on_this_thread(async {
        let wire = Wire::among(&addresses, &log);
        sign_up(&house, &wire, "ada@example.org").await;
        let mut browser = Browser::default();
        assert_eq!(browser.log_in(&wire, "ada@example.org", "a password").await, Some(true));
        let answer = browser.authorize(&wire, "openid offline_access").await;
        let code = answer.and_then(|answer| answer.code()).expect("a code");
        let tokens = wire.redeem(&code).await.expect("an answer").json();
        tokens["refresh_token"].as_str().expect("a token").to_owned()
    });
    house.postgres.stop();
    house.redis.kill();
    house.postgres.resume();
    house.redis.resume();
    house.recovered();
    on_this_thread(async {
        for address in &addresses {
            let answer = Wire::to(address, &log).refresh(&refresh).await.expect("an answer");
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.json()["refresh_token"]
                .as_str()
                .expect("a token")
                .clone_into(&mut refresh);
        }
    });
    let counted = psql(&house.postgres.url, SESSIONS);
    let (encrypted, plain) = counted.split_once('|').expect("two numbers");
    assert!(encrypted != "0" && plain == "0", "{counted}");

    // A server that is told to trust somebody else does not start, and says which key to mend.
    let stranger = Authority::new();
    for (name, key) in [
        ("COUNTERSIGN_DATABASE_URL", "sslrootcert"),
        ("COUNTERSIGN_KV_URL", "?ca=FILE"),
    ] {
        let mut serve = command(&house.folder, &["serve"]);
        let variables = house.folder.variables();
        let (_, right) = variables.iter().find(|(known, _)| *known == name).expect("is told");
        serve.env(name, right.replace(&authority.file, &stranger.file));
        run(serve, "").refused(&["certificate", key]);
    }
}
