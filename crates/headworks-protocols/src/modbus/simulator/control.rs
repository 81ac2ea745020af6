//! Orders to a running simulator: a line in, a line of JSON out.
//!
//! ```text
//! devices                         names, unit ids and faults
//! fault DEVICE FAULT [TIMES]      DEVICE is a name, a unit id or *
//! get DEVICE TAG
//! set DEVICE TAG NUMBER           writes a set point, holds anything else
//! forbid DEVICE TABLE:FIRST..LAST refuses these addresses, besides others
//! allow DEVICE                    refuses none of them any more
//! reset                           begins the measurement anew
//! report PERIOD_MS                what the devices saw of scans
//! ```
//!
//! Names with blanks stand in double quotes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::fault::Fault;
use super::plant::parse_span;
use super::unit::Unit;
use super::{ScanReport, Shared};

/// Most bytes of an order.
const LINE_BYTES_MAX: u64 = 4096;
/// All orders, one line.
const HELP: &str = "orders are: devices, fault DEVICE FAULT [TIMES], get DEVICE TAG, \
    set DEVICE TAG NUMBER, forbid DEVICE TABLE:FIRST..LAST, allow DEVICE, reset, report PERIOD_MS";

/// Takes orders until stopped.
pub(super) async fn accept(shared: Arc<Shared>, listener: TcpListener, stop: CancellationToken) {
    let clients = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        clients.spawn(async move {
            let served = stop.run_until_cancelled(serve(&shared, stream)).await;
            if let Some(Err(error)) = served {
                tracing::debug!(%error, "a client of the control port is gone");
            }
        });
    }
    clients.close();
    clients.wait().await;
}

async fn serve(shared: &Shared, stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        let read = (&mut stream)
            .take(LINE_BYTES_MAX)
            .read_line(&mut line)
            .await?;
        if read == 0 {
            return Ok(());
        }
        let mut answer = obey(shared, &line).to_string();
        answer.push('\n');
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
    }
}

/// Carries out one order.
pub(super) fn obey(shared: &Shared, line: &str) -> Json {
    let words = words(line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match carry_out(shared, &words) {
        Ok(Json::Object(mut answer)) => {
            answer.insert("ok".to_owned(), json!(true));
            Json::Object(answer)
        }
        Ok(other) => other,
        Err(error) => json!({ "ok": false, "error": error }),
    }
}

fn carry_out(shared: &Shared, words: &[&str]) -> Result<Json, String> {
    match words {
        ["devices"] => Ok(json!({ "devices": devices(shared) })),
        ["fault", device, fault] => set_fault(shared, device, fault, None),
        ["fault", device, fault, times] => {
            let times = number(times, "a number of requests")?;
            set_fault(shared, device, fault, Some(times))
        }
        ["get", device, tag] => {
            let value = unit(shared, device)?.value(tag, shared.now())?;
            Ok(json!({ "value": value }))
        }
        ["set", device, tag, value] => {
            let value = number(value, "a number")?;
            unit(shared, device)?.set(tag, value, shared.now())?;
            Ok(json!({}))
        }
        ["forbid", device, span] => {
            let span = parse_span(span)?;
            units(shared, device)?
                .into_iter()
                .for_each(|unit| unit.forbid(span));
            Ok(json!({}))
        }
        ["allow", device] => {
            units(shared, device)?
                .into_iter()
                .for_each(|unit| unit.set_forbidden(Vec::new()));
            Ok(json!({}))
        }
        ["reset"] => {
            shared.units.iter().for_each(Unit::reset_measure);
            Ok(json!({}))
        }
        ["report", period_ms] => {
            let period_ms: u64 = number(period_ms, "a period in milliseconds")?;
            Ok(report(shared, Duration::from_millis(period_ms)))
        }
        _ => Err(HELP.to_owned()),
    }
}

fn devices(shared: &Shared) -> Vec<Json> {
    let of = |unit: &Unit| {
        let fault = unit.fault().map(|fault| fault.to_string());
        json!({ "device": unit.name, "unit_id": unit.unit_id, "fault": fault })
    };
    shared.units.iter().map(of).collect()
}

fn set_fault(
    shared: &Shared,
    device: &str,
    fault: &str,
    times: Option<u32>,
) -> Result<Json, String> {
    let fault = Fault::parse(fault).map_err(|error| error.to_string())?;
    units(shared, device)?
        .into_iter()
        .for_each(|unit| unit.set_fault(fault, times));
    Ok(json!({}))
}

fn report(shared: &Shared, period: Duration) -> Json {
    let devices = shared.report(period);
    let scans: Vec<ScanReport> = devices.iter().map(|device| device.scans.clone()).collect();
    json!({ "total": ScanReport::sum(&scans), "devices": devices })
}

fn unit<'a>(shared: &'a Shared, device: &str) -> Result<&'a Unit, String> {
    shared.unit(device).map_err(|error| error.to_string())
}

fn units<'a>(shared: &'a Shared, device: &str) -> Result<Vec<&'a Unit>, String> {
    if device == "*" {
        return Ok(shared.units.iter().collect());
    }
    unit(shared, device).map(|unit| vec![unit])
}

fn number<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not {what}; {HELP}"))
}

/// Divides a line at blanks, save those in double quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.trim().chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words
                .last_mut()
                .into_iter()
                .for_each(|word| word.push(other)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
