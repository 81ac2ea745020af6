//! What the outside may ask of the alarms and do to them.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use headworks_core::alarm::{By, Entry, EventId, Input, Report, State, Statistics};
use headworks_core::model::ObjectId;
use headworks_protocols::Clock;
use headworks_store::{
    AlarmJournal, AlarmStart, JournalPage, JournalQuery, JournalRetention, JournalStats, StoreError,
};
use tokio::sync::watch;
use tokio::time::timeout;

use super::queue::Queue;
use super::shown::{AlarmStatus, Shown};
use super::writer::{Figures, Writer};
use crate::apply::blocking;
use crate::error::{HubError, Problem};
use crate::events::{EventKind, EventLog, News, Severity};
use crate::ingest::Ingest;

/// Longest time that an act waits for the disk.
const DURABLE: Duration = Duration::from_secs(10);

/// The alarms that run: their state, their journal, and what people do to them.
pub struct AlarmDesk {
    ingest: Arc<Ingest>,
    queue: Arc<Queue>,
    journal: Arc<AlarmJournal>,
    shown: Arc<Shown>,
    durable: watch::Sender<u64>,
    figures: Arc<Figures>,
    clock: Clock,
}

/// What a person does to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Has seen an event.
    Acknowledge {
        /// The event that was seen; a newer one stays unacknowledged.
        event: EventId,
    },
    /// Releases the latch.
    Reset,
    /// Puts the alarm aside; needs a reason.
    Shelve {
        /// Until when, microseconds since 1970-01-01 UTC; as long as is allowed when absent.
        until_us: Option<i64>,
        /// Whether only for the next or present time that the condition holds.
        one_shot: bool,
    },
    /// Takes the alarm off the shelf.
    Unshelve,
    /// Takes the alarm out of service; needs a reason.
    TakeOut,
    /// Puts the alarm back into service.
    PutBack,
}

/// Figures of the alarms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmStats {
    /// Alarms that are watched.
    pub alarms: usize,
    /// Those that are active: states B and C.
    pub active: usize,
    /// Those that somebody has to acknowledge: states B, D and E.
    pub unacknowledged: usize,
    /// Those that are shelved, suppressed or out of service: states G, H and I.
    pub hidden: usize,
    /// Transitions that wait for the disk.
    pub waiting: usize,
    /// Transitions that were stored since the hub started.
    pub stored: u64,
    /// Transitions that were lost because the disk failed for too long.
    pub lost: u64,
    /// Why nothing is stored at present.
    pub fault: Option<String>,
}

/// The journal, opened and not yet in use.
pub(crate) struct Opened {
    journal: AlarmJournal,
    start: AlarmStart,
}

/// The thread of the journal.
pub(crate) struct JournalThread {
    queue: Arc<Queue>,
    thread: JoinHandle<()>,
}

impl Opened {
    pub(crate) fn new((journal, start): (AlarmJournal, AlarmStart)) -> Opened {
        Opened { journal, start }
    }
}

impl JournalThread {
    /// Lets the thread store what waits, and waits for its end; blocks.
    pub(crate) fn finish(self) {
        self.queue.close();
        // an error says that it panicked, which was logged then
        drop(self.thread.join());
    }
}

impl AlarmDesk {
    /// Starts the thread of the journal; returns how the alarms stood too, for ingest.
    pub(crate) fn start(
        opened: Opened,
        ingest: &Arc<Ingest>,
        events: &Arc<EventLog>,
        clock: &Clock,
        retention: JournalRetention,
    ) -> std::io::Result<(AlarmDesk, JournalThread, AlarmStart)> {
        let Opened { journal, start } = opened;
        tell_of_doubts(&start.doubts, events, clock);
        let shown = Arc::<Shown>::default();
        shown.begin(&start.heads);
        let desk = AlarmDesk {
            ingest: Arc::clone(ingest),
            queue: Arc::clone(ingest.alarms().queue()),
            journal: Arc::new(journal),
            shown,
            durable: watch::Sender::new(start.number),
            figures: Arc::default(),
            clock: clock.clone(),
        };
        let writer = Writer {
            journal: Arc::clone(&desk.journal),
            queue: Arc::clone(&desk.queue),
            shown: Arc::clone(&desk.shown),
            durable: desk.durable.clone(),
            figures: Arc::clone(&desk.figures),
            events: Arc::clone(events),
            clock: clock.clone(),
            retention,
            retain_at: Instant::now(),
        };
        let thread = JournalThread {
            queue: Arc::clone(&desk.queue),
            thread: writer.start()?,
        };
        Ok((desk, thread, start))
    }

    /// Returns how every alarm that is watched stands, in no order. An alarm is shown as the
    /// journal has it; while the disk fails, as it is.
    pub fn list(&self) -> Vec<AlarmStatus> {
        self.shown.list(&self.ingest.alarms().rules())
    }

    /// Returns how the alarms stand that are not normal, in no order.
    pub fn active(&self) -> Vec<AlarmStatus> {
        self.shown.active(&self.ingest.alarms().rules())
    }

    /// Returns how an alarm stands; nothing when it is not watched.
    pub fn status(&self, alarm: ObjectId) -> Option<AlarmStatus> {
        let rules = self.ingest.alarms().rules();
        let rule = rules.get(rules.slot_of(alarm)?)?;
        Some(self.shown.status(rule))
    }

