//! What widgets of several types have in common: history, numbers, the axis of values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::object::FieldError;

/// How a widget shows history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trend {
    /// Whether a value or gauge draws a small trend too; charts always do.
    pub enabled: bool,
    /// Time between points in seconds; range over width when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_secs: Option<u32>,
    /// How points of a step become one.
    pub aggregation: Aggregation,
    /// Time shown, in minutes.
    #[schemars(range(min = 1, max = 1_051_200))]
    pub range_min: u32,
}

/// How several samples become one point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Every sample.
    None,
    /// Mean of the step.
    Mean,
    /// Least of the step.
    Min,
    /// Greatest of the step.
    Max,
    /// Last of the step.
    Last,
    /// Least and greatest as a band, so that spikes stay visible.
    #[default]
    Band,
}

/// How numbers are shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Format {
    /// Digits behind the decimal point; the tag's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9))]
    pub decimals: Option<u8>,
    /// Whether the unit follows the number.
    pub show_unit: bool,
    /// Size of the number.
    pub size: TextSize,
}

/// Size of a number on a tile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextSize {
    /// As large as the tile allows.
    #[default]
    Fit,
    /// 20 pixels.
    S,
    /// 28 pixels.
    M,
    /// 40 pixels.
    L,
    /// 64 pixels, for walls.
    Xl,
}

/// The value axis of a chart or gauge.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Axis {
    /// Where the bounds come from.
    pub mode: AxisMode,
    /// Lower bound of a static axis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Upper bound of a static axis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Where the bounds of an axis come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AxisMode {
    /// From the data shown.
    #[default]
    Auto,
    /// From `min` and `max` of the axis.
    Static,
    /// From the range of the tag.
    Tag,
}

impl Default for Trend {
    fn default() -> Trend {
        Trend {
            enabled: false,
            step_secs: None,
            aggregation: Aggregation::default(),
            range_min: 15,
        }
    }
}

impl Default for Format {
    fn default() -> Format {
        Format {
            decimals: None,
            show_unit: true,
            size: TextSize::default(),
        }
    }
}

impl Trend {
    pub(super) fn check(&self, place: &str) -> Result<(), FieldError> {
        if (1..=1_051_200).contains(&self.range_min) {
            return Ok(());
        }
        let reason = format!("{} minutes; 1 to 1051200", self.range_min);
        Err(FieldError::new(format!("{place}/range_min"), reason))
    }
}

impl Axis {
    pub(super) fn check(&self, place: &str) -> Result<(), FieldError> {
        match (self.mode, self.min, self.max) {
            (AxisMode::Static, Some(min), Some(max)) if min < max => Ok(()),
            (AxisMode::Static, _, _) => {
                let reason = "a static axis needs min and max, min below max";
                Err(FieldError::new(place, reason))
            }
            (AxisMode::Auto | AxisMode::Tag, _, _) => Ok(()),
        }
    }
}
