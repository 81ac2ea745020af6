//! Sends requests: fills in secrets, follows redirects, reads the answer to its bound.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method as HttpMethod, Response};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use url::Url;

use super::connect::{ConnectError, Connector};
use super::guard::Guard;
use super::secrets::{Filler, Masker, Secrets, names_a_secret, names_a_secret_host};
use super::{
    ANSWER_BYTES_MAX, Answer, BODY_BYTES_MAX, Method, OutboundError, OutboundSettings,
    REDIRECTS_MAX, Request,
};

/// Most requests of one client at once; others wait.
const REQUESTS_MAX: usize = 16;
/// Connections to one host that are kept for the next request, and how long.
const IDLE_PER_HOST: usize = 2;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait that a server may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// How the program calls itself.
const AGENT: &str = concat!("headworks/", env!("CARGO_PKG_VERSION"));

/// Headers that are the client's own: with another value they would say something else of the
/// request than it is.
const OWN_HEADERS: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Sends requests of one part of the program; see [`super`].
pub struct Client {
    http: legacy::Client<Connector, Full<Bytes>>,
    secrets: Arc<dyn Secrets>,
    turns: Semaphore,
    timeout: Duration,
}

/// A request with its secrets, on its way.
struct Sending {
    method: HttpMethod,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    masker: Masker,
}

impl Client {
    /// Returns a client; each part of the program has its own, so that one that waits for slow
    /// servers does not hold up another.
    ///
    /// # Errors
    ///
    /// When the file of own authorities cannot be read.
    pub fn new(
        settings: &OutboundSettings,
        secrets: Arc<dyn Secrets>,
    ) -> Result<Client, OutboundError> {
        let guard = Guard::new(settings.allow.clone());
        let connector = Connector::new(guard, tls(settings)?, settings.connect_timeout);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Client {
            http,
            secrets,
            turns: Semaphore::new(REQUESTS_MAX),
            timeout: settings.timeout,
        })
    }

    /// Returns a client that shares the connections of this one and has turns and a time-out of its
    /// own, for one target of many: one that waits for a slow server does not hold up the others.
    #[must_use]
    pub fn beside(&self, timeout: Duration) -> Client {
        Client {
            http: self.http.clone(),
            secrets: Arc::clone(&self.secrets),
            turns: Semaphore::new(REQUESTS_MAX),
            timeout,
        }
    }

    /// Sends a request and returns what came back, whichever status it has.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Refused`] when the request cannot work as it is written, else
    /// [`OutboundError::Failed`].
    pub async fn post(&self, request: &Request) -> Result<Answer, OutboundError> {
        let sending = self.prepare(request).await?;
        let masker = sending.masker.clone();
        let Ok(_turn) = self.turns.acquire().await else {
            return Err(OutboundError::failed("the program stops"));
        };
        let began = Instant::now();
        let sent = tokio::time::timeout(self.timeout, self.follow(sending)).await;
        let sent = sent.unwrap_or_else(|_| {
            let reason = format!("no whole answer within {} s", self.timeout.as_secs_f32());
            Err(OutboundError::failed(reason))
        });
        match sent {
            Ok(answer) => Ok(Answer {
                took: began.elapsed(),
                ..answer
            }),
            Err(error) => Err(masked(error, &masker)),
        }
    }

    /// Fills in the secrets, off the threads of the sockets when that may wait for the disk.
    async fn prepare(&self, request: &Request) -> Result<Sending, OutboundError> {
        if BODY_BYTES_MAX < request.body.len() {
            let reason = format!("the body has more than {BODY_BYTES_MAX} bytes");
            return Err(OutboundError::refused(reason));
        }
        let mut texts = request.headers.iter().map(|(_, value)| value);
        if !names_a_secret(&request.url) && !texts.any(|text| names_a_secret(text)) {
            return Sending::new(request, &*self.secrets);
        }
        let (request, secrets) = (request.clone(), Arc::clone(&self.secrets));
        let task = tokio::task::spawn_blocking(move || Sending::new(&request, &*secrets));
        task.await
            .unwrap_or_else(|_| Err(OutboundError::failed("the program stops")))
    }

    async fn follow(&self, mut sending: Sending) -> Result<Answer, OutboundError> {
        for _ in 0..=REDIRECTS_MAX {
            let response = self.send(&sending).await?;
            match redirect(&response) {
                Some(place) => sending.redirect(response.status().as_u16(), &place)?,
                None => return read(response, &sending).await,
            }
        }
        let reason = format!("more than {REDIRECTS_MAX} redirects; write the last address");
        Err(OutboundError::refused(reason))
    }

    async fn send(&self, sending: &Sending) -> Result<Response<Incoming>, OutboundError> {
        let mut request = hyper::Request::builder()
            .method(sending.method.clone())
            .uri(sending.url.as_str())
            .body(Full::new(sending.body.clone()))
            .map_err(|_| OutboundError::refused("the address cannot be asked for"))?;
        request.headers_mut().extend(sending.headers.clone());
        let sent = self.http.request(request).await;
        sent.map_err(|error| why(&error, &sending.url))
    }
}

/// Returns what a request failed of.
fn why(error: &legacy::Error, url: &Url) -> OutboundError {
    let mut source = std::error::Error::source(error);
    let mut last = None;
    while let Some(inner) = source {
        match inner.downcast_ref::<ConnectError>() {
            Some(blocked @ ConnectError::Blocked { .. }) => {
                return OutboundError::refused(blocked.to_string());
            }
            Some(failed) => return OutboundError::failed(failed.to_string()),
            None => last = Some(inner.to_string()),
        }
        source = inner.source();
    }
    let host = url.host_str().unwrap_or_default();
    let reason = last.unwrap_or_else(|| error.to_string());
    OutboundError::failed(format!("{host}: {reason}"))
}

