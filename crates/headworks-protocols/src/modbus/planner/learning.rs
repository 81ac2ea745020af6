//! What a device refuses, found out by asking.
//!
//! A device that answers a read with exception 02 (or 03) does not say which of the registers it
//! lacks. So the refused request is halved until its parts are answered: that brings the values
//! of this scan all the same. Then the joints between the parts, and those between the requests of
//! the same scan, are tried one by one with the two tags beside them. All in one scan, so that the
//! plan made after it is refused nothing that was to be known.

use std::collections::{BTreeMap, BTreeSet};

use super::{Item, Member, Request, Rules, Scan, Span, Table, hull, maximal};

/// What is known of a device; kept over changes of its tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    barriers: BTreeSet<Joint>,
    joined: BTreeSet<Joint>,
    illegal: BTreeMap<Span, u64>, // when to ask again
    registers_max: Option<u16>,
    bits_max: Option<u16>,
}

/// Between two tags: the last address that only the first has, and the first that only the second
/// has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Joint {
    table: Table,
    low: u16,
    high: u16,
}

/// The search for what made a device refuse a request.
///
/// ```text
/// while let Some(request) = learning.request() {
///     match ask(request) { good => learning.answered(), exception 02, 03 => learning.refused() }
/// }
/// learning.finish(&mut learned, now_us);   // then plan anew
/// ```
///
/// A time-out or a lost link ends it early; [`Learning::finish`] keeps what is certain.
#[derive(Debug)]
pub struct Learning {
    items: BTreeMap<usize, Span>, // of the table, in the whole scan
    others: Vec<Span>,            // the other requests of the table and scan
    rules: Rules,
    before: Learned,
    parts: Vec<Vec<Member>>,           // still to be asked, the next one last
    joints: Option<Vec<(Span, Span)>>, // still to be tried, the next one last
    current: Option<(Request, Step)>,
    refused: Vec<Span>,       // parts of two and more tags
    pairs: Vec<(Span, Span)>, // those of just two tags
    answered_max: u16,
    found: Learned,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Part,
    Joint(Joint),
}

impl Learned {
    /// Time until a tag that the device refuses is asked for again, in microseconds.
    pub const PROBE_US: u64 = 600_000_000;

    /// Returns whether the device refuses the span whatever is read with it.
    pub fn is_illegal(&self, span: &Span) -> bool {
        self.illegal.contains_key(span)
    }

    /// Returns whether nothing is known that restrains a plan.
    pub fn is_empty(&self) -> bool {
        let limits = self.registers_max.is_some() || self.bits_max.is_some();
        self.barriers.is_empty() && self.illegal.is_empty() && !limits
    }

    /// Returns an illegal span that is to be asked for once more, alone; each one at most once in
    /// [`Learned::PROBE_US`]. Report an answer by [`Learned::is_legal_again`].
    pub fn probe(&mut self, now_us: u64) -> Option<Span> {
        let (span, probe_us) = self.illegal.iter_mut().find(|(_, time)| **time <= now_us)?;
        *probe_us = now_us + Self::PROBE_US;
        Some(*span)
    }

    /// Forgets that a span was illegal, with all that was concluded from it; then plan anew.
    pub fn is_legal_again(&mut self, span: Span) {
        self.illegal.remove(&span);
        let inside = |address: u16| span.start <= address && u32::from(address) < span.end();
        self.barriers.retain(|joint| {
            joint.table != span.table || !(inside(joint.low) || inside(joint.high))
        });
    }

    /// Returns the longest read that the device has answered, where longer ones were refused.
    pub(super) fn read_max(&self, table: Table) -> Option<u16> {
        if table.is_bits() {
            self.bits_max
        } else {
            self.registers_max
        }
    }

    /// Returns where a request that starts with `span` must end, when it holds more than that.
    pub(super) fn reach(&self, span: &Span) -> u32 {
        let behind = |joint: &&Joint| joint.table == span.table && span.start <= joint.low;
        let barrier = self
            .barriers
            .iter()
            .filter(behind)
            .map(|joint| joint.high.into())
            .min();
        let after = |bad: &&Span| bad.table == span.table && span.start <= bad.start;
        let illegal = self
            .illegal
            .keys()
            .filter(after)
            .map(|bad| bad.end() - 1)
            .min();
        barrier.into_iter().chain(illegal).min().unwrap_or(u32::MAX)
    }

