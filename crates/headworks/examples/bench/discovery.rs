//! The first hour with a plant: what discovery finds, and with how many requests.

use headworks_protocols::modbus::discover::labelled::{self, scans};

use crate::figure::{Reach, report};

/// Decides the values and holes of the simulated devices.
const SEED: u64 = 1;

/// Measures discovery.
pub(crate) fn measure() {
    decode();
    scan();
}

fn decode() {
    let blocks = labelled::blocks(SEED);
    let score = labelled::score(&blocks);
    let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    report(
        "labelled blocks",
        count(score.blocks),
        "blocks",
        Reach::AtLeast(300.0),
    );
    report("values in them", count(score.values), "values", Reach::None);
    report(
        "right type and order first",
        score.first_share(),
        "share",
        Reach::AtLeast(0.95),
    );
    report(
        "among the first three",
        score.third_share(),
        "share",
        Reach::AtLeast(0.99),
    );
    report(
        "blocks right as a whole",
        score.whole_share(),
        "share",
        Reach::None,
    );
}

fn scan() {
    let figures = scans::figures(SEED);
    for figure in &figures {
        let name = format!("scan of 65,536 registers: {}", figure.name);
        let ratio = if figure.is_complete {
            figure.ratio()
        } else {
            f64::INFINITY // a scan that misses a register is none
        };
        report(&name, ratio, "ratio", Reach::AtMost(1.2));
    }
}
