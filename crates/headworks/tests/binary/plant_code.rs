//! The plant as code through the real binary: out, planned, applied, taken back, and killed in
//! between.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::support::rest::Hub;
use crate::support::wait_for;
use crate::{BINARY, PATIENCE, check_ended, start};

/// A hub and a directory of files.
struct Rig {
    hub: Hub,
    directory: PathBuf,
}

impl Rig {
    /// Runs a command on the directory.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .args(["--url", &self.hub.url])
            .env("HEADWORKS_TOKEN", &self.hub.token)
            .current_dir(&self.directory);
        command.output().unwrap()
    }

    /// Runs a command that ends with a code; returns what it printed.
    #[track_caller]
    fn said(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        check_ended(&output, code);
        String::from_utf8(output.stdout).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join("plant").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces a text in a file.
    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{from} in {text}");
        fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }

    /// Returns what is exported, file by file.
    fn files(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(self.directory.join("plant")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
            .into_iter()
            .map(|name| (name.clone(), self.read(&name)))
            .collect()
    }
}

/// Writes the files of a plant with one device and so many tags.
fn write_plant(directory: &Path, tags: usize) {
    let plant = directory.join("plant");
    fs::create_dir_all(&plant).unwrap();
    let connection = "[[connection]]\nname = \"off\"\nprotocol = \"modbus\"\nenabled = false\n\
        settings = { endpoint = \"127.0.0.1:1\" }\n";
    fs::write(plant.join("connections.toml"), connection).unwrap();
    let device = "[[device]]\nname = \"big\"\nconnection = \"off\"\npath = \"plant/big\"\n";
    fs::write(plant.join("devices.toml"), device).unwrap();
    let mut rows = String::from("device,name,address,data_type,scale,unit,description\n");
    for at in 0..tags {
        let address = at * 2;
        writeln!(
            rows,
            "big,t{at:05},HR{address},float32,0.1,°C,\"tag, number {at}\""
        )
        .unwrap();
    }
    fs::write(plant.join("tags.csv"), rows).unwrap();
}

fn count_tags(hub: &Hub) -> u64 {
    let stats = hub.get("system/stats").unwrap().body;
    stats["hub"]["tags"]
        .as_u64()
        .unwrap_or_else(|| panic!("{stats}"))
}

#[test]
fn a_plant_is_exported_planned_applied_and_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let hub = Hub::start(BINARY.as_ref(), &data, &["--demo"]).unwrap();
    let rig = Rig {
        hub,
        directory: directory.path().to_owned(),
    };
    rig.said(&["export", "plant"], 0);
    fs::write(rig.path("README.md"), "ours").unwrap();
    let before = rig.files();
    let count = headworks_engineering::code::FILES.len();
    assert_eq!(before.len(), count + 1);
    assert!(
        rig.said(&["plan", "plant"], 0)
            .starts_with("nothing to do, ")
    );
    assert!(
        rig.said(&["export", "plant"], 0)
            .contains(&format!(": 0 of {count} files changed"))
    );

    let tags = rig.read("tags.csv");
    let row = tags.lines().nth(1).unwrap();
    let cells: Vec<&str> = row.split(',').collect();
    let new = format!("{},made_by_hand,HR900", cells[0]);
    let padding = ",".repeat(tags.lines().next().unwrap().split(',').count() - 3);
    rig.edit("tags.csv", row, &format!("{new}{padding}"));
    rig.edit("devices.toml", "period_ms = 1000", "period_ms = 500");
    let plan = rig.said(&["plan", "plant"], 2);
    for want in [
        "made_by_hand\n",
        ": period_ms 1000 -> 500\n",
        "1 to create, 1 to change, 1 to delete",
    ] {
        assert!(plan.contains(want), "{want}: {plan}");
    }
    assert!(
        plan.lines().any(|line| line.starts_with("- tag ")),
        "{plan}"
    );

    let stderr = check_ended(&rig.run(&["apply", "plant"]), 64);
    assert!(stderr.contains("give --yes"), "{stderr}");
    let said = rig.said(&["apply", "plant", "--yes"], 0);
    assert!(said.contains("applied as change "), "{said}");
    assert!(
        rig.said(&["plan", "plant"], 0)
            .starts_with("nothing to do, ")
    );
    let changes = rig.said(&["changes", "--limit", "1"], 0);
    assert!(changes.contains("owner: "), "{changes}");
    assert!(changes.contains("1 tag deleted"), "{changes}");
    rig.said(&["undo", "--dry-run"], 0);
    let undone = rig.said(&["undo"], 0);
    assert!(
        undone.contains("is taken back; this is change "),
        "{undone}"
    );
    rig.said(&["export", "plant"], 0);
    assert_eq!(rig.files(), before);
    assert_eq!(rig.hub.stop().unwrap(), Some(0));
}

