//! The driver: waits for commands and the scheduler, and makes values.

use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::ObjectId;
use headworks_core::{DataType, Quality, Sample, TagIndex, Update, Value};
use tokio::time::Instant;

use super::check::{self, Device, Link, Tag};
use crate::driver::{
    AskFailure, BoxFuture, Command, Driver, DriverContext, DriverError, PollReport, WriteError,
    WriteReport,
};
use crate::link::{ConfigError, LinkConfig};
use crate::mix::seed_of;
use crate::poll::{DeviceKey, PERIOD_US_MAX, PERIOD_US_MIN, Scheduler, Turn};
use crate::signal::Source;
use crate::stats::{DeviceStats, Exchange, LinkStats};

/// Longest sleep while nothing is due.
const SLEEP_MAX: Duration = Duration::from_secs(3600);

/// One simulated connection; set points survive a new run.
#[derive(Debug)]
struct SimulatedDriver {
    link: Link,
    units: Vec<Unit>,
    started: Option<Instant>,
}

/// A device at work.
#[derive(Debug)]
struct Unit {
    device: Device,
    sources: Vec<Source>, // one for each tag
    key: Option<DeviceKey>,
    told_silent: bool,
}

/// Builds the driver, without IO.
pub(super) fn build(config: LinkConfig) -> Result<Box<dyn Driver>, ConfigError> {
    let link = check::check_link(&config).map_err(first)?;
    let units = link
        .devices
        .iter()
        .map(|device| Unit::new(device, link.settings.seed, &[]));
    Ok(Box::new(SimulatedDriver {
        units: units.collect(),
        link,
        started: None,
    }))
}

fn first(errors: Vec<ConfigError>) -> ConfigError {
    let none = || ConfigError::connection("/settings", "cannot be used");
    errors.into_iter().next().unwrap_or_else(none)
}

impl Driver for SimulatedDriver {
    fn run<'a>(&'a mut self, cx: &'a mut DriverContext) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let started = *self.started.get_or_insert_with(Instant::now);
            let wall_us = u64::try_from(cx.clock.now_us()).unwrap_or(0);
            let mut run = Run {
                scheduler: Scheduler::new(seed_of(self.link.connection.0.as_bytes())),
                begin: Instant::now(),
                begin_us: wall_us,
                driver: self,
                started,
                cx,
            };
            run.schedule_all();
            run.until_stopped().await;
            Ok(())
        })
    }
}

/// One run of the driver.
struct Run<'a> {
    driver: &'a mut SimulatedDriver,
    scheduler: Scheduler,
    started: Instant, // when the signals began
    begin: Instant,   // of this run, and
    begin_us: u64,    // what the wall clock said then: from there on time only grows
    cx: &'a mut DriverContext,
}

