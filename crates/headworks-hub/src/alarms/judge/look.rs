//! One look at one alarm.

use headworks_core::Sample;
use headworks_core::alarm::{Condition, Input, Ledger, Reading, Refusal, Source};
use headworks_core::expr::{Context, State};
use headworks_core::quality::Quality;
use jiff::tz::TimeZone;

use super::live::Live;
use crate::alarms::Last;
use crate::alarms::rules::{AlarmRule, Compiled};

/// Time between evaluations of an expression that follows the clock.
const CLOCK_PERIOD_US: i64 = 1_000_000;

/// One alarm while it is looked at.
pub(super) struct Look<'a> {
    pub(super) rule: &'a AlarmRule,
    pub(super) live: &'a mut Live,
    pub(super) ledger: &'a mut Ledger,
    pub(super) zone: &'a TimeZone,
    pub(super) now_us: i64,
    pub(super) last: Last<'a>,
}

impl Look<'_> {
    pub(super) fn input(&mut self, input: Input) -> Result<(), Refusal> {
        let machine = &mut self.live.machine;
        machine.apply(&self.rule.rule, self.ledger, self.now_us, input)
    }

    /// Applies an input that no machine refuses.
    pub(super) fn apply(&mut self, input: Input) {
        let _taken = self.input(input);
    }

    /// Judges what is given.
    pub(super) fn judge(&mut self, source: Source<'_>) {
        let rule = self.rule;
        let last = self.last;
        let value_of = |id| {
            let (_, tag) = rule.limits.iter().find(|(limit, _)| *limit == id)?;
            let sample = last(*tag).filter(|sample| !sample.quality.is_bad())?;
            sample.value?.as_f64()
        };
        let reading = Reading {
            now_us: self.now_us,
            source,
        };
        let live = &mut *self.live;
        let active = live.machine.standing().active;
        let judgement = rule
            .detector
            .judge(&reading, active, &mut live.memory, value_of);
        live.judge_us = judgement.due_us;
        live.limit = judgement.limit.or(live.limit);
        self.apply(Input::Condition(judgement.verdict));
    }

    /// Judges the present values.
    pub(super) fn judge_present(&mut self) {
        let rule = self.rule;
        if !self.is_expression() {
            let sample = rule.tag.as_ref().and_then(|tag| (self.last)(tag.index()));
            return self.judge(Source::Sample(sample.as_ref()));
        }
        let Some(compiled) = &rule.condition else {
            return self.judge(Source::Expression(None));
        };
        let mut expressions = self.live.expressions.take().unwrap_or_default();
        let sample = self.evaluate(compiled, &mut expressions.condition);
        self.live.expressions = Some(expressions);
        self.judge(Source::of_expression(&sample));
        self.live.judge_us = self.again(compiled);
    }

    /// Returns whether the alarm means nothing now, if that is known.
    pub(super) fn is_suppressed(&mut self) -> Option<bool> {
        let compiled = self.rule.suppress.as_ref()?;
        let mut expressions = self.live.expressions.take().unwrap_or_default();
        let sample = self.evaluate(compiled, &mut expressions.suppress);
        self.live.expressions = Some(expressions);
        self.live.suppress_us = self.again(compiled);
        match Source::of_expression(&sample) {
            Source::Expression(truth) => truth,
            Source::Sample(_) => None,
        }
    }

    /// Arms what comes by itself after a start. What the values were before it is judged with the
    /// first sample: until then every alarm is as the journal says.
    pub(super) fn begin(&mut self) {
        if let Condition::Stale { .. } = self.rule.detector.condition {
            // counts from now on: the hub has not looked before
            let reading = Reading {
                now_us: self.now_us,
                source: Source::Sample(None),
            };
            let memory = &mut self.live.memory;
            let judgement = self.rule.detector.judge(&reading, false, memory, |_| None);
            self.live.judge_us = judgement.due_us;
        }
        let at_once = |compiled: &Option<Compiled>| {
            let compiled = compiled.as_ref()?;
            let needs_no_sample = compiled.inputs.is_empty() || compiled.follows_clock();
            needs_no_sample.then_some(self.now_us)
        };
        self.live.judge_us = self.live.judge_us.or(at_once(&self.rule.condition));
        self.live.suppress_us = at_once(&self.rule.suppress);
    }

    /// Whether it is suppressed by a rule that is no more.
    pub(super) fn is_left_suppressed(&self) -> bool {
        self.live.machine.standing().suppressed && self.rule.alarm().suppress_when.is_empty()
    }

    fn is_expression(&self) -> bool {
        matches!(self.rule.detector.condition, Condition::Expression { .. })
    }

    fn again(&self, compiled: &Compiled) -> Option<i64> {
        let again_us = self.now_us.saturating_add(CLOCK_PERIOD_US);
        compiled.follows_clock().then_some(again_us)
    }

    fn evaluate(&self, compiled: &Compiled, state: &mut Option<State>) -> Sample {
        let waiting = || Sample::bad(self.now_us, Quality::BAD_WAITING_FOR_INITIAL_DATA);
        let inputs = compiled.inputs.iter();
        let inputs = inputs.map(|tag| (self.last)(tag.index()).unwrap_or_else(waiting));
        let inputs: Vec<Sample> = inputs.collect();
        let context = Context {
            now_us: self.now_us,
            zone: self.zone,
        };
        let program = &compiled.program;
        let state = state.get_or_insert_with(|| program.new_state());
        program.evaluate(&inputs, &context, state).sample
    }
}
