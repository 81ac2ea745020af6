//! Dashboards: groups of widgets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::{DESCRIPTION_MAX, check_lines, check_name, check_text};
use super::object::{FieldError, Kind, ObjectBody, ObjectId};
use crate::access::Role;

mod options;
mod show;
#[cfg(test)]
mod tests;

pub use options::{
    AlarmColumn, AlarmListOptions, AlarmStand, BarFigure, BarOptions, BarSort, BarWindow,
    ButtonAction, ButtonOptions, ChartOptions, ChartStyle, Confirm, FrameOptions, GaugeOptions,
    GaugeStyle, ImageFit, ImageOptions, LimitSource, SetpointChoice, SetpointControl,
    SetpointOptions, StateOptions, StateRow, StateSymbol, TableColumn, TableOptions, TagFilter,
    ValueOptions, WidgetLimits,
};
pub use show::{Aggregation, Axis, AxisMode, Format, TextSize, Trend};

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
    /// The tags it shows: 1 to 8; a state timeline up to 16, an image up to 64, a table and a
    /// status grid up to 256; a text, a list of alarms and a frame none.
    #[serde(default)]
    #[schemars(length(max = 256))]
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
    /// Page of this hub that its title opens, e.g. `/alarms`; what is known of its first tag when
    /// empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub link: String,
    /// Roles that are shown the tile; all when empty. It keeps a page tidy and no secret: who may
    /// see the dashboard can read it through the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    pub roles: Vec<Role>,
    /// Whether marks of uncertain and late values are shown; bad and stale ones always are.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub show_quality: bool,
    /// Limits that colour it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: WidgetLimits,
    /// Further tags of a table or status grid.
    #[serde(default, skip_serializing_if = "is_default")]
    pub filter: TagFilter,
    /// Options of a value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub value: ValueOptions,
    /// Options of a gauge.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gauge: GaugeOptions,
    /// Options of a line chart.
    #[serde(default, skip_serializing_if = "is_default")]
    pub chart: ChartOptions,
    /// Options of bars.
    #[serde(default, skip_serializing_if = "is_default")]
    pub bars: BarOptions,
    /// Options of a status, a status grid and a state timeline.
    #[serde(default, skip_serializing_if = "is_default")]
    pub states: StateOptions,
    /// Options of a table.
    #[serde(default, skip_serializing_if = "is_default")]
    pub table: TableOptions,
    /// Options of a list of alarms.
    #[serde(default, skip_serializing_if = "is_default")]
    pub alarm_list: AlarmListOptions,
    /// Options of a setpoint.
    #[serde(default, skip_serializing_if = "is_default")]
    pub setpoint: SetpointOptions,
    /// Options of a button.
    #[serde(default, skip_serializing_if = "is_default")]
    pub button: ButtonOptions,
    /// Options of an image.
    #[serde(default, skip_serializing_if = "is_default")]
    pub image: ImageOptions,
    /// Options of a frame.
    #[serde(default, skip_serializing_if = "is_default")]
    pub frame: FrameOptions,
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
    /// Whether a chart draws it on the axis at the right.
    #[serde(default, skip_serializing_if = "is_default")]
    pub right: bool,
    /// Where an image shows it, from the left in percent of the width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub x: Option<f64>,
    /// Where an image shows it, from the top in percent of the height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub y: Option<f64>,
}

/// The types of widgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WidgetType {
    /// A number or text with its unit; a second tag is its setpoint.
    #[default]
    Value,
    /// A bar or half circle with ranges; a second tag is its target.
    Gauge,
    /// A chart over time.
    Line,
    /// Bars that compare tags, or the hours, shifts, days, weeks or months of tags.
    Bar,
    /// A state as word and symbol.
    Status,
    /// A note.
    Text,
    /// The states of many tags as cells, those first that need a look.
    StatusGrid,
    /// States over time.
    StateTimeline,
    /// Tags as rows.
    Table,
    /// Alarms as they stand.
    AlarmList,
    /// A value to be set.
    Setpoint,
    /// A button that writes.
    Button,
    /// A picture with values on it.
    Image,
    /// A page of another server.
    Frame,
}

