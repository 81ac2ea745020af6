//! Bounds of the options of widgets.

use super::{
    AlarmColumn, AlarmListOptions, BarOptions, ButtonAction, ButtonOptions, ChartOptions,
    FrameOptions, GaugeOptions, ImageOptions, SetpointControl, SetpointOptions, StateOptions,
    StateRow, TableColumn, TableOptions, VALUE_MAX, WidgetLimits,
};
use crate::model::device::check_text;
use crate::model::object::FieldError;
use crate::value::Value;

/// Most rows of a table of states and most choices of a setpoint.
const ROWS_MAX: usize = 64;
/// Most columns of a table.
const COLUMNS_MAX: usize = 8;
/// Most characters of the word of a state, a choice or a button.
const WORD_MAX: usize = 64;
/// Most characters of the address of a frame.
const URL_MAX: usize = 2048;
/// Most characters of the name of a file.
pub(in crate::model::dashboard) const FILE_MAX: usize = 128;

fn error<T>(place: String, reason: impl std::fmt::Display) -> Result<T, FieldError> {
    Err(FieldError::new(place, reason))
}

fn check_value(place: &str, value: &Value) -> Result<(), FieldError> {
    match value {
        Value::Text(text) => check_text(place, text, VALUE_MAX),
        _ => Ok(()),
    }
}

fn check_count(place: &str, count: usize, most: usize, what: &str) -> Result<(), FieldError> {
    if count <= most {
        return Ok(());
    }
    error(
        place.to_owned(),
        format!("{count} {what}; at most {most} are allowed"),
    )
}

/// Checks that there are columns, each of them once.
fn check_columns<T: PartialEq>(place: &str, columns: &[T]) -> Result<(), FieldError> {
    check_count(place, columns.len(), COLUMNS_MAX, "columns")?;
    if columns.is_empty() {
        return error(place.to_owned(), "a table has at least one column");
    }
    for (at, column) in columns.iter().enumerate() {
        if columns.iter().take(at).any(|before| before == column) {
            return error(format!("{place}/{at}"), "the column is there already");
        }
    }
    Ok(())
}

impl WidgetLimits {
    /// Checks that the limits lie in order.
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        let named = [
            ("low_low", self.low_low),
            ("low", self.low),
            ("high", self.high),
            ("high_high", self.high_high),
        ];
        let mut below: Option<(&str, f64)> = None;
        for (name, limit) in named {
            let Some(limit) = limit else { continue };
            if let Some((before, lower)) = below
                && limit <= lower
            {
                let reason = format!("{limit} is not above {before}, {lower}");
                return error(format!("{place}/{name}"), reason);
            }
            below = Some((name, limit));
        }
        Ok(())
    }
}

impl GaugeOptions {
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        match self.target {
            Some(target) if !target.is_finite() => {
                error(format!("{place}/target"), "is no finite number")
            }
            _ => Ok(()),
        }
    }
}

impl ChartOptions {
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        self.right.check(&format!("{place}/right"))
    }
}

impl BarOptions {
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        if !(1..=62).contains(&self.count) {
            let reason = format!("{} bars; 1 to 62 are allowed", self.count);
            return error(format!("{place}/count"), reason);
        }
        if !matches!(self.shift_hours, 4 | 6 | 8 | 12) {
            let reason = format!("{} hours; a shift has 4, 6, 8 or 12", self.shift_hours);
            return error(format!("{place}/shift_hours"), reason);
        }
        Ok(())
    }
}

impl StateOptions {
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        check_count(&format!("{place}/rows"), self.rows.len(), ROWS_MAX, "rows")?;
        for (at, row) in self.rows.iter().enumerate() {
            row.check(&format!("{place}/rows/{at}"))?;
        }
        Ok(())
    }
}

