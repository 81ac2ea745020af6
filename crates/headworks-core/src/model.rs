//! The plant's objects, as they are configured: assets, connections, templates, devices, tags,
//! groups, alarms, routes, dashboards, their pictures, retention policies and dictionaries.
//!
//! Checks that need one object only are made by `check`; relations between objects are the
//! business of the hub.

mod alarm;
mod asset;
mod channel;
mod dashboard;
mod device;
mod dictionary;
mod group;
mod hours;
mod object;
mod picture;
mod policy;
mod retention;
mod roster;
mod route;
mod tag;
mod template;
mod validation;

pub use alarm::{Alarm, MessageFacts, Priority};
pub use asset::{Asset, AssetLevel};
pub use channel::{
    Channel, ChannelPreset, ChannelTarget, PLACEHOLDERS, Webhook, channel_presets, fill_template,
};
pub use dashboard::{
    Aggregation, AlarmColumn, AlarmListOptions, AlarmStand, Axis, AxisMode, BarFigure, BarOptions,
    BarSort, BarWindow, Binding, ButtonAction, ButtonOptions, ChartOptions, ChartStyle, Confirm,
    Dashboard, Format, FrameOptions, GaugeOptions, GaugeStyle, ImageFit, ImageOptions, LimitSource,
    SetpointChoice, SetpointControl, SetpointOptions, StateOptions, StateRow, StateSymbol,
    TableColumn, TableOptions, TagFilter, TextSize, Trend, ValueOptions, Widget, WidgetGroup,
    WidgetLimits, WidgetType,
};
pub use device::{Connection, Device, Settings};
pub use dictionary::{Dictionary, main_language};
pub use group::Group;
pub use hours::{CalendarDay, Hours, LocalMoment};
pub use object::{FieldError, Kind, Object, ObjectBody, ObjectId};
pub use picture::{Picture, PictureType};
pub use policy::{GroupBy, Policy, PolicyStep, QuietHours};
pub use retention::{RetentionDays, RetentionPolicy};
pub use roster::{OnDaysOff, Person, Roster, Shift};
pub use route::{
    Accept, BodyType, DayTime, Route, RouteRules, RouteSchedule, RouteTarget, RouteWindow,
    TagTarget, WayBack, WebhookMethod, WebhookTarget, Weekday, WindowFunction,
};
pub use tag::Tag;
pub use template::{ParameterType, Template, TemplateParameter, TemplateUse};
pub use validation::TagValidation;
