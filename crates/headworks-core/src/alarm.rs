//! Alarms after ISA-18.2 and IEC 62682: from a sample to a verdict, from verdicts and the acts of
//! operators to transitions, from transitions to the list of active alarms and to figures.
//!
//! * [`condition`]: is the condition of an alarm true, false, or not to be judged?
//! * [`machine`]: the state of one alarm; every input gives the transitions it makes.
//! * [`first_out`]: which alarm of a group came first.
//! * [`journal`]: transitions as they are kept, and the states that they fold to.
//! * [`statistics`]: figures of alarm performance from the journal.
//!
//! Nothing here asks what time it is: each call is told, in microseconds since 1970-01-01 UTC.
//! What is configured is [`Alarm`](crate::model::Alarm); `docs/logic/alarms.md` says what each
//! setting means.

pub mod condition;
pub mod first_out;
pub mod journal;
pub mod machine;
pub mod state;
pub mod statistics;

pub use condition::{
    Condition, Detector, Direction, Judgement, Limit, Memory, OnBad, Reading, Source, Verdict,
};
pub use first_out::FirstOut;
pub use journal::{Entry, Fold, FoldError, Folded};
pub use machine::{By, Cause, Input, Ledger, Machine, Refusal, Rule, Transition};
pub use state::{Event, EventId, Shelf, Standing, State};
pub use statistics::{Report, Statistics};
