//! The whole list of revocations as clients get it, made once for each ticket.
//!
//! It is kept compressed, as most clients take it; for the others it is unpacked piece by piece while it is sent. So a
//! list of any length costs the process its compressed size once, and a request a piece.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use actix_web::web::Bytes;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::Mutex;

use crate::db::entitlements::revocations;
use crate::db::{DbError, Store};
use crate::domain::entitlement::generation::GenerationSalt;
use crate::domain::entitlement::proof::VERSION;
use crate::domain::entitlement::revocation::{RETRY_SECS, Revocation};

/// How many entries are read at once.
const PAGE: i64 = 2000;

/// How often reading begins again because something changed meanwhile, before everything is read at once.
const TRIES: usize = 4;

/// How much is unpacked at once, in bytes.
const PIECE: usize = 64 * 1024;

/// The list that was made last.
#[derive(Debug, Default)]
pub struct Lists(Mutex<Option<Arc<List>>>);

impl Lists {
    /// The list of `ticket` or a later one. Of many who ask at once for a new one, one makes it.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn at(&self, ticket: i64, store: &Store, salt: &GenerationSalt) -> Result<Arc<List>, DbError> {
        let mut last = self.0.lock().await;
        if let Some(list) = last.as_ref().filter(|list| list.ticket >= ticket) {
            return Ok(Arc::clone(list));
        }
        let list = Arc::new(List::read(store, salt).await?);
        *last = Some(Arc::clone(&list));
        Ok(list)
    }
}

/// An answer with the whole list, compressed with gzip (RFC 1952).
#[derive(Debug)]
pub struct List {
    ticket: i64,
    packed: Bytes,
}

impl List {
    /// Reads and packs the list page by page. Every page says which ticket it is of, so a list in which something changed
    /// while it was read is noticed and read again.
    async fn read(store: &Store, salt: &GenerationSalt) -> Result<Self, DbError> {
        for attempt in 0..=TRIES {
            let page = if attempt < TRIES { PAGE } else { i64::MAX };
            if let Some(list) = Self::try_read(store, salt, page).await? {
                return Ok(list);
            }
        }
        Err(DbError::Unavailable(
            "the list of revocations changes too often to be read".to_owned(),
        ))
    }

    async fn try_read(store: &Store, salt: &GenerationSalt, page: i64) -> Result<Option<Self>, DbError> {
        let mut packer = Packer::new();
        let (mut after, mut ticket) = (-1, None);
        loop {
            let rows = store.query(&revocations::page(after, page)).await?;
            let mut seen = 0;
            for row in &rows {
                let (found, revocation) = revocations::read(row)?;
                if *ticket.get_or_insert(found) != found {
                    return Ok(None);
                }
                if let Some(revocation) = revocation {
                    packer.add(&revocation, salt)?;
                    after = revocation.gen_index;
                    seen += 1;
                }
            }
            if seen < page {
                let ticket =
                    ticket.ok_or_else(|| DbError::Inconsistent("entitlement_runtime has no row".to_owned()))?;
                return packer.finish(ticket).map(Some);
            }
            // Others on this thread go on meanwhile.
            tokio::task::yield_now().await;
        }
    }

    /// As it is sent with `Content-Encoding: gzip`.
    #[must_use]
    pub fn packed(&self) -> Bytes {
        self.packed.clone()
    }

    /// The whole JSON text, for whoever must have it in one.
    ///
    /// # Errors
    /// If what was packed here does not unpack.
    pub fn unpacked(&self) -> std::io::Result<Vec<u8>> {
        let mut json = Vec::new();
        GzDecoder::new(self.packed.as_ref()).read_to_end(&mut json)?;
        Ok(json)
    }

    /// The JSON text piece by piece.
    pub fn pieces(&self) -> impl Stream<Item = std::io::Result<Bytes>> + use<> {
        let decoder = GzDecoder::new(std::io::Cursor::new(self.packed.clone()));
        unfold(decoder, |mut decoder| async move {
            let mut piece = Vec::with_capacity(PIECE);
            let limit = u64::try_from(PIECE).unwrap_or(u64::MAX);
            match decoder.by_ref().take(limit).read_to_end(&mut piece) {
                Ok(0) => None,
                Ok(_) => Some((Ok(Bytes::from(piece)), decoder)),
                Err(error) => Some((Err(error), decoder)),
            }
        })
    }
}

