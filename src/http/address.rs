//! Where a request comes from. `X-Forwarded-For` is believed only from proxies that the operator trusts.

use std::net::IpAddr;

use actix_web::HttpRequest;
use ipnet::IpNet;

use crate::domain::throttle::ClientAddress;

/// The client's address: the last one in the chain of proxies that is not a trusted proxy itself.
pub fn client_address(request: &HttpRequest, trusted: &[IpNet]) -> ClientAddress {
    let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
    let forwarded = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok());
    resolve(peer, &forwarded.collect::<Vec<_>>(), trusted).into()
}

fn resolve(peer: IpAddr, forwarded: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
    let mut address = peer;
    let hops = forwarded.iter().flat_map(|line| line.split(',')).collect::<Vec<_>>();
    for hop in hops.into_iter().rev() {
        if !is_trusted(address) {
            break;
        }
        // What is not an address was not written by a proxy that we trust: the last good one counts.
        let Ok(next) = hop.trim().parse() else { break };
        address = next;
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_header_of_a_stranger_is_not_believed() {
        assert_eq!(resolve(ip("203.0.113.9"), &["198.51.100.1"], &[]), ip("203.0.113.9"));
    }

    #[test]
    fn what_a_client_puts_before_the_proxys_own_entry_is_not_believed() {
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        let forwarded = ["1.2.3.4, 198.51.100.1", "10.0.0.7"];
        assert_eq!(resolve(ip("10.0.0.8"), &forwarded, &trusted), ip("198.51.100.1"));
    }

    #[test]
    fn rubbish_in_the_header_ends_the_chain() {
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        assert_eq!(
            resolve(ip("10.0.0.8"), &["1.2.3.4, <script>"], &trusted),
            ip("10.0.0.8")
        );
    }
}
