//! Alarms as they are judged: compiled, with the tags that they need.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use headworks_core::TagIndex;
use headworks_core::alarm::{Condition, Detector, Limit, Rule};
use headworks_core::expr::{Kind, Program, Reference, Scope};
use headworks_core::model::{Alarm, Object, ObjectId};

use crate::plant::{Plant, TagEntry, kind_of};

/// The alarms of a plant that are watched, each in a slot that it keeps.
#[derive(Default)]
pub(crate) struct Rules {
    slots: Vec<Option<Arc<AlarmRule>>>,
    by_id: HashMap<ObjectId, u32>,
    readers: Readers,
    /// Those that are switched off.
    off: HashMap<ObjectId, Arc<Object<Alarm>>>,
}

/// An alarm that is watched.
pub(crate) struct AlarmRule {
    pub(super) object: Arc<Object<Alarm>>,
    /// The tag that it watches, or that gives it place and value.
    pub(super) tag: Option<Arc<TagEntry>>,
    pub(super) detector: Detector,
    pub(super) rule: Rule,
    /// The tags that are limits; those that are gone are left out.
    pub(super) limits: Vec<(ObjectId, TagIndex)>,
    /// The condition, where it is an expression that works.
    pub(super) condition: Option<Compiled>,
    /// When it means nothing, where that is said and works.
    pub(super) suppress: Option<Compiled>,
    /// Why a part of it cannot work.
    pub(super) fault: Option<String>,
}

/// An expression with the tags that it reads.
#[derive(Clone)]
pub(super) struct Compiled {
    pub(super) program: Arc<Program>,
    pub(super) inputs: Vec<Arc<TagEntry>>,
}

/// What a sample of a tag is to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// What its condition judges.
    Sample,
    /// What its condition is judged by: a limit, an input of its expression.
    Condition,
    /// An input of what says whether it means anything.
    Suppress,
}

/// Which alarms need a tag: the entries of one tag lie side by side.
#[derive(Default)]
struct Readers {
    /// Where the entries of each tag begin, and where the last end.
    starts: Vec<u32>,
    entries: Vec<(u32, Role)>,
    /// Whether there is another role than [`Role::Sample`].
    has_indirect: bool,
}

impl Rules {
    /// Returns the alarms of a plant; what was compiled before is taken over.
    pub(crate) fn of(plant: &Plant, before: &Rules) -> Rules {
        let mut slots = vec![None; before.slots.len()];
        let mut new = Vec::new();
        for object in plant.alarms().iter().filter(|object| object.body.enabled) {
            match before.by_id.get(&object.id) {
                Some(&slot) => {
                    let slot = slot as usize;
                    slots[slot] = Some(AlarmRule::of(plant, object, before.slots[slot].as_ref()));
                }
                None => new.push(AlarmRule::of(plant, object, None)),
            }
        }
        // a slot is not given again before a plant without its alarm was taken over
        let mut free = (0..before.slots.len()).filter(|&slot| before.slots[slot].is_none());
        for rule in new {
            match free.next() {
                Some(slot) => slots[slot] = Some(rule),
                None => slots.push(Some(rule)),
            }
        }
        let off = plant.alarms().iter().filter(|object| !object.body.enabled);
        let off = off.map(|object| (object.id, Arc::clone(object)));
        Rules {
            off: off.collect(),
            ..Rules::index(slots)
        }
    }

    /// Returns one alarm alone, whether the plant has it or not.
    pub(super) fn single(plant: &Plant, object: &Arc<Object<Alarm>>) -> Rules {
        Rules::index(vec![Some(AlarmRule::of(plant, object, None))])
    }

    /// Returns the tags that matter to any alarm, each once: what judges comes before what is
    /// judged.
    pub(super) fn tags(&self) -> Vec<TagIndex> {
        let mut tags = Vec::new();
        for (_, rule) in self.all() {
            rule.each_tag(|tag, role| tags.push((role == Role::Sample, tag)));
        }
        tags.sort_unstable();
        let mut known = HashSet::new();
        tags.retain(|(_, tag)| known.insert(*tag));
        tags.into_iter().map(|(_, tag)| tag).collect()
    }

    /// Returns what of any alarm cannot work.
    pub(super) fn fault(&self) -> Option<String> {
        self.all().find_map(|(_, rule)| rule.fault.clone())
    }

