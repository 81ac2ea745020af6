//! Files that cannot work: every mistake has file, line and key, and nothing is done.

use std::fmt::Write as _;

use super::*;

/// Plans files and compares the mistakes as `file:line key: begin of the reason`.
async fn check_mistakes(rig: &Rig, files: &Files, want: &[&str]) {
    let plan = rig.plan(files).await;
    let found: Vec<String> = plan
        .errors()
        .iter()
        .map(|error| {
            format!(
                "{}:{} {}: {}",
                error.file, error.line, error.key, error.reason
            )
        })
        .collect();
    assert_eq!(found.len(), want.len(), "{found:#?}");
    for (found, want) in found.iter().zip(want) {
        assert!(found.starts_with(want), "{found}, not {want}");
    }
    assert_eq!(plan.error_count(), want.len());
}

async fn check(changes: &[(&str, &str, &str)], want: &[&str]) {
    let rig = Rig::start().await;
    let mut files = by_hand();
    for (name, from, to) in changes {
        files = with(files, name, from, to);
    }
    check_mistakes(&rig, &files, want).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn toml_that_is_none_is_said_with_its_line() {
    check(
        &[("devices.toml", "name = \"boiler\"", "name = ")],
        &["devices.toml:2 : this is no TOML: "],
    )
    .await;
    check(
        &[("tags.csv", "boiler;temp", "\"boiler;temp")],
        &["tags.csv:2 : the file ends inside a quoted cell"],
    )
    .await;
    check(
        &[("assets.toml", "[[asset]]", "[[asse]]")],
        &[
            "assets.toml:1 asse: has no place here; this file has one [[asset]] per asset",
            "assets.toml:7 parent: there is no asset of the path \"north\" in assets.toml",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_with_more_cells_than_the_header_is_refused() {
    check(
        &[("tags.csv", "HR0;int16;0,1\n", "HR0;int16;0,1;x\n")],
        &["tags.csv:2 : the row has 6 cells and the header 5"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_keys_and_values_that_do_not_fit_are_said_all_at_once() {
    check(
        &[
            (
                "connections.toml",
                "enabled = false",
                "enabled = false\ncolour = \"red\"",
            ),
            (
                "devices.toml",
                "path = \"boiler\"",
                "path = \"boiler\"\nperiod_ms = 5",
            ),
            ("retention.toml", "\"forever\"", "\"for ever\""),
            ("tags.csv", "int16;0,1", "int17;much"),
            ("assets.toml", "level = \"site\"", "level = 7"),
        ],
        &[
            "assets.toml:3 level: ",
            "connections.toml:5 colour: unknown field `colour`, expected one of",
            "devices.toml:6 period_ms: 5 ms; 10 to 3600000 ms are allowed",
            "tags.csv:2 data_type: no data type; there are",
            "tags.csv:2 scale: no number",
            "retention.toml:4 days.raw: invalid type: string \"for ever\"",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn references_that_lead_nowhere_are_said() {
    check(
        &[
            ("devices.toml", "\"line\"", "\"lime\""),
            ("devices.toml", "north/hall", "north/wall"),
            ("groups.toml", "boiler/temp", "boiler/tempo"),
            ("tags.csv", "boiler;level", "toiler;level"),
            ("assets.toml", "parent = \"north\"", "parent = \"south\""),
        ],
        &[
            "assets.toml:7 parent: there is no asset of the path \"south\" in assets.toml; \
             correct it, or add the asset",
            "devices.toml:3 connection: there is no connection of the name \"lime\"",
            "devices.toml:4 asset: there is no asset of the path \"north/wall\"",
            "tags.csv:3 device: there is no device of the name \"toiler\" in devices.toml",
            "groups.toml:3 tags[0]: there is no tag of the path",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_of_assets_is_refused() {
    check(
        &[("assets.toml", "level = \"site\"", "parent = \"hall\"")],
        &[
            "assets.toml:3 parent: there is no asset of the path \"hall\"",
            "assets.toml:7 parent: there is no asset of the path \"north\"",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_twice_is_refused_upper_and_lower_case_as_one() {
    let more = "boiler;level;HR1;;\nboiler;temp;HR7;;\n";
    check(
        &[
            ("tags.csv", "boiler;level;HR1;;\n", more),
            (
                "assets.toml",
                "[[asset]]",
                "[[asset]]\nname = \"north\"\n\n[[asset]]",
            ),
        ],
        &[
            "assets.toml:5 name: [[asset]] number 1 is called \"north\" too; keep one",
            "tags.csv:4 name: \"north/hall/boiler/temp\" stands in line 2 already; keep one",
        ],
    )
    .await;
    let more = "boiler;level;HR1;;\nboiler;TEMP;HR7;;\n";
    check(
        &[("tags.csv", "boiler;level;HR1;;\n", more)],
        &[
            "tags.csv:4 name: path north/hall/boiler/TEMP differs from north/hall/boiler/temp \
             only by upper and lower case",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_cannot_be_are_said() {
    let rig = Rig::start().await;
    rig.apply(&by_hand()).await;
    let files = rig.export();
    let plant = rig.handle().plant();
    let device = plant.devices()[0].id.to_string();
    let tags: Vec<String> = plant.tags().map(|tag| tag.id().to_string()).collect();
    let wrong = with(files.clone(), "tags.csv", &tags[1], &tags[0]);
    check_mistakes(&rig, &wrong, &["tags.csv:3 id: "]).await;
    let wrong = with(files.clone(), "tags.csv", &tags[1], &device);
    check_mistakes(&rig, &wrong, &["tags.csv:3 id: is the id of a device"]).await;
    let wrong = with(files, "devices.toml", &device, "7");
    check_mistakes(&rig, &wrong, &["devices.toml:5 id: \"7\" is no UUID"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_hub_knows_is_said_with_its_line() {
    check(
        &[
            ("devices.toml", "unit_id = 3", "unit_id = 3, colour = 1"),
            ("tags.csv", "temp;HR0", "temp;HR99999"),
            (
                "connections.toml",
                "endpoint = \"192.0.2.1:502\"",
                "endpoint = \"\"\nbaud_rate = 7",
            ),
        ],
        &[
            "connections.toml:6 settings.endpoint: is missing",
            "connections.toml:7 settings.baud_rate: 7 does not apply to transport tcp",
            "connections.toml:7 settings.baud_rate: 7; 300 to 4000000 are allowed",
            "devices.toml:6 settings.colour: ",
            "tags.csv:2 address: \"HR99999\" is beyond the table",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_the_table_are_checked() {
    check(
        &[(
            "tags.csv",
            "device;name;address;",
            "device;nam;address;colour;name;",
        )],
        &[
            "tags.csv:1 nam: is no column",
            "tags.csv:1 colour: is no column",
        ],
    )
    .await;
    check(
        &[("tags.csv", "device;name;address;", "device;name;name;")],
        &[
            "tags.csv:1 name: stands in the header twice",
            "tags.csv:1 address: is missing",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_row_among_ten_thousand_is_named_and_a_thousand_of_many_are_kept() {
    let rig = Rig::start().await;
    let mut files = by_hand();
    let mut rows = String::from("device,name,address,period_ms\n");
    for at in 0..10_000 {
        let period = if at == 7_776 { 5 } else { 500 };
        writeln!(rows, "boiler,t{at},HR{at},{period}").unwrap();
    }
    files.remove("groups.toml");
    files.insert("tags.csv".to_owned(), rows.clone());
    let want = "tags.csv:7778 period_ms: 5 ms; 10 to 3600000 ms are allowed";
    check_mistakes(&rig, &files, &[want]).await;
    files.insert("tags.csv".to_owned(), rows.replace(",500\n", ",x\n"));
    let plan = rig.plan(&files).await;
    assert_eq!((plan.error_count(), plan.errors().len()), (10_000, 1_000));
    assert_eq!(plan.edits(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_may_be_gone_and_a_base_may_not() {
    let rig = Rig::start().await;
    let template = format!(
        "period_ms = 1000\ntemplate = {{ id = \"{}\", version = \"1\" }}",
        nobody()
    );
    let files = with(
        by_hand(),
        "devices.toml",
        "path = \"boiler\"",
        &format!("path = \"boiler\"\n{template}"),
    );
    rig.apply(&files).await;
    assert!(rig.export()["devices.toml"].contains(&nobody().to_string()));
    assert_eq!(rig.plan(&rig.export()).await.steps(), []);
    let mut files = by_hand();
    let template =
        "[[template]]\nname = \"m\"\nversion = \"1\"\nprotocol = \"modbus\"\nbase = \"n\"\n";
    files.insert("templates.toml".to_owned(), template.to_owned());
    check_mistakes(
        &rig,
        &files,
        &["templates.toml:5 base: there is no template"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_toml_is_refused_and_costs_nothing() {
    let rig = Rig::start().await;
    let many = 200_000;
    for text in [
        format!("[[asset]]\nname{} = 1\n", ".a".repeat(many)),
        format!("[[asset{}]]\nname = 1\n", ".a".repeat(many)),
        format!(
            "[[asset]]\nname = {}1{}\n",
            "[".repeat(many),
            "]".repeat(many)
        ),
        format!(
            "[[asset]]\nname = {}1{}\n",
            "{a=".repeat(many),
            "}".repeat(many)
        ),
        format!("[[asset]]\nname = {{ json = \"{}\" }}\n", "[".repeat(many)),
    ] {
        let files = Files::from([("assets.toml".to_owned(), text)]);
        let plan = rig.plan(&files).await;
        assert!((1..3).contains(&plan.error_count()), "{:?}", plan.errors());
        let reason = &plan.errors()[0].reason;
        assert!(reason.len() < 1_000, "{reason}");
    }
    let large = "# a comment\n".repeat(2 << 20);
    let files = Files::from([("groups.toml".to_owned(), large)]);
    check_mistakes(&rig, &files, &["groups.toml:1 : more than 16 MiB; "]).await;
}
