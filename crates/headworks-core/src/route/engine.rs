//! The way of a sample through its routes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::compiled::{CompiledRoute, Input, Step as Expression, Way};
use super::counts::{Counts, Hold};
use super::echo::{Chain, Echoes};
use super::local::LocalClock;
use super::member::{Member, Pending};
use super::plan::Plan;
use super::window::{self, Window};
use crate::expr::{Context, Fault, FaultAt, State};
use crate::model::ObjectId;
use crate::quality::Quality;
use crate::sample::{Sample, TagIndex, Update};
use crate::value::Value;

const MINUTE_US: i64 = 60_000_000;

/// The routes at work: a plan, and what it remembers.
#[derive(Debug)]
pub struct Engine {
    plan: Arc<Plan>,
    members: Vec<Member>,
    counts: Vec<Counts>,
    rates: Vec<Rate>,
    /// When members are to be looked at without a new sample; what is out of date is skipped.
    due: BinaryHeap<Reverse<(i64, u32)>>,
    echoes: Echoes,
    clock: LocalClock,
    inputs: Vec<Sample>,
    /// Whether samples that are held back are told of.
    traces: bool,
}

/// What became of a sample in one route.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The place of the route in the plan.
    pub route: u32,
    /// Whose sample it was.
    pub tag: TagIndex,
    /// The sample; the last one, where many became one.
    pub source: Sample,
    /// What became of it.
    pub verdict: Verdict,
}

/// Whether a sample passed.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes on.
    Passed(Passed),
    /// It does not.
    Held {
        /// Why.
        by: Hold,
        /// What went wrong in an expression.
        fault: Option<FaultAt>,
        /// What would have gone on, where it came that far.
        result: Option<Sample>,
    },
}

/// What goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// The result.
    pub sample: Sample,
    /// A bit for each target that it does not go to, because that would close a circle or because
    /// there is no value.
    pub stopped: u16,
    /// Where it comes from, for [`Echoes::note`].
    pub chain: Chain,
}

/// How many have passed in a minute.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    minute: i64,
    passed: u32,
}

/// When, and what other tags are now.
struct Present<'a> {
    now_us: i64,
    last: &'a dyn Fn(TagIndex) -> Option<Sample>,
}

/// Why a sample does not pass.
struct Held {
    by: Hold,
    fault: Option<FaultAt>,
    result: Option<Sample>,
}

impl Engine {
    /// Returns an engine without routes, for a time zone.
    pub fn new(zone: TimeZone) -> Engine {
        Engine {
            plan: Arc::default(),
            members: Vec::new(),
            counts: Vec::new(),
            rates: Vec::new(),
            due: BinaryHeap::new(),
            echoes: Echoes::default(),
            clock: LocalClock::new(zone),
            inputs: Vec::new(),
            traces: false,
        }
    }

    /// Makes it tell also of what is held back, as the test bench wants it.
    #[must_use]
    pub fn tracing(mut self) -> Engine {
        self.traces = true;
        self
    }

