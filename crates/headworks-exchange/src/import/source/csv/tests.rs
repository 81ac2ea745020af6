use std::ops::ControlFlow;

use super::*;

/// Gives at most three bytes at a time.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.len().min(3).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn rows(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, String> {
    let read_all = |reader: &mut dyn Read| {
        let mut rows = Vec::new();
        read(reader, b',', &mut |record| {
            let cells = (0..record.cells.len()).map(|at| record.shown(at)).collect();
            rows.push((record.line, cells));
            Ok(ControlFlow::Continue(()))
        })
        .map_err(|error| error.to_string())?;
        Ok::<_, String>(rows)
    };
    let whole = read_all(&mut &*text);
    assert_eq!(read_all(&mut Drip(text)), whole, "in small pieces");
    whole
}

#[track_caller]
fn check(text: &str, want: &[(u64, &[&str])]) {
    let want: Vec<(u64, Vec<String>)> = want
        .iter()
        .map(|(line, cells)| (*line, cells.iter().map(|&cell| cell.to_owned()).collect()))
        .collect();
    assert_eq!(rows(text.as_bytes()).unwrap(), want);
}

#[test]
fn rows_and_cells_are_those_of_rfc_4180() {
    check("a,b\r\n1,2\r\n", &[(1, &["a", "b"]), (2, &["1", "2"])]);
    check("a,b\n1,2", &[(1, &["a", "b"]), (2, &["1", "2"])]);
    check(
        "\"a,\"\"x\"\"\",\"two\nlines\"\nnext,\n",
        &[(1, &["a,\"x\"", "two\nlines"]), (3, &["next", ""])],
    );
    check("\n\n a ,\"\"\n\n", &[(3, &[" a ", ""])]);
    check("5\" pipe,x\n", &[(1, &["5\" pipe", "x"])]);
    check("", &[]);
}

#[test]
fn what_is_damaged_is_named_by_its_line() {
    assert_eq!(
        rows(b"a,b\n\"open,1\n2,3\n").unwrap_err(),
        "line 2: the file ends inside a quoted cell; it was cut off, or a quote is not closed"
    );
    check(
        "\"a\"b,c\n",
        &[(1, &["(characters behind the closing quote)", "c"])],
    );
    let found = rows(b"a,\xFF\n").unwrap();
    assert_eq!(found[0].1[1], "(not UTF-8; say the encoding)");
}

#[test]
fn endless_rows_and_columns_are_refused() {
    let mut long = b"a,b\n\"".to_vec();
    long.resize(10 << 20, b'x');
    let error = read(&*long, b',', &mut |_| Ok(ControlFlow::Continue(()))).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("line 2: a row of more than 1024 KiB")
    );
    let many = ",".repeat(CELLS_MAX + 1);
    let error = rows(many.as_bytes()).unwrap_err();
    assert!(error.contains("more than 20000 cells"), "{error}");
}

#[test]
fn the_delimiter_is_the_one_that_cuts_evenly() {
    for (sample, want) in [
        ("a,b,c\n1,2,3\n", b','),
        ("a;b;c\n1,5;2,5;3\n", b';'),
        ("a\tb\n1,5\t2\n", b'\t'),
        ("a|b\n1|2\n", b'|'),
        (
            "time;value\n2026-01-01 00:00:00;1,5\n2026-01-01 00:00:01;2,5\n",
            b';',
        ),
        ("title of a report\n\ntime,value\n1,2\n3,4\n", b','),
        ("\"x;y\",b\n\"x;y\",c\n", b','),
        ("single\n1\n", b','),
        ("", b','),
    ] {
        assert_eq!(guess_delimiter(sample) as char, want as char, "{sample}");
    }
}
