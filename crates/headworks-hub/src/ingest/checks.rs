//! Checks of one sample against its tag and the samples before. Pure; time comes as an argument.

use headworks_core::model::TagValidation;
use headworks_core::{DataType, Value};

use super::violations::ViolationKind;

/// Which times are believed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeBounds {
    /// When the samples came.
    pub(crate) received_us: i64,
    /// Oldest time that is believed.
    pub(crate) oldest_us: i64,
    /// Newest time that is believed.
    pub(crate) newest_us: i64,
}

/// What the next sample is compared with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail {
    /// The last number that was no spike, and its time.
    level: Option<(f64, i64)>,
    /// The spike that came just before, if one did.
    spike: Option<f64>,
    /// The value that does not change, and since when.
    still: Option<(Value, i64)>,
}

impl TimeBounds {
    /// Returns how a time is beyond belief.
    pub(crate) fn check(&self, time_us: i64) -> Option<ViolationKind> {
        if self.newest_us < time_us {
            return Some(ViolationKind::Future);
        }
        (time_us < self.oldest_us).then_some(ViolationKind::Past)
    }
}

impl Trail {
    /// Follows the values of a tag; returns what is odd about the next one.
    pub(crate) fn follow(
        &mut self,
        rules: &TagValidation,
        value: &Value,
        time_us: i64,
    ) -> Option<ViolationKind> {
        let frozen = self.is_frozen(rules, value, time_us);
        if self.is_spike(rules, value, time_us) {
            return Some(ViolationKind::Spike);
        }
        frozen.then_some(ViolationKind::Frozen)
    }

    /// A value far from the level is a spike; when the next one stays with it, that is the new
    /// level.
    fn is_spike(&mut self, rules: &TagValidation, value: &Value, time_us: i64) -> bool {
        let asked = rules.max_step.is_some() || rules.max_rate_per_s.is_some();
        let number = value.as_f64().filter(|_| !matches!(value, Value::Bool(_)));
        let Some(number) = number.filter(|_| asked) else {
            return false;
        };
        let far = self
            .level
            .is_some_and(|level| is_far(rules, level, (number, time_us)));
        let stays = self.spike.is_some_and(|spike| {
            let most = rules
                .max_step
                .unwrap_or_else(|| f64::abs(number) * STAYS_SHARE);
            (number - spike).abs() <= most
        });
        if far && !stays {
            self.spike = Some(number);
            return true;
        }
        self.spike = None;
        self.level = Some((number, time_us));
        false
    }

    fn is_frozen(&mut self, rules: &TagValidation, value: &Value, time_us: i64) -> bool {
        let Some(freeze_s) = rules.freeze_s else {
            return false;
        };
        match &self.still {
            Some((still, since_us)) if still == value => {
                i64::from(freeze_s) * 1_000_000 <= time_us.saturating_sub(*since_us)
            }
            _ => {
                self.still = Some((value.clone(), time_us));
                false
            }
        }
    }
}

/// How near a value stays to the spike before it to be a new level where only the rate is
/// bounded: one per cent of itself.
const STAYS_SHARE: f64 = 0.01;

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate is compared with a setting"
)]
fn is_far(rules: &TagValidation, from: (f64, i64), to: (f64, i64)) -> bool {
    let step = (to.0 - from.0).abs();
    let secs = to.1.saturating_sub(from.1) as f64 / 1e6;
    let beyond_step = rules.max_step.is_some_and(|most| most < step);
    let beyond_rate = rules
        .max_rate_per_s
        .is_some_and(|most| 0.0 < secs && most * secs < step);
    beyond_step || beyond_rate
}

