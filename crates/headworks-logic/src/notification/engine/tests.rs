//! The engine, told entries of real alarm machines.

use std::num::NonZeroU128;

use headworks_core::TagPath;
use headworks_core::alarm::{By, Input, Ledger, Machine, Rule, Verdict};
use headworks_core::model::ObjectBody;
use serde_json::json;
use uuid::Uuid;

use super::*;

pub(super) const START_US: i64 = 1_780_000_000_000_000;

/// Alarms of a test, with their machines and the journal.
pub(super) struct Plant {
    machines: Vec<Machine>,
    ledger: Ledger,
    rule: Rule,
    number: u64,
    pub(super) now_us: i64,
    pub(super) priority: fn(usize) -> u8,
}

impl Alarms for Plant {
    fn group(&self, alarm: ObjectId) -> Arc<str> {
        format!("group {}", alarm.0.as_u128() % 3).into()
    }
}

pub(super) fn id(number: usize) -> ObjectId {
    let number = NonZeroU128::new(number as u128 + 1).unwrap();
    ObjectId(Uuid::from_u128(number.get()))
}

impl Plant {
    pub(super) fn new(count: usize) -> Plant {
        Plant {
            machines: vec![Machine::default(); count],
            ledger: Ledger::new(None),
            rule: Rule {
                on_delay_us: 0,
                off_delay_us: 0,
                re_alarm_us: None,
                shelve_max_us: 1 << 50,
                latching: false,
            },
            number: 0,
            now_us: START_US,
            priority: |_| 2,
        }
    }

    pub(super) fn machine(&self, alarm: usize) -> &Machine {
        &self.machines[alarm]
    }

    /// Gives an alarm an input and returns the entries that it makes.
    pub(super) fn give(&mut self, alarm: usize, input: Input) -> Vec<Entry> {
        let machine = &mut self.machines[alarm];
        drop(machine.apply(&self.rule, &mut self.ledger, self.now_us, input));
        let transitions: Vec<_> = self.ledger.drain().collect();
        let entries = transitions.into_iter().map(|transition| {
            self.number += 1;
            let path = format!("plant/area{}/tag{alarm}", alarm % 4);
            Entry {
                number: self.number,
                alarm: id(alarm),
                name: format!("alarm {alarm}"),
                path: Some(path.parse::<TagPath>().unwrap()),
                priority: (self.priority)(alarm).try_into().unwrap(),
                text: format!("alarm {alarm} is high"),
                value: Some(headworks_core::Value::F64(7.5)),
                limit: Some(7.0),
                first_out: false,
                transition,
            }
        });
        entries.collect()
    }

    pub(super) fn condition(&mut self, alarm: usize, holds: bool) -> Vec<Entry> {
        let verdict = if holds { Verdict::True } else { Verdict::False };
        self.give(alarm, Input::Condition(verdict))
    }

    pub(super) fn acknowledge(&mut self, alarm: usize) -> Vec<Entry> {
        let Some(event) = self.machines[alarm].standing().event else {
            return Vec::new();
        };
        let by = By::new("anna", "");
        let event = event.id;
        self.give(alarm, Input::Acknowledge { event, by })
    }
}

pub(super) fn policy(rest: serde_json::Value) -> Arc<Policy> {
    let channel = id(900);
    let mut body = json!({
        "name": "policy",
        "steps": [
            { "channel": channel },
            { "channel": channel, "after_min": 10 },
            { "channel": channel, "after_min": 30 },
        ],
        "group_s": 30, "digest_min": 5,
    });
    let rest = rest.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(rest);
    let policy: Policy = serde_json::from_value(body).unwrap();
    policy.check().unwrap();
    Arc::new(policy)
}

pub(super) fn policy_id() -> ObjectId {
    id(1000)
}

struct Rig {
    plant: Plant,
    engine: Engine,
}

impl Rig {
    fn new(policy: Arc<Policy>) -> Rig {
        let mut engine = Engine::new(TimeZone::UTC, []);
        engine.set_policies(BTreeMap::from([(policy_id(), policy)]));
        let plant = Plant::new(100);
        Rig { plant, engine }
    }