impl Run<'_> {
    async fn until_stopped(&mut self) {
        let stop = self.cx.stop.clone();
        if self.scheduler.wake_us().is_none() && !self.hand_on(Vec::new()).await {
            return;
        }
        loop {
            while let Some(turn) = self.scheduler.next(self.now_us()) {
                let updates = self.scan(turn);
                if !updates.is_empty() && !self.hand_on(updates).await {
                    return;
                }
            }
            let wake = self.wake();
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(command) = self.cx.commands.recv() => {
                    let updates = self.obey(command);
                    if !updates.is_empty() && !self.hand_on(updates).await {
                        return;
                    }
                }
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    fn now_us(&self) -> u64 {
        self.begin_us + u64::try_from(self.begin.elapsed().as_micros()).unwrap_or(u64::MAX / 2)
    }

    fn secs(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    fn wake(&self) -> Instant {
        let latest = Instant::now() + SLEEP_MAX;
        let due = self
            .scheduler
            .wake_us()
            .map(|due_us| self.begin + Duration::from_micros(due_us.saturating_sub(self.begin_us)));
        due.map_or(latest, |due| due.min(latest))
    }

    /// Hands samples to the hub, which may slow the driver down; returns false when stopped.
    async fn hand_on(&mut self, updates: Vec<Update>) -> bool {
        tokio::select! {
            biased;
            sent = self.cx.samples.send(updates) => sent.is_ok(),
            () = self.cx.stop.cancelled() => false,
        }
    }

    fn schedule_all(&mut self) {
        let now_us = self.now_us();
        for unit in &mut self.driver.units {
            unit.told_silent = false;
            unit.key = Some(self.scheduler.add(&unit.periods_us(), now_us));
        }
    }

    /// Makes the values of one group.
    fn scan(&mut self, turn: Turn) -> Vec<Update> {
        let (secs, time_us) = (self.secs(), self.cx.clock.now_us());
        let now_us = self.now_us();
        self.scheduler
            .finish(turn.device, turn.period_us, false, now_us);
        let unit = self
            .driver
            .units
            .iter_mut()
            .find(|unit| unit.key == Some(turn.device));
        let Some(unit) = unit else { return Vec::new() };
        let stats = unit.stats(&self.cx.stats);
        if let Some(start) = turn.start {
            stats.missed_scans(start.missed);
            if start.scheduled {
                stats.scan(start.late_us);
            }
        }
        unit.read(Some(turn.period_us), secs, time_us, &stats)
    }

    fn obey(&mut self, command: Command) -> Vec<Update> {
        // Whoever asked may have gone; then nobody misses the answer.
        match command {
            Command::Write { tag, value, reply } => {
                let (outcome, updates) = match self.write(tag, &value) {
                    Ok((report, updates)) => (Ok(report), updates),
                    Err(error) => (Err(error), Vec::new()),
                };
                let _gone = reply.send(outcome);
                updates
            }
            Command::Poll { device, reply } => {
                let (report, updates) = self.poll(device);
                let _gone = reply.send(report);
                updates
            }
            Command::Ask { reply, .. } => {
                let reason = "simulated devices have no requests".to_owned();
                let _gone = reply.send(Err(AskFailure::Unusable { reason }));
                Vec::new()
            }
            Command::Reconfigure { link, reply } => {
                let _gone = reply.send(self.reconfigure(&link));
                Vec::new()
            }
        }
    }

    fn write(
        &mut self,
        tag: TagIndex,
        value: &Value,
    ) -> Result<(WriteReport, Vec<Update>), WriteError> {
        let (secs, time_us) = (self.secs(), self.cx.clock.now_us());
        let found = self.driver.units.iter_mut().find_map(|unit| {
            let place = unit.device.tags.iter().position(|one| one.index == tag)?;
            Some((unit, place))
        });
        let Some((unit, place)) = found else {
            let reason = "the driver does not know the tag".to_owned();
            return Err(WriteError::LinkDown { reason });
        };
        let written = unit.write(place, value, secs)?;
        let stats = unit.stats(&self.cx.stats);
        let updates = unit.read(None, secs, time_us, &stats);
        Ok((
            WriteReport {
                read_back: Some(written),
                confirmed: true,
            },
            updates,
        ))
    }

    fn poll(&mut self, device: ObjectId) -> (PollReport, Vec<Update>) {
        let (secs, time_us) = (self.secs(), self.cx.clock.now_us());
        let unit = self
            .driver
            .units
            .iter_mut()
            .find(|unit| unit.device.device == device);
        let Some(unit) = unit else {
            let error = Some("the driver does not know the device".to_owned());
            return (
                PollReport {
                    error,
                    ..PollReport::default()
                },
                Vec::new(),
            );
        };
        let count = u32::try_from(unit.device.tags.len()).unwrap_or(u32::MAX);
        if unit.device.settings.silent {
            let error = Some(SILENT.to_owned());
            return (
                PollReport {
                    good: 0,
                    bad: count,
                    error,
                },
                Vec::new(),
            );
        }
        let stats = unit.stats(&self.cx.stats);
        let updates = unit.read(None, secs, time_us, &stats);
        (
            PollReport {
                good: count,
                bad: 0,
                error: None,
            },
            updates,
        )
    }

    fn reconfigure(&mut self, config: &LinkConfig) -> Result<(), ConfigError> {
        let link = check::check_link(config).map_err(first)?;
        if link.settings != self.driver.link.settings
            || link.connection != self.driver.link.connection
        {
            let reason = "the settings of the connection changed; it must be opened anew";
            return Err(ConfigError::connection("/settings", reason));
        }
        let now_us = self.now_us();
        let mut old = std::mem::take(&mut self.driver.units);
        for device in &link.devices {
            let place = old
                .iter()
                .position(|unit| unit.device.device == device.device);
            let before = place.map(|place| old.swap_remove(place));
            let known = before.as_slice();
            let mut unit = Unit::new(device, link.settings.seed, known);
            unit.key = known.first().and_then(|before| before.key);
            match unit.key {
                Some(key) => self.scheduler.set_periods(key, &unit.periods_us(), now_us),
                None => unit.key = Some(self.scheduler.add(&unit.periods_us(), now_us)),
            }
            self.driver.units.push(unit);
        }
        for unit in old {
            unit.key
                .into_iter()
                .for_each(|key| self.scheduler.remove(key));
            self.cx.stats.remove(unit.device.device);
        }
        self.driver.link = link;
        Ok(())
    }
}

/// What is said of a device that is set to be silent.
const SILENT: &str = "no answer: the device is set to be silent";

/// What a device that is set to panic leaves behind.
const PANICS: &str = "the device is set to make its driver panic";

impl Unit {
    /// Returns a device; tags whose signal stays keep what was written to them.
    fn new(device: &Device, seed: u64, before: &[Unit]) -> Unit {
        let kept = |tag: &Tag| {
            let before = before.first()?;
            let place = before.device.tags.iter().position(|one| {
                one.index == tag.index && one.signal == tag.signal && one.path == tag.path
            })?;
            Some(before.sources[place].clone())
        };
        let fresh =
            |tag: &Tag| Source::new(tag.signal.clone(), seed ^ seed_of(tag.path.as_bytes()));
        let mut sources: Vec<Source> = device
            .tags
            .iter()
            .map(|tag| kept(tag).unwrap_or_else(|| fresh(tag)))
            .collect();
        for (index, tag) in device.tags.iter().enumerate() {
            if let Some(leader) = tag.follows.filter(|_| kept(tag).is_none()) {
                let target = sources[leader].number(0.0);
                sources[index].start_at(target);
            }
        }
        Unit {
            device: device.clone(),
            sources,
            key: None,
            told_silent: false,
        }
    }

    fn periods_us(&self) -> Vec<u64> {
        let within = |tag: &Tag| tag.period_us.clamp(PERIOD_US_MIN, PERIOD_US_MAX);
        self.device.tags.iter().map(within).collect()
    }

    fn stats(&self, stats: &LinkStats) -> Arc<DeviceStats> {
        stats.handle(self.device.device)
    }

    /// Returns the values of the tags of a period, of all without one; of a silent device the bad
    /// news, once.
    fn read(
        &mut self,
        period_us: Option<u64>,
        secs: f64,
        time_us: i64,
        stats: &DeviceStats,
    ) -> Vec<Update> {
        let exchange = Exchange {
            time_us,
            ..Exchange::default()
        };
        assert!(!self.device.settings.panics, "{PANICS}");
        if self.device.settings.silent {
            stats.timed_out(exchange, SILENT);
            stats.offline(time_us, SILENT);
            if std::mem::replace(&mut self.told_silent, true) {
                return Vec::new();
            }
            let bad = |tag: &Tag| Update {
                tag: tag.index,
                sample: Sample::bad(time_us, Quality::BAD_NO_COMMUNICATION),
            };
            return self.device.tags.iter().map(bad).collect();
        }
        stats.answered(exchange);
        let tags = self.device.tags.iter().zip(&self.sources);
        tags.filter(|(tag, _)| period_us.is_none_or(|period_us| tag.period_us == period_us))
            .map(|(tag, source)| {
                let value = raw(tag.data_type, source.value(secs));
                Update {
                    tag: tag.index,
                    sample: Sample::good(time_us, value),
                }
            })
            .collect()
    }

    /// Writes a set point and returns what it then holds.
    fn write(&mut self, place: usize, value: &Value, secs: f64) -> Result<Value, WriteError> {
        let tag = &self.device.tags[place];
        if !tag.writable {
            let reason = "it is not marked as writable".to_owned();
            return Err(WriteError::ReadOnly { reason });
        }
        if self.device.settings.silent {
            return Err(WriteError::NoAnswer {
                reason: SILENT.to_owned(),
            });
        }
        let data_type = tag.data_type;
        let wrong = |reason| Err(WriteError::Value { reason });
        let Some(number) = value.as_f64() else {
            return wrong(format!("{data_type} cannot hold {}", value.kind()));
        };
        if let Some((min, max)) = data_type.range()
            && !(min..=max).contains(&number)
        {
            return wrong(format!(
                "{number} is out of range: {data_type} holds {min} to {max}"
            ));
        }
        for (other, source) in self.device.tags.iter().zip(&mut self.sources) {
            if other.follows == Some(place) {
                source.set_target(number, secs);
            }
        }
        self.sources[place].set_target(number, secs);
        Ok(raw(data_type, self.sources[place].value(secs)))
    }
}

/// Returns the value as a device with such a type would send it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded and held within the bounds of the type"
)]
fn raw(data_type: DataType, value: Value) -> Value {
    let Value::F64(number) = value else {
        return value;
    };
    let held = data_type
        .range()
        .map_or(number, |(min, max)| number.clamp(min, max));
    match data_type {
        DataType::Bool => Value::Bool(0.5 <= number),
        DataType::Float16 | DataType::Float32 | DataType::Float64 | DataType::String => {
            Value::F64(held)
        }
        DataType::Uint64 => Value::U64(held.round() as u64),
        DataType::Int8
        | DataType::Uint8
        | DataType::Int8High
        | DataType::Uint8High
        | DataType::Int16
        | DataType::Uint16
        | DataType::Int32
        | DataType::Uint32
        | DataType::Int64
        | DataType::Bcd16
        | DataType::Bcd32 => Value::I64(held.round() as i64),
    }
}
