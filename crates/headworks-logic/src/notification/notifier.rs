//! Notification as it runs: reads the alarm journal, keeps what is to be told, sends it.

mod ack;
mod reader;
mod sender;

use std::path::Path;
use std::sync::Arc;

use headworks_access::Access;
use headworks_core::model::{
    Channel, ChannelTarget, MessageFacts, Object, Person, Policy, PolicyStep,
};
use headworks_hub::{HubHandle, Plant};
use headworks_store::{
    MessageQuery, MessageState, NewMessage, Outbox, OutboxStart, OutboxStats, StoreError,
    StoredMessage, Tried,
};
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use ack::{AckState, AckView};

use super::engine::{Line, Message};
use super::letter::Letter;
use super::link::{AckLink, LINK_US};
use super::mail::{self, MailSettings};
use super::render::{self, Advice, Page};
use super::words::words;
use crate::outbound::{Client, OutboundError, OutboundSettings, Request, Secrets};

/// Most readers of one message.
const READERS_MAX: usize = 200;
/// Most characters of an answer in the log: the rest of a page of an error says nothing.
const ANSWER_CHARS: usize = 200;

/// What notification is told.
#[derive(Clone, Debug, Default)]
pub struct NotifierSettings {
    /// The mail server; without one e-mail cannot be sent.
    pub mail: Option<MailSettings>,
    /// Where webhooks may go.
    pub outbound: OutboundSettings,
    /// Address of the web UI for links in messages; without one there are none.
    pub public_address: Option<String>,
}

/// Why notification cannot run.
#[derive(Debug, thiserror::Error)]
pub enum NotifierError {
    /// `notifications.db` cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The settings of `[outbound]` cannot be used.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
}

/// Tells people of alarms.
pub struct Notifier {
    hub: HubHandle,
    access: Arc<Access>,
    outbox: Arc<Outbox>,
    client: Client,
    settings: NotifierSettings,
    zone: TimeZone,
    start: Mutex<Option<OutboxStart>>,
    /// Wakes the sender.
    wake: Notify,
}

/// What came of one try to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether it was taken.
    pub is_sent: bool,
    /// Whether another try would not help.
    is_final: bool,
    /// What came back.
    pub answer: String,
    /// How long the server asks to wait, in microseconds.
    retry_after_us: Option<i64>,
}

/// A letter as its channel takes it.
enum Content {
    Email(render::Written),
    Request(Request),
}

impl Notifier {
    /// Opens `notifications.db` of the data directory; nothing is sent before [`Notifier::run`].
    ///
    /// # Errors
    ///
    /// When the file or the settings cannot be used.
    pub fn open(
        directory: &Path,
        settings: NotifierSettings,
        hub: HubHandle,
        access: Arc<Access>,
    ) -> Result<Notifier, NotifierError> {
        let (outbox, start) = Outbox::open(directory)?;
        if 0 < start.interrupted {
            let messages = start.interrupted;
            tracing::warn!(
                messages,
                "were being sent at the end of the last run, and are again"
            );
        }
        let secrets: Arc<dyn Secrets> = Arc::clone(&access) as Arc<dyn Secrets>;
        Ok(Notifier {
            hub,
            access,
            outbox: Arc::new(outbox),
            client: Client::new(&settings.outbound, secrets)?,
            settings,
            zone: TimeZone::system(),
            start: Mutex::new(Some(start)),
            wake: Notify::new(),
        })
    }

    /// Reads the journal and sends messages until `stop`; what waits then waits for the next run.
    pub async fn run(self: Arc<Notifier>, stop: CancellationToken) {
        let start = self.start.lock().take().unwrap_or_default();
        tokio::join!(reader::run(&self, start, &stop), sender::run(&self, &stop));
    }

    /// Sends a test over a channel now, whether it is enabled or not, and notes it in the log.
    ///
    /// # Errors
    ///
    /// When the log cannot be written.
    pub async fn test(
        self: &Arc<Notifier>,
        channel: &Object<Channel>,
        person: Option<Person>,
    ) -> Result<Outcome, StoreError> {
        let now_us = self.hub.clock().now_us();
        let mut letter = Letter {
            message: Message {
                policy: channel.id,
                step: 0,
                time_us: now_us,
                is_digest: false,
                lines: Vec::new(),
                more: 0,
                by_priority: [0; 4],
            },
            policy_name: String::new(),
            channel_name: channel.body.name.clone(),
            language: spoken(&channel.body, person.as_ref()),
            person,
            title: String::new(),
            is_test: true,
        };
        letter.title = format!("Headworks: {}", words(&letter.language).test);
        let outcome = self.send(&channel.body, &letter).await;
        let message = NewMessage {
            channel: channel.id,
            policy: None,
            body: serde_json::to_string(&letter).unwrap_or_default(),
        };
        let tried = Tried {
            state: match outcome.is_sent {
                true => MessageState::Sent,
                false => MessageState::GivenUp,
            },
            next_us: 0,
            answer: outcome.answer.clone(),
        };
        let outbox = Arc::clone(&self.outbox);
        let noted = blocking(move || outbox.note(&message, &tried, now_us)).await;
        noted.map(|()| outcome)
    }

