//! Which formula needs which: the order of evaluation, and what a change touches.

use std::collections::HashMap;
use std::fmt;

/// Formulas and what they read, as keys: those of tags, for instance.
///
/// A formula is known by the key of its result. Memory grows with the greatest key: keys are dense,
/// as those of tags are.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The keys of the formulas; those that others read come first.
    order: Vec<u32>,
    /// The places in `order` of the formulas that read a key, key by key.
    ranks: Vec<u32>,
    /// Where in `ranks` those of a key begin; they end where those of the next begin.
    starts: Vec<u32>,
}

/// Formulas that need each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("formulas need each other: {}", arrows(.path))]
pub struct Cycle {
    /// Each needs the next; the last is the first again.
    pub path: Vec<u32>,
}

/// Room for [`Graph::affected`], kept by who asks often.
#[derive(Clone, Debug, Default)]
pub struct Wave {
    /// The number of the question in which a formula was last found.
    found_in: Vec<u64>,
    question: u64,
    places: Vec<u32>,
}

impl Graph {
    /// Orders formulas, each with the key of its result and the keys that it reads.
    ///
    /// # Errors
    ///
    /// [`Cycle`] with its path when a formula needs its own result, directly or through others.
    ///
    /// # Panics
    ///
    /// When two formulas have the same result.
    pub fn new(formulas: &[(u32, Vec<u32>)]) -> Result<Graph, Cycle> {
        let mut place_of = HashMap::with_capacity(formulas.len());
        for (place, (result, _)) in formulas.iter().enumerate() {
            let other = place_of.insert(*result, place);
            assert!(other.is_none(), "two formulas have the result {result}");
        }
        let sorted = sort(formulas, &place_of)?;
        let mut reads: Vec<(u32, u32)> = Vec::new();
        for (rank, place) in sorted.iter().enumerate() {
            let inputs = &formulas[*place].1;
            reads.extend(inputs.iter().map(|input| (*input, narrow(rank))));
        }
        reads.sort_unstable();
        reads.dedup();
        let keys = reads.last().map_or(0, |(key, _)| *key as usize + 1);
        let mut starts = vec![0; keys + 1];
        for (key, _) in &reads {
            starts[*key as usize + 1] += 1;
        }
        for key in 0..keys {
            starts[key + 1] += starts[key];
        }
        Ok(Graph {
            order: sorted.iter().map(|place| formulas[*place].0).collect(),
            ranks: reads.into_iter().map(|(_, rank)| rank).collect(),
            starts,
        })
    }

    /// Returns the keys of all formulas in an order in which each comes after what it reads.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Returns the formulas that read a key, directly.
    pub fn readers(&self, key: u32) -> impl Iterator<Item = u32> + '_ {
        let ranks = self.ranks_of(key).iter();
        ranks.map(|rank| self.order[*rank as usize])
    }

    fn ranks_of(&self, key: u32) -> &[u32] {
        match self.starts.get(key as usize..key as usize + 2) {
            Some([from, to]) => &self.ranks[*from as usize..*to as usize],
            _ => &[],
        }
    }

    /// Gives the places in [`Graph::order`] of the formulas that must be evaluated when these keys
    /// changed, in that order; formulas among the keys themselves only when they read another.
    ///
    /// The work grows with what is affected, not with the number of formulas.
    pub fn affected(&self, changed: &[u32], wave: &mut Wave, result: &mut Vec<u32>) {
        wave.begin(self.order.len());
        for key in changed {
            self.spread(*key, wave);
        }
        let mut next = 0;
        while let Some(rank) = wave.places.get(next) {
            self.spread(self.order[*rank as usize], wave);
            next += 1;
        }
        result.clear();
        if self.order.len() < 16 * wave.places.len() {
            // Looking at all is quicker than sorting many.
            let all = (0..).zip(&wave.found_in);
            let found = all.filter(|(_, found_in)| **found_in == wave.question);
            result.extend(found.map(|(place, _)| place));
        } else {
            wave.places.sort_unstable();
            result.extend(&wave.places);
        }
    }

    fn spread(&self, key: u32, wave: &mut Wave) {
        for rank in self.ranks_of(key) {
            let found_in = &mut wave.found_in[*rank as usize];
            if *found_in != wave.question {
                *found_in = wave.question;
                wave.places.push(*rank);
            }
        }
    }
}

impl Wave {
    fn begin(&mut self, formulas: usize) {
        if self.found_in.len() != formulas {
            self.found_in = vec![0; formulas];
            self.question = 0;
        }
        self.question += 1;
        self.places.clear();
    }
}

fn narrow(rank: usize) -> u32 {
    u32::try_from(rank).unwrap_or(u32::MAX)
}

/// Returns the places of the formulas, what is read before what reads it; by depth first, with a
/// stack of its own, so that a chain of a million formulas is no danger.
fn sort(formulas: &[(u32, Vec<u32>)], place_of: &HashMap<u32, usize>) -> Result<Vec<usize>, Cycle> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Never,
        OnPath,
        Done,
    }
    let mut seen = vec![Seen::Never; formulas.len()];
    let mut sorted = Vec::with_capacity(formulas.len());
    for start in 0..formulas.len() {
        if seen[start] != Seen::Never {
            continue;
        }
        // Each place on the path with the number of its input that is looked at next.
        let mut path = vec![(start, 0)];
        seen[start] = Seen::OnPath;
        while let Some((place, next)) = path.last_mut() {
            let Some(input) = formulas[*place].1.get(*next) else {
                seen[*place] = Seen::Done;
                sorted.push(*place);
                path.pop();
                continue;
            };
            *next += 1;
            let Some(needed) = place_of.get(input).copied() else {
                continue;
            };
            match seen[needed] {
                Seen::Done => {}
                Seen::OnPath => return Err(cycle(formulas, &path, needed)),
                Seen::Never => {
                    seen[needed] = Seen::OnPath;
                    path.push((needed, 0));
                }
            }
        }
    }
    Ok(sorted)
}

fn cycle(formulas: &[(u32, Vec<u32>)], path: &[(usize, usize)], again: usize) -> Cycle {
    let from = path.iter().position(|(place, _)| *place == again);
    let round = path[from.unwrap_or(0)..].iter().map(|(place, _)| *place);
    Cycle {
        path: round
            .chain([again])
            .map(|place| formulas[place].0)
            .collect(),
    }
}

/// Writes the numbers of a path; who knows names writes a message of his own.
fn arrows(path: &[u32]) -> impl fmt::Display {
    let keys: Vec<String> = path.iter().map(u32::to_string).collect();
    keys.join(" -> ")
}

#[cfg(test)]
mod tests;
