//! The newest log lines, in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::line::{Level, Line};

/// Most lines.
pub(crate) const LINES_MAX: usize = 10_000;
/// Most bytes of them.
pub(crate) const BYTES_MAX: usize = 8 << 20;

/// The bounded list, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
}

/// Which lines are asked for.
#[derive(Clone, Debug, Default)]
pub struct LineQuery {
    /// Only lines that matter at least so much.
    pub level: Option<Level>,
    /// Only lines of this part of the program and of its parts.
    pub module: Option<String>,
    /// Only lines whose message or fields hold this text, upper and lower case alike.
    pub text: Option<String>,
    /// Only lines from this time on, microseconds since 1970-01-01 UTC.
    pub since_us: Option<i64>,
    /// Only lines older than the one with this number.
    pub before: Option<u64>,
    /// Most lines.
    pub limit: usize,
}

/// Lines, newest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LinePage {
    /// The lines.
    pub items: Vec<Arc<Line>>,
    /// `before` of the next page; none after the last.
    pub next_before: Option<u64>,
}

impl Ring {
    /// Takes a line; the oldest go when there are too many.
    pub(crate) fn push(&mut self, line: Arc<Line>) {
        self.bytes += line.cost();
        self.lines.push_back(line);
        while LINES_MAX < self.lines.len() || BYTES_MAX < self.bytes {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.cost();
        }
    }

    /// Returns all lines, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Line>> {
        self.lines.iter().cloned().collect()
    }
}

impl LineQuery {
    /// Returns the page of these lines, which are oldest first.
    pub(crate) fn page(&self, lines: &[Arc<Line>]) -> LinePage {
        let text = self.text.as_ref().map(|text| text.to_lowercase());
        let mut found = lines
            .iter()
            .rev()
            .filter(|line| self.matches(line, text.as_deref()));
        let items: Vec<Arc<Line>> = found.by_ref().take(self.limit).cloned().collect();
        let next_before = found.next().and(items.last()).map(|line| line.id);
        LinePage { items, next_before }
    }

    fn matches(&self, line: &Line, text: Option<&str>) -> bool {
        self.before.is_none_or(|before| line.id < before)
            && self.level.is_none_or(|least| least <= line.level)
            && self.since_us.is_none_or(|since| since <= line.time_us)
            && self
                .module
                .as_ref()
                .is_none_or(|module| is_within(&line.module, module))
            && text.is_none_or(|text| holds(line, text))
    }
}

fn is_within(module: &str, wanted: &str) -> bool {
    module
        .strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn holds(line: &Line, text: &str) -> bool {
    let in_fields = || {
        line.fields.iter().any(|(name, value)| {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{name}={value}").to_lowercase().contains(text)
        })
    };
    line.message.to_lowercase().contains(text) || in_fields()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    fn line(id: u64, level: Level, module: &str, message: &str) -> Arc<Line> {
        let mut fields = Map::new();
        fields.insert("number".into(), json!(id));
        Arc::new(Line {
            id,
            time_us: i64::try_from(id).unwrap(),
            level,
            module: module.into(),
            message: message.into(),
            fields,
            spans: Vec::new(),
            thread: None,
            causes: Vec::new(),
            backtrace: None,
        })
    }

    #[test]
    fn lines_and_bytes_are_bounded() {
        let mut ring = Ring::default();
        for id in 1..=20_000 {
            ring.push(line(id, Level::Info, "a", "short"));
        }
        assert_eq!(ring.lines.len(), LINES_MAX);
        assert_eq!(ring.lines[0].id, 10_001);
        for id in 20_001..=24_000 {
            ring.push(line(id, Level::Info, "a", &"x".repeat(4_000)));
        }
        assert!(
            ring.bytes <= BYTES_MAX && BYTES_MAX / 2 < ring.bytes,
            "{}",
            ring.bytes
        );
        assert!(ring.lines.len() < 2_500);
        let counted: usize = ring.lines.iter().map(|line| line.cost()).sum();
        assert_eq!(counted, ring.bytes);
    }

    #[test]
    fn pages_go_back_in_time_and_filters_hold() {
        let lines = [
            line(1, Level::Info, "hub::link", "Link opened"),
            line(2, Level::Warn, "hub::link", "link lost"),
            line(3, Level::Error, "hub2", "disk full"),
            line(4, Level::Info, "hub", "stopped"),
        ];
        let ids = |query: LineQuery| {
            let page = query.page(&lines);
            let ids: Vec<u64> = page.items.iter().map(|line| line.id).collect();
            (ids, page.next_before)
        };
        let all = LineQuery {
            limit: 3,
            ..LineQuery::default()
        };
        assert_eq!(ids(all.clone()), (vec![4, 3, 2], Some(2)));
        assert_eq!(
            ids(LineQuery {
                before: Some(2),
                ..all.clone()
            }),
            (vec![1], None)
        );
        let level = Some(Level::Warn);
        assert_eq!(
            ids(LineQuery {
                level,
                ..all.clone()
            }),
            (vec![3, 2], None)
        );
        let module = Some("hub".to_owned());
        assert_eq!(
            ids(LineQuery {
                module,
                ..all.clone()
            })
            .0,
            [4, 2, 1]
        );
        let text = Some("LINK".to_owned());
        assert_eq!(
            ids(LineQuery {
                text,
                ..all.clone()
            })
            .0,
            [2, 1]
        );
        let text = Some("number=3".to_owned());
        assert_eq!(
            ids(LineQuery {
                text,
                ..all.clone()
            })
            .0,
            [3]
        );
        assert_eq!(
            ids(LineQuery {
                since_us: Some(4),
                ..all
            })
            .0,
            [4]
        );
    }
}
