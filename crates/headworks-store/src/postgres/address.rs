//! Where the database is: the URL, its TLS, and what of it may be shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::error::{PostgresFault, StoreError};

/// Where Debian and others keep the certificates of public authorities.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest time without an answer of the other machine's network.
const SILENCE: Duration = Duration::from_secs(15);

/// The address of a database. Its `Debug` and `Display` show no password.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(super) config: Config,
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    shown: Arc<str>,
}

impl DatabaseUrl {
    /// Reads `postgres://user:password@host:port/database?sslmode=verify-full`.
    ///
    /// TLS is used when the URL says `sslmode=require` or `verify-full`; the server's certificate
    /// is checked in both cases, against `sslrootcert=FILE` or the system's authorities.
    ///
    /// # Errors
    ///
    /// When it cannot be used; the message shows nothing of the URL that could be secret.
    pub fn parse(url: &str) -> Result<DatabaseUrl, StoreError> {
        let scheme = ["postgres://", "postgresql://"];
        if !scheme.iter().any(|scheme| url.starts_with(scheme)) {
            return Err(refuse("does not begin with postgres://"));
        }
        let (base, tls) = split_tls(url)?;
        // The parser's own words can hold parts of a password that was not written as %XX.
        let mut config: Config = base.parse().map_err(|_| refuse("cannot be read"))?;
        let shown = show(&config).ok_or_else(|| refuse("names no host, or not well"))?;
        config
            .connect_timeout(CONNECT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE)
            .application_name("headworks")
            .ssl_mode(match tls {
                Some(_) => SslMode::Require,
                None => SslMode::Disable,
            });
        let tls = tls.map(|roots| client_config(&roots)).transpose()?;
        Ok(DatabaseUrl {
            config,
            tls: tls.map(Arc::new),
            shown: shown.into(),
        })
    }
}

impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseUrl({})", self.shown)
    }
}

fn refuse(reason: &str) -> StoreError {
    StoreError::Postgres {
        server: "database.url".into(),
        reason: format!(
            "the URL {reason}; write postgres://user:password@host:5432/database, with %40 for @ \
             and %2F for / in the password"
        ),
        fault: PostgresFault::Setup,
    }
}

/// Takes the parameters of TLS out of a URL; returns the file of authorities when TLS is wanted.
fn split_tls(url: &str) -> Result<(String, Option<PathBuf>), StoreError> {
    let Some((base, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), None));
    };
    let (mut wanted, mut roots, mut rest) = (false, PathBuf::from(SYSTEM_ROOTS), Vec::new());
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some(("sslmode", "disable")) => wanted = false,
            Some(("sslmode", "require" | "verify-ca" | "verify-full")) => wanted = true,
            Some(("sslmode", _)) => {
                return Err(refuse("has a sslmode other than disable and verify-full"));
            }
            Some(("sslrootcert", file)) => roots = PathBuf::from(file.replace("%2F", "/")),
            _ => rest.push(parameter),
        }
    }
    let base = match rest.is_empty() {
        true => base.to_owned(),
        false => format!("{base}?{}", rest.join("&")),
    };
    Ok((base, wanted.then_some(roots)))
}

/// Returns what may be shown; nothing when there is no single plain host.
fn show(config: &Config) -> Option<String> {
    let [host] = config.get_hosts() else {
        return None;
    };
    let host = match host {
        Host::Tcp(name) if name.contains(['@', ':', ' ']) && !name.starts_with('[') => {
            return None;
        }
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let user = config.get_user().unwrap_or_default();
    let secret = match config.get_password() {
        Some(_) => ":***",
        None => "",
    };
    let database = config.get_dbname().unwrap_or(user);
    Some(format!(
        "postgres://{user}{secret}@{host}:{port}/{database}"
    ))
}

fn client_config(roots: &Path) -> Result<rustls::ClientConfig, StoreError> {
    let unusable = |reason: String| StoreError::Postgres {
        server: "database.url".into(),
        reason: format!(
            "the certificates of authorities in {roots:?} cannot be used: {reason}; name a PEM \
             file with sslrootcert=FILE"
        ),
        fault: PostgresFault::Setup,
    };
    let mut store = rustls::RootCertStore::empty();
    let found =
        CertificateDer::pem_file_iter(roots).map_err(|error| unusable(error.to_string()))?;
    let found: Vec<CertificateDer<'static>> = found.filter_map(Result::ok).collect();
    let (added, _) = store.add_parsable_certificates(found);
    if added == 0 {
        return Err(unusable("it holds none".into()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?;
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let url = DatabaseUrl::parse("postgres://hub:s3cret@db.example:5433/plant").unwrap();
        assert_eq!(url.to_string(), "postgres://hub:***@db.example:5433/plant");
        assert_eq!(
            format!("{url:?}"),
            "DatabaseUrl(postgres://hub:***@db.example:5433/plant)"
        );
    }

    #[test]
    fn what_cannot_be_read_shows_nothing_secret() {
        for url in [
            "mysql://hub:s3cret@db/plant",
            "postgres://hub:s3cret@db:notaport/plant",
            "postgres://hub:s3cret@db/plant?sslmode=prefer",
            "postgres://hub:s3cret@db/plant?cret=s3",
        ] {
            let error = DatabaseUrl::parse(url).unwrap_err().to_string();
            assert!(!error.contains("s3") && !error.contains("cret"), "{error}");
            assert!(error.contains("postgres://user:password@host"), "{error}");
        }
    }

    #[test]
    fn a_password_that_should_have_been_written_in_another_way_is_not_shown_either() {
        for password in [
            "s3@cret", "s3?cret", "s3/cret", "s3:cret", "s3#cret", "s3 cret",
        ] {
            let url = format!("postgres://hub:{password}@db/plant");
            let shown = match DatabaseUrl::parse(&url) {
                Ok(url) => format!("{url} {url:?}"),
                Err(error) => error.to_string(),
            };
            assert!(!shown.contains("s3") && !shown.contains("cret"), "{shown}");
        }
    }

    #[test]
    fn certificates_that_are_missing_are_named() {
        let url = "postgres://hub@db/plant?sslmode=verify-full&sslrootcert=/no/such.pem";
        let error = DatabaseUrl::parse(url).unwrap_err().to_string();
        assert!(error.contains("/no/such.pem"), "{error}");
    }
}
