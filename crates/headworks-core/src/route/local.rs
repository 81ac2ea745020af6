//! The local time of day, looked up once a minute.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::Weekday;

const MINUTE_US: i64 = 60_000_000;

/// Day of the week and minute of the day of the minute that was asked for last.
#[derive(Clone, Debug)]
pub(super) struct LocalClock {
    zone: TimeZone,
    /// Minutes since 1970-01-01 UTC.
    minute: i64,
    local: (Weekday, u16),
}

impl LocalClock {
    pub(super) fn new(zone: TimeZone) -> LocalClock {
        LocalClock {
            zone,
            minute: i64::MIN,
            local: (Weekday::Mon, 0),
        }
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Returns day of the week and minute of the day. Offsets of time zones change with a minute.
    pub(super) fn at(&mut self, now_us: i64) -> (Weekday, u16) {
        let minute = now_us.div_euclid(MINUTE_US);
        if minute != self.minute {
            // a time beyond the calendar is no time of a plant
            let instant = Timestamp::from_microsecond(now_us).unwrap_or_default();
            let local = instant.to_zoned(self.zone.clone());
            let day = local.weekday().to_monday_zero_offset();
            let of_day = i32::from(local.hour()) * 60 + i32::from(local.minute());
            self.minute = minute;
            self.local = (
                Weekday::ALL[usize::try_from(day).unwrap_or_default()],
                u16::try_from(of_day).unwrap_or_default(),
            );
        }
        self.local
    }
}
