//! The examples of Annex A.

use super::*;

/// Annex A.1.1; the first entry of the archive is a mark without data.
fn historian_1() -> (Vec<Sample>, AggregateOptions) {
    let samples = vec![
        Sample::bad(0, Quality::BAD_NO_DATA),
        good(10, 10.0),
        good(20, 20.0),
        good(30, 30.0),
        bad(40),
        good(50, 50.0),
        good(60, 60.0),
        uncertain(70, 70.0),
        good(80, 80.0),
        good(90, 90.0),
    ];
    let options = AggregateOptions {
        treat_uncertain_as_bad: false,
        ..AggregateOptions::default()
    };
    (samples, options)
}

/// Annex A.1.2
fn historian_2() -> (Vec<Sample>, AggregateOptions) {
    let samples = vec![
        Sample::bad(0, Quality::BAD_NO_DATA),
        good(2, 10.0),
        good(25, 20.0),
        good(28, 25.0),
        good(39, 30.0),
        bad(42),
        good(48, 40.0),
        good(52, 50.0),
        good(72, 60.0),
        uncertain(77, 70.0),
        good(83, 70.0),
        good(86, 80.0),
        good(90, 90.0),
    ];
    (samples, AggregateOptions::default())
}

/// Annex A.1.3: the data of Historian 2, stepped
fn historian_3() -> (Vec<Sample>, AggregateOptions) {
    let options = AggregateOptions {
        stepped: true,
        percent_data_bad: 50,
        percent_data_good: 50,
        ..AggregateOptions::default()
    };
    (historian_2().0, options)
}

#[test]
fn interpolative_of_historian_1_is_that_of_annex_a() {
    let (samples, options) = historian_1();
    check(
        &samples,
        options,
        Aggregate::Interpolative,
        &[
            "0 BadNoData",
            "5 BadNoData",
            "10 10 Good",
            "15 15 Good, Interpolated",
            "20 20 Good",
            "25 25 Good, Interpolated",
            "30 30 Good",
            "35 35 UncertainDataSubNormal, Interpolated",
            "40 40 UncertainDataSubNormal, Interpolated",
            "45 45 UncertainDataSubNormal, Interpolated",
            "50 50 Good",
            "55 55 Good, Interpolated",
            "60 60 Good",
            "65 65 UncertainDataSubNormal, Interpolated",
            "70 70 Uncertain",
            "75 75 UncertainDataSubNormal, Interpolated",
            "80 80 Good",
            "85 85 Good, Interpolated",
            "90 90 Good",
            "95 90 UncertainDataSubNormal, Interpolated",
        ],
    );
}

#[test]
fn interpolative_of_historian_2_is_that_of_annex_a() {
    let (samples, options) = historian_2();
    check(
        &samples,
        options,
        Aggregate::Interpolative,
        &[
            "0 BadNoData",
            "5 11.304 Good, Interpolated",
            "10 13.478 Good, Interpolated",
            "15 15.652 Good, Interpolated",
            "20 17.826 Good, Interpolated",
            "25 20 Good",
            "30 25.909 Good, Interpolated",
            "35 28.182 Good, Interpolated",
            "40 31.111 UncertainDataSubNormal, Interpolated",
            "45 36.667 UncertainDataSubNormal, Interpolated",
            "50 45 Good, Interpolated",
            "55 51.5 Good, Interpolated",
            "60 54 Good, Interpolated",
            "65 56.5 Good, Interpolated",
            "70 59 Good, Interpolated",
            "75 62.727 UncertainDataSubNormal, Interpolated",
            "80 67.273 UncertainDataSubNormal, Interpolated",
            "85 76.667 Good, Interpolated",
            "90 90 Good",
            "95 90 UncertainDataSubNormal, Interpolated",
        ],
    );
}

#[test]
fn interpolative_of_historian_3_is_that_of_annex_a() {
    let (samples, options) = historian_3();
    check(
        &samples,
        options,
        Aggregate::Interpolative,
        &[
            "0 BadNoData",
            "5 10 Good, Interpolated",
            "10 10 Good, Interpolated",
            "15 10 Good, Interpolated",
            "20 10 Good, Interpolated",
            "25 20 Good",
            "30 25 Good, Interpolated",
            "35 25 Good, Interpolated",
            "40 30 Good, Interpolated",
            "45 30 UncertainDataSubNormal, Interpolated",
            "50 40 Good, Interpolated",
            "55 50 Good, Interpolated",
            "60 50 Good, Interpolated",
            "65 50 Good, Interpolated",
            "70 50 Good, Interpolated",
            "75 60 Good, Interpolated",
            "80 60 UncertainDataSubNormal, Interpolated",
            "85 70 Good, Interpolated",
            "90 90 Good",
            "95 90 UncertainDataSubNormal, Interpolated",
        ],
    );
}

#[test]
fn minimum_is_that_of_annex_a() {
    let (samples, options) = historian_1();
    check(
        &samples,
        options,
        Aggregate::Minimum,
        &[
            "0 10 Good, Calculated, Partial",
            "16 20 Good, Calculated",
            "32 BadNoData",
            "48 50 Good, Calculated",
            "64 BadNoData",
            "80 80 Good, Partial",
            "96 BadNoData",
        ],
    );
    let (samples, options) = historian_2();
    check(
        &samples,
        options,
        Aggregate::Minimum,
        &[
            "0 10 Good, Calculated, Partial",
            "16 20 Good, Calculated",
            "32 30 UncertainDataSubNormal, Calculated",
            "48 40 Good",
            "64 60 UncertainDataSubNormal, Calculated",
            "80 70 Good, Calculated, Partial",
            "96 BadNoData",
        ],
    );
}

#[test]
fn percent_and_duration_are_those_of_annex_a() {
    let (samples, options) = historian_1();
    check(
        &samples,
        options,
        Aggregate::DurationBad,
        &[
            "0 10000 Good, Calculated, Partial",
            "16 0 Good, Calculated",
            "32 8000 Good, Calculated",
            "48 2000 Good, Calculated",
            "64 0 Good, Calculated",
            "80 0 Good, Calculated, Partial",
            "96 BadNoData",
        ],
    );
    let (samples, options) = historian_2();
    check(
        &samples,
        options,
        Aggregate::PercentGood,
        &[
            "0 87.5 Good, Calculated, Partial",
            "16 100 Good, Calculated",
            "32 62.5 Good, Calculated",
            "48 100 Good, Calculated",
            "64 81.25 Good, Calculated",
            "80 70 Good, Calculated, Partial",
            "96 BadNoData",
        ],
    );
    check(
        &samples,
        options,
        Aggregate::PercentBad,
        &[
            "0 12.5 Good, Calculated, Partial",
            "16 0 Good, Calculated",
            "32 37.5 Good, Calculated",
            "48 0 Good, Calculated",
            "64 18.75 Good, Calculated",
            "80 30 Good, Calculated, Partial",
            "96 BadNoData",
        ],
    );
    let (samples, options) = historian_3();
    check(
        &samples,
        options,
        Aggregate::Count,
        &[
            "0 1 Good, Calculated, Partial",
            "16 2 Good, Calculated",
            "32 Bad",
            "48 2 Good, Calculated",
            "64 Bad",
            "80 3 Good, Calculated, Partial",
            "96 BadNoData",
        ],
    );
}
