//! Rosters: who is on duty when.

use std::collections::{BTreeSet, HashSet};

use jiff::Span;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alarm::check_language;
use super::device::{check_description, check_name, check_text};
use super::hours::{CalendarDay, Hours, LocalMoment, check_zone};
use super::object::{FieldError, Kind, ObjectBody};

/// People, and who of them is on duty when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// Name on screen, unique among rosters.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 4000))]
    pub description: String,
    /// Time zone of the shifts, e.g. `Europe/Berlin`; that of the server when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 64))]
    pub time_zone: String,
    /// The people, each name once.
    #[schemars(length(min = 1, max = 200))]
    pub people: Vec<Person>,
    /// When who is on duty; everybody is always when there are no shifts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub shifts: Vec<Shift>,
    /// Days off, such as public holidays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub days_off: Vec<CalendarDay>,
}

/// Somebody who is told of alarms.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Name of the person.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Where e-mail goes.
    #[schemars(length(min = 3, max = 254))]
    pub email: String,
    /// Language of what is sent, e.g. `de`; English when it is not known.
    #[serde(default = "english")]
    #[schemars(length(min = 2, max = 35))]
    pub language: String,
    /// The account in whose name the person acknowledges by the link of an e-mail; without one the
    /// link only shows the alarm.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 64))]
    pub account: String,
}

/// When some of the people are on duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Names of the people.
    #[schemars(length(min = 1, max = 50), inner(length(min = 1, max = 128)))]
    pub people: Vec<String>,
    /// The hours.
    pub hours: Hours,
    /// What the shift does on days off.
    #[serde(default)]
    pub on_days_off: OnDaysOff,
}

/// What a shift does on days off. The day on which it begins counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDaysOff {
    /// Nobody of it is on duty.
    #[default]
    Free,
    /// It goes on as on other days.
    Works,
    /// It works on days off, whichever day of the week that is, and on no other.
    Only,
}

/// Most people of a roster, and most shifts.
const PEOPLE_MAX: usize = 200;
/// Most days off.
const DAYS_MAX: usize = 1000;
/// Most people of a shift.
const SHIFT_PEOPLE_MAX: usize = 50;
/// Days that are looked at for the end of a duty: today and the two after it.
const DUTY_DAYS: usize = 3;
/// Most bytes of an address.
const EMAIL_BYTES_MAX: usize = 254;
/// Most bytes of the part of an address before the `@`.
const LOCAL_BYTES_MAX: usize = 64;

pub(super) fn english() -> String {
    "en".to_owned()
}

impl ObjectBody for Roster {
    const KIND: Kind = Kind::Roster;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        check_description(&self.description)?;
        check_zone("/time_zone", &self.time_zone)?;
        check_count("/people", self.people.len(), 1, PEOPLE_MAX)?;
        let mut names = HashSet::new();
        for (place, person) in self.people.iter().enumerate() {
            let field = format!("/people/{place}");
            person.check(&field)?;
            if !names.insert(person.name.as_str()) {
                let reason = format!("{:?} is named twice", person.name);
                return Err(FieldError::new(format!("{field}/name"), reason));
            }
        }
        check_count("/shifts", self.shifts.len(), 0, PEOPLE_MAX)?;
        for (place, shift) in self.shifts.iter().enumerate() {
            shift.check(&format!("/shifts/{place}"), &names)?;
        }
        check_count("/days_off", self.days_off.len(), 0, DAYS_MAX)
    }
}

impl Roster {
    /// Returns who is on duty at `now_us`, microseconds since 1970-01-01 UTC, each once, in the
    /// order of the people. `zone` counts when the roster has none of its own.
    pub fn on_duty(&self, now_us: i64, zone: &TimeZone) -> Vec<&Person> {
        if self.shifts.is_empty() {
            return self.people.iter().collect();
        }
        let own = TimeZone::get(&self.time_zone).ok();
        let moment = LocalMoment::at(now_us, own.as_ref().unwrap_or(zone));
        let at_work = self.shifts.iter().filter(|shift| self.works(shift, moment));
        let names: HashSet<&String> = at_work.flat_map(|shift| &shift.people).collect();
        let people = self.people.iter();
        people
            .filter(|person| names.contains(&person.name))
            .collect()
    }

    /// Returns until when each of those on duty at `now_us` is so, by name and in the order of the
    /// people; nothing for whoever still is in two days, or always.
    pub fn duty_ends(&self, now_us: i64, zone: &TimeZone) -> Vec<(&str, Option<i64>)> {
        let names = |at_us: i64| self.on_duty(at_us, zone).into_iter().map(|one| &*one.name);
        let mut ends: Vec<(&str, Option<i64>)> = names(now_us).map(|name| (name, None)).collect();
        for edge_us in self.edges(now_us, zone) {
            if ends.iter().all(|(_, end)| end.is_some()) {
                break;
            }
            let still: HashSet<&str> = names(edge_us).collect();
            for (name, end) in &mut ends {
                if end.is_none() && !still.contains(name) {
                    *end = Some(edge_us);
                }
            }
        }
        ends
    }

