//! Listening, connections, stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use headworks_hub::HubHandle;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::edge::{self, Peer};
use crate::limits::{AddressKey, Place, Places};
use crate::live::Live;
use crate::router;
use crate::settings::{Limits, ServerSettings};

/// Most connections at once; others wait in the queue of the system.
const CONNECTIONS_MAX: usize = 16_384;
/// Most bytes of the head of a request.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Most headers of a request.
const HEADERS_MAX: usize = 64;
/// Longest time that requests get to end when the server stops.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// The server, listening.
pub struct Server {
    listener: TcpListener,
    app: Arc<App>,
    router: Router,
    settings: ServerSettings,
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
    /// Another program listens there.
    #[error(
        "cannot listen on {address}: the port is in use by another program; stop it, or choose \
         another port with --listen {}:PORT", .address.ip()
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
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
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let local = listener.local_addr().map_err(refused)?;
        let app = Arc::new(App::new(hub, local, &settings));
        let router = router::router(Arc::clone(&app));
        Ok(Server {
            listener,
            app,
            router,
            settings,
        })
    }

    /// Returns the address that it listens on, with the port that the system chose.
    pub fn local_address(&self) -> SocketAddr {
        self.app.address
    }

    /// Answers requests until `stop`, then ends connections within three seconds.
    pub async fn serve(self, stop: CancellationToken) {
        let tasks = self.app.tasks.clone();
        tasks.spawn(Live::run(Arc::clone(&self.app.live), self.app.stop.clone()));
        let doors = Arc::new(Doors {
            app: Arc::clone(&self.app),
            router: self.router,
            limits: self.settings.limits,
        });
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
    }
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

/// What serves connections.
struct Doors {
    app: Arc<App>,
    router: Router,
    limits: Limits,
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
        self.serve_http1(stream, peer).await;
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
    > + Clone {
        let app = Arc::clone(&self.app);
        let router = self.router.clone();
        service_fn(move |mut request: Request<Incoming>| {
            app.edge.enter(peer, &mut request);
            let service = TowerToHyperService::new(router.clone());
            service.call(request)
        })
    }
}
