use headworks_core::model::ObjectId;
use headworks_hub::{Edit, Hub, HubHandle, HubSettings};
use headworks_protocols::PROTOCOLS;
use serde_json::{Value, json};

use super::*;

mod mistakes;
mod properties;

/// A running hub without devices.
pub(super) struct Rig {
    _directory: tempfile::TempDir,
    hub: Hub,
}

impl Rig {
    pub(super) async fn start() -> Rig {
        let directory = tempfile::tempdir().unwrap();
        let settings = HubSettings {
            protocols: PROTOCOLS,
            ..HubSettings::new(directory.path().join("data"))
        };
        let hub = Hub::start(settings).await.unwrap();
        Rig {
            _directory: directory,
            hub,
        }
    }

    pub(super) fn handle(&self) -> HubHandle {
        self.hub.handle()
    }

    /// Returns what files ask for, checked by the hub.
    pub(super) async fn plan(&self, files: &Files) -> CodePlan {
        let hub = self.handle();
        let mut plan = plan(files, &hub.plant(), &mut hub.id_maker());
        if plan.error_count() == 0 {
            match hub.check(plan.edits().to_vec()).await {
                Ok(_) => {}
                Err(headworks_hub::HubError::Invalid(problems)) => {
                    plan.add_problems(files, &problems);
                }
                Err(error) => panic!("{error}"),
            }
        }
        plan
    }

    /// Applies files; returns the steps.
    pub(super) async fn apply(&self, files: &Files) -> Vec<Step> {
        let mut plan = self.plan(files).await;
        assert_eq!(plan.errors(), []);
        let edits = plan.take_edits();
        if !edits.is_empty() {
            self.handle().apply(edits, "test").await.unwrap();
        }
        plan.steps().to_vec()
    }

    pub(super) fn export(&self) -> Files {
        export(&self.handle().plant()).unwrap()
    }
}

/// Returns files of a small plant without ids, as a person writes them.
fn by_hand() -> Files {
    let texts = [
        (
            "assets.toml",
            "[[asset]]\nname = \"north\"\nlevel = \"site\"\n\n\
             [[asset]]\nname = \"hall\"\nparent = \"north\"\n",
        ),
        (
            "connections.toml",
            "[[connection]]\nname = \"line\"\nprotocol = \"modbus\"\nenabled = false\n\
             [connection.settings]\nendpoint = \"192.0.2.1:502\"\n",
        ),
        (
            "devices.toml",
            "[[device]]\nname = \"boiler\"\nconnection = \"line\"\nasset = \"north/hall\"\n\
             path = \"boiler\"\nsettings = { unit_id = 3 }\n",
        ),
        (
            "tags.csv",
            "device;name;address;data_type;scale\nboiler;temp;HR0;int16;0,1\nboiler;level;HR1;;\n",
        ),
        (
            "groups.toml",
            "[[group]]\nname = \"heat\"\ntags = [\"north/hall/boiler/temp\"]\n",
        ),
        (
            "retention.toml",
            "[[retention]]\nname = \"long\"\npattern = \"north/**\"\n\
             days = { raw = \"forever\" }\n",
        ),
    ];
    let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    texts.into_iter().collect()
}

/// Returns files with a text replaced in one of them.
fn with(mut files: Files, name: &str, from: &str, to: &str) -> Files {
    let text = files.get_mut(name).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    *text = text.replacen(from, to, 1);
    files
}

