//! `countersign entitlement dev-payment`: what an application does, for whoever tries out a development server.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

use crate::cli::deployment::{now, wait};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::entitlement::dev::LONGEST;
use crate::domain::entitlement::hash;
use crate::domain::entitlement::ids::ClaimIds;
use crate::domain::entitlement::key::{ProofKey, PublicKey};
use crate::domain::entitlement::payment::Plan;
use crate::domain::entitlement::proof::VERSION;
use crate::domain::random::{bytes, name};
use crate::system::SystemRandom;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Acts as a client of a development server.
#[derive(clap::Subcommand, Debug)]
pub(in crate::cli) enum Command {
    /// Makes a payment, claims it, and prints the answer with the proof in it
    Add(Add),
    /// Says of a payment of the App Store that a refund was asked for
    Refund(Refund),
}

/// A payment to be made and claimed.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  countersign entitlement dev-payment add\n  \
                  countersign entitlement dev-payment add --url http://127.0.0.1:8080 --provider apple --plan 12M\n\n\
                  Without seeds, keys are made and printed, to be used again.")]
pub(in crate::cli) struct Add {
    #[command(flatten)]
    client: Client,
    /// google or apple
    #[arg(long, default_value = "google", value_parser = ["google", "apple"])]
    provider: String,
    /// Token of the subscription at Google; a known one renews it
    #[arg(long)]
    token: Option<String>,
    /// Order or transaction id; it begins with `DEV.`
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// 1M, 3M or 12M
    #[arg(long, default_value = "1M", value_parser = super::plan())]
    plan: Plan,
    /// How long it lasts, in ms
    #[arg(long, value_name = "MS", default_value_t = 86_400_000, value_parser = clap::value_parser!(i64).range(1..=LONGEST))]
    duration_ms: i64,
    /// Let it renew
    #[arg(long)]
    auto_renewing: bool,
    /// Seed of the device's key
    #[arg(long, value_name = "HEX", value_parser = parse_seed)]
    rotating_seed: Option<Seed>,
}

/// A refund to be noted.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign entitlement dev-payment refund --id DEV.1 \
                  --master-seed 1111111111111111111111111111111111111111111111111111111111111111")]
pub(in crate::cli) struct Refund {
    #[command(flatten)]
    client: Client,
    /// Transaction id
    #[arg(long, value_name = "ID")]
    id: String,
    /// Take it back
    #[arg(long)]
    clear: bool,
}

/// Who asks, and whom.
#[derive(clap::Args, Debug)]
struct Client {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4242")]
    url: Url,
    /// Seed of the master key
    #[arg(long, value_name = "HEX", value_parser = parse_seed)]
    master_seed: Option<Seed>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// The seed of a key for trying out. It does not print.
#[derive(Clone)]
struct Seed(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(..)")
    }
}

fn parse_seed(text: &str) -> Result<Seed, String> {
    let key = PublicKey::from_hex(text).ok_or("it is not a seed of 64 hexadecimal digits")?;
    Ok(Seed(Zeroizing::new(*key.as_bytes())))
}

impl Seed {
    fn or_new(given: Option<&Self>) -> Self {
        given
            .cloned()
            .unwrap_or_else(|| Self(Zeroizing::new(bytes(&SystemRandom))))
    }

    fn key(&self) -> ProofKey {
        ProofKey::from_seed(&self.0)
    }
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Add(add) => add.run(),
        Command::Refund(refund) => refund.run(),
    }
}