    fn index(slots: Vec<Option<Arc<AlarmRule>>>) -> Rules {
        let numbered = || (0_u32..).zip(&slots);
        let all = || numbered().filter_map(|(slot, rule)| Some((slot, rule.as_ref()?)));
        let by_id = all().map(|(slot, rule)| (rule.id(), slot)).collect();
        let mut reads = Vec::new();
        for (slot, rule) in all() {
            rule.each_tag(|tag, role| reads.push((tag, slot, role)));
        }
        Rules {
            by_id,
            readers: Readers::new(reads),
            slots,
            off: HashMap::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Returns one more than the greatest slot.
    pub(super) fn slot_end(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Arc<AlarmRule>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn slot_of(&self, alarm: ObjectId) -> Option<u32> {
        self.by_id.get(&alarm).copied()
    }

    /// Returns the name of an alarm that is switched off.
    pub(super) fn name_of_off(&self, alarm: ObjectId) -> Option<String> {
        self.off.get(&alarm).map(|object| object.body.name.clone())
    }

    /// Returns the alarms with their slots.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &Arc<AlarmRule>)> {
        let numbered = (0_u32..).zip(&self.slots);
        numbered.filter_map(|(slot, rule)| Some((slot, rule.as_ref()?)))
    }

    /// Returns the alarms that need a tag.
    pub(super) fn readers(&self, tag: TagIndex) -> &[(u32, Role)] {
        let at = tag.as_usize();
        match self.readers.starts.get(at..at + 2) {
            Some(&[start, end]) => &self.readers.entries[start as usize..end as usize],
            _ => &[],
        }
    }

    /// Returns whether any alarm needs a tag for something else than to judge its samples.
    pub(super) fn has_indirect(&self) -> bool {
        self.readers.has_indirect
    }
}

impl Readers {
    fn new(mut reads: Vec<(TagIndex, u32, Role)>) -> Readers {
        reads.sort_unstable_by_key(|&(tag, slot, _)| (tag, slot));
        let tags = reads.last().map_or(0, |(tag, ..)| tag.as_usize() + 1);
        let mut starts = vec![0; tags + 1];
        for (tag, ..) in &reads {
            starts[tag.as_usize() + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Readers {
            starts,
            has_indirect: reads.iter().any(|&(_, _, role)| role != Role::Sample),
            entries: reads
                .into_iter()
                .map(|(_, slot, role)| (slot, role))
                .collect(),
        }
    }
}

impl AlarmRule {
    fn of(
        plant: &Plant,
        object: &Arc<Object<Alarm>>,
        old: Option<&Arc<AlarmRule>>,
    ) -> Arc<AlarmRule> {
        let alarm = &object.body;
        let tag = alarm.tag.and_then(|id| plant.tag(id));
        let scope = AlarmScope { plant, tag };
        let mut faults = Vec::new();
        if alarm.tag.is_some() && tag.is_none() {
            faults.push("its tag does not exist".to_owned());
        }
        let mut compile = |place: &str, text: &str, known: Option<&Compiled>| {
            let compiled = Compiled::of(text, &scope, known);
            compiled
                .map_err(|reason| faults.push(format!("{place}: {reason}")))
                .ok()
        };
        let known = old.and_then(|old| old.condition.as_ref());
        let condition = match &alarm.condition {
            Condition::Expression { text } => compile("condition", text, known),
            _ => None,
        };
        let known = old.and_then(|old| old.suppress.as_ref());
        let suppress = match alarm.suppress_when.as_str() {
            "" => None,
            text => compile("suppress_when", text, known),
        };
        let limits = limits(plant, &alarm.condition, &mut faults);
        let rule = AlarmRule {
            object: Arc::clone(object),
            tag: tag.cloned(),
            detector: alarm.detector(),
            rule: alarm.rule(),
            limits,
            condition,
            suppress,
            fault: (!faults.is_empty()).then(|| faults.join("; ")),
        };
        match old {
            Some(old) if old.is_same(&rule) => Arc::clone(old),
            _ => Arc::new(rule),
        }
    }

    pub(super) fn id(&self) -> ObjectId {
        self.object.id
    }

    pub(super) fn alarm(&self) -> &Alarm {
        &self.object.body
    }

    /// Whether nothing at all is different.
    fn is_same(&self, other: &AlarmRule) -> bool {
        let is_same_tag = match (&self.tag, &other.tag) {
            (Some(tag), Some(other)) => Arc::ptr_eq(tag, other),
            (None, None) => true,
            _ => false,
        };
        Arc::ptr_eq(&self.object, &other.object)
            && is_same_tag
            && self.fault == other.fault
            && self.is_judged_like(other)
    }

    /// Whether nothing that matters to judging is different, so that what is remembered stays
    /// good.
    pub(super) fn is_judged_like(&self, other: &AlarmRule) -> bool {
        let tag = |rule: &AlarmRule| rule.tag.as_ref().map(|tag| tag.index());
        self.detector == other.detector
            && self.rule == other.rule
            && tag(self) == tag(other)
            && self.limits == other.limits
            && is_same_program(self.condition.as_ref(), other.condition.as_ref())
            && is_same_program(self.suppress.as_ref(), other.suppress.as_ref())
            && self.alarm().suppress_when == other.alarm().suppress_when
    }

    /// Gives every tag that matters to `work`.
    fn each_tag(&self, mut work: impl FnMut(TagIndex, Role)) {
        let is_expression = matches!(self.alarm().condition, Condition::Expression { .. });
        if let Some(tag) = self.tag.as_ref().filter(|_| !is_expression) {
            work(tag.index(), Role::Sample);
        }
        for &(_, tag) in &self.limits {
            work(tag, Role::Condition);
        }
        let inputs = |compiled: &Option<Compiled>| {
            let inputs = compiled.iter().flat_map(|compiled| &compiled.inputs);
            inputs.map(|tag| tag.index()).collect::<Vec<_>>()
        };
        for tag in inputs(&self.condition) {
            work(tag, Role::Condition);
        }
        for tag in inputs(&self.suppress) {
            work(tag, Role::Suppress);
        }
    }
}

/// Returns the tags that are limits.
fn limits(
    plant: &Plant,
    condition: &Condition,
    faults: &mut Vec<String>,
) -> Vec<(ObjectId, TagIndex)> {
    let mut limits = Vec::new();
    for (name, limit) in condition.limits() {
        let Limit::Tag { tag: id } = limit else {
            continue;
        };
        match plant.tag(id) {
            Some(tag) => limits.push((id, tag.index())),
            None => faults.push(format!("the tag that is its {name} does not exist")),
        }
    }
    limits
}

fn is_same_program(left: Option<&Compiled>, right: Option<&Compiled>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Arc::ptr_eq(&left.program, &right.program),
        (None, None) => true,
        _ => false,
    }
}

impl Compiled {
    /// Compiles an expression, unless it is known and reads what it did.
    fn of(
        text: &str,
        scope: &AlarmScope<'_>,
        known: Option<&Compiled>,
    ) -> Result<Compiled, String> {
        let known = known.filter(|known| known.program.text() == text);
        if let Some(known) = known
            && let Some(inputs) = scope.inputs(&known.program)
            && inputs
                .iter()
                .map(Arc::as_ptr)
                .eq(known.inputs.iter().map(Arc::as_ptr))
        {
            return Ok(known.clone());
        }
        let program = Program::compile(text, scope).map_err(|error| error.to_string())?;
        let inputs = scope.inputs(&program);
        Ok(Compiled {
            inputs: inputs.ok_or("it reads a tag that does not exist")?,
            program: Arc::new(program),
        })
    }

    /// Returns whether it has to be evaluated without a sample.
    pub(super) fn follows_clock(&self) -> bool {
        self.program.follows_clock()
    }
}

/// What the names in an expression of an alarm stand for: `value` is its tag, bare names are the
/// tags of the device of its tag.
struct AlarmScope<'a> {
    plant: &'a Plant,
    tag: Option<&'a Arc<TagEntry>>,
}

impl<'a> AlarmScope<'a> {
    fn tag(&self, reference: &Reference) -> Option<&'a Arc<TagEntry>> {
        match reference {
            Reference::Tag(path) => self.plant.tag_by_path(path.as_str()),
            Reference::Name(name) if **name == *"value" => self.tag,
            Reference::Name(name) => self.plant.sibling(self.tag?.device(), name),
        }
    }

    /// Returns what a program reads; nothing when a part of it is not there.
    fn inputs(&self, program: &Program) -> Option<Vec<Arc<TagEntry>>> {
        let inputs = program.inputs().iter();
        inputs.map(|one| self.tag(one).cloned()).collect()
    }
}

impl Scope for AlarmScope<'_> {
    fn kind_of(&self, reference: &Reference) -> Option<Kind> {
        let tag = self.tag(reference)?;
        Some(kind_of(tag.data_type(), tag.scaling()))
    }
}
