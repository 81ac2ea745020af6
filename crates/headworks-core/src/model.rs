//! The plant's objects: connections, devices, tags, dashboards and retention policies, as
//! they are configured.
//!
//! Checks that need one object only are made by `check`; relations between objects are the
//! business of the hub.

mod dashboard;
mod device;
mod object;
mod retention;
mod tag;
mod validation;

pub use dashboard::{
    Aggregation, Axis, AxisMode, Binding, Dashboard, Format, Group, TextSize, Trend, Widget,
    WidgetType,
};
pub use device::{Connection, Device, Settings};
pub use object::{FieldError, Kind, Object, ObjectBody, ObjectId};
pub use retention::{RetentionDays, RetentionPolicy};
pub use tag::Tag;
pub use validation::TagValidation;
