//! `headworks probe`: asks a device from the shell.

mod decode;
mod discover;
mod sunspec;
mod table;

use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use headworks_core::model::Settings;
use headworks_core::{ByteOrder, DataType, Value};
use headworks_protocols::modbus::address::Address;
use headworks_protocols::modbus::probe::{Probe, ProbeError, ProbeReport, ProbeRow, probe};
use serde::de::DeserializeOwned;

use crate::settings::SettingsError;
use discover::DiscoverCommand;
use sunspec::SunSpecArguments;

/// The protocols that can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum ProbeCommand {
    /// Read registers or coils of a Modbus device and decode them
    #[command(after_help = EXAMPLES)]
    Modbus(ModbusArguments),
    /// Read what a SunSpec device says of itself and make a device template of it
    #[command(after_help = EXAMPLES_SUNSPEC)]
    Sunspec(SunSpecArguments),
}

/// Examples of `probe`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks probe modbus 192.0.2.10 HR0 --count 10
  headworks probe modbus 192.0.2.10:1502 40100 --unit 3 --type float32 --order all
  headworks probe modbus /dev/ttyUSB0 IR0 --unit 7 --baud-rate 19200 --parity even
  headworks probe modbus 192.0.2.10 C0 --count 16 --repeat 10 --every-ms 500
  headworks probe modbus scan-units /dev/ttyUSB0 --last 32
  headworks probe modbus scan-registers 192.0.2.10 --unit 3 --table holding --last 9999
  headworks probe modbus decode 192.0.2.10 HR100 --count 40 --samples 10
  headworks probe modbus write 192.0.2.10 HR7 42 --unit 3 --yes
  headworks probe sunspec 192.0.2.10 --unit 126

Addresses: holding register 40001, HR0 or holding:0; input register 30001, IR0 or input:0;
coil 00001, C0 or coil:0; discrete input 10001, DI0 or discrete:0; one bit HR0.3.";

/// Examples of `probe sunspec`.
const EXAMPLES_SUNSPEC: &str = "\
Examples:
  headworks probe sunspec 192.0.2.10
  headworks probe sunspec 192.0.2.10:1502 --unit 126 --json
  headworks probe sunspec 192.0.2.10 --name 'Roof south' --save --dry-run
  headworks probe sunspec 192.0.2.10 --save --url http://127.0.0.1:8080

Then make devices of the template: headworks templates apply --help";

/// Arguments of `probe modbus`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ModbusArguments {
    #[command(subcommand)]
    discover: Option<DiscoverCommand>,
    #[command(flatten)]
    read: ReadArguments,
}

/// Arguments of a read.
#[derive(Debug, Args)]
struct ReadArguments {
    /// Host with or without port, or the path of a serial port
    endpoint: Option<String>,
    /// First value, as a tag writes its address
    #[arg(default_value = "HR0")]
    address: Address,
    /// Unit id
    #[arg(long, default_value_t = 1)]
    unit: u8,
    /// Number of values
    #[arg(long, default_value_t = 1)]
    count: u16,
    /// Data type: uint16, int32, float32, string, bcd16 ...
    #[arg(long = "type", value_name = "TYPE", default_value = "uint16")]
    #[arg(value_parser = named::<DataType>)]
    data_type: DataType,
    /// Byte order: ABCD, CDAB, BADC, DCBA, or all to see which one is right
    #[arg(long, default_value = "ABCD", value_parser = order)]
    order: Orders,
    /// Registers of a string
    #[arg(long, value_name = "REGISTERS")]
    length: Option<u16>,
    #[command(flatten)]
    way: WayArguments,
    /// Longest wait for an answer, in milliseconds
    #[arg(long, default_value_t = 1000)]
    timeout_ms: u32,
    /// Ask so many times
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    repeat: u32,
    /// Pause between two times, in milliseconds
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1000)]
    every_ms: u64,
    /// Show the bytes on the wire
    #[arg(long)]
    exchange: bool,
}

/// How a device is reached.
#[derive(Debug, Args)]
struct WayArguments {
    /// tcp, tls, rtu_over_tcp, ascii_over_tcp, rtu, ascii [default: tcp, rtu on a serial port]
    #[arg(long)]
    transport: Option<String>,
    /// Bits per second of a serial port
    #[arg(long)]
    baud_rate: Option<u32>,
    /// Parity of a serial port: none, even, odd
    #[arg(long)]
    parity: Option<String>,
}

/// One byte order, or all.
#[derive(Clone, Copy, Debug)]
struct Orders(Option<ByteOrder>);

/// Reads a name as the configuration writes it.
fn named<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

