//! What requests go over.

use std::time::Duration;

use headworks_core::model::Settings;

use crate::driver::BoxFuture;
use crate::modbus::check;
use crate::modbus::client::{AskError, Client};
use crate::modbus::pdu::Request;
use crate::modbus::settings::ConnectionSettings;

/// A link that takes one request at a time.
pub trait Line: Send + Sync {
    /// Sends a request and returns the data of its answer, none for a write.
    fn ask<'a>(
        &'a mut self,
        unit_id: u8,
        request: &'a Request,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Vec<u8>, AskError>>;
}

/// A link that is opened for discovery alone, and opened again when the device closes it.
#[derive(Debug)]
pub struct OpenLine {
    settings: ConnectionSettings,
    client: Option<Client>,
}

/// Why a line cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Settings are wrong: JSON pointer and reason of each.
    #[error("{}", one_line(.0))]
    Settings(Vec<(String, String)>),
    /// The link failed.
    #[error("{0}")]
    Link(#[from] AskError),
}

fn one_line(problems: &[(String, String)]) -> String {
    let lines = problems
        .iter()
        .map(|(field, reason)| format!("{field}: {reason}"));
    lines.collect::<Vec<_>>().join("; ")
}

/// Checks the settings of a connection as they would be configured.
///
/// # Errors
///
/// JSON pointer and reason of each that is wrong.
pub fn check_settings(settings: &Settings) -> Result<ConnectionSettings, Vec<(String, String)>> {
    check::connection_settings(settings)
}

impl OpenLine {
    /// Checks settings as they would be configured and opens the link.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn of(settings: &Settings) -> Result<OpenLine, OpenError> {
        let settings = check_settings(settings).map_err(OpenError::Settings)?;
        Ok(OpenLine::open(settings).await?)
    }

    /// Returns whether the link is a serial line, or goes to one without transaction ids.
    pub fn is_serial(&self) -> bool {
        self.settings.transport.is_half_duplex()
    }

    /// Opens the link of checked settings.
    ///
    /// # Errors
    ///
    /// [`AskError::Link`] with place, reason and remedy.
    pub async fn open(settings: ConnectionSettings) -> Result<OpenLine, AskError> {
        let client = Client::open(&settings).await?;
        Ok(OpenLine {
            client: Some(client),
            settings,
        })
    }

    async fn ask_client(
        &mut self,
        unit_id: u8,
        request: &Request,
        timeout: Duration,
    ) -> Result<Vec<u8>, AskError> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::open(&self.settings).await?,
        };
        client.set_timeout(timeout);
        let answered = client.ask(unit_id, request).await;
        match &answered {
            Err(AskError::Link { .. }) => return answered, // closed; the next one opens it anew
            Err(AskError::Silence { .. } | AskError::Unit { .. } | AskError::Answer(_))
                if self.settings.transport.is_half_duplex() =>
            {
                // Without a transaction id a late answer would be taken for that of the next.
                client.drain(timeout).await?;
            }
            Ok(_) | Err(_) => {}
        }
        self.client = Some(client);
        answered
    }
}

impl Line for OpenLine {
    fn ask<'a>(
        &'a mut self,
        unit_id: u8,
        request: &'a Request,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Vec<u8>, AskError>> {
        Box::pin(self.ask_client(unit_id, request, timeout))
    }
}
