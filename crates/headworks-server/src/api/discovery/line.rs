//! The link that discovery asks: that of a running connection, or one of its own.

use std::fmt;
use std::time::Duration;

use headworks_core::model::ObjectId;
use headworks_hub::HubHandle;
use headworks_protocols::modbus::client::AskError;
use headworks_protocols::modbus::discover::run::{Pace, gentle};
use headworks_protocols::modbus::discover::{Line, OpenLine, check_settings};
use headworks_protocols::modbus::exception::ExceptionCode;
use headworks_protocols::modbus::pdu::{AnswerError, Request};
use headworks_protocols::modbus::settings::ConnectionSettings;
use headworks_protocols::{AskFailure, BoxFuture, Question};

use super::LineBody;
use crate::problem::{ApiError, FieldProblem};

/// The protocol whose links can be asked.
const PROTOCOL: &str = "modbus";

/// How a link is reached.
pub(super) struct Way {
    /// What people call it.
    name: String,
    settings: ConnectionSettings,
    /// The connection that has the link open.
    running: Option<(HubHandle, ObjectId)>,
    pace: Pace,
}

/// The link of a running connection.
struct HubLine {
    hub: HubHandle,
    connection: ObjectId,
    name: String,
}

impl Way {
    /// Checks what a body says of the link.
    pub(super) fn of(hub: &HubHandle, body: &LineBody) -> Result<Way, ApiError> {
        let (name, settings, running) = match (&body.connection, &body.settings) {
            (Some(id), None) => saved(hub, *id)?,
            (None, Some(settings)) => ("unsaved settings".to_owned(), settings.clone(), None),
            _ => {
                let detail = "give either connection or settings";
                return Err(ApiError::field("/line", detail));
            }
        };
        let settings = check_settings(&settings).map_err(|problems| {
            let place = |(field, reason): (String, String)| {
                FieldProblem::new(format!("/line{field}"), reason)
            };
            ApiError::fields(problems.into_iter().map(place).collect())
        })?;
        let usual = gentle(settings.transport.is_half_duplex());
        Ok(Way {
            name,
            running,
            pace: Pace {
                pause: limited("pause_ms", body.pause_ms, 0, usual.pause)?,
                timeout: limited("timeout_ms", body.timeout_ms, 10, usual.timeout)?,
            },
            settings,
        })
    }

    /// Returns whether units are 1 to 247 there.
    pub(super) fn is_serial(&self) -> bool {
        self.settings.transport.is_half_duplex()
    }

    /// Returns how gently it is asked.
    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    /// Opens the link, unless a connection has it open.
    pub(super) async fn open(self) -> Result<Box<dyn Line>, String> {
        match self.running {
            Some((hub, connection)) => Ok(Box::new(HubLine {
                hub,
                connection,
                name: self.name,
            })),
            None => {
                let line = OpenLine::open(self.settings).await;
                Ok(Box::new(line.map_err(|error| error.to_string())?))
            }
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

type Saved = (
    String,
    headworks_core::model::Settings,
    Option<(HubHandle, ObjectId)>,
);

fn saved(hub: &HubHandle, id: ObjectId) -> Result<Saved, ApiError> {
    let plant = hub.plant();
    let connection = plant.connection(id).ok_or_else(|| {
        let detail = format!("connection {id} does not exist");
        ApiError::field("/line/connection", detail)
    })?;
    let body = &connection.body;
    if body.protocol != PROTOCOL {
        let detail = format!("{} speaks {}, not Modbus", body.name, body.protocol);
        return Err(ApiError::field("/line/connection", detail));
    }
    let running = body.enabled.then(|| (hub.clone(), id));
    Ok((body.name.clone(), body.settings.clone(), running))
}

fn limited(
    field: &str,
    found_ms: Option<u32>,
    min_ms: u32,
    usual: Duration,
) -> Result<Duration, ApiError> {
    const MAX_MS: u32 = 10_000;
    match found_ms {
        None => Ok(usual),
        Some(found_ms) if (min_ms..=MAX_MS).contains(&found_ms) => {
            Ok(Duration::from_millis(found_ms.into()))
        }
        Some(found_ms) => {
            let detail = format!("{found_ms}; {min_ms} to {MAX_MS} are possible");
            Err(ApiError::field(format!("/line/{field}"), detail))
        }
    }
}

impl HubLine {
    fn error(&self, failure: AskFailure, unit: u8, timeout: Duration) -> AskError {
        match failure {
            AskFailure::Refused { code, .. } => {
                AskError::Answer(AnswerError::Exception(ExceptionCode(code)))
            }
            AskFailure::NoAnswer => AskError::Silence {
                unit,
                timeout_ms: timeout.as_millis(),
            },
            AskFailure::Broken { .. } => AskError::Answer(AnswerError::Empty),
            AskFailure::Unusable { reason } | AskFailure::LinkDown { reason } => AskError::Link {
                place: self.name.clone(),
                reason,
            },
        }
    }
}

impl Line for HubLine {
    fn ask<'a>(
        &'a mut self,
        unit_id: u8,
        request: &'a Request,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Vec<u8>, AskError>> {
        Box::pin(async move {
            let mut bytes = Vec::new();
            request.encode(&mut bytes);
            let question = Question {
                station: unit_id,
                request: bytes,
                timeout,
            };
            let answered = self.hub.ask(self.connection, question).await;
            answered.map_err(|failure| self.error(failure, unit_id, timeout))
        })
    }
}
