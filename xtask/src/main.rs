//! Builds, runs, tests and measures Headworks: `cargo xtask TASK`.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool talks to the console"
)]

mod bench;
mod build;
mod codegen;
mod coverage;
mod run;
mod setup;
mod shell;
mod summary;
mod test;
mod tidy;

use std::process::ExitCode;

/// One thing that `cargo xtask` can do.
struct Task {
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> anyhow::Result<()>,
}

static TASKS: &[Task] = &[
    Task {
        name: "run",
        usage: "run [ARGUMENT]...",
        summary: "build for release and start the demonstration plant",
        run: run::run,
    },
    Task {
        name: "test",
        usage: "test",
        summary: "install what is missing, then run every check and test",
        run: test::run,
    },
    Task {
        name: "setup",
        usage: "setup",
        summary: "install what the tests need (pinned), nothing else",
        run: setup::run,
    },
    Task {
        name: "build",
        usage: "build",
        summary: "build the web UI, then the binary for release",
        run: build::run,
    },
    Task {
        name: "bench",
        usage: "bench [NAME]...",
        summary: "measure the release build against its reaches; all when no NAME is given",
        run: bench::run,
    },
    Task {
        name: "coverage",
        usage: "coverage",
        summary: "measure how many lines the tests of the workspace reach",
        run: coverage::run,
    },
    Task {
        name: "codegen",
        usage: "codegen",
        summary: "write the generated files: api/ and the types of the web UI",
        run: codegen::run,
    },
    Task {
        name: "tidy",
        usage: "tidy",
        summary: "check the rules of the source tree that no compiler checks",
        run: tidy::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print_help();
        return ExitCode::from(64);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print_help();
        return ExitCode::SUCCESS;
    }
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("xtask: no task {name:?}; `cargo xtask help` lists the tasks");
        return ExitCode::from(64);
    };
    match (task.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print_help() {
    println!("usage: cargo xtask TASK\n\ntasks:");
    for task in TASKS {
        println!("  {:20} {}", task.usage, task.summary);
    }
    println!("\nnames of benchmarks: {}", bench::names().join(", "));
}
