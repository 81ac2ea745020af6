//! Connections of the client: resolve, check, connect to what was checked, shake hands.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper::rt::ReadBufCursor;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::guard::Guard;

/// Most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;

/// Connects; every connection of the client comes from here.
#[derive(Clone)]
pub(super) struct Connector {
    inner: Arc<Inner>,
}

struct Inner {
    guard: Guard,
    tls: TlsConnector,
    timeout: Duration,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The address is out of bounds.
    #[error(
        "{host} is {what} ({address}), where calls out may not go; allow it in the setting \
         outbound.allow if that is meant"
    )]
    Blocked {
        host: String,
        what: &'static str,
        address: IpAddr,
    },
    /// Nobody there, for now.
    #[error("{host}: {reason}")]
    Failed { host: String, reason: String },
}

/// A connection, encrypted or not.
pub(super) struct Stream(TokioIo<Box<dyn Io>>);

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Connector {
    pub(super) fn new(guard: Guard, tls: TlsConnector, timeout: Duration) -> Connector {
        let inner = Arc::new(Inner {
            guard,
            tls,
            timeout,
        });
        Connector { inner }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let host = uri.host().unwrap_or_default().to_owned();
            let connected = tokio::time::timeout(inner.timeout, inner.connect(&uri, &host)).await;
            connected.unwrap_or_else(|_| {
                let reason = format!("no connection within {} s", inner.timeout.as_secs_f32());
                Err(ConnectError::Failed { host, reason })
            })
        })
    }
}

impl Inner {
    async fn connect(&self, uri: &Uri, host: &str) -> Result<Stream, ConnectError> {
        let is_secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let addresses = self.resolve(host, port).await?;
        let tcp = self.dial(host, &addresses).await?;
        if !is_secure {
            return Ok(Stream(TokioIo::new(Box::new(tcp))));
        }
        let name = ServerName::try_from(bare(host).to_owned())
            .map_err(|_| failed(host, "is no name that a certificate can have"))?;
        let tls = self.tls.connect(name, tcp).await;
        let tls = tls.map_err(|error| failed(host, format!("no TLS: {error}")))?;
        Ok(Stream(TokioIo::new(Box::new(tls))))
    }

    /// Returns the addresses of a host that may be reached. Only these are connected to, so that
    /// a name which resolves to another address a moment later gains nothing.
    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        let found: Vec<SocketAddr> = match bare(host).parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => tokio::net::lookup_host((host, port))
                .await
                .map_err(|error| failed(host, format!("the name was not found: {error}")))?
                .collect(),
        };
        let mut blocked = None;
        let mut allowed = Vec::new();
        for address in found {
            match self.guard.check(address.ip()) {
                Ok(()) => allowed.push(address),
                Err(what) => blocked = Some((what, address.ip())),
            }
        }
        allowed.truncate(ADDRESSES_MAX);
        match blocked {
            Some((what, address)) if allowed.is_empty() => Err(ConnectError::Blocked {
                host: host.to_owned(),
                what,
                address,
            }),
            _ => Ok(allowed),
        }
    }

    /// Connects to the first address that answers; each gets its part of the time.
    async fn dial(&self, host: &str, addresses: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
        let part = self.timeout / u32::try_from(addresses.len().max(1)).unwrap_or(1);
        let mut last = failed(host, "the name has no address");
        for address in addresses {
            let dialled = tokio::time::timeout(part, TcpStream::connect(address)).await;
            let reason = match dialled {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer in time".to_owned(),
            };
            last = failed(host, format!("no connection to {address}: {reason}"));
        }
        Err(last)
    }
}

fn failed(host: &str, reason: impl Into<String>) -> ConnectError {
    ConnectError::Failed {
        host: host.to_owned(),
        reason: reason.into(),
    }
}

/// Returns a host without the brackets of IPv6.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
