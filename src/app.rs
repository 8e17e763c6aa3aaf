//! The composition root: store, keys, actors, HTTP, in this order; and in reverse order when it ends.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::Data;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::actors::key_ring::turn::TurnError;
use crate::actors::key_ring::{Keys, secrets, turn};
use crate::actors::ledger::revocations::Revocations;
use crate::actors::ledger::setup::{self, SetupError};
use crate::actors::ledger::stores::Stores;
use crate::actors::outgoing::Outgoing;
use crate::actors::supervise::Alarm;
use crate::actors::supervisor::{self, Foundation, IdentityGround, LedgerGround, StopAll, Threads};
use crate::config::{Config, Job, Mode};
use crate::db::kv::KeyValue;
use crate::db::store::Migrate;
use crate::db::{DbError, OpenError, ServerLock, Sharing, Store};
use crate::domain::clock::Clock;
use crate::domain::mail;
use crate::domain::random::Random;
use crate::domain::vault::Vault;
use crate::http::app::App;
use crate::http::entitlement::Entitlements;
use crate::http::server;
use crate::system::{SystemClock, SystemRandom};

/// How long one actor may take to finish what is under way when the server stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often recorded times are summed up. Until then each takes memory, whether or not anybody asks for the metrics.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// The server is about to accept requests.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The address that was bound.
    pub address: SocketAddr,
    /// The issuer in force.
    pub issuer: String,
}

/// Why a server did not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something that the operator can mend, in one sentence that says how.
    #[error("{0}")]
    Operator(String),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

impl From<OpenError> for RunError {
    fn from(error: OpenError) -> Self {
        Self::Operator(error.to_string())
    }
}

impl From<TurnError> for RunError {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Vault(error) => Self::Operator(error.to_string()),
            TurnError::Db(error @ DbError::Unavailable(_)) => Self::Operator(format!(
                "{error}; check that the database answers, that its disk has room and that no other program holds it"
            )),
            error => Self::Fault(error.to_string()),
        }
    }
}

impl From<SetupError> for RunError {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Db(error) => TurnError::Db(error).into(),
            error => Self::Operator(error.to_string()),
        }
    }
}

/// Runs a server until SIGTERM or SIGINT. `ready` is called when the socket is bound and everything behind it is up,
/// before the first request is accepted.
///
/// # Errors
/// [`RunError`] if the server cannot start, or an actor could not be kept up.
pub async fn run(config: Config, ready: impl AsyncFnOnce(&Ready) -> Result<(), String>) -> Result<(), RunError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let server = Server::start(config, clock, Arc::new(SystemRandom)).await?;
    server.refuse_dev_proofs()?;
    let told = told_to_stop()?;
    ready(&server.ready).await.map_err(RunError::Operator)?;
    server.serve(told).await
}

/// Resolves at the first SIGTERM or SIGINT.
fn told_to_stop() -> Result<impl Future<Output = ()>, RunError> {
    let fault = |error: std::io::Error| RunError::Fault(error.to_string());
    let mut terminate = signal(SignalKind::terminate()).map_err(fault)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fault)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A server that is up, from the inside: what tests of whole flows hold.
pub struct Server {
    /// What was bound.
    pub ready: Ready,
    /// What handlers hold.
    pub app: Data<App>,
    threads: Option<Threads>,
    /// Taken when it begins to accept.
    http: Option<actix_web::dev::Server>,
    handle: actix_web::dev::ServerHandle,
    alarm: watch::Receiver<Option<&'static str>>,
    /// Nobody who could not share it may serve from the same database while this lives.
    lock: ServerLock,
}

