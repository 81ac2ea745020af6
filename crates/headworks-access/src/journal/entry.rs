//! What an entry says, and the bounds of its texts.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::chain::{RowHash, hex};

/// Bytes of JSON that `before` and `after` may have each.
pub const JSON_BYTES_MAX: usize = 64 << 10;
/// Bytes of a name, an address, an action, a code, a request id.
const NAME_BYTES_MAX: usize = 256;
/// Bytes of a target.
const TARGET_BYTES_MAX: usize = 1024;
/// Bytes of a detail.
const DETAIL_BYTES_MAX: usize = 4096;

/// One thing that somebody did or tried to do.
///
/// Texts have bounds: names, addresses, actions, codes and request ids 256 bytes, targets 1024,
/// details 4096, `before` and `after` [`JSON_BYTES_MAX`]. What is longer is stored as its length
/// and SHA-256, a text with its beginning.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// When, microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// Who.
    pub actor: Actor,
    /// From where, e.g. the address of the client; empty when it came from inside.
    pub address: String,
    /// What, a stable name such as `create_connection`, `write_tag`, `sign_in`.
    pub action: String,
    /// To what.
    pub target: Target,
    /// What became of it.
    pub outcome: Outcome,
    /// The stable code of the problem, when it was refused or failed.
    pub problem: Option<String>,
    /// The request it belongs to; empty when there was none.
    pub request_id: String,
    /// How the target was. Secrets are taken out with [`super::redact()`] by who makes the entry.
    pub before: Option<Json>,
    /// How the target is since. Secrets are taken out as in `before`.
    pub after: Option<Json>,
    /// A sentence for people.
    pub detail: Option<String>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// The lasting id of the user, also of the one whose token was used.
    pub id: Option<Uuid>,
    /// The name at that time; for nobody the name that was claimed.
    pub name: String,
}

/// Kinds of actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A signed-in person.
    User,
    /// A program with a token.
    Token,
    /// The hub itself, or somebody at its command line.
    System,
    /// Somebody who is not signed in.
    Nobody,
}

/// What something was done to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Kind of object, e.g. `tag`; empty when there is none.
    pub kind: String,
    /// Its id or path.
    pub id: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not allowed or not valid.
    Refused,
    /// It was tried and failed.
    Failed,
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// Its number, without gaps, from 1.
    pub seq: u64,
    /// Its hash, over the hash of the entry before and all that it says.
    pub hash: RowHash,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
}

impl Entry {
    /// Makes an entry of something done, without target, request, values and detail.
    pub fn new(time_us: i64, actor: Actor, action: &str) -> Entry {
        Entry {
            time_us,
            actor,
            address: String::new(),
            action: action.to_owned(),
            target: Target::default(),
            outcome: Outcome::Done,
            problem: None,
            request_id: String::new(),
            before: None,
            after: None,
            detail: None,
        }
    }
}

impl Actor {
    /// Returns the hub itself.
    pub fn system() -> Actor {
        Actor {
            kind: ActorKind::System,
            id: None,
            name: "headworks".to_owned(),
        }
    }

    /// Returns somebody who is not signed in, with the name that was claimed.
    pub fn nobody(claimed: &str) -> Actor {
        Actor {
            kind: ActorKind::Nobody,
            id: None,
            name: claimed.to_owned(),
        }
    }
}

impl Target {
    /// Names a target.
    pub fn new(kind: &str, id: impl Into<String>) -> Target {
        Target {
            kind: kind.to_owned(),
            id: id.into(),
        }
    }
}

impl ActorKind {
    /// All kinds.
    pub const ALL: [ActorKind; 4] = [
        ActorKind::User,
        ActorKind::Token,
        ActorKind::System,
        ActorKind::Nobody,
    ];

    /// Returns the stable name.
    pub fn name(self) -> &'static str {
        match self {
            ActorKind::User => "user",
            ActorKind::Token => "token",
            ActorKind::System => "system",
            ActorKind::Nobody => "nobody",
        }
    }
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Outcome; 3] = [Outcome::Done, Outcome::Refused, Outcome::Failed];

    /// Returns the stable name.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// Bounds a name.
pub(super) fn name(text: &str) -> String {
    bounded(text, NAME_BYTES_MAX)
}

/// Bounds the id or path of a target.
pub(super) fn target(text: &str) -> String {
    bounded(text, TARGET_BYTES_MAX)
}

/// Bounds a detail.
pub(super) fn detail(text: &str) -> String {
    bounded(text, DETAIL_BYTES_MAX)
}

/// Returns a text of at most `max` bytes; a longer one is cut, with its length and hash at the end.
fn bounded(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = format!(" ... ({} bytes, SHA-256 {})", text.len(), sha256(text));
    let mut cut = max - end.len();
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}{end}", &text[..cut])
}

/// Returns JSON as text of at most [`JSON_BYTES_MAX`]; for longer text its length and hash.
pub(super) fn json_text(value: &Json) -> String {
    let text = value.to_string();
    if text.len() <= JSON_BYTES_MAX {
        return text;
    }
    json!({ "omitted": { "bytes": text.len(), "sha256": sha256(&text) } }).to_string()
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}
