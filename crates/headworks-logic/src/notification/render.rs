//! Messages as people read them: subject, text, HTML, and what webhooks fill in.

use std::borrow::Cow;

use headworks_core::model::{BodyType, Priority, Webhook, fill_template};
use jiff::tz::TimeZone;

use super::engine::{Line, LineKind};
use super::letter::Letter;
use super::words::{Words, words};

/// Most characters of a title: subjects of e-mail and headers of Slack take no more.
const TITLE_MAX: usize = 150;
/// Most characters of a text: a section of Slack takes no more.
const TEXT_MAX: usize = 2900;

/// What a message knows beside itself when it is written.
pub(super) struct Page<'a> {
    /// Time zone of the times in it.
    pub(super) zone: &'a TimeZone,
    /// Address of the web UI; none when the settings do not say it.
    pub(super) address: Option<&'a str>,
    /// What an alarm's rule says, in the language of the reader.
    pub(super) advice: &'a dyn Fn(&Line, &str) -> Advice,
    /// Link by which the reader acknowledges a line; none where that cannot be.
    pub(super) link: &'a dyn Fn(&Line) -> Option<String>,
}

/// What an alarm's rule says beside its journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Advice {
    /// The message in the language of the reader; that of the journal when empty.
    pub(super) text: String,
    pub(super) cause: String,
    pub(super) consequence: String,
    pub(super) action: String,
}

/// A message as an e-mail needs it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// Returns a message as an e-mail.
pub(super) fn email(letter: &Letter, page: &Page<'_>) -> Written {
    let words = words(&letter.language);
    Written {
        subject: title(letter, page, words),
        text: text(letter, page, words),
        html: html(letter, page, words),
    }
}

/// Returns the body of a webhook.
pub(super) fn body(webhook: &Webhook, letter: &Letter, page: &Page<'_>) -> String {
    let words = words(&letter.language);
    let first = letter.message.lines.first();
    let of_line = |f: &dyn Fn(&Line) -> String| first.map(f).unwrap_or_default();
    let path = |line: &Line| {
        line.path
            .as_ref()
            .map_or(String::new(), ToString::to_string)
    };
    let area = |line: &Line| {
        let path = path(line);
        path.rsplit_once('/')
            .map_or(String::new(), |(area, _)| area.to_owned())
    };
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let priority = letter.message.priority();
    let value = |name: &str| {
        Cow::Owned(match name {
            "title" => title(letter, page, words),
            "text" => cut(&text(letter, page, words), TEXT_MAX),
            "kind" => kind(letter).to_owned(),
            "priority" => priority.to_string(),
            "urgency" => urgency(priority).to_string(),
            "count" => letter.message.count().to_string(),
            "name" => of_line(&|line| line.name.to_string()),
            "tag" => of_line(&path),
            "area" => of_line(&area),
            "value" => of_line(&|line| {
                line.value
                    .as_ref()
                    .map_or(String::new(), ToString::to_string)
            }),
            "limit" => of_line(&|line| number(line.limit)),
            "time" => of_line(&|line| iso(line.raised_us)),
            "policy" => letter.policy_name.clone(),
            "link" => alarms_page(page).unwrap_or_default(),
            _ => String::new(),
        })
    };
    fill_template(&webhook.body, webhook.body_type == BodyType::Json, value)
}

/// Returns the name of what a message is, for programs.
pub(super) fn kind(letter: &Letter) -> &'static str {
    if letter.is_test {
        return "test";
    }
    if letter.message.is_digest {
        return "digest";
    }
    match letter.message.lines.first().map(|line| line.kind) {
        Some(LineKind::Escalated) => "escalated",
        Some(LineKind::Acknowledged | LineKind::Hidden) => "acknowledged",
        Some(LineKind::Over) => "over",
        Some(LineKind::Raised) | None => "raised",
    }
}

/// Returns the number by which ntfy knows a priority: 5 for the most urgent.
fn urgency(priority: Priority) -> u8 {
    6 - priority.number()
}

/// Returns what has happened in one line.
pub(super) fn title(letter: &Letter, page: &Page<'_>, words: &Words) -> String {
    let message = &letter.message;
    if letter.is_test {
        return format!("Headworks: {}", words.test);
    }
    let count = message.count();
    if message.is_digest {
        return format!("{}: {count} {}", words.flood, words.alarms);
    }
    let Some(line) = message.lines.first() else {
        return format!("Headworks: {count} {}", words.alarms);
    };
    let mut title = format!(
        "{}: {}",
        words.kind(line.kind),
        said(line, page, &letter.language)
    );
    if 1 < count {
        title = cut(&title, TITLE_MAX - 30);
        title.push_str(&format!(" (+ {} {})", count - 1, words.more));
    }
    // One line: a subject with another one would be a header.
    let is_odd = |letter: char| letter.is_control() || "\u{2028}\u{2029}".contains(letter);
    cut(&title.replace(is_odd, " "), TITLE_MAX)
}

