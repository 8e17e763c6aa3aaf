//! Payments and people as commands show them: what could be used against somebody is masked.

use serde_json::{Value, json};

use crate::cli::output;
use crate::config::Config;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::ids::{PaymentIds, Provider};
use crate::domain::entitlement::mask::mask;
use crate::domain::entitlement::payment::{Payment, State};
use crate::domain::entitlement::proof::{SignedProof, VERSION};

/// Whether ids and keys are shown whole.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Masking {
    whole: bool,
}

impl Masking {
    /// Whole if the operator says so now, or has set `log.unsafe_logging`.
    pub(in crate::cli) fn new(unmasked: bool, config: &Config) -> Self {
        Self {
            whole: unmasked || config.log.unsafe_logging,
        }
    }

    /// A token, an order or a transaction id.
    pub(in crate::cli) fn id(self, text: &str) -> String {
        if self.whole { text.to_owned() } else { mask(text) }
    }
}

pub(super) const fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "google",
        Provider::Apple => "apple",
        Provider::Rangeproof => "granted",
    }
}

const fn state_name(state: &State) -> &'static str {
    match state {
        State::Unredeemed => "unredeemed",
        State::Redeemed(_) => "redeemed",
        State::Expired(_) => "expired",
        State::Revoked { .. } => "revoked",
    }
}

/// A payment in JSON. Times are ms since the Unix epoch.
pub(super) fn payment(payment: &Payment, masking: Masking) -> Value {
    let ids = match &payment.witnessed.ids {
        PaymentIds::Google { token, order } => json!({
            "google_payment_token": masking.id(token),
            "google_order_id": masking.id(order),
        }),
        PaymentIds::Apple { original, tx, web_line } => json!({
            "apple_original_tx_id": masking.id(original),
            "apple_tx_id": masking.id(tx),
            "apple_web_line_order_id": masking.id(web_line),
        }),
        PaymentIds::Rangeproof { order } => json!({ "rangeproof_order_id": masking.id(order) }),
    };
    json!({
        "id": payment.id,
        "provider": provider_name(payment.witnessed.ids.provider()),
        "plan": payment.witnessed.plan.name(),
        "status": state_name(&payment.state),
        "auto_renewing": payment.auto_renewing,
        "unredeemed_at": payment.witnessed.unredeemed_at,
        "redeemed_at": payment.state.redemption().map(|redemption| redemption.at),
        "expires_at": payment.witnessed.expires_at,
        "grace_ms": payment.grace_ms,
        "revoked_at": payment.state.revoked_at(),
        "refund_requested_at": payment.refund_requested_at,
        "ids": ids,
    })
}

/// A table of payments for people.
pub(super) fn payments(all: &[Payment], masking: Masking) -> String {
    let rows: Vec<_> = all
        .iter()
        .map(|payment| {
            let id = match &payment.witnessed.ids {
                PaymentIds::Google { order, .. } | PaymentIds::Rangeproof { order } => order,
                PaymentIds::Apple { tx, .. } => tx,
            };
            [
                payment.id.to_string(),
                provider_name(payment.witnessed.ids.provider()).to_owned(),
                payment.witnessed.plan.name().to_owned(),
                state_name(&payment.state).to_owned(),
                output::moment(payment.witnessed.expires_at),
                if payment.auto_renewing { "yes" } else { "no" }.to_owned(),
                masking.id(id),
            ]
        })
        .collect();
    output::table(
        ["ID", "PROVIDER", "PLAN", "STATUS", "EXPIRES", "RENEWS", "ORDER"],
        &rows,
    )
}

/// A proof as the server's answers have it.
pub(super) fn proof(signed: &SignedProof) -> Value {
    json!({
        "version": VERSION,
        "gen_index_hash": hex::encode(signed.proof.gen_index_hash),
        "rotating_pkey": signed.proof.rotating.to_hex(),
        "expiry_unix_ts_ms": signed.proof.expiry_unix_ts_ms,
        "sig": hex::encode(signed.signature),
    })
}

/// A moment, or a dash where there is none.
pub(super) fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), output::moment)
}
