//! Measuring the release build against the reaches of the project.
//!
//! A benchmark is a program that prints one JSON object per figure and line:
//! `{"name", "value", "unit", "reach", "met"}`; other lines it prints are shown as they are.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{build, setup, shell};

/// A benchmark by its name.
struct Benchmark {
    name: &'static str,
    programs: &'static [Program],
}

/// What a benchmark starts.
enum Program {
    /// The example `bench` of the binary, which starts hubs and simulators, with its own name.
    Hub,
    /// An example of a crate.
    Example {
        package: &'static str,
        example: &'static str,
    },
    /// A script for node in `xtask/scripts/`.
    Script(&'static str),
}

static BENCHMARKS: &[Benchmark] = &[
    Benchmark {
        name: "poll",
        programs: &[Program::Hub],
    },
    Benchmark {
        name: "isolation",
        programs: &[Program::Hub],
    },
    Benchmark {
        name: "live",
        programs: &[Program::Hub],
    },
    Benchmark {
        name: "start",
        programs: &[Program::Hub],
    },
    Benchmark {
        name: "exchange",
        programs: &[Program::Hub],
    },
    Benchmark {
        name: "api",
        programs: &[Program::Hub],
    },
    Benchmark {
        name: "onboarding",
        programs: &[Program::Hub],
    },
    Benchmark {
        name: "planner",
        programs: &[example("headworks-protocols", "bench_planner")],
    },
    Benchmark {
        name: "codec",
        programs: &[example("headworks-protocols", "bench_codec")],
    },
    Benchmark {
        name: "logic",
        programs: &[
            example("headworks-core", "bench_expr"),
            example("headworks-core", "bench_alarm"),
            example("headworks-core", "bench_routes"),
            example("headworks-hub", "bench_formulas"),
            example("headworks-hub", "bench_alarms"),
            Program::Hub,
        ],
    },
    Benchmark {
        name: "historian",
        programs: &[example("headworks-store", "bench_historian")],
    },
    Benchmark {
        name: "postgres",
        programs: &[example("headworks-store", "bench_postgres")],
    },
    Benchmark {
        name: "chaos",
        programs: &[example("headworks-store", "bench_chaos")],
    },
    Benchmark {
        name: "peers",
        programs: &[example("headworks-store", "bench_peers")],
    },
    Benchmark {
        name: "ui",
        programs: &[Program::Script("bench-ui.mjs")],
    },
];

const fn example(package: &'static str, example: &'static str) -> Program {
    Program::Example { package, example }
}

/// One measured figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Figure {
    /// What was measured, with its load.
    name: String,
    value: f64,
    unit: String,
    /// What it must be, as text such as `<= 6`, or a bound alone; `-` when nothing was promised.
    reach: Value,
    met: bool,
}

/// Returns the names of the benchmarks.
pub(crate) fn names() -> Vec<&'static str> {
    BENCHMARKS.iter().map(|benchmark| benchmark.name).collect()
}

/// Measures the benchmarks named, or all; an error when a reach is missed.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let chosen = choose(&with_peers(arguments))?;
    let mut missed = Vec::new();
    build::release()?;
    for benchmark in chosen {
        let figures = measure(benchmark).with_context(|| benchmark.name)?;
        missed.extend(
            figures
                .into_iter()
                .filter(|figure| !figure.met)
                .map(|figure| figure.name),
        );
    }
    if !missed.is_empty() {
        bail!("{} reaches missed: {}", missed.len(), missed.join("; "));
    }
    Ok(())
}

/// Returns the names; `--peers` stands for the other stores that the historian is compared with.
fn with_peers(arguments: &[String]) -> Vec<String> {
    let name = |argument: &String| match argument.as_str() {
        "--peers" => "peers".to_owned(),
        name => name.to_owned(),
    };
    arguments.iter().map(name).collect()
}

