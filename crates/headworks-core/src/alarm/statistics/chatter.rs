//! Whether an alarm comes so often that nobody can follow it.

use super::{CHATTER_EVENTS, CHATTER_US};

/// Looks for chattering in the events of one alarm.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chatter {
    /// Times of the last events, the newest first.
    last_us: [Option<i64>; CHATTER_EVENTS - 1],
    /// How often it began to chatter.
    count: u32,
    is_chattering: bool,
}

impl Chatter {
    /// Takes the time of the next event.
    pub fn add(&mut self, now_us: i64) {
        let [newest, oldest] = self.last_us;
        let chatters = oldest.is_some_and(|oldest| now_us - oldest <= CHATTER_US);
        self.count += u32::from(chatters && !self.is_chattering);
        self.is_chattering = chatters;
        self.last_us = [Some(now_us), newest];
    }

    /// Returns how often the alarm began to chatter.
    pub fn count(&self) -> u32 {
        self.count
    }
}