/// Returns steps as lines: `+ tag a/b`.
fn lines(steps: &[Step]) -> Vec<String> {
    let line = |step: &Step| {
        let sign = match step.action {
            Doing::Create => '+',
            Doing::Update => '~',
            Doing::Delete => '-',
        };
        let mut line = format!("{sign} {} {}", step.kind, step.name);
        for change in &step.changes {
            line += &format!(" {}: {} -> {}", change.field, change.from, change.to);
        }
        line
    };
    steps.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_by_hand_make_a_plant_and_are_as_it_is_then() {
    let rig = Rig::start().await;
    let steps = rig.apply(&by_hand()).await;
    let want = [
        "+ asset north",
        "+ asset north/hall",
        "+ connection line",
        "+ device boiler",
        "+ tag north/hall/boiler/temp",
        "+ tag north/hall/boiler/level",
        "+ group heat",
        "+ retention long",
    ];
    assert_eq!(lines(&steps), want);
    let again = rig.plan(&by_hand()).await;
    assert_eq!((again.steps(), again.unchanged()), (&[][..], 8));
    let plant = rig.handle().plant();
    let tag = plant.tag_by_path("north/hall/boiler/temp").unwrap();
    assert_eq!(tag.object().body.scale, 0.1);
    assert_eq!(plant.retention_policies()[0].body.days.raw, None);
    let text = &rig.export()["devices.toml"];
    let first = text.lines().skip(2).take(2).collect::<Vec<_>>();
    assert_eq!(first, ["[[device]]", "name = \"boiler\""], "{text}");
    assert!(rig.export()["retention.toml"].contains("raw = \"forever\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dictionary_is_called_by_its_language() {
    let rig = Rig::start().await;
    let file = "dictionaries.toml".to_owned();
    let text = "[[dictionary]]\nlanguage = \"de\"\n[dictionary.words]\n\"Hall / 1\" = \"Halle 1\"\n\
                temp = \"Temperatur\"\n";
    let files = Files::from([(file.clone(), text.to_owned())]);
    assert_eq!(lines(&rig.apply(&files).await), ["+ dictionary de"]);
    let again = rig.plan(&files).await;
    assert_eq!((again.steps(), again.unchanged()), (&[][..], 1));
    let exported = rig.export();
    assert!(
        exported[&file].contains("\"Hall / 1\" = \"Halle 1\""),
        "{exported:?}"
    );
    let changed = with(files.clone(), &file, "Temperatur", "Temp.");
    let want = ["~ dictionary de words.temp: \"Temperatur\" -> \"Temp.\""];
    assert_eq!(lines(&rig.apply(&changed).await), want);
    let nameless = with(files.clone(), &file, "language = \"de\"\n", "");
    let plan = rig.plan(&nameless).await;
    let error = &plan.errors()[0];
    assert_eq!(
        (error.line, error.key.as_str()),
        (1, "language"),
        "{error:?}"
    );
    let empty = with(files, &file, "Temperatur", "");
    let plan = rig.plan(&empty).await;
    let error = &plan.errors()[0];
    assert_eq!(
        (error.line, error.key.as_str()),
        (5, "words.temp"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_with_its_id_keeps_the_tag_and_a_file_that_is_not_there_changes_nothing() {
    let rig = Rig::start().await;
    rig.apply(&by_hand()).await;
    let index = |path: &str| {
        rig.handle()
            .plant()
            .tag_by_path(path)
            .map(|tag| tag.index())
    };
    let before = index("north/hall/boiler/temp").unwrap();
    let files = with(rig.export(), "tags.csv", "boiler,temp", "boiler,flow");
    let files = with(files, "groups.toml", "boiler/temp", "boiler/flow");
    let steps = rig.apply(&files).await;
    let want = ["~ tag north/hall/boiler/flow name: \"temp\" -> \"flow\""];
    assert_eq!(lines(&steps), want, "the group follows by itself");
    assert_eq!(index("north/hall/boiler/flow"), Some(before));

    let files = with(rig.export(), "assets.toml", "\"north\"", "\"south\"");
    let only = Files::from([("assets.toml".to_owned(), files["assets.toml"].clone())]);
    let only = with(
        only,
        "assets.toml",
        "parent = \"north\"",
        "parent = \"south\"",
    );
    let steps = rig.apply(&only).await;
    assert_eq!(
        lines(&steps),
        ["~ asset south name: \"north\" -> \"south\""]
    );
    assert_eq!(index("south/hall/boiler/flow"), Some(before));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_swapped_and_an_entry_without_id_takes_a_name_that_is_free() {
    let rig = Rig::start().await;
    rig.apply(&by_hand()).await;
    let files = with(rig.export(), "tags.csv", "boiler,temp", "boiler,x");
    let files = with(files, "tags.csv", "boiler,level", "boiler,temp");
    let files = with(files, "tags.csv", "boiler,x", "boiler,level");
    let files = with(files, "groups.toml", "boiler/temp", "boiler/level");
    assert_eq!(rig.apply(&files).await.len(), 2);

    // the old name is given to a new tag
    let files = with(rig.export(), "tags.csv", "boiler,temp", "boiler,old");
    let mut files = files;
    *files.get_mut("tags.csv").unwrap() += "boiler,temp,HR9\n";
    let steps = lines(&rig.apply(&files).await);
    assert!(
        steps.contains(&"+ tag north/hall/boiler/temp".to_owned()),
        "{steps:?}"
    );
    assert_eq!(steps.len(), 2, "{steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_called_by_its_tag_and_follows_its_name() {
    let rig = Rig::start().await;
    let mut files = by_hand();
    let alarm = "[[alarm]]\nname = \"hot\"\ntag = \"north/hall/boiler/temp\"\n\
                 condition = { kind = \"high\", limit = { tag = \"north/hall/boiler/level\" } }\n";
    files.insert("alarms.toml".to_owned(), alarm.to_owned());
    let steps = lines(&rig.apply(&files).await);
    let made = "+ alarm north/hall/boiler/temp: hot".to_owned();
    assert!(steps.contains(&made), "{steps:?}");
    assert_eq!(rig.plan(&files).await.steps(), []);
    assert_eq!(rig.plan(&rig.export()).await.steps(), []);

    let files = with(rig.export(), "tags.csv", "boiler,temp", "boiler,flow");
    let files = with(files, "groups.toml", "boiler/temp", "boiler/flow");
    let files = with(files, "alarms.toml", "boiler/temp", "boiler/flow");
    let steps = rig.apply(&files).await;
    let want = ["~ tag north/hall/boiler/flow name: \"temp\" -> \"flow\""];
    assert_eq!(lines(&steps), want, "the alarm follows by itself");

    let files = with(files, "alarms.toml", "boiler/level", "boiler/label");
    let refused = rig.plan(&files).await;
    let told = format!("{:?}", refused.errors());
    assert!(told.contains("there is no tag of the path"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_out_is_deleted_from_the_leaves_down() {
    let rig = Rig::start().await;
    rig.apply(&by_hand()).await;
    let before = rig.export();
    let empty: Files = FILES
        .map(|(_, name)| (name.to_owned(), String::new()))
        .into();
    let steps = lines(&rig.apply(&empty).await);
    let want = [
        "- retention long",
        "- group heat",
        "- tag north/hall/boiler/level",
        "- tag north/hall/boiler/temp",
        "- device boiler",
        "- connection line",
        "- asset north/hall",
        "- asset north",
    ];
    assert_eq!(steps, want);
    rig.apply(&before).await;
    assert_eq!(
        rig.export(),
        before,
        "ids are kept, and with them the bytes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_change_are_told_one_by_one() {
    let rig = Rig::start().await;
    rig.apply(&by_hand()).await;
    let files = with(rig.export(), "devices.toml", "unit_id = 3", "unit_id = 4");
    let files = with(files, "devices.toml", "period_ms = 1000", "period_ms = 500");
    let files = with(files, "tags.csv", "boiler,level,HR1", "boiler,level,HR2");
    let want = [
        "~ device boiler period_ms: 1000 -> 500 settings.unit_id: 3 -> 4",
        "~ tag north/hall/boiler/level address: \"HR1\" -> \"HR2\"",
    ];
    assert_eq!(lines(rig.plan(&files).await.steps()), want);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_groups_that_are_gone_are_no_difference() {
    let rig = Rig::start().await;
    rig.apply(&by_hand()).await;
    let tag = rig
        .handle()
        .plant()
        .tag_by_path("north/hall/boiler/temp")
        .unwrap()
        .id();
    let edit = Edit::Delete {
        id: tag,
        expected: None,
        cascade: false,
    };
    rig.handle().apply(vec![edit], "test").await.unwrap();
    let files = rig.export();
    assert!(!files["groups.toml"].contains("temp"), "{files:?}");
    assert_eq!(rig.plan(&files).await.steps(), []);
    let other = Rig::start().await;
    other.apply(&files).await;
    assert_eq!(other.export(), files);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_another_one_after_every_change_and_only_then() {
    let rig = Rig::start().await;
    let empty = state(&rig.handle().plant());
    rig.apply(&by_hand()).await;
    let full = state(&rig.handle().plant());
    assert_ne!(empty, full);
    assert_eq!(state(&rig.handle().plant()), full);
    rig.apply(&with(rig.export(), "tags.csv", "HR1", "HR2"))
        .await;
    assert_ne!(state(&rig.handle().plant()), full);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_plant_are_applied_to_another_by_name() {
    let (one, other) = (Rig::start().await, Rig::start().await);
    one.apply(&by_hand()).await;
    other.apply(&by_hand()).await;
    let before = other.export();
    assert_ne!(one.export(), before, "the ids are others");
    let files = with(
        one.export(),
        "tags.csv",
        "boiler,level,HR1",
        "boiler,level,HR2",
    );
    let steps = lines(&other.apply(&files).await);
    let want = "~ tag north/hall/boiler/level address: \"HR1\" -> \"HR2\"";
    assert_eq!(steps, [want]);
    assert_eq!(
        other.export(),
        with(before, "tags.csv", "level,HR1", "level,HR2")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_other_programs_saved_are_read_the_same() {
    let rig = Rig::start().await;
    rig.apply(&by_hand()).await;
    let mut files = rig.export();
    for text in files.values_mut() {
        *text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    }
    let plan = rig.plan(&files).await;
    assert_eq!((plan.errors(), plan.steps()), (&[][..], &[][..]));
}

#[test]
fn files_go_round_in_an_archive_and_others_are_refused() {
    let files = by_hand();
    let bytes = bundle::pack(&files).unwrap();
    assert_eq!(bundle::pack(&files).unwrap(), bytes);
    assert_eq!(bundle::unpack(&bytes).unwrap(), files);
    let check = |files: Files, want: &str| {
        let error = bundle::unpack(&bundle::pack(&files).unwrap()).unwrap_err();
        assert!(error.contains(want), "{error}");
    };
    let evil = Files::from([("../../etc/passwd".to_owned(), String::new())]);
    check(
        evil,
        "\"../../etc/passwd\" is none of the files assets.toml",
    );
    check(Files::new(), "none of the files");
    let bomb = Files::from([("tags.csv".to_owned(), " ".repeat(97 << 20))]);
    check(bomb, "more than 96 MiB");
    let error = bundle::unpack(b"PK\x03\x04 cut off").unwrap_err();
    assert!(error.contains("no whole ZIP archive"), "{error}");
}

#[test]
fn no_setting_of_a_protocol_is_a_secret() {
    // when one is, it must not get into files: then this is the place to begin
    for protocol in PROTOCOLS {
        for schema in [(protocol.connection_schema)(), (protocol.device_schema)()] {
            let schema: Value = schema.into();
            for (name, about) in schema["properties"].as_object().into_iter().flatten() {
                let words = ["password", "passphrase", "secret", "token", "credential"];
                let is_secret = words.iter().any(|word| name.contains(word));
                let is_key = name.contains("key") && !name.ends_with("_file");
                let is_hidden = about["writeOnly"] == json!(true);
                assert!(
                    !is_secret && !is_key && !is_hidden,
                    "{} {name}",
                    protocol.name
                );
            }
        }
    }
}

/// Returns an id that no object has.
fn nobody() -> ObjectId {
    ObjectId(uuid::Uuid::from_u128(0xDEAD))
}
