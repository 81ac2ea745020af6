//! Figures of the codec: `cargo xtask bench codec`. An answer with 125 registers is checked and
//! its values are decoded, again and again.

use std::hint::black_box;
use std::time::Instant;

use headworks_core::{ByteOrder, DataType, RegisterFormat};
use headworks_protocols::modbus::pdu::{Answer, Request};
use headworks_protocols::modbus::table::Table;
use serde_json::json;

/// Values per second that are wanted.
const REACH: f64 = 10e6;

fn main() {
    figure("decode 125 registers as uint16", &[DataType::Uint16]);
    figure("decode 125 registers as float32", &[DataType::Float32]);
    figure(
        "decode 125 registers of mixed types",
        &[
            DataType::Uint16,
            DataType::Int16,
            DataType::Float32,
            DataType::Uint32,
            DataType::Bool,
            DataType::Float64,
        ],
    );
}

#[expect(clippy::print_stdout, reason = "figures go to the standard output")]
fn figure(name: &str, types: &[DataType]) {
    let value = values_per_sec(types);
    let line = json!({
        "name": name, "value": value, "unit": "values/s", "reach": ">= 10 M/s",
        "met": REACH <= value,
    });
    println!("{line}");
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
fn values_per_sec(types: &[DataType]) -> f64 {
    let layout = layout(types);
    let request = Request::Read {
        table: Table::Holding,
        start: 0,
        count: 125,
    };
    let mut data = Vec::new();
    (0..125_u16).for_each(|register| data.extend((0x4248 + register).to_be_bytes()));
    let mut pdu = Vec::new();
    request.encode_answer(Answer::Data(&data), &mut pdu);

    let begin = Instant::now();
    let mut decoded = 0;
    while begin.elapsed().as_secs_f64() < 1.0 {
        for _ in 0..1000 {
            let Ok(Answer::Data(data)) = request.decode_answer(black_box(&pdu)) else {
                continue;
            };
            for (place, format) in &layout {
                let end = place + usize::from(format.registers()) * 2;
                let value = format.decode(&data[*place..end]);
                decoded += usize::from(black_box(value).is_ok());
            }
        }
    }
    decoded as f64 / begin.elapsed().as_secs_f64()
}

/// Returns where each value stands in the data: the types over and over, as many as fit.
fn layout(types: &[DataType]) -> Vec<(usize, RegisterFormat)> {
    let mut layout = Vec::new();
    let mut place = 0;
    let orders = ByteOrder::ALL.into_iter().cycle();
    for (data_type, order) in types.iter().cycle().zip(orders) {
        let Ok(format) = RegisterFormat::new(*data_type, order, None, None) else {
            break;
        };
        let end = place + usize::from(format.registers()) * 2;
        if 250 < end {
            break;
        }
        layout.push((place, format));
        place = end;
    }
    layout
}