    /// Returns when shifts may begin or end in the two days after `now_us`, in order.
    fn edges(&self, now_us: i64, zone: &TimeZone) -> BTreeSet<i64> {
        let own = TimeZone::get(&self.time_zone).ok();
        let zone = own.as_ref().unwrap_or(zone);
        let today = LocalMoment::at(now_us, zone).today;
        let days = today.series(Span::new().days(1)).take(DUTY_DAYS);
        let shifts = |day| {
            self.shifts
                .iter()
                .flat_map(move |shift| shift.hours.edges(day, zone))
        };
        let edges = days.flat_map(shifts).flatten();
        edges.filter(|edge_us| now_us < *edge_us).collect()
    }

    fn works(&self, shift: &Shift, moment: LocalMoment) -> bool {
        let is_off = |day: &CalendarDay| self.days_off.contains(day);
        match shift.on_days_off {
            OnDaysOff::Works => shift.hours.cover(moment),
            OnDaysOff::Free => shift.hours.begun(moment).is_some_and(|day| !is_off(&day)),
            OnDaysOff::Only => {
                let any_day = Hours {
                    days: Vec::new(),
                    ..shift.hours.clone()
                };
                any_day.begun(moment).is_some_and(|day| is_off(&day))
            }
        }
    }
}

impl Person {
    /// Checks name, address and language.
    ///
    /// # Errors
    ///
    /// The first field that cannot work, below `field`.
    pub fn check(&self, field: &str) -> Result<(), FieldError> {
        check_name(&self.name).map_err(|error| at(field, error))?;
        check_email(&format!("{field}/email"), &self.email)?;
        check_language(&format!("{field}/language"), &self.language)?;
        check_text(&format!("{field}/account"), &self.account, 64)
    }
}

impl Shift {
    fn check(&self, field: &str, names: &HashSet<&str>) -> Result<(), FieldError> {
        let people = format!("{field}/people");
        check_count(&people, self.people.len(), 1, SHIFT_PEOPLE_MAX)?;
        for (place, name) in self.people.iter().enumerate() {
            if !names.contains(name.as_str()) {
                let shown: String = name.chars().take(40).collect();
                let reason = format!("{shown:?} is none of the people of the roster");
                return Err(FieldError::new(format!("{people}/{place}"), reason));
            }
        }
        self.hours.check(&format!("{field}/hours"))
    }
}

/// Puts the place of a part in front of the field of an error.
fn at(field: &str, error: FieldError) -> FieldError {
    FieldError::new(format!("{field}{}", error.field), error.reason)
}

pub(super) fn check_count(
    field: &str,
    count: usize,
    least: usize,
    most: usize,
) -> Result<(), FieldError> {
    if count < least || most < count {
        let reason = format!("{count}; {least} to {most} are allowed");
        return Err(FieldError::new(field, reason));
    }
    Ok(())
}

