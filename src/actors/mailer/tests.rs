//! From the queue to a real socket, with a real store and a real Writer.

mod smtp_server;

use parking_lot::Mutex;

use self::smtp_server::SmtpServer;
use super::mailbox::ListMailbox;
use super::queue::enqueue;
use super::*;
use crate::actors::ask::Door;
use crate::actors::supervise::{Alarm, Provoke};
use crate::db::links;
use crate::domain::clock::Timestamp;
use crate::domain::email::{Email, IdentifierKey};
use crate::domain::keys::testing::Seeded;
use crate::domain::mail::{Language, Letter, MailKind};
use crate::domain::oauth::subject::SubjectKey;
use crate::domain::opaque::setup::Setup;
use crate::domain::seal::SealingKey;
use crate::domain::throttle::ThrottleHasher;
use crate::domain::token::dpop_nonce::Nonces;
use crate::testing::{ManualClock, TestStore, config_with, until};

const START: Timestamp = Timestamp::from_secs(1_700_000_000);
const LINK: &str = "https://id.example.org/reset/#a-link-that-opens-something";

struct Post {
    store: TestStore,
    clock: Arc<ManualClock>,
    deps: Deps,
    door: Door<Mailer>,
}

fn secrets(random: &Seeded) -> Arc<Secrets> {
    Arc::new(Secrets {
        opaque: Setup::from_secret(&Setup::generate_secret(random)).expect("a setup"),
        identifier: IdentifierKey::new([1; 32]),
        states: SealingKey::new(&mut [2; 32]),
        mail: SealingKey::new(&mut [3; 32]),
        throttle: ThrottleHasher::new(&mut [4; 32]),
        subjects: SubjectKey::new(&mut [5; 32]),
        nonces: Nonces::new(&mut [6; 32]),
    })
}

fn letter(to: &str) -> Letter {
    Letter {
        kind: MailKind::ResetPassword {
            link: LINK.to_owned(),
            valid: Duration::from_mins(30),
        },
        to: Email::parse(to).expect("an address"),
        language: Language::English,
    }
}

impl Post {
    /// A Mailer that sends to the server at `port`, or into a mailbox.
    fn open(port: Option<u16>) -> Self {
        let url = format!("smtp://127.0.0.1:{}", port.unwrap_or(1));
        let mut config = config_with(&[
            ("COUNTERSIGN_MAIL__URL", &url),
            ("COUNTERSIGN_MAIL__STARTTLS", "never"),
            ("COUNTERSIGN_MAIL__TIMEOUT", if port.is_some() { "2 s" } else { "30 s" }),
        ]);
        if port.is_none() {
            config.mail.url = crate::config::Delivery::Mailbox;
        }
        let (store, clock) = (TestStore::new(), ManualClock::new(START));
        let random = Arc::new(Seeded::new(7));
        let deps = Deps::new(
            store.store.clone(),
            store.writes.clone(),
            secrets(&random),
            Arc::new(config),
            Arc::<ManualClock>::clone(&clock),
            random,
        )
        .expect("a transport");
        let (alarm, _) = Alarm::new();
        let door = Door::open(&actix_rt::Arbiter::current(), deps.clone(), alarm, 16);
        Self {
            store,
            clock,
            deps,
            door,
        }
    }

    async fn queue(&self, to: &str) {
        let letter = letter(to);
        let (random, now) = (self.deps.random.as_ref(), self.clock.now());
        let statement = enqueue(
            &self.deps.secrets,
            random,
            &letter,
            now,
            now.plus(Duration::from_hours(1)),
        );
        self.deps.writes.execute(statement).await.expect("queued");
    }

    async fn wake(&self) {
        self.door.ask(Wake).await.expect("answers");
    }

    async fn waiting(&self) -> usize {
        self.store.rows("SELECT id FROM mails").await.len()
    }

    /// When the only mail in the queue is next tried.
    async fn next_attempt(&self) -> Timestamp {
        let rows = self.store.rows("SELECT next_attempt_at FROM mails").await;
        assert_eq!(rows.len(), 1);
        Timestamp::from_millis(rows[0].integer(0).expect("a time"))
    }

    async fn until_empty(&self) {
        until("the queue is empty", async || self.waiting().await == 0).await;
    }

    async fn until_postponed(&self) {
        let (soonest, latest) = (Duration::from_secs(5), Duration::from_secs(10));
        let now = self.clock.now();
        until("the mail is put off", async || {
            (now.plus(soonest)..=now.plus(latest)).contains(&self.next_attempt().await)
        })
        .await;
    }
}

