//! Redis as it is met: away, frozen, full, restarted, of another kind, and refused in words.

use futures_util::future::join_all;

use super::*;
use crate::config::{KvUrl, Password};
use crate::testing::{ManualClock, config_with, until};

const MINUTE: Duration = Duration::from_mins(1);

/// From a text to a URL, as a configuration has it.
fn url(text: &str) -> RedisUrl {
    match config_with(&[("COUNTERSIGN_KV_URL", text)]).kv_url {
        KvUrl::Redis(url) => url,
        KvUrl::Memory => panic!("{text} is memory"),
    }
}

async fn open(url: &RedisUrl) -> Result<Redis, String> {
    let clock = ManualClock::new(Timestamp::from_millis(1_800_000_000_000));
    let opened = Redis::open(url, clock, config::Kv::default()).await;
    opened.map_err(|error| error.to_string())
}

/// What comes within the time that a request may take to fail.
async fn quickly<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(4), work)
        .await
        .expect("is quick")
}

/// One sentence that has all of `words`, and no password.
async fn refused(text: &str, words: &[&str]) {
    let url = url(text);
    let Err(told) = open(&url).await else {
        panic!("{text} opens");
    };
    assert_eq!(told.lines().count(), 1, "{told}");
    let password = url.password.as_ref().map(Password::expose);
    assert!(password.is_none_or(|password| !told.contains(password)), "{told}");
    for word in words {
        assert!(told.contains(word), "{word:?} is not in {told:?}");
    }
}

#[actix_rt::test]
async fn an_entry_ends_by_itself_when_nobody_is_left_to_drop_it() {
    let redis = open(&url(&test_stores::fresh_redis())).await.expect("opens");
    let short = Duration::from_millis(50);
    redis.put(Kind::Flow, "a", vec![1], short).await.expect("fits");
    until("it is gone", async || redis.get(Kind::Flow, "a").await == Ok(None)).await;
    let mut lives = cmd("EVAL");
    let shortest = "local shortest for _, key in ipairs(redis.call('KEYS', ARGV[1])) do \
                    shortest = math.min(shortest or 1e15, redis.call('PTTL', key)) end return shortest";
    lives.arg(shortest).arg(0).arg(format!("{{{}}}#*", redis.prefix));
    let counter = [ThrottleKey([1; 32])];
    let now = redis.clock.now();
    let level = now.plus(MINUTE).as_millis();
    redis
        .count(&counter, now, |levels| levels.fill(Some(level)))
        .await
        .expect("counts");
    let shortest: i64 = redis.link.ask(&lives).await.expect("Redis answers");
    assert!(shortest > 0, "every name of ours ends at some time: {shortest}");
}

#[actix_rt::test]
async fn a_redis_that_was_away_is_found_again_and_answers_are_quick_meanwhile() {
    let mut keeper = test_stores::redis(&[]);
    let redis = open(&url(&keeper.url)).await.expect("opens");
    redis.put(Kind::Flow, "a", vec![1], MINUTE).await.expect("fits");

    keeper.kill();
    let lost = quickly(redis.get(Kind::Flow, "a")).await.expect_err("is away");
    assert!(matches!(lost, KvError::Unavailable(_)), "{lost}");
    assert!(redis.check().await.is_err());
    keeper.resume();
    until("Redis is found again", async || redis.check().await.is_ok()).await;
    assert_eq!(redis.get(Kind::Flow, "a").await, Ok(None), "what is lost is lost");
    redis.put(Kind::Flow, "a", vec![2], MINUTE).await.expect("fits");

    keeper.freeze();
    let waited = quickly(join_all((0..50).map(|_| redis.take(Kind::Flow, "b")))).await;
    assert!(waited.iter().all(Result::is_err), "{waited:?}");
    let key = [ThrottleKey([1; 32])];
    let counts = (0..50).map(|_| redis.count(&key, redis.clock.now(), |_| ()));
    assert!(quickly(join_all(counts)).await.iter().all(Result::is_err));
    keeper.thaw();
    until("Redis is well again", async || redis.check().await.is_ok()).await;
    assert_eq!(redis.take(Kind::Flow, "a").await, Ok(Some(vec![2])));
}

#[actix_rt::test]
async fn a_redis_without_memory_refuses_new_entries_and_gives_out_the_old_ones() {
    let keeper = test_stores::redis(&[]);
    let redis = open(&url(&keeper.url)).await.expect("opens");
    for key in ["a", "b"] {
        redis.put(Kind::Flow, key, vec![0; 5000], MINUTE).await.expect("fits");
    }
    let limit = async |bytes: &str| {
        let mut command = cmd("CONFIG");
        command.arg("SET").arg("maxmemory").arg(bytes);
        redis.ask_nothing(&command).await.expect("is set");
    };
    limit("1").await;
    assert_eq!(
        redis.put(Kind::Flow, "c", vec![1], MINUTE).await,
        Err(KvError::OutOfMemory)
    );
    assert_eq!(
        redis.put(Kind::Flow, "a", vec![1], MINUTE).await,
        Err(KvError::OutOfMemory)
    );
    let key = [ThrottleKey([1; 32])];
    let level = redis.clock.now().plus(MINUTE).as_millis();
    let counted = redis
        .count(&key, redis.clock.now(), |levels| levels.fill(Some(level)))
        .await;
    assert_eq!(counted, Err(KvError::OutOfMemory));
    assert_eq!(redis.check().await, Err(KvError::OutOfMemory));
    assert_eq!(redis.take(Kind::Flow, "a").await, Ok(Some(vec![0; 5000])));
    assert_eq!(redis.take(Kind::Flow, "a").await, Ok(None));
    assert_eq!(redis.get(Kind::Flow, "b").await, Ok(Some(vec![0; 5000])));
    limit("0").await;
    redis
        .put(Kind::Flow, "c", vec![1], MINUTE)
        .await
        .expect("there is room again");
    let names = redis.names(Kind::Flow);
    let sum: usize = redis
        .link
        .ask(cmd("GET").arg(names.bytes))
        .await
        .expect("Redis answers");
    assert_eq!(
        sum,
        5001 + 2,
        "the sum is right although it could not be written down meanwhile"
    );
    refused_when_full(&keeper.url, &redis).await;
}

