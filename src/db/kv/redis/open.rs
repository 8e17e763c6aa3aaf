//! Whether a Redis can be used, asked once at the start: a sentence with the mend where it cannot.

use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{
    Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _, RedisConnectionInfo, RedisError,
    TlsCertificates, cmd,
};

use super::link::Link;
use crate::config::{Password, RedisUrl};
use crate::db::error::OpenError;

/// The way to the server at `url`, once it has done what we need of it.
pub(super) async fn open(url: &RedisUrl, trial_key: &str) -> Result<Link, OpenError> {
    let link = Link::new(server(url)?).map_err(|error| explained(url, &error))?;
    let mut connection = link.try_out().await.map_err(|error| explained(url, &error))?;
    try_out(&mut connection, trial_key)
        .await
        .map_err(|error| explained(url, &error))?;
    let memory: String = cmd("INFO")
        .arg("memory")
        .query_async(&mut connection)
        .await
        .map_err(|error| explained(url, &error))?;
    match evicting_policy(&memory) {
        Some(policy) => Err(OpenError::KeyValue(format!(
            "the Redis at {} may drop any entry when its memory is full (maxmemory-policy {policy}), throttle counters \
             too; set its maxmemory-policy to noeviction",
            place(url)
        ))),
        None => Ok(link),
    }
}

/// One command of each kind that we send.
async fn try_out(connection: &mut MultiplexedConnection, key: &str) -> Result<(), RedisError> {
    let script = "redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) return redis.call('GET', KEYS[1])";
    let told: String = cmd("EVAL")
        .arg(script)
        .arg(1)
        .arg(key)
        .arg(1000)
        .query_async(connection)
        .await?;
    if told == "1" {
        Ok(())
    } else {
        Err((ErrorKind::UnexpectedReturnType, "an entry is not what was written").into())
    }
}

/// The policy by which entries may vanish, if there is one (`INFO memory`).
fn evicting_policy(info: &str) -> Option<&str> {
    let value = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let is_bounded = value("maxmemory").is_some_and(|bytes| bytes.trim() != "0");
    value("maxmemory_policy")
        .map(str::trim)
        .filter(|policy| is_bounded && *policy != "noeviction")
}

fn server(url: &RedisUrl) -> Result<ConnectionInfo, OpenError> {
    let address = if url.tls {
        ConnectionAddr::TcpTls {
            host: url.host.clone(),
            port: url.port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(url.host.clone(), url.port)
    };
    let mut settings = RedisConnectionInfo::default().set_db(url.database.into());
    if let Some(user) = &url.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &url.password {
        settings = settings.set_password(Password::expose(password));
    }
    let info = address
        .into_connection_info()
        .map_err(|error| explained(url, &error))?
        .set_redis_settings(settings);
    let Some(path) = &url.ca else { return Ok(info) };
    let unusable = |reason: String| {
        OpenError::KeyValue(format!(
            "the file {} that kv_url names as ca cannot be used: {reason}; name a PEM file of certificates",
            path.display()
        ))
    };
    let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(pem),
    };
    let client = Client::build_with_tls(info, certificates).map_err(|error| unusable(error.to_string()))?;
    Ok(client.get_connection_info().clone())
}

fn place(url: &RedisUrl) -> String {
    format!("{}:{}", url.host, url.port)
}

/// What Redis's error means for whoever wrote `kv_url`. Its own words hold no password.
fn explained(url: &RedisUrl, error: &RedisError) -> OpenError {
    let place = place(url);
    let said = one_line(error);
    OpenError::KeyValue(match (error.code(), error.kind()) {
        (Some("NOAUTH"), _) => {
            format!("the Redis at {place} asks for a password; write kv_url as redis://:password@host")
        }
        (Some("WRONGPASS"), _) | (_, ErrorKind::AuthenticationFailed) => {
            format!(
                "the Redis at {place} refuses the user or the password in kv_url; mend them, special characters as %XX"
            )
        }
        (Some("NOPERM"), _) => format!(
            "the Redis at {place} does not let this user do what is needed: {said}; allow it the commands that \
             docs/operations.md lists, on the keys that begin with the prefix"
        ),
        (Some("OOM"), _) => {
            format!("the Redis at {place} has no memory left; raise its maxmemory, or free some")
        }
        (Some("READONLY"), _) => format!("the Redis at {place} is a replica; name the master in kv_url"),
        (_, ErrorKind::Io) if said.contains("certificate") => format!(
            "cannot reach the Redis at {place} by TLS: {said}; name the PEM file of its authority in kv_url as ?ca=FILE, \
             and the server as its certificate does"
        ),
        (_, ErrorKind::Io) if error.is_timeout() => format!(
            "the Redis at {place} does not answer in time; check that it runs, the host and port in kv_url, and whether \
             it speaks TLS (rediss:) or not (redis:)"
        ),
        (_, ErrorKind::Io) => format!(
            "cannot reach the Redis at {place}: {said}; check that it runs, the host and port in kv_url, and whether it \
             speaks TLS (rediss:) or not (redis:)"
        ),
        (_, ErrorKind::Parse) => format!("what answers at {place} is no Redis; mend the host and port in kv_url"),
        (Some(_), _) => format!("the Redis at {place} cannot be used: {said}; mend it, or kv_url"),
        (None, _) => format!("cannot use the Redis at {place}: {said}; mend kv_url"),
    })
}

/// An error's words without line ends.
fn one_line(error: &RedisError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_drops_entries_is_seen_where_memory_is_bounded() {
        let info = |most: &str, policy: &str| {
            format!(
                "# Memory\r\nused_memory:1\r\nmaxmemory:{most}\r\nmaxmemory_human:0B\r\nmaxmemory_policy:{policy}\r\n"
            )
        };
        assert_eq!(evicting_policy(&info("0", "allkeys-lru")), None);
        assert_eq!(evicting_policy(&info("1000", "noeviction")), None);
        assert_eq!(evicting_policy(&info("1000", "volatile-ttl")), Some("volatile-ttl"));
        assert_eq!(evicting_policy(""), None);
    }
}
