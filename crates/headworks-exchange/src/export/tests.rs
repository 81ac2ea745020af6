use std::ops::ControlFlow;
use std::sync::Arc;

use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use headworks_store::{EmbeddedHistorian, HistorianOptions};
use tempfile::TempDir;

use super::*;
use crate::Tag;
use crate::tag::Kind;

/// 2026-11-21 07:05:00 UTC.
const T0: i64 = 1_795_244_700_000_000;

struct Plant {
    directory: TempDir,
    historian: EmbeddedHistorian,
    tags: Vec<Arc<Tag>>,
}

fn plant() -> Plant {
    let directory = TempDir::new().unwrap();
    let historian = EmbeddedHistorian::open(directory.path(), HistorianOptions::default()).unwrap();
    let tag = |index, path: &str, unit: &str, kind| {
        Arc::new(Tag {
            index: TagIndex(index),
            path: path.into(),
            unit: unit.into(),
            kind,
            raw_days: None,
        })
    };
    let tags = vec![
        tag(0, "a/temperature", "°C", Kind::Number),
        tag(1, "a/count", "", Kind::Integer),
        tag(2, "a/note, daily", "", Kind::Text),
        tag(3, "=a/on", "", Kind::Bool),
    ];
    let update = |tag, time_us, value: Value| Update {
        tag: TagIndex(tag),
        sample: Sample::good(time_us, value),
    };
    let bad = Update {
        tag: TagIndex(0),
        sample: Sample::bad(T0 + 1, Quality::BAD_SENSOR_FAILURE),
    };
    let batch = [
        update(0, T0, Value::F64(21.5)),
        bad,
        update(0, T0 + 1_000_000, Value::F64(-2.0)),
        update(1, T0, Value::I64(i64::MIN)),
        update(2, T0, Value::Text("=1+1".into())),
        update(2, T0 + 1, Value::Text("say \"hi\"\nall".into())),
        update(2, T0 + 2, Value::Text("".into())),
        update(3, T0 + 1_000_000, Value::Bool(true)),
    ];
    historian.append(&batch).unwrap();
    Plant {
        directory,
        historian,
        tags,
    }
}

impl Plant {
    fn plan(&self, options: ExportOptions) -> Result<ExportPlan, ExchangeError> {
        ExportPlan::new(options, self.tags.clone(), T0 + 86_400_000_000)
    }

    fn export(&self, options: ExportOptions) -> (Vec<u8>, ExportReport) {
        let plan = self.plan(options).unwrap();
        let mut out = Vec::new();
        let go_on = &mut |_: &crate::Progress| ControlFlow::Continue(());
        let scratch = self.directory.path();
        let report = write_to(&self.historian, &plan, &mut out, scratch, go_on).unwrap();
        (out, report)
    }

    fn text(&self, options: ExportOptions) -> String {
        String::from_utf8(self.export(options).0).unwrap()
    }
}

#[test]
fn a_row_of_csv_is_a_sample() {
    let found = plant().text(ExportOptions::default());
    assert_eq!(
        found,
        "path,time,value,quality,unit\r\n\
         a/temperature,2026-11-21T07:05:00.000000Z,21.5,Good,°C\r\n\
         a/temperature,2026-11-21T07:05:00.000001Z,,BadSensorFailure,°C\r\n\
         a/temperature,2026-11-21T07:05:01.000000Z,-2.0,Good,°C\r\n\
         a/count,2026-11-21T07:05:00.000000Z,-9223372036854775808,Good,\r\n\
         \"a/note, daily\",2026-11-21T07:05:00.000000Z,'=1+1,Good,\r\n\
         \"a/note, daily\",2026-11-21T07:05:00.000001Z,\"say \"\"hi\"\"\nall\",Good,\r\n\
         \"a/note, daily\",2026-11-21T07:05:00.000002Z,\"\",Good,\r\n\
         '=a/on,2026-11-21T07:05:01.000000Z,true,Good,\r\n"
    );
}

