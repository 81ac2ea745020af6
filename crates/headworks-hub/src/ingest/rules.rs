//! The rules of quality: what a sample means for its tag. Pure; time comes as an argument.
//!
//! * Source silent (link down, device does not answer): a tag that had a usable value keeps it
//!   as `UncertainNoCommunicationLastUsableValue` for the grace time and is `BadNoCommunication`
//!   after it; a tag that had none is `BadNoCommunication` at once.
//! * No sample for the grace time although the link is up: `UncertainLastUsableValue`.
//! * Bad sample of another kind: that quality.
//! * Start of the hub: `UncertainLastUsableValue` with its old time, or
//!   `BadWaitingForInitialData` when nothing was stored.
//! * Polling switched off: `BadOutOfService`.
//!
//! A bad sample is passed on when it begins and not again; the last value stays visible.
//!
//! A sample whose time is beyond belief is set aside: neither shown nor stored. One that is
//! believed but not plausible keeps its value, with a quality that says so.

use std::sync::Arc;
use std::time::Duration;

use headworks_core::{Quality, Sample, Value};

use super::checks::{TimeBounds, is_of_type};
use super::violations::{Violation, ViolationKind};
use crate::plant::Shape;
use crate::space::{NEVER, Slot, Tick};

/// Periods that a value may be used after its source fell silent.
const GRACE_PERIODS: u32 = 3;

/// Least time without a sample after which a value counts as old, in ticks: shorter gaps are
/// the jitter of a busy machine.
const SILENCE_TICKS_MIN: Tick = 20;

/// A sample that is older than the one shown by less than this came late, e.g. read before a
/// write was read back; one that is older by more comes from a clock that was set back.
const LATE_US_MAX: i64 = 10_000_000;

/// What is to be done with a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the state of its tag now.
    Publish,
    /// It is older than the state of its tag: only for the historian.
    Late,
    /// It says what is known already.
    Known,
    /// Its time is beyond belief: it is neither shown nor stored.
    SetAside(ViolationKind),
}

/// One walk over a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    pub(crate) now: Tick,
    /// Which times are believed; none for what the hub says itself.
    pub(crate) bounds: Option<TimeBounds>,
    /// Whether the samples are results of formulas: what they say of their sources is meant, and
    /// has had its grace there.
    pub(crate) is_calculated: bool,
}

/// Makes a raw sample the state of its tag; afterwards the sample is in engineering units.
pub(crate) fn settle(
    slot: &mut Slot,
    deadline: &mut Tick,
    sample: &mut Sample,
    pass: Pass,
) -> Verdict {
    if let Some(kind) = pass.bounds.and_then(|bounds| bounds.check(sample.time_us)) {
        note(slot, kind, sample, pass);
        return Verdict::SetAside(kind);
    }
    let odd = slot.shape.as_ref().and_then(|shape| judge(shape, sample));
    if let Some(kind) = odd {
        note(slot, kind, sample, pass);
    }
    if sample.quality.is_bad() {
        return settle_bad(slot, deadline, sample, pass);
    }
    if is_late(slot, sample) {
        note(slot, ViolationKind::OutOfOrder, sample, pass);
        return Verdict::Late;
    }
    let silent_at = pass.now.saturating_add(slot.grace.max(SILENCE_TICKS_MIN));
    *deadline = silent_at;
    if let Some(kind) = repeated(slot, sample) {
        note(slot, kind, sample, pass);
        if kind == ViolationKind::Duplicate {
            return Verdict::Known;
        }
    }
    follow(slot, sample, pass);
    slot.value.clone_from(&sample.value);
    slot.time_us = sample.time_us;
    slot.quality = sample.quality;
    Verdict::Publish
}

