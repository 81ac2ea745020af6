//! The last two samples and what goes with them.

use serde::{Deserialize, Serialize};

use super::{Window, WindowKind, boolean, seconds};
use crate::expr::arithmetic::{binary, compare, finite, order};
use crate::expr::error::Fault;
use crate::expr::scalar::{Entry, Scalar};
use crate::expr::tree::{BinaryOp, CompareOp};
use crate::value::Value;

/// What is kept of the past, as far as a function needs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::expr) struct Last {
    /// The newest sample and its time.
    newest: Option<(Value, i64)>,
    /// The one before.
    before: Option<(Value, i64)>,
    /// Since when a condition is as it is.
    since_us: Option<i64>,
    /// An integral, or a smoothed value, up to the newest sample.
    total: f64,
    /// The answer that holds until something tells otherwise.
    on: bool,
}

impl Last {
    /// Takes note of a bad sample.
    pub(super) fn interrupt(&mut self, kind: WindowKind, time_us: i64) {
        match kind {
            WindowKind::OnFor => self.since_us = None,
            WindowKind::Integral => {
                if let Some((value, from_us)) = self.newest.take() {
                    self.total += number(&value) * seconds(from_us, time_us);
                }
            }
            WindowKind::Smooth => self.newest = None,
            _ => {}
        }
    }

    /// Takes a good sample in and returns the result.
    pub(super) fn evaluate(
        &mut self,
        window: &Window,
        arguments: &[Entry],
        time_us: i64,
        now_us: i64,
    ) -> Result<Scalar, Fault> {
        if let Some((_, newest_us)) = self.newest
            && now_us < newest_us
        {
            // The clock was set back: the times of what is kept mean nothing any more.
            self.newest = None;
            self.before = None;
        }
        let x = &arguments[0].scalar;
        match window.kind {
            WindowKind::OnFor => boolean(self.on_for(x.truth(), time_us, now_us, window)),
            WindowKind::OffFor => boolean(self.off_for(x.truth(), time_us, now_us, window)),
            WindowKind::Hysteresis => self.hysteresis(arguments).and_then(boolean),
            WindowKind::Deadband => self.deadband(arguments, time_us),
            WindowKind::Integral => self.integral(x, time_us, now_us),
            WindowKind::Smooth => self.smooth(x, time_us, now_us, window),
            kind => {
                let is_new = self.observe(x, time_us);
                self.of_two(kind, is_new)
            }
        }
    }

    fn on_for(&mut self, condition: bool, time_us: i64, now_us: i64, window: &Window) -> bool {
        if !condition {
            self.since_us = None;
            return false;
        }
        let since_us = self.since_us.unwrap_or(time_us).min(now_us);
        self.since_us = Some(since_us);
        window.duration_us <= now_us.saturating_sub(since_us)
    }

    fn off_for(&mut self, condition: bool, time_us: i64, now_us: i64, window: &Window) -> bool {
        if condition {
            self.on = true;
            self.since_us = None;
        } else if self.on {
            let since_us = self.since_us.unwrap_or(time_us).min(now_us);
            self.since_us = Some(since_us);
            self.on = now_us.saturating_sub(since_us) < window.duration_us;
        }
        self.on
    }

    fn hysteresis(&mut self, arguments: &[Entry]) -> Result<bool, Fault> {
        let [x, low, high] = arguments else {
            return Err(Fault::Argument);
        };
        let (x, low, high) = (&x.scalar, &low.scalar, &high.scalar);
        x.number()?;
        if compare(CompareOp::Less, high, low)? {
            return Err(Fault::Argument);
        }
        if compare(CompareOp::Greater, x, high)? {
            self.on = true;
        } else if compare(CompareOp::Less, x, low)? {
            self.on = false;
        }
        Ok(self.on)
    }

    fn deadband(&mut self, arguments: &[Entry], time_us: i64) -> Result<Scalar, Fault> {
        let [x, width] = arguments else {
            return Err(Fault::Argument);
        };
        let (x, width) = (&x.scalar, width.scalar.number()?.to_float());
        let now = x.number()?.to_float();
        if width < 0.0 {
            return Err(Fault::Argument);
        }
        let stays = |(value, _): &(Value, i64)| (now - number(value)).abs() <= width;
        if !self.newest.as_ref().is_some_and(stays) {
            self.newest = sample(x, time_us);
        }
        held(&self.newest)
    }

