use super::*;

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let sheet = Sheet::open(bytes, None).unwrap();
    let mut rows = Vec::new();
    sheet
        .read(&mut |row| {
            let cells = (0..row.cells()).map(|at| row.text(at).unwrap().into_owned());
            rows.push(cells.collect());
            ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

#[test]
fn every_encoding_and_delimiter_gives_the_same_rows() {
    let want = vec![vec!["name", "Wärme"], vec!["a", "two\nlines"]];
    for delimiter in [";", ",", "\t"] {
        let text = format!("name{delimiter}Wärme\r\na{delimiter}\"two\nlines\"\r\n");
        let utf16 = |bytes: fn(u16) -> [u8; 2]| {
            let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
            units.flat_map(bytes).collect::<Vec<u8>>()
        };
        let latin: Vec<u8> = text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect();
        let mark = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        for bytes in [
            text.clone().into_bytes(),
            mark,
            latin,
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ] {
            assert_eq!(rows(&bytes), want, "{delimiter:?} {bytes:?}");
        }
    }
}

#[test]
fn a_decimal_comma_shows_in_the_columns_of_numbers_only() {
    let bytes = "text;number\n1,5;2\nx;0,1\n".as_bytes();
    let sheet = Sheet::open(bytes, None).unwrap();
    assert_eq!(sheet.decimal(&[1]).unwrap(), Decimal::Comma);
    let sheet = Sheet::open("text;number\n1,5;2\n".as_bytes(), None).unwrap();
    assert_eq!(sheet.decimal(&[1]).unwrap(), Decimal::Point);
}

#[test]
fn a_guarded_formula_is_the_text_it_was() {
    assert_eq!(rows(b"a,b\n'=1+1,'x\n")[1], ["=1+1", "'x"]);
}

#[test]
fn what_is_no_table_is_refused_with_what_it_is() {
    for (bytes, want) in [
        (&b""[..], "it is empty"),
        (b"PAR1....", "Parquet"),
        (b"%PDF-1.4", "PDF"),
        (b"\xD0\xCF\x11\xE0....", "before 2007"),
    ] {
        let error = Sheet::open(bytes, None).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn thousands_between_commas_are_no_decimal_commas() {
    let decimal = |file: &str| {
        let sheet = Sheet::open(file.as_bytes(), None).unwrap();
        sheet.decimal(&[1]).unwrap()
    };
    for number in ["1,234", "-12,345,678"] {
        let file = format!("name,scale\na,\"{number}\"\n");
        assert_eq!(decimal(&file), Decimal::Point, "{number}");
    }
    assert_eq!(
        decimal("name,scale\na,\"0,5\"\nb,\"1,234\"\n"),
        Decimal::Comma
    );
    assert_eq!(decimal("name;scale\na;1,234\n"), Decimal::Comma);
}
