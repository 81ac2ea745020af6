//! TLS of the listener: its certificate, given or made here, and new ones while connections go on.
//!
//! A new certificate takes the place of the old one for the connections that come; those that are
//! open keep theirs. What cannot be used never takes the place of what works.

mod certificate;
mod made;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use headworks_hub::{HubHandle, Severity};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use certificate::Certificate;
pub use certificate::CertificateError;
pub(crate) use made::Names;

use crate::settings::TlsSettings;

/// Time between two looks at the files.
const WATCH_PERIOD: Duration = Duration::from_secs(2);
/// Looks at the files between two looks at the calendar: half an hour.
const LOOKS_PER_REVIEW: u32 = 900;
/// Before its end by so much a certificate is told of.
const NOTICE_US: i64 = 14 * 86_400_000_000;

/// The TLS of a listener.
pub(crate) struct Tls {
    source: Source,
    provider: Arc<CryptoProvider>,
    slot: Arc<Slot>,
    acceptor: TlsAcceptor,
    fingerprint: String,
}

/// Where certificates come from.
struct Source {
    files: Files,
    /// The names of those that are made here; nothing when others make them.
    made_for: Option<Names>,
}

/// The files of a certificate and its key.
#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// The certificate for connections to come.
#[derive(Debug)]
struct Slot(ArcSwap<CertifiedKey>);

/// What tells versions of the files apart.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// Reads or makes the certificate; nothing when the settings want none.
    ///
    /// # Errors
    ///
    /// When the files cannot be used, or the certificate cannot be made or kept.
    pub(crate) fn open(
        settings: &TlsSettings,
        names: Names,
        now_us: i64,
    ) -> Result<Option<Tls>, CertificateError> {
        let Some(source) = Source::of(settings, names) else {
            return Ok(None);
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        source.review(now_us)?;
        let certificate = Certificate::read(&source.files, &provider)?;
        let text = certificate.describe();
        tracing::info!(file = %source.files.certificate.display(), "{text} in use");
        let fingerprint = certificate.fingerprint();
        let slot = Arc::new(Slot(ArcSwap::new(Arc::new(certificate.key))));
        let config = config(Arc::clone(&provider), Arc::clone(&slot))?;
        Ok(Some(Tls {
            source,
            provider,
            slot,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            fingerprint,
        }))
    }

    /// Returns the SHA-256 fingerprint of the certificate at the start.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Shakes hands with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Takes new certificates into use until `stop`.
    pub(crate) async fn watch(self: Arc<Tls>, hub: HubHandle, stop: CancellationToken) {
        self.look(&hub, true).await;
        let mut used = self.source.files.stamp();
        let mut seen = used;
        for look in 1_u32.. {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(WATCH_PERIOD) => {}
            }
            let is_review = look.is_multiple_of(LOOKS_PER_REVIEW);
            let stamp = self.look(&hub, is_review).await;
            // Files that stood still for one look are whole, and both of one certificate.
            if stamp == seen && stamp != used {
                used = stamp;
                self.renew(&hub).await;
            }
            seen = stamp;
        }
    }

    /// Looks at the files, now and then also whether their certificate is still good.
    async fn look(self: &Arc<Tls>, hub: &HubHandle, is_review: bool) -> Stamp {
        let (this, hub) = (Arc::clone(self), hub.clone());
        let looking = tokio::task::spawn_blocking(move || {
            if is_review {
                this.review(&hub);
            }
            this.source.files.stamp()
        });
        looking.await.unwrap_or_default()
    }

    /// Makes a new certificate when it is time, and tells when others should.
    fn review(&self, hub: &HubHandle) {
        let (files, now_us) = (&self.source.files, hub.clock().now_us());
        if let Err(error) = self.source.review(now_us) {
            let message = format!("no new certificate: {}", error.with_source());
            hub.tell_of_certificate(Severity::Alarm, &files.certificate, message);
        }
        let found = Certificate::read(files, &self.provider);
        if let Some(message) = found.ok().and_then(|found| found.complaint(now_us)) {
            hub.tell_of_certificate(Severity::Warning, &files.certificate, message);
        }
    }

    /// Takes the certificate of the files into use.
    async fn renew(self: &Arc<Tls>, hub: &HubHandle) {
        let (this, hub) = (Arc::clone(self), hub.clone());
        let renewing = tokio::task::spawn_blocking(move || {
            let files = &this.source.files;
            let (severity, message) = match Certificate::read(files, &this.provider) {
                Ok(certificate) => {
                    let message = format!("{} in use", certificate.describe());
                    this.slot.0.store(Arc::new(certificate.key));
                    (Severity::Info, message)
                }
                Err(error) => {
                    let why = error.with_source();
                    (Severity::Alarm, format!("the old one stays in use: {why}"))
                }
            };
            hub.tell_of_certificate(severity, &files.certificate, message);
        });
        if let Err(error) = renewing.await {
            tracing::error!(%error, "the new certificate could not be read");
        }
    }
}

impl Source {
    /// Returns where certificates come from; nothing without TLS.
    fn of(settings: &TlsSettings, names: Names) -> Option<Source> {
        match settings {
            TlsSettings::Off => None,
            TlsSettings::Files { certificate, key } => Some(Source {
                files: Files {
                    certificate: certificate.clone(),
                    key: key.clone(),
                },
                made_for: None,
            }),
            TlsSettings::SelfSigned { directory } => Some(Source {
                files: Files {
                    certificate: directory.join("certificate.pem"),
                    key: directory.join("key.pem"),
                },
                made_for: Some(names),
            }),
        }
    }

    /// Makes a new certificate where that is ours to do, and it is time.
    fn review(&self, now_us: i64) -> Result<(), CertificateError> {
        match &self.made_for {
            Some(names) => made::review(&self.files, names, now_us),
            None => Ok(()),
        }
    }
}

impl Files {
    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| stamp(path))
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl ResolvesServerCert for Slot {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn config(provider: Arc<CryptoProvider>, slot: Arc<Slot>) -> Result<ServerConfig, rustls::Error> {
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)?
        .with_no_client_auth()
        .with_cert_resolver(slot);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
