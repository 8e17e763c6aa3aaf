//! An upgrade while people work: two servers behind nginx are restarted in turn, with a migration in between, and no
//! request fails.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use test_stores::psql;

use super::House;
use super::house::{status, until};
use crate::kill::{CLIENTS, Client, History, check_all, supply, under_load};
use crate::support::Log;

/// nginx with the configuration that compose.yaml mounts, on other addresses.
struct Nginx {
    child: Child,
    folder: tempfile::TempDir,
    address: String,
    servers: Vec<String>,
}

impl Nginx {
    fn before(servers: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Its workers are another user.
        let everybody = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), everybody).expect("is set");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let mut nginx = Self {
            child: Command::new("true").spawn().expect("starts"),
            folder,
            address: port.expect("is free").to_string(),
            servers: servers.to_vec(),
        };
        nginx.write(None);
        nginx.child = Command::new("nginx")
            .args(["-g", "daemon off;", "-c"])
            .arg(nginx.folder.path().join("nginx.conf"))
            .spawn()
            .expect("nginx starts; is it installed?");
        nginx
    }

    /// The configuration, with a server taken out of it.
    fn write(&self, down: Option<usize>) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/nginx.conf");
        let mut text = std::fs::read_to_string(path).expect("reads");
        for (index, name) in ["server-a:4242", "server-b:4242"].into_iter().enumerate() {
            assert!(text.contains(name), "{name} is in the configuration");
            let mark = if down == Some(index) { " down" } else { "" };
            text = text.replace(name, &format!("{}{mark}", self.servers[index]));
        }
        text = text.replace("listen 8080", &format!("listen {}", self.address));
        text = text.replace("/tmp/", &format!("{}/", self.folder.path().display()));
        std::fs::write(self.folder.path().join("nginx.conf"), text).expect("writes");
    }

    fn reload(&self, down: Option<usize>) {
        self.write(down);
        let sent = Command::new("kill")
            .args(["-HUP", &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill is there").success());
        // Old workers finish what they have; new ones have begun by then.
        std::thread::sleep(Duration::from_secs(1));
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let _ = self.child.wait();
    }
}

#[test]
fn op_06_two_servers_are_restarted_in_turn_and_no_request_fails() {
    let mut house = House::empty();
    house.tell("COUNTERSIGN_TRUSTED_PROXIES", "127.0.0.1");
    house.add(2);
    let nginx = Nginx::before(&house.addresses());
    let through = [nginx.address.clone()];
    let history = History::default();
    let mut clients: Vec<Client> = (0..CLIENTS).map(Client::new).collect();
    supply(&house.folder, &mut clients, 0);
    let log = Log::default().without_keep_alive();
    under_load(&through, &mut clients, &log, &history, || {
        let working = |least: usize| {
            until(Duration::from_mins(2), "the load goes on", || {
                log.acknowledged() >= least
            });
        };
        working(100);
        for index in 0..2 {
            nginx.reload(Some(index));
            house.servers[index].terminate();
            until(Duration::from_secs(40), "it has stopped", || {
                !house.servers[index].lives()
            });
            if index == 0 {
                migrate(&house.postgres.url);
            }
            let address = nginx.servers[index].clone();
            house.servers[index] = house.start(&[("COUNTERSIGN_LISTEN", &address)]);
            until(Duration::from_secs(20), "it is ready", || {
                status(&house.servers[index], "/readyz") == Some(200)
            });
            nginx.reload(None);
            working(log.acknowledged() + 100);
        }
        log.end();
    });
    history.assert_clean(0);
    let asked = log.asked();
    assert_eq!((log.failed(), log.in_flight()), (0, 0), "of {asked} requests");
    check_all(&house.folder, &house.addresses(), &mut clients, &history, true);
    history.assert_clean(1);
    println!(
        "{asked} requests, none failed; {} writes acknowledged",
        log.acknowledged()
    );
}

/// What a later version's migration does first: it adds, so that servers of both versions go on.
fn migrate(url: &str) {
    psql(
        url,
        "BEGIN; ALTER TABLE accounts ADD COLUMN of_a_later_version TEXT; \
         INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
         SELECT MAX(version) + 1, 'of_a_later_version', MAX(applied_on), '1' FROM refinery_schema_history; COMMIT",
    );
}