const READY: Option<&str> = Some("220 localhost");

#[actix_rt::test]
async fn a_mail_is_delivered_once_and_then_erased() {
    let server = SmtpServer::start(READY).await;
    let post = Post::open(Some(server.port));
    post.queue("ann@example.org").await;
    post.wake().await;
    post.until_empty().await;
    // The second mail goes through the same look and connection after the first.
    post.queue("bob@example.org").await;
    post.wake().await;
    post.until_empty().await;
    let seen = server.seen.lock();
    assert_eq!(seen.taken.len(), 2);
    assert_eq!(seen.connections, 1);
    let (recipient, message) = &seen.taken[0];
    assert_eq!(recipient, "RCPT TO:<ann@example.org>");
    assert!(
        message.contains("Subject: Set another password for Countersign\n"),
        "{message}"
    );
    assert!(message.contains("@id.example.org>\n"), "{message}");
    assert!(message.contains("Date: Tue, 14 Nov 2023 22:13:20 +0000\n"), "{message}");
}

#[actix_rt::test]
async fn more_mails_than_may_be_under_way_are_all_delivered() {
    let server = SmtpServer::start(READY).await;
    let post = Post::open(Some(server.port));
    for number in 0..5 * CONCURRENCY {
        post.queue(&format!("user-{number}@example.org")).await;
    }
    post.wake().await;
    post.until_empty().await;
    let mut recipients: Vec<_> = server.seen.lock().taken.iter().map(|(to, _)| to.clone()).collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!(recipients.len(), 5 * CONCURRENCY);
    assert_eq!(server.seen.lock().taken.len(), 5 * CONCURRENCY);
    assert!(server.seen.lock().connections <= CONCURRENCY);
}

#[actix_rt::test]
async fn a_mail_refused_for_now_is_tried_again_after_its_pause() {
    let server = SmtpServer::start(READY).await;
    let post = Post::open(Some(server.port));
    server
        .seen
        .lock()
        .refusals
        .push_back("451 4.7.1 later, ann@example.org");
    post.queue("ann@example.org").await;
    post.wake().await;
    post.until_postponed().await;
    post.clock.pass(Duration::from_secs(4));
    post.queue("bob@example.org").await;
    post.wake().await;
    until("the other mail is gone", async || post.waiting().await == 1).await;
    assert_eq!(server.seen.lock().recipients, 2, "the pause was kept");
    post.clock.pass(Duration::from_secs(6));
    post.wake().await;
    post.until_empty().await;
    let seen = server.seen.lock();
    assert_eq!((seen.taken.len(), seen.recipients), (2, 3));
}

#[actix_rt::test]
async fn a_mail_refused_for_good_is_given_up() {
    let server = SmtpServer::start(READY).await;
    let post = Post::open(Some(server.port));
    server.seen.lock().refusals.push_back("550 5.1.1 no such user");
    post.queue("ann@example.org").await;
    post.wake().await;
    post.until_empty().await;
    {
        let seen = server.seen.lock();
        assert_eq!((seen.taken.len(), seen.recipients), (0, 1));
    }
    // An administrator sees it, until a mail gets through.
    let troubles = async || post.store.rows("SELECT reason FROM mail_troubles").await;
    let rows = troubles().await;
    assert_eq!(rows.first().expect("one").text(0).expect("text"), "SMTP 550");
    post.queue("ann@example.org").await;
    post.wake().await;
    post.until_empty().await;
    assert!(troubles().await.is_empty());
}

#[actix_rt::test]
async fn a_server_that_refuses_us_does_not_cost_the_mail() {
    for greeting in [Some("554 5.3.2 no service here"), None] {
        let server = SmtpServer::start(greeting).await;
        let post = Post::open(Some(server.port));
        post.queue("ann@example.org").await;
        post.wake().await;
        post.until_postponed().await;
        assert_eq!(server.seen.lock().connections, 1);
    }
}

