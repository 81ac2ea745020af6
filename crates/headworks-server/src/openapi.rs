//! The OpenAPI 3.1 document, from the table of routes.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use schemars::generate::{Contract, SchemaSettings};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::problem::{Code, Problem};
use crate::route::{Permission, Route};
use crate::routes;
use crate::settings::BasePath;

/// Chapters whose things have no revision.
const UNREVISED: [&str; 8] = [
    "backups", "exports", "imports", "jobs", "secrets", "session", "tokens", "users",
];

/// Returns the document.
pub(crate) fn document() -> Value {
    // A field with a default may be left out of a request and is always part of an answer.
    let mut requests = generator(Contract::Deserialize);
    let mut answers = generator(Contract::Serialize);
    let mut paths = Map::new();
    for route in routes::routes() {
        let operation = operation(&route, &mut requests, &mut answers);
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    let problem = answers.subschema_for::<Problem<'_>>();
    let (answers, requests) = (
        answers.take_definitions(true),
        requests.take_definitions(true),
    );
    let schemas = merge(answers, requests, &mut paths);
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Headworks",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": description(),
        },
        "servers": [{ "url": "/" }],
        "tags": routes::TAGS.iter()
            .map(|(name, text)| json!({ "name": name, "description": text }))
            .collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "responses": problems(&problem),
            "schemas": schemas,
            "securitySchemes": security_schemes(),
        },
        "security": [{ "token": [] }, { "session": [] }],
    })
}

/// Returns the answers that are no success, one for each status that a code has.
fn problems(schema: &Schema) -> Value {
    let statuses: BTreeSet<u16> = Code::ALL
        .iter()
        .map(|code| code.status().as_u16())
        .collect();
    let problem = |status: u16| {
        let codes = Code::ALL.iter();
        let codes = codes.filter(|code| code.status().as_u16() == status);
        let codes = codes.map(|code| format!("`{}`: {}", code.name(), code.title()));
        let mut problem = json!({
            "description": format!("{}.", codes.collect::<Vec<_>>().join("; ")),
            "content": { "application/problem+json": { "schema": schema } },
        });
        if [429, 503].contains(&status) {
            problem["headers"] = json!({ "Retry-After": {
                "description": "Seconds until it may be tried again.",
                "schema": { "type": "integer", "minimum": 0 },
            } });
        }
        (problem_name(status), problem)
    };
    statuses
        .into_iter()
        .map(problem)
        .collect::<Map<_, _>>()
        .into()
}

fn problem_name(status: u16) -> String {
    format!("Problem{status}")
}

/// Returns the statuses of problems that a route can answer with.
fn problem_statuses(route: &Route, has_revision: bool, names_something: bool) -> Vec<u16> {
    // A bad query, another host, too many requests, a fault, too much to do: any route.
    let mut statuses = vec![400, 421, 429, 500, 503];
    let changes = route.method != Method::GET;
    let is_socket = route.shape.status == StatusCode::SWITCHING_PROTOCOLS;
    // edits are bound to the revisions that they were made for
    let edits = changes && route.permission == Permission::Configure;
    for (status, can_be) in [
        (401, route.permission != Permission::Open || changes),
        (403, route.permission != Permission::Open || changes),
        (404, names_something || route.shape.body.is_some()),
        (409, changes),
        (412, has_revision || edits),
        (413, route.shape.body.is_some()),
        (415, route.shape.body.is_some()),
        (422, changes),
        (426, is_socket),
        (504, route.permission == Permission::Operate),
    ] {
        if can_be {
            statuses.push(status);
        }
    }
    statuses.sort_unstable();
    statuses
}

fn security_schemes() -> Value {
    json!({
        "token": {
            "type": "http", "scheme": "bearer",
            "description": "A token of a program, or the access token of a session.",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "headworks-access-8080",
            "description": "The cookie of a browser's session. Its name ends with the port of \
                the server; over TLS it begins with `__Host-`.",
        },
    })
}

fn generator(contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        settings.contract = contract;
    });
    settings.into_generator()
}

