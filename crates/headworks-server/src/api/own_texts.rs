//! The texts that people have written into the plant, and where they stand.

use std::collections::{BTreeMap, BTreeSet};

use headworks_core::model::{Alarm, Dashboard, Kind, Widget};
use headworks_hub::{Plant, TagEntry};

/// Texts with the kinds of objects that show them, in order of the alphabet.
pub(super) type OwnTexts<'a> = BTreeMap<&'a str, BTreeSet<Kind>>;

/// Returns every text of the plant that a dictionary can translate.
pub(super) fn of_plant(plant: &Plant) -> OwnTexts<'_> {
    let mut texts = OwnTexts::new();
    for asset in plant.assets() {
        let asset = &asset.body;
        take(
            &mut texts,
            Kind::Asset,
            [asset.name.as_str(), &asset.description],
        );
    }
    for device in plant.devices() {
        let device = &device.body;
        take(
            &mut texts,
            Kind::Device,
            [&*device.name, &device.description],
        );
    }
    for tag in plant.tags() {
        take_tag(&mut texts, tag);
    }
    for group in plant.groups() {
        let group = &group.body;
        take(&mut texts, Kind::Group, [&*group.name, &group.description]);
    }
    for alarm in plant.alarms() {
        take_alarm(&mut texts, &alarm.body);
    }
    for dashboard in plant.dashboards() {
        take_dashboard(&mut texts, &dashboard.body);
    }
    texts
}

/// Takes the texts of a tag.
pub(super) fn take_tag<'a>(texts: &mut OwnTexts<'a>, tag: &'a TagEntry) {
    take(texts, Kind::Tag, [tag.name(), tag.description()]);
}

/// Takes the texts of an alarm.
pub(super) fn take_alarm<'a>(texts: &mut OwnTexts<'a>, alarm: &'a Alarm) {
    let shown = [&*alarm.name, &alarm.message, &alarm.group];
    let advice = [&*alarm.cause, &alarm.consequence, &alarm.action];
    let all = shown.into_iter().chain(advice);
    take(texts, Kind::Alarm, all.chain([&*alarm.description]));
}

/// Takes the texts of a dashboard.
pub(super) fn take_dashboard<'a>(texts: &mut OwnTexts<'a>, dashboard: &'a Dashboard) {
    take(texts, Kind::Dashboard, [&*dashboard.name]);
    for group in &dashboard.groups {
        take(texts, Kind::Dashboard, [&*group.name, &group.description]);
        for widget in &group.widgets {
            take(texts, Kind::Dashboard, texts_of(widget));
        }
    }
}

fn texts_of(widget: &Widget) -> impl Iterator<Item = &str> {
    let states = widget.states.rows.iter().map(|row| &*row.text);
    let choices = widget.setpoint.choices.iter().map(|choice| &*choice.text);
    let fixed = [
        &*widget.title,
        &widget.description,
        &widget.button.label,
        &widget.image.alt,
    ];
    fixed.into_iter().chain(states).chain(choices)
}

/// Takes texts of a kind of object.
pub(super) fn take<'a>(
    texts: &mut OwnTexts<'a>,
    kind: Kind,
    found: impl IntoIterator<Item = &'a str>,
) {
    for text in found {
        if !text.trim().is_empty() {
            texts.entry(text).or_default().insert(kind);
        }
    }
}
