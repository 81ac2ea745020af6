//! What requests change, for the audit journal: noted in one place for every route of the table.
//!
//! A route is noted when it changes something, signs somebody in or takes data out. Its handler
//! may add what it is about and how that was before and after; who, from where, what and the
//! outcome are added here.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::request::Parts;
use axum::response::Response;
use headworks_access::{
    Actor, ActorKind, Caller, ClockDoubt, ClockWatch, Entry, JournalError, Outcome, Target, Via,
    redact,
};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value as Json;

use crate::app::App;
use crate::edge::{Client, RequestId};
use crate::problem::{ApiError, Code};
use crate::route::{Permission, Route};

/// Time between two looks at the clock.
const CLOCK_PERIOD: Duration = Duration::from_secs(3_600);
/// Looks at the clock for one removal of old entries.
const RETAIN_LOOKS: u64 = 24;
const DAY_US: i64 = 86_400_000_000;

/// Whether old entries can go.
#[derive(Default)]
pub(crate) struct Retaining(Mutex<Held>);

#[derive(Default)]
struct Held {
    doubt: Option<ClockDoubt>,
    count: u64,
}

impl Retaining {
    /// Returns why old entries stay although they are due.
    pub(crate) fn doubt(&self) -> Option<ClockDoubt> {
        self.0.lock().doubt
    }

    /// Returns how often old entries stayed although they were due.
    pub(crate) fn held(&self) -> u64 {
        self.0.lock().count
    }

    /// Takes what a look at the clock found, and tells of what is new.
    fn note(&self, found: Result<(), ClockDoubt>, is_due: bool) {
        let mut held = self.0.lock();
        held.count += u64::from(found.is_err() && is_due);
        match (&found, held.doubt) {
            (Err(doubt), None) => tracing::error!(%doubt, "old audit entries stay"),
            (Ok(()), Some(_)) => tracing::info!("the clock is believed again"),
            _ => {}
        }
        held.doubt = found.err();
    }
}

impl App {
    /// Removes entries of the journal that are older than `days`, now and once a day, until the
    /// server stops; a clock that jumped removes nothing.
    pub(crate) async fn keep_journal(self: Arc<App>, days: NonZeroU32) {
        let mut period = tokio::time::interval(CLOCK_PERIOD);
        let (begun, mut looks) = (Instant::now(), 0_u64);
        let mut watch = ClockWatch::open(self.hub.data_directory());
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = period.tick() => {}
            }
            let is_due = looks.is_multiple_of(RETAIN_LOOKS);
            looks += 1;
            let app = Arc::clone(&self);
            let kept = tokio::task::spawn_blocking(move || {
                let removed = app.keep_once(days, &mut watch, begun.elapsed(), is_due);
                (watch, removed)
            });
            let removed = match kept.await {
                Ok((back, removed)) => {
                    watch = back;
                    removed
                }
                Err(error) => return tracing::error!(%error, "old audit entries stay"),
            };
            match removed {
                Ok(0) => {}
                Ok(entries) => tracing::info!(entries, "old audit entries were removed"),
                Err(error) => tracing::error!(%error, "old audit entries stay"),
            }
        }
    }

    /// Looks at the clock and removes old entries when that is due and the clock is believed.
    fn keep_once(
        &self,
        days: NonZeroU32,
        watch: &mut ClockWatch,
        steady: Duration,
        is_due: bool,
    ) -> Result<u64, JournalError> {
        let now_us = self.hub.clock().now_us();
        let found = watch.look(now_us, steady, self.journal.last_us()?);
        self.retaining.note(found, is_due);
        if found.is_err() || !is_due {
            return Ok(0);
        }
        let before_us = now_us.saturating_sub(i64::from(days.get()) * DAY_US);
        self.journal.retain(before_us, now_us, &Actor::system())
    }
}

/// What a handler says of its request; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Note(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    actor: Option<Actor>,
    target: Option<Target>,
    before: Option<Json>,
    after: Option<Json>,
    detail: Option<String>,
    is_trifle: bool,
}

