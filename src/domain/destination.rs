//! Where this server may connect to on behalf of a client that registered an address.
//!
//! Whoever registers a client chooses the address, so it must not lead into the operator's own network (server-side request
//! forgery). The answer is about addresses, not names: it is asked after resolving, for the very address connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

/// What may be reached.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// This machine, by plain http too: only where the issuer itself is loopback http.
    pub loopback: bool,
    /// Networks that the operator opened although they are not public.
    pub allowed: Vec<IpNet>,
}

/// Why a URL is not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Not a URL that can be fetched.
    #[error("it is not an absolute https URL")]
    NotHttps,
    /// It holds a user name or password.
    #[error("it has a user name or password in it")]
    Credentials,
    /// Its host is an address of a special kind, or resolves to none other.
    #[error("its host is not a public address")]
    Address,
}

impl Reach {
    /// Whether a connection to this address may be opened.
    #[must_use]
    pub fn may_connect(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address)
            || (self.loopback && address.is_loopback())
            || self.allowed.iter().any(|net| net.contains(&address))
    }

    /// Reads a URL that is to be fetched. A host that is a name is judged when it has been resolved.
    ///
    /// # Errors
    /// [`Forbidden`].
    pub fn check(&self, url: &str) -> Result<Url, Forbidden> {
        let url = Url::parse(url).map_err(|_| Forbidden::NotHttps)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(Forbidden::NotHttps),
        };
        let plain = url.scheme() == "http" && self.loopback && is_loopback_host(&url);
        if url.scheme() != "https" && !plain {
            return Err(Forbidden::NotHttps);
        }
        match address {
            Some(address) if !self.may_connect(address) => Err(Forbidden::Address),
            _ => Ok(url),
        }
    }
}

fn is_loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Whether an address is one of the public Internet: not in the IANA special-purpose registries, not multicast, allocated.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // NAT64 (RFC 6052): what counts is the IPv4 address behind it.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // IETF protocol assignments, among them Teredo, which can wrap any IPv4 address; documentation; 6to4, the same.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All global unicast addresses so far are of 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn special_addresses_are_not_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_public() {
        for text in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
        ] {
            assert!(is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn az_14c_only_https_urls_of_public_hosts_are_fetched() {
        let strict = Reach::default();
        assert!(strict.check("https://app.example/jwks").is_ok());
        for (url, why) in [
            ("http://app.example/jwks", Forbidden::NotHttps),
            ("http://127.0.0.1/jwks", Forbidden::NotHttps),
            ("file:///etc/passwd", Forbidden::NotHttps),
            ("gopher://app.example/", Forbidden::NotHttps),
            ("jwks", Forbidden::NotHttps),
            ("https://a:b@app.example/", Forbidden::Credentials),
            ("https://127.0.0.1/", Forbidden::Address),
            ("https://2130706433/", Forbidden::Address),
            ("https://0x7f.1/", Forbidden::Address),
            ("https://[::1]/", Forbidden::Address),
            ("https://[::ffff:169.254.169.254]/", Forbidden::Address),
            ("https://169.254.169.254/latest/meta-data", Forbidden::Address),
        ] {
            assert_eq!(strict.check(url), Err(why), "{url}");
        }
    }

    #[test]
    fn this_machine_is_reached_where_the_issuer_is_on_it_and_other_special_networks_are_not() {
        let local = Reach {
            loopback: true,
            ..Reach::default()
        };
        for url in [
            "http://127.0.0.1:9/x",
            "http://localhost/x",
            "http://[::1]:1/x",
            "https://127.0.0.1/x",
        ] {
            assert!(local.check(url).is_ok(), "{url}");
        }
        assert_eq!(local.check("http://app.example/"), Err(Forbidden::NotHttps));
        assert_eq!(local.check("https://10.0.0.1/"), Err(Forbidden::Address));
        assert!(!local.may_connect(ip("169.254.169.254")));
    }

    #[test]
    fn an_operator_can_open_a_network_of_his_own() {
        let reach = Reach {
            allowed: vec!["10.2.0.0/16".parse().expect("a network")],
            ..Reach::default()
        };
        assert!(reach.may_connect(ip("10.2.3.4")) && reach.may_connect(ip("::ffff:10.2.3.4")));
        assert!(!reach.may_connect(ip("10.3.0.1")));
        assert_eq!(reach.check("http://10.2.3.4/"), Err(Forbidden::NotHttps));
    }
}
