//! Listening, connections, stop.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use headworks_hub::HubHandle;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::live::Live;
use crate::router;

/// Most connections at once; others wait in the queue of the system.
const CONNECTIONS_MAX: usize = 16_384;
/// Longest time for the head of a request, and for the pause between two.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Most bytes of the head of a request.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Most headers of a request.
const HEADERS_MAX: usize = 64;
/// Longest time that requests get to end when the server stops.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// Where to listen.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Address and port; port 0 lets the system choose. Only loopback addresses are accepted as
    /// long as there are no accounts.
    pub listen: SocketAddr,
}

/// The server, listening.
pub struct Server {
    listener: TcpListener,
    app: Arc<App>,
    router: Router,
}

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Others could reach an address without accounts.
    #[error(
        "will not listen on {address}: there are no accounts yet, so only this machine may reach \
         the server; listen on 127.0.0.1 or [::1] and forward the port where needed"
    )]
    NotLoopback {
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

impl Default for ServerSettings {
    fn default() -> ServerSettings {
        ServerSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        }
    }
}

impl Server {
    /// Listens; requests are answered from [`Server::serve`] on.
    ///
    /// # Errors
    ///
    /// When the address is not loopback, is in use, or the system refuses it.
    pub async fn bind(settings: ServerSettings, hub: HubHandle) -> Result<Server, ServerError> {
        let address = settings.listen;
        if !address.ip().is_loopback() {
            return Err(ServerError::NotLoopback { address });
        }
        let refused = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => ServerError::InUse { address },
            _ => ServerError::Listen { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let local = listener.local_addr().map_err(refused)?;
        let app = Arc::new(App::new(hub, local));
        let router = router::router(Arc::clone(&app));
        Ok(Server {
            listener,
            app,
            router,
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
        let turns = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = accept(&self.listener, &turns) => accepted,
            };
            let connection = serve_connection(accepted, self.router.clone(), self.app.stop.clone());
            tasks.spawn(connection);
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
) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let Ok(turn) = Arc::clone(turns).acquire_owned().await else {
            std::future::pending().await
        };
        match listener.accept().await {
            Ok((stream, _)) => return (stream, turn),
            Err(error) => {
                // Out of files, mostly: others must end before this can work.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve_connection(
    (stream, _turn): (TcpStream, OwnedSemaphorePermit),
    router: Router,
    stop: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no-delay could not be set");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}
