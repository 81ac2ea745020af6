//! Which addresses are out of bounds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Addresses beyond the link-local ones at which clouds tell machines their secrets.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Says which addresses may be reached.
///
/// Private ranges may: plants live there. What only this machine or its hypervisor answers may
/// not, unless the settings allow it.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allow: Vec<IpNet>,
}

impl Guard {
    /// Returns a guard that lets these ranges through.
    pub fn new(allow: Vec<IpNet>) -> Guard {
        Guard { allow }
    }

    /// Checks an address that a name resolved to, or that stands in a URL itself.
    ///
    /// # Errors
    ///
    /// What the address is.
    pub fn check(&self, address: IpAddr) -> Result<(), &'static str> {
        let address = inner(address);
        if self.allow.iter().any(|net| net.contains(&address)) {
            return Ok(());
        }
        match what_is(address) {
            Some(what) => Err(what),
            None => Ok(()),
        }
    }
}

/// Returns the address of IPv4 that one of IPv6 stands for: mapped, translated (NAT64), 6to4.
fn inner(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let low = match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some((g, h)),
        [0, 0, 0, 0, 0, 0] if g != 0 => Some((g, h)),
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    low.map_or(address, |(high, low)| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    })
}

fn what_is(address: IpAddr) -> Option<&'static str> {
    if METADATA.contains(&address) {
        return Some("an address of cloud metadata");
    }
    let (is_link_local, is_reserved) = match address {
        IpAddr::V4(v4) => (v4.is_link_local(), 240 <= v4.octets()[0]),
        IpAddr::V6(v6) => (v6.segments()[0] & 0xffc0 == 0xfe80, false),
    };
    let is_unspecified = match address {
        IpAddr::V4(v4) => v4.octets()[0] == 0,
        IpAddr::V6(v6) => v6.is_unspecified(),
    };
    match address {
        _ if address.is_loopback() => Some("a loopback address"),
        _ if is_unspecified => Some("the unspecified address"),
        _ if is_link_local => Some("a link-local address"),
        _ if address.is_multicast() => Some("a multicast address"),
        _ if is_reserved => Some("a reserved address"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), &'static str> {
        Guard::default().check(text.parse().unwrap())
    }

    #[test]
    fn what_only_this_machine_reaches_is_out_of_bounds() {
        let refused = [
            ("127.0.0.1", "loopback"),
            ("127.255.0.9", "loopback"),
            ("::1", "loopback"),
            ("::ffff:127.0.0.1", "loopback"),
            ("64:ff9b::7f00:1", "loopback"),
            ("2002:7f00:1::", "loopback"),
            ("::127.0.0.1", "loopback"),
            ("0.0.0.0", "unspecified"),
            ("0.1.2.3", "unspecified"),
            ("::", "unspecified"),
            ("169.254.169.254", "link-local"),
            ("::ffff:a9fe:a9fe", "link-local"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("224.0.0.1", "multicast"),
            ("ff02::1", "multicast"),
            ("255.255.255.255", "reserved"),
            ("240.0.0.1", "reserved"),
            ("100.100.100.200", "metadata"),
            ("168.63.129.16", "metadata"),
            ("fd00:ec2::254", "metadata"),
        ];
        for (address, what) in refused {
            let reason = check(address).expect_err(address);
            assert!(reason.contains(what), "{address}: {reason}");
        }
    }

    #[test]
    fn plants_and_the_world_may_be_reached() {
        let allowed = [
            "10.1.2.3",
            "192.168.1.9",
            "172.16.0.1",
            "100.64.0.1",
            "fd00::9",
            "93.184.216.34",
            "2606:2800:220:1::1",
            "::ffff:10.0.0.1",
        ];
        for address in allowed {
            assert_eq!(check(address), Ok(()), "{address}");
        }
    }

    #[test]
    fn the_settings_allow_ranges() {
        let guard = Guard::new(vec!["127.0.0.1/32".parse().unwrap()]);
        assert_eq!(guard.check("127.0.0.1".parse().unwrap()), Ok(()));
        assert_eq!(guard.check("::ffff:127.0.0.1".parse().unwrap()), Ok(()));
        assert!(guard.check("127.0.0.2".parse().unwrap()).is_err());
        assert!(guard.check("::1".parse().unwrap()).is_err());
    }
}
