//! Reads the test vectors in `tests/vectors/entitlement/`.

use std::collections::BTreeSet;

use serde_json::Value;

macro_rules! texts {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../tests/vectors/entitlement/", $name)))),*]
    };
}

/// All files, by name.
const FILES: [(&str, &str); 14] = texts![
    "apple_notification_matrix.json",
    "best_payment.json",
    "gen_index_hash.json",
    "google_notification_matrix.json",
    "hashes.json",
    "misc.json",
    "proofs.json",
    "request_validation.json",
    "rounding.json",
    "sequence_claim_edge_cases.json",
    "sequence_dev_mode.json",
    "sequence_google_lifecycle.json",
    "sequence_grace_and_hold.json",
    "sequence_stack_two_stores.json"
];

/// A whole file.
pub(crate) fn file(name: &str) -> Value {
    let (_, text) = FILES
        .into_iter()
        .find(|(known, _)| *known == name)
        .expect("a known file");
    serde_json::from_str(text).expect("JSON")
}

/// One table of a file.
pub(crate) fn cases(name: &str, table: &str) -> Vec<Value> {
    file(name)[table].as_array().expect("a table").clone()
}

/// A text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

/// A number, which may be written as a text where it does not fit a double.
pub(crate) fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or_else(|| panic!("a number: {value}"))
}

/// A moment.
pub(crate) fn time(value: &Value) -> crate::domain::clock::Timestamp {
    crate::domain::clock::Timestamp::from_millis(value.as_i64().unwrap_or_else(|| panic!("a moment: {value}")))
}

/// 32 bytes in hexadecimal.
pub(crate) fn hex32(value: &Value) -> [u8; 32] {
    hex_of(value)
}

/// 16 bytes in hexadecimal.
pub(crate) fn hex16(value: &Value) -> [u8; 16] {
    hex_of(value)
}

fn hex_of<const N: usize>(value: &Value) -> [u8; N] {
    let bytes = hex::decode(text(value)).expect("hexadecimal");
    bytes.try_into().expect("the right length")
}

/// Parts of `misc.json` that no test reads, because what they are about is not part of this server yet: a store's periods,
/// and backups that it makes and rotates by itself, with their reports.
const NOT_YET: [&str; 5] = [
    "backup_file_name",
    "backup_rotation",
    "format_bytes",
    "format_seconds",
    "google_iso8601_duration",
];

/// The names of all files.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FILES.into_iter().map(|(name, _)| name)
}

#[test]
fn every_part_of_a_file_of_many_has_its_test() {
    let parts =
        |name: &str| -> BTreeSet<String> { file(name).as_object().expect("an object").keys().cloned().collect() };
    let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let misc = [["account_ids", "obfuscate"].as_slice(), &NOT_YET].concat();
    assert_eq!(parts("misc.json"), set(&misc));
    let rounding = [
        "day_ms",
        "month_ms",
        "year_ms",
        "platform_testing_rounding",
        "proof_clamp",
        "redeemed_timestamp",
        "revocation_effective",
        "round_day",
    ];
    assert_eq!(parts("rounding.json"), set(&rounding));
}
