//! One simulated device: what its registers hold, and what writing them does.

use std::time::Duration;

use headworks_core::codec::RegisterFormat;
use headworks_core::{DataType, Scaling, Value};
use parking_lot::Mutex;

use super::super::address::Address;
use super::super::exception::ExceptionCode;
use super::super::identity;
use super::super::pdu::{Answer, Request, encode_exception, pack_bits};
use super::super::table::{Span, Table};
use super::fault::Fault;
use super::measure::{Measure, ScanReport};
use super::plant::PlantDevice;
use crate::mix::{mix, seed_of};
use crate::signal::{Signal, Source};

/// Most bytes of a name in the device identification, which has to fit one answer.
const PRODUCT_BYTES_MAX: usize = 100;

/// A device at work.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) unit_id: u8,
    strict: bool,
    points: Vec<Point>, // invariant: by table and address; the index of a point is its source's
    points_max: u16,    // registers of the longest point
    state: Mutex<State>,
}

#[derive(Debug)]
struct Point {
    name: String,
    address: Address,
    format: RegisterFormat,
    scaling: Scaling,
    follows: Option<usize>,
}

#[derive(Debug)]
struct State {
    sources: Vec<Source>,
    forbidden: Vec<Span>,
    fault: Option<(Fault, Option<u32>)>, // how often it is still to happen; nothing for ever
    measure: Measure,
}

impl Unit {
    /// Returns the device at time 0.
    ///
    /// # Panics
    ///
    /// When the plant was not checked.
    pub(super) fn new(device: &PlantDevice, seed: u64) -> Unit {
        let mut tags: Vec<_> = device
            .tags
            .iter()
            .filter_map(|tag| Some((tag.place(device.order).ok()?, tag)))
            .collect();
        assert!(tags.len() == device.tags.len(), "the plant must be checked");
        tags.sort_by_key(|((address, _), _)| *address);
        let index_of = |name: &str| tags.iter().position(|(_, tag)| tag.name.as_str() == name);
        let points: Vec<Point> = tags
            .iter()
            .map(|((address, format), tag)| Point {
                name: tag.name.as_str().to_owned(),
                address: *address,
                format: *format,
                scaling: Scaling::new(tag.scale, tag.offset).unwrap_or(Scaling::IDENTITY),
                follows: tag.signal.follows().and_then(index_of),
            })
            .collect();
        let seed = mix(seed ^ seed_of(device.name.as_bytes()));
        let mut sources: Vec<Source> = tags
            .iter()
            .map(|(_, tag)| {
                let seed = seed ^ seed_of(tag.name.as_str().as_bytes());
                Source::new(tag.signal.clone(), seed)
            })
            .collect();
        for (index, point) in points.iter().enumerate() {
            if let Some(leader) = point.follows {
                let target = sources[leader].number(0.0);
                sources[index].start_at(target);
            }
        }
        let state = State {
            sources,
            forbidden: device.forbidden_spans().unwrap_or_default(),
            fault: None,
            measure: Measure::default(),
        };
        Unit {
            name: device.name.clone(),
            unit_id: device.unit_id,
            strict: device.strict,
            points_max: points
                .iter()
                .map(|point| point.format.registers())
                .max()
                .unwrap_or(1),
            points,
            state: Mutex::new(state),
        }
    }

    /// Notes the request and returns the fault with which it is to be answered.
    pub(super) fn arrived(&self, pdu: &[u8], now: Duration) -> Option<Fault> {
        let mut state = self.state.lock();
        if let Ok(Request::Read {
            table,
            start,
            count,
        }) = Request::decode(pdu)
        {
            state.measure.arrived(
                micros(now),
                Span {
                    table,
                    start,
                    count,
                },
            );
        }
        let (fault, times) = state.fault.as_mut()?;
        let fault = *fault;
        if let Some(times) = times {
            *times -= 1;
            if *times == 0 {
                state.fault = None;
            }
        }
        Some(fault)
    }