/// Checks an address of e-mail: one that no header and no command of SMTP can be smuggled in with.
pub(super) fn check_email(field: &str, email: &str) -> Result<(), FieldError> {
    let is_odd = |letter: char| letter.is_control() || letter.is_whitespace();
    let is_mark = |letter: char| "<>()[],;:\\\"".contains(letter);
    let fits = email.rsplit_once('@').is_some_and(|(local, domain)| {
        let is_part = |part: &str| !part.is_empty() && !part.starts_with('-');
        !local.is_empty()
            && local.len() <= LOCAL_BYTES_MAX
            && !local.contains('@')
            && domain.split('.').all(is_part)
            && email.len() <= EMAIL_BYTES_MAX
    });
    if !fits || email.contains(is_odd) || email.contains(is_mark) {
        let shown: String = email.chars().take(60).collect();
        let reason = format!("{shown:?} is no address of e-mail such as anna@plant.example");
        return Err(FieldError::new(field, reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn roster(shifts: &str) -> Roster {
        let json = format!(
            r#"{{"name":"boiler house","time_zone":"Europe/Berlin","days_off":["2026-12-25"],
                "people":[{{"name":"Anna","email":"anna@plant.example","language":"de"}},
                          {{"name":"Bert","email":"bert@plant.example"}}],
                "shifts":{shifts}}}"#
        );
        let roster: Roster = serde_json::from_str(&json).unwrap();
        roster.check().unwrap();
        roster
    }

    fn on_duty(roster: &Roster, time: &str) -> Vec<String> {
        let now: Timestamp = time.parse().unwrap();
        let people = roster.on_duty(now.as_microsecond(), &TimeZone::UTC);
        people.into_iter().map(|one| one.name.clone()).collect()
    }

    #[test]
    fn without_shifts_everybody_is_on_duty() {
        let roster = roster("[]");
        assert_eq!(on_duty(&roster, "2026-11-21T03:00:00Z"), ["Anna", "Bert"]);
    }

    #[test]
    fn shifts_days_off_and_the_zone_say_who_is_on_duty() {
        let roster = roster(
            r#"[{"people":["Anna"],"hours":{"from":"06:00","to":"22:00"}},
                {"people":["Bert"],"hours":{"from":"22:00","to":"06:00"},"on_days_off":"works"},
                {"people":["Bert","Anna"],"on_days_off":"only",
                 "hours":{"days":["mon"],"from":"10:00","to":"11:00"}}]"#,
        );
        let nobody: [&str; 0] = [];
        for (time, want) in [
            ("2026-12-24T05:00:00Z", &["Anna"][..]),
            ("2026-12-24T04:59:00Z", &["Bert"]),
            ("2026-12-24T22:00:00Z", &["Bert"]),
            ("2026-12-25T06:00:00Z", &nobody),
            ("2026-12-25T09:30:00Z", &["Anna", "Bert"]),
            ("2026-12-25T23:00:00Z", &["Bert"]),
            ("2026-12-28T09:30:00Z", &["Anna"]),
        ] {
            assert_eq!(on_duty(&roster, time), want, "{time}");
        }
    }

    #[test]
    fn a_duty_ends_when_nobody_wants_the_person_any_more() {
        let roster = roster(
            r#"[{"people":["Anna"],"hours":{"from":"06:00","to":"14:00"}},
                {"people":["Anna"],"hours":{"from":"14:00","to":"15:00"}},
                {"people":["Bert"],"hours":{"from":"22:00","to":"06:00"},"on_days_off":"works"}]"#,
        );
        let ends = |roster: &Roster, time: &str| {
            let now: Timestamp = time.parse().unwrap();
            let ends = roster.duty_ends(now.as_microsecond(), &TimeZone::UTC);
            let shown =
                |us: Option<i64>| us.map(|us| Timestamp::from_microsecond(us).unwrap().to_string());
            let named = |(name, end): (&str, Option<i64>)| (name.to_owned(), shown(end));
            ends.into_iter().map(named).collect::<Vec<_>>()
        };
        let until = |name: &str, end: &str| vec![(name.to_owned(), Some(end.to_owned()))];
        // Berlin is an hour ahead, and one shift follows upon the other.
        assert_eq!(
            ends(&roster, "2026-11-21T08:00:00Z"),
            until("Anna", "2026-11-21T14:00:00Z")
        );
        assert_eq!(
            ends(&roster, "2026-11-21T22:30:00Z"),
            until("Bert", "2026-11-22T05:00:00Z")
        );
        assert_eq!(ends(&roster, "2026-11-21T16:00:00Z"), []);
        let always = Roster {
            shifts: Vec::new(),
            ..roster
        };
        let both = ["Anna", "Bert"].map(|name| (name.to_owned(), None));
        assert_eq!(ends(&always, "2026-11-21T16:00:00Z"), both);
    }

    #[test]
    fn addresses_cannot_smuggle() {
        for email in [
            "",
            "anna",
            "@x",
            "a@",
            "a@b..c",
            "a b@c.example",
            "a@b.example\r\nBcc: x@y.example",
            "Anna <a@b.example>",
            "a@b.example,c@d.example",
            "a@b@c.example",
            "a@-b.example",
            "a@b.example ",
            "\"a\"@b.example",
            "a@[127.0.0.1]",
        ] {
            assert!(check_email("/email", email).is_err(), "{email:?}");
        }
        for email in [
            "a@b",
            "anna.o'neil+x@plant.example",
            "jürgen@höchst.example",
        ] {
            check_email("/email", email).unwrap();
        }
    }

    #[test]
    fn mistakes_name_their_place() {
        let person = r#"{"name":"Anna","email":"a@b.example"}"#;
        for (people, shifts, want) in [
            ("[]".to_owned(), "[]", "/people: 0; 1 to 200"),
            (
                format!("[{person},{person}]"),
                "[]",
                "/people/1/name: \"Anna\" is named twice",
            ),
            (
                format!("[{person}]"),
                r#"[{"people":["Eve"],"hours":{"from":"06:00","to":"14:00"}}]"#,
                "/shifts/0/people/0: \"Eve\" is none",
            ),
            (
                format!("[{person}]"),
                r#"[{"people":["Anna"],"hours":{"days":["mon","mon"],"from":"06:00",
                    "to":"14:00"}}]"#,
                "/shifts/0/hours/days/1: is named twice",
            ),
        ] {
            let json = format!(r#"{{"name":"r","people":{people},"shifts":{shifts}}}"#);
            let roster: Roster = serde_json::from_str(&json).unwrap();
            let error = roster.check().unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
    }
}
