//! Scaling between raw and engineering values: `raw * scale + offset`.

use crate::value::Value;

/// A linear scaling with a checked inverse.
///
/// Scales that are one over a whole number (0.1, 0.01, 0.25 …) divide instead of multiplying, so
/// that 3 at scale 0.1 is 0.3 and not 0.30000000000000004.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    scale: f64,   // invariant: finite, not zero
    offset: f64,  // invariant: finite
    divisor: f64, // 1 / scale where that is a whole number, else 0
}

/// Why a value cannot be scaled.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ScalingError {
    /// The scale is zero or not finite, so that nothing could be written back.
    #[error("scale {scale} must be a finite number other than zero")]
    Scale {
        /// The scale given.
        scale: f64,
    },
    /// The offset is not finite.
    #[error("offset {offset} must be a finite number")]
    Offset {
        /// The offset given.
        offset: f64,
    },
    /// The value is no number but the tag is scaled.
    #[error("{kind} cannot be scaled; give a number")]
    NotANumber {
        /// Kind of the value.
        kind: &'static str,
    },
    /// The result is too large for a number.
    #[error("{value} is too large to be scaled")]
    Overflow {
        /// The value given.
        value: f64,
    },
}

impl Scaling {
    /// The scaling that changes nothing.
    pub const IDENTITY: Scaling = Scaling {
        scale: 1.0,
        offset: 0.0,
        divisor: 1.0,
    };

    /// Returns the scaling `raw * scale + offset`.
    ///
    /// # Errors
    ///
    /// [`ScalingError::Scale`] and [`ScalingError::Offset`].
    pub fn new(scale: f64, offset: f64) -> Result<Scaling, ScalingError> {
        if !scale.is_finite() || scale == 0.0 {
            return Err(ScalingError::Scale { scale });
        }
        if !offset.is_finite() {
            return Err(ScalingError::Offset { offset });
        }
        let divisor = (1.0 / scale).round();
        let exact = divisor.is_finite() && 1.0 <= divisor.abs() && 1.0 / divisor == scale;
        Ok(Scaling {
            scale,
            offset,
            divisor: if exact { divisor } else { 0.0 },
        })
    }

    /// Returns whether values pass unchanged, integers as integers.
    pub fn is_identity(&self) -> bool {
        self.scale == 1.0 && self.offset == 0.0
    }

    /// Returns the engineering value of `raw`.
    ///
    /// # Errors
    ///
    /// [`ScalingError::NotANumber`] for a text under a scaling, [`ScalingError::Overflow`].
    pub fn apply(&self, raw: Value) -> Result<Value, ScalingError> {
        if self.is_identity() || matches!(raw, Value::Bool(_)) {
            return Ok(raw);
        }
        let number = raw
            .as_f64()
            .ok_or(ScalingError::NotANumber { kind: raw.kind() })?;
        let product = if self.divisor == 0.0 {
            number * self.scale
        } else {
            number / self.divisor
        };
        finite(product + self.offset, number).map(Value::F64)
    }

    /// Returns the raw value of an engineering value: not yet rounded, which is the business of
    /// the codec that knows the data type.
    ///
    /// # Errors
    ///
    /// [`ScalingError::NotANumber`] for a text under a scaling, [`ScalingError::Overflow`].
    pub fn invert(&self, value: &Value) -> Result<Value, ScalingError> {
        if self.is_identity() || matches!(value, Value::Bool(_)) {
            return Ok(value.clone());
        }
        let number = value
            .as_f64()
            .ok_or(ScalingError::NotANumber { kind: value.kind() })?;
        let shifted = number - self.offset;
        let raw = if self.divisor == 0.0 {
            shifted / self.scale
        } else {
            shifted * self.divisor
        };
        finite(raw, number).map(Value::F64)
    }
}

fn finite(result: f64, value: f64) -> Result<f64, ScalingError> {
    if result.is_finite() {
        Ok(result)
    } else {
        Err(ScalingError::Overflow { value })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(scale: f64, offset: f64, raw: i64, want: &str) {
        let scaling = Scaling::new(scale, offset).unwrap();
        let value = scaling.apply(Value::I64(raw)).unwrap();
        assert_eq!(value.to_string(), want);
        let back = scaling.invert(&value).unwrap().as_f64().unwrap();
        assert_eq!(back.round(), raw as f64);
    }

    #[test]
    fn decimals_print_as_written() {
        check(0.1, 0.0, 3, "0.3");
        check(0.1, 0.0, 7, "0.7");
        check(0.01, 0.0, 2305, "23.05");
        check(0.001, 0.0, 1_234_567, "1234.567");
        check(0.1, -40.0, 613, "21.299999999999997"); // the sum is a new number: decimals round it
        check(2.5, 0.0, 4, "10");
        check(-0.1, 0.0, 3, "-0.3");
        check(1.0, 0.0, i64::MAX, "9223372036854775807");
    }

    #[test]
    fn what_cannot_be_inverted_is_refused() {
        assert!(matches!(
            Scaling::new(0.0, 0.0),
            Err(ScalingError::Scale { .. })
        ));
        assert!(matches!(
            Scaling::new(f64::NAN, 0.0),
            Err(ScalingError::Scale { .. })
        ));
        assert!(matches!(
            Scaling::new(1.0, f64::INFINITY),
            Err(ScalingError::Offset { .. })
        ));
        let scaling = Scaling::new(2.0, 0.0).unwrap();
        assert_eq!(
            scaling.apply("x".into()),
            Err(ScalingError::NotANumber { kind: "a text" })
        );
        assert!(matches!(
            scaling.apply(Value::F64(f64::MAX)),
            Err(ScalingError::Overflow { .. })
        ));
    }

    proptest! {
        #[test]
        fn the_inverse_finds_every_register_value(
            raw in any::<i32>(),
            scale in prop_oneof![Just(0.1), Just(0.01), Just(0.5), Just(10.0), 0.001f64..1000.0],
            offset in -10_000.0f64..10_000.0,
        ) {
            let scaling = Scaling::new(scale, offset).unwrap();
            let value = scaling.apply(Value::I64(raw.into())).unwrap();
            let back = scaling.invert(&value).unwrap().as_f64().unwrap();
            prop_assert_eq!(back.round(), f64::from(raw));
        }
    }
}