/// Starting on a full Redis, and on one that would make room by dropping what it likes.
async fn refused_when_full(url: &str, redis: &Redis) {
    for (setting, words) in [
        (["maxmemory", "1"], ["has no memory left", "maxmemory"]),
        (["maxmemory", "1gb"], ["", ""]),
        (["maxmemory-policy", "volatile-ttl"], ["volatile-ttl", "noeviction"]),
    ] {
        let mut command = cmd("CONFIG");
        command.arg("SET").arg(&setting);
        redis.ask_nothing(&command).await.expect("is set");
        if words[0].is_empty() {
            open(&self::url(url)).await.map(drop).expect("opens");
        } else {
            refused(url, &words).await;
        }
    }
}

#[actix_rt::test]
async fn what_cannot_be_used_is_refused_in_one_sentence() {
    let locked = test_stores::redis(&["--requirepass", "right"]);
    let at = locked.address().to_owned();
    open(&url(&format!("redis://:right@{at}/3")))
        .await
        .map(drop)
        .expect("opens");
    refused(
        &format!("redis://{at}"),
        &[&at, "asks for a password", "redis://:password@host"],
    )
    .await;
    refused(
        &format!("redis://:hunter2@{at}"),
        &[&at, "refuses the user or the password"],
    )
    .await;
    refused(
        &format!("redis://ann:hunter2@{at}"),
        &["refuses the user or the password"],
    )
    .await;
    refused(&format!("redis://:right@{at}/99"), &[&at, "out of range", "kv_url"]).await;
    refused(&format!("rediss://:right@{at}"), &["does not answer", "rediss:"]).await;

    let narrow = test_stores::redis(&["--user", "ann", "on", ">hunter2", "~*", "+get", "+select"]);
    refused(
        &format!("redis://ann:hunter2@{}", narrow.address()),
        &["does not let this user"],
    )
    .await;

    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("binds")
        .local_addr()
        .expect("has one");
    refused(
        &format!("redis://{closed}"),
        &["cannot reach", &closed.to_string(), "check that it runs"],
    )
    .await;
    refused(
        "redis://no-such-host.invalid",
        &["cannot reach", "no-such-host.invalid"],
    )
    .await;

    let replica = test_stores::redis(&["--replicaof", "127.0.0.1 1"]);
    refused(&replica.url, &["replica", "master"]).await;
}

#[actix_rt::test]
async fn what_is_no_redis_is_refused_in_one_sentence() {
    use std::io::Write as _;

    let serve = |greeting: &'static [u8]| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
        let address = listener.local_addr().expect("has one");
        std::thread::spawn(move || {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept() {
                let _ = stream.write_all(greeting);
                held.push(stream);
            }
        });
        address
    };
    let http = serve(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    refused(&format!("redis://{http}"), &["is no Redis", &http.to_string()]).await;
    let silent = serve(b"");
    refused(
        &format!("redis://{silent}"),
        &["does not answer in time", &silent.to_string()],
    )
    .await;
}

#[actix_rt::test]
async fn tls_holds_to_the_authority_and_the_name_that_are_given() {
    let authority = test_stores::Authority::new();
    let pair = authority.vouch_for("127.0.0.1");
    let mut keeper = test_stores::encrypted_redis(&pair, "right");
    let at = keeper.address().to_owned();
    let good = url(&format!("rediss://:right@{at}/0?ca={}", authority.file));
    let redis = open(&good).await.expect("opens");
    redis.put(Kind::Flow, "a", vec![1], MINUTE).await.expect("fits");
    // A connection that is made anew is as well protected.
    keeper.kill();
    assert!(redis.check().await.is_err());
    keeper.resume();
    until("Redis is found again", async || redis.check().await.is_ok()).await;
    redis.put(Kind::Flow, "a", vec![2], MINUTE).await.expect("fits");

    let trust = ["cannot reach", "by TLS", "certificate", "?ca=FILE"];
    let stranger = test_stores::Authority::new();
    refused(&format!("rediss://:right@{at}"), &trust).await;
    // A file without a certificate, that of another authority, and none.
    for file in [&pair.key, &stranger.file] {
        refused(&format!("rediss://:right@{at}/0?ca={file}"), &trust).await;
    }
    let gone = format!("{}.gone", stranger.file);
    refused(
        &format!("rediss://:right@{at}/0?ca={gone}"),
        &[&gone, "PEM file of certificates"],
    )
    .await;
    refused(&format!("redis://:right@{at}"), &["rediss:"]).await;
    let ca = format!("/0?ca={}", authority.file);
    refused(&format!("rediss://{at}{ca}"), &["asks for a password"]).await;
    refused(
        &format!("rediss://:hunter2@{at}{ca}"),
        &["refuses the user or the password"],
    )
    .await;

    let renamed = test_stores::encrypted_redis(&authority.vouch_for("kv.example.org"), "right");
    refused(&format!("rediss://:right@{}{ca}", renamed.address()), &trust).await;
}
