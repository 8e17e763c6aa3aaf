//! What existing servers were asked and answered, asked again of this one: requests that are wrong in some way, and whole
//! histories.

mod notifications;
mod sequences;
mod validation;

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::actors::ledger::stores::Stores;
use crate::actors::ledger::tests::{Google, Process};
use crate::domain::entitlement::vectors::names;
use crate::testing::TestStore;

/// The whole protocol over one process's ledger.
struct House {
    process: Process,
    entitlements: Entitlements,
}

impl House {
    async fn start(dev: bool) -> Self {
        Self::on(TestStore::new(), dev).await
    }

    async fn on(store: TestStore, dev: bool) -> Self {
        let mode = if dev { Mode::Dev } else { Mode::Production };
        let stores = Stores::new(vec![Arc::new(Google(true))]);
        let process = Process::start(store, mode, stores).await;
        let deps = &process.deps;
        let entitlements = Entitlements {
            ledger: process.ledger.clone(),
            revocations: deps.revocations.clone(),
            lists: Lists::default(),
            keys: Arc::clone(&deps.keys),
            store: deps.store.clone(),
            clock: Arc::clone(&deps.clock),
            onion: OnionKey::of(&deps.keys.proof),
            random: process.random.clone(),
            dev,
        };
        Self { process, entitlements }
    }

    async fn ask(&self, request: Inner<'_>) -> (u16, Option<Value>) {
        let reply = dispatch(&self.entitlements, request).await;
        let json = match reply.body {
            Body::Json(json) => Some(json),
            Body::List(list) => Some(list.unpacked().expect("unpacks")),
            Body::Text(_) => None,
        };
        let parse = |json: Vec<u8>| serde_json::from_slice(&json).expect("JSON");
        (reply.status, json.map(parse))
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Option<Value>) {
        let body = body.to_string().into_bytes();
        let request = Inner {
            method: "POST",
            endpoint: path,
            content_type: Some("application/json"),
            body: &body,
        };
        self.ask(request).await
    }
}

#[test]
fn every_file_of_vectors_has_its_test() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/entitlement");
    // Read by the tests of onion requests and of the import.
    let elsewhere = [
        "onion_v4.json",
        "original.sql",
        "original.sqlite",
        "original_other_key.sqlite",
        "README.md",
    ];
    let known: BTreeSet<String> = names().chain(elsewhere).map(str::to_owned).collect();
    let entries = std::fs::read_dir(folder).expect("is a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let found: BTreeSet<String> = entries
        .map(|entry| name(entry).into_string().expect("is text"))
        .collect();
    assert_eq!(found, known);
}
