//! Options that only some types of widgets read.
//!
//! Those of other types are checked all the same and kept without effect, so that who changes the
//! type of a widget and changes it back loses nothing.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::show::Axis;
use super::{is_default, is_true};
use crate::model::alarm::Priority;
use crate::model::object::ObjectId;
use crate::model::route::DayTime;
use crate::path::TagPath;
use crate::pattern::Pattern;
use crate::value::Value;

mod checks;
mod embedded;

pub use embedded::{FrameOptions, ImageFit, ImageOptions};

/// Most characters of a value that is a text.
const VALUE_MAX: usize = 256;

/// Tags chosen by what they are instead of one by one; all that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TagFilter {
    /// Paths of the tags: `*` within a segment, `**` for any depth.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", length(min = 1, max = 2064))]
    pub pattern: Option<Pattern>,
    /// Only tags of this asset and of those below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset: Option<ObjectId>,
    /// Only tags of this group and of its devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<ObjectId>,
}

/// Limits that colour a value, a gauge or a chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WidgetLimits {
    /// Where they come from.
    #[serde(skip_serializing_if = "is_default")]
    pub source: LimitSource,
    /// Own limit far below, in the unit of the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_low: Option<f64>,
    /// Own limit below, in the unit of the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Own limit above, in the unit of the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Own limit far above, in the unit of the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_high: Option<f64>,
}

/// Where limits of a widget come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitSource {
    /// From the alarm rules of the tag.
    #[default]
    Alarms,
    /// From the widget: the inner two count as priority 3, the outer two as priority 2.
    Own,
    /// There are none.
    None,
}

/// Options of a value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ValueOptions {
    /// Whether an arrow shows how fast it rises or falls.
    #[serde(skip_serializing_if = "is_default")]
    pub rate: bool,
    /// Whether it has a button to write the tag, for those who may.
    #[serde(skip_serializing_if = "is_default")]
    pub write: bool,
}

/// Options of a gauge.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GaugeOptions {
    /// How it looks.
    #[serde(skip_serializing_if = "is_default")]
    pub style: GaugeStyle,
    /// Where its mark stands, in the unit of the tag; a second tag goes before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
}

/// How a gauge looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GaugeStyle {
    /// A bar with ranges.
    #[default]
    Bar,
    /// A half circle with ranges.
    HalfCircle,
}

/// Options of a chart over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChartOptions {
    /// How points are joined.
    #[serde(skip_serializing_if = "is_default")]
    pub style: ChartStyle,
    /// The axis at the right, for tags that ask for it.
    #[serde(skip_serializing_if = "is_default")]
    pub right: Axis,
    /// Whether limits are drawn as lines.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: bool,
    /// Whether alarms and events are marked.
    #[serde(skip_serializing_if = "is_default")]
    pub events: bool,
    /// Whether a reader can zoom.
    #[serde(skip_serializing_if = "is_true")]
    pub zoom: bool,
}

/// How points of a chart are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartStyle {
    /// Straight.
    #[default]
    Line,
    /// Each value lasts until the next.
    Step,
    /// Straight, and filled down to the axis.
    Area,
}

/// Options of bars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BarOptions {
    /// What a bar stands for.
    #[serde(skip_serializing_if = "is_default")]
    pub by: BarWindow,
    /// How many hours, shifts, days, weeks or months are shown, 1 to 62.
    #[serde(skip_serializing_if = "is_bars")]
    #[schemars(range(min = 1, max = 62))]
    pub count: u8,
    /// What is computed of an hour, shift, day, week or month.
    #[serde(skip_serializing_if = "is_default")]
    pub figure: BarFigure,
    /// Whether several tags are put on one another instead of side by side.
    #[serde(skip_serializing_if = "is_default")]
    pub stacked: bool,
    /// Order of the tags.
    #[serde(skip_serializing_if = "is_default")]
    pub sort: BarSort,
    /// When the first shift of a day begins, in the zone of the reader.
    #[serde(skip_serializing_if = "is_shift_start")]
    pub shift_start: DayTime,
    /// Hours of a shift: 4, 6, 8 or 12.
    #[serde(skip_serializing_if = "is_shift_hours")]
    #[schemars(range(min = 4, max = 12))]
    pub shift_hours: u8,
}

