//! The settings of the process as people may read them: what each is, and where it comes from.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

/// Every setting of the process, by section.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ShownSettings {
    /// The file that was read at the start; null when there was none.
    pub file: Option<String>,
    /// The sections in order of name.
    pub sections: Vec<ShownSection>,
}

/// One section of the settings file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ShownSection {
    /// Its name, as in `[server]`.
    pub name: String,
    /// What it is about, in English.
    pub description: String,
    /// Its settings in order of key.
    pub settings: Vec<ShownSetting>,
}

/// One setting.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ShownSetting {
    /// Its key within the section; with a dot inside a table, as in `retention_days.raw`.
    pub key: String,
    /// Meaning, unit and bounds, in English.
    pub description: String,
    /// What holds at present; `***` for a secret that is set.
    pub value: Json,
    /// What holds when nothing is said.
    pub default: Json,
    /// Where the value comes from.
    pub source: SettingSource,
    /// The variable of the environment or the argument that gave the value.
    pub given_by: Option<String>,
    /// Whether the value is never shown.
    pub is_secret: bool,
    /// Whether a change counts from the next start only.
    pub needs_restart: bool,
}

/// Where the value of a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingSource {
    /// Nobody gave one.
    Default,
    /// The settings file.
    File,
    /// A variable of the environment.
    Environment,
    /// An argument of the command line.
    Argument,
    /// It was changed since the start, until the process ends.
    RunTime,
}

impl ShownSettings {
    /// Returns them with the log levels that hold at present.
    pub(crate) fn with_levels(mut self, levels: String) -> ShownSettings {
        let mut all = self.sections.iter_mut();
        let log = all.find(|section| section.name == "log");
        let mut log = log.into_iter().flat_map(|section| &mut section.settings);
        if let Some(level) = log.find(|setting| setting.key == "level")
            && level.value != levels
        {
            level.value = levels.into();
            level.source = SettingSource::RunTime;
            level.given_by = None;
        }
        self
    }
}
