//! A server that is reached by TLS: by its authority and its name, or not at all.

use test_stores::{Authority, Keeper, psql};

use super::*;

/// How many of our sessions have TLS, and how many have not.
const SESSIONS: &str = "SELECT COUNT(*) FILTER (WHERE s.ssl), COUNT(*) FILTER (WHERE NOT s.ssl) FROM pg_stat_ssl s \
                        JOIN pg_stat_activity a ON a.pid = s.pid WHERE a.application_name = 'countersign'";

fn by_tls(server: &Keeper, authority: &str) -> String {
    format!("{}?sslmode=verify-full&sslrootcert={authority}", server.url)
}

#[actix_rt::test]
async fn every_session_is_encrypted_and_those_that_are_opened_again_are_too() {
    let authority = Authority::new();
    let mut server = test_stores::encrypted_postgres(&authority.vouch_for("127.0.0.1"));
    let house = House::at(&by_tls(&server, &authority.file)).await;
    for round in ["first", "second"] {
        soon("statements work", async || {
            house.writes.execute(insert(round)).await.is_ok() || house.revoked().await.contains(&round.to_owned())
        })
        .await;
        soon("reads work", async || {
            house.store.query(&Statement::new("SELECT 1")).await.is_ok()
        })
        .await;
        let counted = psql(&server.url, SESSIONS);
        let (encrypted, plain) = counted.split_once('|').expect("two numbers");
        assert!(encrypted != "0" && plain == "0", "{counted}");
        server.stop();
        server.resume();
    }
}

#[actix_rt::test]
async fn another_authority_and_another_name_are_refused_in_words() {
    let authority = Authority::new();
    let server = test_stores::encrypted_postgres(&authority.vouch_for("127.0.0.1"));
    let (right, stranger) = (by_tls(&server, &authority.file), Authority::new());
    for (wrong, told) in [
        (by_tls(&server, &format!("{}.gone", stranger.file)), "sslrootcert"),
        (by_tls(&server, &stranger.file), "invalid peer certificate"),
        // The public authorities do not vouch for it either.
        (format!("{}?sslmode=require", server.url), "invalid peer certificate"),
        (format!("{}?sslmode=disable", server.url), "sslmode=require"),
        (right.replace(":secret@", ":wrong@"), "mend user and password"),
        (right.replace("/postgres?", "/nowhere?"), "createdb"),
    ] {
        let refused = refusal(&wrong, Migrate::Up).await;
        assert!(refused.contains(told), "{wrong}: {refused}");
    }
    let renamed = test_stores::encrypted_postgres(&authority.vouch_for("db.example.org"));
    let refused = refusal(&by_tls(&renamed, &authority.file), Migrate::Up).await;
    assert!(
        refused.contains("NotValidForName") || refused.contains("not valid for name"),
        "{refused}"
    );
    assert!(refused.contains("the server as its certificate does"), "{refused}");
    open_at(&right, Mode::Dev, Migrate::Up).await.expect("opens");
}