    /// Appends the PDU that answers `pdu`.
    pub(super) fn answer(&self, pdu: &[u8], now: Duration, out: &mut Vec<u8>) {
        let start = out.len();
        let done = Request::decode(pdu).and_then(|request| self.execute(&request, now, out));
        if let Err(code) = done {
            out.truncate(start);
            encode_exception(pdu.first().copied().unwrap_or(0), code, out);
        }
    }

    fn execute(
        &self,
        request: &Request,
        now: Duration,
        out: &mut Vec<u8>,
    ) -> Result<(), ExceptionCode> {
        let mut state = self.state.lock();
        let secs = now.as_secs_f64();
        let holding = |start, count| Span {
            table: Table::Holding,
            start,
            count,
        };
        match request {
            Request::Read {
                table,
                start,
                count,
            } => {
                let span = Span {
                    table: *table,
                    start: *start,
                    count: *count,
                };
                let data = self.read(&state, span, secs)?;
                request.encode_answer(Answer::Data(&data), out);
                return Ok(());
            }
            Request::WriteCoil { address, on } => {
                self.write_coils(&mut state, *address, &[*on], secs)?;
            }
            Request::WriteCoils { start, values } => {
                self.write_coils(&mut state, *start, values, secs)?;
            }
            Request::WriteRegister { address, value } => {
                self.write(&mut state, *address, &value.to_be_bytes(), secs)?;
            }
            Request::WriteRegisters { start, bytes } => {
                self.write(&mut state, *start, bytes, secs)?;
            }
            Request::MaskRegister {
                address,
                and_mask,
                or_mask,
            } => {
                let old = self.read(&state, holding(*address, 1), secs)?;
                let old = u16::from_be_bytes([old[0], old[1]]);
                let new = (old & and_mask) | (or_mask & !and_mask);
                self.write(&mut state, *address, &new.to_be_bytes(), secs)?;
            }
            Request::ReadWriteRegisters {
                read_start,
                read_count,
                write_start,
                bytes,
            } => {
                self.write(&mut state, *write_start, bytes, secs)?;
                let data = self.read(&state, holding(*read_start, *read_count), secs)?;
                request.encode_answer(Answer::Data(&data), out);
                return Ok(());
            }
            Request::Identify { level, .. } => {
                request.encode_answer(Answer::Data(&self.identity(*level)), out);
                return Ok(());
            }
        }
        request.encode_answer(Answer::Done, out);
        Ok(())
    }

    /// Returns what the device says it is.
    fn identity(&self, level: u8) -> Vec<u8> {
        let product = &self.name.as_bytes()[..self.name.len().min(PRODUCT_BYTES_MAX)];
        let objects: [identity::Object<'_>; 3] = [
            (0, b"Headworks simulator"),
            (1, product),
            (2, env!("CARGO_PKG_VERSION").as_bytes()),
        ];
        let mut data = Vec::new();
        identity::encode_answer(level, &objects, &mut data);
        data
    }

    /// Returns the data of a read: registers, or bits packed.
    fn read(&self, state: &State, span: Span, secs: f64) -> Result<Vec<u8>, ExceptionCode> {
        if state.forbidden.iter().any(|bad| overlap(bad, &span)) {
            return Err(ExceptionCode::ILLEGAL_DATA_ADDRESS);
        }
        let mut covered = 0;
        let end = span.end();
        let mut reached = u32::from(span.start);
        let data = if span.table.is_bits() {
            let mut bits = vec![false; span.count.into()];
            for (index, point) in self.points_in(&span) {
                bits[usize::from(point.address.start - span.start)] =
                    0.5 <= state.sources[index].number(secs);
                covered += 1;
            }
            reached += covered;
            pack_bits(&bits)
        } else {
            let mut data = vec![0; usize::from(span.count) * 2];
            for (index, point) in self.points_in(&span) {
                if u32::from(point.address.start) <= reached {
                    reached = reached.max(point.span().end());
                }
                point.put(&state.sources[index], secs, &span, &mut data);
            }
            data
        };
        if self.strict && reached < end {
            return Err(ExceptionCode::ILLEGAL_DATA_ADDRESS);
        }
        Ok(data)
    }

