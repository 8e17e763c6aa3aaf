//! `countersign client add`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::actors::outgoing::Outgoing;
use crate::actors::sector::fetch_sector;
use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::{Decision, Transaction, clients};
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::oauth::client::GrantType;
use crate::domain::oauth::metadata::{ClientMetadata, Registered, Registrar, describe};
use crate::system::SystemRandom;

/// Largest metadata file, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// Registers clients.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
                  countersign client add --config countersign.toml --name Shop --redirect-uri https://shop.example.org/back\n  \
                  countersign client add --data data --public --native --redirect-uri http://127.0.0.1/back\n  \
                  countersign client add --config countersign.toml --name Jobs --grant client_credentials --scope \"jobs:read\"\n  \
                  countersign client add --config countersign.toml --file clients.json\n\n\
                  The secret of a confidential client is printed once; the database holds its hash.\n\
                  With --file, the defaults are those of RFC 7591 and OpenID Connect Registration (RS256, PKCE not demanded).")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// RFC 7591 metadata: one JSON object, or an array of which all or none are registered; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "Described")]
    file: Option<PathBuf>,
    #[command(flatten)]
    described: Described,
}

/// A client in options. Ours demand PKCE and sign ID tokens with `EdDSA` unless told otherwise.
#[derive(clap::Args, Clone, Debug)]
#[group(multiple = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct Described {
    /// Client id; made at random without it
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Name that people are shown
    #[arg(long)]
    name: Option<String>,
    /// Home page
    #[arg(long, value_name = "URL")]
    uri: Option<String>,
    /// Where answers may go; may be repeated
    #[arg(long, value_name = "URI", required_unless_present_any = ["file", "grant"])]
    redirect_uri: Vec<String>,
    /// Where a logout may end; may be repeated
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// What it may ask for, with spaces between [default: the standard scopes]
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// It cannot keep a secret: a page or an installed application
    #[arg(long)]
    public: bool,
    /// It is installed on people's devices
    #[arg(long)]
    native: bool,
    /// It is one of your own: people are not asked for consent
    #[arg(long)]
    first_party: bool,
    /// How it proves itself: `client_secret_basic`, `client_secret_post` or `private_key_jwt` [default: the first]
    #[arg(long, value_name = "METHOD", conflicts_with = "public")]
    auth: Option<String>,
    /// File with its public keys, a JWK set
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    jwks: Option<PathBuf>,
    /// Where it publishes its public keys
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// What it may bring to the token endpoint, in place of codes; may be repeated: `authorization_code`,
    /// `client_credentials`, `device_code`, `token-exchange`
    #[arg(long, value_name = "GRANT")]
    grant: Vec<String>,
    /// Resource server that it may have tokens for; may be repeated
    #[arg(long, value_name = "URI")]
    resource: Vec<String>,
    /// Only people who hold this scope may use it
    #[arg(long, value_name = "SCOPE")]
    required_scope: Option<String>,
    /// It gets no refresh tokens
    #[arg(long)]
    no_refresh: bool,
    /// How its ID tokens are signed: `EdDSA`, ES256 or RS256
    #[arg(long, value_name = "ALG", default_value_t = SigningAlgorithm::EdDsa)]
    id_token_alg: SigningAlgorithm,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    let (mut metadata, is_array) = match &args.file {
        Some(path) => read(path)?,
        None => (vec![args.described.metadata()?], false),
    };
    fetch_sectors(&opened, &mut metadata)?;
    let registrar = Registrar {
        random: &SystemRandom,
        loopback_issuer: opened.config.define.issuer.is_loopback_http(),
        by_operator: true,
    };
    let mut registered = Vec::with_capacity(metadata.len());
    for (index, metadata) in metadata.into_iter().enumerate() {
        let one = metadata.register(registrar).map_err(|error| {
            let place = if is_array {
                format!("client {}: ", index + 1)
            } else {
                String::new()
            };
            Failure::operator(format!("{place}{error}; nothing was registered"))
        })?;
        registered.push(one);
    }
    store(&mut opened, &registered)?;
    show(&registered, is_array, args.target.json)
}

