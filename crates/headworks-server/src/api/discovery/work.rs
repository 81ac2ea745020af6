//! The work of the jobs.

use std::time::{Duration, Instant};

use headworks_engineering::sunspec::Wanted;
use headworks_hub::HubHandle;
use headworks_protocols::Clock;
use headworks_protocols::modbus::discover::decode::{Block, Sample};
use headworks_protocols::modbus::discover::registers::RangeScan;
use headworks_protocols::modbus::discover::report::{TableReport, report};
use headworks_protocols::modbus::discover::run::{RunError, Runner, Watch, Wish};
use headworks_protocols::modbus::discover::units::UnitScan;
use headworks_protocols::modbus::sunspec::Walk;
use headworks_protocols::modbus::table::Span;
use serde_json::{Value as Json, json};
use tokio::runtime::Handle;

use super::line::Way;
use crate::jobs::{JobError, Work};

/// What was found until now is shown so often.
const SHOW_EVERY: Duration = Duration::from_millis(500);

/// How work ends.
pub(super) type Done = Result<Json, JobError>;

/// A job at work, on a thread of its own.
pub(super) struct Running<'a> {
    pub(super) handle: Handle,
    pub(super) work: &'a Work,
}

/// What to sample for decoding.
pub(super) struct Sampling {
    pub(super) unit_id: u8,
    pub(super) span: Span,
    pub(super) samples: u32,
    pub(super) every: Duration,
    pub(super) most: u16,
}

impl Watch for Work {
    fn wish(&self) -> Wish {
        if self.is_cancelled() {
            Wish::End
        } else if self.is_paused() {
            Wish::Wait
        } else {
            Wish::GoOn
        }
    }
}

