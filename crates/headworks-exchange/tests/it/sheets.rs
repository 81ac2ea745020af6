//! Files that people and other programs make: columns, encodings, times, rules.

use headworks_core::{Quality, Value};
use headworks_exchange::export::{Format, Layout};
use headworks_exchange::import::{Duplicates, NotANumber, TimeFormat, UnknownTags};
use headworks_exchange::{ExchangeError, ExportOptions, ImportOptions};

use crate::rig::{Rig, T0};

fn options() -> ImportOptions {
    ImportOptions {
        prefix: Some("plant".into()),
        ..ImportOptions::default()
    }
}

#[track_caller]
fn check(name: &str, bytes: impl AsRef<[u8]>, options: &ImportOptions, want: &[&str]) {
    let rig = Rig::new();
    let path = rig.write(name, bytes);
    let (report, errors) = rig
        .import(&path, options)
        .unwrap_or_else(|error| panic!("{}", error.describe()));
    assert_eq!(rig.rows(), want, "{report:#?}\n{errors}");
}

const AT: i64 = T0 / 1_000_000;

#[test]
fn files_of_other_programs_are_understood() {
    // 07:05:00 UTC is 08:05:00 in Berlin
    let want = ["plant/number,1795244700000000,21.5,Good"];
    let berlin = ImportOptions {
        zone: Some("Europe/Berlin".into()),
        ..options()
    };
    check(
        "wincc.csv",
        "\"VarName\";\"TimeString\";\"VarValue\";\"Validity\";\"Time_ms\"\r\n\
         \"number\";\"21.11.2026 08:05:00\";21,5;1;46347336805,5556\r\n",
        &berlin,
        &["plant/number,1795244700000000,21.5,0x00000001"],
    );
    check(
        "historian.csv",
        "TagName,DateTime,Value,OPCQuality\n\
         number,2026-11-21 07:05:00.000,21.5,192\n\
         number,2026-11-21 07:05:01.000,22,0\n",
        &options(),
        &[
            "plant/number,1795244700000000,21.5,Good",
            "plant/number,1795244701000000,,Bad",
        ],
    );
    check(
        "influx.csv",
        format!("_time,_value,_field\n{AT}000000000,21.5,number\n"),
        &options(),
        &want,
    );
    let single = ImportOptions {
        tag: Some("number".into()),
        ..options()
    };
    check(
        "grafana.csv",
        "\"Time\",\"Boiler\"\n2026-11-21 07:05:00,21.5\n",
        &single,
        &want,
    );
    check(
        "two.csv",
        "Datum;Zeit;Messstelle;Wert\n21.11.2026;08:05:00;number;21,5\n",
        &berlin,
        &want,
    );
    check(
        "titled.csv",
        "Report of the day\n\nTag\tTimestamp (UTC)\tReading\n\
         number\t2026-11-21T07:05:00Z\t21.5\n",
        &options(),
        &want,
    );
    check(
        "bare.csv",
        "plant/number,2026-11-21T07:05:00Z,21.5\n",
        &ImportOptions::default(),
        &want,
    );
}

