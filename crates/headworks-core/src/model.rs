//! The plant's objects, as they are configured: assets, connections, templates, devices, tags,
//! groups, alarms, routes, dashboards and retention policies.
//!
//! Checks that need one object only are made by `check`; relations between objects are the
//! business of the hub.

mod alarm;
mod asset;
mod dashboard;
mod device;
mod group;
mod object;
mod retention;
mod route;
mod tag;
mod template;
mod validation;

pub use alarm::{Alarm, MessageFacts, Priority};
pub use asset::{Asset, AssetLevel};
pub use dashboard::{
    Aggregation, Axis, AxisMode, Binding, Dashboard, Format, TextSize, Trend, Widget, WidgetGroup,
    WidgetType,
};
pub use device::{Connection, Device, Settings};
pub use group::Group;
pub use object::{FieldError, Kind, Object, ObjectBody, ObjectId};
pub use retention::{RetentionDays, RetentionPolicy};
pub use route::{
    Accept, BodyType, DayTime, Route, RouteRules, RouteSchedule, RouteTarget, RouteWindow,
    TagTarget, WayBack, WebhookMethod, WebhookTarget, Weekday, WindowFunction,
};
pub use tag::Tag;
pub use template::{ParameterType, Template, TemplateParameter, TemplateUse};
pub use validation::TagValidation;
