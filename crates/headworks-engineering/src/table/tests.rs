use headworks_core::Pattern;
use headworks_core::model::ObjectId;
use headworks_hub::Plant;

use super::*;
use crate::plan::Plan;

fn new_id() -> impl FnMut() -> ObjectId {
    let mut number = 0_u128;
    move || {
        number += 1;
        ObjectId(uuid::Uuid::from_u128(number))
    }
}

fn read_empty(bytes: &[u8]) -> Result<Plan, TableError> {
    read(
        bytes,
        &Plant::default(),
        &ReadOptions::default(),
        &mut new_id(),
    )
}

#[test]
fn no_two_columns_share_a_name() {
    let mut seen = std::collections::HashMap::new();
    for column in &COLUMNS {
        assert_eq!(COLUMNS[column.field as usize].name, column.name);
        let aliases = column.aliases.iter().map(|alias| alias.name);
        for name in aliases.chain([column.name]) {
            let other = seen.insert(name.to_lowercase(), column.name);
            assert!(other.is_none_or(|other| other == column.name), "{name}");
            assert_eq!(columns::find(name), Some(column.field), "{name}");
        }
    }
    assert_eq!(columns::find("Period-MS"), Some(columns::Field::PeriodMs));
    assert_eq!(columns::find("colour"), None);
}

#[test]
fn the_page_holds_the_reference_of_the_columns() {
    let page = include_str!("../../../../docs/onboarding/tag-table.md");
    assert!(
        page.contains(&reference()),
        "put this into the page:\n{}",
        reference()
    );
}