fn masked(error: OutboundError, masker: &Masker) -> OutboundError {
    match error {
        OutboundError::Refused { reason } => OutboundError::refused(masker.mask(reason)),
        OutboundError::Failed { reason } => OutboundError::failed(masker.mask(reason)),
    }
}

impl Sending {
    fn new(request: &Request, secrets: &dyn Secrets) -> Result<Sending, OutboundError> {
        let mut filler = Filler::new(secrets);
        let url = parse_url(&filler.fill(&request.url)?)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(AGENT));
        let media_type = HeaderValue::from_static(request.content_type);
        headers.insert(header::CONTENT_TYPE, media_type);
        for (name, value) in &request.headers {
            let (name, value) = parse_header(name, &filler.fill(value)?)?;
            headers.insert(name, value);
        }
        let host = url.host_str().unwrap_or_default();
        filler.check_host(host)?;
        let masker = match names_a_secret_host(&request.url) {
            true => filler.masker().with_host(host),
            false => filler.masker(),
        };
        Ok(Sending {
            method: match request.method {
                Method::Post => HttpMethod::POST,
                Method::Put => HttpMethod::PUT,
            },
            url,
            headers,
            body: Bytes::copy_from_slice(&request.body),
            masker,
        })
    }

    /// Turns to where a server sends it. Headers and body may hold what only the first server
    /// should know: another one gets neither headers nor, as usual, a body unless it is asked to.
    fn redirect(&mut self, status: u16, place: &str) -> Result<(), OutboundError> {
        let url = self.url.join(place);
        let url = url.map_err(|_| OutboundError::refused("a redirect leads to no address"))?;
        let url = check_url(url).map_err(|error| {
            let reason = format!("a redirect leads where nothing may go: {error}");
            OutboundError::refused(reason)
        })?;
        if self.url.scheme() == "https" && url.scheme() == "http" {
            let reason = "a redirect leads from https to http, where others could read it";
            return Err(OutboundError::refused(reason));
        }
        if url.origin() != self.url.origin() {
            let kept = [header::USER_AGENT, header::CONTENT_TYPE];
            let kept = kept.map(|name| (name.clone(), self.headers.get(&name).cloned()));
            self.headers.clear();
            for (name, value) in kept {
                value.map(|value| self.headers.insert(name, value));
            }
        }
        if status != 307 && status != 308 {
            self.method = HttpMethod::GET;
            self.body = Bytes::new();
            self.headers.remove(header::CONTENT_TYPE);
        }
        self.url = url;
        Ok(())
    }
}

/// Returns where a response sends its request.
fn redirect(response: &Response<Incoming>) -> Option<String> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let place = response.headers().get(header::LOCATION)?.to_str().ok()?;
    is_redirect.then(|| place.to_owned())
}

/// Reads an answer to its bound; what is beyond stays unread, and the connection ends.
async fn read(response: Response<Incoming>, sending: &Sending) -> Result<Answer, OutboundError> {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let mut body = response.into_body();
    let (mut bytes, mut is_cut) = (Vec::new(), false);
    while let Some(frame) = body.frame().await {
        let host = sending.url.host_str().unwrap_or_default();
        let frame = frame.map_err(|error| {
            OutboundError::failed(format!("{host}: the answer ended early: {error}"))
        })?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        let room = ANSWER_BYTES_MAX - bytes.len();
        bytes.extend_from_slice(&data[..room.min(data.len())]);
        if room < data.len() {
            is_cut = true;
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answer {
        status,
        text: match is_cut {
            true => sending.masker.mask_cut(text),
            false => sending.masker.mask(text),
        },
        is_cut,
        retry_after,
        took: Duration::ZERO,
    })
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let wait = Duration::from_secs(text.trim().parse().ok()?);
    Some(wait.min(RETRY_AFTER_MAX))
}

fn parse_url(text: &str) -> Result<Url, OutboundError> {
    let url = Url::parse(text);
    // The text may hold secrets: the error says only what is wrong.
    let url = url.map_err(|error| OutboundError::refused(format!("the address: {error}")))?;
    check_url(url)
}

fn check_url(mut url: Url) -> Result<Url, OutboundError> {
    let refused = |reason: &str| Err(OutboundError::refused(reason));
    if !matches!(url.scheme(), "http" | "https") {
        return refused("the address begins neither with http:// nor with https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused(
            "the address holds a user or a password; give a header Authorization with a secret",
        );
    }
    url.set_fragment(None);
    Ok(url)
}

fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), OutboundError> {
    let parsed = HeaderName::from_bytes(name.as_bytes());
    let parsed =
        parsed.map_err(|_| OutboundError::refused(format!("{name:?} is no name of a header")))?;
    if OWN_HEADERS.contains(&parsed) {
        let reason = format!("the header {name} is made by the program; leave it out");
        return Err(OutboundError::refused(reason));
    }
    let value = HeaderValue::from_str(value).map_err(|_| {
        let reason = format!("the value of the header {name} holds a line break or the like");
        OutboundError::refused(reason)
    })?;
    Ok((parsed, value))
}

/// Returns what shakes hands: public authorities, and those of the settings.
fn tls(settings: &OutboundSettings) -> Result<TlsConnector, OutboundError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = &settings.ca_file {
        let unusable = |reason: String| {
            OutboundError::refused(format!("outbound.ca_file {}: {reason}", path.display()))
        };
        let found = CertificateDer::pem_file_iter(path);
        for certificate in found.map_err(|error| unusable(error.to_string()))? {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            let added = roots.add(certificate);
            added.map_err(|error| unusable(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| OutboundError::refused(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