fn choose(arguments: &[String]) -> anyhow::Result<Vec<&'static Benchmark>> {
    if arguments.is_empty() {
        // The peers are other people's servers: only on demand.
        let ours = |benchmark: &&Benchmark| benchmark.name != "peers";
        return Ok(BENCHMARKS.iter().filter(ours).collect());
    }
    let find = |name: &String| {
        BENCHMARKS
            .iter()
            .find(|benchmark| benchmark.name == name)
            .with_context(|| format!("no benchmark {name:?}; there are {}", names().join(", ")))
    };
    arguments.iter().map(find).collect()
}

fn measure(benchmark: &Benchmark) -> anyhow::Result<Vec<Figure>> {
    if benchmark.name == "peers" {
        setup::peers()?;
    }
    let commands = benchmark.programs.iter();
    let commands = commands.map(|program| prepare(benchmark.name, program));
    let commands = commands.collect::<anyhow::Result<Vec<Command>>>()?;
    let before = load()?;
    let (mut ok, mut figures) = (true, Vec::new());
    for command in commands {
        let (has_ended, output) = shell::tee(command)?;
        ok &= has_ended;
        figures.extend(read_figures(&output));
    }
    let after = load()?;
    print_table(benchmark.name, &figures, &before, &after);
    save(benchmark.name, &figures)?;
    if !ok {
        bail!("the benchmark ended early");
    }
    if figures.is_empty() {
        bail!("the benchmark printed no figure");
    }
    Ok(figures)
}

fn prepare(name: &str, program: &Program) -> anyhow::Result<Command> {
    match *program {
        Program::Hub => {
            let mut command = build_example("headworks", "bench")?;
            command.arg(name).env("HEADWORKS_BINARY", binary());
            Ok(command)
        }
        Program::Example { package, example } => build_example(package, example),
        Program::Script(script) => {
            setup::node_modules()?;
            let path = shell::root().join("xtask/scripts").join(script);
            let mut command = shell::command("node", [path]);
            command.env("HEADWORKS_BINARY", binary());
            Ok(command)
        }
    }
}

fn build_example(package: &str, example: &str) -> anyhow::Result<Command> {
    let mut build = shell::cargo(["build", "--release", "--locked", "--package", package]);
    build.args(["--example", example]);
    shell::run(build)?;
    let path = shell::target().join("release/examples").join(example);
    Ok(shell::command(path, [""; 0]))
}

fn binary() -> PathBuf {
    shell::target().join("release/headworks")
}

fn load() -> anyhow::Result<String> {
    let load = fs::read_to_string("/proc/loadavg").context("reading the load of the machine")?;
    Ok(load
        .split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" "))
}

fn read_figures(output: &str) -> Vec<Figure> {
    output
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn print_table(name: &str, figures: &[Figure], before: &str, after: &str) {
    println!("\n{name}: load of the machine {before} before, {after} after");
    println!(
        "{:62} {:>12} {:10} {:>12}  met",
        "figure", "value", "unit", "reach"
    );
    for figure in figures {
        let met = if figure.met { "yes" } else { "NO" };
        let Figure {
            name, value, unit, ..
        } = figure;
        let reach = figure.reach.as_str();
        let reach = reach.map_or_else(|| figure.reach.to_string(), str::to_owned);
        println!(
            "{name:62} {:>12} {unit:10} {reach:>12}  {met}",
            shown(*value)
        );
    }
}

/// Four digits are enough to judge by.
fn shown(value: f64) -> String {
    match value.abs() {
        size if 1000.0 <= size => format!("{value:.0}"),
        size if 10.0 <= size => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

fn save(name: &str, figures: &[Figure]) -> anyhow::Result<()> {
    let directory = shell::target().join("bench");
    fs::create_dir_all(&directory)?;
    let path = directory.join(format!("{name}.json"));
    fs::write(&path, serde_json::to_string_pretty(figures)? + "\n")?;
    println!("written to {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_between_other_lines() {
        let output = "warming up\n\
            {\"name\":\"a\",\"value\":1.5,\"unit\":\"ms\",\"reach\":\"<= 2\",\"met\":true}\n\
            {\"other\": 1}\n";
        let figures = read_figures(output);
        assert_eq!(figures.len(), 1);
        assert_eq!(figures[0].name, "a");
        assert!(figures[0].met);
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = choose(&["pol".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("poll, isolation"), "{error}");
    }
}