#[test]
fn an_empty_plant_is_a_header() {
    let everything: Pattern = "**".parse().unwrap();
    let csv = String::from_utf8(write_csv(&Plant::default(), &everything)).unwrap();
    assert!(
        csv.starts_with("path,device,name,address,formula,data_type,order,"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 1);
    let book = write_xlsx(&Plant::default(), &everything).unwrap();
    let error = read_empty(&book).unwrap_err().to_string();
    assert!(error.contains("a header and no rows"), "{error}");
}

#[track_caller]
fn check_refused(bytes: &[u8], want: &str) {
    let error = read_empty(bytes).unwrap_err().to_string();
    assert!(error.contains(want), "{error}");
}

#[test]
fn what_is_no_table_is_refused_with_the_reason() {
    check_refused(b"", "it is empty");
    check_refused(b"\r\n\r\n", "no header of a tag table");
    check_refused(b"device,name\n", "a header and no rows");
    check_refused(b"hello\nworld\n", "begins with \"hello\"");
    check_refused(b"name,address\na,HR1\n", "no `device`");
    check_refused(b"name,device,Tag Name\na,b,c\n", "two columns say `name`");
    check_refused(&[0; 5000], "no header of a tag table");
    check_refused(b"PK\x03\x04 cut off", "damaged or cut off");
    check_refused(
        format!("device,name{}\n", ",x".repeat(1_000_000)).as_bytes(),
        "row of more than",
    );
    let wide = format!("device,name\na,{}\n", "x".repeat(200 << 20));
    check_refused(wide.as_bytes(), "a row of more than 1024 KiB");
    let many = format!("device,name\n{}", "a,b\n".repeat(ROWS_MAX + 1));
    check_refused(many.as_bytes(), "more than 200000 rows");
}

#[test]
fn a_device_that_does_not_exist_is_named_in_every_row() {
    let plan = read_empty(b"device,name,address\na,b,HR1\na,c,HR2\n").unwrap();
    assert_eq!(plan.error_count(), 2);
    let error = &plan.errors()[1];
    assert_eq!(
        (error.row, &*error.column, &*error.value),
        (Some(3), "device", "a")
    );
    assert!(error.reason.contains("create_devices"), "{}", error.reason);
    let plan = read_empty(b"path,address\na/b,HR1\n").unwrap();
    assert!(
        plan.errors()[0]
            .reason
            .contains("no device with the path \"a\"")
    );
}

#[test]
fn errors_are_counted_beyond_those_that_are_kept() {
    let rows = "a,b,HR1\n".repeat(5_000);
    let plan = read_empty(format!("device,name,address\n{rows}").as_bytes()).unwrap();
    assert_eq!((plan.error_count(), plan.errors().len()), (5_000, 1_000));
}

#[test]
fn cells_are_read_as_people_and_programs_write_them() {
    use headworks_exchange::sheet::Decimal;
    let device = ObjectId(uuid::Uuid::nil());
    let mut tag = crate::plan::bare_tag(device, "t".parse().unwrap());
    let mut set = |name: &str, text: &str| {
        let field = columns::find(name).unwrap();
        cells::set(&mut tag, field, text, Decimal::Comma)
    };
    for (name, text, want) in [
        ("type", "DWord", true),
        ("type", "FLOAT32-IEEE", true),
        ("type", "int17", false),
        ("byte_order", "cdab", true),
        ("byte_order", "ACBD", false),
        ("factor", "0,1", true),
        ("factor", "0.1", false),
        ("factor", "1e999", false),
        ("invalid", "32768; -1", true),
        ("invalid", "a", false),
        ("Client Access", "R/W", true),
        ("Client Access", "perhaps", false),
        ("decimals", "256", false),
        ("period_ms", "1.5", false),
        ("enabled", "nein", true),
        ("unit", "k\0W", false),
        ("description", "two\nlines", true),
    ] {
        let outcome = set(name, text);
        assert_eq!(outcome.is_ok(), want, "{name} {text:?}: {outcome:?}");
    }
    assert_eq!(tag.data_type, headworks_core::DataType::Float32);
    assert_eq!((tag.scale, tag.writable, tag.enabled), (0.1, true, false));
    assert_eq!(tag.invalid, [32768, -1]);
}

mod properties {
    use headworks_core::model::{ObjectBody, Tag, TagValidation};
    use headworks_core::{ByteOrder, DataType};
    use headworks_exchange::sheet::Decimal;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![Just(0.1), Just(-273.15), any::<f64>()]
            .prop_filter("finite", |number| number.is_finite())
    }

    fn positive() -> impl Strategy<Value = f64> {
        number()
            .prop_map(f64::abs)
            .prop_filter("above 0", |number| 0.0 < *number)
    }

    prop_compose! {
        fn rules()(
            max_step in option::of(positive()),
            max_rate_per_s in option::of(positive()),
            freeze_s in option::of(1_u32..1000),
            expected_period_ms in option::of(10_u32..1000),
            by_exception in any::<bool>(),
        ) -> TagValidation {
            TagValidation { max_step, max_rate_per_s, freeze_s, expected_period_ms, by_exception }
        }
    }

    prop_compose! {
        fn tag()(
            at in (0..DataType::ALL.len(), option::of(0..ByteOrder::ALL.len())),
            (scale, offset, min) in (number(), number(), option::of(number())),
            // blanks around a cell are no part of it
            unit in "[!-~°µäΩ²€]([ -~°µ]{0,6}[!-~°µäΩ²€])?|",
            description in "[ -~äß€\\n;,\"'=+@-]{0,20}",
            invalid in prop::collection::vec(any::<i64>(), 0..8),
            decimals in option::of(0_u8..=9),
            period_ms in option::of(10_u32..3_600_000),
            flags in any::<[bool; 3]>(),
            validation in rules(),
        ) -> Tag {
            let nobody = ObjectId(uuid::Uuid::nil());
            Tag {
                address: "HR0".into(),
                data_type: DataType::ALL[at.0],
                order: at.1.map(|at| ByteOrder::ALL[at]),
                // The sign of a zero is no difference.
                scale: if scale == 0.0 { 1.0 } else { scale },
                offset: offset + 0.0,
                min: min.map(|min| min + 0.0),
                unit, description, invalid, decimals, period_ms, validation,
                enabled: flags[0], writable: flags[1], history: flags[2],
                ..crate::plan::bare_tag(nobody, "t".parse().unwrap())
            }
        }
    }

    proptest! {
        #[test]
        fn a_tag_comes_back_from_its_cells(tag in tag()) {
            prop_assume!(tag.check().is_ok());
            let mut back = crate::plan::bare_tag(tag.device, tag.name.clone());
            for column in &COLUMNS {
                let cell = cells::get(&tag, column.field);
                let outcome = cells::set(&mut back, column.field, &cell, Decimal::Point);
                prop_assert_eq!(outcome, Ok(()), "{}", column.name);
            }
            prop_assert_eq!(back, tag);
        }
    }
}

#[test]
fn a_row_with_more_cells_than_the_header_is_refused() {
    let plan = read_empty(b"device,name,description\nm,t,left, upper side\nm,u,fine,,\n").unwrap();
    let errors: Vec<(Option<u64>, &str)> = plan
        .errors()
        .iter()
        .filter(|error| error.column.is_empty())
        .map(|error| (error.row, error.reason.as_str()))
        .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, Some(2));
    assert!(
        errors[0].1.contains("4 cells and the header 3"),
        "{errors:?}"
    );
}