#[test]
fn mistakes_are_told_like_those_of_a_compiler() {
    let directory = tempfile::tempdir().unwrap();
    write_plant(directory.path(), 3);
    let rig = Rig {
        hub: start(&directory.path().join("data")),
        directory: directory.path().to_owned(),
    };
    rig.edit("tags.csv", "HR2,", "HR99999,");
    fs::write(rig.path("tag.csv"), "").unwrap();
    for command in [&["plan", "plant"][..], &["apply", "plant", "--yes"]] {
        let output = rig.run(command);
        let stderr = check_ended(&output, 64);
        assert!(
            stderr.contains("1 mistake; nothing was changed"),
            "{stderr}"
        );
        assert!(
            stderr.contains("\"tag.csv\" is none of the files"),
            "{stderr}"
        );
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(
            stdout.starts_with("plant/tags.csv:3: address: \"HR99999\" is beyond"),
            "{stdout}"
        );
    }
    let stderr = check_ended(&rig.run(&["plan", "."]), 64);
    assert!(
        stderr.contains("has none of the files assets.toml"),
        "{stderr}"
    );
    assert_eq!(count_tags(&rig.hub), 0);
    let away = Command::new(BINARY)
        .args(["plan", "plant", "--url", "http://127.0.0.1:1"])
        .current_dir(directory.path())
        .output();
    let stderr = check_ended(&away.unwrap(), 1);
    assert!(
        stderr.contains("no hub answers at http://127.0.0.1:1"),
        "{stderr}"
    );
}

/// Starts a hub on an empty directory and applies a plant to it until it is killed, a time after
/// the plan was shown; returns how long the application went on, and the hub that starts then.
fn apply_until_killed(directory: &Path, kill_after: Option<Duration>) -> (Duration, Rig) {
    let data = directory.join("data");
    let mut rig = Rig {
        hub: start(&data),
        directory: directory.to_owned(),
    };
    let mut apply = Command::new(BINARY)
        .args(["apply", "plant", "--yes", "--url", &rig.hub.url])
        .env("HEADWORKS_TOKEN", &rig.hub.token)
        .current_dir(directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(apply.stdout.take().unwrap());
    // the plan is shown before anything is applied, and its last line counts
    let mut lines = stdout.lines();
    let counts = lines.find(|line| line.as_ref().unwrap().contains(" to create, "));
    assert!(counts.is_some());
    let begun = Instant::now();
    if let Some(delay) = kill_after {
        thread::sleep(delay);
        rig.hub.process.kill();
    }
    drop(lines.last());
    apply.wait().unwrap();
    let took = begun.elapsed();
    rig.hub.process.kill();
    rig.hub = start(&data);
    (took, rig)
}

#[test]
fn a_kill_in_the_middle_of_an_apply_leaves_all_or_nothing() {
    const TAGS: usize = 10_000;
    let whole = tempfile::tempdir().unwrap();
    write_plant(whole.path(), TAGS);
    let (took, rig) = apply_until_killed(whole.path(), None);
    assert_eq!(
        count_tags(&rig.hub),
        TAGS as u64,
        "a kill after the answer loses nothing"
    );
    let mut outcomes = [0, 0];
    for tenths in [2, 5, 7, 8, 9, 10] {
        let directory = tempfile::tempdir().unwrap();
        write_plant(directory.path(), TAGS);
        let delay = took * tenths / 10;
        let (_, rig) = apply_until_killed(directory.path(), Some(delay));
        let count = count_tags(&rig.hub);
        assert!(
            [0, TAGS as u64].contains(&count),
            "{count} tags after {delay:?}"
        );
        outcomes[usize::from(count != 0)] += 1;
        rig.said(&["apply", "plant", "--yes"], 0);
        assert_eq!(count_tags(&rig.hub), TAGS as u64);
    }
    eprintln!("{outcomes:?} of the kills left nothing and all; an apply takes {took:?}");
    assert!(0 < outcomes[0], "no kill came before the end");
}

/// Returns connections by name with what changes when their links are touched.
fn links(hub: &Hub) -> Vec<(String, Json)> {
    let list = hub.get("connections").unwrap().body;
    let items = list["items"].as_array().unwrap();
    let link = |item: &Json| {
        let status = &item["status"];
        let name = item["name"].as_str().unwrap().to_owned();
        (
            name,
            json!([status["restarts"], status["since_us"], status["state"]]),
        )
    };
    items.iter().map(link).collect()
}

#[test]
fn one_tag_of_ten_thousand_is_applied_at_once_and_touches_no_other_connection() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let hub = Hub::start(BINARY.as_ref(), &data, &["--demo"]).unwrap();
    let rig = Rig {
        hub,
        directory: directory.path().to_owned(),
    };
    wait_for("running connections", PATIENCE, || {
        let links = links(&rig.hub);
        links
            .iter()
            .all(|(_, link)| link[2] == "running")
            .then_some(())
    })
    .unwrap();
    let demo = links(&rig.hub);
    rig.said(&["export", "plant"], 0);
    let more = tempfile::tempdir().unwrap();
    write_plant(more.path(), 10_000);
    for name in ["connections.toml", "devices.toml"] {
        let more = fs::read_to_string(more.path().join("plant").join(name)).unwrap();
        fs::write(rig.path(name), rig.read(name) + &more).unwrap();
    }
    let mut tags = rig.read("tags.csv");
    for at in 0..10_000 {
        writeln!(tags, "big,t{at:05},HR{},,float32", at * 2).unwrap();
    }
    fs::write(rig.path("tags.csv"), tags).unwrap();
    let said = rig.said(&["apply", "plant", "--yes"], 0);
    assert!(
        said.contains("10002 to create, 0 to change, 0 to delete"),
        "{said}"
    );
    rig.said(&["export", "plant"], 0);

    rig.edit("tags.csv", "big,t07777,HR15554,", "big,t07777,HR15555,");
    let begun = Instant::now();
    let plan = rig.said(&["plan", "plant"], 2);
    let took = begun.elapsed();
    let want = "~ tag plant/big/t07777: address \"HR15554\" -> \"HR15555\"\n";
    assert!(plan.starts_with(want), "{plan}");
    assert!(took < Duration::from_secs(15), "{took:?} for a plan");
    rig.said(&["apply", "plant", "--yes"], 0);
    let after: Vec<_> = links(&rig.hub)
        .into_iter()
        .filter(|(name, _)| name != "off")
        .collect();
    assert_eq!(after, demo);
    eprintln!("a plan of 10,000 tags took {took:?}");
}