impl Add {
    fn run(&self) -> Result<(), Failure> {
        let master = Seed::or_new(self.client.master_seed.as_ref());
        let rotating = Seed::or_new(self.rotating_seed.as_ref());
        let (master_key, rotating_key) = (master.key(), rotating.key());
        let id = self
            .id
            .clone()
            .unwrap_or_else(|| format!("DEV.{}", name(&SystemRandom)));
        let ids = if self.provider == "google" {
            ClaimIds::Google {
                token: self.token.clone().unwrap_or_else(|| name(&SystemRandom)),
                order: id,
            }
        } else {
            ClaimIds::Apple { tx: id }
        };
        let hash = hash::add_payment(VERSION, master_key.public(), rotating_key.public(), &ids);
        let plan = match self.plan {
            Plan::OneMonth => "OneMonth",
            Plan::ThreeMonths => "ThreeMonth",
            Plan::TwelveMonths => "TwelveMonth",
        };
        let answer = self.client.post(
            "/add_pro_payment",
            &json!({
                "version": VERSION,
                "master_pkey": master_key.public().to_hex(),
                "rotating_pkey": rotating_key.public().to_hex(),
                "master_sig": hex::encode(master_key.sign(&hash)),
                "rotating_sig": hex::encode(rotating_key.sign(&hash)),
                "payment_tx": payment_tx(&ids),
                "dev_plan": plan,
                "dev_duration_ms": self.duration_ms,
                "dev_auto_renewing": self.auto_renewing,
            }),
        )?;
        let shown = json!({
            "payment_tx": payment_tx(&ids),
            "master_seed": hex::encode(*master.0),
            "master_pkey": master_key.public().to_hex(),
            "rotating_seed": hex::encode(*rotating.0),
            "answer": answer,
        });
        self.client.show(&shown)
    }
}

impl Refund {
    fn run(&self) -> Result<(), Failure> {
        let Some(master) = &self.client.master_seed else {
            return Err(Failure::operator(
                "the payment's owner has to sign: give --master-seed as `add` printed it",
            ));
        };
        let key = master.key();
        let ids = ClaimIds::Apple { tx: self.id.clone() };
        let now = u64::try_from(now().as_millis()).unwrap_or(0);
        let requested = if self.clear { 0 } else { now };
        let hash = hash::refund_requested(VERSION, key.public(), now, requested, &ids);
        let answer = self.client.post(
            "/set_payment_refund_requested",
            &json!({
                "version": VERSION,
                "master_pkey": key.public().to_hex(),
                "master_sig": hex::encode(key.sign(&hash)),
                "payment_tx": payment_tx(&ids),
                "unix_ts_ms": now,
                "refund_requested_unix_ts_ms": requested,
            }),
        )?;
        self.client.show(&answer)
    }
}

fn payment_tx(ids: &ClaimIds) -> Value {
    let provider = ids.provider().number();
    match ids {
        ClaimIds::Google { token, order } => {
            json!({ "provider": provider, "google_payment_token": token, "google_order_id": order })
        }
        ClaimIds::Apple { tx } => json!({ "provider": provider, "apple_tx_id": tx }),
        ClaimIds::Rangeproof { order } => json!({ "provider": provider, "rangeproof_order_id": order }),
    }
}

impl Client {
    /// The answer's envelope, if it says success.
    fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let refuse = |what: String| Failure::operator(format!("the server at {} {what}", self.url));
        let url = self
            .url
            .join(path)
            .map_err(|error| refuse(format!("cannot be asked: {error}")))?;
        let asked = wait(async {
            let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
            let answer = client.post(url).json(body).send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.json::<Value>().await.ok()))
        })?;
        let (status, answer) = asked.map_err(|error| {
            refuse(format!(
                "does not answer: {error}; start it with `countersign dev`, or give --url"
            ))
        })?;
        match answer {
            Some(answer) if answer.get("status").and_then(Value::as_i64) == Some(0) => Ok(answer),
            Some(answer) => Err(refuse(format!("refused: {answer}"))),
            None => Err(refuse(format!(
                "answers {status}, and nothing that an entitlement server says"
            ))),
        }
    }

    fn show(&self, answer: &Value) -> Result<(), Failure> {
        if self.json {
            return output::json(answer);
        }
        output::line(&serde_json::to_string_pretty(answer).map_err(|error| Failure::fault(error.to_string()))?)
    }
}