    /// Goes by another plan. Routes that did not change keep what they remember; all that are
    /// still there keep their counts.
    pub fn adopt(&mut self, plan: Arc<Plan>) {
        let before = std::mem::replace(&mut self.plan, plan);
        let plan = Arc::clone(&self.plan);
        let key = |route: &CompiledRoute| (route.id, route.way);
        let old_places: HashMap<(ObjectId, Way), usize> = before
            .routes()
            .iter()
            .enumerate()
            .map(|(place, one)| (key(&one.compiled), place))
            .collect();
        let old_place = |place: usize| old_places.get(&key(&plan.routes()[place].compiled));
        let places = 0..plan.routes().len();
        let take = |place: usize| old_place(place).map(|old| (self.counts[*old], self.rates[*old]));
        let kept: Vec<_> = places
            .map(|place| take(place).unwrap_or_default())
            .collect();
        (self.counts, self.rates) = kept.into_iter().unzip();
        let mut old_members: Vec<Option<Member>> = self.members.drain(..).map(Some).collect();
        let mut take_member = |tag: TagIndex, place: u32| {
            let old = *old_place(place as usize)?;
            let same = &before.routes()[old].compiled;
            if !Arc::ptr_eq(same, plan.route(place)?) {
                return None;
            }
            let mut range = before.range(tag);
            let at = range.find(|at| {
                let member = old_members[*at].as_ref();
                member.is_some_and(|member| member.route as usize == old)
            })?;
            let mut member = old_members[at].take()?;
            member.route = place;
            Some(member)
        };
        let members = plan
            .members()
            .map(|(tag, place)| take_member(tag, place).unwrap_or_else(|| Member::new(tag, place)));
        self.members = members.collect();
        self.due.clear();
        for at in 0..self.members.len() {
            self.arm(at);
        }
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Returns what a route has counted.
    pub fn counts(&self, place: u32) -> Counts {
        self.counts.get(place as usize).copied().unwrap_or_default()
    }

    /// Returns what the router has written, to be told of more.
    pub fn echoes(&mut self) -> &mut Echoes {
        &mut self.echoes
    }

    /// Returns when [`Engine::tick`] has something to do.
    pub fn due_us(&self) -> Option<i64> {
        self.due.peek().map(|Reverse((due_us, _))| *due_us)
    }

    /// Takes a sample on its way through the routes of its tag; `last` knows the last samples of
    /// other tags.
    pub fn take(
        &mut self,
        update: &Update,
        now_us: i64,
        last: &dyn Fn(TagIndex) -> Option<Sample>,
        out: &mut Vec<Step>,
    ) {
        if self.due_us().is_some_and(|due_us| due_us <= now_us) {
            self.tick(now_us, last, out);
        }
        let range = self.plan.range(update.tag);
        if range.is_empty() {
            return;
        }
        let plan = Arc::clone(&self.plan);
        let present = Present { now_us, last };
        let chain = self.echoes.chain_of(update.tag, &update.sample, now_us);
        for at in range {
            let route = &plan.routes()[self.members[at].route as usize].compiled;
            self.counts[self.members[at].route as usize].matched += 1;
            let verdict = self
                .admit(at, route, &update.sample, &present)
                .and_then(|sample| self.collect(at, route, sample, now_us))
                .and_then(|sample| {
                    self.finish(at, route, &update.sample, sample, chain.clone(), &present)
                });
            self.tell(at, &update.sample, verdict, out);
        }
    }

    /// Lets pass what waited for its time.
    pub fn tick(
        &mut self,
        now_us: i64,
        last: &dyn Fn(TagIndex) -> Option<Sample>,
        out: &mut Vec<Step>,
    ) {
        let plan = Arc::clone(&self.plan);
        let present = Present { now_us, last };
        while let Some(&Reverse((due_us, at))) = self.due.peek() {
            if now_us < due_us {
                break;
            }
            self.due.pop();
            let at = at as usize;
            let route = &plan.routes()[self.members[at].route as usize].compiled;
            self.close_window(at, route, &present, out);
            self.release(at, route, now_us, out);
        }
    }

    fn close_window(
        &mut self,
        at: usize,
        route: &CompiledRoute,
        present: &Present<'_>,
        out: &mut Vec<Step>,
    ) {
        let is_over = |window: &mut Box<Window>| window.end_us <= present.now_us;
        let (Some(window), Some(config)) =
            (self.members[at].window.take_if(is_over), route.route.window)
        else {
            return;
        };
        let source = window.last().clone();
        let verdict = match window.result(config.function) {
            // who collects makes something new of it: it is no echo
            Some(sample) => self.finish(at, route, &source, sample, Chain::default(), present),
            None => Err(Held::by(Hold::WindowKind)),
        };
        self.tell(at, &source, verdict, out);
    }

    /// Lets pass what came too soon, when its time has come.
    fn release(&mut self, at: usize, route: &CompiledRoute, now_us: i64, out: &mut Vec<Step>) {
        let is_due = |pending: &mut Box<Pending>| pending.due_us <= now_us;
        let Some(pending) = self.members[at].pending.take_if(is_due) else {
            return;
        };
        let Pending {
            source,
            result,
            chain,
            ..
        } = *pending;
        let verdict = self.pass(at, route, result, &chain, now_us);
        self.tell(at, &source, verdict, out);
    }

    /// Looks whether a sample is wanted at all.
    fn admit(
        &mut self,
        at: usize,
        route: &CompiledRoute,
        source: &Sample,
        present: &Present<'_>,
    ) -> Result<Sample, Held> {
        let config = &route.route;
        if !config.accept.takes(source.quality) {
            return Err(Held::by(Hold::Quality));
        }
        if let Some(schedule) = &config.schedule {
            let (day, minute) = self.clock.at(present.now_us);
            if !schedule.holds(day, minute) {
                return Err(Held::by(Hold::Schedule));
            }
        }
        if let Some(when) = &route.when {
            let mut state = self.members[at].when.take();
            let outcome = self.evaluate(when, &mut state, source, present);
            self.members[at].when = state;
            match &outcome.sample.value {
                Some(value) if is_true(value) => {}
                Some(_) => return Err(Held::by(Hold::Condition)),
                None => {
                    return Err(Held {
                        fault: outcome.fault,
                        ..Held::by(Hold::ConditionFault)
                    });
                }
            }
        }
        Ok(usable(source))
    }

    /// Puts a sample into the window of its tag, where the route has one.
    fn collect(
        &mut self,
        at: usize,
        route: &CompiledRoute,
        sample: Sample,
        now_us: i64,
    ) -> Result<Sample, Held> {
        let Some(config) = route.route.window else {
            return Ok(sample);
        };
        if !window::takes(config.function, sample.value.as_ref()) {
            return Err(Held::by(Hold::WindowKind));
        }
        match &mut self.members[at].window {
            Some(window) => window.add(sample),
            none => {
                *none = Some(Box::new(Window::open(config, now_us, sample)));
                self.arm(at);
            }
        }
        Err(Held::by(Hold::Window))
    }

    /// Makes the result, and looks whether it may go on now.
    fn finish(
        &mut self,
        at: usize,
        route: &CompiledRoute,
        source: &Sample,
        sample: Sample,
        chain: Chain,
        present: &Present<'_>,
    ) -> Result<Passed, Held> {
        let result = self.transform(at, route, sample, present)?;
        let is_first = self.members[at].last.is_none();
        let open = stopped(route, &chain, &result).count_ones() < targets(route);
        let member = &mut self.members[at];
        if !open && result.value.is_some() {
            member.remember(&result); // it is there already
            member.pending = None;
            return Err(Held::with(Hold::Loop, result));
        }
        if !open {
            return Err(Held::with(Hold::NoValue, result));
        }
        if is_first && route.way == Way::Back {
            // the source leads: after a start the target must not overwrite it
            member.remember(&result);
            return Err(Held::with(Hold::Unchanged, result));
        }
        if member.is_known(&result, &route.route.rules) {
            member.pending = None;
            return Err(Held::with(Hold::Unchanged, result));
        }
        let interval_us = i64::from(route.route.rules.min_interval_ms) * 1000;
        let due_us = member.passed_us.saturating_add(interval_us);
        // a clock that was set back does not hold everything up
        if (member.passed_us..due_us).contains(&present.now_us) {
            let is_armed = member.pending.is_some();
            member.pending = Some(Box::new(Pending {
                source: source.clone(),
                result: result.clone(),
                chain,
                due_us,
            }));
            if !is_armed {
                self.arm(at);
            }
            return Err(Held::with(Hold::Interval, result));
        }
        self.pass(at, route, result, &chain, present.now_us)
    }

    fn transform(
        &mut self,
        at: usize,
        route: &CompiledRoute,
        sample: Sample,
        present: &Present<'_>,
    ) -> Result<Sample, Held> {
        let Some(transform) = route.transform.as_ref().filter(|_| sample.value.is_some()) else {
            return Ok(sample);
        };
        let mut state = self.members[at].transform.take();
        let outcome = self.evaluate(transform, &mut state, &sample, present);
        self.members[at].transform = state;
        if outcome.sample.value.is_none() {
            return Err(Held {
                fault: outcome.fault,
                ..Held::by(Hold::Transform)
            });
        }
        Ok(outcome.sample)
    }

    /// Lets a result pass, if not too many have.
    fn pass(
        &mut self,
        at: usize,
        route: &CompiledRoute,
        result: Sample,
        chain: &Chain,
        now_us: i64,
    ) -> Result<Passed, Held> {
        let member = &mut self.members[at];
        let place = member.route as usize;
        if let Some(most) = route.route.rules.max_per_minute
            && !self.rates[place].allows(most, now_us)
        {
            return Err(Held::with(Hold::Rate, result));
        }
        member.remember(&result);
        member.passed_us = now_us;
        member.pending = None;
        let counts = &mut self.counts[place];
        counts.passed += 1;
        let stopped = stopped(route, chain, &result);
        if stopped != 0 && result.value.is_some() {
            counts.hold(Hold::Loop);
        }
        let writes = route.written().next().is_some();
        Ok(Passed {
            stopped,
            chain: if writes {
                chain.with(member.tag)
            } else {
                Chain::default()
            },
            sample: result,
        })
    }

    fn tell(
        &mut self,
        at: usize,
        source: &Sample,
        verdict: Result<Passed, Held>,
        out: &mut Vec<Step>,
    ) {
        let (route, tag) = (self.members[at].route, self.members[at].tag);
        let verdict = match verdict {
            Ok(passed) => Verdict::Passed(passed),
            Err(Held { by, fault, result }) => {
                self.counts[route as usize].hold(by);
                // what goes wrong in an expression is worth a word also without a trace
                if !self.traces && !fault.is_some_and(is_mistake) {
                    return;
                }
                Verdict::Held { by, fault, result }
            }
        };
        out.push(Step {
            route,
            tag,
            source: source.clone(),
            verdict,
        });
    }

    fn evaluate(
        &mut self,
        expression: &Expression,
        state: &mut Option<Box<State>>,
        value: &Sample,
        present: &Present<'_>,
    ) -> crate::expr::Outcome {
        self.inputs.clear();
        for input in &expression.inputs {
            let waiting = || Sample::bad(present.now_us, Quality::BAD_WAITING_FOR_INITIAL_DATA);
            self.inputs.push(match input {
                Input::Value => value.clone(),
                Input::Tag(tag) => (present.last)(*tag).unwrap_or_else(waiting),
            });
        }
        let context = Context {
            now_us: present.now_us,
            zone: self.clock.zone(),
        };
        let program = &expression.program;
        if !program.remembers() && state.is_none() {
            // room for the evaluation; there is nothing to keep
            *state = Some(Box::new(program.new_state()));
        }
        let state = state.get_or_insert_with(|| Box::new(program.new_state()));
        program.evaluate(&self.inputs, &context, state)
    }

    /// Sees to it that a member is looked at when it is time.
    fn arm(&mut self, at: usize) {
        if let Some(due_us) = self.members[at].due_us() {
            let at = u32::try_from(at).expect("there are at most MEMBERS_MAX members");
            self.due.push(Reverse((due_us, at)));
        }
    }
}

impl Held {
    fn by(by: Hold) -> Held {
        Held {
            by,
            fault: None,
            result: None,
        }
    }