    fn take(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            self.engine.take(&entry, &self.plant);
        }
    }

    fn raise(&mut self, alarm: usize) {
        let entries = self.plant.condition(alarm, true);
        self.take(entries);
    }

    fn clear(&mut self, alarm: usize) {
        let entries = self.plant.condition(alarm, false);
        self.take(entries);
    }

    fn acknowledge(&mut self, alarm: usize) {
        let entries = self.plant.acknowledge(alarm);
        self.take(entries);
    }

    /// Lets time pass and returns what was sent: minute, step and the kinds of the lines.
    fn pass(&mut self, seconds: i64) -> Vec<(i64, u8, Vec<LineKind>)> {
        let end_us = self.plant.now_us + seconds * US_PER_S;
        let mut sent = Vec::new();
        loop {
            let due_us = self.engine.next_due_us().unwrap_or(i64::MAX);
            self.plant.now_us = due_us.clamp(self.plant.now_us, end_us);
            let now_us = self.plant.now_us;
            let messages = self.engine.tick(now_us);
            sent.extend(messages.into_iter().map(|message| {
                let minute = (now_us - START_US) / US_PER_MIN;
                let kinds = message.lines.iter().map(|line| line.kind).collect();
                (minute, message.step, kinds)
            }));
            if end_us <= now_us {
                return sent;
            }
        }
    }
}

use LineKind::{Acknowledged, Escalated, Hidden, Over, Raised};

#[test]
fn an_alarm_is_told_and_escalated_until_somebody_acknowledges() {
    let mut rig = Rig::new(policy(json!({ "repeat_min": 20 })));
    rig.raise(1);
    let sent = rig.pass(75 * 60);
    let escalated = |minute, step| (minute, step, vec![Escalated]);
    assert_eq!(
        sent,
        [
            (0, 0, vec![Raised]),
            escalated(10, 1),
            escalated(30, 2),
            escalated(50, 2),
            escalated(70, 2),
        ]
    );
    rig.acknowledge(1);
    assert_eq!(rig.pass(86_400), []);
    assert_eq!(rig.engine.cases(), 0);
}

#[test]
fn an_acknowledgement_in_time_spares_the_next() {
    let mut rig = Rig::new(policy(
        json!({ "tell_acknowledged": true, "tell_over": true }),
    ));
    rig.raise(1);
    assert_eq!(rig.pass(60), [(0, 0, vec![Raised])]);
    rig.acknowledge(1);
    assert_eq!(rig.pass(3600), [(1, 0, vec![Acknowledged])]);
    rig.clear(1);
    assert_eq!(rig.pass(3600), [(61, 0, vec![Over])]);
    assert_eq!(rig.engine.cases(), 0);
}

#[test]
fn who_was_not_told_of_an_alarm_is_not_told_of_its_end() {
    let steps = json!([{ "channel": id(900), "after_min": 5 }]);
    let steps = json!({ "steps": steps, "tell_over": true, "tell_acknowledged": true });
    let mut rig = Rig::new(policy(steps));
    rig.raise(1);
    assert_eq!(rig.pass(240), []);
    rig.acknowledge(1);
    rig.clear(1);
    assert_eq!(rig.pass(3600), []);
    assert_eq!(rig.engine.cases(), 0);
}

#[test]
fn an_alarm_that_is_over_is_escalated_unless_the_policy_says_no() {
    for (stops, want) in [(false, vec![(10, 1, vec![Escalated])]), (true, vec![])] {
        let mut rig = Rig::new(policy(json!({ "stop_when_over": stops })));
        rig.raise(1);
        rig.pass(60);
        rig.clear(1);
        assert_eq!(rig.pass(15 * 60), want, "{stops}");
    }
}

#[test]
fn an_alarm_that_comes_and_goes_still_reaches_its_second_step() {
    for stops in [false, true] {
        let mut rig = Rig::new(policy(json!({ "stop_when_over": stops })));
        let mut sent = Vec::new();
        for _ in 0..40 {
            rig.raise(1);
            sent.extend(rig.pass(20));
            rig.clear(1);
            sent.extend(rig.pass(10));
        }
        let sent: Vec<_> = sent
            .into_iter()
            .map(|(_, step, kinds)| (step, kinds))
            .collect();
        assert_eq!(sent, [(0, vec![Raised]), (1, vec![Escalated])], "{stops}");
    }
}

