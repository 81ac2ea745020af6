//! Seeded plants over simulated hours: what must hold whatever happens.

use std::collections::HashMap;
use std::time::Instant;

use headworks_core::alarm::Input;
use serde_json::json;

use super::tests::{Plant, START_US, id, policy, policy_id};
use super::*;

/// A generator whose numbers follow from its seed (xorshift64*).
struct Seeded(u64);

impl Seeded {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below
    }
}

struct Run {
    plant: Plant,
    engine: Engine,
    policy: Arc<Policy>,
    kept: BTreeMap<CaseKey, Case>,
    sent: Vec<Message>,
}

impl Run {
    fn new(policy: Arc<Policy>, alarms: usize) -> Run {
        let mut run = Run {
            plant: Plant::new(alarms),
            engine: Engine::new(TimeZone::UTC, []),
            policy,
            kept: BTreeMap::new(),
            sent: Vec::new(),
        };
        run.plant.priority = |alarm| u8::try_from(alarm % 4).unwrap() + 1;
        run.set_policies();
        run
    }

    fn set_policies(&mut self) {
        let policies = BTreeMap::from([(policy_id(), Arc::clone(&self.policy))]);
        self.engine.set_policies(policies);
    }

    fn take(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            self.engine.take(&entry, &self.plant);
        }
    }

    /// Does what is due, and keeps what a store would keep.
    fn tick(&mut self) {
        let messages = self.engine.tick(self.plant.now_us);
        for message in &messages {
            for line in &message.lines {
                self.check_line(line);
            }
        }
        self.sent.extend(messages);
        for (key, case) in self.engine.take_changes() {
            match case {
                Some(case) => drop(self.kept.insert(key, case)),
                None => drop(self.kept.remove(&key)),
            }
        }
    }

    /// Nobody is called to an alarm that nobody has to acknowledge.
    fn check_line(&self, line: &Line) {
        let alarm = (0..).find(|&number| id(number) == line.alarm).unwrap();
        let state = self.plant.machine(alarm).standing().state;
        if matches!(line.kind, LineKind::Raised | LineKind::Escalated) {
            assert!(state.needs_acknowledgement(), "{line:?} in {state}");
            let now_us = self.plant.now_us;
            assert!(
                !self
                    .policy
                    .is_quiet_at(line.priority, now_us - US_PER_MIN, &TimeZone::UTC)
                    || !self
                        .policy
                        .is_quiet_at(line.priority, now_us, &TimeZone::UTC)
            );
        }
    }

    /// Ends the process and starts it again with what was kept.
    fn restart(&mut self) {
        let kept = serde_json::to_string(&self.kept.values().collect::<Vec<_>>()).unwrap();
        let cases: Vec<Case> = serde_json::from_str(&kept).unwrap();
        let keys = self.kept.keys().copied();
        self.engine = Engine::new(TimeZone::UTC, keys.zip(cases).collect::<Vec<_>>());
        self.set_policies();
    }
}

/// Lets alarms come, go and be acknowledged for six hours, a second at a time.
fn simulate(seed: u64, policy: &Arc<Policy>, restarts: bool) -> Run {
    let mut random = Seeded(seed);
    let mut run = Run::new(Arc::clone(policy), 40);
    let mut raised_us = HashMap::new();
    for _ in 0..6 * 3600 {
        run.plant.now_us += US_PER_S;
        for _ in 0..random.next(100) / 98 * (1 + random.next(3)) {
            let alarm = usize::try_from(random.next(40)).unwrap();
            let entries = match random.next(10) {
                0..5 => run.plant.condition(alarm, true),
                5..7 => run.plant.condition(alarm, false),
                7..9 => run.plant.acknowledge(alarm),
                _ => run.plant.give(alarm, Input::Tick),
            };
            run.take(entries);
        }
        run.tick();
        if restarts && random.next(600) == 0 {
            run.restart();
        }
        check_told(&run, &mut raised_us);
    }
    run
}

