//! Links on which frames travel: TCP, TLS, serial ports.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_serial::{SerialPortBuilderExt, SerialStream};

use super::endpoint::Endpoint;
use super::frame::Framing;
use super::settings::{ConnectionSettings, Parity, Transport};

/// An open link.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Serial(SerialStream),
}

/// Silence after which a TCP peer is asked whether it still lives.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(10);
/// Time between such questions; the third without an answer ends the connection.
const KEEP_ALIVE_EACH: Duration = Duration::from_secs(5);
const KEEP_ALIVE_TRIES: u32 = 3;

/// Returns how PDUs are framed on a transport.
pub(super) const fn framing(transport: Transport) -> Framing {
    match transport {
        Transport::Tcp | Transport::Tls => Framing::Mbap,
        Transport::Rtu | Transport::RtuOverTcp => Framing::Rtu,
        Transport::Ascii | Transport::AsciiOverTcp => Framing::Ascii,
    }
}

/// Returns the place that messages name: `host:port` or the serial port.
pub(super) fn place(settings: &ConnectionSettings) -> String {
    if settings.transport.is_serial_port() {
        return settings.serial_port.trim().to_owned();
    }
    let default_port = settings.transport.default_port();
    Endpoint::parse(&settings.endpoint, default_port).map_or_else(
        |_| settings.endpoint.clone(),
        |endpoint| endpoint.to_string(),
    )
}

/// Opens the link; the error says what happened and what may help.
pub(super) async fn open(settings: &ConnectionSettings) -> Result<Stream, String> {
    match settings.transport {
        Transport::Rtu | Transport::Ascii => open_serial(settings).map(Stream::Serial),
        Transport::Tcp | Transport::RtuOverTcp | Transport::AsciiOverTcp => {
            open_tcp(settings).await.map(Stream::Tcp)
        }
        Transport::Tls => open_tls(settings).await,
    }
}

async fn open_tcp(settings: &ConnectionSettings) -> Result<TcpStream, String> {
    let endpoint = Endpoint::parse(&settings.endpoint, settings.transport.default_port())
        .map_err(|error| error.to_string())?;
    let limit = Duration::from_millis(settings.connect_timeout_ms.into());
    let address = (endpoint.host.as_str(), endpoint.port);
    let stream = match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Ok(connected) => connected.map_err(|error| connect_reason(&error))?,
        Err(_) => {
            return Err(format!(
                "no connection within {} ms; is the address right and the device on?",
                settings.connect_timeout_ms
            ));
        }
    };
    keep_alive(&stream).map_err(|error| format!("the socket cannot be set up: {error}"))?;
    Ok(stream)
}

/// A request is sent at once, and a peer that has vanished without a word is found out.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let settings = socket2::TcpKeepalive::new()
        .with_time(KEEP_ALIVE_AFTER)
        .with_interval(KEEP_ALIVE_EACH)
        .with_retries(KEEP_ALIVE_TRIES);
    socket2::SockRef::from(stream).set_tcp_keepalive(&settings)
}

fn connect_reason(error: &io::Error) -> String {
    let remedy = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "nothing listens there; check the port and that the device's Modbus server is on"
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "no way to that address; check address, cable and gateway"
        }
        io::ErrorKind::ConnectionReset => {
            "the device closed at once; many allow only one or two connections"
        }
        _ => "check host name and port",
    };
    format!("{}: {remedy}", plain(error))
}

/// Returns what went wrong without the number of the system's error.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_lowercase()
}

async fn open_tls(settings: &ConnectionSettings) -> Result<Stream, String> {
    let config = tls_config(settings)?;
    let name = server_name(settings)?;
    let stream = open_tcp(settings).await?;
    let limit = Duration::from_millis(settings.connect_timeout_ms.into());
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match tokio::time::timeout(limit, handshake).await {
        Ok(Ok(stream)) => Ok(Stream::Tls(Box::new(stream))),
        Ok(Err(error)) => Err(format!(
            "TLS failed: {error}; check tls_ca_file, tls_server_name and that the port speaks TLS"
        )),
        Err(_) => Err(format!(
            "no TLS handshake within {} ms; does the port speak TLS?",
            settings.connect_timeout_ms
        )),
    }
}

fn server_name(settings: &ConnectionSettings) -> Result<ServerName<'static>, String> {
    let host = if settings.tls_server_name.is_empty() {
        Endpoint::parse(&settings.endpoint, settings.transport.default_port())
            .map_err(|error| error.to_string())?
            .host
    } else {
        settings.tls_server_name.clone()
    };
    ServerName::try_from(host.clone()).map_err(|_| {
        format!("{host:?} is no name that a certificate can have; set tls_server_name")
    })
}

fn tls_config(settings: &ConnectionSettings) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in certificates("tls_ca_file", &settings.tls_ca_file)? {
        roots
            .add(certificate)
            .map_err(|error| format!("tls_ca_file {:?}: {error}", settings.tls_ca_file))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    if settings.tls_cert_file.is_empty() {
        return Ok(builder.with_no_client_auth());
    }
    let chain = certificates("tls_cert_file", &settings.tls_cert_file)?;
    let path = &settings.tls_key_file;
    let key = PrivateKeyDer::from_pem_file(path)
        .map_err(|error| format!("tls_key_file {path:?}: {error}"))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("tls_cert_file and tls_key_file do not fit: {error}"))
}

fn certificates(field: &str, path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error: rustls_pki_types::pem::Error| format!("{field} {path:?}: {error}");
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(wrong)?
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    if found.is_empty() {
        return Err(format!("{field} {path:?} holds no certificate in PEM form"));
    }
    Ok(found)
}

fn open_serial(settings: &ConnectionSettings) -> Result<SerialStream, String> {
    let parity = match settings.parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let stop_bits = match settings.stop_bits {
        2 => tokio_serial::StopBits::Two,
        _ => tokio_serial::StopBits::One,
    };
    let data_bits = match settings.data_bits {
        7 => tokio_serial::DataBits::Seven,
        _ => tokio_serial::DataBits::Eight,
    };
    tokio_serial::new(settings.serial_port.trim(), settings.baud_rate)
        .parity(parity)
        .stop_bits(stop_bits)
        .data_bits(data_bits)
        .open_native_async()
        .map_err(|error| serial_reason(&error))
}

fn serial_reason(error: &tokio_serial::Error) -> String {
    let remedy = match error.kind() {
        tokio_serial::ErrorKind::NoDevice
        | tokio_serial::ErrorKind::Io(io::ErrorKind::NotFound) => {
            "there is no such port; plug the adapter in or choose another port (see \
             /dev/serial/by-id)"
        }
        tokio_serial::ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
            "not allowed; give the user the right to serial ports (on Linux: the group dialout)"
        }
        tokio_serial::ErrorKind::Io(_)
        | tokio_serial::ErrorKind::InvalidInput
        | tokio_serial::ErrorKind::Unknown => {
            "is another program using the port, and does it know the baud rate?"
        }
    };
    format!("{}: {remedy}", error.description.to_lowercase())
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Serial(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Serial(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
            // Flushing a serial port waits in the system call until all is sent; writing is enough.
            Stream::Serial(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Serial(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Returns what to say when a link that was open fails.
pub(super) fn lost_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "closed by device".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            format!("{} by device", plain(error))
        }
        _ => plain(error),
    }
}
