use std::ops::ControlFlow;

use headworks_core::TagIndex;
use headworks_store::{EmbeddedHistorian, HistorianOptions, RangeQuery, TimeRange};

use super::*;
use crate::tag::{Kind, Tag};

const NOW_US: i64 = 1_800_000_000_000_000;

fn tags() -> Tags {
    let tag = |index, path: &str, kind, raw_days| Tag {
        index: TagIndex(index),
        path: path.into(),
        unit: "".into(),
        kind,
        raw_days,
    };
    [
        tag(0, "a/number", Kind::Number, None),
        tag(1, "a/count", Kind::Integer, None),
        tag(2, "a/on", Kind::Bool, None),
        tag(3, "a/text", Kind::Text, None),
        tag(4, "a/short", Kind::Number, Some(7)),
    ]
    .into_iter()
    .collect()
}

/// Stores a stream in a new historian; returns the report and the samples as text.
fn stored(stream: Stream, input: &[u8]) -> (Result<BackfillReport, ExchangeError>, Vec<String>) {
    let directory = tempfile::TempDir::new().unwrap();
    let historian = EmbeddedHistorian::open(directory.path(), HistorianOptions::default()).unwrap();
    let limits = Limits { now_us: NOW_US };
    let report = store(
        stream,
        input,
        &tags(),
        limits,
        &historian,
        Durability::Durable,
    );
    let mut found = Vec::new();
    let query = RangeQuery {
        tags: (0..5).map(TagIndex).collect(),
        range: TimeRange {
            start_us: 0,
            end_us: i64::MAX,
        },
        limit: usize::MAX,
    };
    historian
        .read(&query, &mut |chunk| {
            for at in 0..chunk.times_us.len() {
                let value = match crate::export::item(chunk, at) {
                    Some(item) => format!("{item:?}"),
                    None => format!("bad {:#x}", chunk.qualities[at]),
                };
                found.push(format!("{} {} {value}", chunk.tag.0, chunk.times_us[at]));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    (report, found)
}

#[test]
fn lines_and_columns_are_stored_alike() {
    let lines = r#"
        {"tag":"a/number","time_us":1000,"value":1.5}
        {"tag":"a/number","time_us":2000,"value":null,"quality":2147483648}
        {"path":"a/count","time_us":1000,"value":7.0,"unit":"x"}
        {"tag":"a/on","time_us":1000,"value":true,"quality":0}
        {"tag":"a/text","time_us":1000,"value":"warm"}"#;
    let columns = r#"
        {"tag":"a/number","times_us":[1000,2000],"values":[1.5,null],"qualities":[0,2147483648]}
        {"tag":"a/count","times_us":[1000],"values":[7]}
        {"tag":"a/on","times_us":[1000],"values":[1]}
        {"tag":"a/text","times_us":[1000],"values":["warm"]}"#;
    let (report, samples) = stored(Stream::Jsonl, lines.as_bytes());
    let report = report.unwrap();
    assert_eq!((report.accepted, report.refused), (5, 0), "{report:?}");
    assert_eq!(report.ack, "durable");
    assert_eq!(
        samples,
        [
            "0 1000 F64(1.5)",
            "0 2000 bad 0x80000000",
            "1 1000 I64(7)",
            "2 1000 Bool(true)",
            "3 1000 Text(\"warm\")"
        ]
    );
    let (report, same) = stored(Stream::Jsonl, columns.as_bytes());
    assert_eq!(report.unwrap().accepted, 5);
    assert_eq!(same, samples);
}

#[test]
fn what_cannot_be_taken_is_told_and_the_rest_is_stored() {
    let deep = "[".repeat(100_000);
    let future = NOW_US + 2 * 86_400_000_000;
    let old = NOW_US - 8 * 86_400_000_000;
    let lines = [
        r#"{"tag":"a/number","time_us":1000,"value":1}"#.to_owned(),
        r#"{"tag":"nobody","time_us":1000,"value":1}"#.to_owned(),
        r#"{"tag":"a/number","time_us":-1,"value":1}"#.to_owned(),
        format!(r#"{{"tag":"a/number","time_us":{future},"value":1}}"#),
        format!(r#"{{"tag":"a/short","time_us":{old},"value":1}}"#),
        r#"{"tag":"a/number","time_us":1,"value":"warm"}"#.to_owned(),
        r#"{"tag":"a/number","time_us":1,"value":1e999}"#.to_owned(),
        r#"{"tag":"a/number","time_us":1}"#.to_owned(),
        r#"{"tag":"a/number"}"#.to_owned(),
        r#"{"tag":"a/number","times_us":[1,2],"values":[1]}"#.to_owned(),
        r#"{"tag":"a/number","time_us":1,"value":1,"colour":1}"#.to_owned(),
        format!(r#"{{"tag":{deep}"#),
        "not json".to_owned(),
    ];
    let (report, samples) = stored(Stream::Jsonl, lines.join("\n").as_bytes());
    let report = report.unwrap();
    assert_eq!(samples, ["0 1000 F64(1.0)"]);
    assert_eq!(report.accepted, 1);
    assert_eq!(report.refused, 13);
    let reasons: Vec<&str> = report.refusals.iter().map(|r| r.reason.as_str()).collect();
    for (reason, want) in reasons.iter().zip([
        "no such tag",
        "outside the years",
        "in the future",
        "older than the 7 days",
        "a text where a number",
        "not readable",
        "no value",
        "time_us of one sample",
        "2 times, 1 values",
        "unknown field `colour`",
        "not readable",
        "not readable",
    ]) {
        assert!(reason.contains(want), "{reason:?} has no {want:?}");
    }
    assert_eq!(report.refusals[0].line, 2);
}

fn block(kind: u8, path: &str, times: &[i64], values: &[u8], qualities: &[u32]) -> Vec<u8> {
    let mut out = b"HWB1".to_vec();
    out.push(kind);
    out.push(u8::from(!qualities.is_empty()));
    out.extend_from_slice(&u16::try_from(path.len()).unwrap().to_le_bytes());
    out.extend_from_slice(&u32::try_from(times.len()).unwrap().to_le_bytes());
    out.extend_from_slice(path.as_bytes());
    times
        .iter()
        .for_each(|time| out.extend_from_slice(&time.to_le_bytes()));
    out.extend_from_slice(values);
    qualities
        .iter()
        .for_each(|code| out.extend_from_slice(&code.to_le_bytes()));
    out
}

fn blocks() -> Vec<u8> {
    let floats = [1.5f64, 9.0].map(f64::to_le_bytes).concat();
    let mut texts = 4u32.to_le_bytes().to_vec();
    texts.extend_from_slice(b"warm");
    [
        block(3, "a/number", &[1000, 2000], &floats, &[0, 0x8000_0000]),
        block(1, "a/count", &[1000], &7i64.to_le_bytes(), &[]),
        block(0, "a/on", &[1000], &[1], &[]),
        block(4, "a/text", &[1000], &texts, &[]),
    ]
    .concat()
}

#[test]
fn blocks_are_stored_like_lines() {
    let (report, samples) = stored(Stream::Binary, &blocks());
    assert_eq!(report.unwrap().accepted, 5);
    assert_eq!(samples.len(), 5);
    assert_eq!(samples[1], "0 2000 bad 0x80000000");
    assert_eq!(samples[4], "3 1000 Text(\"warm\")");
}

#[test]
fn every_truncation_of_blocks_is_an_error() {
    let whole = blocks();
    let ends = {
        let floats = [1.5f64, 9.0].map(f64::to_le_bytes).concat();
        let first = block(3, "a/number", &[1000, 2000], &floats, &[0, 0]).len();
        let second = first + block(1, "a/count", &[1000], &[0; 8], &[]).len();
        let third = second + block(0, "a/on", &[1000], &[1], &[]).len();
        [0, first, second, third]
    };
    for end in (0..whole.len()).step_by(7).chain(ends) {
        let limits = Limits { now_us: NOW_US };
        let directory = tempfile::TempDir::new().unwrap();
        let historian =
            EmbeddedHistorian::open(directory.path(), HistorianOptions::default()).unwrap();
        let input = &whole[..end];
        let found = store(
            Stream::Binary,
            input,
            &tags(),
            limits,
            &historian,
            Durability::Buffered,
        );
        match found {
            Ok(report) => assert!(ends.contains(&end), "{end}: {report:?}"),
            Err(error) => assert!(error.to_string().contains("breaks off"), "{end}: {error}"),
        }
    }
}

#[test]
fn absurd_blocks_are_refused_without_their_memory() {
    let mut huge = b"HWB1\x03\x00\x01\x00".to_vec();
    huge.extend_from_slice(&u32::MAX.to_le_bytes());
    huge.extend_from_slice(b"a");
    let error = stored(Stream::Binary, &huge).0.unwrap_err().to_string();
    assert!(error.contains("at most 1000000"), "{error}");
    let texts = block(4, "a/text", &[1], &u32::MAX.to_le_bytes(), &[]);
    let error = stored(Stream::Binary, &texts).0.unwrap_err().to_string();
    assert!(error.contains("bytes of texts"), "{error}");
    let error = stored(Stream::Binary, b"PAR1aaaaaaaa")
        .0
        .unwrap_err()
        .to_string();
    assert!(error.contains("HWB1"), "{error}");
}
