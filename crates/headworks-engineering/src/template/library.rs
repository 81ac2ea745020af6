//! The templates of real devices that are shipped with the program.
//!
//! Each is a file in TOML with the fields of a template; `base` is the name of another of them.

use headworks_core::model::{Kind, ObjectId, Template};
use headworks_hub::{Body, Edit, Plant};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The files, in order of name.
static FILES: &[(&str, &str)] = &[
    ("abb_acs880", include_str!("library/abb_acs880.toml")),
    ("danfoss_fc302", include_str!("library/danfoss_fc302.toml")),
    (
        "eastron_sdm120",
        include_str!("library/eastron_sdm120.toml"),
    ),
    (
        "eastron_sdm630",
        include_str!("library/eastron_sdm630.toml"),
    ),
    (
        "eurotherm_3216",
        include_str!("library/eurotherm_3216.toml"),
    ),
    ("fronius_symo", include_str!("library/fronius_symo.toml")),
    ("gavazzi_em24", include_str!("library/gavazzi_em24.toml")),
    (
        "huawei_sun2000",
        include_str!("library/huawei_sun2000.toml"),
    ),
    (
        "janitza_umg96rm",
        include_str!("library/janitza_umg96rm.toml"),
    ),
    ("omron_e5cc", include_str!("library/omron_e5cc.toml")),
    (
        "schneider_pm5110",
        include_str!("library/schneider_pm5110.toml"),
    ),
    ("siemens_logo8", include_str!("library/siemens_logo8.toml")),
    (
        "siemens_pac3200",
        include_str!("library/siemens_pac3200.toml"),
    ),
    (
        "sma_sunny_tripower",
        include_str!("library/sma_sunny_tripower.toml"),
    ),
    (
        "sunspec_inverter_float",
        include_str!("library/sunspec_inverter_float.toml"),
    ),
    (
        "victron_battery",
        include_str!("library/victron_battery.toml"),
    ),
    ("victron_gx", include_str!("library/victron_gx.toml")),
    ("wago_750", include_str!("library/wago_750.toml")),
];

/// A shipped template.
#[derive(Clone, Debug, PartialEq)]
pub struct Shipped {
    /// Name of its file, which does not change when the template is renamed.
    pub file: &'static str,
    /// Name of its base, which is shipped too.
    pub base: Option<String>,
    /// The template, without base.
    pub template: Template,
}

/// How a shipped template stands in the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShippedState {
    /// The plant has no template of its name.
    Absent,
    /// The plant has it in this version.
    Current,
    /// The plant has it in an older version.
    Older,
    /// The plant has one of its name in a newer version.
    Newer,
}

/// What becomes of a shipped template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Loading {
    /// It is made.
    Created,
    /// That of an older version is replaced.
    Updated,
    /// The plant has it already.
    Unchanged,
    /// The plant has an older version, and to replace it was not asked.
    UpdateOffered,
    /// The plant has a newer version, which stays.
    Kept,
}

/// A template that was to be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// The version that is shipped.
    pub version: String,
    /// What becomes of it.
    pub loading: Loading,
    /// Its id in the plant.
    pub id: ObjectId,
}

/// A name that no shipped template has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of the shipped templates; list them first")]
pub struct UnknownName(pub String);

/// Returns the shipped templates in order of file.
///
/// # Panics
///
/// Never: a test reads the same files.
pub fn shipped() -> Vec<Shipped> {
    let files = FILES.iter();
    let read = |&(file, text): &(&'static str, &str)| match parse(file, text) {
        Ok(shipped) => shipped,
        Err(reason) => panic!("{file}.toml: {reason}"),
    };
    files.map(read).collect()
}

