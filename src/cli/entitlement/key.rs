//! `countersign entitlement key`.

use serde_json::json;

use super::opened::OpenLedger;
use crate::cli::deployment::Target;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::entitlement::onion::OnionKey;

/// Prints the public keys that clients need to know.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign entitlement key --config countersign.toml")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let ledger = OpenLedger::open(&args.target)?;
    let proof = ledger.keys.proof.public().to_hex();
    let onion = hex::encode(OnionKey::of(&ledger.keys.proof).public());
    let answer = json!({ "proof_pkey": proof, "onion_x25519_pkey": onion });
    output::either(args.target.json, &answer, || {
        format!("Proofs are checked with    {proof}\nOnion requests are made to {onion}")
    })
}
