//! Moves the requests of the planners over a [`Line`]: gently, and with an ear for who watches.

use std::time::{Duration, Instant};

use super::registers::RangeScan;
use super::test_write::TestWriting;
use super::units::UnitScan;
use super::{Line, Outcome};
use crate::modbus::client::AskError;
use crate::modbus::exception::ExceptionCode;
use crate::modbus::pdu::{AnswerError, Request};
use crate::modbus::sunspec::Walk;
use crate::modbus::table::{Span, Table};

/// Failures of the link in a row that are borne.
const LINK_FAILURES_MAX: u32 = 3;
/// Rest after a failure of the link.
const LINK_REST: Duration = Duration::from_millis(500);
/// Times a busy device is asked again, after 100, 200, 400 and 800 ms.
const BUSY_MAX: u32 = 4;
const BUSY_REST: Duration = Duration::from_millis(100);
/// Longest time between two looks at what who watches wants.
const LOOK: Duration = Duration::from_millis(50);

/// How gently to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Rest after each answer.
    pub pause: Duration,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

/// What who watches wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Go on.
    GoOn,
    /// Ask nothing for now.
    Wait,
    /// End; what was found is kept.
    End,
}

/// Who watches: asked before each request.
pub trait Watch: Send + Sync {
    /// Returns what to do now.
    fn wish(&self) -> Wish;
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn wish(&self) -> Wish {
        Wish::GoOn
    }
}

/// Why a scan did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// [`Wish::End`] was seen.
    #[error("it was cancelled")]
    Cancelled,
    /// The link failed again and again.
    #[error("{0}")]
    Link(String),
}

/// A run over one line.
pub struct Runner<'a> {
    line: &'a mut dyn Line,
    watch: &'a dyn Watch,
    pace: Pace,
    link_failures: u32,
}

/// What came of a request, with its data.
enum Got {
    Data(Vec<u8>),
    Refused(ExceptionCode),
    Silent,
    Broken,
}