fn parse(file: &'static str, text: &str) -> Result<Shipped, String> {
    let mut fields: Value = toml::from_str(text).map_err(|error| error.to_string())?;
    let base = fields.as_object_mut().and_then(|all| all.remove("base"));
    let base = base.and_then(|base| base.as_str().map(str::to_owned));
    let body = Body::from_value(Kind::Template, fields).map_err(|error| error.to_string())?;
    match body {
        Body::Template(template) => Ok(Shipped {
            file,
            base,
            template,
        }),
        _ => Err("is no template".to_owned()),
    }
}

impl Shipped {
    /// Returns how it stands in the plant, and under which id.
    pub fn state(&self, plant: &Plant) -> (ShippedState, Option<ObjectId>) {
        let name = &self.template.name;
        let mut standing = plant.templates().iter();
        let Some(object) = standing.find(|object| object.body.name == *name) else {
            return (ShippedState::Absent, None);
        };
        let (ours, theirs) = (&self.template.version, &object.body.version);
        let state = match version_key(ours).cmp(&version_key(theirs)) {
            std::cmp::Ordering::Equal => ShippedState::Current,
            std::cmp::Ordering::Greater => ShippedState::Older,
            std::cmp::Ordering::Less => ShippedState::Newer,
        };
        (state, Some(object.id))
    }
}

/// Returns a version as numbers, so that 1.10 is newer than 1.9.
fn version_key(version: &str) -> Vec<u64> {
    let parts = version.split(['.', '-', '+']);
    let mut key: Vec<u64> = parts.map(|part| part.parse().unwrap_or(0)).collect();
    while key.last() == Some(&0) {
        key.pop();
    }
    key
}

/// Returns the edits that bring shipped templates into the plant: those of `names`, or all, with
/// their bases. Older ones are replaced only with `update`.
///
/// # Errors
///
/// A name that no shipped template has.
pub fn load(
    plant: &Plant,
    names: Option<&[String]>,
    update: bool,
    new_id: &mut dyn FnMut() -> ObjectId,
) -> Result<(Vec<Edit>, Vec<Loaded>), UnknownName> {
    let chosen = choose(names)?;
    let ids: Vec<(ShippedState, ObjectId)> = chosen
        .iter()
        .map(|one| {
            let (state, id) = one.state(plant);
            (state, id.unwrap_or_else(&mut *new_id))
        })
        .collect();
    let id_of = |name: &str| {
        let at = chosen.iter().position(|one| one.template.name == name)?;
        Some(ids[at].1)
    };
    let (mut edits, mut loaded) = (Vec::new(), Vec::new());
    for (one, &(state, id)) in chosen.iter().zip(&ids) {
        let body = Template {
            base: one.base.as_deref().and_then(id_of),
            ..one.template.clone()
        };
        let (name, version) = (body.name.clone(), body.version.clone());
        let loading = match state {
            ShippedState::Absent => {
                let body = body.into();
                edits.push(Edit::Create { id: Some(id), body });
                Loading::Created
            }
            ShippedState::Older if update => {
                edits.push(Edit::update(id, body));
                Loading::Updated
            }
            ShippedState::Older => Loading::UpdateOffered,
            ShippedState::Current => Loading::Unchanged,
            ShippedState::Newer => Loading::Kept,
        };
        loaded.push(Loaded {
            name,
            version,
            loading,
            id,
        });
    }
    Ok((edits, loaded))
}

/// Returns the shipped templates of names, with their bases, in order of file.
fn choose(names: Option<&[String]>) -> Result<Vec<Shipped>, UnknownName> {
    let all = shipped();
    let Some(names) = names else {
        return Ok(all);
    };
    let find = |name: &String| all.iter().find(|one| one.template.name == *name);
    let mut wanted: Vec<&str> = Vec::new();
    for name in names {
        let one = find(name).ok_or_else(|| UnknownName(name.clone()))?;
        wanted.push(&one.template.name);
        wanted.extend(one.base.as_deref());
    }
    let is_wanted = |one: &&Shipped| wanted.contains(&one.template.name.as_str());
    Ok(all.iter().filter(is_wanted).cloned().collect())
}

#[cfg(test)]
mod tests;