const PAGE: &str = include_str!("../../../../docs/onboarding/plant-as-code.md");

/// Cuts a command as a shell does: single quotes keep words together.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for char in command.chars() {
        match char {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            char => words.last_mut().unwrap().push(char),
        }
    }
    words
}

/// Writes the sample of the page, which stands in the middle of it.
fn write_sample(directory: &Path) {
    let (_, rest) = PAGE.split_once("```toml file=").unwrap();
    let (name, rest) = rest.split_once('\n').unwrap();
    let (sample, _) = rest.split_once("```").unwrap();
    fs::write(directory.join(name), sample).unwrap();
}

#[test]
fn every_command_of_the_page_does_what_it_says() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let hub = Hub::start(BINARY.as_ref(), &data, &["--demo"]).unwrap();
    let (mut said, mut is_written) = (Vec::new(), false);
    for line in PAGE.lines() {
        if line.starts_with("```toml file=") {
            write_sample(directory.path());
            is_written = true;
        }
        let Some(command) = line.strip_prefix("    ") else {
            continue;
        };
        let words = words(&command.replace("http://127.0.0.1:8080", &hub.url));
        let program = match words[0].as_str() {
            "headworks" => BINARY,
            "git" => "git",
            _ => continue, // what a command prints
        };
        let mut run = Command::new(program);
        run.args(&words[1..]).current_dir(directory.path());
        run.env("HEADWORKS_TOKEN", &hub.token);
        for name in ["AUTHOR", "COMMITTER"] {
            run.env(format!("GIT_{name}_NAME"), "nobody");
            run.env(format!("GIT_{name}_EMAIL"), "nobody@example.com");
        }
        let output = run.output().unwrap();
        let code = if is_written && words[1] == "plan" {
            2
        } else {
            0
        };
        check_ended(&output, code);
        said.push(String::from_utf8(output.stdout).unwrap());
    }
    assert_eq!(said.len(), 12, "{said:#?}");
    let all = said.join("");
    let (shown, _) = PAGE.split_once(", 42 unchanged").unwrap();
    let (_, shown) = shown.rsplit_once("```text\n").unwrap();
    assert!(all.contains(shown), "{all}");
    assert!(all.contains("is taken back"), "{all}");
}