#[actix_rt::test]
async fn while_the_server_is_away_one_mail_at_a_time_tries() {
    let server = SmtpServer::start(Some("421 4.3.2 not now")).await;
    let post = Post::open(Some(server.port));
    for number in 0..4 * CONCURRENCY {
        post.queue(&format!("user-{number}@example.org")).await;
    }
    post.wake().await;
    for (tries, pause) in [5, 10, 20].into_iter().enumerate() {
        until("failures are noted", async || {
            post.deps.way.failures() == i64::try_from(tries).expect("fits") + 1
                && server.seen.lock().connections == CONCURRENCY + tries
        })
        .await;
        for _ in 0..3 {
            post.wake().await;
        }
        post.clock.pass(Duration::from_secs(pause));
        post.wake().await;
    }
    until("the last has failed", async || post.deps.way.failures() == 4).await;
    assert_eq!(server.seen.lock().connections, CONCURRENCY + 3);
    assert_eq!(post.waiting().await, 4 * CONCURRENCY, "no mail is lost");
}

#[actix_rt::test]
async fn a_mail_whose_claimer_died_is_claimed_again() {
    let server = SmtpServer::start(READY).await;
    let post = Post::open(Some(server.port));
    post.queue("ann@example.org").await;
    let lost = links::claim_mails(START, START.plus(Duration::from_secs(32)), 8);
    let claimed = post.deps.writes.execute(lost.clone()).await.expect("claims");
    assert_eq!(claimed.len(), 1);
    let again = post.deps.writes.execute(lost).await.expect("claims");
    assert_eq!(again.len(), 0, "nobody else gets it meanwhile");
    post.clock.pass(Duration::from_secs(32));
    post.wake().await;
    post.until_empty().await;
    assert_eq!(server.seen.lock().taken.len(), 1);
}

#[actix_rt::test]
async fn an_expired_mail_is_not_sent() {
    let server = SmtpServer::start(READY).await;
    let post = Post::open(Some(server.port));
    post.queue("ann@example.org").await;
    post.clock.pass(Duration::from_hours(1));
    post.queue("bob@example.org").await;
    post.wake().await;
    until("the other mail is gone", async || post.waiting().await == 1).await;
    assert_eq!(server.seen.lock().recipients, 1);
}

#[actix_rt::test]
async fn a_queued_mail_is_sealed_at_rest_and_bound_to_its_row() {
    let post = Post::open(None);
    // Nothing claims it: its turn is in the future.
    let letter = letter("ann@example.org");
    let later = START.plus(Duration::from_mins(1));
    let statement = enqueue(
        &post.deps.secrets,
        post.deps.random.as_ref(),
        &letter,
        later,
        later.plus(Duration::from_hours(1)),
    );
    post.deps.writes.execute(statement).await.expect("queued");
    let dump = post.store.dump();
    for secret in [LINK, "ann@example.org", "reset_password"] {
        assert!(
            !dump.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()),
            "{secret}"
        );
    }
    let rows = post.store.rows("SELECT id, sealed FROM mails").await;
    let (id, sealed) = (rows[0].text(0).expect("an id"), rows[0].blob(1).expect("a blob"));
    assert_eq!(queue::open(&post.deps.secrets.mail, id, sealed), Ok(letter));
    assert_eq!(
        queue::open(&post.deps.secrets.mail, "another", sealed),
        Err(queue::Unreadable)
    );
}

#[actix_rt::test]
async fn the_mailbox_shows_the_newest_first_and_outlives_a_panic() {
    let post = Post::open(None);
    for to in ["ann@example.org", "bob@example.org"] {
        post.queue(to).await;
        post.wake().await;
        post.until_empty().await;
        post.clock.pass(Duration::from_secs(1));
    }
    assert!(post.door.ask(Provoke { later: false }).await.is_err());
    let mails = post.door.ask(ListMailbox).await.expect("answers");
    let to: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["bob@example.org", "ann@example.org"]);
    assert_eq!(mails[0].sent_at, START.plus(Duration::from_secs(1)));
    assert!(mails[0].text.contains(LINK));
}

#[actix_rt::test]
async fn lk_01_neither_address_nor_content_is_logged() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let server = SmtpServer::start(READY).await;
    let post = Post::open(Some(server.port));
    server
        .seen
        .lock()
        .refusals
        .extend(["451 later, ann@example.org", "550 no, ann@example.org"]);
    post.queue("ann@example.org").await;
    post.wake().await;
    post.until_postponed().await;
    post.clock.pass(Duration::from_secs(10));
    post.wake().await;
    post.until_empty().await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().clone()).expect("text");
    assert!(text.contains("SMTP 451") && text.contains("SMTP 550"), "{text}");
    assert!(!text.contains("ann@") && !text.contains("a-link-that"), "{text}");
}

/// What was logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
