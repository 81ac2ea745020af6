//! Dictionaries: what the plant's own texts are in other languages.
//!
//! A word may tell of what it is the name of. Callers who see a part of the tags only therefore get
//! the words of texts that they are shown, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::Arc;

use axum::http::HeaderValue;
use headworks_core::Rights;
use headworks_core::model::{Alarm, Dashboard, Dictionary, Kind, Object, ObjectBody, ObjectId};
use headworks_hub::{HubHandle, Plant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::objects::{self, ListQuery, Resource};
use super::own_texts::{self, OwnTexts};
use super::page::{self, Page, Window};
use super::{alarms, dashboards};
use crate::parse;
use crate::problem::ApiError;
use crate::route::{Call, Json, Tagged};

/// A dictionary without its texts.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DictionaryItem {
    /// Lasting identity.
    id: ObjectId,
    /// Counts the changes of the object, from 1.
    revision: u64,
    /// Time of the last change, microseconds since 1970-01-01 UTC.
    updated_us: i64,
    /// The language, e.g. `de`.
    language: String,
    /// How many texts it has.
    word_count: usize,
}

/// A dictionary with its texts.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WholeDictionary {
    #[serde(flatten)]
    object: Object<Dictionary>,
}

/// Which language is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordsQuery {
    /// The language, e.g. `de-AT`; a text that has no word in it is looked up in `de`.
    #[schemars(length(min = 2, max = 35))]
    language: String,
}

/// Every text that is translated into a language, by the text as it was written. A caller who sees
/// a part of the tags only gets those that they are shown.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Words<'a> {
    /// The texts.
    words: BTreeMap<&'a str, &'a str>,
    /// Messages of alarms whose rules have a translation of their own: it comes before that of
    /// `words`.
    messages: BTreeMap<&'a str, &'a str>,
}

/// Query parameters of the list of texts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextsQuery {
    /// The language, e.g. `de`; it needs no dictionary yet.
    #[schemars(length(min = 2, max = 35))]
    language: String,
    /// Only texts that hold this text, themselves or in their translation, upper and lower case
    /// as one.
    search: Option<String>,
    /// Only texts without a translation, or only words that no object has as a text; all when
    /// absent.
    only: Option<Only>,
    /// Items of the page, 1 to 1000; 100 when absent.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which texts are listed.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Only {
    /// Those without a translation.
    Missing,
    /// Words of the dictionary that no object has as a text.
    Unused,
}

/// A page of the texts of the plant and of the words of a dictionary.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Texts {
    #[serde(flatten)]
    page: Page<TextItem>,
    /// How many different texts the plant has.
    count: usize,
    /// How many of them have a translation.
    translated: usize,
}

/// A text and its translation.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TextItem {
    /// The text as it was written.
    text: String,
    /// What it is in the language; null when it has no word in its dictionary.
    translation: Option<String>,
    /// The kinds of objects that have it; empty when none has it any more.
    used_by: Vec<Kind>,
}

impl Resource for Dictionary {
    const PATH: &'static str = "/api/v1/dictionaries";
    type Item = WholeDictionary;

    fn item(_: &HubHandle, plant: &Plant, id: ObjectId) -> Option<(u64, WholeDictionary)> {
        let object = Object::clone(plant.dictionary(id)?);
        Some((object.revision, WholeDictionary { object }))
    }
}

/// Lists dictionaries in order of language, without their texts.
pub(crate) async fn list(call: Call<ListQuery>) -> Result<Json<Page<DictionaryItem>>, ApiError> {
    let plant = call.app.hub.plant();
    let item = |object: &Arc<Object<Dictionary>>| DictionaryItem {
        id: object.id,
        revision: object.revision,
        updated_us: object.updated_us,
        language: object.body.language.clone(),
        word_count: object.body.words.len(),
    };
    objects::page(
        &call.query,
        plant.dictionaries(),
        |body| &body.language,
        item,
    )
    .map(Json)
}

/// Answers with every text that is translated into a language.
pub(crate) async fn words(call: Call<WordsQuery>) -> Result<Tagged<Words<'static>>, ApiError> {
    let (plant, rights) = (call.app.hub.plant(), call.rights()?);
    let language = checked(call.query.language)?;
    let written = move || serde_json::to_vec(&words_for(&plant, &rights, &language));
    let written = call.app.blocking(move || {
        let bytes = written().map_err(|error| ApiError::internal(&error))?;
        let digest = Sha256::digest(&bytes);
        let etag = format!("\"{}\"", hex(&digest[..16]));
        Ok((bytes, etag))
    });
    let (bytes, etag) = written.await?;
    let is_known = parse::is_known(&call.parts.headers, &etag);
    let etag = HeaderValue::from_str(&etag).map_err(|error| ApiError::internal(&error))?;
    Ok(Tagged(etag, (!is_known).then_some(bytes), PhantomData))
}

