//! Messages of the multiplexed socket, written without intermediate trees.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use headworks_core::{Quality, Sample, TagIndex};
use headworks_hub::{HubHandle, TagEntry};
use serde::Serialize;

/// Most tags of one message; more become several messages.
const TAGS_MAX: usize = 5000;

/// Writes the newest values of `tags`: none for no tags.
pub(super) fn values(hub: &HubHandle, tags: &[TagIndex]) -> Vec<Utf8Bytes> {
    let now_us = hub.clock().now_us();
    tags.chunks(TAGS_MAX)
        .map(|tags| values_of(now_us, tags, &hub.last_many(tags)).into())
        .collect()
}

fn values_of(now_us: i64, tags: &[TagIndex], samples: &[Option<Sample>]) -> String {
    let mut out = Vec::with_capacity(64 + tags.len() * 40);
    out.extend_from_slice(br#"{"op":"values","t":"#);
    push(&mut out, &now_us);
    out.extend_from_slice(br#","i":"#);
    list(&mut out, tags, |out, tag| push(out, &tag.0));
    out.extend_from_slice(br#","v":"#);
    list(&mut out, samples, |out, sample| {
        push(
            out,
            &sample.as_ref().and_then(|sample| sample.value.as_ref()),
        );
    });
    out.extend_from_slice(br#","s":"#);
    list(&mut out, samples, |out, sample| {
        push(out, &sample.as_ref().map_or(0, |sample| sample.time_us));
    });
    out.extend_from_slice(br#","q":{"#);
    let mut first = true;
    for (at, sample) in samples.iter().enumerate() {
        let quality = sample.as_ref().map(|sample| sample.quality);
        let quality = quality.unwrap_or(Quality::BAD_WAITING_FOR_INITIAL_DATA);
        if !quality.is_good() || quality.name() != Some("Good") {
            let comma = if std::mem::replace(&mut first, false) {
                ""
            } else {
                ","
            };
            out.extend_from_slice(format!("{comma}\"{at}\":{}", quality.code()).as_bytes());
        }
    }
    out.extend_from_slice(b"}}");
    // Everything above is text; an empty message would be a fault that tests see.
    String::from_utf8(out).unwrap_or_default()
}

/// Writes which tags a subscription has selected.
pub(super) fn tags(id: u64, tags: &[Arc<TagEntry>]) -> Vec<Utf8Bytes> {
    #[derive(Serialize)]
    struct Selected<'a> {
        i: u32,
        path: &'a str,
        unit: &'a str,
    }
    let message = |tags: &[Arc<TagEntry>], more: bool| {
        let tags: Vec<Selected<'_>> = tags
            .iter()
            .map(|tag| Selected {
                i: tag.index().0,
                path: tag.path().as_str(),
                unit: tag.unit(),
            })
            .collect();
        let mut out = format!(r#"{{"op":"tags","id":{id},"more":{more},"tags":"#).into_bytes();
        push(&mut out, &tags);
        out.push(b'}');
        String::from_utf8(out).unwrap_or_default().into()
    };
    if tags.is_empty() {
        return vec![message(tags, false)];
    }
    let last = (tags.len() - 1) / TAGS_MAX;
    let chunks = tags.chunks(TAGS_MAX).enumerate();
    chunks.map(|(at, tags)| message(tags, at < last)).collect()
}

fn list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if 0 < at {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// Writes a number, a text or a list of them as JSON; these have no way to fail.
fn push(out: &mut Vec<u8>, value: &impl Serialize) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use headworks_core::Value;

    use super::*;

    #[test]
    fn a_message_holds_what_differs_from_good_only() {
        let samples = [
            Some(Sample::good(5, Value::F64(1.5))),
            Some(Sample::bad(6, Quality::BAD_NO_COMMUNICATION)),
            None,
            Some(Sample::good(7, Value::Text("a\"b".into()))),
        ];
        let tags = [TagIndex(3), TagIndex(9), TagIndex(10), TagIndex(11)];
        let text = values_of(42, &tags, &samples);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let want = serde_json::json!({
            "op": "values", "t": 42, "i": [3, 9, 10, 11],
            "v": [1.5, null, null, "a\"b"], "s": [5, 6, 0, 7],
            "q": { "1": 0x8031_0000_u32, "2": 0x8032_0000_u32 },
        });
        assert_eq!(json, want);
    }

    #[test]
    fn no_tags_are_a_message_of_no_tags() {
        let text = tags(7, &[]).remove(0);
        assert_eq!(
            text.as_str(),
            r#"{"op":"tags","id":7,"more":false,"tags":[]}"#
        );
    }
}
