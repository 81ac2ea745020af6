//! Dashboards: groups of widgets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::{DESCRIPTION_MAX, check_lines, check_name, check_text};
use super::object::{FieldError, Kind, ObjectBody, ObjectId};

/// A page of widgets in groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// Name on screen, unique among dashboards.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Place in the list of dashboards, lowest first.
    #[serde(default)]
    pub order: i32,
    /// Row blocks, from top to bottom.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub groups: Vec<WidgetGroup>,
}

/// A titled row block of a dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WidgetGroup {
    /// Title on screen.
    #[schemars(length(max = 128))]
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
    /// Whether the block is folded when the page opens.
    #[serde(default)]
    pub collapsed: bool,
    /// Tiles of the block.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub widgets: Vec<Widget>,
}

/// One tile of a dashboard on a grid of 12 columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Widget {
    /// What it shows its tags as.
    #[serde(rename = "type")]
    pub widget_type: WidgetType,
    /// Title; the tag's name when empty.
    #[serde(default)]
    #[schemars(length(max = 128))]
    pub title: String,
    /// Left column, 0 to 11.
    #[schemars(range(max = 11))]
    pub x: u8,
    /// Top row within the group.
    pub y: u16,
    /// Columns, 1 to 12.
    #[schemars(range(min = 1, max = 12))]
    pub w: u8,
    /// Rows of 64 pixels and a gap of 8, 1 to 24.
    #[schemars(range(min = 1, max = 24))]
    pub h: u8,
    /// The tags it shows, 1 to 8; a text has none.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub bindings: Vec<Binding>,
    /// Text of a text widget, or the tooltip of another.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
    /// How history is shown.
    #[serde(default)]
    pub trend: Trend,
    /// How numbers are shown.
    #[serde(default)]
    pub format: Format,
    /// The value axis of a chart or gauge.
    #[serde(default)]
    pub axis: Axis,
    /// Whether a chart names its pens.
    #[serde(default)]
    pub show_legend: bool,
}

/// One tag of a widget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The tag.
    pub tag: ObjectId,
    /// Pen `t1` to `t6` or a colour `#rrggbb`; the next free pen when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub color: Option<String>,
}

/// The types of widgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WidgetType {
    /// A number or text with its unit.
    Value,
    /// A bar with ranges.
    Gauge,
    /// A chart over time.
    Line,
    /// Bars that compare tags.
    Bar,
    /// A state as word and symbol.
    Status,
    /// A note.
    Text,
}

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

/// Most characters of a title.
const TITLE_MAX: usize = 128;

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

impl ObjectBody for Dashboard {
    const KIND: Kind = Kind::Dashboard;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        if 64 < self.groups.len() {
            let reason = format!("{} groups; at most 64 are allowed", self.groups.len());
            return Err(FieldError::new("/groups", reason));
        }
        for (at, group) in self.groups.iter().enumerate() {
            group.check(&format!("/groups/{at}"))?;
        }
        Ok(())
    }
}

impl WidgetGroup {
    fn check(&self, place: &str) -> Result<(), FieldError> {
        check_text(&format!("{place}/name"), &self.name, TITLE_MAX)?;
        let description = format!("{place}/description");
        check_lines(&description, &self.description, DESCRIPTION_MAX)?;
        if 256 < self.widgets.len() {
            let reason = format!("{} widgets; at most 256 are allowed", self.widgets.len());
            return Err(FieldError::new(format!("{place}/widgets"), reason));
        }
        for (at, widget) in self.widgets.iter().enumerate() {
            widget.check(&format!("{place}/widgets/{at}"))?;
        }
        Ok(())
    }
}

impl Binding {
    /// Checks that the colour is a pen or `#rrggbb`: it becomes part of a style.
    fn check(&self, place: &str) -> Result<(), FieldError> {
        let Some(color) = &self.color else {
            return Ok(());
        };
        let is_pen = matches!(color.as_bytes(), [b't', b'1'..=b'6']);
        let digits = color.strip_prefix('#');
        let is_color = digits.is_some_and(|digits| {
            digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        if is_pen || is_color {
            return Ok(());
        }
        let reason = "is neither a pen, t1 to t6, nor a colour as #rrggbb";
        Err(FieldError::new(format!("{place}/color"), reason))
    }
}

impl Widget {
    fn check_texts(&self, place: &str) -> Result<(), FieldError> {
        check_text(&format!("{place}/title"), &self.title, TITLE_MAX)?;
        let description = format!("{place}/description");
        check_lines(&description, &self.description, DESCRIPTION_MAX)?;
        for (at, binding) in self.bindings.iter().enumerate() {
            binding.check(&format!("{place}/bindings/{at}"))?;
        }
        Ok(())
    }

    fn check(&self, place: &str) -> Result<(), FieldError> {
        self.check_texts(place)?;
        let error =
            |field: &str, reason: String| Err(FieldError::new(format!("{place}/{field}"), reason));
        if self.w == 0 || 12 < self.w {
            return error("w", format!("{} columns; 1 to 12 are allowed", self.w));
        }
        if self.h == 0 || 24 < self.h {
            return error("h", format!("{} rows; 1 to 24 are allowed", self.h));
        }
        if 12 < self.x.saturating_add(self.w) {
            return error(
                "x",
                format!("column {} and {} columns exceed 12", self.x, self.w),
            );
        }
        if 8 < self.bindings.len() {
            return error(
                "bindings",
                format!("{} tags; at most 8", self.bindings.len()),
            );
        }
        if self.bindings.is_empty() && self.widget_type != WidgetType::Text {
            return error(
                "bindings",
                "a widget that is no text shows at least one tag".into(),
            );
        }
        if !(1..=1_051_200).contains(&self.trend.range_min) {
            let reason = format!("{} minutes; 1 to 1051200", self.trend.range_min);
            return error("trend/range_min", reason);
        }
        match (self.axis.mode, self.axis.min, self.axis.max) {
            (AxisMode::Static, Some(min), Some(max)) if min < max => Ok(()),
            (AxisMode::Static, _, _) => error(
                "axis",
                "a static axis needs min and max, min below max".into(),
            ),
            (AxisMode::Auto | AxisMode::Tag, _, _) => Ok(()),
        }
    }
}
