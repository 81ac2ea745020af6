//! What the plant's own texts are in other languages.

use std::collections::BTreeMap;

use headworks_core::model::{Alarm, Dictionary, main_language};

use super::Plant;

impl Plant {
    /// Returns a text in a language, e.g. `de-AT`, else in the language without its region; nothing
    /// when no dictionary has it.
    pub fn translated(&self, language: &str, text: &str) -> Option<&str> {
        let mut of = self.dictionaries_for(language);
        of.find_map(|dictionary| dictionary.words.get(text).map(String::as_str))
    }

    /// Returns every text that is translated into a language, with those of the language without
    /// its region where the region has no word of its own.
    pub fn words(&self, language: &str) -> BTreeMap<&str, &str> {
        let mut words = BTreeMap::new();
        for dictionary in self.dictionaries_for(language) {
            for (base, text) in &dictionary.words {
                words.entry(base.as_str()).or_insert(text.as_str());
            }
        }
        words
    }

    /// Returns the message of an alarm in a language: in its rule's own translation, else as a
    /// dictionary has it; nothing when it is not translated.
    pub fn message_in<'a>(&'a self, alarm: &'a Alarm, language: &str) -> Option<&'a str> {
        let own = alarm.translation_in(language);
        own.or_else(|| self.translated(language, alarm.base_message()))
    }

    /// Returns the dictionaries that a reader of a language reads, the nearest first.
    fn dictionaries_for(&self, language: &str) -> impl Iterator<Item = &Dictionary> {
        let find = |language: &str| {
            let mut all = self.dictionaries().iter();
            all.find(|one| one.body.is_of(language))
        };
        let main = main_language(language).and_then(find);
        find(language).into_iter().chain(main).map(|one| &one.body)
    }
}