    /// Writes registers: whole set points, or parts of them.
    fn write(
        &self,
        state: &mut State,
        start: u16,
        bytes: &[u8],
        secs: f64,
    ) -> Result<(), ExceptionCode> {
        let count = u16::try_from(bytes.len() / 2).unwrap_or(u16::MAX);
        let span = Span {
            table: Table::Holding,
            start,
            count,
        };
        self.check_writable(state, &span)?;
        let mut targets = Vec::new();
        for (index, point) in self.points_in(&span) {
            let mut wire = vec![0; usize::from(point.format.registers()) * 2];
            let own = point.span();
            point.put(&state.sources[index], secs, &own, &mut wire);
            copy_overlap(&span, bytes, &own, &mut wire);
            let value = point.take(&wire).ok_or(ExceptionCode::ILLEGAL_DATA_VALUE)?;
            targets.push((index, value));
        }
        for (index, value) in targets {
            self.set_target(state, index, value, secs);
        }
        Ok(())
    }

    fn write_coils(
        &self,
        state: &mut State,
        start: u16,
        values: &[bool],
        secs: f64,
    ) -> Result<(), ExceptionCode> {
        let count = u16::try_from(values.len()).unwrap_or(u16::MAX);
        let span = Span {
            table: Table::Coil,
            start,
            count,
        };
        self.check_writable(state, &span)?;
        for (index, point) in self.points_in(&span) {
            let on = values[usize::from(point.address.start - start)];
            self.set_target(state, index, f64::from(u8::from(on)), secs);
        }
        Ok(())
    }

    /// Only set points can be written, and every address must belong to one.
    fn check_writable(&self, state: &State, span: &Span) -> Result<(), ExceptionCode> {
        let mut reached = u32::from(span.start);
        for (index, point) in self.points_in(span) {
            let own = point.span();
            if !state.sources[index].signal().is_writable() || reached < u32::from(own.start) {
                return Err(ExceptionCode::ILLEGAL_DATA_ADDRESS);
            }
            reached = reached.max(own.end());
        }
        if reached < span.end() || state.forbidden.iter().any(|bad| overlap(bad, span)) {
            return Err(ExceptionCode::ILLEGAL_DATA_ADDRESS);
        }
        Ok(())
    }

    fn set_target(&self, state: &mut State, index: usize, value: f64, secs: f64) {
        state.sources[index].set_target(value, secs);
        for (other, point) in self.points.iter().enumerate() {
            if point.follows == Some(index) {
                state.sources[other].set_target(value, secs);
            }
        }
    }

