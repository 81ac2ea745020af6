//! "Test connection": opens the link, asks the device one question, closes.

use std::time::Duration;

use headworks_core::model::Settings;

use super::check;
use super::client::{AskError, Client};
use super::pdu::{AnswerError, Request};
use super::settings::DeviceSettings;
use super::table::Table;
use crate::driver::BoxFuture;
use crate::protocol::TestReport;

/// Tries settings that need not be stored.
pub(super) fn test(
    connection: Settings,
    device: Option<Settings>,
) -> BoxFuture<'static, TestReport> {
    Box::pin(async move {
        match try_it(&connection, device.as_ref()).await {
            Ok(report) => report,
            Err(message) => TestReport {
                ok: false,
                connect_us: None,
                round_trip_us: None,
                message,
                exchange: Vec::new(),
            },
        }
    })
}

async fn try_it(connection: &Settings, device: Option<&Settings>) -> Result<TestReport, String> {
    let settings = check::connection_settings(connection).map_err(one_line)?;
    let device = device
        .map(|device| check::device_settings(device, &settings).map_err(one_line))
        .transpose()?;
    let mut client = Client::open(&settings)
        .await
        .map_err(|error| error.to_string())?;
    let (ok, message) = match &device {
        None => (true, "the link is open; no device was asked".to_owned()),
        Some(device) => ask(&mut client, device).await,
    };
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Ok(TestReport {
        ok,
        connect_us: Some(micros(client.connect_time())),
        round_trip_us: client.round_trip().filter(|_| ok).map(micros),
        message,
        exchange: client.exchange().to_vec(),
    })
}

/// Asks for the first holding register; a refusal shows as well that the device is there.
async fn ask(client: &mut Client, device: &DeviceSettings) -> (bool, String) {
    let unit = device.unit_id;
    if let Some(timeout_ms) = device.timeout_ms {
        client.set_timeout(Duration::from_millis(timeout_ms.into()));
    }
    let request = Request::Read {
        table: Table::Holding,
        start: 0,
        count: 1,
    };
    match client.ask(unit, &request).await {
        Ok(_) => (true, format!("unit {unit} answers")),
        Err(AskError::Answer(AnswerError::Exception(code))) if code.is_silence() => (
            false,
            format!("unit {unit}: {code}; check that it is on and that unit_id is right"),
        ),
        Err(AskError::Answer(AnswerError::Exception(code))) => (
            true,
            format!(
                "unit {unit} answers; it refuses holding register 0 with {code}, which is fine"
            ),
        ),
        Err(error) => (false, error.to_string()),
    }
}

fn one_line(problems: Vec<check::FieldProblem>) -> String {
    let lines = problems
        .into_iter()
        .map(|(field, reason)| format!("{field}: {reason}"));
    lines.collect::<Vec<_>>().join("; ")
}