    fn integral(&mut self, x: &Scalar, time_us: i64, now_us: i64) -> Result<Scalar, Fault> {
        x.number()?;
        if let Some((value, from_us)) = &self.newest
            && *from_us <= time_us
        {
            self.total += number(value) * seconds(*from_us, time_us);
        }
        self.replace(x, time_us);
        let (value, from_us) = self.newest.as_ref().ok_or(Fault::NoData)?;
        finite(self.total + number(value) * seconds(*from_us, now_us))
    }

    /// A lag of first order with the duration as its time constant.
    fn smooth(
        &mut self,
        x: &Scalar,
        time_us: i64,
        now_us: i64,
        window: &Window,
    ) -> Result<Scalar, Fault> {
        let constant_s = seconds(0, window.duration_us);
        let lag = |target: f64, from: f64, elapsed_s: f64| {
            target + (from - target) * (-elapsed_s / constant_s).exp()
        };
        match &self.newest {
            None => self.total = x.number()?.to_float(),
            Some((value, from_us)) if *from_us <= time_us => {
                self.total = lag(number(value), self.total, seconds(*from_us, time_us));
            }
            Some(_) => {}
        }
        self.replace(x, time_us);
        let (value, from_us) = self.newest.as_ref().ok_or(Fault::NoData)?;
        finite(lag(number(value), self.total, seconds(*from_us, now_us)))
    }

    /// Makes a sample the newest one unless it comes too late.
    fn replace(&mut self, x: &Scalar, time_us: i64) {
        let late = |(_, newest_us): &(Value, i64)| time_us < *newest_us;
        if !self.newest.as_ref().is_some_and(late) {
            self.newest = sample(x, time_us);
        }
    }

    /// Moves on by a sample and returns whether it was a new one.
    fn observe(&mut self, x: &Scalar, time_us: i64) -> bool {
        if let Some((value, newest_us)) = &self.newest {
            let same =
                time_us == *newest_us && Scalar::from_value(value).is_ok_and(|value| value == *x);
            if time_us < *newest_us || same {
                return false;
            }
        }
        self.before = self.newest.take();
        self.newest = sample(x, time_us);
        true
    }

    fn of_two(&self, kind: WindowKind, is_new: bool) -> Result<Scalar, Fault> {
        let newest = held(&self.newest)?;
        let before = held(&self.before);
        let were = |was: bool, is: bool| {
            let turned = |before: &Scalar| before.truth() == was && newest.truth() == is;
            is_new && before.as_ref().is_ok_and(turned)
        };
        match kind {
            WindowKind::Previous => before,
            WindowKind::Delta => binary(BinaryOp::Subtract, &newest, &before?),
            WindowKind::Rate => {
                let change = binary(BinaryOp::Subtract, &newest, &before?)?;
                let elapsed_s = match (&self.before, &self.newest) {
                    (Some((_, from_us)), Some((_, to_us))) => seconds(*from_us, *to_us),
                    _ => 0.0,
                };
                if elapsed_s == 0.0 {
                    return Err(Fault::NoData);
                }
                finite(change.number()?.to_float() / elapsed_s)
            }
            WindowKind::Changed => {
                let differs = |before: Scalar| match order(&before, &newest) {
                    Some(order) => order.is_ne(),
                    None => true,
                };
                boolean(is_new && before.is_ok_and(differs))
            }
            WindowKind::Rising => boolean(were(false, true)),
            WindowKind::Falling => boolean(were(true, false)),
            WindowKind::Edge => boolean(were(false, true) || were(true, false)),
            _ => Err(Fault::Argument),
        }
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

fn sample(x: &Scalar, time_us: i64) -> Option<(Value, i64)> {
    x.clone().into_value().map(|value| (value, time_us))
}

fn held(sample: &Option<(Value, i64)>) -> Result<Scalar, Fault> {
    match sample {
        Some((value, _)) => Scalar::from_value(value),
        None => Err(Fault::NoData),
    }
}
