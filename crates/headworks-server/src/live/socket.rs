//! A WebSocket with the manners of all channels: bounded waits, a sign of life, an end.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::request::Parts;
use axum::response::Response;
use headworks_access::Caller;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::guard::{caller_of, not_signed_in};
use crate::problem::{ApiError, Code};

/// Most bytes of a message from a client.
const MESSAGE_BYTES_MAX: usize = 256 << 10;
/// Time between signs of life.
const PING_PERIOD: Duration = Duration::from_secs(5);
/// Silence after which a client counts as gone; its browser answers every ping.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Longest time that one message may take to leave.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest time that a socket gets to say good-bye when the server stops.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// Close code of a socket whose caller is no longer signed in as before.
const SIGNED_OUT: u16 = 4401;

/// An open WebSocket.
pub(super) struct Socket {
    inner: WebSocket,
    pings: Interval,
    last_heard: Instant,
    stop: CancellationToken,
    caller: Caller,
    /// Tells when somebody signs out or loses rights.
    changes: watch::Receiver<u64>,
    app: Arc<App>,
}

/// The socket has ended, by whichever side.
pub(super) struct Ended;

/// What came from the client.
pub(super) enum Incoming {
    /// A text.
    Text(Utf8Bytes),
    /// Bytes, which no channel takes.
    Binary,
}

/// Turns a request into a WebSocket that `serve` handles until it returns.
pub(super) async fn open<F>(
    app: Arc<App>,
    parts: &mut Parts,
    serve: impl FnOnce(Socket) -> F + Send + 'static,
) -> Result<Response, ApiError>
where
    F: Future<Output = Result<(), Ended>> + Send,
{
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &()).await;
    let upgrade = upgrade
        .map_err(|error| ApiError::new(Code::UpgradeRequired, error.body_text().to_lowercase()))?;
    let place = app.live.admit()?;
    let caller = caller_of(&parts.extensions).cloned();
    let caller = caller.ok_or_else(not_signed_in)?;
    let token = app.tasks.token();
    let stop = app.stop.clone();
    let upgrade = upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        // Small buffers, so that ten thousand sockets fit into memory.
        .read_buffer_size(4 << 10)
        .write_buffer_size(0);
    Ok(upgrade.on_upgrade(move |inner| async move {
        let _alive = (place, token);
        let mut pings = tokio::time::interval(PING_PERIOD);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        let socket = Socket {
            inner,
            pings,
            last_heard: Instant::now(),
            stop: stop.clone(),
            changes: app.access_changes(),
            caller,
            app,
        };
        let too_long = async {
            stop.cancelled().await;
            tokio::time::sleep(STOP_GRACE).await;
        };
        tokio::select! {
            // Both sides know already that it has ended.
            ended = serve(socket) => drop(ended),
            () = too_long => {}
        }
    }))
}

/// Waits until a caller is no longer signed in as before.
pub(super) async fn signed_out(app: Arc<App>, caller: Caller) {
    let mut changes = app.access_changes();
    let mut period = tokio::time::interval(PING_PERIOD);
    while app.access.is_still(&caller, app.hub.clock().now_us()) {
        tokio::select! {
            Ok(()) = changes.changed() => {}
            _ = period.tick() => {}
        }
    }
}

impl Socket {
    /// Sends a text; the client must take it in time.
    pub(super) async fn send(&mut self, text: Utf8Bytes) -> Result<(), Ended> {
        self.send_message(Message::Text(text)).await
    }

    /// Sends a value as JSON.
    pub(super) async fn send_json(&mut self, value: &serde_json::Value) -> Result<(), Ended> {
        self.send(value.to_string().into()).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), Ended> {
        let sent = tokio::time::timeout(SEND_TIMEOUT, self.inner.send(message)).await;
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended),
        }
    }

    /// Waits for what the client says and sends signs of life meanwhile. Safe to be cancelled.
    pub(super) async fn receive(&mut self, now_us: impl Fn() -> i64) -> Result<Incoming, Ended> {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return Err(self.close("the server stops").await),
                Ok(()) = self.changes.changed() => self.check_caller().await?,
                message = self.inner.recv() => {
                    self.last_heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => return Ok(Incoming::Text(text)),
                        Some(Ok(Message::Binary(_))) => return Ok(Incoming::Binary),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Ended),
                    }
                }
                _ = self.pings.tick() => {
                    if SILENCE_MAX < self.last_heard.elapsed() {
                        return Err(Ended);
                    }
                    self.check_caller().await?;
                    // The text is for pages, which cannot see the ping of the protocol.
                    self.send_message(Message::Ping(Vec::new().into())).await?;
                    self.send_json(&json!({ "op": "ping", "t": now_us() })).await?;
                }
            }
        }
    }

    /// Returns who watches.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Ends the socket of somebody who signed out, or may no longer do the same.
    async fn check_caller(&mut self) -> Result<(), Ended> {
        let now_us = self.app.hub.clock().now_us();
        if self.app.access.is_still(&self.caller, now_us) {
            return Ok(());
        }
        Err(self
            .end(SIGNED_OUT, "signed out, or with other rights")
            .await)
    }

    /// Says why the socket ends, and ends it.
    pub(super) async fn close(&mut self, reason: &'static str) -> Ended {
        self.end(close_code::AWAY, reason).await
    }

    async fn end(&mut self, code: u16, reason: &'static str) -> Ended {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        // The socket ends either way.
        drop(self.send_message(Message::Close(Some(frame))).await);
        Ended
    }
}