    /// Returns messages of the log, the newest first, with what was sent.
    ///
    /// # Errors
    ///
    /// When the file cannot be read. Blocks on the disk.
    pub fn deliveries(
        &self,
        query: &MessageQuery,
    ) -> Result<Vec<(StoredMessage, Option<Letter>)>, StoreError> {
        let messages = self.outbox.query(query)?.into_iter();
        let read = |message: StoredMessage| {
            let letter = serde_json::from_str(&message.body).ok();
            (message, letter)
        };
        Ok(messages.map(read).collect())
    }

    /// Returns how many messages there are.
    ///
    /// # Errors
    ///
    /// When the file cannot be read. Blocks on the disk.
    pub fn stats(&self) -> Result<OutboxStats, StoreError> {
        self.outbox.stats()
    }

    /// Returns whether the settings name a mail server.
    pub fn has_mail(&self) -> bool {
        self.settings.mail.is_some()
    }

    /// Returns the letters that a message becomes: one for each reader, or one for a web server.
    fn letters(&self, message: &Message, plant: &Plant) -> Vec<NewMessage> {
        let Some(policy) = plant.policy(message.policy) else {
            return Vec::new();
        };
        let step = policy.body.steps.get(usize::from(message.step));
        let found = step.and_then(|step| Some((step, plant.channel(step.channel)?)));
        let Some((step, channel)) = found else {
            return Vec::new();
        };
        let readers = match &channel.body.target {
            ChannelTarget::Email { to } => {
                let list = to.iter().map(|email| listed(email, &channel.body.language));
                self.readers(step, list, message.time_us, plant)
            }
            ChannelTarget::Webhook(_) => vec![None],
        };
        let letters = readers.into_iter().map(|person| {
            let letter = self.letter(message, &policy.body, &channel.body, person);
            NewMessage {
                channel: channel.id,
                policy: Some(policy.id),
                body: serde_json::to_string(&letter).unwrap_or_default(),
            }
        });
        letters.collect()
    }

    fn letter(
        &self,
        message: &Message,
        policy: &Policy,
        channel: &Channel,
        person: Option<Person>,
    ) -> Letter {
        let mut letter = Letter {
            message: message.clone(),
            policy_name: policy.name.clone(),
            channel_name: channel.name.clone(),
            language: spoken(channel, person.as_ref()),
            person,
            title: String::new(),
            is_test: false,
        };
        let page = Page {
            zone: &self.zone,
            address: None,
            advice: &|line, language| self.advice(line, language),
            link: &|_| None,
        };
        letter.title = render::title(&letter, &page, words(&letter.language));
        letter
    }

    /// Returns who gets a message of a step, each address once; nobody by name stands for a
    /// message that finds no reader, so that the log tells of it.
    fn readers(
        &self,
        step: &PolicyStep,
        list: impl Iterator<Item = Person>,
        now_us: i64,
        plant: &Plant,
    ) -> Vec<Option<Person>> {
        let rosters = step.rosters.iter().filter_map(|&id| plant.roster(id));
        let on_duty = rosters.flat_map(|roster| roster.body.on_duty(now_us, &self.zone));
        let mut seen = std::collections::HashSet::new();
        let people = on_duty.chain(&step.people).cloned().chain(list);
        let people = people.filter(|person| seen.insert(person.email.to_lowercase()));
        let readers: Vec<_> = people.take(READERS_MAX).map(Some).collect();
        match readers.is_empty() {
            true => vec![None],
            false => readers,
        }
    }

    /// Sends a letter over a channel.
    async fn send(&self, channel: &Channel, letter: &Letter) -> Outcome {
        match self.write(channel, letter) {
            Content::Email(written) => self.send_email(letter, &written).await,
            Content::Request(request) => self.send_request(&request).await,
        }
    }

