//! `countersign dev`: everything on this machine, with a demo client.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;

use super::deployment::{DEV_DATA, DEV_LISTEN, make_dev, now};
use super::failure::Failure;
use super::ready::ReadyLine;
use super::{output, ready};
use crate::app::Ready;
use crate::config::{Connections, DatabaseUrl, Dev, Issuer, Mode};
use crate::db::store::Migrate;
use crate::db::{Decision, Store, Transaction, clients};
use crate::domain::oauth::client::Client;
use crate::domain::oauth::metadata::{ClientMetadata, Registrar};
use crate::system::SystemRandom;

/// Runs everything on this machine to try it out.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  countersign dev\n  countersign dev --listen 127.0.0.1:0 --data /tmp/try\n  \
                  countersign dev --listen 0.0.0.0:4242 --issuer https://dev.example.org"
)]
pub(super) struct Args {
    /// IP address and port; port 0 takes a free one [default: 127.0.0.1:4242]
    #[arg(long, value_name = "ADDR", value_parser = parse_listen)]
    listen: Option<SocketAddr>,
    /// Folder of the database and its master key; also `COUNTERSIGN_DATA` [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Public address, where it is not the one listened on
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Print the machine-readable line alone
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let folder = args.data.clone().or_else(|| {
        let variable = std::env::var_os("COUNTERSIGN_DATA").filter(|value| !value.is_empty());
        variable.map(PathBuf::from)
    });
    let config = make_dev(Dev {
        listen: args.listen.unwrap_or(DEV_LISTEN.into()),
        data_dir: &folder.unwrap_or_else(|| DEV_DATA.into()),
        issuer: args.issuer.as_deref(),
    })?;
    let url = config.database_url.clone();
    let as_json = args.json;
    ready::serve(config, async move |ready: &Ready| {
        register_demo(&url, &ready.issuer).await?;
        // Nobody reads any more, perhaps; the server goes on.
        let _ = announce(ready, as_json);
        Ok(())
    })
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "it is not an IP address with a port, such as 127.0.0.1:4242 or [::1]:0".to_owned())
}

/// The demo application: a public client of a third party, so that its consent page shows.
fn demo_client(issuer: &Issuer) -> Result<Client, String> {
    let here = vec![issuer.url("/demo/")];
    let metadata = ClientMetadata {
        client_id: Some("demo".to_owned()),
        client_name: Some("Demo application".to_owned()),
        redirect_uris: here.clone(),
        post_logout_redirect_uris: here,
        token_endpoint_auth_method: Some("none".to_owned()),
        grant_types: Some(vec!["authorization_code".to_owned(), "refresh_token".to_owned()]),
        scope: Some("openid profile email offline_access".to_owned()),
        id_token_signed_response_alg: Some("EdDSA".to_owned()),
        ..ClientMetadata::default()
    };
    let registrar = Registrar {
        random: &SystemRandom,
        loopback_issuer: issuer.is_loopback_http(),
        by_operator: true,
    };
    let registered = metadata.register(registrar);
    registered.map(|demo| demo.client).map_err(|error| error.to_string())
}

/// Registers the demo client, or mends its addresses after a change of the issuer.
async fn register_demo(url: &DatabaseUrl, issuer: &str) -> Result<(), String> {
    let issuer = Issuer::parse(issuer).map_err(|error| error.to_string())?;
    let put = clients::put(&demo_client(&issuer)?, now()).map_err(|error| error.to_string())?;
    let opened = Store::open(url, Connections::default(), Mode::Dev, Migrate::Never, now()).await;
    let (_, mut writer) = opened.map_err(|error| error.to_string())?;
    writer
        .transact(
            "register the demo client",
            async move |transaction: &mut Transaction<'_>| {
                transaction.query(&put).await?;
                Ok(Decision::Commit(()))
            },
        )
        .await
        .map_err(|error| error.to_string())
}

/// What `dev` adds to the line.
#[derive(Serialize)]
struct DevLine<'a> {
    #[serde(flatten)]
    ready: ReadyLine<'a>,
    demo: String,
    mailbox: String,
    signup: String,
    account: String,
}

fn announce(ready: &Ready, as_json: bool) -> Result<(), Failure> {
    let at = |path: &str| format!("{}{path}", ready.issuer);
    let line = DevLine {
        ready: ReadyLine::of(ready),
        demo: at("/demo/"),
        mailbox: at("/dev/mailbox/"),
        signup: at("/signup/"),
        account: at("/account/"),
    };
    if !as_json {
        output::line(&format!(
            "Countersign runs in development mode.\n\n  \
             Demo application  {}\n  \
             Sign up           {}\n  \
             Mailbox           {}\n  \
             Account           {}\n\n\
             Sign up first; the mail with the link is in the mailbox. Ctrl-C stops the server.\n",
            line.demo, line.signup, line.mailbox, line.account
        ))?;
    }
    output::json(&line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oauth::client::AuthMethod;

    #[test]
    fn the_demo_client_is_public_and_asks_for_consent() {
        let issuer = Issuer::parse("http://127.0.0.1:5151").expect("an issuer");
        let demo = demo_client(&issuer).expect("registers");
        assert_eq!(demo.redirect_uris, ["http://127.0.0.1:5151/demo/"]);
        assert_eq!((demo.auth_method, demo.first_party), (AuthMethod::None, false));
        assert!(demo.require_pkce && demo.secret_hash.is_none());
    }

    #[test]
    fn the_line_is_flat_and_begins_with_ready() {
        let ready = Ready {
            address: DEV_LISTEN.into(),
            issuer: "http://127.0.0.1:4242".to_owned(),
        };
        let line = serde_json::to_string(&ReadyLine::of(&ready)).expect("writes");
        assert_eq!(
            line,
            r#"{"ready":true,"address":"127.0.0.1:4242","issuer":"http://127.0.0.1:4242"}"#
        );
    }

    #[test]
    fn an_address_without_a_port_is_refused_with_an_example() {
        assert!(parse_listen("127.0.0.1:0").is_ok());
        for bad in ["127.0.0.1", "localhost:4242", "4242", ""] {
            assert!(parse_listen(bad).expect_err(bad).contains("such as"), "{bad}");
        }
    }
}
