//! The formulas of calculated tags: compiled, with the tags that they read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::expr::graph::{Cycle, Graph};
use headworks_core::expr::{Kind, Program, Reference, Scope};
use headworks_core::model::ObjectId;
use headworks_core::{DataType, Scaling, TagIndex};

use super::{Plant, TagEntry};

/// The formulas of a plant.
#[derive(Debug, Default)]
pub(crate) struct Formulas {
    /// In the order of evaluation.
    ordered: Vec<Arc<Formula>>,
    /// The place in `ordered` of the formula of each tag; [`NONE`] for a tag that has none.
    ranks: Vec<u32>,
    graph: Graph,
}

/// The place of the formula of a tag without.
const NONE: u32 = u32::MAX;

/// The formula of a tag.
#[derive(Debug)]
pub(crate) struct Formula {
    /// The tag that it calculates.
    pub(crate) tag: TagIndex,
    /// None when it reads what is not there, or needs itself.
    pub(crate) program: Option<Arc<Program>>,
    /// What it reads, in the order of the inputs of the program.
    pub(crate) inputs: Vec<TagIndex>,
    /// What becomes of the result.
    pub(crate) data_type: DataType,
    /// Time between evaluations; on every change when absent.
    pub(crate) period: Option<Duration>,
    /// Whether it is evaluated.
    pub(crate) enabled: bool,
    text: Box<str>,
}

impl Formulas {
    /// Returns the formulas of a plant; what was compiled before is taken over.
    pub(super) fn of(plant: &Plant, before: &Formulas) -> Formulas {
        let mut by_tag = BTreeMap::new();
        for tag in plant.tags() {
            if let Some(text) = tag.formula() {
                let old = before.get(tag.index());
                by_tag.insert(tag.index(), Formula::of(plant, tag, text, old));
            }
        }
        let graph = untangle(&mut by_tag);
        let order = graph.order().iter().map(|key| TagIndex(*key));
        let ordered: Vec<Arc<Formula>> = order.filter_map(|tag| by_tag.remove(&tag)).collect();
        let end = ordered.iter().map(|formula| formula.tag.as_usize() + 1);
        let mut ranks = vec![NONE; end.max().unwrap_or(0)];
        for (rank, formula) in (0..).zip(&ordered) {
            ranks[formula.tag.as_usize()] = rank;
        }
        Formulas {
            ordered,
            ranks,
            graph,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ordered.is_empty()
    }

    pub(crate) fn get(&self, tag: TagIndex) -> Option<&Arc<Formula>> {
        self.ordered.get(self.rank(tag)?)
    }

    /// Returns the formula at a place in the order of evaluation.
    pub(crate) fn at(&self, rank: usize) -> Option<&Arc<Formula>> {
        self.ordered.get(rank)
    }

    /// Returns the formulas in the order of evaluation.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Formula>> {
        self.ordered.iter()
    }

    /// Returns the place of a formula in the order of evaluation.
    pub(crate) fn rank(&self, tag: TagIndex) -> Option<usize> {
        let rank = *self.ranks.get(tag.as_usize())?;
        (rank != NONE).then_some(rank as usize)
    }

    /// Returns which formula needs which; its places are those of [`Formulas::at`].
    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }
}

impl Formula {
    fn of(plant: &Plant, tag: &TagEntry, text: &str, old: Option<&Arc<Formula>>) -> Arc<Formula> {
        let scope = PlantScope {
            plant,
            device: tag.device(),
        };
        let known = old.filter(|old| *old.text == *text);
        let program = known
            .and_then(|old| old.program.clone())
            .or_else(|| Program::compile(text, &scope).ok().map(Arc::new));
        let inputs = program.as_ref().and_then(|program| {
            let read = program.inputs().iter();
            let read = read.map(|one| scope.tag(one).map(|tag| tag.index()));
            read.collect::<Option<Vec<TagIndex>>>()
        });
        let formula = Formula {
            tag: tag.index(),
            program: program.filter(|_| inputs.is_some()),
            inputs: inputs.unwrap_or_default(),
            data_type: tag.data_type(),
            period: tag.period_ms().map(|ms| Duration::from_millis(ms.into())),
            enabled: plant.is_calculated(tag),
            text: text.into(),
        };
        match known {
            Some(old) if old.is_same(&formula) => Arc::clone(old),
            _ => Arc::new(formula),
        }
    }

    /// Whether it is evaluated when something that it reads changes: always but where only its
    /// time matters, as nothing is remembered in between.
    pub(crate) fn sees_changes(&self) -> bool {
        let program = self.program.as_ref();
        self.period.is_none() || program.is_some_and(|program| program.remembers())
    }

    /// Whether nothing that matters for evaluation differs.
    fn is_same(&self, other: &Formula) -> bool {
        let own = (&self.inputs, self.data_type, self.period, self.enabled);
        own == (&other.inputs, other.data_type, other.period, other.enabled)
            && self.program.is_some() == other.program.is_some()
    }
}

/// Orders formulas; those that do not need each other as their tags are, so that a walk over many
/// goes through the memory in one direction. Those that need each other lose their programs: edits
/// that make such are refused, so that only a store that others wrote can hold them.
fn untangle(by_tag: &mut BTreeMap<TagIndex, Arc<Formula>>) -> Graph {
    loop {
        let reads = |formula: &Arc<Formula>| {
            let inputs = formula.inputs.iter().map(|input| input.0);
            (formula.tag.0, inputs.collect::<Vec<u32>>())
        };
        let all: Vec<(u32, Vec<u32>)> = by_tag.values().map(reads).collect();
        match Graph::new(&all) {
            Ok(graph) => return graph,
            Err(Cycle { path }) => {
                for tag in path.into_iter().map(TagIndex) {
                    if let Some(formula) = by_tag.get_mut(&tag) {
                        *formula = Arc::new(Formula {
                            program: None,
                            inputs: Vec::new(),
                            text: formula.text.clone(),
                            ..**formula
                        });
                    }
                }
            }
        }
    }
}

/// What the names in a formula of a device stand for.
struct PlantScope<'a> {
    plant: &'a Plant,
    device: ObjectId,
}

impl<'a> PlantScope<'a> {
    fn tag(&self, reference: &Reference) -> Option<&'a Arc<TagEntry>> {
        match reference {
            Reference::Tag(path) => self.plant.tag_by_path(path.as_str()),
            Reference::Name(name) => self.plant.sibling(self.device, name),
        }
    }
}

impl Scope for PlantScope<'_> {
    fn kind_of(&self, reference: &Reference) -> Option<Kind> {
        let tag = self.tag(reference)?;
        Some(kind_of(tag.data_type(), tag.scaling()))
    }
}

/// Returns what kind of value a tag has for expressions.
pub(crate) fn kind_of(data_type: DataType, scaling: Scaling) -> Kind {
    match data_type {
        DataType::Bool => Kind::Bool,
        DataType::String => Kind::Text,
        _ if scaling == Scaling::IDENTITY => Kind::Number,
        _ => Kind::Float,
    }
}
