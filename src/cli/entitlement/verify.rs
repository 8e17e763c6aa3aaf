//! `countersign entitlement verify`: no network, no database, no deployment.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::deployment::now;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::verify::{Revocations, Unreadable, Verdict, WireProof};

/// Largest file that is read: a list of a million revocations fits in.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Checks a proof offline.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign entitlement verify --revocations list.json proof.json \
                  --key fc947730f49eb01427a66e050733294d9e520e545c7a27125a780634e0860a27\n\n\
                  Prints one word: valid, unknown-version, bad-signature, expired or revoked. Exit code 0 if it is valid, else 1.\n\
                  The command `entitlement key` prints the key."
)]
pub(in crate::cli) struct Args {
    /// The answer of `/add_pro_payment` or `/generate_pro_proof`; `-` is standard input
    #[arg(value_name = "FILE")]
    proof: PathBuf,
    /// The server's public key
    #[arg(long, value_name = "HEX", value_parser = super::public_key())]
    key: PublicKey,
    /// The last answer of `/get_pro_revocations` that had items; without it nothing counts as revoked
    #[arg(long, value_name = "FILE")]
    revocations: Option<PathBuf>,
    /// The time to check for, in ms since the Unix epoch [default: now]
    #[arg(long, value_name = "MS")]
    now_ms: Option<u64>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let proof = WireProof::from_json(&read(&args.proof)?).map_err(|error| not_one(&args.proof, "proof", &error))?;
    let revocations = match &args.revocations {
        None => Revocations::default(),
        Some(path) => {
            Revocations::from_json(&read(path)?).map_err(|error| not_one(path, "list of revocations", &error))?
        }
    };
    let now = args
        .now_ms
        .unwrap_or_else(|| u64::try_from(now().as_millis()).unwrap_or(0));
    let verdict = proof.check(&args.key, &revocations, now);
    output::either(args.json, &json!({ "verdict": verdict.word() }), || {
        verdict.word().to_owned()
    })?;
    if verdict == Verdict::Valid {
        return Ok(());
    }
    Err(Failure::fault(format!(
        "the proof is not worth anything: {}",
        verdict.word()
    )))
}

fn not_one(path: &Path, what: &str, error: &Unreadable) -> Failure {
    Failure::operator(format!(
        "{} is no {what}: {error}; give what the server answered",
        path.display()
    ))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let refuse = |error: &dyn std::fmt::Display| {
        Failure::operator(format!(
            "{} cannot be read: {error}; name a file with what the server answered",
            path.display()
        ))
    };
    let source: Box<dyn std::io::Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(|error| refuse(&error))?)
    };
    let mut bytes = Vec::new();
    source
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refuse(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refuse(&"it is larger than 512 MiB"));
    }
    Ok(bytes)
}
