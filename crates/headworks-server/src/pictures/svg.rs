//! SVG that draws and does nothing else: no scripts, no pages within, nothing from elsewhere.
//!
//! Browsers run no scripts of a picture and load nothing for it; what is refused here could do
//! harm where somebody opens the file by itself. It is refused and not taken out: who made it
//! sees at once what it cannot have.

use quick_xml::XmlVersion;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Most elements, and most of them within each other: browsers lay all of them out.
const ELEMENTS_MAX: usize = 50_000;
const DEPTH_MAX: usize = 256;

/// Namespace of the root.
const SVG: &str = "http://www.w3.org/2000/svg";

/// Elements that run something, hold pages or fetch, in lower case.
const FORBIDDEN: [&str; 12] = [
    "script",
    "foreignobject",
    "iframe",
    "object",
    "embed",
    "audio",
    "video",
    "canvas",
    "handler",
    "listener",
    "link",
    "base",
];

/// Checks a text that may be an SVG.
///
/// # Errors
///
/// What it has that it may not have, with its line.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    let mut walk = Walk::default();
    loop {
        let event = reader.read_event();
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = event.map_err(|error| placed(text, at, &format!("is no XML: {error}")))?;
        let done = matches!(event, Event::Eof);
        walk.take(event)
            .map_err(|reason| placed(text, at, &reason))?;
        if done {
            return Ok(());
        }
    }
}

/// Returns a reason with the line that it was found in.
fn placed(text: &str, at: usize, reason: &str) -> String {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    format!("line {line} of the SVG {reason}")
}

/// What is known on the way through a text.
#[derive(Default)]
struct Walk {
    elements: usize,
    depth: usize,
    /// How deep the style sheet is that is being read; 0 outside.
    style_depth: usize,
    style: String,
}

impl Walk {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(element) => self.open(&element, false),
            Event::Empty(element) => self.open(&element, true),
            Event::End(_) => self.close(),
            Event::Text(text) => self.read(&text),
            Event::CData(text) => self.read(&text),
            Event::GeneralRef(_) if self.style_depth != 0 => Err(
                "has a character written as &...; in a style sheet; it has to be written out"
                    .into(),
            ),
            Event::GeneralRef(_) | Event::Comment(_) | Event::Decl(_) => Ok(()),
            Event::PI(_) => Err("has a processing instruction, <?...?>; take it out".into()),
            // A document type with a part in brackets can define what everything else means.
            Event::DocType(text) if text.contains('[') => {
                Err("defines entities in its document type; save it as plain SVG".into())
            }
            Event::DocType(_) => Ok(()),
            Event::Eof if self.depth != 0 => Err("breaks off: elements are open".into()),
            Event::Eof if self.elements == 0 => Err("has no element: it is no SVG".into()),
            Event::Eof => Ok(()),
        }
    }

    fn open(&mut self, element: &BytesStart<'_>, is_empty: bool) -> Result<(), String> {
        let name = element.local_name();
        let name = name.as_ref().to_ascii_lowercase();
        if self.depth == 0 {
            self.check_root(&name, element)?;
        }
        self.elements += 1;
        self.depth += 1;
        if ELEMENTS_MAX < self.elements || DEPTH_MAX < self.depth {
            return Err(format!(
                "has too much: at most {ELEMENTS_MAX} elements, {DEPTH_MAX} within each other"
            ));
        }
        if FORBIDDEN.contains(&name.as_str()) {
            return Err(format!(
                "has an element <{name}>, which a picture cannot have"
            ));
        }
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|error| format!("is no XML: {error}"))?;
            check_attribute(&attribute)?;
        }
        if name == "style" && self.style_depth == 0 {
            self.style_depth = self.depth;
        }
        if is_empty { self.close() } else { Ok(()) }
    }

    fn check_root(&self, name: &str, element: &BytesStart<'_>) -> Result<(), String> {
        if self.elements != 0 {
            return Err("has a second root; an SVG is one element".into());
        }
        let wanted = match element.name().prefix() {
            Some(prefix) => format!("xmlns:{}", prefix.as_ref()),
            None => "xmlns".to_owned(),
        };
        let mut attributes = element.attributes().flatten();
        let is_svg = attributes.any(|one| one.key.as_ref() == wanted && one.value == SVG);
        if name != "svg" || !is_svg {
            return Err(format!("is none: its root is not <svg xmlns=\"{SVG}\">"));
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let was_style = self.style_depth == self.depth;
        self.depth -= 1;
        if !was_style {
            return Ok(());
        }
        self.style_depth = 0;
        check_style(&std::mem::take(&mut self.style))
    }

    fn read(&mut self, text: &str) -> Result<(), String> {
        if self.style_depth != 0 {
            self.style.push_str(text);
        }
        Ok(())
    }
}

fn check_attribute(attribute: &Attribute<'_>) -> Result<(), String> {
    let value = attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .map_err(|error| format!("is no XML: {error}"))?;
    let key = attribute.key.as_ref().to_ascii_lowercase();
    let name = key.rsplit(':').next().unwrap_or_default();
    if key == "xmlns" || key.starts_with("xmlns:") {
        return Ok(());
    }
    if name.starts_with("on") {
        return Err(format!(
            "has an attribute {key}, which runs a script; take it out"
        ));
    }
    if key == "xml:base" {
        return Err("has an attribute xml:base, which turns references away; take it out".into());
    }
    if matches!(name, "href" | "src") && !is_own(&value) {
        return Err(format!(
            "refers to something outside, {key}=\"{}\"; embed it as data:image/png, jpeg or webp",
            shown(&value)
        ));
    }
    let value = value.to_ascii_lowercase();
    if name == "attributename" && value.ends_with("href") {
        return Err("changes an address in the course of time; take it out".into());
    }
    if name == "style" || value.contains("url(") {
        check_style(&value)?;
    }
    Ok(())
}

/// Returns whether a reference leads to a part of the picture itself or holds a picture.
fn is_own(reference: &str) -> bool {
    const HELD: [&str; 4] = [
        "data:image/png;",
        "data:image/jpeg;",
        "data:image/jpg;",
        "data:image/webp;",
    ];
    let reference = reference.trim().to_ascii_lowercase();
    reference.is_empty()
        || reference.starts_with('#')
        || HELD.iter().any(|held| reference.starts_with(held))
}

/// Checks that a style sheet, or a value that may refer as one, fetches nothing.
fn check_style(style: &str) -> Result<(), String> {
    let style = style.to_ascii_lowercase();
    for (word, what) in [
        ("\\", "a backslash"),
        ("@import", "@import"),
        ("image-set(", "image-set()"),
    ] {
        if style.contains(word) {
            return Err(format!(
                "has {what} in a style, which could fetch something; take it out"
            ));
        }
    }
    for reference in style.split("url(").skip(1) {
        let reference = reference
            .trim_start_matches(|one: char| one.is_whitespace() || matches!(one, '"' | '\''));
        if !is_own(reference.split([')', '"', '\'']).next().unwrap_or_default()) {
            return Err(format!(
                "refers to something outside in a style, url({}); take it out",
                shown(reference)
            ));
        }
    }
    Ok(())
}

/// Returns the start of a text.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
