//! The names of the aggregates and what they mean.

/// Which bounding values an aggregate uses (3.1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// Only the samples in the interval.
    None,
    /// The nearest usable samples around the edges (3.1.8).
    Interpolated,
    /// The nearest samples around the edges, usable or not (3.1.9).
    Simple,
}

macro_rules! aggregates {
    ($($name:ident, $bounds:ident, $numbers:literal, $section:literal, $text:literal;)*) => {
        /// An aggregate of Part 13.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Aggregate {
            $(#[doc = concat!($text, " (", $section, ")")] $name,)*
        }

        impl Aggregate {
            /// Every aggregate, in the order of Part 13.
            pub const ALL: &'static [Aggregate] = &[$(Aggregate::$name,)*];

            /// Returns the name that Part 13 gives it.
            pub const fn name(self) -> &'static str {
                match self { $(Aggregate::$name => stringify!($name),)* }
            }

            /// Returns what it is, one sentence.
            pub const fn description(self) -> &'static str {
                match self { $(Aggregate::$name => $text,)* }
            }

            /// Returns the section of Part 13, version 1.05, that defines it.
            pub const fn section(self) -> &'static str {
                match self { $(Aggregate::$name => $section,)* }
            }

            /// Returns the bounding values that it uses.
            pub const fn bounds(self) -> Bounds {
                match self { $(Aggregate::$name => Bounds::$bounds,)* }
            }

            /// Returns whether it calculates, so that texts and bytes have no such aggregate.
            pub const fn needs_numbers(self) -> bool {
                match self { $(Aggregate::$name => $numbers,)* }
            }
        }
    };
}

aggregates! {
    Interpolative, Interpolated, false, "5.4.3.4",
        "Value at the start of the interval, interpolated between usable samples.";
    Average, None, true, "5.4.3.5", "Mean of the good samples, each counting the same.";
    TimeAverage, Interpolated, true, "5.4.3.6",
        "Mean over time along lines between usable samples; gaps are bridged.";
    TimeAverage2, Simple, true, "5.4.3.7",
        "Mean over the time with usable data; gaps are left out.";
    Total, Interpolated, true, "5.4.3.8",
        "Integral over time in value times seconds; gaps are bridged.";
    Total2, Simple, true, "5.4.3.9",
        "Integral over the time with usable data in value times seconds.";
    Minimum, None, true, "5.4.3.10", "Least good sample.";
    Maximum, None, true, "5.4.3.11", "Greatest good sample.";
    MinimumActualTime, None, true, "5.4.3.12", "Least good sample, with its own time.";
    MaximumActualTime, None, true, "5.4.3.13", "Greatest good sample, with its own time.";
    Range, None, true, "5.4.3.14", "Greatest less least good sample.";
    Minimum2, Simple, true, "5.4.3.15", "Least value, those at the edges included.";
    Maximum2, Simple, true, "5.4.3.16", "Greatest value, those at the edges included.";
    MinimumActualTime2, Simple, true, "5.4.3.17",
        "Least value, those at the edges included, with its own time.";
    MaximumActualTime2, Simple, true, "5.4.3.18",
        "Greatest value, those at the edges included, with its own time.";
    Range2, Simple, true, "5.4.3.19", "Greatest less least value, those at the edges included.";
    Count, None, false, "5.4.3.21", "Number of good samples.";
    DurationInStateZero, Simple, true, "5.4.3.22", "Time the value was zero, in milliseconds.";
    DurationInStateNonZero, Simple, true, "5.4.3.23",
        "Time the value was not zero, in milliseconds.";
    NumberOfTransitions, None, false, "5.4.3.24",
        "How often the value changed, the change from before the interval included.";
    Start, None, false, "5.4.3.25", "First sample with its own time and status.";
    End, None, false, "5.4.3.26", "Last sample with its own time and status.";
    Delta, None, true, "5.4.3.27", "Last less first good sample.";
    StartBound, Simple, false, "5.4.3.28", "Value at the start of the interval.";
    EndBound, Simple, false, "5.4.3.29", "Value at the end of the interval.";
    DeltaBounds, Simple, true, "5.4.3.30",
        "Value at the end of the interval less that at its start.";
    DurationGood, Simple, false, "5.4.3.31", "Time with good data, in milliseconds.";
    DurationBad, Simple, false, "5.4.3.32", "Time with bad data, in milliseconds.";
    PercentGood, Simple, false, "5.4.3.33", "Share of the time with good data, in percent.";
    PercentBad, Simple, false, "5.4.3.34", "Share of the time with bad data, in percent.";
    WorstQuality, None, false, "5.4.3.35", "Worst status code of the samples.";
    WorstQuality2, Simple, false, "5.4.3.36",
        "Worst status code of the samples and of the value at the start.";
    StandardDeviationSample, None, true, "5.4.3.37",
        "Standard deviation of the good samples, divided by one less than their number.";
    VarianceSample, None, true, "5.4.3.38",
        "Variance of the good samples, divided by one less than their number.";
    StandardDeviationPopulation, None, true, "5.4.3.39",
        "Standard deviation of the good samples, divided by their number.";
    VariancePopulation, None, true, "5.4.3.40",
        "Variance of the good samples, divided by their number.";
}

impl std::str::FromStr for Aggregate {
    type Err = crate::history::HistoryError;

    fn from_str(text: &str) -> Result<Aggregate, Self::Err> {
        let found = Aggregate::ALL.iter().find(|known| known.name() == text);
        found.copied().ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            let reason =
                format!("{shown:?} is no aggregate; GET /api/v1/history/aggregates lists them");
            crate::history::HistoryError::invalid("aggregates", reason)
        })
    }
}
