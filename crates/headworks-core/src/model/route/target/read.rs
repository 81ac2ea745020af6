//! Reading of targets: field by field, so that a mistake is told where it is.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::{BodyType, RouteTarget, TagTarget, WebhookMethod, WebhookTarget};
use crate::model::object::ObjectId;

/// Every field that some kind of target has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a kind")]
struct Fields {
    kind: Kind,
    #[serde(default, deserialize_with = "present")]
    tag: Option<ObjectId>,
    #[serde(default, deserialize_with = "present")]
    url: Option<String>,
    #[serde(default, deserialize_with = "present")]
    method: Option<WebhookMethod>,
    #[serde(default, deserialize_with = "present")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "present")]
    body_type: Option<BodyType>,
    #[serde(default, deserialize_with = "present")]
    body: Option<String>,
    #[serde(default, deserialize_with = "present")]
    timeout_ms: Option<u32>,
    #[serde(default, deserialize_with = "present")]
    tries: Option<u8>,
}

/// The kinds of targets.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Tag,
    Webhook,
}

/// Reads a field that is there; a null is none of its values.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    source: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(source).map(Some)
}

impl<'de> Deserialize<'de> for RouteTarget {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<RouteTarget, D::Error> {
        let mut fields = Fields::deserialize(source)?;
        let target = fields.target().map_err(D::Error::missing_field)?;
        match fields.left() {
            None => Ok(target),
            Some(field) => Err(D::Error::custom(format_args!(
                "{field} means nothing to {:?}: leave it out",
                target.kind()
            ))),
        }
    }
}

impl Fields {
    /// Takes what the kind needs; the error is the name of a field that is not there.
    fn target(&mut self) -> Result<RouteTarget, &'static str> {
        Ok(match self.kind {
            Kind::Tag => RouteTarget::Tag(TagTarget {
                tag: self.tag.take().ok_or("tag")?,
            }),
            Kind::Webhook => RouteTarget::Webhook(WebhookTarget {
                url: self.url.take().ok_or("url")?,
                method: self.method.take().unwrap_or_default(),
                headers: self.headers.take().unwrap_or_default(),
                body_type: self.body_type.take().unwrap_or_default(),
                body: self.body.take().unwrap_or_default(),
                timeout_ms: self.timeout_ms.take().unwrap_or(super::TIMEOUT_MS_DEFAULT),
                tries: self.tries.take().unwrap_or(super::TRIES_DEFAULT),
            }),
        })
    }

    /// Returns a field that the kind did not take.
    fn left(&self) -> Option<&'static str> {
        let fields = [
            ("tag", self.tag.is_some()),
            ("url", self.url.is_some()),
            ("method", self.method.is_some()),
            ("headers", self.headers.is_some()),
            ("body_type", self.body_type.is_some()),
            ("body", self.body.is_some()),
            ("timeout_ms", self.timeout_ms.is_some()),
            ("tries", self.tries.is_some()),
        ];
        let left = fields.into_iter().find(|(_, is_left)| *is_left);
        left.map(|(name, _)| name)
    }
}
