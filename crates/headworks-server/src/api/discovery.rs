//! Discovery on links, as jobs; and a test write, at once.

mod line;
pub(crate) mod sunspec;
mod work;

use headworks_core::model::{ObjectId, Settings};
use headworks_protocols::modbus::address::Address;
use headworks_protocols::modbus::discover::registers::{Range, RangeScan};
use headworks_protocols::modbus::discover::run::{Runner, Unwatched};
use headworks_protocols::modbus::discover::test_write::{
    TestWrite, TestWriting, WriteOutcome, WriteRefusal,
};
use headworks_protocols::modbus::discover::units::UnitScan;
use headworks_protocols::modbus::table::{Span, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::jobs::{DISCOVERY, JobView};
use crate::problem::{ApiError, Code, FieldProblem};
use crate::route::{Accepted, Call, Json, NoQuery};
use crate::text::Text;
use line::Way;

/// Most registers that are decoded at once.
const DECODE_MAX: u16 = 250;
/// Most samples of them.
const SAMPLES_MAX: u32 = 100;

/// The link that is asked, and how gently.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    /// A saved connection; while it is enabled it is asked between its polls.
    #[serde(default)]
    connection: Option<ObjectId>,
    /// Settings of a Modbus connection that is not saved; either these or `connection`.
    #[serde(default)]
    settings: Option<Settings>,
    /// Rest after each answer, milliseconds; 5 when absent, 20 on a serial line.
    #[serde(default)]
    #[schemars(range(max = 10_000))]
    pause_ms: Option<u32>,
    /// Longest wait for an answer, milliseconds; 500 when absent, 300 on a serial line.
    #[serde(default)]
    #[schemars(range(min = 10, max = 10_000))]
    timeout_ms: Option<u32>,
}

/// Which units to look for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitsBody {
    /// The link.
    line: LineBody,
    /// First unit id.
    #[serde(default = "first_unit")]
    first: u8,
    /// Last unit id.
    #[serde(default = "last_unit")]
    last: u8,
    /// Times a silent unit is asked again.
    #[serde(default)]
    #[schemars(range(max = 5))]
    retries: u8,
}

/// Which addresses to look for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistersBody {
    /// The link.
    line: LineBody,
    /// The unit.
    #[serde(default = "first_unit")]
    unit_id: u8,
    /// The tables, in this order; all four when empty.
    #[serde(default)]
    tables: Vec<Table>,
    /// First address.
    #[serde(default)]
    first: u16,
    /// Last address.
    #[serde(default = "last_address")]
    last: u16,
    /// Most registers of one read.
    #[serde(default = "registers_max")]
    #[schemars(range(min = 1, max = 125))]
    max_registers: u16,
    /// Most coils or inputs of one read.
    #[serde(default = "bits_max")]
    #[schemars(range(min = 1, max = 2000))]
    max_bits: u16,
    /// Addresses are read in pieces of this; 2 for devices that give no half of a value.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 4))]
    grain: u16,
}

/// Which block to decode.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecodeBody {
    /// The link.
    line: LineBody,
    /// The unit.
    #[serde(default = "first_unit")]
    unit_id: u8,
    /// First address, as tags write it, e.g. `HR100` or `40101`.
    address: Text<64>,
    /// Number of addresses.
    #[schemars(range(min = 1, max = 250))]
    count: u16,
    /// Times it is read.
    #[serde(default = "samples")]
    #[schemars(range(min = 1, max = 100))]
    samples: u32,
    /// Time between two reads, milliseconds.
    #[serde(default = "every_ms")]
    #[schemars(range(max = 60_000))]
    every_ms: u32,
    /// Most registers, or coils and inputs, of one read.
    #[serde(default = "registers_max")]
    #[schemars(range(min = 1, max = 2000))]
    max_registers: u16,
}

/// What to write as a test.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteBody {
    /// The link.
    line: LineBody,
    /// The unit.
    #[serde(default = "first_unit")]
    unit_id: u8,
    /// A coil or holding register, as tags write it, e.g. `HR7` or `40008`.
    address: Text<64>,
    /// 0 or 1 for a coil, -32768 to 65535 for a register.
    value: i32,
    /// Least value that may be written.
    #[serde(default)]
    min: Option<i32>,
    /// Greatest value that may be written.
    #[serde(default)]
    max: Option<i32>,
    /// Writes only when this stands there before.
    #[serde(default)]
    expect: Option<u16>,
    /// Whether the old value is written back at the end.
    #[serde(default)]
    restore: bool,
    /// Whether functions 16 and 15 are used, for devices that do not know 6 and 5.
    #[serde(default)]
    multiple: bool,
    /// Must be true: a write may move something.
    #[serde(default)]
    confirm: bool,
}