#[test]
fn csv_follows_the_habits_of_the_reader() {
    let options = ExportOptions {
        delimiter: Delimiter::Semicolon,
        decimal: Decimal::Comma,
        zone: "Europe/Berlin".into(),
        time: TimeStyle::Plain,
        quality: QualityStyle::Code,
        guard_formulas: false,
        ..ExportOptions::default()
    };
    let found = plant().text(options.clone());
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines[0], "path;time [Europe/Berlin];value;quality;unit");
    assert_eq!(
        lines[1],
        "a/temperature;2026-11-21 08:05:00.000000;21,5;0;°C"
    );
    assert_eq!(
        lines[2],
        "a/temperature;2026-11-21 08:05:00.000001;;2156658688;°C"
    );
    assert_eq!(lines[5], "a/note, daily;2026-11-21 08:05:00.000000;=1+1;0;");
    let found = plant().text(ExportOptions {
        header: false,
        quality: QualityStyle::None,
        time: TimeStyle::Micros,
        ..options
    });
    assert!(found.starts_with("a/temperature;1795244700000000;21,5;°C\r\n"));
}

#[test]
fn a_row_of_the_wide_layout_is_an_instant() {
    let options = ExportOptions {
        layout: Layout::Wide,
        ..ExportOptions::default()
    };
    assert_eq!(
        plant().text(options.clone()),
        "time,a/temperature,a/count,\"a/note, daily\",'=a/on\r\n\
         2026-11-21T07:05:00.000000Z,21.5,-9223372036854775808,'=1+1,\r\n\
         2026-11-21T07:05:00.000001Z,,,\"say \"\"hi\"\"\nall\",\r\n\
         2026-11-21T07:05:00.000002Z,,,\"\",\r\n\
         2026-11-21T07:05:01.000000Z,-2.0,,,true\r\n"
    );
    let found = plant().text(ExportOptions {
        quality: QualityStyle::Name,
        ..options
    });
    let lines: Vec<&str> = found.split("\r\n").collect();
    assert!(lines[0].starts_with("time,a/temperature,a/temperature [quality],"));
    assert_eq!(
        lines[2],
        "2026-11-21T07:05:00.000001Z,,BadSensorFailure,,,\"say \"\"hi\"\"\nall\",Good,,"
    );
}

#[test]
fn json_lines_keep_the_kind_of_values() {
    let options = ExportOptions {
        format: Format::Jsonl,
        ..ExportOptions::default()
    };
    let found = plant().text(options.clone());
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(
        lines[0],
        "{\"path\":\"a/temperature\",\"time\":\"2026-11-21T07:05:00.000000Z\",\"value\":21.5,\
         \"quality\":0,\"unit\":\"°C\"}"
    );
    assert!(lines[1].contains("\"value\":null,\"quality\":2156658688"));
    for line in &lines {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let packed = plant().export(ExportOptions {
        packing: crate::Packing::Zstd,
        ..options
    });
    assert_eq!(zstd::decode_all(&*packed.0).unwrap(), found.as_bytes());
}

#[test]
fn options_that_do_not_fit_are_named() {
    let plant = plant();
    let base = ExportOptions::default;
    for (options, want) in [
        (
            ExportOptions {
                packing: crate::Packing::Gzip,
                format: Format::Parquet,
                ..base()
            },
            "packing: Excel and Parquet",
        ),
        (
            ExportOptions {
                layout: Layout::Wide,
                format: Format::Jsonl,
                ..base()
            },
            "layout: only CSV and Excel",
        ),
        (
            ExportOptions {
                decimal: Decimal::Comma,
                ..base()
            },
            "decimal: a comma cannot stand",
        ),
        (
            ExportOptions {
                zone: "Mars/Olympus".into(),
                ..base()
            },
            "zone: \"Mars/Olympus\"",
        ),
        (
            ExportOptions {
                start_us: Some(5),
                end_us: Some(5),
                ..base()
            },
            "start_us: 5 must be before",
        ),
        (
            ExportOptions {
                end_us: Some(i64::MAX),
                ..base()
            },
            "end_us: 9223372036854775807; 0 to",
        ),
    ] {
        let error = plant.plan(options).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
    let none = ExportPlan::new(base(), Vec::new(), T0).unwrap_err();
    assert!(none.to_string().contains("selects no tag"));
}

#[test]
fn a_broken_output_ends_the_export_with_its_reason() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let plant = plant();
    for format in [Format::Csv, Format::Jsonl, Format::Parquet, Format::Xlsx] {
        let options = ExportOptions {
            format,
            ..ExportOptions::default()
        };
        let plan = plant.plan(options).unwrap();
        let go_on = &mut |_: &crate::Progress| ControlFlow::Continue(());
        let scratch = plant.directory.path();
        let error = write_to(&plant.historian, &plan, &mut Full, scratch, go_on).unwrap_err();
        assert!(
            matches!(error, ExchangeError::Output { .. }),
            "{format:?}: {error}"
        );
    }
}