    /// Returns the points that have an address in the span, with their indices.
    fn points_in<'a>(&'a self, span: &Span) -> impl Iterator<Item = (usize, &'a Point)> {
        let (table, start, end) = (span.table, u32::from(span.start), span.end());
        let from = start.saturating_sub(u32::from(self.points_max) - 1);
        let first = self.points.partition_point(|point| {
            (point.address.table, u32::from(point.address.start)) < (table, from)
        });
        self.points[first..]
            .iter()
            .enumerate()
            .map(move |(step, point)| (first + step, point))
            .take_while(move |(_, point)| {
                point.address.table == table && u32::from(point.address.start) < end
            })
            .filter(move |(_, point)| start < point.span().end())
    }

    fn point(&self, tag: &str) -> Result<usize, String> {
        let found = self.points.iter().position(|point| point.name == tag);
        found.ok_or_else(|| format!("device {:?} has no tag {tag:?}", self.name))
    }

    /// Returns the value of a tag.
    pub(super) fn value(&self, tag: &str, now: Duration) -> Result<Value, String> {
        let index = self.point(tag)?;
        Ok(self.state.lock().sources[index].value(now.as_secs_f64()))
    }

    /// Puts a tag where it is wanted: a set point is written, anything else stands still there.
    pub(super) fn set(&self, tag: &str, value: f64, now: Duration) -> Result<(), String> {
        let index = self.point(tag)?;
        let mut state = self.state.lock();
        if !state.sources[index].signal().is_writable() {
            state.sources[index] = Source::new(Signal::Constant(value), 0);
        }
        self.set_target(&mut state, index, value, now.as_secs_f64());
        Ok(())
    }

    pub(super) fn set_fault(&self, fault: Option<Fault>, times: Option<u32>) {
        self.state.lock().fault = fault
            .filter(|_| times != Some(0))
            .map(|fault| (fault, times));
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.state.lock().fault.map(|(fault, _)| fault)
    }

    pub(super) fn set_forbidden(&self, spans: Vec<Span>) {
        self.state.lock().forbidden = spans;
    }

    pub(super) fn forbid(&self, span: Span) {
        self.state.lock().forbidden.push(span);
    }

    pub(super) fn reset_measure(&self) {
        self.state.lock().measure = Measure::default();
    }

    pub(super) fn report(&self, period: Duration) -> ScanReport {
        self.state.lock().measure.report(micros(period))
    }
}

impl Point {
    fn span(&self) -> Span {
        let Address { table, start, .. } = self.address;
        Span {
            table,
            start,
            count: self.format.registers(),
        }
    }

    /// Puts the registers of the point into the data of `span`, as far as they lie in it.
    fn put(&self, source: &Source, secs: f64, span: &Span, data: &mut [u8]) {
        if let Some(bit) = self.address.bit {
            if 0.5 <= source.number(secs) {
                let place = usize::from(self.address.start - span.start) * 2;
                data[place + usize::from(bit < 8)] |= 1 << (bit % 8);
            }
            return;
        }
        let value = self.raw(source, secs);
        if let Ok(wire) = self.format.encode(&value) {
            copy_overlap(&self.span(), &wire, span, data);
        }
    }

    /// Returns the value before scaling, held within what the type can hold; a counter begins
    /// again at 0.
    fn raw(&self, source: &Source, secs: f64) -> Value {
        let value = source.value(secs);
        let raw = self.scaling.invert(&value).unwrap_or(value);
        if self.format.data_type() == DataType::Bool {
            return Value::Bool(raw.as_f64().is_some_and(|number| 0.5 <= number));
        }
        match (self.format.data_type().range(), raw.as_f64()) {
            (Some((_, max)), Some(number)) if matches!(source.signal(), Signal::Counter { .. }) => {
                Value::F64(number.rem_euclid(max + 1.0).floor())
            }
            (Some((min, max)), Some(number)) => Value::F64(number.clamp(min, max)),
            _ => raw,
        }
    }

    /// Returns the value that registers mean.
    fn take(&self, wire: &[u8]) -> Option<f64> {
        let value = self.format.decode(wire).ok()?;
        let value = self.scaling.apply(value).ok()?;
        value.as_f64()
    }
}

fn overlap(one: &Span, other: &Span) -> bool {
    one.table == other.table
        && u32::from(one.start) < other.end()
        && u32::from(other.start) < one.end()
}

/// Copies the registers that both spans have.
fn copy_overlap(from: &Span, source: &[u8], to: &Span, target: &mut [u8]) {
    let start = from.start.max(to.start);
    let end = from.end().min(to.end());
    let bytes = 2 * usize::try_from(end.saturating_sub(start.into())).unwrap_or(0);
    let read = 2 * usize::from(start - from.start);
    let write = 2 * usize::from(start - to.start);
    target[write..write + bytes].copy_from_slice(&source[read..read + bytes]);
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