/// What came of a test write.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WriteAnswer {
    /// What happened.
    outcome: WriteOutcome,
    /// The body that writes the old value back; null when nothing is to be undone.
    undo: Option<Undo>,
}

/// A test write that takes another one back.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Undo {
    line: LineBody,
    unit_id: u8,
    address: String,
    value: u16,
    expect: Option<u16>,
    multiple: bool,
    confirm: bool,
}

const fn first_unit() -> u8 {
    1
}

const fn last_unit() -> u8 {
    247
}

const fn last_address() -> u16 {
    u16::MAX
}

const fn registers_max() -> u16 {
    125
}

const fn bits_max() -> u16 {
    2000
}

const fn one() -> u16 {
    1
}

const fn samples() -> u32 {
    8
}

const fn every_ms() -> u32 {
    1000
}

/// Collects what is wrong with a body.
#[derive(Default)]
struct Problems(Vec<FieldProblem>);

impl Problems {
    fn range(&mut self, pointer: &str, found: u32, min: u32, max: u32) {
        if found < min || max < found {
            let detail = format!("{found}; {min} to {max} are possible");
            self.0.push(FieldProblem::new(pointer, detail));
        }
    }

    /// On a serial line 0 is the broadcast that nobody answers, and above 247 nobody is.
    fn unit(&mut self, pointer: &str, unit_id: u8, way: &Way) {
        if way.is_serial() {
            self.range(pointer, unit_id.into(), 1, 247);
        }
    }

    fn order(&mut self, first: u32, last: u32) {
        if last < first {
            let detail = format!("{last} is below /first, {first}");
            self.0.push(FieldProblem::new("/last", detail));
        }
    }

    fn done(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError::fields(self.0))
        }
    }
}

/// Starts to look for units.
pub(crate) async fn units(
    call: Call<NoQuery, Json<UnitsBody>>,
) -> Result<Accepted<JobView>, ApiError> {
    let body = &call.body.0;
    let way = Way::of(&call.app.hub, &body.line)?;
    let mut problems = Problems::default();
    problems.unit("/first", body.first, &way);
    problems.unit("/last", body.last, &way);
    problems.order(body.first.into(), body.last.into());
    problems.range("/retries", body.retries.into(), 0, 5);
    problems.done()?;
    let title = format!("units {} to {} on {way}", body.first, body.last);
    note(&call, &way, &title);
    let scan = UnitScan::new(body.first..=body.last, body.retries);
    start(&call, title, move |work| work.units(way, scan))
}

/// Starts to look for addresses.
pub(crate) async fn registers(
    call: Call<NoQuery, Json<RegistersBody>>,
) -> Result<Accepted<JobView>, ApiError> {
    let body = &call.body.0;
    let way = Way::of(&call.app.hub, &body.line)?;
    let mut problems = Problems::default();
    problems.unit("/unit_id", body.unit_id, &way);
    problems.order(body.first.into(), body.last.into());
    problems.range("/max_registers", body.max_registers.into(), 1, 125);
    problems.range("/max_bits", body.max_bits.into(), 1, 2000);
    problems.range("/grain", body.grain.into(), 1, 4);
    problems.range(
        "/tables",
        u32::try_from(body.tables.len()).unwrap_or(9),
        0,
        4,
    );
    problems.done()?;
    let all = headworks_protocols::modbus::discover::run::READ_TABLES;
    let tables = if body.tables.is_empty() {
        all.as_slice()
    } else {
        &body.tables
    };
    let range = |table: &Table| Range {
        table: *table,
        first: body.first,
        last: body.last,
        most: if table.is_bits() {
            body.max_bits
        } else {
            body.max_registers
        },
        grain: body.grain,
    };
    let scans: Vec<RangeScan> = tables.iter().map(range).map(RangeScan::new).collect();
    let unit_id = body.unit_id;
    let (first, last) = (body.first, body.last);
    let title = format!("addresses {first} to {last} of unit {unit_id} on {way}");
    note(&call, &way, &title);
    start(&call, title, move |work| {
        work.registers(way, unit_id, scans)
    })
}

/// Starts to sample a block and to rank what it may be.
pub(crate) async fn decode(
    call: Call<NoQuery, Json<DecodeBody>>,
) -> Result<Accepted<JobView>, ApiError> {
    let body = &call.body.0;
    let way = Way::of(&call.app.hub, &body.line)?;
    let address = address(&body.address)?;
    let mut problems = Problems::default();
    problems.unit("/unit_id", body.unit_id, &way);
    let room = 0x1_0000 - u32::from(address.start);
    problems.range("/count", body.count.into(), 1, room.min(DECODE_MAX.into()));
    problems.range("/samples", body.samples, 1, SAMPLES_MAX);
    problems.range("/every_ms", body.every_ms, 0, 60_000);
    let most = address.table.read_max();
    problems.range("/max_registers", body.max_registers.into(), 1, 2000);
    problems.done()?;
    let plan = work::Sampling {
        unit_id: body.unit_id,
        span: Span {
            table: address.table,
            start: address.start,
            count: body.count,
        },
        samples: body.samples,
        every: std::time::Duration::from_millis(body.every_ms.into()),
        most: body.max_registers.min(most),
    };
    let title = format!("{} of unit {} on {way}", plan.span, plan.unit_id);
    note(&call, &way, &title);
    let clock = call.app.hub.clock();
    start(&call, title, move |work| work.decode(way, plan, clock))
}

