//! `headworks probe modbus scan-units|scan-registers|decode|write`.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use headworks_protocols::modbus::address::Address;
use headworks_protocols::modbus::discover::registers::{Range, RangeScan};
use headworks_protocols::modbus::discover::report::{self, TableReport};
use headworks_protocols::modbus::discover::run::{Pace, RunError, Runner, Watch, Wish, gentle};
use headworks_protocols::modbus::discover::test_write::{TestWrite, TestWriting, WriteOutcome};
use headworks_protocols::modbus::discover::units::{UnitScan, UnitsEnd};
use headworks_protocols::modbus::discover::{OpenError, OpenLine};
use headworks_protocols::modbus::table::Table;
use serde::Serialize;
use serde_json::json;

use super::decode::{self, DecodeArguments};
use super::{WayArguments, connection, named, runtime, table};
use crate::settings::SettingsError;

/// What to find out.
#[derive(Debug, Subcommand)]
pub(super) enum DiscoverCommand {
    /// Find the units that answer on a line or behind a gateway
    ScanUnits(UnitsArguments),
    /// Find the registers, inputs and coils that a unit has; reads only
    ScanRegisters(RegistersArguments),
    /// Read a block a few times and tell what its values may be: type, order, scale
    Decode(DecodeArguments),
    /// Write one register or coil and read it back
    Write(WriteArguments),
}

/// The device and how gently it is asked.
#[derive(Debug, Args)]
pub(super) struct LineArguments {
    /// Host with or without port, or the path of a serial port
    pub(super) endpoint: String,
    #[command(flatten)]
    way: WayArguments,
    /// Rest after each answer, in milliseconds [default: 5, 20 on a serial line]
    #[arg(long)]
    pause_ms: Option<u64>,
    /// Longest wait for an answer, in milliseconds [default: 500, 300 on a serial line]
    #[arg(long, value_parser = clap::value_parser!(u32).range(10..=60_000))]
    timeout_ms: Option<u32>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `scan-units`.
#[derive(Debug, Args)]
pub(super) struct UnitsArguments {
    #[command(flatten)]
    line: LineArguments,
    /// First unit id
    #[arg(long, default_value_t = 1)]
    first: u8,
    /// Last unit id
    #[arg(long, default_value_t = 247)]
    last: u8,
    /// Times a silent unit is asked again
    #[arg(long, default_value_t = 0)]
    retries: u8,
}

/// Arguments of `scan-registers`.
#[derive(Debug, Args)]
pub(super) struct RegistersArguments {
    #[command(flatten)]
    line: LineArguments,
    /// Unit id
    #[arg(long, default_value_t = 1)]
    unit: u8,
    /// holding, input, coil or discrete; may be given more than once [default: all four]
    #[arg(long = "table", value_parser = named::<Table>)]
    tables: Vec<Table>,
    /// First address, from 0
    #[arg(long, default_value_t = 0)]
    first: u16,
    /// Last address
    #[arg(long, default_value_t = u16::MAX)]
    last: u16,
    /// Most registers of one read
    #[arg(long, default_value_t = 125, value_parser = clap::value_parser!(u16).range(1..=125))]
    max_registers: u16,
    /// Most coils or inputs of one read
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u16).range(1..=2000))]
    max_bits: u16,
    /// Read in pieces of so many addresses: 2 for devices that give no half of a value
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=4))]
    grain: u16,
}

/// Arguments of `write`.
#[derive(Debug, Args)]
pub(super) struct WriteArguments {
    #[command(flatten)]
    line: LineArguments,
    /// A coil or a holding register
    address: Address,
    /// 0 or 1 for a coil, -32768 to 65535 for a register
    #[arg(allow_negative_numbers = true)]
    value: i32,
    /// Unit id
    #[arg(long, default_value_t = 1)]
    unit: u8,
    /// Least value that may be written
    #[arg(long, allow_negative_numbers = true)]
    min: Option<i32>,
    /// Greatest value that may be written
    #[arg(long, allow_negative_numbers = true)]
    max: Option<i32>,
    /// Write only when this stands there before
    #[arg(long)]
    expect: Option<u16>,
    /// Write the old value back at the end
    #[arg(long)]
    restore: bool,
    /// Use functions 16 and 15, for devices that do not know 6 and 5
    #[arg(long)]
    multiple: bool,
    /// Yes, write
    #[arg(long)]
    yes: bool,
}

/// Ctrl-C ends a scan; what was found is printed.
#[derive(Default)]
pub(super) struct UntilInterrupted(Arc<AtomicBool>);

impl Watch for UntilInterrupted {
    fn wish(&self) -> Wish {
        if self.0.load(Ordering::Relaxed) {
            Wish::End
        } else {
            Wish::GoOn
        }
    }
}

impl UntilInterrupted {
    pub(super) fn listen() -> UntilInterrupted {
        let watch = UntilInterrupted::default();
        let flag = Arc::clone(&watch.0);
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                flag.store(true, Ordering::Relaxed);
            }
        });
        watch
    }
}

/// Says how far a scan is, once a second, when a person looks.
struct Ticker {
    next: Instant,
    is_on: bool,
}

