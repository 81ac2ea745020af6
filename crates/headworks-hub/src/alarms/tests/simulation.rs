//! Samples, acts, edits and restarts as they come; afterwards the journal says all.

use std::collections::HashMap;

use headworks_core::alarm::Fold;
use headworks_core::model::Priority;

use super::*;

const ALARMS: usize = 12;

/// Random numbers: xorshift, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn one(&mut self, of: usize) -> usize {
        usize::try_from(self.roll(of as u64)).unwrap()
    }
}

/// Alarms of every kind of life: latching, delayed, grouped, suppressed.
fn fields(number: usize) -> serde_json::Value {
    let delay_ms = [0, 0, 2_000][number % 3];
    let group = ["", "Trip"][number % 2];
    let suppress_when = ["", "", "", "t11 > 50"][number % 4];
    json!({
        "condition": {"kind": "high", "limit": 50.0},
        "on_delay_ms": delay_ms,
        "off_delay_ms": delay_ms / 2,
        "latching": number.is_multiple_of(5),
        "re_alarm_s": 30,
        "group": group,
        "suppress_when": suppress_when,
    })
}

impl Works {
    /// One thing that happens; returns whether it was a restart.
    async fn happen(&self, dice: &mut Dice, alarms: &[ObjectId]) -> bool {
        let alarm = alarms[dice.one(ALARMS)];
        let act = match dice.roll(100) {
            0..50 => {
                let many = 1 + dice.one(4);
                let values = (0..many).map(|_| (dice.one(ALARMS), [40, 60][dice.one(2)]));
                let values: Vec<(usize, i64)> = values.collect();
                self.bring(&values).await;
                return false;
            }
            50..65 => {
                self.pass(i64::try_from(dice.roll(20)).unwrap() * SECOND_US);
                return false;
            }
            65..80 => match self.status(alarm).standing.event {
                Some(event) => Act::Acknowledge { event: event.id },
                None => Act::Reset,
            },
            80..84 => Act::Reset,
            84..88 => Act::Shelve {
                until_us: Some(self.now_us() + 20 * SECOND_US),
                one_shot: dice.roll(2) == 0,
            },
            88..91 => Act::Unshelve,
            91..94 => Act::TakeOut,
            94..98 => Act::PutBack,
            _ => return true,
        };
        match self.act(alarm, act).await {
            Ok(_) | Err(HubError::Alarm { .. }) => {}
            Err(error) => panic!("{act:?}: {error}"),
        }
        false
    }

    /// Returns the journal and what is shown, both of a time at which nothing was on its way.
    async fn quiet(&self, alarms: &[ObjectId]) -> (Vec<Entry>, HashMap<ObjectId, AlarmStatus>) {
        let desk = self.hub.handle.alarms();
        loop {
            self.hub
                .until(|handle| handle.alarms().stats().waiting == 0)
                .await;
            let number = *desk.last_number().borrow();
            let shown = alarms.iter().map(|&alarm| (alarm, self.status(alarm)));
            let shown = shown.collect();
            let entries = self.journal(number).await;
            if desk.stats().waiting == 0 && *desk.last_number().borrow() == number {
                return (entries, shown);
            }
        }
    }

    /// Folds the journal and compares it with what is shown.
    async fn check(&self, alarms: &[ObjectId]) -> u64 {
        let (entries, shown) = self.quiet(alarms).await;
        let number = entries.len() as u64;
        assert!(entries.iter().map(|entry| entry.number).eq(1..=number));
        let mut fold = Fold::default();
        for entry in &entries {
            fold.apply(entry).unwrap();
            assert_eq!(entry.priority, Priority::Medium);
        }
        let mut events: Vec<_> = entries
            .iter()
            .filter(|entry| entry.transition.opens_event())
            .map(|entry| entry.transition.event.unwrap().id)
            .collect();
        let opened = events.len();
        events.sort_unstable();
        events.dedup();
        assert_eq!(events.len(), opened, "no event has two beginnings");
        for &alarm in alarms {
            let folded = fold.get(alarm).map(|folded| folded.standing);
            assert_eq!(shown[&alarm].standing, folded.unwrap_or_default());
        }
        number
    }
}

async fn simulate(name: &str, seed: u64, steps: usize) {
    let mut works = Works::new(name, ALARMS).await;
    let mut alarms = Vec::new();
    for number in 0..ALARMS {
        alarms.push(works.alarm(number, fields(number)).await);
    }
    let (mut dice, mut restarts) = (Dice(seed), 0);
    for _ in 0..steps {
        if !works.happen(&mut dice, &alarms).await {
            continue;
        }
        restarts += 1;
        let before: Vec<_> = alarms
            .iter()
            .map(|one| works.status(*one).standing)
            .collect();
        works.check(&alarms).await;
        works = works.restart().await;
        // nothing was judged yet; only what time brings may have come
        let after = alarms.iter().map(|one| works.status(*one).standing);
        let same = before
            .into_iter()
            .zip(after)
            .filter(|(before, after)| before == after);
        assert!(ALARMS / 2 <= same.count());
        works.wait_for_values().await;
    }
    let entries = works.check(&alarms).await;
    assert!(
        0 < restarts && 100 < entries,
        "{restarts} restarts, {entries} entries"
    );
}

#[tokio::test]
async fn the_journal_of_a_wild_day_folds_to_what_is_shown() {
    simulate("alarm-wild-1", 0x5EED_0001, 600).await;
}

#[tokio::test]
async fn the_journal_of_another_wild_day_folds_to_what_is_shown() {
    simulate("alarm-wild-2", 0x5EED_0002, 600).await;
}