/// Writes one register or coil as a test.
pub(crate) async fn write(
    call: Call<NoQuery, Json<WriteBody>>,
) -> Result<Json<WriteAnswer>, ApiError> {
    let body = &call.body.0;
    let way = Way::of(&call.app.hub, &body.line)?;
    let mut problems = Problems::default();
    problems.unit("/unit_id", body.unit_id, &way);
    problems.done()?;
    if !body.confirm {
        let detail = "a write may move something; send true when that is safe";
        return Err(ApiError::field("/confirm", detail));
    }
    let mut writing = TestWriting::new(TestWrite {
        address: address(&body.address)?,
        value: body.value,
        min: body.min.unwrap_or(i32::MIN),
        max: body.max.unwrap_or(i32::MAX),
        expect: body.expect,
        restore: body.restore,
        multiple: body.multiple,
    })
    .map_err(|refusal| from_refusal(&refusal))?;
    let title = format!("{} of unit {} on {way}", &*body.address, body.unit_id);
    note(&call, &way, &title);
    let pace = way.pace();
    let mut line = way.open().await.map_err(link_down)?;
    let mut runner = Runner::new(&mut *line, &Unwatched, pace);
    let done = runner.test_write(body.unit_id, &mut writing).await;
    let outcome = writing.outcome();
    call.note.before(&outcome.old);
    call.note.after(&outcome.read_back.or(outcome.written));
    call.note.detail(format!("{title}: {}", outcome.words));
    done.map_err(|error| link_down(error.to_string()))?;
    let stands = outcome.written.is_some() && outcome.restored.is_none();
    let undo = outcome.old.filter(|_| stands).map(|old| Undo {
        line: body.line.clone(),
        unit_id: body.unit_id,
        address: String::from(&*body.address),
        value: old,
        expect: outcome.read_back,
        multiple: body.multiple,
        confirm: true,
    });
    Ok(Json(WriteAnswer {
        outcome: outcome.clone(),
        undo,
    }))
}

/// Lets a discovery rest.
pub(crate) async fn pause(call: Call) -> Result<Json<JobView>, ApiError> {
    set_paused(&call, true)
}

/// Lets a discovery go on.
pub(crate) async fn resume(call: Call) -> Result<Json<JobView>, ApiError> {
    set_paused(&call, false)
}

fn set_paused(call: &Call, paused: bool) -> Result<Json<JobView>, ApiError> {
    let id = call.id()?;
    let view = call.app.jobs.pause(id, DISCOVERY, paused);
    view.map(Json)
        .ok_or_else(|| ApiError::not_found("discovery", id))
}

fn start<B: Send + 'static>(
    call: &Call<NoQuery, B>,
    title: String,
    run: impl FnOnce(&work::Running<'_>) -> work::Done + Send + 'static,
) -> Result<Accepted<JobView>, ApiError> {
    let handle = tokio::runtime::Handle::current();
    let work = move |work: &crate::jobs::Work| run(&work::Running { handle, work });
    let view = call.app.jobs.start(DISCOVERY, title, work)?;
    Ok(Accepted(format!("/api/v1/jobs/{}", view.id), view))
}

fn note<B>(call: &Call<NoQuery, B>, way: &Way, title: &str) {
    call.note.target("connection", &way.to_string());
    call.note.detail(title);
}

fn address(text: &str) -> Result<Address, ApiError> {
    let parsed: Result<Address, _> = text.parse();
    let wrong = |reason: String| ApiError::field("/address", reason);
    match parsed {
        Ok(Address { bit: Some(_), .. }) => Err(wrong(format!(
            "{text:?} is one bit of a register; name the register"
        ))),
        Ok(address) => Ok(address),
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn from_refusal(refusal: &WriteRefusal) -> ApiError {
    let pointer = match refusal {
        WriteRefusal::Range { .. } => "/value",
        WriteRefusal::ReadOnly { .. } | WriteRefusal::Bit(_) => "/address",
    };
    ApiError::field(pointer, refusal.to_string())
}

fn link_down(reason: String) -> ApiError {
    ApiError::new(Code::LinkDown, reason)
}
