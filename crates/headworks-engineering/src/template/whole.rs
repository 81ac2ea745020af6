//! A template with its base as one.

use std::collections::{BTreeMap, HashSet};

use headworks_core::model::{Settings, Template, TemplateParameter};
use headworks_hub::Plant;
use serde_json::Value;

/// A template and the base whose parameters, settings and tags it has too.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a> {
    template: &'a Template,
    base: Option<&'a Template>,
}

/// A part of a template with the place where it stands.
pub(super) type Placed<'a, T> = (String, &'a T);

impl<'a> Whole<'a> {
    /// Returns a template with its base.
    pub fn new(template: &'a Template, base: Option<&'a Template>) -> Whole<'a> {
        Whole { template, base }
    }

    /// Returns a template with its base as the plant has it.
    pub fn of(plant: &'a Plant, template: &'a Template) -> Whole<'a> {
        let base = template.base.and_then(|base| plant.template(base));
        Whole::new(template, base.map(|base| &base.body))
    }

    /// Returns the template itself.
    pub fn template(&self) -> &'a Template {
        self.template
    }

    /// Returns the parameters, those of the base first; its own take the place of the base's.
    pub fn parameters(&self) -> Vec<&'a TemplateParameter> {
        let own = &self.template.parameters;
        let is_own = |name: &str| own.iter().any(|parameter| parameter.name == name);
        let base = self.base.iter().flat_map(|base| &base.parameters);
        let base = base.filter(|parameter| !is_own(&parameter.name));
        base.chain(own).collect()
    }

    /// Returns the time between polls, in milliseconds.
    pub(super) fn period_ms(&self) -> Option<u32> {
        let base = self.base.and_then(|base| base.period_ms);
        self.template.period_ms.or(base)
    }

    /// Returns the settings by name.
    pub(super) fn settings(&self) -> BTreeMap<&'a str, Placed<'a, Value>> {
        let mut settings = BTreeMap::new();
        let both = [("/base", self.base), ("", Some(self.template))];
        for (place, template) in both.into_iter().filter_map(|(p, one)| Some((p, one?))) {
            for (name, value) in &template.settings {
                let place = format!("{place}/settings/{name}");
                settings.insert(name.as_str(), (place, value));
            }
        }
        settings
    }

    /// Returns the tags, those of the base first; its own take the place of the base's.
    pub(super) fn tags(&self) -> Vec<Placed<'a, Settings>> {
        let own: HashSet<String> = self.template.tags.iter().filter_map(folded_name).collect();
        let is_own = |tag: &Settings| folded_name(tag).is_some_and(|name| own.contains(&name));
        let mut tags = Vec::new();
        for (at, tag) in self.base.iter().flat_map(|base| &base.tags).enumerate() {
            if !is_own(tag) {
                tags.push((format!("/base/tags/{at}"), tag));
            }
        }
        let own = self.template.tags.iter().enumerate();
        tags.extend(own.map(|(at, tag)| (format!("/tags/{at}"), tag)));
        tags
    }

    /// Returns the alarms, those of the base first; its own take the place of those of the base of
    /// the same tag and name.
    pub(super) fn alarms(&self) -> Vec<Placed<'a, Settings>> {
        let key = |alarm: &Settings| (alarm.get("tag").cloned(), folded_name(alarm));
        let own: Vec<_> = self.template.alarms.iter().map(key).collect();
        let base = self.base.iter().flat_map(|base| &base.alarms).enumerate();
        let mut alarms: Vec<Placed<'a, Settings>> = base
            .filter(|(_, alarm)| !own.contains(&key(alarm)))
            .map(|(at, alarm)| (format!("/base/alarms/{at}"), alarm))
            .collect();
        let own = self.template.alarms.iter().enumerate();
        alarms.extend(own.map(|(at, alarm)| (format!("/alarms/{at}"), alarm)));
        alarms
    }

    /// Returns the widgets: its own, or those of the base when it has none.
    pub(super) fn widgets(&self) -> Vec<Placed<'a, Settings>> {
        let (place, widgets) = match self.base {
            Some(base) if self.template.widgets.is_empty() => ("/base", &base.widgets),
            _ => ("", &self.template.widgets),
        };
        let widgets = widgets.iter().enumerate();
        let placed = |(at, widget)| (format!("{place}/widgets/{at}"), widget);
        widgets.map(placed).collect()
    }
}

fn folded_name(tag: &Settings) -> Option<String> {
    tag.get("name")?.as_str().map(str::to_lowercase)
}