    fn with(by: Hold, result: Sample) -> Held {
        Held {
            result: Some(result),
            ..Held::by(by)
        }
    }
}

impl Rate {
    /// Counts one more in the minute of the clock, unless that is full.
    fn allows(&mut self, most: u32, now_us: i64) -> bool {
        let minute = now_us.div_euclid(MINUTE_US);
        if self.minute != minute {
            *self = Rate { minute, passed: 0 };
        }
        let allows = self.passed < most;
        self.passed += u32::from(allows);
        allows
    }
}

/// Returns a sample as routes see it: the value that the data space keeps beside a bad quality is
/// no value.
fn usable(source: &Sample) -> Sample {
    Sample {
        value: source.value.clone().filter(|_| !source.quality.is_bad()),
        ..source.clone()
    }
}

/// Returns whether a condition counts as true: not zero and not empty, as in expressions.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Text(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        number => number.as_f64() != Some(0.0),
    }
}

/// Returns whether a fault is more than a value that is held back or still missing.
fn is_mistake(fault: FaultAt) -> bool {
    !matches!(fault.fault, Fault::HeldBack | Fault::NoData | Fault::Input)
}

fn targets(route: &CompiledRoute) -> u32 {
    u32::try_from(route.writes.len()).unwrap_or(u32::MAX)
}

/// Returns a bit for each target that a result does not go to.
fn stopped(route: &CompiledRoute, chain: &Chain, result: &Sample) -> u16 {
    let mut stopped = 0;
    for (at, target) in route.writes.iter().enumerate().take(16) {
        if let Some(target) = target
            && (result.value.is_none() || chain.stops(*target))
        {
            stopped |= 1 << at;
        }
    }
    stopped
}