/// Joins the schemas of answers and requests; a request's that differs gets a name of its own.
fn merge(
    mut schemas: Map<String, Value>,
    requests: Map<String, Value>,
    paths: &mut Map<String, Value>,
) -> Map<String, Value> {
    let mut renamed: BTreeSet<String> = BTreeSet::new();
    loop {
        // Whatever refers to a schema with a new name differs too.
        let differs = |(name, schema): (&String, &Value)| {
            let known = schemas.get(name).filter(|_| !renamed.contains(name));
            let moved = refers_to(schema, &renamed) || known.is_some_and(|known| known != schema);
            (known.is_some() && moved).then(|| name.clone())
        };
        let new: Vec<String> = requests.iter().filter_map(differs).collect();
        if new.is_empty() {
            break;
        }
        renamed.extend(new);
    }
    for (name, mut schema) in requests {
        let is_renamed = renamed.contains(&name);
        rename(&mut schema, &renamed);
        if is_renamed {
            schemas.insert(format!("{name}Input"), schema);
        } else {
            schemas.insert(name, schema);
        }
    }
    let methods = paths.values_mut().filter_map(Value::as_object_mut);
    for operation in methods.flat_map(Map::values_mut) {
        rename(&mut operation["parameters"], &renamed);
        if let Some(body) = operation.get_mut("requestBody") {
            rename(body, &renamed);
        }
    }
    schemas
}

const SCHEMAS: &str = "#/components/schemas/";

fn refers_to(schema: &Value, names: &BTreeSet<String>) -> bool {
    match schema {
        Value::String(text) => text
            .strip_prefix(SCHEMAS)
            .is_some_and(|name| names.contains(name)),
        Value::Object(map) => map.values().any(|value| refers_to(value, names)),
        Value::Array(list) => list.iter().any(|value| refers_to(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn rename(schema: &mut Value, names: &BTreeSet<String>) {
    match schema {
        Value::String(text) => {
            let name = text.strip_prefix(SCHEMAS);
            if name.is_some_and(|name| names.contains(name)) {
                text.push_str("Input");
            }
        }
        Value::Object(map) => map.values_mut().for_each(|value| rename(value, names)),
        Value::Array(list) => list.iter_mut().for_each(|value| rename(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the document as the committed file holds it.
pub(crate) fn text() -> String {
    // A `Value` made by `json!` always has a text.
    let text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    format!("{text}\n")
}

/// Returns it for a server whose paths begin with a base path.
pub(crate) fn text_below(base: &BasePath) -> String {
    let at_root = r#""url": "/""#;
    match base.as_str() {
        "" => text(),
        base => text().replacen(at_root, &format!(r#""url": "{base}""#), 1),
    }
}

fn description() -> String {
    let mut text = String::from(
        "Times are integer microseconds since 1970-01-01 UTC. Lists are pages: `next_cursor` of \
         one page is `cursor` of the next. Objects carry a `revision`, which is also their \
         `ETag`; a change with `If-Match` fails with `conflict` when the object was changed in \
         between. Unknown query parameters and unknown fields are errors. A slash at the end of \
         a path is accepted.\n\nErrors are problem details (RFC 9457) with a stable `code`:\n\n",
    );
    for code in Code::ALL {
        let (name, status, title) = (code.name(), code.status().as_u16(), code.title());
        text.push_str(&format!("* `{name}` ({status}): {title}\n"));
    }
    text
}

fn operation(
    route: &Route,
    requests: &mut SchemaGenerator,
    answers: &mut SchemaGenerator,
) -> Value {
    let mut parameters = path_parameters(route.path);
    parameters.extend(query_parameters((route.shape.query)(requests)));
    // What a path, a body or a parameter that must be there names may be missing.
    let names_something = parameters.iter().any(|one| one["required"] == true);
    let has_revision = !UNREVISED.contains(&route.tag);
    let changes = ["PUT", "DELETE"].contains(&route.method.as_str());
    let has_revision = changes && has_revision && route.path.ends_with("{id}");
    if has_revision {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The revision that is to be changed, in quotes.",
            "schema": { "type": "string", "examples": ["\"3\""] },
        }));
    }
    let status = route.shape.status.as_str();
    let mut success = json!({ "description": reason(status) });
    if let Some((media_type, schema)) = route.shape.answer {
        success["content"] = json!({ media_type: { "schema": schema(answers) } });
    }
    let mut responses = json!({ status: success });
    for status in problem_statuses(route, has_revision, names_something) {
        let place = format!("#/components/responses/{}", problem_name(status));
        responses[status.to_string()] = json!({ "$ref": place });
    }
    for status in route.pages {
        let status = status.to_string();
        responses[&status] = page_of(responses.get(&status).is_some(), answers);
    }
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "x-permission": route.permission.name(),
        "parameters": parameters,
        "responses": responses,
    });
    if route.permission == Permission::Open {
        operation["security"] = json!([]);
    }
    if let Some((media_type, schema)) = route.shape.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { media_type: { "schema": schema(requests) } },
        });
    }
    operation
}

/// Returns the answer of a page whose status is no success.
fn page_of(or_problem: bool, answers: &mut SchemaGenerator) -> Value {
    let mut content = json!({ "text/html": { "schema": answers.subschema_for::<String>() } });
    if or_problem {
        let schema = answers.subschema_for::<Problem<'_>>();
        content["application/problem+json"] = json!({ "schema": schema });
    }
    let description = match or_problem {
        true => "A page that says so to people; a problem when the request came to no page.",
        false => "A page that says so to people.",
    };
    json!({ "description": description, "content": content })
}

fn reason(status: &str) -> &'static str {
    match status {
        "101" => "The connection is a WebSocket from here on.",
        "201" => "Created.",
        "202" => "It has begun.",
        "204" => "Done.",
        _ => "The answer.",
    }
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|segment| {
        segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
    });
    let schema = |name| match name {
        "id" => json!({ "type": "string", "format": "uuid" }),
        _ => json!({ "type": "string", "minLength": 1 }),
    };
    names
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": schema(name) }))
        .collect()
}