impl Server {
    /// Opens the store, makes or opens the keys, starts the actors and binds the socket. Nothing is accepted until
    /// the HTTP server is polled.
    ///
    /// # Errors
    /// [`RunError::Operator`] for everything that the operator can mend.
    pub async fn start(config: Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, RunError> {
        // What it holds while it waits is large, and would be part of whatever waits for it.
        Box::pin(Self::start_with_stores(config, clock, random, Stores::default())).await
    }

    /// The same with the stores that payments come from.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_with_stores(
        mut config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        stores: Stores,
    ) -> Result<Self, RunError> {
        mail::check(&config.mail.texts).map_err(|error| RunError::Operator(error.to_string()))?;
        let now = clock.now();
        let kv = KeyValue::open(&config.kv_url, Arc::clone(&clock), config.kv).await?;
        let (url, sizes) = (&config.database_url, config.postgres);
        let (store, mut connection) = Store::open(url, sizes, config.mode, Migrate::Up, now).await?;
        let sharing = if config.kv_url.is_shared() {
            Sharing::WithOthers
        } else {
            Sharing::Alone
        };
        let lock = store.lock_for_server(sharing).await?;
        let vault = Arc::new(Vault::new(config.master_key.expose()));
        let policy = supervisor::rotation_policy(&config);
        let (identity, ledger) = {
            let _setup = store.lock_for_setup().await?;
            let identity = if config.define.does(Job::Identity) {
                let secrets = secrets::open(&store, &mut connection, &vault, random.as_ref(), now).await?;
                let keys = turn::first(&store, &mut connection, &vault, &policy, random.as_ref(), now).await?;
                Some((secrets, keys))
            } else {
                None
            };
            let ledger = if config.define.does(Job::Entitlements) {
                let (random, mode) = (random.as_ref(), config.mode);
                Some(setup::open(&store, &mut connection, &vault, random, mode, now).await?)
            } else {
                None
            };
            (identity, ledger)
        };
        let listener = bind(config.listen)?;
        let address = listener
            .local_addr()
            .map_err(|error| RunError::Fault(error.to_string()))?;
        config.bound_to(address);
        let config = Arc::new(config);
        let (alarm, heard) = Alarm::new();
        let identity = match identity {
            Some((secrets, keys)) => Some(IdentityGround {
                vault,
                secrets,
                keys: Keys::new(keys),
                outgoing: Outgoing::new(&config).map_err(|error| RunError::Fault(error.to_string()))?,
            }),
            None => None,
        };
        let ledger = ledger.map(|keys| LedgerGround {
            keys,
            revocations: Revocations::default(),
            stores,
        });
        let ground = Foundation {
            store,
            kv,
            identity,
            ledger,
            config,
            clock,
            random,
        };
        let house =
            supervisor::start(&ground, connection, &alarm).map_err(|error| RunError::Operator(error.to_string()))?;
        let entitlements = Entitlements::new(&ground, &house.actors);
        let app = Data::new(App {
            entitlements,
            config: ground.config,
            store: ground.store,
            kv: ground.kv,
            clock: ground.clock,
            actors: house.actors,
            supervisor: house.supervisor,
            metrics: metrics_recorder()?,
            accepting: AtomicBool::new(true),
        });
        let http = server::build(app.clone(), listener).map_err(|error| RunError::Fault(error.to_string()))?;
        Ok(Self {
            ready: Ready {
                address,
                issuer: app.issuer().to_owned(),
            },
            app,
            threads: Some(house.threads),
            handle: http.handle(),
            http: Some(http),
            alarm: heard,
            lock,
        })
    }

    /// Refuses a ledger in production whose proofs anybody could sign. Tests replay what was recorded with that key.
    fn refuse_dev_proofs(&self) -> Result<(), RunError> {
        let entitlements = self.app.entitlements.as_ref();
        if self.app.config.mode == Mode::Production && entitlements.is_some_and(Entitlements::has_dev_key) {
            return Err(RunError::Operator(
                "the proof key in this database is the one that everybody knows, so that anybody could sign proofs; \
                 import a ledger with a key of its own, or begin with a new database"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Accepts requests until `told_to_stop` resolves, then stops in order.
    ///
    /// # Errors
    /// [`RunError::Fault`] if an actor could not be kept up, or the HTTP server ended by itself.
    pub async fn serve(mut self, told_to_stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let http = actix_web::rt::spawn(
            self.http
                .take()
                .ok_or_else(|| RunError::Fault("started twice".into()))?,
        );
        let ended = tokio::select! {
            () = told_to_stop => Ok(()),
            never = sum_up(&self.app.metrics) => match never {},
            raised = self.alarm.wait_for(Option::is_some) => {
                let actor = raised.ok().and_then(|actor| *actor).unwrap_or("an actor");
                Err(RunError::Fault(format!("{actor} could not be kept up; see the log for its panics")))
            }
            () = self.lock.lost() => {
                let words = "another countersign server has taken the database while this one was cut off from it; \
                             give both the same kv_url = \"redis://…\", or run one alone";
                Err(RunError::Operator(words.to_owned()))
            }
            ended = http => match ended {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(RunError::Fault(error.to_string())),
                Err(error) => Err(RunError::Fault(error.to_string())),
            },
        };
        self.stop().await;
        ended
    }

    /// Stops in order: no new connections, requests under way answered, actors from leaf to Writer, threads.
    async fn stop(mut self) {
        tracing::info!("stopping");
        self.app.stop_accepting();
        self.handle.stop(true).await;
        match self.app.supervisor.ask(StopAll { patience: PATIENCE }).await {
            Ok(late) if late.is_empty() => {}
            Ok(late) => tracing::warn!(?late, "some actors did not finish in time"),
            Err(fault) => tracing::warn!(%fault, "the supervisor did not stop the others"),
        }
        if let Some(threads) = self.threads.take() {
            let _ = actix_web::rt::task::spawn_blocking(move || threads.stop()).await;
        }
        tracing::info!("stopped");
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).map_err(|error| {
        RunError::Operator(format!(
            "cannot listen on {address}: {error}; stop what uses it, or choose another address with listen \
             (COUNTERSIGN_LISTEN, or --listen of dev)"
        ))
    })
}

/// Upper bounds of the buckets of durations, in s. Histograms, unlike quantiles, add up over processes.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Upper bounds of the buckets of batch sizes.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

async fn sum_up(metrics: &PrometheusHandle) -> Infallible {
    loop {
        actix_web::rt::time::sleep(METRICS_UPKEEP).await;
        metrics.run_upkeep();
    }
}

/// One recorder a process, whoever starts first.
fn metrics_recorder() -> Result<PrometheusHandle, RunError> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
                .and_then(|recorder| recorder.set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZES));
            recorder.ok()?.install_recorder().ok()
        })
        .clone()
        .ok_or_else(|| RunError::Fault("the metrics recorder could not be installed".to_owned()))
}

#[cfg(test)]
mod tests;