    /// Does something to an alarm; returns how it stands when the journal has it.
    ///
    /// To ask for what already is so is no error.
    ///
    /// # Errors
    ///
    /// [`HubError::NotFound`], [`HubError::AlarmOff`], [`HubError::Alarm`] when the alarm is in
    /// a state in which that cannot be done, [`HubError::Invalid`] for too long a comment,
    /// [`HubError::Timeout`] when the disk does not take it in time; it may be stored later then.
    pub async fn act(&self, alarm: ObjectId, act: Act, by: By) -> Result<AlarmStatus, HubError> {
        let comment = by.comment.chars().count();
        if By::COMMENT_MAX < comment {
            let reason = format!(
                "{comment} characters; at most {} are allowed",
                By::COMMENT_MAX
            );
            return Err(HubError::Invalid(vec![Problem::new(0, "/comment", reason)]));
        }
        if self.queue.is_closed() {
            return Err(HubError::Stopping);
        }
        let now_us = self.clock.now_us();
        let last = |tag| self.ingest.space().last(tag);
        let alarms = self.ingest.alarms();
        let Some(acted) = alarms.act(alarm, act.input(by), now_us, &last) else {
            return Err(match alarms.rules().name_of_off(alarm) {
                Some(name) => HubError::AlarmOff { name },
                None => HubError::NotFound {
                    kind: "alarm",
                    id: alarm,
                },
            });
        };
        self.wait_for(acted.number).await?;
        match acted.outcome {
            Ok(()) => self.status(alarm).ok_or(HubError::NotFound {
                kind: "alarm",
                id: alarm,
            }),
            Err((name, source)) => Err(HubError::Alarm { name, source }),
        }
    }

    /// Waits until the journal has an entry.
    async fn wait_for(&self, number: u64) -> Result<(), HubError> {
        let mut durable = self.durable.subscribe();
        let stored = durable.wait_for(|newest| number <= *newest);
        match timeout(DURABLE, stored).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(HubError::Stopping),
            Err(_) => Err(HubError::Timeout {
                what: "storing what was done to the alarm",
                after_secs: DURABLE.as_secs(),
            }),
        }
    }

    /// Tells the number of the newest entry that survives a power cut. Whoever must not miss one
    /// keeps the number of the last entry it has seen and asks [`AlarmDesk::entries_after`].
    pub fn last_number(&self) -> watch::Receiver<u64> {
        self.durable.subscribe()
    }

    /// Returns the first entries of the journal with greater numbers than `number`, in order.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`].
    pub async fn entries_after(&self, number: u64, limit: usize) -> Result<Vec<Entry>, HubError> {
        let journal = Arc::clone(&self.journal);
        Ok(blocking(move || journal.entries_after(number, limit)).await??)
    }

    /// Returns the newest entries of the journal that match, the newest first.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`], also for a query that asks for too much.
    pub async fn journal(&self, query: JournalQuery) -> Result<JournalPage, HubError> {
        let journal = Arc::clone(&self.journal);
        Ok(blocking(move || journal.query(&query)).await??)
    }

    /// Returns the figures of alarm performance from `from_us` up to before `to_us`, for so many
    /// operators who share the alarms. Reads all that is kept of the time.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`].
    pub async fn statistics(
        &self,
        from_us: i64,
        to_us: i64,
        operators: u16,
    ) -> Result<Report, HubError> {
        let (journal, now_us) = (Arc::clone(&self.journal), self.clock.now_us());
        let work = move || {
            let mut statistics = Statistics::new(from_us, operators);
            statistics.begin_with(&journal.standing_at(from_us)?);
            journal.each_between(from_us, to_us, &mut |entry| statistics.add(entry))?;
            statistics.advance(to_us.min(now_us));
            Ok::<Report, StoreError>(statistics.report())
        };
        Ok(blocking(work).await??)
    }

    /// Returns the figures of the alarms.
    pub fn stats(&self) -> AlarmStats {
        let rules = self.ingest.alarms().rules();
        let counts = self.shown.counts(&rules);
        let count = |is_meant: fn(State) -> bool| {
            let all = State::ALL.into_iter().zip(counts);
            let meant = all.filter(|&(state, _)| is_meant(state));
            meant.map(|(_, count)| count).sum()
        };
        AlarmStats {
            alarms: rules.len(),
            active: count(State::is_active),
            unacknowledged: count(State::needs_acknowledgement),
            hidden: count(State::is_hidden),
            waiting: self.queue.len(),
            stored: self.figures.stored(),
            lost: self.queue.lost(),
            fault: self.figures.fault(),
        }
    }

    /// Returns what the journal holds.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`].
    pub async fn journal_stats(&self) -> Result<JournalStats, HubError> {
        let journal = Arc::clone(&self.journal);
        Ok(blocking(move || journal.stats()).await??)
    }

    /// Lets the thread of the journal end without anybody waiting for it.
    pub(crate) fn close(&self) {
        self.queue.close();
    }
}

impl Act {
    fn input(self, by: By) -> Input {
        match self {
            Act::Acknowledge { event } => Input::Acknowledge { event, by },
            Act::Reset => Input::Reset { by },
            Act::Shelve { until_us, one_shot } => Input::Shelve {
                until_us,
                one_shot,
                by,
            },
            Act::Unshelve => Input::Unshelve { by },
            Act::TakeOut => Input::TakeOut { by },
            Act::PutBack => Input::PutBack { by },
        }
    }
}

fn tell_of_doubts(doubts: &[String], events: &EventLog, clock: &Clock) {
    for doubt in doubts {
        let news = News {
            kind: EventKind::Alarms,
            severity: Severity::Alarm,
            subject: "alarms.db".into(),
            message: format!("the journal of alarms is damaged: {doubt}"),
        };
        events.note(clock.now_us(), news);
    }
}
