//! YAML into JSON values, bounded: aliases are resolved, but not without end.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

/// Most values of a document, those of aliases counted each time.
const VALUES_MAX: usize = 1_000_000;
/// Deepest nesting.
const DEPTH_MAX: usize = 64;

/// Reads the first document of a text; a value with a tag of its own, such as `!secret x`, becomes
/// the text `!secret x`.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        values: 0,
    };
    loop {
        match reader.next()? {
            Event::StreamEnd => return Ok(Value::Null),
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
            Event::DocumentEnd => return Ok(Value::Null),
            event => return reader.value(event, 0),
        }
    }
}

struct Reader<'i> {
    parser: Parser<'i, saphyr_parser::StrInput<'i>>,
    /// Values with an anchor, and how many values each holds.
    anchors: HashMap<usize, (Value, usize)>,
    values: usize,
}

type Tagged<'i> = Option<Cow<'i, saphyr_parser::Tag>>;

impl<'i> Reader<'i> {
    fn next(&mut self) -> Result<Event<'i>, String> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(format!("the YAML is broken: {error}")),
            None => Ok(Event::StreamEnd),
        }
    }

    fn count(&mut self, values: usize) -> Result<(), String> {
        self.values += values;
        if VALUES_MAX < self.values {
            return Err(format!("the YAML has more than {VALUES_MAX} values"));
        }
        Ok(())
    }

    fn value(&mut self, event: Event<'i>, depth: usize) -> Result<Value, String> {
        if DEPTH_MAX < depth {
            return Err(format!("the YAML is nested deeper than {DEPTH_MAX} levels"));
        }
        self.count(1)?;
        let before = self.values;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag), anchor),
            Event::SequenceStart(anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.map(depth)?, anchor),
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let (value, values) = known.ok_or("an alias comes before its anchor is whole")?;
                self.count(values)?;
                return Ok(value);
            }
            other => return Err(format!("the YAML ends too early: {other:?}")),
        };
        if 0 < anchor {
            let values = self.values - before + 1;
            self.anchors.insert(anchor, (value.clone(), values));
            self.count(values)?;
        }
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Value::Array(list)),
                event => list.push(self.value(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, String> {
        let mut map = Map::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(Value::Object(map)),
                event => self.value(event, depth + 1)?,
            };
            let key = match key {
                Value::String(key) => key,
                other => other.to_string(),
            };
            let event = self.next()?;
            let value = self.value(event, depth + 1)?;
            match (key.as_str(), value) {
                // What stands in the map itself wins.
                ("<<", Value::Object(merged)) => {
                    for (key, value) in merged {
                        map.entry(key).or_insert(value);
                    }
                }
                (_, value) => drop(map.insert(key, value)),
            }
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Tagged<'_>) -> Value {
    if let Some(tag) = tag
        && !tag.is_yaml_core_schema()
    {
        return Value::String(format!("{}{} {text}", tag.handle, tag.suffix));
    }
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        // Home Assistant reads YAML 1.1, where these are flags too.
        "true" | "True" | "TRUE" | "yes" | "Yes" | "on" | "On" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "off" | "Off" => Value::Bool(false),
        text => number(text).unwrap_or_else(|| Value::String(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Value> {
    if let Some(whole) = super::fields::whole_text(text.trim_start_matches('+')) {
        return Some(Value::from(whole));
    }
    let begins = text.trim_start_matches(['+', '-', '.']);
    if !begins.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_have_their_kinds() {
        let text = "a: 1\nb: [1.5, 'x', \"2\", yes, ~]\nc: &c {d: 0x10}\ne: *c\nf: !secret pass\n\
                    g:\n  <<: *c\n  h: -3\n";
        let want = json!({
            "a": 1, "b": [1.5, "x", "2", true, null], "c": {"d": 16}, "e": {"d": 16},
            "f": "!secret pass", "g": {"d": 16, "h": -3},
        });
        assert_eq!(parse(text).unwrap(), want);
        assert_eq!(parse("").unwrap(), Value::Null);
    }

    #[test]
    fn aliases_do_not_grow_without_end() {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (one, next) in ('a'..'j').zip('b'..='j') {
            let aliases = vec![format!("*{one}"); 10].join(", ");
            text += &format!("{next}: &{next} [{aliases}]\n");
        }
        let error = parse(&text).unwrap_err();
        assert!(error.contains("more than 1000000 values"), "{error}");
        let deep = "[".repeat(10_000);
        assert!(parse(&deep).is_err());
        assert!(parse("a: [1, 2").is_err());
    }
}
