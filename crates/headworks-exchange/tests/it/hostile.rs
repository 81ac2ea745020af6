//! Files that are damaged, cut off, or made to hurt.

use std::io::Write;

use headworks_core::Value;
use headworks_exchange::export::Format;
use headworks_exchange::{ExportOptions, ImportOptions, Packing};

use crate::rig::{Rig, T0};

#[track_caller]
fn check_refused(name: &str, bytes: &[u8], want: &str) {
    let rig = Rig::new();
    let path = rig.write(name, bytes);
    let error = rig.import(&path, &ImportOptions::default()).unwrap_err();
    assert!(
        error.describe().contains(want),
        "{name}: {}",
        error.describe()
    );
    assert!(rig.rows().is_empty(), "{name}: something was stored");
}

fn filled() -> Rig {
    let rig = Rig::new();
    for at in 0..2_000 {
        rig.give(0, T0 + at * 1_000_000, Value::F64(at as f64 / 3.0));
    }
    rig
}

#[test]
fn wrong_and_foreign_files_are_named() {
    check_refused("empty.csv", b"", "it is empty");
    check_refused(
        "old.xls",
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest",
        "before 2007",
    );
    check_refused("report.pdf", b"%PDF-1.7\n", "a PDF");
    check_refused("noise.xlsx", b"PK\x03\x04rest", "damaged or cut off");
    check_refused("noise.parquet", b"PAR1restPAR1", "damaged or cut off");
    check_refused(
        "list.json",
        b"[{\"tag\":\"a\",\"time\":1,\"value\":1}]",
        "one object per line",
    );
    check_refused("header.csv", b"path,time,value\n", "no rows");
    check_refused(
        "prose.txt",
        b"dear sirs,\nplease find attached\n",
        "time_column",
    );
    let rig = Rig::new();
    let path = rig.write(
        "a.csv",
        "path,time,value\nplant/number,2026-11-21T07:05:00Z,1\n",
    );
    for (format, want) in [
        (Format::Parquet, "not those of a Parquet file"),
        (Format::Xlsx, "not those of an Excel file"),
    ] {
        let options = ImportOptions {
            format: Some(format),
            ..ImportOptions::default()
        };
        let error = rig.import(&path, &options).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn a_compressed_file_that_breaks_off_is_refused_whole() {
    let rig = filled();
    for packing in [Packing::Gzip, Packing::Zstd] {
        let path = rig.file("whole");
        let options = ExportOptions {
            packing,
            ..ExportOptions::default()
        };
        rig.export(options, &path);
        let whole = std::fs::read(&path).unwrap();
        for part in [whole.len() - 1, whole.len() / 2, 30] {
            let target = Rig::new();
            let path = target.write("cut", &whole[..part]);
            let error = target.import(&path, &ImportOptions::default()).unwrap_err();
            let error = error.describe();
            assert!(
                error.contains("ends early") || error.contains("damaged"),
                "{packing:?} {part}: {error}"
            );
            assert!(target.rows().is_empty(), "{packing:?} {part}");
        }
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x10;
        let target = Rig::new();
        let path = target.write("flipped", &flipped);
        assert!(target.import(&path, &ImportOptions::default()).is_err());
        assert!(target.rows().is_empty(), "{packing:?}");
    }
}

#[test]
fn parquet_and_excel_files_that_break_off_are_refused() {
    let rig = filled();
    for format in [Format::Parquet, Format::Xlsx] {
        let path = rig.file("whole");
        let options = ExportOptions {
            format,
            ..ExportOptions::default()
        };
        rig.export(options, &path);
        let whole = std::fs::read(&path).unwrap();
        for part in [whole.len() - 1, whole.len() / 2, 100] {
            let target = Rig::new();
            let path = target.write("cut", &whole[..part]);
            let error = target.import(&path, &ImportOptions::default()).unwrap_err();
            assert!(
                error.describe().contains("damaged or cut off"),
                "{format:?} {part}: {error}"
            );
            assert!(target.rows().is_empty(), "{format:?} {part}");
        }
    }
}

#[test]
fn flipped_bytes_never_end_the_program() {
    let rig = filled();
    for format in [Format::Parquet, Format::Xlsx, Format::Csv, Format::Jsonl] {
        let path = rig.file("whole");
        let options = ExportOptions {
            format,
            ..ExportOptions::default()
        };
        rig.export(options, &path);
        let whole = std::fs::read(&path).unwrap();
        let target = Rig::new();
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        for step in 0..60 {
            let mut bytes = whole.clone();
            let at = (step * 7_919 + whole.len() * step / 61) % whole.len();
            bytes[at] ^= 0xFF;
            let path = target.write("flipped", &bytes);
            let options = ImportOptions {
                dry_run: true,
                ..ImportOptions::default()
            };
            // Any answer is right, as long as there is one.
            drop(target.import(&path, &options));
        }
        std::panic::set_hook(hook);
    }
}

#[test]
fn endless_cells_lines_and_depths_are_refused() {
    let head = "path,time,value\nplant/text,2026-11-21T07:05:00Z,";
    let mut long = head.as_bytes().to_vec();
    long.resize(10 << 20, b'x');
    check_refused("cell.csv", &long, "a row of more than 1024 KiB");
    let mut quoted = format!("{head}\"").into_bytes();
    quoted.resize(10 << 20, b'x');
    check_refused("quote.csv", &quoted, "a quote that is not closed");
    let mut line = b"{\"path\":\"".to_vec();
    line.resize(10 << 20, b'x');
    check_refused("line.jsonl", &line, "a line of more than 1024 KiB");
    let rig = Rig::new();
    let deep = format!(
        "{{\"path\":\"plant/number\",\"time_us\":{T0},\"value\":1}}\n{{\"value\":{}\n",
        "[".repeat(500_000)
    );
    let path = rig.write("deep.jsonl", deep);
    let (report, errors) = rig.import(&path, &ImportOptions::default()).unwrap();
    assert_eq!((report.stored, report.row_errors), (1, 1), "{errors}");
    let text = format!(
        "{head}{}\n{}\n",
        "x".repeat(70_000),
        &head[16..].replace("07:05", "07:06")
    );
    let path = rig.write(
        "text.csv",
        format!("{text}short\n").replace(",\nshort", ",short"),
    );
    let (report, errors) = rig.import(&path, &ImportOptions::default()).unwrap();
    assert_eq!((report.stored, report.row_errors), (1, 1), "{errors}");
    assert!(errors.contains("more than 64 KiB"));
}

#[test]
fn a_bomb_in_an_excel_file_is_found_before_it_is_read() {
    let rig = Rig::new();
    let path = rig.file("bomb.xlsx");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let deflated = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    zip.start_file("xl/sharedStrings.xml", deflated).unwrap();
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..80 {
        zip.write_all(&zeros).unwrap();
    }
    zip.finish().unwrap();
    let error = rig
        .import(&path, &ImportOptions::default())
        .unwrap_err()
        .describe();
    assert!(
        error.contains("sharedStrings.xml grows to more than 64 MiB"),
        "{error}"
    );
}