fn query_parameters(schema: Schema) -> Vec<Value> {
    let mut schema = schema.to_value();
    let required = schema["required"].take();
    let is_required = |name: &str| {
        let names = required.as_array().map(Vec::as_slice).unwrap_or_default();
        names.iter().any(|known| known == name)
    };
    let Some(properties) = schema["properties"].as_object_mut() else {
        return Vec::new();
    };
    properties
        .iter_mut()
        .map(|(name, schema)| {
            let description = schema
                .as_object_mut()
                .and_then(|schema| schema.remove("description"))
                .unwrap_or_default();
            strip_null(schema);
            json!({
                "name": name, "in": "query", "required": is_required(name),
                "description": description, "schema": schema,
            })
        })
        .collect()
}

/// Takes the null of an `Option` away: an absent parameter is absent, not null.
fn strip_null(schema: &mut Value) {
    if let Some([first, null]) = schema["type"].as_array().map(Vec::as_slice)
        && null == "null"
    {
        schema["type"] = first.clone();
    }
    if let Some([first, null]) = schema["anyOf"].as_array().map(Vec::as_slice)
        && null["type"] == "null"
    {
        *schema = first.clone();
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.retain(|_, value| !value.is_null());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_document_is_the_generated_one() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../api/openapi.json");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text()).unwrap();
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            committed == text(),
            "api/openapi.json is out of date; run this test with UPDATE_EXPECT=1"
        );
    }

    #[test]
    fn every_reference_points_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(map) => {
                    found.extend(map.get("$ref").and_then(Value::as_str));
                    map.values().for_each(|value| references(value, found));
                }
                Value::Array(list) => list.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(50 < found.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_operation_says_who_may_and_what_it_does() {
        let document = document();
        let mut names = std::collections::BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name), "{name} stands twice");
                let permission = operation["x-permission"].as_str().unwrap();
                let is_question = path.ends_with("check")
                    || ["routes/test", "alarm-rules/test"]
                        .iter()
                        .any(|end| path.ends_with(end))
                    || path.starts_with("/api/v1/history/");
                assert!(method == "get" || permission != "view" || is_question);
                let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
                assert_eq!(is_open, permission == "open");
                let summary = operation["summary"].as_str().unwrap();
                assert!(summary.ends_with('.') && summary.len() < 120, "{summary}");
            }
        }
        assert_eq!(names.len(), routes::routes().len());
    }

    #[test]
    fn the_page_about_the_api_lists_every_code() {
        let page = include_str!("../../../docs/API.md");
        let row = |code: &Code| {
            let (name, status, title) = (code.name(), code.status().as_u16(), code.title());
            format!("| `{name}` | {status} | {title} |")
        };
        let found = page.lines().filter(|line| line.starts_with("| `"));
        assert_eq!(
            found.collect::<Vec<_>>(),
            Code::ALL.iter().map(row).collect::<Vec<_>>()
        );
    }
}