/// Returns what has happened in a few lines.
fn text(letter: &Letter, page: &Page<'_>, words: &Words) -> String {
    let mut text = String::new();
    if letter.is_test {
        text.push_str(words.test);
        text.push('\n');
    }
    for line in &letter.message.lines {
        text_of_line(&mut text, line, letter, page, words);
    }
    if 0 < letter.message.more {
        let more = format!("+ {} {}\n", letter.message.more, words.more);
        text.push_str(&more);
    }
    if let Some(address) = alarms_page(page) {
        text.push_str(&format!("\n{}: {address}\n", words.show));
    }
    text
}

fn text_of_line(out: &mut String, line: &Line, letter: &Letter, page: &Page<'_>, words: &Words) {
    let said = said(line, page, &letter.language);
    let about = about(line, page, words);
    out.push_str(&format!("{}: {said}\n    {about}\n", words.kind(line.kind)));
    if !is_call(line) || letter.message.is_digest {
        return;
    }
    let advice = (page.advice)(line, &letter.language);
    for (word, text) in advice.parts(words) {
        let text = text.replace('\n', "\n    ");
        out.push_str(&format!("    {word}: {text}\n"));
    }
    if let Some(link) = (page.link)(line) {
        out.push_str(&format!("    {}: {link}\n", words.acknowledge));
    }
}

/// Returns a message as HTML that every program for e-mail shows: no script, nothing loaded.
fn html(letter: &Letter, page: &Page<'_>, words: &Words) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"></head>\
         <body style=\"font-family:sans-serif;color:#1a1a1a\">",
        words.language
    );
    if letter.is_test {
        html.push_str(&format!("<p>{}</p>", words.test));
    }
    for line in &letter.message.lines {
        html_of_line(&mut html, line, letter, page, words);
    }
    if 0 < letter.message.more {
        html.push_str(&format!("<p>+ {} {}</p>", letter.message.more, words.more));
    }
    if let Some(address) = alarms_page(page) {
        let address = escaped(&address);
        html.push_str(&format!("<p><a href=\"{address}\">{}</a></p>", words.show));
    }
    html.push_str("</body></html>");
    html
}

fn html_of_line(out: &mut String, line: &Line, letter: &Letter, page: &Page<'_>, words: &Words) {
    let said = escaped(&said(line, page, &letter.language));
    let about = escaped(&about(line, page, words));
    let color = match line.priority {
        Priority::Critical => "#b00020",
        Priority::High => "#b35900",
        Priority::Medium | Priority::Low => "#555555",
    };
    out.push_str(&format!(
        "<div style=\"border-left:4px solid {color};padding:0 12px;margin:12px 0\">\
         <p><b>{}: {said}</b><br>{about}</p>",
        words.kind(line.kind)
    ));
    if is_call(line) && !letter.message.is_digest {
        let advice = (page.advice)(line, &letter.language);
        for (word, text) in advice.parts(words) {
            let text = escaped(text).replace('\n', "<br>");
            out.push_str(&format!("<p><b>{word}:</b> {text}</p>"));
        }
        if let Some(link) = (page.link)(line) {
            let link = escaped(&link);
            out.push_str(&format!(
                "<p><a href=\"{link}\">{}</a></p>",
                words.acknowledge
            ));
        }
    }
    out.push_str("</div>");
}

impl Advice {
    /// Returns what is said, with the words in front.
    fn parts<'a>(&'a self, words: &'a Words) -> impl Iterator<Item = (&'a str, &'a str)> {
        let parts = [
            (words.cause, self.cause.as_str()),
            (words.consequence, self.consequence.as_str()),
            (words.action, self.action.as_str()),
        ];
        parts.into_iter().filter(|(_, text)| !text.is_empty())
    }
}

/// Returns what the operator reads, in the language of the reader.
fn said(line: &Line, page: &Page<'_>, language: &str) -> String {
    let translated = (page.advice)(line, language).text;
    match (translated.as_str(), &*line.text) {
        ("", "") => line.name.to_string(),
        ("", text) => text.to_owned(),
        (text, _) => text.to_owned(),
    }
}

/// Returns the facts of a line: priority, tag, since when, how often, by whom.
fn about(line: &Line, page: &Page<'_>, words: &Words) -> String {
    let mut parts = vec![format!("{} {}", words.priority, line.priority)];
    parts.extend(line.path.as_ref().map(ToString::to_string));
    parts.push(format!(
        "{} {}",
        words.since,
        local(line.raised_us, page.zone)
    ));
    if 1 < line.times {
        parts.push(format!("{} {}", line.times, words.times));
    }
    if let Some(by) = &line.by {
        parts.push(format!("{} {by}", words.by));
    }
    parts.join(", ")
}

fn is_call(line: &Line) -> bool {
    matches!(line.kind, LineKind::Raised | LineKind::Escalated)
}

fn alarms_page(page: &Page<'_>) -> Option<String> {
    page.address.map(|address| format!("{address}/alarms"))
}

fn iso(time_us: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(time_us);
    time.map_or(String::new(), |time| format!("{time:.3}"))
}

fn local(time_us: i64, zone: &TimeZone) -> String {
    let time = jiff::Timestamp::from_microsecond(time_us);
    time.map_or(String::new(), |time| {
        let time = time.to_zoned(zone.clone());
        time.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    })
}

/// Returns a text as HTML shows it.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Returns the beginning of a text, with a mark where it was cut.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(max.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests;