/// Most characters of the path of a page.
const LINK_MAX: usize = 512;
/// Most characters of a title.
const TITLE_MAX: usize = 128;

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_true(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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

impl WidgetType {
    /// Returns how many tags a widget of this type has at least and at most.
    ///
    /// Types that show one tag take up to eight: dashboards of before had them, and a chart that
    /// becomes a value and a chart again keeps its pens.
    pub fn tags(self) -> (usize, usize) {
        match self {
            WidgetType::Value | WidgetType::Gauge | WidgetType::Line => (1, 8),
            WidgetType::Bar | WidgetType::Status => (1, 8),
            WidgetType::Setpoint | WidgetType::Button => (1, 8),
            WidgetType::Text => (0, 8),
            WidgetType::StateTimeline => (1, 16),
            WidgetType::Table | WidgetType::StatusGrid => (0, 256),
            WidgetType::Image => (0, 64),
            WidgetType::AlarmList | WidgetType::Frame => (0, 0),
        }
    }

    /// Returns whether it shows the tags of a filter beside those it names.
    pub fn has_filter(self) -> bool {
        matches!(self, WidgetType::Table | WidgetType::StatusGrid)
    }
}

impl Binding {
    /// Returns the binding of a tag, without more.
    pub fn new(tag: ObjectId) -> Binding {
        Binding {
            tag,
            color: None,
            right: false,
            x: None,
            y: None,
        }
    }

    fn check(&self, place: &str) -> Result<(), FieldError> {
        self.check_color(place)?;
        for (name, at) in [("x", self.x), ("y", self.y)] {
            if let Some(at) = at
                && !(0.0..=100.0).contains(&at)
            {
                let reason = format!("{at} percent; 0 to 100 are allowed");
                return Err(FieldError::new(format!("{place}/{name}"), reason));
            }
        }
        Ok(())
    }

    /// Checks that the colour is a pen or `#rrggbb`: it becomes part of a style.
    fn check_color(&self, place: &str) -> Result<(), FieldError> {
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
    /// Returns a widget at a place of the grid, `(x, y, w, h)`, with the options of who says none.
    pub fn new(widget_type: WidgetType, (x, y, w, h): (u8, u16, u8, u8)) -> Widget {
        Widget {
            widget_type,
            title: String::new(),
            x,
            y,
            w,
            h,
            bindings: Vec::new(),
            description: String::new(),
            trend: Trend::default(),
            format: Format::default(),
            axis: Axis::default(),
            show_legend: false,
            link: String::new(),
            roles: Vec::new(),
            show_quality: true,
            limits: WidgetLimits::default(),
            filter: TagFilter::default(),
            value: ValueOptions::default(),
            gauge: GaugeOptions::default(),
            chart: ChartOptions::default(),
            bars: BarOptions::default(),
            states: StateOptions::default(),
            table: TableOptions::default(),
            alarm_list: AlarmListOptions::default(),
            setpoint: SetpointOptions::default(),
            button: ButtonOptions::default(),
            image: ImageOptions::default(),
            frame: FrameOptions::default(),
        }
    }

    fn check(&self, place: &str) -> Result<(), FieldError> {
        self.check_texts(place)?;
        self.check_roles(place)?;
        self.check_place(place)?;
        self.check_tags(place)?;
        self.trend.check(&format!("{place}/trend"))?;
        self.axis.check(&format!("{place}/axis"))?;
        self.check_options(place)
    }

    fn check_texts(&self, place: &str) -> Result<(), FieldError> {
        check_text(&format!("{place}/title"), &self.title, TITLE_MAX)?;
        let description = format!("{place}/description");
        check_lines(&description, &self.description, DESCRIPTION_MAX)?;
        let link = format!("{place}/link");
        check_text(&link, &self.link, LINK_MAX)?;
        // `//host` and, to browsers, `/\host` are other servers.
        let is_page = self.link.starts_with('/') && !self.link.starts_with("//");
        if !self.link.is_empty() && (!is_page || self.link.contains('\\')) {
            let reason = "is no page of this hub: it starts with one /, e.g. /alarms";
            return Err(FieldError::new(link, reason));
        }
        Ok(())
    }

    fn check_roles(&self, place: &str) -> Result<(), FieldError> {
        for (at, role) in self.roles.iter().enumerate() {
            if self.roles.iter().take(at).any(|before| before == role) {
                let place = format!("{place}/roles/{at}");
                return Err(FieldError::new(place, "the role is there already"));
            }
        }
        Ok(())
    }

    fn check_place(&self, place: &str) -> Result<(), FieldError> {
        let error =
            |field: &str, reason: String| Err(FieldError::new(format!("{place}/{field}"), reason));
        if self.w == 0 || 12 < self.w {
            return error("w", format!("{} columns; 1 to 12 are allowed", self.w));
        }
        if self.h == 0 || 24 < self.h {
            return error("h", format!("{} rows; 1 to 24 are allowed", self.h));
        }
        if 12 < self.x.saturating_add(self.w) {
            let reason = format!("column {} and {} columns exceed 12", self.x, self.w);
            return error("x", reason);
        }
        Ok(())
    }

    fn check_tags(&self, place: &str) -> Result<(), FieldError> {
        for (at, binding) in self.bindings.iter().enumerate() {
            binding.check(&format!("{place}/bindings/{at}"))?;
        }
        let (least, most) = self.widget_type.tags();
        let count = self.bindings.len();
        let reason = if most < count {
            format!("{count} tags; at most {most}")
        } else if count < least {
            "a widget of this type shows at least one tag".to_owned()
        } else if self.widget_type.has_filter() && count == 0 && self.filter.is_empty() {
            "a widget of this type shows at least one tag, or those of its filter".to_owned()
        } else {
            return Ok(());
        };
        Err(FieldError::new(format!("{place}/bindings"), reason))
    }

    fn check_options(&self, place: &str) -> Result<(), FieldError> {
        let setpoint = format!("{place}/setpoint");
        let button = format!("{place}/button");
        self.limits.check(&format!("{place}/limits"))?;
        self.gauge.check(&format!("{place}/gauge"))?;
        self.chart.check(&format!("{place}/chart"))?;
        self.bars.check(&format!("{place}/bars"))?;
        self.states.check(&format!("{place}/states"))?;
        self.table.check(&format!("{place}/table"))?;
        self.alarm_list.check(&format!("{place}/alarm_list"))?;
        self.setpoint.check(&setpoint)?;
        self.button.check(&button)?;
        self.image.check(&format!("{place}/image"))?;
        self.frame.check(&format!("{place}/frame"))?;
        match self.widget_type {
            WidgetType::Setpoint => self.setpoint.check_used(&setpoint),
            WidgetType::Button => self.button.check_used(&button),
            _ => Ok(()),
        }
    }
}
