//! The ledger on a real store: many claims at once, stores that fail, and what holds whatever happens.

mod invariants;
mod together;

use futures_util::future::BoxFuture;

use super::claim_payment::{ClaimPayment, ClaimRefusal};
use super::generate_proof::{GenerateProof, ProofRefusal};
use super::report::{TellRenewal, WitnessPayment};
use super::setup::LedgerKeys;
use super::stores::{NotAcknowledged, StoreAdapter};
use super::*;
use crate::actors::ask::Door;
use crate::actors::supervise::Alarm;
use crate::domain::entitlement::dev::Mint;
use crate::domain::entitlement::generation::GenerationSalt;
use crate::domain::entitlement::hash;
use crate::domain::entitlement::ids::{ClaimIds, PaymentIds, Provider, Subscription};
use crate::domain::entitlement::key::{DEV_SEED, ProofKey};
use crate::domain::entitlement::payment::{NotClaimable, Plan, Renewal, StoreAccount, Witnessed};
use crate::domain::entitlement::proof::VERSION;
use crate::domain::entitlement::request::{Claim, Pair, ProofRequest, Signed};
use crate::domain::keys::testing::Seeded;
use crate::testing::{ManualClock, TestStore, config};

pub(crate) const START: Timestamp = Timestamp::from_secs(1_767_225_600);
pub(crate) const SALT: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// A store that takes every acknowledgement, or none.
pub(crate) struct Google(pub(crate) bool);

impl StoreAdapter for Google {
    fn provider(&self) -> Provider {
        Provider::Google
    }

    fn acknowledge(&self, _: Subscription) -> BoxFuture<'static, Result<(), NotAcknowledged>> {
        let takes = self.0;
        Box::pin(async move {
            if takes {
                Ok(())
            } else {
                Err(NotAcknowledged("away".to_owned()))
            }
        })
    }
}

/// One process with a ledger.
pub(crate) struct Process {
    pub(crate) store: TestStore,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) deps: Deps,
    pub(crate) ledger: Door<Ledger>,
    pub(crate) random: Arc<Seeded>,
}

impl Process {
    /// On `store`, where the ledger is made if there is none.
    pub(crate) async fn start(store: TestStore, mode: Mode, stores: Stores) -> Self {
        let runtime = runtime::Runtime::default();
        store.writes.execute(runtime::insert(&runtime)).await.expect("writes");
        let clock = ManualClock::new(START);
        let mut config = config();
        config.mode = mode;
        let deps = Deps {
            store: store.store.clone(),
            writes: store.writes.clone(),
            keys: Arc::new(LedgerKeys {
                proof: ProofKey::from_seed(&DEV_SEED),
                salt: GenerationSalt::from_bytes(SALT),
            }),
            revocations: Revocations::default(),
            stores,
            config: Arc::new(config),
            clock: Arc::<ManualClock>::clone(&clock),
            order: Order::of(&store.url),
        };
        let (alarm, _) = Alarm::new();
        let ledger = Door::open(&actix_rt::Arbiter::current(), deps.clone(), alarm, 4096);
        Self {
            store,
            clock,
            deps,
            ledger,
            random: Arc::new(Seeded::new(1)),
        }
    }

    /// In production, with a store that takes acknowledgements.
    pub(crate) async fn with_google() -> Self {
        Self::start(
            TestStore::new(),
            Mode::Production,
            Stores::new(vec![Arc::new(Google(true))]),
        )
        .await
    }

    async fn claim(&self, person: u8, order: &str) -> Result<SignedProof, ClaimRefusal> {
        let request = ClaimPayment {
            claim: claim(person, order),
            mint: Mint::default(),
        };
        self.ledger.ask(request).await.expect("answers")
    }

    async fn prove(&self, person: u8) -> Result<SignedProof, ProofRefusal> {
        let asked = self.clock.now();
        let request = prove(person, asked);
        self.ledger
            .ask(GenerateProof { request, asked })
            .await
            .expect("answers")
    }

    async fn witness(&self, person: u8, order: &str, days: i64) {
        let witnessed = witnessed(person, order, self.clock.now(), days);
        self.ledger
            .ask(WitnessPayment(witnessed))
            .await
            .expect("answers")
            .expect("is taken");
    }

    async fn runtime(&self) -> runtime::Runtime {
        let row = self
            .store
            .store
            .query_one(&runtime::row())
            .await
            .expect("reads")
            .expect("is there");
        runtime::read(&row).expect("is ours")
    }
}

fn key(person: u8) -> ProofKey {
    ProofKey::from_seed(&[person; 32])
}