#[test]
fn names_encodings_and_json_lines_are_understood() {
    let want = ["plant/number,1795244700000000,21.5,Good"];
    let named = ImportOptions {
        names: Some(r#"{"TT-101":"plant/number"}"#.into()),
        ..ImportOptions::default()
    };
    check(
        "mapped.csv",
        format!("tag,ts,value\nTT-101,{AT},21.5\n"),
        &named,
        &want,
    );
    check(
        "rows.jsonl",
        format!("{{\"sensor\":\"number\",\"ts\":{AT}000,\"v\":21.5}}\n"),
        &options(),
        &want,
    );
    let text = "tag,time,value\nnumber,2026-11-21T07:05:00Z,21.5\n";
    let utf16: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    check("utf16.csv", utf16, &options(), &want);
}

#[test]
fn a_column_per_tag_is_understood() {
    let wide = "time,number,count,on,text\n\
                2026-11-21T07:05:00Z,21.5,7,true,warm\n\
                2026-11-21T07:05:01Z,,8,,\n";
    check(
        "wide.csv",
        wide,
        &options(),
        &[
            "plant/number,1795244700000000,21.5,Good",
            "plant/count,1795244700000000,7,Good",
            "plant/count,1795244701000000,8,Good",
            "plant/on,1795244700000000,true,Good",
            "plant/text,1795244700000000,warm,Good",
        ],
    );
}

#[test]
fn day_and_month_are_asked_for_when_nobody_can_tell() {
    let rig = Rig::new();
    let text = "tag,time,value\nnumber,03/04/2026 00:00:00,1\nnumber,04/04/2026 00:00:00,2\n";
    let path = rig.write("ambiguous.csv", text);
    let error = rig.import(&path, &options()).unwrap_err();
    assert!(
        matches!(
            &error,
            ExchangeError::Question {
                option: "time_format",
                ..
            }
        ),
        "{error}"
    );
    assert!(rig.rows().is_empty());
    for (format, first_us) in [
        (TimeFormat::DayFirst, 1_775_174_400_000_000_i64),
        (TimeFormat::MonthFirst, 1_772_582_400_000_000),
    ] {
        let rig = Rig::new();
        let path = rig.write("ambiguous.csv", text);
        let told = ImportOptions {
            time_format: Some(format),
            ..options()
        };
        let (report, _) = rig.import(&path, &told).unwrap();
        assert_eq!(report.first_us, Some(first_us));
    }
    let clear = text.replace("04/04", "14/04");
    check(
        "clear.csv",
        clear,
        &options(),
        &[
            "plant/number,1775174400000000,1.0,Good",
            "plant/number,1776124800000000,2.0,Good",
        ],
    );
}

#[test]
fn hours_of_the_clock_change_are_told_apart_and_reported() {
    let rig = Rig::new();
    let text = "tag;time [Europe/Berlin];value\n\
                number;2026-10-25 01:30:00;1\nnumber;2026-10-25 02:30:00;2\n\
                number;2026-10-25 02:30:00;3\nnumber;2026-10-25 03:30:00;4\n\
                number;2026-03-29 02:30:00;5\n";
    let path = rig.write("change.csv", text);
    let (report, errors) = rig.import(&path, &options()).unwrap();
    let change = 1_792_890_000_000_000_i64;
    let hour = 3_600_000_000;
    let times = [
        change - hour * 3 / 2,
        change - hour / 2,
        change + hour / 2,
        change + hour * 3 / 2,
    ];
    let want: Vec<String> = (1..)
        .zip(times)
        .map(|(value, time)| format!("plant/number,{time},{value}.0,Good"))
        .collect();
    assert_eq!(rig.rows(), want);
    assert_eq!(report.row_errors, 1);
    assert!(
        errors.contains("6,time [Europe/Berlin],2026-03-29 02:30:00"),
        "{errors}"
    );
    assert!(errors.contains("went forward"), "{errors}");
    let told = |found: &headworks_exchange::import::Finding| found.message.contains("twice");
    assert!(report.findings.iter().any(told), "{:?}", report.findings);
}

#[test]
fn rows_that_cannot_be_taken_are_listed_and_the_others_stored() {
    let rig = Rig::new();
    let path = rig.write(
        "errors.csv",
        "tag,time,value,quality\n\
         number,2026-11-21T07:05:00Z,21.5,Good\n\
         number,1969-12-31T23:59:59Z,1,\n\
         number,2101-01-01T00:00:00Z,1,\n\
         number,2027-12-31T00:00:00Z,1,\n\
         number,2026-11-21T07:05:01Z,warm,\n\
         number,2026-11-21T07:05:02Z,NaN,\n\
         number,2026-11-21T07:05:03Z,,Good\n\
         number,2026-11-21T07:05:04Z,1,perhaps\n\
         count,2026-11-21T07:05:05Z,1.5,\n\
         on,2026-11-21T07:05:06Z,2,\n\
         number,yesterday,1,\n\
         number\n",
    );
    let (report, errors) = rig.import(&path, &options()).unwrap();
    assert_eq!(rig.rows(), ["plant/number,1795244700000000,21.5,Good"]);
    assert_eq!((report.rows, report.row_errors), (12, 11));
    for want in [
        "3,time,1969-12-31T23:59:59Z,a time outside the years 1970 to 2099",
        "4,time,2101-01-01T00:00:00Z,a time outside",
        "5,time,2027-12-31T00:00:00Z,a time more than a day in the future",
        "6,value,warm,\"\"\"warm\"\" where a number is needed\"",
        "7,value,NaN,NaN is no number",
        "8,value,\"\",\"no value, and no quality that says bad\"",
        "9,quality,perhaps,",
        "10,value,1.5,1.5 where a whole number is needed",
        "11,value,2,",
        "12,time,yesterday,",
        "13,time,\"\",no time",
    ] {
        assert!(errors.contains(want), "{want} is not in\n{errors}");
    }
    let lenient = ImportOptions {
        not_a_number: NotANumber::Bad,
        ..options()
    };
    let rig = Rig::new();
    let path = rig.write(
        "nan.csv",
        "tag,time,value\nnumber,2026-11-21T07:05:02Z,NaN\n",
    );
    rig.import(&path, &lenient).unwrap();
    assert_eq!(
        rig.rows(),
        ["plant/number,1795244702000000,,BadSensorFailure"]
    );
}

#[test]
fn unknown_tags_are_refused_whole_or_left_out_and_listed() {
    let rig = Rig::new();
    let path = rig.write(
        "unknown.csv",
        "tag,time,value\nnumber,2026-11-21T07:05:00Z,1\nnobody,2026-11-21T07:05:00Z,1\n",
    );
    let error = rig.import(&path, &options()).unwrap_err().to_string();
    assert!(
        error.contains("1 tags do not exist: plant/nobody;"),
        "{error}"
    );
    assert!(rig.rows().is_empty(), "nothing of a refused file is stored");
    let skip = ImportOptions {
        unknown_tags: UnknownTags::Skip,
        ..options()
    };
    let (report, _) = rig.import(&path, &skip).unwrap();
    assert_eq!((report.stored, report.unknown_samples), (1, 1));
    assert_eq!(report.unknown_tags[0].name, "nobody");
    assert_eq!(report.unknown_tags[0].path, "plant/nobody");
}

#[test]
fn samples_that_are_there_follow_the_rule_for_duplicates() {
    let file = "tag,time,value\nnumber,2026-11-21T07:05:00Z,1\nnumber,2026-11-21T07:05:01Z,2\n\
                number,2026-11-21T07:05:01Z,3\n";
    for (duplicates, want) in [
        (Duplicates::Overwrite, Some(["1.0", "3.0"])),
        (Duplicates::KeepExisting, Some(["9.0", "2.0"])),
        (Duplicates::Refuse, None),
    ] {
        let rig = Rig::new();
        rig.give(0, T0, Value::F64(9.0));
        let path = rig.write("twice.csv", file);
        let told = ImportOptions {
            duplicates,
            ..options()
        };
        let outcome = rig.import(&path, &told);
        match want {
            Some(values) => {
                outcome.unwrap();
                let rows = [
                    format!("plant/number,1795244700000000,{},Good", values[0]),
                    format!("plant/number,1795244701000000,{},Good", values[1]),
                ];
                assert_eq!(rig.rows(), rows);
            }
            None => {
                let error = outcome.unwrap_err().to_string();
                assert!(error.contains("2 samples have the time"), "{error}");
                assert_eq!(rig.rows().len(), 1);
            }
        }
    }
}

#[test]
fn a_dry_run_stores_nothing_and_shows_the_first_rows() {
    let rig = Rig::new();
    let path = rig.write(
        "dry.csv",
        "tag;time;value\nnumber;2026-11-21 07:05:00;1,5\nnobody;2026-11-21 07:05:00;2\n",
    );
    let dry = ImportOptions {
        dry_run: true,
        ..options()
    };
    let (report, _) = rig.import(&path, &dry).unwrap();
    assert!(report.dry_run && report.stored == 0 && rig.rows().is_empty());
    assert_eq!((report.samples, report.unknown_samples), (1, 1));
    assert_eq!(report.delimiter.as_deref(), Some(";"));
    let row = &report.preview[0];
    assert_eq!((row.line, row.time_us), (2, T0));
    assert_eq!(row.value, Some(Value::F64(1.5)));
    let options: Vec<_> = report
        .findings
        .iter()
        .filter_map(|found| found.option)
        .collect();
    assert_eq!(options, ["zone", "decimal"]);
}

#[test]
fn excel_files_come_back_with_their_numbers_and_dates() {
    for layout in [Layout::Long, Layout::Wide] {
        for zone in ["UTC", "Europe/Berlin"] {
            let rig = Rig::new();
            for at in 0..50 {
                rig.give(0, T0 + at * 1_234_567, Value::F64(at as f64 / 7.0));
                rig.give(1, T0 + at * 1_234_567, Value::I64(at - 25));
            }
            rig.give(1, T0 + 1, Value::I64(i64::MAX));
            rig.give(2, T0 + 1, Value::Bool(true));
            rig.give(3, T0 + 2, Value::Text("=1+1".into()));
            if layout == Layout::Long {
                rig.give_bad(0, T0 + 3, Quality::BAD_NO_DATA);
            }
            let path = rig.file("book.xlsx");
            let options = ExportOptions {
                format: Format::Xlsx,
                layout,
                zone: zone.into(),
                ..ExportOptions::default()
            };
            rig.export(options, &path);
            let target = Rig::new();
            let (report, errors) = target.import(&path, &ImportOptions::default()).unwrap();
            assert_eq!(report.row_errors, 0, "{errors}");
            assert_eq!(report.zone, zone);
            assert_eq!(target.rows(), rig.rows(), "{layout:?} {zone}");
        }
    }
}
