//! The cheapest way to part a block into values, and the cheapest way through each hypothesis.
//!
//! A device has one byte order, and neighbours are of one type more often than not: a change of
//! type costs a few bits, a change of order many.

use headworks_core::ByteOrder;

use super::kind::{Hypothesis, KINDS};

const ORDERS: usize = ByteOrder::ALL.len();
/// Bits of going on with the same type.
const SAME: f64 = 0.6;
/// Bits of another type, besides those of the type itself.
const OTHER: f64 = 1.6;
/// Bits of another order.
const TURN: f64 = 20.0;
/// Bits of each order for the device: how rare it is.
const ORDER: [f64; ORDERS] = [1.0, 1.6, 4.0, 3.2];

/// Least prices by type and order of the last value.
type Prices = [[f64; ORDERS]; KINDS.len()];

const NONE: Prices = [[f64::INFINITY; ORDERS]; KINDS.len()];

/// All ways through a block.
#[derive(Debug)]
pub(super) struct Lattice {
    hypotheses: Vec<Hypothesis>, // invariant: by start
    before: Vec<Prices>,         // up to each register, by the last value
    behind: Vec<Prices>,         // from each register to the end, by the value before
    best: f64,
}

impl Lattice {
    /// Returns the lattice of a block of so many registers.
    pub(super) fn new(hypotheses: Vec<Hypothesis>, length: usize) -> Lattice {
        let mut lattice = Lattice {
            before: forward(&hypotheses, length),
            behind: backward(&hypotheses, length),
            hypotheses,
            best: 0.0,
        };
        let all = lattice.hypotheses.iter().take_while(|one| one.start == 0);
        lattice.best = all
            .map(|one| lattice.through(one))
            .fold(f64::INFINITY, f64::min);
        lattice
    }

    /// Returns what the whole block costs when this is one of its values.
    fn through(&self, one: &Hypothesis) -> f64 {
        enter(&self.before, one)
            + one.bits
            + self.behind[one.start + one.width][one.kind][one.order]
    }

    /// Returns the hypotheses about a register, best first, with the bits that each costs more
    /// than the best way through the block.
    pub(super) fn ranked(&self, register: usize) -> Vec<(Hypothesis, f64)> {
        let about = self.hypotheses.iter().filter(|one| one.covers(register));
        let mut ranked: Vec<_> = about
            .map(|one| (*one, self.through(one) - self.best))
            .collect();
        ranked.sort_by(|one, other| one.1.total_cmp(&other.1));
        ranked
    }

    /// Returns the values of the best way, in their order.
    pub(super) fn values(&self) -> Vec<Hypothesis> {
        let mut values: Vec<Hypothesis> = Vec::new();
        let mut at = 0;
        loop {
            let last = values.last().copied();
            let here = self.hypotheses.iter().filter(|one| one.start == at);
            let price = |one: &Hypothesis| {
                let step = last.map_or_else(|| begin(one), |last| step(&last, one));
                step + one.bits + self.behind[at + one.width][one.kind][one.order]
            };
            let Some(best) = here.min_by(|one, other| price(one).total_cmp(&price(other))) else {
                return values;
            };
            at += best.width;
            values.push(*best);
        }
    }
}

/// The bits of the first value of a block.
fn begin(one: &Hypothesis) -> f64 {
    ORDER[one.order] + KINDS[one.kind].1
}

/// The bits of one value behind another.
fn step(last: &Hypothesis, one: &Hypothesis) -> f64 {
    if last.order != one.order {
        return TURN + OTHER + KINDS[one.kind].1;
    }
    if last.kind == one.kind {
        SAME
    } else {
        OTHER + KINDS[one.kind].1
    }
}

/// Returns the least price of all before a hypothesis and of the step to it.
fn enter(before: &[Prices], one: &Hypothesis) -> f64 {
    if one.start == 0 {
        return begin(one);
    }
    let prices = &before[one.start];
    let same = prices[one.kind][one.order] + SAME;
    let of_order = least(prices.iter().map(|orders| orders[one.order]));
    let of_all = least(prices.iter().flatten().copied());
    let new = OTHER + KINDS[one.kind].1;
    same.min(of_order + new).min(of_all + TURN + new)
}

fn forward(hypotheses: &[Hypothesis], length: usize) -> Vec<Prices> {
    let mut before = vec![NONE; length + 1];
    for one in hypotheses {
        let price = enter(&before, one) + one.bits;
        let slot = &mut before[one.start + one.width][one.kind][one.order];
        *slot = slot.min(price);
    }
    before
}

fn backward(hypotheses: &[Hypothesis], length: usize) -> Vec<Prices> {
    let mut behind = vec![NONE; length + 1];
    behind[length] = [[0.0; ORDERS]; KINDS.len()];
    for at in (0..length).rev() {
        let mut rest = NONE; // of the values that begin here, by their kind and order
        let first = hypotheses.partition_point(|one| one.start < at);
        for one in hypotheses[first..].iter().take_while(|one| one.start == at) {
            let slot = &mut rest[one.kind][one.order];
            *slot = slot.min(one.bits + behind[at + one.width][one.kind][one.order]);
        }
        let new = |order: usize| {
            let kinds = rest.iter().zip(&KINDS);
            least(kinds.map(|(orders, (_, bits))| orders[order] + OTHER + bits))
        };
        let of_order: Vec<f64> = (0..ORDERS).map(new).collect();
        let of_all = least(of_order.iter().copied()) + TURN;
        for (kind, orders) in rest.iter().enumerate() {
            for (order, same) in orders.iter().enumerate() {
                let least = (same + SAME).min(of_order[order]).min(of_all);
                behind[at][kind][order] = least;
            }
        }
    }
    behind
}

fn least(prices: impl Iterator<Item = f64>) -> f64 {
    prices.fold(f64::INFINITY, f64::min)
}