fn order(text: &str) -> Result<Orders, String> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(Orders(None));
    }
    named(&text.to_ascii_uppercase()).map(|order| Orders(Some(order)))
}

/// Asks and prints what was found.
pub(crate) fn run(command: &ProbeCommand) -> anyhow::Result<()> {
    let arguments = match command {
        ProbeCommand::Modbus(arguments) => arguments,
        ProbeCommand::Sunspec(arguments) => return sunspec::run(arguments),
    };
    match &arguments.discover {
        Some(command) => discover::run(command),
        None => read(&arguments.read),
    }
}

fn read(arguments: &ReadArguments) -> anyhow::Result<()> {
    let endpoint = arguments.endpoint.as_deref().ok_or_else(|| {
        let reason = "say which device: host with or without port, or the path of a serial port";
        SettingsError::Argument {
            reason: reason.to_owned(),
        }
    })?;
    let question = Probe {
        connection: connection(endpoint, &arguments.way, arguments.timeout_ms),
        unit_id: arguments.unit,
        address: arguments.address,
        count: arguments.count,
        data_type: arguments.data_type,
        order: arguments.order.0,
        length: arguments.length,
    };
    let runtime = runtime()?;
    for time in 0..arguments.repeat {
        if 0 < time {
            std::thread::sleep(Duration::from_millis(arguments.every_ms));
        }
        match runtime.block_on(probe(&question)) {
            Ok(report) => print_report(&report, arguments),
            Err(error) => return Err(explain(error, arguments.exchange)),
        }
    }
    Ok(())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the probe cannot start")
}

/// Returns the settings of the connection as they would be configured.
fn connection(endpoint: &str, way: &WayArguments, timeout_ms: u32) -> Settings {
    let is_serial_port = endpoint.starts_with('/');
    let (place, transport) = if is_serial_port {
        ("serial_port", "rtu")
    } else {
        ("endpoint", "tcp")
    };
    let transport = way.transport.as_deref().unwrap_or(transport);
    let mut settings = Settings::new();
    settings.insert("transport".into(), transport.into());
    settings.insert(place.into(), endpoint.into());
    settings.insert("timeout_ms".into(), timeout_ms.into());
    if let Some(baud_rate) = way.baud_rate {
        settings.insert("baud_rate".into(), baud_rate.into());
    }
    if let Some(parity) = &way.parity {
        settings.insert("parity".into(), parity.as_str().into());
    }
    settings
}

/// A question that makes no sense is a usage error; silence and refusals are failures.
fn explain(error: ProbeError, exchange: bool) -> anyhow::Error {
    match error {
        ProbeError::Question(reason) => SettingsError::Argument { reason }.into(),
        ProbeError::Ask {
            error,
            exchange: lines,
        } => {
            if exchange {
                print_lines(&lines);
            }
            // Its text says it all: the chain below would say it twice.
            anyhow::anyhow!("{error}")
        }
    }
}

fn print_report(report: &ProbeReport, arguments: &ReadArguments) {
    if arguments.exchange {
        print_lines(&report.exchange);
    }
    let orders: Vec<ByteOrder> = report
        .rows
        .first()
        .map(|row| row.values.iter().map(|(order, _)| *order).collect())
        .unwrap_or_default();
    if 1 < orders.len() {
        print!("{:16} {:24}", "", "");
        for order in orders {
            print!(" {:>22}", format!("{order:?}").to_uppercase());
        }
        println!();
    }
    for row in &report.rows {
        print_row(row, arguments.data_type);
    }
    let connect_ms = report.connect_time.as_secs_f64() * 1000.0;
    let round_trip_ms = report
        .round_trip
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0);
    println!("connected in {connect_ms:.1} ms, answered in {round_trip_ms:.1} ms");
}

fn print_row(row: &ProbeRow, data_type: DataType) {
    let hex: Vec<String> = row.bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    print!("{:16} {:24}", row.address.to_string(), hex.join(" "));
    for (_, value) in &row.values {
        let shown = match value {
            Ok(value) => show(value, data_type),
            Err(reason) => format!("({reason})"),
        };
        print!(" {shown:>22}");
    }
    println!();
}

fn show(value: &Value, data_type: DataType) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        #[expect(clippy::cast_possible_truncation, reason = "it was made of 32 bits")]
        Value::F64(number) if data_type == DataType::Float32 => (*number as f32).to_string(),
        value => serde_json::to_string(value).unwrap_or_default(),
    }
}

fn print_lines(lines: &[String]) {
    for line in lines {
        println!("{line}");
    }
}