impl Ticker {
    fn new(arguments: &LineArguments) -> Ticker {
        Ticker {
            next: Instant::now() + Duration::from_secs(1),
            is_on: !arguments.json && std::io::stderr().is_terminal(),
        }
    }

    fn tell(&mut self, text: impl FnOnce() -> String) {
        if self.is_on && self.next <= Instant::now() {
            eprintln!("{}", text());
            self.next = Instant::now() + Duration::from_secs(1);
        }
    }
}

/// Finds out and prints it.
pub(super) fn run(command: &DiscoverCommand) -> anyhow::Result<()> {
    let runtime = runtime()?;
    match command {
        DiscoverCommand::ScanUnits(arguments) => runtime.block_on(scan_units(arguments)),
        DiscoverCommand::ScanRegisters(arguments) => runtime.block_on(scan_registers(arguments)),
        DiscoverCommand::Decode(arguments) => runtime.block_on(decode::run(arguments)),
        DiscoverCommand::Write(arguments) => runtime.block_on(write(arguments)),
    }
}

pub(super) async fn open(arguments: &LineArguments) -> anyhow::Result<(OpenLine, Pace)> {
    let timeout_ms = arguments.timeout_ms.unwrap_or(1000);
    let settings = connection(&arguments.endpoint, &arguments.way, timeout_ms);
    let line = OpenLine::of(&settings).await.map_err(|error| match error {
        OpenError::Settings(_) => usage(error.to_string()),
        OpenError::Link(error) => anyhow::anyhow!("{error}"),
    })?;
    let usual = gentle(line.is_serial());
    let timeout = arguments
        .timeout_ms
        .map(|ms| Duration::from_millis(ms.into()));
    let pace = Pace {
        pause: arguments
            .pause_ms
            .map_or(usual.pause, Duration::from_millis),
        timeout: timeout.unwrap_or(usual.timeout),
    };
    Ok((line, pace))
}

pub(super) fn usage(reason: String) -> anyhow::Error {
    SettingsError::Argument { reason }.into()
}

/// A scan that was interrupted is printed as far as it came; a link that failed is an error.
pub(super) fn unless_interrupted(done: Result<(), RunError>) -> anyhow::Result<()> {
    match done {
        Ok(()) | Err(RunError::Cancelled) => Ok(()),
        Err(RunError::Link(reason)) => Err(anyhow::anyhow!(reason)),
    }
}

pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

async fn scan_units(arguments: &UnitsArguments) -> anyhow::Result<()> {
    if arguments.last < arguments.first {
        let (first, last) = (arguments.first, arguments.last);
        return Err(usage(format!("--first {first} is above --last {last}")));
    }
    let (mut line, pace) = open(&arguments.line).await?;
    let is_broadcast = arguments.first == 0 || 247 < arguments.last;
    if line.is_serial() && is_broadcast {
        return Err(usage("on a serial line units are 1 to 247".to_owned()));
    }
    let watch = UntilInterrupted::listen();
    let mut scan = UnitScan::new(arguments.first..=arguments.last, arguments.retries);
    let mut ticker = Ticker::new(&arguments.line);
    let mut tell = |scan: &UnitScan| {
        let counts = scan.counts();
        ticker.tell(|| {
            let (settled, total) = (counts.settled, counts.total);
            format!("{settled} of {total} units, {} found", counts.found)
        });
    };
    let mut runner = Runner::new(&mut line, &watch, pace);
    unless_interrupted(runner.units(&mut scan, &mut tell).await)?;
    if arguments.line.json {
        let (units, counts, end) = (scan.found(), scan.counts(), scan.ended());
        return print_json(&json!({ "units": units, "counts": counts, "end": end }));
    }
    print_units(&scan);
    Ok(())
}

fn print_units(scan: &UnitScan) {
    let rows: Vec<[String; 4]> = scan
        .found()
        .iter()
        .map(|unit| {
            let tables = unit.tables.iter().map(|answer| {
                let code = answer
                    .exception
                    .map_or("-".into(), |code| format!("{code:02X}"));
                let said = answer.value.map_or(code, |_| "yes".to_owned());
                format!("{} {said}", answer.table)
            });
            let same = unit
                .same_as
                .map_or(String::new(), |id| format!("as unit {id}"));
            [
                unit.unit_id.to_string(),
                unit.guess.words.clone(),
                tables.collect::<Vec<_>>().join(", "),
                same,
            ]
        })
        .collect();
    table::print(
        ["unit", "what it is", "first address of each table", ""],
        &rows,
    );
    let counts = scan.counts();
    println!("{} of {} units answer", counts.found, counts.settled);
    match scan.ended() {
        Some(UnitsEnd::Complete) => {}
        Some(UnitsEnd::OneDevice) => {
            println!("one device answers to every unit id; the others were not asked");
        }
        None => println!(
            "stopped early: {} units were not asked",
            counts.total - counts.settled
        ),
    }
}

