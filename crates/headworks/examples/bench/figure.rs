//! Figures and their reaches.

use serde_json::json;

/// What a figure must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reach {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
    /// Nothing was promised; the figure explains others.
    None,
}

/// Prints a figure for `cargo xtask bench`.
pub(crate) fn report(name: &str, value: f64, unit: &str, reach: Reach) {
    let (shown, met) = match reach {
        Reach::AtMost(most) => (format!("<= {most}"), value <= most),
        Reach::AtLeast(least) => (format!(">= {least}"), least <= value),
        Reach::Below(bound) => (format!("< {bound}"), value < bound),
        Reach::None => ("-".to_owned(), true),
    };
    let line = json!({ "name": name, "value": value, "unit": unit, "reach": shown, "met": met });
    println!("{line}");
}

/// Returns the value below which a share of the sorted values lies; NaN when there are none.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "an index, never negative")]
    #[expect(clippy::cast_sign_loss, reason = "an index, never negative")]
    let at = (sorted.len() as f64 * share).ceil() as usize;
    sorted
        .get(at.saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}