/// Counts what is odd about a sample of a source.
fn note(slot: &mut Slot, kind: ViolationKind, sample: &Sample, pass: Pass) {
    let Some(bounds) = pass.bounds else {
        return;
    };
    let watch = slot.watch.get_or_insert_default();
    let continues = match kind {
        ViolationKind::OutOfRange => slot.quality == Quality::UNCERTAIN_RANGE_EXCEEDED,
        ViolationKind::Frozen => slot.quality == Quality::UNCERTAIN_FROZEN,
        ViolationKind::Invalid => slot.quality == Quality::BAD_SENSOR_FAILURE,
        ViolationKind::WrongType => slot.quality == Quality::BAD_TYPE_MISMATCH,
        ViolationKind::Spike => false,
        _ => watch.last.back().is_some_and(|last| last.kind == kind),
    };
    let violation = Violation {
        kind,
        time_us: sample.time_us,
        received_us: bounds.received_us,
        value: sample.value.clone(),
    };
    watch.note(violation, continues);
}

/// Returns how a sample repeats the time of the one before, or goes behind it.
fn repeated(slot: &Slot, sample: &Sample) -> Option<ViolationKind> {
    if made_by_hub(slot) || slot.time_us < sample.time_us {
        return None;
    }
    Some(if sample.time_us < slot.time_us {
        ViolationKind::OutOfOrder
    } else if slot.value == sample.value {
        ViolationKind::Duplicate
    } else {
        ViolationKind::Conflict
    })
}

/// Compares a sample with those before it, where its tag asks for that.
fn follow(slot: &mut Slot, sample: &mut Sample, pass: Pass) {
    let Some(shape) = slot
        .shape
        .as_ref()
        .filter(|shape| !shape.validation().is_default())
    else {
        return;
    };
    let (Some(value), Some(_)) = (&sample.value, pass.bounds) else {
        return;
    };
    let watch = slot.watch.get_or_insert_default();
    let odd = watch
        .trail
        .follow(shape.validation(), value, sample.time_us);
    let Some(kind) = odd else {
        return;
    };
    note(slot, kind, sample, pass);
    if sample.quality.is_good() {
        sample.quality = match kind {
            ViolationKind::Spike => Quality::UNCERTAIN_SPIKE,
            _ => Quality::UNCERTAIN_FROZEN,
        };
    }
}

fn settle_bad(slot: &mut Slot, deadline: &mut Tick, sample: &mut Sample, pass: Pass) -> Verdict {
    let silent = sample.quality == Quality::BAD_NO_COMMUNICATION && !pass.is_calculated;
    let in_grace = slot.quality == Quality::UNCERTAIN_NO_COMMUNICATION;
    if slot.quality == sample.quality || (silent && in_grace) {
        return Verdict::Known;
    }
    *deadline = NEVER;
    if silent && !slot.quality.is_bad() && slot.value.is_some() {
        sample.value.clone_from(&slot.value);
        sample.quality = Quality::UNCERTAIN_NO_COMMUNICATION;
        *deadline = pass.now.saturating_add(slot.grace);
    }
    slot.time_us = sample.time_us;
    slot.quality = sample.quality;
    Verdict::Publish
}

/// Returns whether the state of a tag is the hub's word, with the hub's time.
fn made_by_hub(slot: &Slot) -> bool {
    slot.quality == Quality::UNCERTAIN_NO_COMMUNICATION
        || slot.quality == Quality::UNCERTAIN_LAST_USABLE
        || slot.quality.is_bad()
}

fn is_late(slot: &Slot, sample: &Sample) -> bool {
    !made_by_hub(slot)
        && sample.time_us < slot.time_us
        && slot.time_us.saturating_sub(sample.time_us) < LATE_US_MAX
}

/// Turns a raw sample into engineering units and gives it the quality it deserves; returns what
/// is odd about it.
fn judge(shape: &Shape, sample: &mut Sample) -> Option<ViolationKind> {
    let raw = sample.value.take();
    if sample.quality.is_bad() {
        return None;
    }
    let outcome = match raw {
        Some(raw) => engineering(shape, raw),
        None => Err(Quality::BAD),
    };
    match outcome {
        Ok(value) => {
            let beyond = is_beyond(shape, &value);
            if sample.quality.is_good() && beyond {
                sample.quality = Quality::UNCERTAIN_RANGE_EXCEEDED;
            }
            sample.value = Some(value);
            beyond.then_some(ViolationKind::OutOfRange)
        }
        Err(quality) => {
            sample.quality = quality;
            match quality {
                Quality::BAD_SENSOR_FAILURE => Some(ViolationKind::Invalid),
                Quality::BAD_TYPE_MISMATCH => Some(ViolationKind::WrongType),
                _ => None,
            }
        }
    }
}

