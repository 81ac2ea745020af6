//! Many patterns at once: which of them select a path, without trying each.

use std::collections::HashMap;

use super::{Part, Pattern};
use crate::path::TagPath;

/// Patterns, each with a number of its owner's choice.
///
/// A tree with a level per segment: finding the patterns of a path costs about as much as there
/// are ways through the tree that fit, however many patterns there are.
#[derive(Clone, Debug)]
pub struct PatternIndex {
    nodes: Vec<Node>,
}

/// Room for [`PatternIndex::find`], kept by who asks often.
#[derive(Clone, Debug, Default)]
pub struct Search {
    now: Vec<u32>,
    next: Vec<u32>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// Whether it was reached by `**`: then it stays for any further segment.
    stays: bool,
    texts: HashMap<Box<str>, u32>,
    globs: Vec<(Part, u32)>,
    any: Option<u32>,
    deep: Option<u32>,
    /// The numbers of the patterns that end here.
    ends: Vec<u32>,
}

impl Default for PatternIndex {
    fn default() -> PatternIndex {
        PatternIndex {
            nodes: vec![Node::default()],
        }
    }
}

impl PatternIndex {
    /// Adds a pattern; several may have the same number.
    pub fn insert(&mut self, pattern: &Pattern, number: u32) {
        let mut at = 0;
        for part in &pattern.parts {
            at = self.child(at, part);
        }
        self.nodes[at as usize].ends.push(number);
    }

    /// Gives the numbers of the patterns that select a path, in rising order, each once.
    pub fn find(&self, path: &TagPath, search: &mut Search, found: &mut Vec<u32>) {
        found.clear();
        search.now.clear();
        self.enter(0, &mut search.now);
        for segment in path.segments() {
            search.next.clear();
            for &at in &search.now {
                self.step(at, segment, &mut search.next);
            }
            // two ways may lead to the same place
            search.next.sort_unstable();
            search.next.dedup();
            std::mem::swap(&mut search.now, &mut search.next);
        }
        for &at in &search.now {
            found.extend_from_slice(&self.nodes[at as usize].ends);
        }
        found.sort_unstable();
        found.dedup();
    }

    /// Adds a place and what can be reached from it without a segment.
    fn enter(&self, at: u32, places: &mut Vec<u32>) {
        places.push(at);
        if let Some(deep) = self.nodes[at as usize].deep {
            places.push(deep); // `**` never follows `**`
        }
    }

    fn step(&self, at: u32, segment: &str, next: &mut Vec<u32>) {
        let node = &self.nodes[at as usize];
        if node.stays {
            next.push(at);
        }
        if let Some(&child) = node.texts.get(segment) {
            self.enter(child, next);
        }
        if let Some(child) = node.any {
            self.enter(child, next);
        }
        for (glob, child) in &node.globs {
            if glob.matches(segment) {
                self.enter(*child, next);
            }
        }
    }

    /// Returns the place after a part, which is made where there is none yet.
    fn child(&mut self, at: u32, part: &Part) -> u32 {
        let node = &self.nodes[at as usize];
        let known = match part {
            Part::Deep => node.deep,
            Part::Any => node.any,
            Part::Text(text) => node.texts.get(text).copied(),
            Part::Glob(_) => {
                let same = node.globs.iter().find(|(glob, _)| glob == part);
                same.map(|(_, child)| *child)
            }
        };
        if let Some(child) = known {
            return child;
        }
        let child = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node {
            stays: *part == Part::Deep,
            ..Node::default()
        });
        let node = &mut self.nodes[at as usize];
        match part {
            Part::Deep => node.deep = Some(child),
            Part::Any => node.any = Some(child),
            Part::Text(text) => drop(node.texts.insert(text.clone(), child)),
            Part::Glob(_) => node.globs.push((part.clone(), child)),
        }
        child
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(patterns: &[Pattern], path: &str) -> Vec<u32> {
        let mut index = PatternIndex::default();
        for (number, pattern) in (0..).zip(patterns) {
            index.insert(pattern, number);
        }
        let mut found = Vec::new();
        index.find(&path.parse().unwrap(), &mut Search::default(), &mut found);
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn the_index_finds_what_trying_each_pattern_finds(
            texts in prop::collection::vec(prop::collection::vec("[ab*]{1,2}", 1..5), 1..12),
            path in prop::collection::vec("[ab]{1,2}", 1..6),
        ) {
            let parsed = texts.iter().filter_map(|text| text.join("/").parse::<Pattern>().ok());
            let patterns: Vec<Pattern> = parsed.collect();
            let path: TagPath = path.join("/").parse().unwrap();
            let each = (0..).zip(&patterns).filter(|(_, pattern)| pattern.matches(&path));
            let wanted: Vec<u32> = each.map(|(number, _)| number).collect();
            prop_assert_eq!(found(&patterns, path.as_str()), wanted, "{:?}", texts);
        }
    }

    #[test]
    fn a_number_with_several_patterns_is_found_once() {
        let mut index = PatternIndex::default();
        for text in ["a/**", "**/b", "a/b", "a/*"] {
            index.insert(&text.parse().unwrap(), 7);
        }
        let mut found = vec![99];
        index.find(&"a/b".parse().unwrap(), &mut Search::default(), &mut found);
        assert_eq!(found, [7]);
    }
}