/// Returns whether a raw value is of the kind that the data type promises.
pub(crate) fn is_of_type(data_type: DataType, raw: &Value) -> bool {
    match data_type {
        DataType::Bool => matches!(raw, Value::Bool(_)),
        DataType::String => matches!(raw, Value::Text(_)),
        _ => matches!(raw, Value::I64(_) | Value::U64(_) | Value::F64(_)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    /// Returns what is odd about each of the values, one a second.
    fn odd(rules: &TagValidation, values: &[f64]) -> Vec<Option<ViolationKind>> {
        let mut trail = Trail::default();
        (0..)
            .zip(values)
            .map(|(at, &value)| trail.follow(rules, &Value::F64(value), at * SECOND_US))
            .collect()
    }

    #[test]
    fn a_single_spike_is_marked_and_the_way_back_is_not() {
        let rules = TagValidation {
            max_step: Some(5.0),
            ..TagValidation::default()
        };
        let spike = Some(ViolationKind::Spike);
        assert_eq!(
            odd(&rules, &[20.0, 25.0, 90.0, 24.0]),
            [None, None, spike, None]
        );
        // a new level is believed with its second sample
        assert_eq!(
            odd(&rules, &[20.0, 90.0, 91.0, 92.0]),
            [None, spike, None, None]
        );
        // two spikes in different directions
        assert_eq!(
            odd(&rules, &[20.0, 90.0, -50.0, 21.0]),
            [None, spike, spike, None]
        );
    }

    #[test]
    fn the_rate_counts_the_time_between_samples() {
        let rules = TagValidation {
            max_rate_per_s: Some(2.0),
            ..TagValidation::default()
        };
        let spike = Some(ViolationKind::Spike);
        assert_eq!(
            odd(&rules, &[0.0, 2.0, 5.0, 4.0]),
            [None, None, spike, None]
        );
        let mut trail = Trail::default();
        assert_eq!(trail.follow(&rules, &Value::I64(0), 0), None);
        assert_eq!(trail.follow(&rules, &Value::I64(20), 10 * SECOND_US), None);
        assert_eq!(trail.follow(&rules, &Value::I64(41), 20 * SECOND_US), spike);
    }

    #[test]
    fn a_value_that_does_not_change_is_frozen_from_its_time_on() {
        let rules = TagValidation {
            freeze_s: Some(3),
            ..TagValidation::default()
        };
        let frozen = Some(ViolationKind::Frozen);
        assert_eq!(
            odd(&rules, &[1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0]),
            [None, None, None, frozen, frozen, None, None]
        );
    }

    #[test]
    fn states_have_no_spikes_and_nothing_is_checked_that_was_not_asked_for() {
        let rules = TagValidation {
            max_step: Some(0.5),
            ..TagValidation::default()
        };
        let mut trail = Trail::default();
        for (at, state) in (0..).zip([false, true, false]) {
            assert_eq!(trail.follow(&rules, &Value::Bool(state), at), None);
        }
        assert_eq!(odd(&TagValidation::default(), &[0.0, 1e9, 1e9]), [None; 3]);
    }

    #[test]
    fn times_are_believed_within_their_bounds() {
        let bounds = TimeBounds {
            received_us: 1_000,
            oldest_us: 100,
            newest_us: 2_000,
        };
        assert_eq!(bounds.check(99), Some(ViolationKind::Past));
        assert_eq!((bounds.check(100), bounds.check(2_000)), (None, None));
        assert_eq!(bounds.check(2_001), Some(ViolationKind::Future));
        assert_eq!(bounds.check(i64::MAX), Some(ViolationKind::Future));
        assert_eq!(bounds.check(i64::MIN), Some(ViolationKind::Past));
    }

    #[test]
    fn values_fit_their_type_or_not() {
        assert!(is_of_type(DataType::Uint16, &Value::F64(1.0)));
        assert!(!is_of_type(DataType::Uint16, &Value::Text("1".into())));
        assert!(!is_of_type(DataType::Float32, &Value::Bool(true)));
        assert!(is_of_type(DataType::Bool, &Value::Bool(true)));
        assert!(!is_of_type(DataType::Bool, &Value::I64(1)));
        assert!(is_of_type(DataType::String, &Value::Text("a".into())));
        assert!(!is_of_type(DataType::String, &Value::F64(1.0)));
    }
}
