//! Acknowledging by the link of a message.

use headworks_core::Permission;
use headworks_core::alarm::{By, EventId};
use headworks_hub::{Act, AlarmStatus, HubError};

use super::super::link::{AckLink, LinkError};
use super::super::words::{Words, words};
use super::Notifier;

/// What is noted beside the name of the account.
const COMMENT: &str = "by the link of a message";

/// What a link shows.
#[derive(Clone, Debug, PartialEq)]
pub struct AckView {
    /// How it stands with the event of the link.
    pub state: AckState,
    /// Language of the texts.
    pub language: &'static str,
    /// Heading of the page.
    pub heading: &'static str,
    /// What it tells; nothing when there is only something to do.
    pub message: Option<&'static str>,
    /// What is known of the alarm: its text, and further facts.
    pub facts: Vec<String>,
    /// The button that acknowledges, and the token that it sends; none when there is nothing to
    /// acknowledge by it.
    pub button: Option<(&'static str, String)>,
    /// What the link says, when it counts: the account, and the alarm.
    pub link: Option<AckLink>,
}

/// How it stands with the event of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckState {
    /// It waits for an acknowledgement.
    Open,
    /// It was acknowledged now.
    Done,
    /// It was acknowledged before.
    Already,
    /// The alarm came again: there is another event to acknowledge.
    Again,
    /// The alarm needs no acknowledgement any more.
    Gone,
    /// The link is too old.
    Expired,
    /// The link is none.
    Wrong,
    /// The account of the link may not do this.
    Forbidden,
    /// It did not work.
    Failed,
}

impl Notifier {
    /// Returns what a link shows. Changes nothing: scanners of mail follow links too.
    pub fn look(&self, token: &str) -> AckView {
        let now_us = self.hub.clock().now_us();
        let link = match AckLink::read(token, self.access.keyring(), now_us) {
            Ok(link) => link,
            Err(LinkError::Expired) => return AckView::of(AckState::Expired, words("en"), None),
            Err(LinkError::Wrong) => return AckView::of(AckState::Wrong, words("en"), None),
        };
        let words = words(std::str::from_utf8(&link.language).unwrap_or("en"));
        let Some(status) = self.hub.alarms().status(link.alarm) else {
            return AckView::of(AckState::Gone, words, Some(link));
        };
        if !self.may_acknowledge(&link, &status) {
            return AckView::of(AckState::Forbidden, words, Some(link));
        }
        let standing = &status.standing;
        let waits = standing
            .event
            .filter(|_| standing.state.needs_acknowledgement());
        let (state, event) = match waits {
            Some(event) if event.id == link.event => (AckState::Open, Some(event.id)),
            Some(event) => (AckState::Again, Some(event.id)),
            None if standing.acknowledged == Some(link.event) => (AckState::Already, None),
            None => (AckState::Gone, None),
        };
        let button = event.map(|event| (words.acknowledge, self.token_of(&link, event)));
        AckView {
            button,
            facts: facts(&status, words),
            ..AckView::of(state, words, Some(link))
        }
    }

    /// Acknowledges the event of a link, in the name of its account.
    pub async fn acknowledge(&self, token: &str) -> AckView {
        let before = self.look(token);
        let Some(link) = before
            .link
            .clone()
            .filter(|_| before.state == AckState::Open)
        else {
            return before;
        };
        let act = Act::Acknowledge { event: link.event };
        let by = By::new(&link.account, COMMENT);
        let done = self.hub.alarms().act(link.alarm, act, by).await;
        let state = match done {
            Ok(_) => AckState::Done,
            // It went on in between.
            Err(HubError::Alarm { .. } | HubError::AlarmOff { .. } | HubError::NotFound { .. }) => {
                return self.look(token);
            }
            Err(error) => {
                tracing::warn!(alarm = %link.alarm, %error, "a link could not acknowledge");
                AckState::Failed
            }
        };
        let words = words(before.language);
        AckView {
            facts: before.facts,
            button: before.button.filter(|_| state == AckState::Failed),
            ..AckView::of(state, words, Some(link))
        }
    }

    /// Returns whether the account of a link may acknowledge an alarm now, whatever it could when
    /// the message was sent.
    fn may_acknowledge(&self, link: &AckLink, status: &AlarmStatus) -> bool {
        let rights = self.access.rights_named(&link.account);
        rights.is_some_and(|rights| {
            let path = status.path.as_ref();
            rights.may(Permission::Operate) && path.is_none_or(|path| rights.may_write(path))
        })
    }

    fn token_of(&self, link: &AckLink, event: EventId) -> String {
        let link = AckLink {
            event,
            ..link.clone()
        };
        link.token(self.access.keyring())
    }
}

impl AckView {
    fn of(state: AckState, words: &'static Words, link: Option<AckLink>) -> AckView {
        let message = match state {
            AckState::Open => None,
            AckState::Done => Some(words.page_done),
            AckState::Already => Some(words.page_already),
            AckState::Again => Some(words.page_again),
            AckState::Gone => Some(words.page_gone),
            AckState::Expired => Some(words.page_expired),
            AckState::Wrong => Some(words.page_wrong),
            AckState::Forbidden => Some(words.page_forbidden),
            AckState::Failed => Some(words.page_failed),
        };
        AckView {
            state,
            language: words.language,
            heading: words.page_title,
            message,
            facts: Vec::new(),
            button: None,
            link,
        }
    }
}

/// Returns what a page tells of an alarm.
fn facts(status: &AlarmStatus, words: &Words) -> Vec<String> {
    let alarm = &status.alarm.body;
    let text = match status.text() {
        "" => alarm.name.clone(),
        text => text.to_owned(),
    };
    let mut facts = vec![text];
    facts.extend(status.path.as_ref().map(ToString::to_string));
    facts.push(format!("{} {}", words.priority, alarm.priority));
    facts
}