/// What a bar stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BarWindow {
    /// The newest value of a tag.
    #[default]
    Tag,
    /// An hour.
    Hour,
    /// A shift.
    Shift,
    /// A day of the zone of the reader.
    Day,
    /// A week that starts on Monday.
    Week,
    /// A month.
    Month,
}

/// What a bar of some time shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BarFigure {
    /// Mean over the time.
    #[default]
    Average,
    /// Least value.
    Minimum,
    /// Greatest value.
    Maximum,
    /// Last value.
    End,
    /// Last value less the first: what a counter has counted.
    Delta,
}

/// Order of bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BarSort {
    /// As the tags stand in the widget.
    #[default]
    Given,
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

/// Options of types that show states.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StateOptions {
    /// What values mean; the first row that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub rows: Vec<StateRow>,
    /// Whether 0 and false are the running state of values without a row.
    #[serde(skip_serializing_if = "is_default")]
    pub invert: bool,
}

/// What a value or a range of them means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateRow {
    /// The value, or the lower end of the range.
    #[schemars(schema_with = "value_schema")]
    pub value: Value,
    /// Upper end of a range of numbers, part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<f64>,
    /// The word shown; the value when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 64))]
    pub text: String,
    /// The symbol.
    #[serde(default, skip_serializing_if = "is_default")]
    pub symbol: StateSymbol,
    /// Priority whose colour it has, 1 to 4; it is normal when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Priority>,
}

/// Symbols of states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateSymbol {
    /// Filled square: it runs.
    #[default]
    Filled,
    /// Outline: it stands.
    Outline,
    /// Cross: it has failed.
    Cross,
    /// Exclamation mark: it needs a look.
    Warning,
    /// Clock: it waits.
    Wait,
    /// Hand: it is run by hand.
    Hand,
    /// Arrow up: it opens or rises.
    Up,
    /// Arrow down: it closes or sinks.
    Down,
}

/// Options of a table of tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TableOptions {
    /// Its columns from left to right, each once.
    #[schemars(length(min = 1, max = 8))]
    pub columns: Vec<TableColumn>,
    /// The column it is ordered by when it opens.
    #[serde(skip_serializing_if = "is_default")]
    pub sort: TableColumn,
    /// Whether the order is turned round.
    #[serde(skip_serializing_if = "is_default")]
    pub descending: bool,
}

/// Columns of a table of tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableColumn {
    /// Last part of the path.
    #[default]
    Name,
    /// The path.
    Path,
    /// The device.
    Device,
    /// The newest value with its unit.
    Value,
    /// Its quality.
    Quality,
    /// How old it is.
    Age,
    /// Its worst alarm.
    Alarm,
}

/// Options of a list of alarms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmListOptions {
    /// Only alarms whose tag lies below this folder, e.g. `north/hall1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<TagPath>,
    /// Only alarms of these priorities; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    pub priorities: Vec<Priority>,
    /// Which alarms.
    #[serde(skip_serializing_if = "is_default")]
    pub state: AlarmStand,
    /// Its columns from left to right, each once.
    #[schemars(length(min = 1, max = 8))]
    pub columns: Vec<AlarmColumn>,
    /// Whether alarms can be acknowledged here, by those who may.
    #[serde(skip_serializing_if = "is_true")]
    pub acknowledge: bool,
}

/// Which alarms a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmStand {
    /// Those that ask something of somebody: active, unacknowledged or latched.
    #[default]
    Open,
    /// Those whose condition holds, hidden or not.
    Active,
    /// Those that nobody has acknowledged.
    Unacknowledged,
    /// Those on the shelf.
    Shelved,
    /// Those that are shelved, suppressed or out of service.
    Hidden,
    /// All that are watched, also those that are normal.
    All,
}

/// Columns of a list of alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmColumn {
    /// Mark of the priority and the state.
    Priority,
    /// When the last transition was.
    Time,
    /// Name of the alarm.
    Name,
    /// What the operator reads.
    Text,
    /// The folders of its tag.
    Area,
    /// The value of the last transition.
    Value,
    /// The state in words.
    State,
}