fn pair(person: u8, hash: impl Fn(&PublicKey, &PublicKey) -> hash::Hash) -> Pair {
    let (master, rotating) = (key(person), key(255 - person));
    let hash = hash(master.public(), rotating.public());
    Pair {
        master: *master.public(),
        rotating: *rotating.public(),
        master_signature: master.sign(&hash),
        rotating_signature: rotating.sign(&hash),
    }
}

/// The token is the order up to its first dash.
fn token(order: &str) -> String {
    order.split('-').next().expect("a part").to_owned()
}

fn claim(person: u8, order: &str) -> Signed<Claim> {
    let ids = ClaimIds::Google {
        token: token(order),
        order: order.to_owned(),
    };
    let keys = pair(person, |master, rotating| {
        hash::add_payment(VERSION, master, rotating, &ids)
    });
    let server = ProofKey::from_seed(&DEV_SEED);
    Claim { keys, ids }.verify(server.public()).expect("is signed")
}

fn prove(person: u8, asked: Timestamp) -> Signed<ProofRequest> {
    let unix_ts_ms = asked.as_millis().unsigned_abs();
    let keys = pair(person, |master, rotating| {
        hash::generate_proof(VERSION, master, rotating, unix_ts_ms)
    });
    let server = ProofKey::from_seed(&DEV_SEED);
    ProofRequest { keys, unix_ts_ms }
        .verify(server.public())
        .expect("is signed")
}

fn witnessed(person: u8, order: &str, now: Timestamp, days: i64) -> Witnessed {
    Witnessed {
        ids: PaymentIds::Google {
            token: token(order),
            order: order.to_owned(),
        },
        plan: Plan::OneMonth,
        account: StoreAccount::Google(Some(key(person).public().google_account_id())),
        unredeemed_at: now,
        expires_at: crate::domain::entitlement::day::shift(now, days * crate::domain::entitlement::day::DAY),
        refund_deadline_at: now,
    }
}

#[actix_rt::test]
async fn a_claim_that_the_store_does_not_hear_of_changes_nothing() {
    for stores in [Stores::default(), Stores::new(vec![Arc::new(Google(false))])] {
        let process = Process::start(TestStore::new(), Mode::Production, stores).await;
        process.witness(1, "a", 30).await;
        let refusal = process.claim(1, "a").await.expect_err("is refused");
        assert!(
            matches!(refusal, ClaimRefusal::NoStore | ClaimRefusal::NotAcknowledged(_)),
            "{refusal}"
        );
        assert_eq!(process.runtime().await.gen_index, 0);
        assert!(matches!(process.prove(1).await, Err(ProofRefusal::Unknown)));
        // Whoever has no claim is told so whether or not there is a store.
        let refusal = process.claim(2, "a").await.expect_err("is refused");
        assert!(
            matches!(refusal, ClaimRefusal::NotClaimable(NotClaimable::NotFound)),
            "{refusal}"
        );
    }
}

#[actix_rt::test]
async fn ids_that_no_database_holds_are_simply_not_found() {
    let process = Process::with_google().await;
    for order in ["a\0b", &"x".repeat(5000), ""] {
        let refusal = process.claim(1, order).await.expect_err("is refused");
        assert!(
            matches!(refusal, ClaimRefusal::NotClaimable(NotClaimable::NotFound)),
            "{refusal}"
        );
    }
}

#[actix_rt::test]
async fn news_of_a_revoked_payment_change_nothing() {
    let process = Process::with_google().await;
    process.witness(1, "a", 90).await;
    process.claim(1, "a").await.expect("is claimed");
    let subscription = Subscription::Google { token: "a".to_owned() };
    let at = process.clock.now();
    let revoke = report::RevokeSubscription { subscription, at };
    let revoked = process.ledger.ask(revoke).await.expect("answers").expect("is known");
    assert_eq!((revoked.payments, revoked.ticket), (1, Some(1)));
    let ids = witnessed(1, "a", at, 90).ids;
    let renewal = Renewal {
        grace_ms: Some(5),
        auto_renewing: Some(true),
    };
    process
        .ledger
        .ask(TellRenewal { ids, renewal })
        .await
        .expect("answers")
        .expect("is known");
    assert!(matches!(process.prove(1).await, Err(ProofRefusal::Revoked)));
    let rows = process
        .store
        .rows("SELECT auto_renewing, grace_ms FROM entitlement_payments")
        .await;
    assert_eq!(
        (rows[0].integer(0).expect("a flag"), rows[0].integer(1).expect("a time")),
        (0, 0)
    );
}