fn engineering(shape: &Shape, raw: Value) -> Result<Value, Quality> {
    if !is_of_type(shape.data_type(), &raw) {
        return Err(Quality::BAD_TYPE_MISMATCH);
    }
    if is_invalid(shape, &raw) {
        return Err(Quality::BAD_SENSOR_FAILURE);
    }
    let scaled = shape.scaling.apply(raw);
    scaled.map_err(|error| match error {
        headworks_core::scaling::ScalingError::Overflow { .. } => Quality::BAD_OUT_OF_RANGE,
        _ => Quality::BAD_CONFIGURATION,
    })
}

/// Returns whether the device says by this value that it has none.
#[expect(
    clippy::cast_precision_loss,
    reason = "a float is marked by the float nearest to it"
)]
fn is_invalid(shape: &Shape, raw: &Value) -> bool {
    let marks = shape.invalid();
    match *raw {
        Value::F64(number) => {
            !number.is_finite() || marks.iter().any(|&mark| mark as f64 == number)
        }
        Value::I64(number) => marks.contains(&number),
        Value::U64(number) => i64::try_from(number).is_ok_and(|number| marks.contains(&number)),
        Value::Bool(_) | Value::Text(_) | Value::Bytes(_) => false,
    }
}

fn is_beyond(shape: &Shape, value: &Value) -> bool {
    let (min, max) = (shape.min(), shape.max());
    (min.is_some() || max.is_some())
        && value.as_f64().is_some_and(|number| {
            min.is_some_and(|min| number < min) || max.is_some_and(|max| max < number)
        })
}

/// Moves a tag on whose deadline has passed; returns the sample of its new state.
pub(crate) fn expire(slot: &mut Slot, now_us: i64) -> Option<Sample> {
    slot.shape.as_ref()?;
    if slot.quality == Quality::UNCERTAIN_NO_COMMUNICATION {
        slot.quality = Quality::BAD_NO_COMMUNICATION;
        slot.time_us = now_us;
        return Some(Sample::bad(now_us, slot.quality));
    }
    if slot.quality.is_bad() || slot.quality == Quality::UNCERTAIN_LAST_USABLE || !slot.polled {
        return None;
    }
    slot.quality = Quality::UNCERTAIN_LAST_USABLE;
    slot.time_us = now_us;
    Some(Sample {
        time_us: now_us,
        value: slot.value.clone(),
        quality: slot.quality,
    })
}

/// Takes over the configuration of a tag; returns the sample of its new state, if that changed.
pub(crate) fn configure(
    slot: &mut Slot,
    shape: &Arc<Shape>,
    period: Option<Duration>,
    now_us: i64,
) -> Option<Sample> {
    let new = slot.shape.is_none();
    slot.shape = Some(Arc::clone(shape));
    slot.polled = period.is_some();
    slot.grace = grace_ticks(period.unwrap_or_default());
    let out_of_service = slot.quality == Quality::BAD_OUT_OF_SERVICE;
    let quality = match (slot.polled, out_of_service) {
        (false, false) => Quality::BAD_OUT_OF_SERVICE,
        (true, true) => Quality::BAD_WAITING_FOR_INITIAL_DATA,
        (true, false) | (false, true) if new => slot.quality,
        (true, false) | (false, true) => return None,
    };
    slot.quality = quality;
    slot.time_us = now_us;
    Some(Sample::bad(now_us, quality))
}

/// Shows a stored sample, marked as old.
pub(crate) fn restore(slot: &mut Slot, sample: Sample) {
    if sample.value.is_none() || slot.value.is_some() {
        return;
    }
    slot.value = sample.value;
    slot.time_us = sample.time_us;
    if slot.quality == Quality::BAD_WAITING_FOR_INITIAL_DATA {
        slot.quality = Quality::UNCERTAIN_LAST_USABLE;
    }
}

fn grace_ticks(period: Duration) -> Tick {
    let tenths = (period * GRACE_PERIODS).as_millis().div_ceil(100);
    Tick::try_from(tenths).unwrap_or(NEVER / 2)
}