impl StateRow {
    fn check(&self, place: &str) -> Result<(), FieldError> {
        check_value(&format!("{place}/value"), &self.value)?;
        check_text(&format!("{place}/text"), &self.text, WORD_MAX)?;
        let Some(up_to) = self.up_to else {
            return Ok(());
        };
        let is_number = !matches!(self.value, Value::Bool(_));
        match self.value.as_f64().filter(|_| is_number) {
            Some(value) if value <= up_to => Ok(()),
            Some(value) => error(
                format!("{place}/up_to"),
                format!("{up_to} is below the lower end of the range, {value}"),
            ),
            None => error(format!("{place}/up_to"), "only a number can start a range"),
        }
    }
}

impl TableOptions {
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        check_columns::<TableColumn>(&format!("{place}/columns"), &self.columns)
    }
}

impl AlarmListOptions {
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        check_count(
            &format!("{place}/priorities"),
            self.priorities.len(),
            4,
            "priorities",
        )?;
        check_columns::<AlarmColumn>(&format!("{place}/columns"), &self.columns)
    }
}

impl SetpointOptions {
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        if let (Some(min), Some(max)) = (self.min, self.max)
            && max <= min
        {
            return error(
                format!("{place}/max"),
                format!("{max} is not above min, {min}"),
            );
        }
        if let Some(step) = self.step
            && step <= 0.0
        {
            return error(format!("{place}/step"), format!("{step} is not above 0"));
        }
        let choices = format!("{place}/choices");
        check_count(&choices, self.choices.len(), ROWS_MAX, "choices")?;
        for (at, choice) in self.choices.iter().enumerate() {
            check_value(&format!("{choices}/{at}/value"), &choice.value)?;
            check_text(&format!("{choices}/{at}/text"), &choice.text, WORD_MAX)?;
        }
        Ok(())
    }

    /// Checks what only a setpoint needs.
    pub(in crate::model::dashboard) fn check_used(&self, place: &str) -> Result<(), FieldError> {
        if self.control == SetpointControl::Select && self.choices.is_empty() {
            return error(
                format!("{place}/choices"),
                "a list to select from is not empty",
            );
        }
        Ok(())
    }
}

impl ButtonOptions {
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        check_text(&format!("{place}/label"), &self.label, WORD_MAX)?;
        for (name, value) in [("value", &self.value), ("release", &self.release)] {
            if let Some(value) = value {
                check_value(&format!("{place}/{name}"), value)?;
            }
        }
        Ok(())
    }

    /// Checks what only a button needs.
    pub(in crate::model::dashboard) fn check_used(&self, place: &str) -> Result<(), FieldError> {
        if self.action != ButtonAction::Toggle && self.value.is_none() {
            return error(format!("{place}/value"), "the button has no value to write");
        }
        if self.action == ButtonAction::Hold && self.release.is_none() {
            let reason = "a button to hold has no value to write when it is let go";
            return error(format!("{place}/release"), reason);
        }
        Ok(())
    }
}

impl ImageOptions {
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        check_text(&format!("{place}/file"), &self.file, FILE_MAX)?;
        check_text(&format!("{place}/alt"), &self.alt, 500)
    }
}

impl FrameOptions {
    /// Checks that it is a page of the web: it becomes the address of a frame.
    pub(in crate::model::dashboard) fn check(&self, place: &str) -> Result<(), FieldError> {
        if self.refresh_s != 0 && !(5..=86_400).contains(&self.refresh_s) {
            let reason = format!("{} s; 5 to 86400 are allowed, 0 is never", self.refresh_s);
            return error(format!("{place}/refresh_s"), reason);
        }
        let place = format!("{place}/url");
        check_text(&place, &self.url, URL_MAX)?;
        let is_web = ["http://", "https://"]
            .iter()
            .any(|scheme| self.url.starts_with(scheme) && scheme.len() < self.url.len());
        if self.url.is_empty() || is_web && !self.url.contains(char::is_whitespace) {
            return Ok(());
        }
        error(place, "is no address that starts with http:// or https://")
    }
}
