//! Listening, connections, stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use headworks_access::{Access, AccessError, Journal, JournalError};
use headworks_hub::HubHandle;
use headworks_logic::notification::{Notifier, NotifierError, NotifierSettings};
use headworks_logic::outbound::{Client, OutboundError};
use headworks_logic::router::Router as SampleRouter;
use headworks_store::StoreError;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::edge::{self, Peer};
use crate::limits::{AddressKey, Place, Places};
use crate::live::Live;
use crate::router;
use crate::settings::{Limits, ServerSettings};
use crate::tls::{self, CertificateError, Tls};

/// Most connections at once; others wait in the queue of the system.
const CONNECTIONS_MAX: usize = 16_384;
/// Connections that wait to be accepted: all clients come back at once after a restart, and one
/// that finds no room tries again only after a second.
const BACKLOG: u32 = 4096;
/// Most bytes of the head of a request.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Most headers of a request.
const HEADERS_MAX: usize = 64;
/// Most streams of HTTP/2 on one connection.
const STREAMS_MAX: u32 = 64;
/// Most streams that a client may have begun and given up before the connection is cut.
const RESETS_MAX: usize = 64;
/// Most bytes that a client may send ahead on a stream, and on a connection.
const STREAM_WINDOW_BYTES: u32 = 256 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;
/// Most bytes of an answer that wait for a slow client, per stream.
const SEND_BYTES_MAX: usize = 64 << 10;
/// Time between signs of life on a connection of HTTP/2, and the longest wait for one.
const ALIVE_PERIOD: Duration = Duration::from_secs(20);
/// Longest time that requests get to end when the server stops.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// The server, listening.
pub struct Server {
    listener: TcpListener,
    app: Arc<App>,
    router: Router,
    settings: ServerSettings,
    tls: Option<Arc<Tls>>,
    samples: SampleRouter,
}

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Others could listen in.
    #[error(
        "will not listen on {address} without TLS: others could read passwords on the way; set \
         server.tls = \"self_signed\" or \"files\", or server.allow_plain_http = true where the \
         network is trusted or a proxy ends TLS"
    )]
    Plain {
        /// The address.
        address: SocketAddr,
    },
    /// The certificate of the settings cannot be used, or none of our own can be made.
    #[error("TLS cannot be offered")]
    Certificate(#[from] CertificateError),
    /// Another program listens there.
    #[error(
        "cannot listen on {address}: the port is in use by another program; stop it, or choose \
         another port with --listen {}:PORT", .address.ip()
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// The accounts of the data directory cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The audit journal of the data directory cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The dead letters of the data directory cannot be used.
    #[error(transparent)]
    Letters(#[from] StoreError),
    /// The settings of calls to other servers cannot work.
    #[error("calls to other servers cannot be made; see [outbound] of the settings")]
    Outbound(#[from] OutboundError),
    /// Nobody could be told of alarms.
    #[error(transparent)]
    Notifier(#[from] NotifierError),
    /// The system refuses.
    #[error("cannot listen on {address}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl Server {
    /// Listens; requests are answered from [`Server::serve`] on.
    ///
    /// # Errors
    ///
    /// When others could reach the address without TLS, it is in use, or the system refuses it.
    pub async fn bind(settings: ServerSettings, hub: HubHandle) -> Result<Server, ServerError> {
        settings.check()?;
        let address = settings.listen;
        let refused = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => ServerError::InUse { address },
            _ => ServerError::Listen { address, source },
        };
        let listener = listen(address).map_err(refused)?;
        let local = listener.local_addr().map_err(refused)?;
        let names = tls::Names::of(&settings, local);
        let tls = Tls::open(&settings.tls, names, hub.clock().now_us())?;
        let access = Arc::new(Access::open(hub.data_directory(), settings.sessions)?);
        let notifier = notifier(&settings, &hub, &access)?;
        let journal = Journal::open(hub.data_directory())?;
        let client = Client::new(&settings.outbound, Arc::clone(&access) as Arc<_>)?;
        let authority = Arc::clone(&access) as Arc<_>;
        let samples = SampleRouter::start(hub.clone(), Arc::new(client), authority)?;
        let routes = samples.handle();
        let app = App::new(hub, routes, access, notifier, journal, local, &settings);
        let app = Arc::new(app);
        let router = router::router(Arc::clone(&app));
        Ok(Server {
            listener,
            app,
            router,
            settings,
            tls: tls.map(Arc::new),
            samples,
        })
    }

    /// Returns the address that it listens on, with the port that the system chose.
    pub fn local_address(&self) -> SocketAddr {
        self.app.address
    }

    /// Returns how URLs of the server begin, e.g. `https://192.0.2.1:8443/headworks`.
    pub fn url(&self) -> String {
        let (scheme, address) = (self.settings.scheme(), self.local_address());
        let base = self.settings.base_path.as_str();
        match address.ip().is_unspecified() {
            true => format!("{scheme}://localhost:{}{base}", address.port()),
            false => format!("{scheme}://{address}{base}"),
        }
    }

    /// Returns the SHA-256 fingerprint of the certificate, if there is one.
    pub fn fingerprint(&self) -> Option<&str> {
        self.tls.as_ref().map(|tls| tls.fingerprint())
    }

    /// Returns the one-time token of the set-up; none when there are accounts.
    pub fn setup_token(&self) -> Option<String> {
        self.app.access.setup_token()
    }

    /// Answers requests until `stop`, then ends connections within three seconds.
    pub async fn serve(self, stop: CancellationToken) {
        let tasks = self.app.tasks.clone();
        tasks.spawn(Arc::clone(&self.app.notifier).run(self.app.stop.clone()));
        tasks.spawn(Arc::clone(&self.app).keep_access());
        if let Some(days) = NonZeroU32::new(self.settings.audit_days) {
            tasks.spawn(Arc::clone(&self.app).keep_journal(days));
        }
        tasks.spawn(Live::run(Arc::clone(&self.app.live), self.app.stop.clone()));
        let doors = Arc::new(Doors {
            app: Arc::clone(&self.app),
            router: self.router,
            limits: self.settings.limits,
            tls: self.tls.clone(),
        });
        if let Some(tls) = self.tls {
            tasks.spawn(tls.watch(self.app.hub.clone(), self.app.stop.clone()));
        }
        let turns = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let places = Places::new(self.settings.limits.connections_per_address);
        loop {
            let (stream, peer, turn) = tokio::select! {
                () = stop.cancelled() => break,
                accepted = accept(&self.listener, &turns) => accepted,
            };
            // One proxy stands for many clients, whose requests are counted one by one.
            let is_proxy = edge::is_trusted(&self.settings.trusted_proxies, peer.address);
            let place = places.take(AddressKey::of(peer.address));
            if place.is_none() && !is_proxy {
                tracing::debug!(address = %peer.address, "a connection too many was refused");
                continue;
            }
            tasks.spawn(Arc::clone(&doors).serve(stream, peer, (turn, place)));
        }
        drop(self.listener);
        self.app.stop.cancel();
        self.app.jobs.cancel_all();
        tasks.close();
        if tokio::time::timeout(STOP_GRACE, tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(open = tasks.len(), "connections were cut at the stop");
        }
        self.samples.stop().await;
    }
}

/// Returns what tells people of alarms.
fn notifier(
    settings: &ServerSettings,
    hub: &HubHandle,
    access: &Arc<Access>,
) -> Result<Arc<Notifier>, NotifierError> {
    let base = settings.base_path.as_str();
    let address = settings.public_address.as_ref();
    let settings = NotifierSettings {
        mail: settings.mail.clone(),
        outbound: settings.outbound.clone(),
        public_address: address.map(|origin| format!("{}{base}", origin.as_str())),
    };
    let directory = hub.data_directory();
    let opened = Notifier::open(directory, settings, hub.clone(), Arc::clone(access));
    opened.map(Arc::new)
}

/// Listens at an address.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // As the standard library does: a restart must not wait for connections that linger.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Waits for a connection and a turn for it.
async fn accept(
    listener: &TcpListener,
    turns: &Arc<Semaphore>,
) -> (TcpStream, Peer, OwnedSemaphorePermit) {
    loop {
        let Ok(turn) = Arc::clone(turns).acquire_owned().await else {
            std::future::pending().await
        };
        let accepted = listener.accept().await;
        let ends = accepted.and_then(|(stream, from)| Ok((stream.local_addr()?, stream, from)));
        match ends {
            Ok((local, stream, from)) => return (stream, Peer::new(from, local, false), turn),
            Err(error) => {
                // Out of files, mostly: others must end before this can work.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Tells a client that speaks HTTP without TLS what it should do.
async fn refuse_plain(mut stream: TcpStream) {
    let text = "this port speaks HTTPS; ask for https:// instead of http://\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{text}",
        text.len()
    );
    // Nobody is left to tell when this fails.
    drop(stream.write_all(answer.as_bytes()).await);
    drop(stream.shutdown().await);
    // What the client still sends is taken, or the answer would be lost with the connection.
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await.is_ok_and(|length| 0 < length) {}
}

/// What serves connections.
struct Doors {
    app: Arc<App>,
    router: Router,
    limits: Limits,
    tls: Option<Arc<Tls>>,
}

impl Doors {
    /// Serves one connection to its end; its turn and its place end with it.
    async fn serve(
        self: Arc<Doors>,
        stream: TcpStream,
        peer: Peer,
        _held: (OwnedSemaphorePermit, Option<Place>),
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no-delay could not be set");
        }
        let Some(tls) = &self.tls else {
            return self.serve_http1(stream, peer).await;
        };
        let time = self.limits.handshake_timeout;
        match tokio::time::timeout(time, self.shake_hands(tls, stream)).await {
            Ok(Some(stream)) => {
                self.serve_tls(
                    stream,
                    Peer {
                        is_tls: true,
                        ..peer
                    },
                )
                .await
            }
            Ok(None) => {}
            Err(_) => tracing::debug!(address = %peer.address, "no handshake in time"),
        }
    }

    async fn shake_hands(&self, tls: &Tls, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let mut first = [0];
        stream.peek(&mut first).await.ok()?;
        if first[0].is_ascii_uppercase() {
            refuse_plain(stream).await;
            return None;
        }
        let shaken = tls.accept(stream).await;
        shaken
            .inspect_err(|error| tracing::debug!(%error, "no handshake"))
            .ok()
    }

    /// Serves the protocol that both sides chose.
    async fn serve_tls(&self, stream: TlsStream<TcpStream>, peer: Peer) {
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.serve_http2(stream, peer).await;
        } else {
            self.serve_http1(stream, peer).await;
        }
    }

    async fn serve_http2(&self, stream: TlsStream<TcpStream>, peer: Peer) {
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_pending_accept_reset_streams(RESETS_MAX)
            .max_local_error_reset_streams(RESETS_MAX)
            .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_send_buf_size(SEND_BYTES_MAX)
            .keep_alive_interval(ALIVE_PERIOD)
            .keep_alive_timeout(ALIVE_PERIOD)
            .serve_connection(TokioIo::new(stream), self.service(peer));
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.app.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended badly");
        }
    }

    async fn serve_http1<S>(&self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_timeout)
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(stream), self.service(peer))
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.app.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended badly");
        }
    }

    /// Returns what answers the requests of one connection.
    fn service(
        &self,
        peer: Peer,
    ) -> impl Service<
        Request<Incoming>,
        Response = axum::response::Response,
        Error = Infallible,
        Future: Send,
    > + Clone
    + use<> {
        let app = Arc::clone(&self.app);
        let router = self.router.clone();
        service_fn(move |mut request: Request<Incoming>| {
            app.edge.enter(peer, &mut request);
            let service = TowerToHyperService::new(router.clone());
            service.call(request)
        })
    }
}

#[cfg(test)]
mod tests;
