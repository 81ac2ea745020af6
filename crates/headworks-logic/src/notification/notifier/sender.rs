//! Sends what waits: a few messages at once, and few of one channel, so that one that hangs does
//! not hold up another.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::ObjectId;
use headworks_store::{MessageState, StoredMessage, Tried};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::super::letter::Letter;
use super::{Notifier, Outcome, blocking};

/// Most messages on their way at once, and most of one channel.
const SENDING_MAX: usize = 8;
const SENDING_PER_CHANNEL_MAX: usize = 2;
/// Messages that are looked at for one that can be sent.
const LOOK_AT: usize = 200;
/// Longest time between two looks.
const LOOK_PERIOD: Duration = Duration::from_secs(10);
/// Longest time that messages on their way get at the stop.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// Seconds between tries: the sum is about six hours, and then nobody needs the message.
const BACKOFF_S: [i64; 11] = [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 7200];

const US_PER_S: i64 = 1_000_000;

type Sending = JoinSet<ObjectId>;

/// Sends until `stop`.
pub(super) async fn run(notifier: &Arc<Notifier>, stop: &CancellationToken) {
    let mut sending = Sending::new();
    let mut busy: HashMap<ObjectId, usize> = HashMap::new();
    while !stop.is_cancelled() {
        if let Err(error) = begin(notifier, &mut sending, &mut busy).await {
            tracing::error!(%error, "messages cannot be sent");
        }
        let pause = pause(notifier, !sending.is_empty()).await;
        tokio::select! {
            () = stop.cancelled() => break,
            () = notifier.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
            Some(done) = sending.join_next(), if !sending.is_empty() => {
                if let Some(count) = done.ok().and_then(|channel| busy.get_mut(&channel)) {
                    *count -= 1;
                }
            }
        }
        if sending.is_empty() {
            busy.clear(); // also of one that panicked
        }
    }
    let rest = async { while sending.join_next().await.is_some() {} };
    // What takes longer is sent once more at the next start.
    drop(tokio::time::timeout(STOP_GRACE, rest).await);
}

/// Begins to send what is due, as far as there is room.
async fn begin(
    notifier: &Arc<Notifier>,
    sending: &mut Sending,
    busy: &mut HashMap<ObjectId, usize>,
) -> Result<(), headworks_store::StoreError> {
    let (outbox, now_us) = (Arc::clone(&notifier.outbox), notifier.hub.clock().now_us());
    for message in blocking(move || outbox.due(now_us, LOOK_AT)).await? {
        if SENDING_MAX <= sending.len() {
            break;
        }
        let of_channel = busy.entry(message.channel).or_default();
        if SENDING_PER_CHANNEL_MAX <= *of_channel {
            continue;
        }
        let (outbox, id) = (Arc::clone(&notifier.outbox), message.id);
        if blocking(move || outbox.begin(id, now_us)).await? {
            *of_channel += 1;
            sending.spawn(send(Arc::clone(notifier), message));
        }
    }
    busy.retain(|_, count| 0 < *count);
    Ok(())
}

/// Returns how long nothing needs to be done.
async fn pause(notifier: &Arc<Notifier>, is_sending: bool) -> Duration {
    let outbox = Arc::clone(&notifier.outbox);
    let due_us = blocking(move || outbox.next_due_us()).await;
    let due_us = due_us.ok().flatten().unwrap_or(i64::MAX);
    let wait_us = due_us.saturating_sub(notifier.hub.clock().now_us());
    let wait = Duration::from_micros(u64::try_from(wait_us).unwrap_or(0)).min(LOOK_PERIOD);
    // What is due and was not begun waits for room, which the end of another makes.
    match (wait.is_zero(), is_sending) {
        (true, true) => LOOK_PERIOD,
        (true, false) => Duration::from_millis(100),
        (false, _) => wait,
    }
}

/// Sends one message and stores what came of it.
async fn send(notifier: Arc<Notifier>, message: StoredMessage) -> ObjectId {
    let (id, channel) = (message.id, message.channel);
    let outcome = try_once(&notifier, &message).await;
    let now_us = notifier.hub.clock().now_us();
    let tried = tried(outcome, message.attempts + 1, now_us);
    if tried.state == MessageState::GivenUp {
        let answer = tried.answer.as_str();
        tracing::warn!(message = id, %channel, answer, "a message was given up");
    }
    let outbox = Arc::clone(&notifier.outbox);
    if let Err(error) = blocking(move || outbox.finish(id, &tried, now_us)).await {
        tracing::error!(message = id, %error, "what came of a message is not kept");
    }
    channel
}

async fn try_once(notifier: &Notifier, message: &StoredMessage) -> Outcome {
    let given_up = |reason: &str| Outcome::failed(reason.to_owned(), true);
    let Ok(letter) = serde_json::from_str::<Letter>(&message.body) else {
        return given_up("cannot be read: a newer program wrote it");
    };
    let plant = notifier.hub.plant();
    match plant.channel(message.channel) {
        None => given_up("the channel was deleted"),
        Some(channel) if !channel.body.enabled => given_up("the channel is switched off"),
        Some(channel) => notifier.send(&channel.body, &letter).await,
    }
}

/// Returns what becomes of a message after so many tries.
fn tried(outcome: Outcome, attempts: u32, now_us: i64) -> Tried {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let backoff_us = BACKOFF_S.get(place).map(|seconds| seconds * US_PER_S);
    let (state, next_us) = match (outcome.is_sent, outcome.is_final, backoff_us) {
        (true, _, _) => (MessageState::Sent, 0),
        (false, false, Some(backoff_us)) => {
            let wait_us = backoff_us.max(outcome.retry_after_us.unwrap_or(0));
            (MessageState::Waiting, now_us.saturating_add(wait_us))
        }
        (false, true, _) | (false, _, None) => (MessageState::GivenUp, 0),
    };
    Tried {
        state,
        next_us,
        answer: outcome.answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_come_later_and_later_and_end() {
        let failed = |is_final| Outcome::failed("no".to_owned(), is_final);
        let mut now_us = 0;
        for attempt in 1..=11 {
            let after = tried(failed(false), attempt, now_us);
            assert_eq!(after.state, MessageState::Waiting);
            assert!(10 * US_PER_S <= after.next_us - now_us, "{after:?}");
            now_us = after.next_us;
        }
        assert!(5 * 3600 * US_PER_S < now_us && now_us < 8 * 3600 * US_PER_S);
        let last = tried(failed(false), 12, now_us);
        assert_eq!(last.state, MessageState::GivenUp);
        assert_eq!(tried(failed(true), 1, 0).state, MessageState::GivenUp);
        let sent = Outcome::sent("200".to_owned());
        assert_eq!(tried(sent, 3, 0).state, MessageState::Sent);
        let busy = Outcome {
            retry_after_us: Some(77 * US_PER_S),
            ..failed(false)
        };
        assert_eq!(tried(busy, 1, 5).next_us, 5 + 77 * US_PER_S);
    }
}
