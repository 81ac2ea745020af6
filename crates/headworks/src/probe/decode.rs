//! `headworks probe modbus decode`: what registers may mean, best first.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use headworks_protocols::modbus::address::Address;
use headworks_protocols::modbus::discover::decode::{
    Block, Candidate, FoundValue, REGISTERS_MAX, SAMPLES_MAX, Sample,
};
use headworks_protocols::modbus::discover::run::{RunError, Runner};
use headworks_protocols::modbus::table::Span;
use serde_json::{Value, json};

use super::discover::{LineArguments, UntilInterrupted, open, print_json, usage};
use super::table;

/// Arguments of `decode`.
#[derive(Debug, Args)]
pub(super) struct DecodeArguments {
    #[command(flatten)]
    line: LineArguments,
    /// First register, as a tag writes its address
    address: Address,
    /// Number of registers
    #[arg(long, default_value_t = 20)]
    count: u16,
    /// Unit id
    #[arg(long, default_value_t = 1)]
    unit: u8,
    /// Times the registers are read: the more, the surer
    #[arg(long, default_value_t = 8)]
    samples: u32,
    /// Time between two reads, in milliseconds
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1000)]
    every_ms: u64,
    /// Most registers of one read
    #[arg(long, default_value_t = 125, value_parser = clap::value_parser!(u16).range(1..=125))]
    max_registers: u16,
    /// Show so many readings of each value
    #[arg(long, default_value_t = 1)]
    best: usize,
}

/// Reads the block a few times and prints what it may be.
pub(super) async fn run(arguments: &DecodeArguments) -> anyhow::Result<()> {
    let Address { table, start, bit } = arguments.address;
    let span = Span {
        table,
        start,
        count: arguments.count,
    };
    let room = (0x1_0000 - usize::from(start)).min(REGISTERS_MAX);
    if bit.is_some() {
        return Err(usage(format!(
            "{} is one bit; name the register",
            arguments.address
        )));
    }
    if arguments.count == 0 || room < arguments.count.into() {
        let count = arguments.count;
        return Err(usage(format!(
            "--count {count}; 1 to {room} are possible here"
        )));
    }
    let samples_max = u32::try_from(SAMPLES_MAX)?;
    if arguments.samples == 0 || samples_max < arguments.samples {
        let found = arguments.samples;
        return Err(usage(format!(
            "--samples {found}; 1 to {samples_max} are possible"
        )));
    }
    let samples = sample(arguments, &span).await?;
    let block = Block::new(table, start, &samples)?;
    let values = block.values();
    if arguments.line.json {
        let count = samples.len();
        return print_json(&json!({
            "unit_id": arguments.unit, "samples": count, "values": values,
        }));
    }
    print_values(&values, arguments.best.max(1));
    Ok(())
}

async fn sample(arguments: &DecodeArguments, span: &Span) -> anyhow::Result<Vec<Sample>> {
    let (mut line, pace) = open(&arguments.line).await?;
    let watch = UntilInterrupted::listen();
    let mut runner = Runner::new(&mut line, &watch, pace);
    let mut samples = Vec::new();
    for number in 0..arguments.samples {
        if 0 < number
            && let Err(RunError::Cancelled) =
                runner.rest(Duration::from_millis(arguments.every_ms)).await
        {
            break; // with what was read until then
        }
        let words = runner
            .words(arguments.unit, span, arguments.max_registers)
            .await?;
        let words = words.map_err(|reason| anyhow::anyhow!(reason))?;
        samples.push(Sample {
            time_us: now_us(),
            words,
        });
    }
    Ok(samples)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command has no hub whose clock it could ask"
)]
fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(0))
}

fn print_values(values: &[FoundValue], best: usize) {
    let mut rows = Vec::new();
    for value in values {
        for (rank, candidate) in value.candidates.iter().take(best).enumerate() {
            rows.push(row(candidate, rank));
        }
    }
    let head = [
        "address", "5 digits", "hex", "type", "order", "scale", "unit", "sure", "values", "why",
    ];
    table::print(head, &rows);
}

fn row(candidate: &Candidate, rank: usize) -> [String; 10] {
    let notations = &candidate.notations;
    let five = notations.five_digits.clone();
    let data_type = match candidate.length {
        Some(length) => format!("{} {length}", candidate.data_type),
        None => candidate.data_type.to_string(),
    };
    let values = candidate.values.iter().rev().take(3).rev().map(show);
    let reasons = candidate.reasons.iter().map(|reason| reason.words.as_str());
    let sure = format!("{:.0} %", candidate.confidence * 100.0);
    [
        if rank == 0 {
            candidate.address.clone()
        } else {
            format!("  or {}", candidate.address)
        },
        five.unwrap_or_else(|| "-".to_owned()),
        notations.hex.clone(),
        data_type,
        candidate.order.to_string(),
        candidate.scale.to_string(),
        candidate.unit.clone(),
        sure,
        values.collect::<Vec<_>>().join(" "),
        reasons.collect::<Vec<_>>().join(", "),
    ]
}

/// Floats of four bytes would show digits that they do not have.
fn show(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if value.is_f64() => {
            let text = format!("{number:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => value.to_string(),
    }
}
