//! Where a request comes from, as far as one person can hardly change it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address whole, or the /64 of an IPv6 address, which is what one line commonly gets (RFC 6177 §2).
/// An IPv4-mapped IPv6 address is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// A tag for the family and eight bytes of address: no two addresses give the same.
    pub(super) fn bytes(self) -> [u8; 9] {
        let (family, bits) = match self.0 {
            IpAddr::V4(address) => (4, u64::from(address.to_bits())),
            IpAddr::V6(address) => (6, u64::try_from(address.to_bits() >> 64).unwrap_or_default()),
        };
        let mut bytes = [family; 9];
        for (slot, byte) in bytes.iter_mut().skip(1).zip(bits.to_be_bytes()) {
            *slot = byte;
        }
        bytes
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
        })
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> ClientAddress {
        text.parse::<IpAddr>().expect("address").into()
    }

    #[test]
    fn one_line_is_one_address() {
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address() {
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("::ffff:192.0.2.1"), address("::ffff:192.0.2.2"));
        assert_eq!(address("192.0.2.1").to_string(), "192.0.2.1");
    }

    #[test]
    fn families_do_not_meet() {
        assert_ne!(address("0.0.0.1").bytes(), address("0:0:0:1::").bytes());
    }

    proptest::proptest! {
        #[test]
        fn equal_bytes_are_equal_addresses(a: IpAddr, b: IpAddr) {
            let (a, b) = (ClientAddress::from(a), ClientAddress::from(b));
            proptest::prop_assert_eq!(a == b, a.bytes() == b.bytes());
        }
    }
}
