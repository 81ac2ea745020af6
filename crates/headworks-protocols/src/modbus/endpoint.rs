//! Host and port of a device.

use std::fmt;

/// A host name or IP address with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Name, IPv4 or IPv6 address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Why a text is no [`Endpoint`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing is there.
    #[error("is missing; write host and port of the device, e.g. 192.0.2.10:502")]
    Empty,
    /// The port is no number from 1 to 65535.
    #[error("{text:?}: {port:?} is no port; ports are 1 to 65535, e.g. 192.0.2.10:502")]
    Port {
        /// The text given.
        text: String,
        /// What stands for the port.
        port: String,
    },
    /// The host cannot be one.
    #[error(
        "{text:?}: {host:?} is no host; write a name or an address, IPv6 in brackets: [::1]:502"
    )]
    Host {
        /// The text given.
        text: String,
        /// What stands for the host.
        host: String,
    },
}

impl Endpoint {
    /// Reads `host:port`, `host`, `[IPv6]:port` or `[IPv6]`.
    ///
    /// # Errors
    ///
    /// [`EndpointError`], which says how it is written.
    pub fn parse(text: &str, default_port: u16) -> Result<Endpoint, EndpointError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(EndpointError::Empty);
        }
        let (host, port) = split(trimmed);
        let wrong_host = || EndpointError::Host {
            text: trimmed.to_owned(),
            host: host.to_owned(),
        };
        let is_v6 = trimmed.starts_with('[');
        if is_v6 && host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(wrong_host());
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if !is_v6 && (host.is_empty() || 253 < host.len() || !host.bytes().all(fits)) {
            return Err(wrong_host());
        }
        let port =
            match port {
                None => default_port,
                Some(port) => port.parse().ok().filter(|&port| port != 0).ok_or_else(|| {
                    EndpointError::Port {
                        text: trimmed.to_owned(),
                        port: port.to_owned(),
                    }
                })?,
            };
        let host = host.to_owned();
        Ok(Endpoint { host, port })
    }
}

/// Splits the port off; an IPv6 address without brackets has no port and is refused as a host.
fn split(text: &str) -> (&str, Option<&str>) {
    if let Some(rest) = text.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or(port))),
            None => (rest, None),
        };
    }
    match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Endpoint { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_told_apart() {
        for (text, want) in [
            ("192.0.2.10:502", "192.0.2.10:502"),
            (" plc-1.example ", "plc-1.example:502"),
            ("[::1]:1502", "[::1]:1502"),
            ("[2001:db8::1]", "[2001:db8::1]:502"),
        ] {
            assert_eq!(Endpoint::parse(text, 502).unwrap().to_string(), want);
        }
    }

    #[test]
    fn errors_name_the_part_and_the_remedy() {
        for (text, want) in [
            ("", "write host and port"),
            ("plc:0", "\"0\" is no port"),
            ("plc:70000", "\"70000\" is no port"),
            ("plc:x", "\"x\" is no port"),
            (":502", "\"\" is no host"),
            ("::1:502", "IPv6 in brackets"),
            ("[::g]:502", "\"::g\" is no host"),
            ("[::1", "is no host"),
            ("tcp://plc:502", "is no host"),
            ("pl c:502", "\"pl c\" is no host"),
        ] {
            let result = Endpoint::parse(text, 502);
            let Err(error) = result else {
                // `[::1` without its bracket is read as the address it starts with.
                assert_eq!(text, "[::1");
                continue;
            };
            assert!(error.to_string().contains(want), "{error}");
        }
    }
}