    /// Writes a letter as its channel takes it.
    fn write(&self, channel: &Channel, letter: &Letter) -> Content {
        let page = Page {
            zone: &self.zone,
            address: self.settings.public_address.as_deref(),
            advice: &|line, language| self.advice(line, language),
            link: &|line| self.link(line, letter),
        };
        match &channel.target {
            ChannelTarget::Email { .. } => Content::Email(render::email(letter, &page)),
            ChannelTarget::Webhook(webhook) => {
                let body = render::body(webhook, letter, &page);
                Content::Request(Request::of(webhook, body))
            }
        }
    }

    async fn send_email(&self, letter: &Letter, written: &render::Written) -> Outcome {
        let Some(mail) = &self.settings.mail else {
            let reason = "there is no mail server: name one in [mail] of the settings";
            return Outcome::failed(reason.to_owned(), true);
        };
        let Some(person) = &letter.person else {
            let reason = "nobody to send it to: nobody of the rosters was on duty";
            return Outcome::failed(reason.to_owned(), true);
        };
        match mail::send(mail, (&person.name, &person.email), written).await {
            Ok(answer) => Outcome::sent(answer),
            Err(error) => Outcome::failed(error.reason, error.is_final),
        }
    }

    async fn send_request(&self, request: &Request) -> Outcome {
        match self.client.post(request).await {
            Ok(answer) => {
                let said: String = answer.text.chars().take(ANSWER_CHARS).collect();
                let said = format!("{} {said}", answer.status).trim_end().to_owned();
                if answer.is_success() {
                    return Outcome::sent(said);
                }
                let wait = answer.retry_after;
                Outcome {
                    retry_after_us: wait.and_then(|wait| i64::try_from(wait.as_micros()).ok()),
                    ..Outcome::failed(said, !answer.is_worth_another_try())
                }
            }
            Err(OutboundError::Refused { reason }) => Outcome::failed(reason, true),
            Err(OutboundError::Failed { reason }) => Outcome::failed(reason, false),
        }
    }

    /// Returns what an alarm's rule says, in a language.
    fn advice(&self, line: &Line, language: &str) -> Advice {
        let plant = self.hub.plant();
        let Some(alarm) = plant.alarm(line.alarm) else {
            return Advice::default();
        };
        let alarm = &alarm.body;
        let tag = alarm.tag.and_then(|tag| plant.tag(tag));
        let facts = MessageFacts {
            value: line.value.as_ref(),
            limit: line.limit,
            tag: line.path.as_ref().map_or("", |path| path.as_str()),
            unit: tag.map_or("", |tag| tag.unit()),
            decimals: None,
        };
        let message = plant.message_in(alarm, language);
        let own = |text: &str| plant.translated(language, text).unwrap_or(text).to_owned();
        Advice {
            text: message.map_or_else(String::new, |message| facts.render(message)),
            cause: own(&alarm.cause),
            consequence: own(&alarm.consequence),
            action: own(&alarm.action),
        }
    }

    /// Returns the link by which the reader of a letter acknowledges a line.
    fn link(&self, line: &Line, letter: &Letter) -> Option<String> {
        let address = self.settings.public_address.as_ref()?;
        let person = letter
            .person
            .as_ref()
            .filter(|person| !person.account.is_empty())?;
        let link = AckLink {
            alarm: line.alarm,
            event: line.event?,
            account: person.account.clone(),
            language: letters_of(&letter.language),
            until_us: letter.message.time_us.saturating_add(LINK_US),
        };
        let token = link.token(self.access.keyring());
        Some(format!("{address}/ack/{token}"))
    }
}

impl Outcome {
    fn sent(answer: String) -> Outcome {
        Outcome {
            is_sent: true,
            is_final: true,
            answer,
            retry_after_us: None,
        }
    }

    fn failed(answer: String, is_final: bool) -> Outcome {
        Outcome {
            is_sent: false,
            is_final,
            answer,
            retry_after_us: None,
        }
    }
}

/// Returns the language of what goes to somebody, or to nobody by name.
fn spoken(channel: &Channel, person: Option<&Person>) -> String {
    let language = person.map_or(&channel.language, |person| &person.language);
    language.clone()
}

/// Returns an address of a channel as a reader.
fn listed(email: &str, language: &str) -> Person {
    Person {
        name: email.to_owned(),
        email: email.to_owned(),
        language: language.to_owned(),
        account: String::new(),
    }
}

/// Returns the two letters that a link keeps of a language.
fn letters_of(language: &str) -> [u8; 2] {
    let letters = words(language).language.as_bytes();
    letters.first_chunk().copied().unwrap_or(*b"en")
}

/// Runs what waits for the disk on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => std::future::pending().await, // the program ends
        },
    }
}