async fn scan_registers(arguments: &RegistersArguments) -> anyhow::Result<()> {
    if arguments.last < arguments.first {
        let (first, last) = (arguments.first, arguments.last);
        return Err(usage(format!("--first {first} is above --last {last}")));
    }
    let (mut line, pace) = open(&arguments.line).await?;
    let watch = UntilInterrupted::listen();
    let all = [Table::Holding, Table::Input, Table::Coil, Table::Discrete];
    let tables = match arguments.tables.as_slice() {
        [] => &all,
        tables => tables,
    };
    let mut reports: Vec<TableReport> = Vec::new();
    for table in tables {
        let most = if table.is_bits() {
            arguments.max_bits
        } else {
            arguments.max_registers
        };
        let mut scan = RangeScan::new(Range {
            table: *table,
            first: arguments.first,
            last: arguments.last,
            most,
            grain: arguments.grain,
        });
        let mut ticker = Ticker::new(&arguments.line);
        let mut tell = |scan: &RangeScan| ticker.tell(|| progress(*table, scan));
        let mut runner = Runner::new(&mut line, &watch, pace);
        let done = runner.registers(arguments.unit, &mut scan, &mut tell).await;
        reports.push(report::report(&scan));
        if done.is_err() {
            unless_interrupted(done)?;
            break;
        }
    }
    if arguments.line.json {
        return print_json(&json!({ "unit_id": arguments.unit, "tables": reports }));
    }
    reports.iter().for_each(print_report);
    Ok(())
}

fn progress(table: Table, scan: &RangeScan) -> String {
    let counts = scan.counts();
    let (settled, total) = (counts.settled, counts.total);
    format!(
        "{table}: {settled} of {total} addresses, {} found, {} requests",
        counts.found, counts.asked
    )
}

fn print_report(report: &TableReport) {
    println!("{}", report.words);
    let rows: Vec<[String; 6]> = report
        .parts
        .iter()
        .map(|part| {
            let five = |place: &Option<String>| place.clone().unwrap_or_else(|| "-".to_owned());
            let values = part.values.iter().map(|value| format!("{value:04X}"));
            let values = values.collect::<Vec<_>>().join(" ");
            [
                format!("{}..{}", part.first.tag, part.last.tag),
                five(&part.first.five_digits),
                part.first.six_digits.clone(),
                part.first.hex.clone(),
                part.count.to_string(),
                if part.is_blank {
                    "zeros only".to_owned()
                } else {
                    values
                },
            ]
        })
        .collect();
    if !rows.is_empty() {
        let head = [
            "addresses",
            "5 digits",
            "6 digits",
            "hex",
            "count",
            "first values",
        ];
        table::print(head, &rows);
    }
    if let Some(read_max) = report.read_max {
        println!("the device gives {read_max} at once at most: max_registers or max_bits");
    }
    let counts = report.counts;
    println!(
        "{} of {} addresses, {} requests, {} refused, {} unanswered",
        counts.found, counts.settled, counts.asked, counts.refused, counts.unanswered
    );
}

async fn write(arguments: &WriteArguments) -> anyhow::Result<()> {
    let mut writing = TestWriting::new(TestWrite {
        address: arguments.address,
        value: arguments.value,
        min: arguments.min.unwrap_or(i32::MIN),
        max: arguments.max.unwrap_or(i32::MAX),
        expect: arguments.expect,
        restore: arguments.restore,
        multiple: arguments.multiple,
    })
    .map_err(|refusal| usage(refusal.to_string()))?;
    if !arguments.yes {
        let reason = format!(
            "this writes {} to {} of unit {}; add --yes if that is safe for the plant",
            arguments.value, arguments.address, arguments.unit
        );
        return Err(usage(reason));
    }
    let (mut line, pace) = open(&arguments.line).await?;
    let watch = UntilInterrupted::listen();
    let mut runner = Runner::new(&mut line, &watch, pace);
    runner.test_write(arguments.unit, &mut writing).await?;
    let outcome = writing.outcome();
    if arguments.line.json {
        print_json(outcome)?;
    } else {
        print_outcome(outcome, arguments);
    }
    if outcome.confirmed && outcome.code == "confirmed" {
        return Ok(());
    }
    Err(anyhow::anyhow!("{}: {}", arguments.address, outcome.words))
}

fn print_outcome(outcome: &WriteOutcome, arguments: &WriteArguments) {
    let shown = |word: Option<u16>| word.map_or("-".to_owned(), |word| word.to_string());
    let address = &outcome.address;
    let rows = [[
        address.tag.clone(),
        address
            .five_digits
            .clone()
            .unwrap_or_else(|| "-".to_owned()),
        address.six_digits.clone(),
        address.hex.clone(),
        shown(outcome.old),
        shown(outcome.written),
        shown(outcome.read_back),
        shown(outcome.restored),
    ]];
    let head = [
        "address",
        "5 digits",
        "6 digits",
        "hex",
        "before",
        "written",
        "read back",
        "restored",
    ];
    table::print(head, &rows);
    println!("{}", outcome.words);
    if let (Some(old), Some(_), None) = (outcome.old, outcome.written, outcome.restored) {
        println!(
            "the old value again: headworks probe modbus write {} {} {old} --unit {} --yes",
            arguments.line.endpoint, arguments.address, arguments.unit
        );
    }
}