#[test]
fn one_message_per_group_and_window() {
    let mut rig = Rig::new(policy(json!({ "group_s": 60 })));
    rig.raise(1);
    assert_eq!(rig.pass(1).len(), 1);
    for alarm in 2..6 {
        rig.raise(alarm);
        assert_eq!(rig.pass(5), []);
    }
    assert_eq!(rig.pass(60), [(1, 0, vec![Raised; 4])]);
    assert_eq!(rig.pass(300), []);

    let mut rig = Rig::new(policy(json!({ "group_s": 60, "group_by": "area" })));
    for alarm in 0..8 {
        rig.raise(alarm);
    }
    let sent = rig.pass(30);
    assert_eq!(sent, vec![(0, 0, vec![Raised; 2]); 4], "four areas");
}

#[test]
fn a_flood_becomes_one_digest_per_window() {
    let mut rig = Rig::new(policy(json!({ "group_s": 0, "group_by": "alarm" })));
    for alarm in 0..90 {
        rig.raise(alarm);
    }
    let sent = rig.pass(1);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].2.len(), LINES_MAX);
    rig.raise(90);
    rig.raise(91);
    assert_eq!(rig.pass(200), []);
    assert_eq!(rig.pass(100), [(5, 0, vec![Raised; 2])]);
}

#[test]
fn quiet_hours_let_only_what_is_urgent_through() {
    // 2026-05-28T20:26:40Z is the start
    let quiet = json!({ "hours": [{ "from": "20:00", "to": "20:40" }], "through": [1] });
    let mut rig = Rig::new(policy(json!({ "quiet": quiet, "group_s": 0 })));
    rig.plant.priority = |alarm| if alarm == 1 { 1 } else { 2 };
    rig.raise(1);
    rig.raise(2);
    rig.raise(3);
    assert_eq!(
        rig.pass(11 * 60),
        [(0, 0, vec![Raised]), (10, 1, vec![Escalated])]
    );
    rig.acknowledge(3);
    rig.acknowledge(1);
    let sent = rig.pass(60 * 60);
    // the second step comes ten minutes after the first was told
    let want = [
        (14, 0, vec![Raised]),
        (24, 1, vec![Escalated]),
        (44, 2, vec![Escalated]),
    ];
    assert_eq!(sent, want);
}

#[test]
fn alarms_outside_of_the_hours_are_not_told() {
    let hours = json!([{ "from": "06:00", "to": "20:00" }]);
    let mut rig = Rig::new(policy(json!({ "hours": hours })));
    rig.raise(1);
    assert_eq!(rig.pass(3600), []);
    rig.clear(1);
    rig.acknowledge(1);
    rig.pass(11 * 3600);
    rig.raise(1);
    assert_eq!(rig.pass(60).len(), 1);
}

#[test]
fn what_is_put_aside_is_told_no_more() {
    let mut rig = Rig::new(policy(json!({ "tell_over": true })));
    rig.raise(1);
    rig.pass(60);
    let by = By::new("anna", "pump is being repaired");
    let entries = rig.plant.give(1, Input::TakeOut { by });
    rig.take(entries);
    assert_eq!(rig.pass(3600), [(1, 0, vec![Hidden])]);
    assert_eq!(rig.engine.cases(), 0);
}

#[test]
fn cases_go_on_after_a_restart_and_end_with_their_policy() {
    let both = policy(json!({}));
    let mut rig = Rig::new(Arc::clone(&both));
    rig.raise(1);
    rig.pass(300);
    let changes = rig.engine.take_changes();
    let text = serde_json::to_string(changes[0].1.as_ref().unwrap()).unwrap();
    let case: Case = serde_json::from_str(&text).unwrap();
    rig.engine = Engine::new(TimeZone::UTC, [(changes[0].0, case)]);
    rig.engine
        .set_policies(BTreeMap::from([(policy_id(), both)]));
    assert_eq!(rig.pass(600), [(10, 1, vec![Escalated])]);
    let off = policy(json!({ "enabled": false }));
    rig.engine.take_changes();
    rig.engine
        .set_policies(BTreeMap::from([(policy_id(), off)]));
    assert_eq!(rig.engine.take_changes(), [(changes[0].0, None)]);
    assert_eq!(rig.pass(86_400), []);
}
