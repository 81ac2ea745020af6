//! Figures as Prometheus reads them: text format 0.0.4.

use std::fmt::Write as _;
use std::time::Duration;

/// Media type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the buckets of a [`Histogram`], in seconds.
pub const BUCKETS_SECS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0,
];

/// How a figure behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until the process ends.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts durations by length.
    Histogram,
}

/// The text, while it is written.
#[derive(Debug, Default)]
pub struct Text {
    out: String,
}

/// One name with its values.
#[derive(Debug)]
pub struct Family<'a> {
    out: &'a mut String,
    name: &'static str,
}

/// Durations counted by length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Durations of each bucket, those of the buckets before not included.
    counts: [u64; BUCKETS_SECS.len()],
    all: u64,
    sum_secs: f64,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

impl Text {
    /// Begins a name; its values follow.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = kind.name();
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
        Family {
            out: &mut self.out,
            name,
        }
    }

    /// Writes a name with one value without labels.
    pub fn one(&mut self, name: &'static str, kind: Kind, help: &str, value: f64) {
        self.family(name, kind, help).value(&[], value);
    }

    /// Returns the text.
    pub fn finish(self) -> String {
        self.out
    }
}

impl Family<'_> {
    /// Writes a value with its labels.
    pub fn value(&mut self, labels: &[(&str, &str)], value: f64) {
        self.line("", labels, None, value);
    }

    /// Writes the buckets, the sum and the count of a histogram.
    pub fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) {
        let mut below = 0;
        for (bound, count) in BUCKETS_SECS.iter().zip(histogram.counts) {
            below += count;
            self.line("_bucket", labels, Some(&bound.to_string()), number(below));
        }
        self.line("_bucket", labels, Some("+Inf"), number(histogram.all));
        self.line("_sum", labels, None, histogram.sum_secs);
        self.line("_count", labels, None, number(histogram.all));
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], bound: Option<&str>, value: f64) {
        self.out.push_str(self.name);
        self.out.push_str(suffix);
        let bound = bound.map(|bound| ("le", bound));
        for (place, (name, value)) in labels.iter().copied().chain(bound).enumerate() {
            let open = if place == 0 { '{' } else { ',' };
            write!(self.out, "{open}{name}=\"{}\"", escape(value)).ok();
        }
        if !labels.is_empty() || bound.is_some() {
            self.out.push('}');
        }
        writeln!(self.out, " {}", Value(value)).ok();
    }
}

/// A number as Prometheus writes it.
struct Value(f64);

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_nan() {
            f.write_str("NaN")
        } else if self.0.is_infinite() {
            f.write_str(if 0.0 < self.0 { "+Inf" } else { "-Inf" })
        } else {
            write!(f, "{}", self.0)
        }
    }
}

impl Histogram {
    /// Counts a duration.
    pub fn observe(&mut self, duration: Duration) {
        let secs = duration.as_secs_f64();
        if let Some(place) = BUCKETS_SECS.iter().position(|&bound| secs <= bound) {
            self.counts[place] += 1;
        }
        self.all += 1;
        self.sum_secs += secs;
    }

    /// Returns how many durations were counted.
    pub fn count(&self) -> u64 {
        self.all
    }
}

/// Returns a count as a value; beyond 2^53 it is rounded.
#[expect(clippy::cast_precision_loss, reason = "Prometheus knows doubles only")]
pub fn number(count: u64) -> f64 {
    count as f64
}

fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_labels_are_written_as_prometheus_reads_them() {
        let mut text = Text::default();
        text.one("a_total", Kind::Counter, "All\nof it.", 3.0);
        let mut family = text.family("b", Kind::Gauge, "B.");
        family.value(&[("x", "a\"b\\c\nd"), ("y", "")], 0.25);
        family.value(&[], f64::INFINITY);
        assert_eq!(
            text.finish(),
            "# HELP a_total All\\nof it.\n# TYPE a_total counter\na_total 3\n\
             # HELP b B.\n# TYPE b gauge\nb{x=\"a\\\"b\\\\c\\nd\",y=\"\"} 0.25\nb +Inf\n"
        );
    }

    #[test]
    fn buckets_count_what_is_below_them() {
        let mut histogram = Histogram::default();
        for ms in [1, 3, 3, 700, 60_000] {
            histogram.observe(Duration::from_millis(ms));
        }
        let mut text = Text::default();
        text.family("t_seconds", Kind::Histogram, "T.")
            .histogram(&[("r", "a")], &histogram);
        let text = text.finish();
        for line in [
            "t_seconds_bucket{r=\"a\",le=\"0.001\"} 1\n",
            "t_seconds_bucket{r=\"a\",le=\"0.005\"} 3\n",
            "t_seconds_bucket{r=\"a\",le=\"0.5\"} 3\n",
            "t_seconds_bucket{r=\"a\",le=\"1\"} 4\n",
            "t_seconds_bucket{r=\"a\",le=\"30\"} 4\n",
            "t_seconds_bucket{r=\"a\",le=\"+Inf\"} 5\n",
            "t_seconds_count{r=\"a\"} 5\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }
}
