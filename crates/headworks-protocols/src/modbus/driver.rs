//! The driver: waits for bytes, commands and deadlines; the [`Bus`] decides.

use std::pin::Pin;
use std::time::Duration;

use headworks_core::{TagIndex, Value};
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};

use super::bus::{Bus, link_down};
use super::check::{self, Link};
use super::inbox::Inbox;
use super::transport::{self, Stream};
use super::unit::Now;
use super::write::{WriteJob, WriteReply};
use crate::driver::{
    BoxFuture, Clock, Command, Driver, DriverContext, DriverError, PollReport, WriteError,
};
use crate::link::{ConfigError, LinkConfig};

/// Longest that the system may take to accept a request for sending.
const SEND_TIME_MAX: Duration = Duration::from_secs(5);
/// Longest sleep while nothing is due.
const SLEEP_MAX: Duration = Duration::from_secs(3600);

/// One Modbus connection; what was learned of its devices survives a lost link.
#[derive(Debug)]
pub(super) struct ModbusDriver {
    link: Option<Link>, // until the first run
    bus: Option<Bus>,   // from the first run on
    started: Option<(Instant, u64)>,
    place: String,
}

/// Builds the driver, without IO.
pub(super) fn build(config: LinkConfig) -> Result<Box<dyn Driver>, ConfigError> {
    let link = check::check_link(&config).map_err(first)?;
    Ok(Box::new(ModbusDriver {
        place: transport::place(&link.settings),
        link: Some(link),
        bus: None,
        started: None,
    }))
}

fn first(errors: Vec<ConfigError>) -> ConfigError {
    let none = || ConfigError::connection("/settings", "cannot be used");
    errors.into_iter().next().unwrap_or_else(none)
}

impl Driver for ModbusDriver {
    fn run<'a>(&'a mut self, cx: &'a mut DriverContext) -> BoxFuture<'a, Result<(), DriverError>> {
        Box::pin(async move {
            let mut run = self.start(cx);
            let ended = run.connect_and_poll().await;
            let now = run.now();
            let reason = match &ended {
                Ok(()) => "the connection was stopped",
                Err(reason) => reason.as_str(),
            };
            run.bus.disconnected(reason, now);
            let updates = run.bus.take_updates();
            match ended {
                Ok(()) => Ok(()),
                Err(reason) => {
                    run.hand_on(updates).await;
                    let endpoint = self.place.clone();
                    Err(DriverError::Link { endpoint, reason })
                }
            }
        })
    }
}

impl ModbusDriver {
    fn start<'a>(&'a mut self, cx: &'a mut DriverContext) -> Run<'a> {
        let (since, base_us) = *self.started.get_or_insert_with(|| {
            // The wall clock at the start gives the grid of scans; from there on time only grows.
            let wall_us = u64::try_from(cx.clock.now_us()).unwrap_or(0);
            (Instant::now(), wall_us)
        });
        let time = Time {
            since,
            base_us,
            clock: cx.clock.clone(),
        };
        let now = time.now();
        if let Some(link) = self.link.take() {
            let bus = Bus::new(link, cx.stats.clone(), cx.wire_log.clone(), now);
            self.bus = Some(bus);
        }
        #[expect(clippy::expect_used, reason = "either `link` or `bus` is there")]
        let bus = self
            .bus
            .as_mut()
            .expect("the link was taken at the first run");
        bus.attach(&cx.stats, &cx.wire_log);
        Run { bus, cx, time }
    }
}

/// The two clocks.
#[derive(Debug)]
struct Time {
    since: Instant,
    base_us: u64,
    clock: Clock,
}

impl Time {
    fn now(&self) -> Now {
        let elapsed_us = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now {
            us: self.base_us + elapsed_us,
            wall_us: self.clock.now_us(),
        }
    }

    /// Returns the instant of a time on the clock that never jumps.
    fn instant(&self, us: u64) -> Instant {
        let elapsed = Duration::from_micros(us.saturating_sub(self.base_us));
        self.since + elapsed
    }
}

/// One run of the driver.
struct Run<'a> {
    bus: &'a mut Bus,
    cx: &'a mut DriverContext,
    time: Time,
}