    fn knows(&self, joint: &Joint) -> bool {
        self.barriers.contains(joint) || self.joined.contains(joint)
    }

    fn set_read_max(&mut self, table: Table, count: u16) {
        let limit = if table.is_bits() {
            &mut self.bits_max
        } else {
            &mut self.registers_max
        };
        *limit = Some(limit.map_or(count, |limit| limit.min(count)).max(1));
    }

    /// Returns whether something found in `span` says why it was refused.
    fn explains(&self, span: &Span) -> bool {
        let holds = |joint: &Joint| {
            joint.table == span.table
                && span.start <= joint.low
                && u32::from(joint.high) < span.end()
        };
        self.illegal.keys().any(|bad| span.contains(bad)) || self.barriers.iter().any(holds)
    }
}

impl Joint {
    fn between(before: &Span, after: &Span) -> Joint {
        let (end, start) = (before.end(), u32::from(after.start));
        let address = |address: u32| u16::try_from(address).unwrap_or(u16::MAX);
        Joint {
            table: before.table,
            low: address(end.min(start).saturating_sub(1)),
            high: address(end.max(start)),
        }
    }
}

impl Learning {
    /// Begins the search after `scan.requests[refused]` was refused; `items` are those of the
    /// plan.
    pub fn new(
        items: &[Item],
        scan: &Scan,
        refused: usize,
        rules: &Rules,
        learned: &Learned,
    ) -> Learning {
        let request = &scan.requests[refused];
        let table = request.span.table;
        let same = || {
            scan.requests
                .iter()
                .filter(move |other| other.span.table == table)
        };
        let members = same().flat_map(|request| &request.members);
        let mut learning = Learning {
            items: members
                .map(|member| (member.item, items[member.item].span))
                .collect(),
            others: same()
                .map(|other| other.span)
                .filter(|span| *span != request.span)
                .collect(),
            rules: rules.clone(),
            before: learned.clone(),
            parts: Vec::new(),
            joints: None,
            current: None,
            refused: Vec::new(),
            pairs: Vec::new(),
            answered_max: 0,
            found: Learned::default(),
        };
        learning.split(request.members.clone());
        learning.advance();
        learning
    }

    /// Returns the request to send now; nothing when all is known.
    ///
    /// Values of its members are as good as those of the planned request; the request that tries
    /// a joint has no members.
    pub fn request(&self) -> Option<&Request> {
        self.current.as_ref().map(|(request, _)| request)
    }

    /// Takes note that the device answered [`Learning::request`].
    pub fn answered(&mut self) {
        let Some((request, step)) = self.current.take() else {
            return;
        };
        self.answered_max = self.answered_max.max(request.span.count);
        match step {
            Step::Part => {
                for pair in self.row(&request.members).windows(2) {
                    self.found.joined.insert(Joint::between(&pair[0], &pair[1]));
                }
            }
            Step::Joint(joint) => {
                self.found.joined.insert(joint);
            }
        }
        self.advance();
    }

    /// Takes note that the device refused [`Learning::request`].
    pub fn refused(&mut self) {
        let Some((request, step)) = self.current.take() else {
            return;
        };
        match step {
            Step::Part => self.split(request.members),
            Step::Joint(joint) => {
                self.found.barriers.insert(joint);
            }
        }
        self.advance();
    }

    /// Hands over what was found out; a plan made before is out of date when this returns true.
    pub fn finish(mut self, learned: &mut Learned, now_us: u64) -> bool {
        let complete = self.current.is_none();
        if self.parts.is_empty() {
            self.conclude_pairs();
        }
        let unexplained = self.refused.iter().find(|span| !self.found.explains(span));
        let limit = unexplained.filter(|span| complete && self.answered_max < span.count);
        if let Some(span) = limit {
            learned.set_read_max(span.table, self.answered_max);
        }
        let news = limit.is_some()
            || !self.found.barriers.is_subset(&learned.barriers)
            || self
                .found
                .illegal
                .keys()
                .any(|span| !learned.is_illegal(span));
        learned.barriers.extend(self.found.barriers);
        learned.joined.extend(self.found.joined);
        let probe_us = now_us + Learned::PROBE_US;
        learned
            .illegal
            .extend(self.found.illegal.into_keys().map(|span| (span, probe_us)));
        news
    }