/// A request that will be noted when its outcome is known.
pub(crate) struct Pending {
    note: Note,
    action: &'static str,
    path: String,
    address: String,
    request_id: Arc<str>,
}

impl Note {
    /// Says who it was, where the request itself does not: at a sign-in.
    pub(crate) fn actor(&self, caller: &Caller) {
        self.0.lock().actor = Some(actor(caller));
    }

    /// Says who somebody claims to be.
    pub(crate) fn claimed(&self, name: &str) {
        self.0.lock().actor = Some(Actor::nobody(name));
    }

    /// Says whose signed link it was.
    pub(crate) fn by_link(&self, account: &str) {
        self.0.lock().actor = Some(Actor {
            kind: ActorKind::User,
            id: None,
            name: account.to_owned(),
        });
    }

    /// Says what it is about.
    pub(crate) fn target(&self, kind: &str, id: &str) {
        self.0.lock().target = Some(Target::new(kind, id));
    }

    /// Says how the target was; secrets are taken out.
    pub(crate) fn before(&self, value: &impl Serialize) {
        self.0.lock().before = without_secrets(value);
    }

    /// Says how the target is since; secrets are taken out.
    pub(crate) fn after(&self, value: &impl Serialize) {
        self.0.lock().after = without_secrets(value);
    }

    /// Says more, for people.
    pub(crate) fn detail(&self, text: impl Into<String>) {
        self.0.lock().detail = Some(text.into());
    }

    /// Says that it is not worth an entry.
    pub(crate) fn trifle(&self) {
        self.0.lock().is_trifle = true;
    }
}

fn without_secrets(value: &impl Serialize) -> Option<Json> {
    let mut value = serde_json::to_value(value).ok()?;
    redact(&mut value);
    Some(value)
}

impl Pending {
    /// Returns the request when its route is noted; its handler finds the [`Note`].
    pub(crate) fn of(route: &Route, parts: &mut Parts) -> Option<Pending> {
        let note = Note::default();
        parts.extensions.insert(note.clone());
        let changes = !parts.method.is_safe() && route.permission != Permission::View;
        (changes || route.is_noted).then(|| Pending {
            note,
            action: route.name,
            path: parts.uri.path().to_owned(),
            address: Client::of(&parts.extensions).address.to_string(),
            request_id: RequestId::of(&parts.extensions),
        })
    }

    /// Hands the request to the journal.
    pub(crate) fn record(
        self,
        app: &App,
        caller: Option<&Caller>,
        answer: &Result<Response, ApiError>,
    ) {
        let code = answer.as_ref().err().map(ApiError::code);
        let mut said = std::mem::take(&mut *self.note.0.lock());
        // strangers must not be able to fill the disk
        let is_stranger = caller.is_none() && code == Some(Code::NotSignedIn);
        if said.is_trifle || (is_stranger && said.detail.is_none()) {
            return;
        }
        let who = said.actor.take().or_else(|| caller.map(actor));
        let who = who.unwrap_or_else(|| Actor::nobody(""));
        let entry = Entry {
            address: self.address,
            target: said
                .target
                .unwrap_or_else(|| Target::new("path", self.path)),
            outcome: outcome(code),
            problem: code.map(|code| code.name().to_owned()),
            request_id: self.request_id.to_string(),
            before: said.before,
            after: said.after,
            detail: said.detail,
            ..Entry::new(app.hub.clock().now_us(), who, self.action)
        };
        app.journal.submit(&entry);
    }
}

/// Returns somebody who was recognised, as the journal names them.
pub(crate) fn actor(caller: &Caller) -> Actor {
    let (kind, name) = match &caller.via {
        Via::Session(_) => (ActorKind::User, caller.name.to_string()),
        Via::Token { name, .. } => (ActorKind::Token, format!("{} ({name})", caller.name)),
    };
    Actor {
        kind,
        id: Some(caller.user),
        name,
    }
}

fn outcome(code: Option<Code>) -> Outcome {
    match code {
        None => Outcome::Done,
        Some(code) if code.status().is_server_error() => Outcome::Failed,
        Some(_) => Outcome::Refused,
    }
}