/// Whoever is on the first step hears of every alarm in time: the window, and a minute for quiet
/// hours that have ended.
fn check_told(run: &Run, open: &mut HashMap<usize, i64>) {
    let now_us = run.plant.now_us;
    for alarm in 0..40 {
        let state = run.plant.machine(alarm).standing().state;
        let priority = Priority::ALL[alarm % 4];
        let is_quiet = run.policy.is_quiet_at(priority, now_us, &TimeZone::UTC);
        if !state.needs_acknowledgement() || is_quiet {
            open.remove(&alarm);
            continue;
        }
        // acknowledged and raised anew within one second is a new call
        let event = run.plant.machine(alarm).standing().event;
        let raised_us = event.map_or(now_us, |event| event.raised_us);
        let since_us = (*open.entry(alarm).or_insert(now_us)).max(raised_us);
        let key = CaseKey {
            policy: policy_id(),
            alarm: id(alarm),
        };
        let longest_us = minutes(run.policy.digest_min) + 2 * US_PER_MIN;
        if longest_us < now_us - since_us {
            let case = run.kept.get(&key);
            assert!(case.is_some_and(Case::is_told), "alarm {alarm}: {case:?}");
        }
    }
}

/// Checks that no group had two messages in one window.
fn check_windows(run: &Run) {
    let mut last: HashMap<(u8, String), i64> = HashMap::new();
    for message in &run.sent {
        let line = &message.lines[0];
        let name = match run.policy.group_by {
            GroupBy::Policy => String::new(),
            _ => line
                .path
                .as_ref()
                .unwrap()
                .as_str()
                .rsplit_once('/')
                .unwrap()
                .0
                .to_owned(),
        };
        let window_us = i64::from(run.policy.group_s) * US_PER_S;
        if message.is_digest {
            continue;
        }
        if let Some(before_us) = last.insert((message.step, name), message.time_us) {
            assert!(window_us <= message.time_us - before_us, "{message:?}");
        }
    }
}

#[test]
fn whatever_happens_everybody_hears_once_and_in_time() {
    let quiet = json!({ "hours": [{ "from": "22:00", "to": "23:30" }], "through": [1] });
    let policies = [
        policy(json!({ "group_s": 30, "digest_min": 2 })),
        policy(json!({ "group_s": 45, "digest_min": 3, "tell_over": true, "quiet": quiet })),
        policy(json!({
            "group_s": 20, "group_by": "area", "repeat_min": 15, "tell_acknowledged": true,
            "digest_min": 1,
        })),
    ];
    for (seed, policy) in (1..).zip(policies.iter().cycle().take(12)) {
        let run = simulate(seed, policy, false);
        assert!(20 < run.sent.len(), "seed {seed}: {}", run.sent.len());
        check_windows(&run);
    }
}

#[test]
fn a_restart_at_any_time_loses_no_call() {
    let policy = policy(json!({ "group_s": 30, "digest_min": 2 }));
    for seed in 100..106 {
        let run = simulate(seed, &policy, true);
        assert!(20 < run.sent.len(), "seed {seed}: {}", run.sent.len());
    }
}

#[test]
fn ten_thousand_alarms_in_a_second_are_one_message_per_group_and_window() {
    let mut run = Run::new(policy(json!({ "group_s": 30, "digest_min": 10 })), 10_000);
    let began = Instant::now();
    for part in 0..10 {
        for alarm in part * 1000..(part + 1) * 1000 {
            let entries = run.plant.condition(alarm, true);
            run.take(entries);
        }
        run.tick();
        run.plant.now_us += US_PER_S / 10;
    }
    assert_eq!(run.sent.len(), 1, "in the second itself");
    run.plant.now_us = START_US + 29 * US_PER_S;
    run.tick();
    assert_eq!(run.sent.len(), 1);
    run.plant.now_us = START_US + 700 * US_PER_S;
    run.tick();
    let first = run.sent.iter().filter(|message| message.step == 0);
    let told: u64 = first.map(Message::count).sum();
    assert_eq!(told, 10_000, "everything is told, by name or number");
    assert!(run.sent.len() <= 3, "{}", run.sent.len());
    assert!(
        run.sent
            .iter()
            .all(|message| message.lines.len() <= LINES_MAX)
    );
    let took = began.elapsed();
    assert!(took.as_secs() < 10, "{took:?}");
}