/// Refuses what is no tag of a language.
fn checked(language: String) -> Result<String, ApiError> {
    let empty = Dictionary {
        language,
        words: BTreeMap::new(),
    };
    empty
        .check()
        .map_err(|error| ApiError::query("language", error.reason))?;
    Ok(empty.language)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn words_for<'a>(plant: &'a Plant, rights: &Rights, language: &str) -> Words<'a> {
    let path_of = |alarm: &Alarm| {
        alarm
            .tag
            .and_then(|tag| plant.tag(tag))
            .map(|tag| tag.path())
    };
    let rules = plant.alarms().iter().map(|rule| &rule.body);
    let rules = rules.filter(|rule| alarms::sees(rights, path_of(rule)));
    let messages = rules.filter_map(|rule| {
        let translation = rule.translation_in(language)?;
        Some((rule.base_message(), translation))
    });
    let mut words = plant.words(language);
    if rights.is_narrowed() && !words.is_empty() {
        let dashboards = dashboards::seen(plant, rights);
        let shown = shown_to(plant, rights, &dashboards);
        words.retain(|base, _| shown.contains_key(base));
    }
    Words {
        words,
        messages: messages.collect(),
    }
}

/// Returns the texts of what a caller sees who sees a part of the tags only, among them the names
/// of what their tags stand in.
fn shown_to<'a>(
    plant: &'a Plant,
    rights: &Rights,
    dashboards: &'a [Arc<Object<Dashboard>>],
) -> OwnTexts<'a> {
    let mut texts = OwnTexts::new();
    for tag in plant.tags().filter(|tag| rights.sees(tag.path())) {
        let device = plant.device(tag.device()).map(|device| &*device.body.name);
        own_texts::take(&mut texts, Kind::Device, device);
        own_texts::take(&mut texts, Kind::Asset, tag.path().as_str().split('/'));
        own_texts::take_tag(&mut texts, tag);
        for alarm in plant.alarms_of(tag.id()) {
            own_texts::take_alarm(&mut texts, &alarm.body);
        }
    }
    for dashboard in dashboards {
        own_texts::take_dashboard(&mut texts, &dashboard.body);
    }
    texts
}

/// Lists the texts of the plant beside their translation.
pub(crate) async fn texts(call: Call<TextsQuery>) -> Result<Json<Texts>, ApiError> {
    let query = call.query;
    let window = Window::new(query.limit, query.cursor.as_deref(), page::LIMIT_MAX)?;
    let language = checked(query.language)?;
    let needle = query.search.unwrap_or_default().to_lowercase();
    let plant = call.app.hub.plant();
    let listed = move || Ok(list_texts(&plant, &language, query.only, &needle, &window));
    call.app.blocking(listed).await.map(Json)
}

fn list_texts(
    plant: &Plant,
    language: &str,
    only: Option<Only>,
    needle: &str,
    window: &Window,
) -> Texts {
    let none = BTreeMap::new();
    let mut all = plant.dictionaries().iter();
    let dictionary = all.find(|one| one.body.is_of(language));
    let words = dictionary.map_or(&none, |dictionary| &dictionary.body.words);
    let mut texts = own_texts::of_plant(plant);
    let count = texts.len();
    let translated = texts
        .keys()
        .filter(|base| words.contains_key(**base))
        .count();
    for base in words.keys() {
        texts.entry(base).or_default();
    }
    let is_wanted = |base: &str, used_by: &BTreeSet<Kind>| match only {
        None => true,
        Some(Only::Missing) => !words.contains_key(base),
        Some(Only::Unused) => used_by.is_empty(),
    };
    let holds = |text: &str| text.to_lowercase().contains(needle);
    let found = texts.into_iter().filter(|(base, used_by)| {
        is_wanted(base, used_by)
            && (holds(base) || words.get(*base).is_some_and(|text| holds(text)))
    });
    let mut found: Vec<(&str, BTreeSet<Kind>)> = found.collect();
    found.sort_by_cached_key(|(base, _)| base.to_lowercase());
    let page = window.cut(
        found.len(),
        |place| found.get(place),
        |(base, _)| hex(&Sha256::digest(base)[..8]),
        |(base, used_by)| TextItem {
            text: (*base).to_owned(),
            translation: words.get(*base).cloned(),
            used_by: used_by.iter().copied().collect(),
        },
    );
    Texts {
        page,
        count,
        translated,
    }
}
