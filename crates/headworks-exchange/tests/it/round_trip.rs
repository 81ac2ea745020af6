//! What is exported comes back, to the last digit.

use std::ops::ControlFlow;

use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use headworks_exchange::export::{self, Delimiter, Format, QualityStyle, TimeStyle};
use headworks_exchange::{ExportOptions, ExportPlan, ImportOptions, Packing};
use proptest::prelude::*;

use crate::rig::{Rig, T0};

fn value_of(tag: u32) -> BoxedStrategy<Value> {
    match tag {
        0 => any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(Value::F64)
            .boxed(),
        1 => any::<i64>().prop_map(Value::I64).boxed(),
        2 => any::<bool>().prop_map(Value::Bool).boxed(),
        _ => "[ -~\n\r\t'\"=+@;,°€𝄞]{0,12}"
            .prop_map(|text| Value::Text(text.as_str().into()))
            .boxed(),
    }
}

fn quality() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => Just(0),
        1 => Just(Quality::BAD_NO_COMMUNICATION.code()),
        1 => Just(Quality::UNCERTAIN_LAST_USABLE.code()),
        1 => any::<u32>().prop_filter("no code of OPC Classic", |code| !(1..256).contains(code)),
    ]
}

fn sample() -> impl Strategy<Value = Update> {
    (0u32..4).prop_flat_map(|tag| {
        let time = T0..T0 + 40_000_000;
        (Just(tag), time, value_of(tag), quality()).prop_map(|(tag, time_us, value, code)| {
            let quality = Quality::from_code(code);
            let value = (!quality.is_bad()).then_some(value);
            Update {
                tag: TagIndex(tag),
                sample: Sample {
                    time_us,
                    value,
                    quality,
                },
            }
        })
    })
}

fn options() -> Vec<(&'static str, ExportOptions)> {
    let base = ExportOptions::default;
    vec![
        ("plain.csv", base()),
        (
            "german.csv",
            ExportOptions {
                delimiter: Delimiter::Semicolon,
                decimal: export::Decimal::Comma,
                zone: "Europe/Berlin".into(),
                quality: QualityStyle::Code,
                ..base()
            },
        ),
        (
            "micros.csv.gz",
            ExportOptions {
                packing: Packing::Gzip,
                time: TimeStyle::Micros,
                delimiter: Delimiter::Tab,
                ..base()
            },
        ),
        (
            "lines.jsonl",
            ExportOptions {
                format: Format::Jsonl,
                ..base()
            },
        ),
        (
            "lines.jsonl.zst",
            ExportOptions {
                format: Format::Jsonl,
                packing: Packing::Zstd,
                time: TimeStyle::Micros,
                zone: "America/St_Johns".into(),
                quality: QualityStyle::Name,
                ..base()
            },
        ),
        (
            "table.parquet",
            ExportOptions {
                format: Format::Parquet,
                ..base()
            },
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn export_import_export_is_the_same_to_the_byte(
        samples in prop::collection::vec(sample(), 1..60),
    ) {
        let source = Rig::new();
        source.give_all(&samples);
        for (name, options) in options() {
            let first = source.file(name);
            source.export(options.clone(), &first);
            let target = Rig::new();
            let (report, errors) = target
                .import(&first, &ImportOptions::default())
                .unwrap_or_else(|error| panic!("{name}: {}", error.describe()));
            prop_assert_eq!(report.row_errors, 0, "{}: {}", name, errors);
            let second = target.file(name);
            target.export(options, &second);
            let (first, second) = (std::fs::read(&first), std::fs::read(&second));
            prop_assert_eq!(first.unwrap(), second.unwrap(), "{}", name);
        }
    }
}

#[test]
fn an_interrupted_export_goes_on_after_its_checkpoint() {
    let rig = Rig::new();
    // about 60 bytes a row, so that there are a few checkpoints of 32 MiB
    let rows = 1_500_000;
    for start in (0..rows).step_by(50_000) {
        let sample = |at: i64| Update {
            tag: TagIndex(0),
            sample: Sample::good(T0 + at * 1000, Value::F64(at as f64 / 8.0)),
        };
        let batch: Vec<Update> = (start..start + 50_000).map(sample).collect();
        rig.give_all(&batch);
    }
    let whole = rig.file("whole.csv");
    rig.export(ExportOptions::default(), &whole);
    for packing in [Packing::None, Packing::Zstd] {
        let options = ExportOptions {
            packing,
            ..ExportOptions::default()
        };
        let now_us = T0 + 366 * 86_400_000_000;
        let plan = ExportPlan::new(options, rig.tags.clone(), now_us).unwrap();
        let path = rig.file(&format!("part{}", plan.extension()));
        let mut told = 0;
        let stopped = export::write_file(&rig.historian, &plan, &path, &mut |progress| {
            told = progress.rows;
            if 1_400_000 < told {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        assert!(stopped.is_err() && !path.exists(), "{packing:?}");
        let go_on = &mut crate::rig::go_on;
        let report = export::write_file(&rig.historian, &plan, &path, go_on).unwrap();
        assert_eq!(report.rows, rows as u64, "{packing:?}");
        if packing == Packing::None {
            assert!(500_000 < report.resumed_rows, "{report:?}");
        }
        let mut unpacked = Vec::new();
        let file = std::fs::File::open(&path).unwrap();
        std::io::Read::read_to_end(&mut packing.unpack(file).unwrap(), &mut unpacked).unwrap();
        assert!(
            unpacked == std::fs::read(&whole).unwrap(),
            "{packing:?} differs"
        );
        assert!(
            !rig.file(&format!("part{}.resume", plan.extension()))
                .exists()
        );
    }
}