    /// Divides a refused part, or finds that its one span is illegal.
    fn split(&mut self, members: Vec<Member>) {
        let row = self.row(&members);
        if row.len() == 1 {
            self.found.illegal.insert(row[0], 0);
            let within: Vec<Member> = members
                .into_iter()
                .filter(|member| self.items[&member.item] != row[0])
                .collect();
            self.push_parts(within);
            return;
        }
        self.refused.push(hull(&row));
        let middle = weakest_joint(&row);
        let (before, after) = (row[middle - 1], row[middle]);
        let (first, second): (Vec<Member>, Vec<Member>) = members
            .into_iter()
            .partition(|member| self.items[&member.item].end() <= before.end());
        self.parts.push(second);
        self.parts.push(first);
        if row.len() == 2 {
            self.pairs.push((before, after));
        }
    }

    /// Chooses what to ask next: parts first, because they bring values.
    fn advance(&mut self) {
        if let Some(members) = self.parts.pop() {
            let span = hull(&self.row(&members));
            self.current = Some((Request { span, members }, Step::Part));
            return;
        }
        if self.joints.is_none() {
            self.conclude_pairs();
            self.joints = Some(self.unknown_joints());
        }
        if let Some((before, after)) = self.joints.as_mut().and_then(Vec::pop) {
            let step = Step::Joint(Joint::between(&before, &after));
            self.current = Some((Request::empty(hull(&[before, after])), step));
        }
    }

    /// Asks for what lay in an illegal span, apart where the gaps between are too wide.
    fn push_parts(&mut self, mut members: Vec<Member>) {
        let row = self.row(&members);
        for part in row.chunk_by(|before, after| self.rules.may_join(before, after)) {
            let end = part[part.len() - 1].end();
            let (now, later) = members
                .into_iter()
                .partition(|member| self.items[&member.item].end() <= end);
            self.parts.push(now);
            members = later;
        }
    }

    /// Two legal tags that are refused together have a barrier between them.
    fn conclude_pairs(&mut self) {
        for (before, after) in std::mem::take(&mut self.pairs) {
            if !self.found.is_illegal(&before) && !self.found.is_illegal(&after) {
                self.found.barriers.insert(Joint::between(&before, &after));
            }
        }
    }

    /// Returns the neighbours that a plan made now could join without knowing whether it may.
    fn unknown_joints(&self) -> Vec<(Span, Span)> {
        let known_bad = |span: &Span| self.found.is_illegal(span) || self.before.is_illegal(span);
        let row = maximal(
            self.items
                .values()
                .copied()
                .filter(|span| !known_bad(span))
                .collect(),
        );
        let pairs = row.windows(2).map(|pair| (pair[0], pair[1]));
        pairs
            .filter(|(before, after)| self.is_unknown(before, after))
            .collect()
    }

    fn is_unknown(&self, before: &Span, after: &Span) -> bool {
        let joint = Joint::between(before, after);
        let both = hull(&[*before, *after]);
        let may_be_joined = self.rules.may_join(before, after)
            && both.count <= self.rules.read_max(before.table, &self.before)
            && after.end() <= self.before.reach(before).min(self.found.reach(before));
        let known = self.before.knows(&joint)
            || self.found.knows(&joint)
            || self.others.iter().any(|other| other.contains(&both));
        may_be_joined && !known
    }

    fn row(&self, members: &[Member]) -> Vec<Span> {
        maximal(
            members
                .iter()
                .map(|member| self.items[&member.item])
                .collect(),
        )
    }
}

/// Returns the index of the span in the middle half of the row with the widest gap before it,
/// the one nearest to the middle of several.
fn weakest_joint(row: &[Span]) -> usize {
    let middle = row.len() / 2;
    let first = (row.len() / 4).max(1);
    let last = (row.len() - first).max(first);
    let gap = |index: usize| u32::from(row[index].start).saturating_sub(row[index - 1].end());
    (first..=last)
        .max_by_key(|&index| (gap(index), std::cmp::Reverse(index.abs_diff(middle))))
        .unwrap_or(middle)
}