/// An envelope under way: `{"result":{"items":[…],"retry_in_s":…,"ticket":…,"version":0},"status":0}`.
struct Packer {
    encoder: GzEncoder<Vec<u8>>,
    any: bool,
}

impl Packer {
    fn new() -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        // Writing to memory does not fail, and what does fail shows in `finish`.
        let _ = encoder.write_all(br#"{"result":{"items":["#);
        Self { encoder, any: false }
    }

    fn add(&mut self, revocation: &Revocation, salt: &GenerationSalt) -> Result<(), DbError> {
        let listed = revocation.listed();
        let index = u64::try_from(revocation.gen_index)
            .map_err(|_| DbError::Inconsistent("entitlement_revocations: gen_index".to_owned()))?;
        let comma = if self.any { "," } else { "" };
        self.any = true;
        write!(
            self.encoder,
            r#"{comma}{{"effective_unix_ts_ms":{},"expiry_unix_ts_ms":{},"gen_index_hash":"{}"}}"#,
            listed.effective_at.as_millis(),
            listed.expires_at.as_millis(),
            hex::encode(salt.name(index)),
        )
        .map_err(packing)
    }

    fn finish(mut self, ticket: i64) -> Result<List, DbError> {
        let tail = format!(
            r#"],"retry_in_s":{RETRY_SECS},"ticket":{ticket},"version":{VERSION}}},"status":0}}{}"#,
            '\n'
        );
        self.encoder.write_all(tail.as_bytes()).map_err(packing)?;
        let packed = self.encoder.finish().map_err(packing)?;
        Ok(List {
            ticket,
            packed: packed.into(),
        })
    }
}

fn packing(error: std::io::Error) -> DbError {
    DbError::Inconsistent(format!("the list of revocations could not be packed: {error}"))
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use serde_json::Value;

    use super::*;
    use crate::db::entitlements::runtime;
    use crate::db::{Decision, Statement};
    use crate::domain::clock::Timestamp;
    use crate::testing::TestStore;

    async fn write(store: &TestStore, statements: Vec<Statement>) {
        let work = store.writes.transact("test", async move |transaction| {
            for statement in &statements {
                transaction.query(statement).await?;
            }
            Ok(Decision::Commit(()))
        });
        work.await.expect("writes");
    }

    #[actix_rt::test]
    async fn a_list_of_many_pages_is_whole_packed_and_made_once() {
        let (store, salt, lists) = (TestStore::new(), GenerationSalt::from_bytes([3; 16]), Lists::default());
        let many = PAGE * 2 + 7;
        let mut statements = vec![
            runtime::insert(&runtime::Runtime::default()),
            runtime::advance_ticket(many),
        ];
        for gen_index in 0..many {
            let (created_at, expires_at) = (Timestamp::from_millis(gen_index), Timestamp::from_millis(i64::MAX / 2));
            statements.push(revocations::revoke(&Revocation {
                gen_index,
                created_at,
                expires_at,
            }));
        }
        write(&store, statements).await;
        let list = lists.at(many, &store.store, &salt).await.expect("is made");
        let again = lists.at(many, &store.store, &salt).await.expect("is there");
        assert!(Arc::ptr_eq(&list, &again));

        let whole = list.unpacked().expect("unpacks");
        let pieces: Vec<_> = list.pieces().collect().await;
        assert!(pieces.len() > 2);
        let joined: Vec<u8> = pieces
            .into_iter()
            .flat_map(|piece| piece.expect("unpacks").to_vec())
            .collect();
        assert_eq!(joined, whole);
        let json: Value = serde_json::from_slice(&whole).expect("JSON");
        assert_eq!(json["result"]["ticket"], many);
        let items = json["result"]["items"].as_array().expect("items");
        assert_eq!(items.len(), usize::try_from(many).expect("fits"));
        for (item, index) in items.iter().zip(0..) {
            assert_eq!(item["gen_index_hash"], hex::encode(salt.name(index)));
        }

        write(&store, vec![revocations::delete(0), runtime::advance_ticket(1)]).await;
        let later = lists.at(many + 1, &store.store, &salt).await.expect("is made");
        let json: Value = serde_json::from_slice(&later.unpacked().expect("unpacks")).expect("JSON");
        assert_eq!(json["result"]["ticket"], many + 1);
    }
}