/// Options of a setpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetpointOptions {
    /// What the operator works.
    #[serde(skip_serializing_if = "is_default")]
    pub control: SetpointControl,
    /// Least number; that of the tag when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greatest number; that of the tag when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Step of slider and arrow keys, above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// Values to choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub choices: Vec<SetpointChoice>,
    /// How a write is asked back.
    #[serde(skip_serializing_if = "is_default")]
    pub confirm: Confirm,
}

/// What the operator works to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetpointControl {
    /// A field for a number or text.
    #[default]
    Number,
    /// A slider; it needs bounds, of its own or of the tag.
    Slider,
    /// A list of values.
    Select,
}

/// A value to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetpointChoice {
    /// The value that is written.
    #[schemars(schema_with = "value_schema")]
    pub value: Value,
    /// The word shown; the value when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 64))]
    pub text: String,
}

/// How a write is asked back; it always is, with the old and the new value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// A question.
    #[default]
    Ask,
    /// A question with a box to tick.
    Tick,
}

/// Options of a button.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ButtonOptions {
    /// What it does.
    #[serde(skip_serializing_if = "is_default")]
    pub action: ButtonAction,
    /// The value it writes; needed by `write` and `hold`, true for `toggle` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "optional_value_schema")]
    pub value: Option<Value>,
    /// The value it writes when let go (`hold`, needed) or pressed again (`toggle`, false when
    /// absent).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "optional_value_schema")]
    pub release: Option<Value>,
    /// What stands on it; what it does when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 64))]
    pub label: String,
    /// How a write is asked back; a button to hold asks by the half second it must be held.
    #[serde(skip_serializing_if = "is_default")]
    pub confirm: Confirm,
}

/// What a button does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ButtonAction {
    /// Writes its value.
    #[default]
    Write,
    /// Writes the other of two values.
    Toggle,
    /// Writes its value after it was held for half a second, and the other when let go.
    Hold,
}

impl TagFilter {
    /// Returns whether nothing is chosen by it.
    pub fn is_empty(&self) -> bool {
        *self == TagFilter::default()
    }
}

impl Default for ChartOptions {
    fn default() -> ChartOptions {
        ChartOptions {
            style: ChartStyle::default(),
            right: Axis::default(),
            limits: false,
            events: false,
            zoom: true,
        }
    }
}

impl Default for BarOptions {
    fn default() -> BarOptions {
        BarOptions {
            by: BarWindow::default(),
            count: bars(),
            figure: BarFigure::default(),
            stacked: false,
            sort: BarSort::default(),
            shift_start: shift_start(),
            shift_hours: SHIFT_HOURS,
        }
    }
}

impl Default for TableOptions {
    fn default() -> TableOptions {
        use TableColumn::{Age, Name, Quality, Value};
        TableOptions {
            columns: vec![Name, Value, Quality, Age],
            sort: TableColumn::default(),
            descending: false,
        }
    }
}

impl Default for AlarmListOptions {
    fn default() -> AlarmListOptions {
        use AlarmColumn::{Area, Name, Priority, State, Time};
        AlarmListOptions {
            area: None,
            priorities: Vec::new(),
            state: AlarmStand::default(),
            columns: vec![Priority, Time, Name, Area, State],
            acknowledge: true,
        }
    }
}

/// How many bars of time there are when nobody says.
const fn bars() -> u8 {
    24
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_bars(count: &u8) -> bool {
    *count == bars()
}

/// Hours of a shift when nobody says.
const SHIFT_HOURS: u8 = 8;

/// When the first shift of a day begins when nobody says: at 06:00.
fn shift_start() -> DayTime {
    DayTime::of_hour(6)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_shift_start(start: &DayTime) -> bool {
    *start == shift_start()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_shift_hours(hours: &u8) -> bool {
    *hours == SHIFT_HOURS
}

fn value_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "boolean" },
            { "type": "number" },
            { "type": "string", "maxLength": VALUE_MAX },
        ],
    })
}

fn optional_value_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "boolean" },
            { "type": "number" },
            { "type": "string", "maxLength": VALUE_MAX },
            { "type": "null" },
        ],
    })
}