/// Fetches the lists of sector identifiers, if any are named: all else here waits for nobody.
fn fetch_sectors(opened: &Opened, metadata: &mut [ClientMetadata]) -> Result<(), Failure> {
    if metadata.iter().all(|one| one.options.sector_identifier_uri.is_none()) {
        return Ok(());
    }
    let fault =
        |error: &dyn std::fmt::Display| Failure::operator(format!("a sector identifier cannot be read: {error}"));
    let outgoing = Outgoing::new(&opened.config).map_err(|error| fault(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| fault(&error))?;
    for one in metadata {
        runtime.block_on(fetch_sector(&outgoing, one));
    }
    Ok(())
}

impl Described {
    fn metadata(&self) -> Result<ClientMetadata, Failure> {
        let method = match (&self.auth, self.public) {
            (Some(method), _) => method,
            (None, true) => "none",
            (None, false) => "client_secret_basic",
        };
        let kind = if self.native { "native" } else { "web" };
        Ok(ClientMetadata {
            client_id: self.id.clone(),
            client_name: self.name.clone(),
            client_uri: self.uri.clone(),
            redirect_uris: self.redirect_uri.clone(),
            post_logout_redirect_uris: self.post_logout_redirect_uri.clone(),
            token_endpoint_auth_method: Some(method.to_owned()),
            jwks: self.jwks.as_deref().map(read_keys).transpose()?,
            jwks_uri: self.jwks_uri.clone(),
            grant_types: Some(self.grants()),
            scope: self.scope.clone(),
            application_type: Some(kind.to_owned()),
            id_token_signed_response_alg: Some(self.id_token_alg.name().to_owned()),
            require_pkce: Some(true),
            first_party: self.first_party,
            resources: self.resource.clone(),
            required_scope: self.required_scope.clone(),
            ..ClientMetadata::default()
        })
    }

    /// The grants by their full names. Refresh tokens come with those by which people sign in.
    fn grants(&self) -> Vec<String> {
        let is_named = |grant: &GrantType, name: &str| grant.as_str().rsplit(':').next() == Some(name);
        let named = |name: &str| GrantType::ALL.into_iter().find(|grant| is_named(grant, name));
        let full = |name: &String| named(name).map_or(name.clone(), |grant| grant.as_str().to_owned());
        let mut grants: Vec<String> = if self.grant.is_empty() {
            vec![GrantType::AuthorizationCode.as_str().to_owned()]
        } else {
            self.grant.iter().map(full).collect()
        };
        let for_people = [GrantType::AuthorizationCode, GrantType::DeviceCode].map(GrantType::as_str);
        if !self.no_refresh && grants.iter().any(|grant| for_people.contains(&grant.as_str())) {
            grants.push(GrantType::RefreshToken.as_str().to_owned());
        }
        grants
    }
}

fn read_keys(path: &Path) -> Result<Value, Failure> {
    let refuse = |what: String| Failure::operator(format!("{}: {what}; nothing was registered", path.display()));
    let text = std::fs::read(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    serde_json::from_slice(&text).map_err(|error| refuse(format!("is not JSON: {error}")))
}

/// The clients that a file describes, and whether it is an array.
fn read(path: &Path) -> Result<(Vec<ClientMetadata>, bool), Failure> {
    let refuse = |what: String| Failure::operator(format!("{}: {what}; nothing was registered", path.display()));
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| refuse(format!("cannot be read: {error}")))?)
    };
    let mut text = Zeroizing::new(String::new());
    source
        .take(LARGEST_FILE + 1)
        .read_to_string(&mut text)
        .map_err(|error| refuse(format!("cannot be read: {error}")))?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(refuse("is larger than 1 MiB".to_owned()));
    }
    parse(&text).map_err(refuse)
}

fn parse(text: &str) -> Result<(Vec<ClientMetadata>, bool), String> {
    let is_array = text.trim_start().starts_with('[');
    let parsed = if is_array {
        serde_json::from_str(text)
    } else {
        serde_json::from_str(text).map(|one| vec![one])
    };
    match parsed {
        Ok(metadata) if metadata.is_empty() => Err("holds no client".to_owned()),
        Ok(metadata) => Ok((metadata, is_array)),
        Err(error) => Err(format!("is not RFC 7591 metadata: {error}")),
    }
}

/// Stores all or none.
fn store(opened: &mut Opened, registered: &[Registered]) -> Result<(), Failure> {
    let inserts = registered
        .iter()
        .map(|one| Ok((one.client.id.clone(), clients::insert(&one.client, now())?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let taken = opened
        .writer
        .transact("add clients", async move |transaction: &mut Transaction<'_>| {
            for (id, insert) in &inserts {
                if transaction.query_one(insert).await?.is_none() {
                    return Ok(Decision::Rollback(Some(id.clone())));
                }
            }
            Ok(Decision::Commit(None))
        })?;
    match taken {
        None => Ok(()),
        Some(id) => Err(Failure::operator(format!(
            "client_id {id} is taken, or given twice; choose another, or remove that client first; nothing was registered"
        ))),
    }
}

fn show(registered: &[Registered], is_array: bool, as_json: bool) -> Result<(), Failure> {
    if !as_json {
        let blocks: Vec<String> = registered.iter().map(text).collect();
        return output::line(&blocks.join("\n\n"));
    }
    let documents: Vec<Value> = registered.iter().map(document).collect();
    match documents.as_slice() {
        [one] if !is_array => output::json(one),
        all => output::json(&all),
    }
}

fn text(one: &Registered) -> String {
    let id = format!("client_id      {}", one.client.id);
    match &one.secret {
        None => id,
        Some(secret) => format!(
            "{id}\nclient_secret  {}\nThe secret is not shown again.",
            secret.reveal()
        ),
    }
}

/// RFC 7591 §3.2.1.
fn document(one: &Registered) -> Value {
    let mut described = describe(&one.client);
    if let Some(secret) = &one.secret {
        described.insert("client_secret".to_owned(), json!(secret.reveal()));
        described.insert("client_secret_expires_at".to_owned(), json!(0));
    }
    Value::Object(described)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_object_or_an_array() {
        let (one, is_array) = parse(r#"{"redirect_uris":["https://a.example/b"]}"#).expect("parses");
        assert_eq!((one.len(), is_array), (1, false));
        let (two, is_array) = parse(" [{}, {}] ").expect("parses");
        assert_eq!((two.len(), is_array), (2, true));
        for bad in [
            "",
            "[]",
            "null",
            "3",
            "{}{}",
            r#"{"client_id":1}"#,
            "[{},]",
            r#"{"client_id":"a","client_id":"b"}"#,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_file_panics(text in "[\\[{]?\"?\\PC{0,30}") {
            let _ = parse(&text);
        }
    }
}