impl Run<'_> {
    fn now(&self) -> Now {
        self.time.now()
    }

    /// Opens the link and polls until stopped; an error is why the link failed.
    async fn connect_and_poll(&mut self) -> Result<(), String> {
        let Some(mut stream) = self.connect().await? else {
            return Ok(());
        };
        let now = self.now();
        self.bus.connected(now);
        if self.bus.wake_us(now).is_none() && self.cx.samples.send(Vec::new()).await.is_err() {
            return Ok(());
        }
        self.poll(&mut stream).await
    }

    /// Opens the link; nothing when stopped meanwhile.
    async fn connect(&mut self) -> Result<Option<Stream>, String> {
        let settings = self.bus.settings.clone();
        let mut opening = Box::pin(transport::open(&settings));
        let stop = self.cx.stop.clone();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                Some(command) = self.cx.commands.recv() => self.obey(command),
                opened = &mut opening => return opened.map(Some),
            }
        }
    }

    async fn poll(&mut self, stream: &mut Stream) -> Result<(), String> {
        let mut inbox = Inbox::new();
        let mut out = Vec::with_capacity(1024);
        let stop = self.cx.stop.clone();
        let mut stopped = Box::pin(stop.cancelled());
        let mut sleep = Box::pin(tokio::time::sleep(Duration::ZERO));
        let mut armed_us = None;
        loop {
            let now = self.now();
            self.bus.advance(now, &mut out);
            send(stream, &mut out).await?;
            if let Some(updates) = self.bus.ready_updates(now)
                && !self.hand_on(updates).await
            {
                return Ok(());
            }
            if let Some(reason) = self.bus.is_dead() {
                return Err(reason);
            }
            let wake_us = self.bus.wake_us(now);
            if armed_us != Some(wake_us) {
                armed_us = Some(wake_us);
                self.arm(sleep.as_mut(), wake_us);
            }
            tokio::select! {
                biased;
                () = &mut stopped => return Ok(()),
                Some(command) = self.cx.commands.recv() => self.obey(command),
                filled = inbox.fill(stream) => {
                    filled.map_err(|error| transport::lost_reason(&error))?;
                    let now = self.now();
                    self.bus.receive(&mut inbox, now).map_err(|error| error.to_string())?;
                }
                () = &mut sleep => armed_us = None,
            }
        }
    }

    fn arm(&self, sleep: Pin<&mut Sleep>, wake_us: Option<u64>) {
        let latest = Instant::now() + SLEEP_MAX;
        let wake = wake_us.map_or(latest, |us| self.time.instant(us).min(latest));
        sleep.reset(wake);
    }

    /// Hands samples to the hub, which may slow the driver down; returns false when stopped.
    async fn hand_on(&mut self, updates: Vec<headworks_core::Update>) -> bool {
        if updates.is_empty() {
            return true;
        }
        tokio::select! {
            biased;
            sent = self.cx.samples.send(updates) => sent.is_ok(),
            () = self.cx.stop.cancelled() => false,
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Write { tag, value, reply } => self.write(tag, &value, reply),
            Command::Poll { device, reply } => self.poll_now(device, reply),
            Command::Ask { question, reply } => self.bus.ask(&question, reply),
            Command::Reconfigure { link, reply } => {
                // Nobody may be waiting any more.
                let _gone = reply.send(self.reconfigure(&link));
            }
        }
    }

    fn write(&mut self, tag: TagIndex, value: &Value, reply: WriteReply) {
        let found = self.bus.units.iter().find_map(|unit| {
            let tag = unit.config.tags.iter().find(|one| one.index == tag)?;
            Some((unit, tag))
        });
        let planned = match found {
            None => Err((link_down("the driver does not know the tag"), reply)),
            Some((_, tag)) if !tag.writable => {
                let reason = "it is not marked as writable".to_owned();
                Err((WriteError::ReadOnly { reason }, reply))
            }
            Some((unit, tag)) => {
                let settings = &unit.config.settings;
                WriteJob::new(tag, settings, unit.knows_no_mask, value, reply)
                    .map(|job| (unit.key, job))
            }
        };
        match planned {
            Ok((key, job)) => self.bus.write(key, job),
            Err((error, reply)) => {
                // Nobody may be waiting any more.
                let _gone = reply.send(Err(error));
            }
        }
    }

    fn poll_now(
        &mut self,
        device: headworks_core::model::ObjectId,
        reply: oneshot::Sender<PollReport>,
    ) {
        let now = self.now();
        let is_up = self.bus.is_up();
        let unit = self
            .bus
            .units
            .iter_mut()
            .find(|unit| unit.config.device == device);
        match unit {
            Some(unit) if is_up => {
                unit.poll(reply);
                let key = unit.key;
                self.bus.poll_now(key, now);
            }
            found => {
                let bad = found.map_or(0, |unit| unit.config.tags.len());
                let error = if is_up {
                    "the driver does not know the device"
                } else {
                    "the connection is not open"
                };
                // Nobody may be waiting any more.
                let _gone = reply.send(PollReport {
                    good: 0,
                    bad: u32::try_from(bad).unwrap_or(u32::MAX),
                    error: Some(error.to_owned()),
                });
            }
        }
    }

    fn reconfigure(&mut self, config: &LinkConfig) -> Result<(), ConfigError> {
        let link = check::check_link(config).map_err(first)?;
        if link.settings != self.bus.settings || link.connection != self.bus.connection() {
            let reason = "the settings of the connection changed; it must be opened anew";
            return Err(ConfigError::connection("/settings", reason));
        }
        let now = self.now();
        self.bus.reconfigure(link, now);
        Ok(())
    }
}

/// Sends what is to be sent.
async fn send(stream: &mut Stream, out: &mut Vec<u8>) -> Result<(), String> {
    if out.is_empty() {
        return Ok(());
    }
    let sending = async {
        stream.write_all(out).await?;
        stream.flush().await
    };
    match tokio::time::timeout(SEND_TIME_MAX, sending).await {
        Ok(sent) => sent.map_err(|error| transport::lost_reason(&error))?,
        Err(_) => return Err("the device takes no more bytes".to_owned()),
    }
    out.clear();
    Ok(())
}