impl Running<'_> {
    /// Looks for units.
    pub(super) fn units(&self, way: Way, mut scan: UnitScan) -> Done {
        let (pace, begin) = (way.pace(), Instant::now());
        let done = self.handle.block_on(async {
            let mut line = way.open().await.map_err(RunError::Link)?;
            let mut runner = Runner::new(&mut *line, self.work, pace);
            let mut shown = Instant::now();
            let mut tell = |scan: &UnitScan| {
                let counts = scan.counts();
                let (settled, total) = (counts.settled.into(), counts.total.into());
                self.tell(begin, settled, total, counts.found, counts.asked);
                self.show(&mut shown, || units_json(scan));
            };
            runner.units(&mut scan, &mut tell).await
        });
        self.end(done, units_json(&scan))
    }

    /// Looks for addresses, table after table.
    pub(super) fn registers(&self, way: Way, unit_id: u8, mut scans: Vec<RangeScan>) -> Done {
        let (pace, begin) = (way.pace(), Instant::now());
        let total: u64 = scans
            .iter()
            .map(|scan| u64::from(scan.counts().total))
            .sum();
        let mut tables: Vec<TableReport> = Vec::new(); // the last one is scanned at present
        let done = self.handle.block_on(async {
            let mut line = way.open().await.map_err(RunError::Link)?;
            let (mut before, mut found, mut asked) = (0, 0, 0);
            let mut shown = Instant::now();
            for scan in &mut scans {
                tables.push(report(scan));
                let mut tell = |scan: &RangeScan| {
                    let counts = scan.counts();
                    let settled = before + u64::from(counts.settled);
                    self.tell(
                        begin,
                        settled,
                        total,
                        found + counts.found,
                        asked + counts.asked,
                    );
                    self.show(&mut shown, || {
                        put_last(&mut tables, scan);
                        json!({ "unit_id": unit_id, "tables": tables })
                    });
                };
                let mut runner = Runner::new(&mut *line, self.work, pace);
                let ended = runner.registers(unit_id, scan, &mut tell).await;
                put_last(&mut tables, scan);
                ended?;
                let counts = scan.counts();
                before += u64::from(counts.total);
                found += counts.found;
                asked += counts.asked;
            }
            Ok(())
        });
        self.end(done, json!({ "unit_id": unit_id, "tables": tables }))
    }

    /// Samples a block and ranks what it may be.
    pub(super) fn decode(&self, way: Way, plan: Sampling, clock: Clock) -> Done {
        let pace = way.pace();
        let mut samples: Vec<Sample> = Vec::new();
        let mut refused = None;
        let done = self.handle.block_on(async {
            let mut line = way.open().await.map_err(RunError::Link)?;
            let mut runner = Runner::new(&mut *line, self.work, pace);
            for number in 0..plan.samples {
                if 0 < number {
                    runner.rest(plan.every).await?;
                }
                match runner.words(plan.unit_id, &plan.span, plan.most).await? {
                    Ok(words) => samples.push(Sample {
                        time_us: clock.now_us(),
                        words,
                    }),
                    Err(reason) => refused = Some(reason),
                }
                self.work
                    .set_progress((number + 1).into(), plan.samples.into());
            }
            Ok(())
        });
        if samples.is_empty()
            && let Some(reason) = refused
        {
            return Err(JobError::Failed(reason));
        }
        let Span { table, start, .. } = plan.span;
        let values = match Block::new(table, start, &samples) {
            Ok(block) => block.values(),
            Err(_) => Vec::new(), // nothing was read before it ended
        };
        self.end(
            done,
            json!({
                "unit_id": plan.unit_id,
                "samples": samples.len(),
                "refused": refused,
                "values": values,
            }),
        )
    }

    /// Reads what a device says of itself by SunSpec and makes a template of it.
    pub(super) fn sunspec(&self, way: Way, wanted: &Wanted, hub: &HubHandle) -> Done {
        let (pace, mut walk) = (way.pace(), Walk::new());
        let done = self.handle.block_on(async {
            let mut line = way.open().await.map_err(RunError::Link)?;
            let mut runner = Runner::new(&mut *line, self.work, pace);
            let mut tell = |walk: &Walk| {
                let found = walk.found().models.len();
                self.work.set_progress(u64::try_from(found).unwrap_or(0), 0);
                self.work
                    .set_detail(json!({ "found": found, "asked": walk.asked() }));
            };
            runner.sunspec(wanted.unit_id, &mut walk, &mut tell).await
        });
        if let Some(Err(error)) = walk.ended()
            && walk.found().models.is_empty()
        {
            return Err(JobError::Failed(error.to_string()));
        }
        let result = self
            .handle
            .block_on(super::sunspec::result(&walk, wanted, hub));
        self.end(done, result)
    }

    /// Says how far a scan is, and how long it will take at this pace.
    fn tell(&self, begin: Instant, settled: u64, total: u64, found: u32, asked: u32) {
        self.work.set_progress(settled, total);
        let passed_s = begin.elapsed().as_secs_f64().max(0.001);
        let rate = f64::from(asked) / passed_s;
        #[expect(clippy::cast_precision_loss, reason = "a forecast for people")]
        let left_s = (total - settled.min(total)) as f64 * passed_s / settled.max(1) as f64;
        self.work.set_detail(json!({
            "found": found,
            "asked": asked,
            "remaining": total - settled.min(total),
            "requests_per_s": (rate * 10.0).round() / 10.0,
            "remaining_s": left_s.round(),
        }));
    }

    /// Shows what was found until now, unless that was done a moment ago.
    fn show(&self, shown: &mut Instant, found: impl FnOnce() -> Json) {
        if SHOW_EVERY <= shown.elapsed() {
            self.work.set_result(found());
            *shown = Instant::now();
        }
    }

    /// What was found stays, however it ended.
    fn end(&self, done: Result<(), RunError>, result: Json) -> Done {
        match done {
            Ok(()) => Ok(result),
            Err(RunError::Cancelled) => {
                self.work.set_result(result);
                Err(JobError::Cancelled)
            }
            Err(RunError::Link(reason)) => {
                self.work.set_result(result);
                Err(JobError::Failed(reason))
            }
        }
    }
}

fn units_json(scan: &UnitScan) -> Json {
    json!({ "units": scan.found(), "counts": scan.counts(), "end": scan.ended() })
}

fn put_last(tables: &mut [TableReport], scan: &RangeScan) {
    if let Some(last) = tables.last_mut() {
        *last = report(scan);
    }
}
