use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the errors are looked at")]
struct Sheet {
    #[serde(default)]
    rows: Vec<Row>,
    #[serde(default)]
    limit: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the errors are looked at")]
struct Row {
    scale: f64,
}

#[track_caller]
fn check_body(text: &str, code: Code, pointer: &str, detail: &str) {
    let error = json::<Sheet>(text.as_bytes()).unwrap_err();
    assert_eq!(error.code(), code, "{error:?}");
    assert!(error.detail().contains(detail), "{}", error.detail());
    let pointers: Vec<String> = error
        .into_errors()
        .into_iter()
        .map(|field| field.pointer)
        .collect();
    let want: Vec<String> = (!pointer.is_empty())
        .then(|| pointer.to_owned())
        .into_iter()
        .collect();
    assert_eq!(pointers, want);
}

#[test]
fn a_mistake_in_a_body_has_its_pointer() {
    check_body(
        r#"{"rows":[{"scale":1},{"scale":"x"}]}"#,
        Code::InvalidBody,
        "/rows/1/scale",
        "invalid type",
    );
    check_body(
        r#"{"rows":[{"scale":1,"sc/ale":2}]}"#,
        Code::InvalidBody,
        "/rows/0/sc~1ale",
        "unknown field",
    );
    check_body(r#"{"limit":70000}"#, Code::InvalidBody, "/limit", "70000");
    check_body(
        r#"{"__proto__":{}}"#,
        Code::InvalidBody,
        "/__proto__",
        "unknown field",
    );
}

#[test]
fn broken_json_has_line_and_column() {
    for (text, detail) in [
        ("{\n \"rows\": [}", "line 2 column 11"),
        ("", "line 1 column 0"),
        ("{} x", "trailing characters at line 1 column 4"),
        (&"[".repeat(100_000), "line 1"),
    ] {
        let error = json::<Sheet>(text.as_bytes()).unwrap_err();
        assert!(error.detail().contains(detail), "{}", error.detail());
    }
    let error = json::<Sheet>(b"{\"\xFF\":1}").unwrap_err();
    assert_eq!(error.code(), Code::InvalidJson);
}

#[test]
fn a_mistake_in_a_query_names_the_parameter() {
    for (text, name) in [
        ("limit=x", "?limit"),
        ("limit=-1", "?limit"),
        ("limit=1&limit=2", "?limit"),
        ("colour=red", "?colour"),
    ] {
        let error = query::<Sheet>(text).unwrap_err();
        assert_eq!(error.code(), Code::InvalidQuery);
        let detail = error.detail().to_owned();
        let pointer = error.into_errors().remove(0).pointer;
        assert_eq!(pointer, name, "{detail}");
    }
    assert_eq!(query::<Sheet>("limit=7").unwrap().limit, 7);
}

#[test]
fn only_a_quoted_number_is_a_revision() {
    let read = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, text.parse().unwrap());
        if_match(&headers)
    };
    assert_eq!(read("\"3\"").unwrap(), Some(3));
    assert_eq!(read("*").unwrap(), None);
    for wrong in ["3", "\"x\"", "W/\"3\"", "\"1\", \"2\"", "\"-1\"", ""] {
        assert_eq!(read(wrong).unwrap_err().code(), Code::InvalidHeader);
    }
}

#[test]
fn a_list_is_no_object_at_any_depth() {
    check_body(
        r#"{"rows":[[1.0]]}"#,
        Code::InvalidBody,
        "/rows/0",
        "invalid type: sequence",
    );
    let row = json_part::<Sheet>("/items/3", serde_json::json!({ "rows": [[1.0]] }));
    assert_eq!(row.unwrap_err().pointer, "/items/3/rows/0");
}