impl<'a> Runner<'a> {
    /// Returns a run that has asked nothing yet.
    pub fn new(line: &'a mut dyn Line, watch: &'a dyn Watch, pace: Pace) -> Runner<'a> {
        Runner {
            line,
            watch,
            pace,
            link_failures: 0,
        }
    }

    /// Finds units; `tell` is called after each request.
    ///
    /// # Errors
    ///
    /// [`RunError`]; what was found until then is in `scan`.
    pub async fn units(
        &mut self,
        scan: &mut UnitScan,
        tell: &mut (dyn FnMut(&UnitScan) + Send),
    ) -> Result<(), RunError> {
        while let Some((unit_id, request)) = scan.next() {
            let got = self.ask(unit_id, &request).await?;
            scan.take(got.outcome());
            tell(scan);
        }
        Ok(())
    }

    /// Finds addresses; `tell` is called after each request.
    ///
    /// # Errors
    ///
    /// [`RunError`]; what was found until then is in `scan`, and the scan can go on from there.
    pub async fn registers(
        &mut self,
        unit_id: u8,
        scan: &mut RangeScan,
        tell: &mut (dyn FnMut(&RangeScan) + Send),
    ) -> Result<(), RunError> {
        while let Some(span) = scan.next() {
            let got = self.ask(unit_id, &read(&span)).await?;
            scan.take(got.outcome());
            tell(scan);
        }
        Ok(())
    }

    /// Reads what a device says of itself by SunSpec; `tell` is called after each request.
    ///
    /// # Errors
    ///
    /// [`RunError`]; what was found until then is in `walk`.
    pub async fn sunspec(
        &mut self,
        unit_id: u8,
        walk: &mut Walk,
        tell: &mut (dyn FnMut(&Walk) + Send),
    ) -> Result<(), RunError> {
        while let Some(span) = walk.next() {
            let got = self.ask(unit_id, &read(&span)).await?;
            walk.take(got.outcome());
            tell(walk);
        }
        Ok(())
    }

    /// Writes for a test; once it has begun it is brought to its end, whoever watches.
    ///
    /// # Errors
    ///
    /// [`RunError`] when it was cancelled before it began.
    pub async fn test_write(
        &mut self,
        unit_id: u8,
        writing: &mut TestWriting,
    ) -> Result<(), RunError> {
        self.rest(Duration::ZERO).await?;
        self.watch = &Unwatched;
        while let Some(request) = writing.next() {
            let got = self.ask(unit_id, &request).await?;
            writing.take(got.outcome());
        }
        Ok(())
    }

    /// Reads a span in reads of at most `most` addresses; one word for each address.
    ///
    /// # Errors
    ///
    /// [`RunError`], or in the inner result why the device did not give it.
    pub async fn words(
        &mut self,
        unit_id: u8,
        span: &Span,
        most: u16,
    ) -> Result<Result<Vec<u16>, String>, RunError> {
        let most = most.clamp(1, span.table.read_max());
        let mut words = Vec::with_capacity(span.count.into());
        let mut start = u32::from(span.start);
        while start < span.end() {
            let count = (span.end() - start).min(most.into());
            let part = Span {
                table: span.table,
                start: u16::try_from(start).unwrap_or(u16::MAX),
                count: u16::try_from(count).unwrap_or(u16::MAX),
            };
            match self.ask(unit_id, &read(&part)).await? {
                Got::Data(data) => words.extend(super::registers::words(&part, &data)),
                Got::Refused(code) => return Ok(Err(format!("{part}: {code}"))),
                Got::Silent => return Ok(Err(format!("{part}: no answer"))),
                Got::Broken => return Ok(Err(format!("{part}: no valid answer"))),
            }
            start += count;
        }
        Ok(Ok(words))
    }

    /// Waits, with an ear for who watches.
    ///
    /// # Errors
    ///
    /// [`RunError::Cancelled`].
    pub async fn rest(&self, time: Duration) -> Result<(), RunError> {
        let until = Instant::now() + time;
        loop {
            match self.watch.wish() {
                Wish::End => return Err(RunError::Cancelled),
                Wish::Wait => tokio::time::sleep(LOOK).await,
                Wish::GoOn => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(());
                    }
                    tokio::time::sleep(left.min(LOOK)).await;
                }
            }
        }
    }

    async fn ask(&mut self, unit_id: u8, request: &Request) -> Result<Got, RunError> {
        let mut busy = 0;
        loop {
            self.rest(Duration::ZERO).await?;
            let answered = self.line.ask(unit_id, request, self.pace.timeout).await;
            let got = match answered {
                Err(AskError::Link { place, reason }) => {
                    self.link_failures += 1;
                    if LINK_FAILURES_MAX < self.link_failures {
                        return Err(RunError::Link(format!("{place}: {reason}")));
                    }
                    self.rest(LINK_REST).await?;
                    return Ok(Got::Silent); // nothing came, not even something wrong
                }
                Ok(data) => Got::Data(data),
                Err(AskError::Silence { .. }) => Got::Silent,
                Err(AskError::Answer(AnswerError::Exception(code))) => Got::Refused(code),
                Err(AskError::Unit { .. } | AskError::Answer(_)) => Got::Broken,
            };
            self.link_failures = 0;
            if !self.pace.pause.is_zero() {
                self.rest(self.pace.pause).await?;
            }
            match got {
                Got::Refused(code) if code.is_busy() && busy < BUSY_MAX => {
                    self.rest(BUSY_REST * (1 << busy)).await?;
                    busy += 1;
                }
                got => return Ok(got),
            }
        }
    }
}

impl Got {
    fn outcome(&self) -> Outcome<'_> {
        match self {
            Got::Data(data) => Outcome::Data(data),
            Got::Refused(code) => Outcome::Refused(*code),
            Got::Silent => Outcome::Silent,
            Got::Broken => Outcome::Broken,
        }
    }
}

fn read(span: &Span) -> Request {
    Request::Read {
        table: span.table,
        start: span.start,
        count: span.count,
    }
}

/// Returns a pace that no line and no small device minds.
pub fn gentle(is_serial: bool) -> Pace {
    if is_serial {
        return Pace {
            pause: Duration::from_millis(20),
            timeout: Duration::from_millis(300),
        };
    }
    Pace {
        pause: Duration::from_millis(5),
        timeout: Duration::from_millis(500),
    }
}

/// Returns the tables that nothing but a read touches, in the order in which they are scanned.
pub const READ_TABLES: [Table; 4] = [Table::Holding, Table::Input, Table::Coil, Table::Discrete];
