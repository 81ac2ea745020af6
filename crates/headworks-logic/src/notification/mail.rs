//! E-mail over the mail server of the settings.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message as Email, Tokio1Executor};

use super::render::Written;

/// Longest time for one command of SMTP.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Longest time for a whole message.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);
/// Codes with which servers refuse a user or a password: somebody may mend that.
const SIGN_IN_CODES: [u16; 4] = [530, 534, 535, 538];

/// The mail server, as the settings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: MailEncryption,
    /// Who signs in; nobody when empty.
    pub user: String,
    /// File that holds the password, read for each message.
    pub password_file: PathBuf,
    /// Address that messages come from.
    pub from: String,
    /// Certificates of own authorities, as PEM file, besides the public ones.
    pub ca_file: Option<PathBuf>,
}

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailEncryption {
    /// It begins in the clear and must be turned into TLS.
    #[default]
    Starttls,
    /// TLS from the beginning.
    Tls,
    /// Not at all.
    None,
}

/// Why an e-mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MailError {
    /// What is wrong, without anything secret.
    pub(super) reason: String,
    /// Whether another try would not help.
    pub(super) is_final: bool,
}

/// Sends an e-mail to one address.
pub(super) async fn send(
    settings: &MailSettings,
    to: (&str, &str),
    written: &Written,
) -> Result<String, MailError> {
    let email = compose(settings, to, written)?;
    let transport = transport(settings).await?;
    let sent = tokio::time::timeout(TOTAL_TIMEOUT, transport.send(email)).await;
    match sent {
        Ok(Ok(response)) => {
            let lines: Vec<&str> = response.message().collect();
            Ok(format!("{} {}", response.code(), lines.join(" ")))
        }
        Ok(Err(error)) => Err(refused(&error)),
        Err(_) => Err(failed(format!(
            "no end within {} s",
            TOTAL_TIMEOUT.as_secs()
        ))),
    }
}

/// Makes the message. The library panics at line breaks in names and writes them encoded into
/// subjects: neither gets one.
fn compose(
    settings: &MailSettings,
    (name, address): (&str, &str),
    written: &Written,
) -> Result<Email, MailError> {
    let wrong = |what: &str, error: &dyn std::error::Error| MailError {
        reason: format!("{what}: {error}"),
        is_final: true,
    };
    let from: Address = settings
        .from
        .parse()
        .map_err(|error| wrong("mail.from", &error))?;
    let to: Address = address
        .parse()
        .map_err(|error| wrong("the address", &error))?;
    let name = Some(in_one_line(name)).filter(|name| !name.is_empty() && name != address);
    let auto = HeaderName::new_from_ascii_str("Auto-Submitted");
    Email::builder()
        .from(Mailbox::new(Some("Headworks".to_owned()), from))
        .to(Mailbox::new(name, to))
        .subject(in_one_line(&written.subject))
        .message_id(None)
        .raw_header(HeaderValue::new(auto, "auto-generated".to_owned()))
        .multipart(MultiPart::alternative_plain_html(
            written.text.clone(),
            written.html.clone(),
        ))
        .map_err(|error| wrong("the message", &error))
}

/// Returns a text with spaces for what could end a line of a header.
fn in_one_line(text: &str) -> String {
    let is_odd = |letter: char| letter.is_control() || "\u{2028}\u{2029}".contains(letter);
    text.replace(is_odd, " ")
}

async fn transport(
    settings: &MailSettings,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let tls = match settings.encryption {
        MailEncryption::Starttls => Tls::Required(tls(settings).await?),
        MailEncryption::Tls => Tls::Wrapper(tls(settings).await?),
        MailEncryption::None => Tls::None,
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
        .port(settings.port)
        .timeout(Some(TIMEOUT))
        .tls(tls);
    if settings.user.is_empty() {
        return Ok(builder.build());
    }
    let path = &settings.password_file;
    let password = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| failed(format!("mail.password_file {}: {error}", path.display())))?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    let credentials = Credentials::new(settings.user.clone(), password);
    Ok(builder.credentials(credentials).build())
}

async fn tls(settings: &MailSettings) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let unusable = |error: &dyn std::fmt::Display| {
            failed(format!("outbound.ca_file {}: {error}", path.display()))
        };
        let pem = tokio::fs::read(path)
            .await
            .map_err(|error| unusable(&error))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| unusable(&error))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| refused(&error))
}

/// Says what the server or the way to it made of a message.
fn refused(error: &SmtpError) -> MailError {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let text = inner.to_string();
        if !reason.contains(&text) {
            reason.push_str(": ");
            reason.push_str(&text);
        }
        source = inner.source();
    }
    let code = error.status().map(u16::from);
    MailError {
        reason: format!("the mail server: {reason}"),
        is_final: error.is_permanent() && !code.is_some_and(|code| SIGN_IN_CODES.contains(&code)),
    }
}

fn failed(reason: String) -> MailError {
    MailError {
        reason,
        is_final: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> MailSettings {
        MailSettings {
            host: "mail.example".to_owned(),
            port: 587,
            encryption: MailEncryption::Starttls,
            user: String::new(),
            password_file: PathBuf::new(),
            from: "headworks@plant.example".to_owned(),
            ca_file: None,
        }
    }

    fn composed(name: &str, subject: &str, text: &str) -> String {
        let written = Written {
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: format!("<p>{text}</p>"),
        };
        let email = compose(&settings(), (name, "anna@plant.example"), &written).unwrap();
        String::from_utf8(email.formatted()).unwrap()
    }

    #[test]
    fn no_text_becomes_a_header() {
        for evil in [
            "x\r\nBcc: eve@evil.example",
            "x\nBcc: eve@evil.example\n\nhello",
            "x\r\n\r\n<script>",
            "x\u{2028}Bcc: eve@evil.example",
        ] {
            let text = composed(evil, evil, "fine");
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            for line in head.lines() {
                assert!(!line.to_lowercase().starts_with("bcc"), "{head}");
            }
            let recipients = head.lines().filter(|line| line.starts_with("To:")).count();
            assert_eq!(recipients, 1, "{head}");
        }
    }

    #[test]
    fn a_message_has_two_parts_and_says_that_nobody_wrote_it() {
        let text = composed("Jürgen", "Überdruck", "Größe 5 µm");
        assert!(text.contains("Auto-Submitted: auto-generated"), "{text}");
        assert!(text.contains("multipart/alternative"), "{text}");
        assert!(text.contains("text/plain; charset=utf-8"), "{text}");
        assert!(text.contains("text/html; charset=utf-8"), "{text}");
        assert!(text.contains("Message-ID: <"), "{text}");
        assert!(text.is_ascii(), "every server takes it");
    }

    #[test]
    fn an_address_that_is_none_is_final() {
        let written = Written {
            subject: String::new(),
            text: String::new(),
            html: String::new(),
        };
        let error = compose(&settings(), ("", "x"), &written).unwrap_err();
        assert!(
            error.is_final && error.reason.contains("the address"),
            "{error:?}"
        );
    }
}
