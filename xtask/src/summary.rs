//! The steps of a run, their durations and how many tests they counted.

use std::time::{Duration, Instant};

/// What a step found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that passed; a step that counts none counts as one test.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    duration: Duration,
    counts: Counts,
    error: Option<String>,
}

/// The steps done so far.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    steps: Vec<Step>,
}

impl Summary {
    /// Runs a step and keeps its outcome; returns whether it passed.
    pub(crate) fn step(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> anyhow::Result<Counts>,
    ) -> bool {
        println!("\n== {name}");
        let begun = Instant::now();
        let outcome = step();
        let error = outcome.as_ref().err().map(|error| format!("{error:#}"));
        let counts = outcome.unwrap_or(Counts {
            passed: 0,
            failed: 1,
        });
        if let Some(error) = &error {
            println!("{name}: {error}");
        }
        let passed = error.is_none() && counts.failed == 0;
        self.steps.push(Step {
            name,
            duration: begun.elapsed(),
            counts,
            error,
        });
        passed
    }

    /// Prints the table and the closing line; returns whether everything passed.
    pub(crate) fn print(&self) -> bool {
        println!(
            "\n{:26} {:>9} {:>7} {:>7}",
            "step", "seconds", "passed", "failed"
        );
        for step in &self.steps {
            let Counts { passed, failed } = step.counts;
            let seconds = step.duration.as_secs_f64();
            println!("{:26} {seconds:9.1} {passed:7} {failed:7}", step.name);
            if let Some(error) = &step.error {
                println!("    {error}");
            }
        }
        let passed: u64 = self.steps.iter().map(|step| step.counts.passed).sum();
        let failed: u64 = self.steps.iter().map(|step| step.counts.failed).sum();
        let total: f64 = self
            .steps
            .iter()
            .map(|step| step.duration.as_secs_f64())
            .sum();
        println!("{:26} {total:9.1}\n", "all");
        println!("{passed} passed, {failed} failed");
        failed == 0
    }
}

impl Counts {
    /// What a step counts that has no tests of its own.
    pub(crate) const ONE: Counts = Counts {
        passed: 1,
        failed: 0,
    };

    /// Reads the counts from the closing lines of nextest, cargo test, node's runner or vitest;
    /// `ok` is whether the program succeeded.
    pub(crate) fn read(output: &str, ok: bool) -> Counts {
        // nextest shows the closing lines of tests that failed too, and sums them up itself.
        let own_sum = output
            .lines()
            .rev()
            .find(|line| line.trim_start().starts_with("Summary ["));
        let mut counts = own_sum
            .map_or(output, |line| line)
            .lines()
            .filter(|line| is_closing_line(line))
            .fold(Counts::default(), |sum, line| sum.plus(read_line(line)));
        match (ok, counts) {
            (
                true,
                Counts {
                    passed: 0,
                    failed: 0,
                },
            ) => counts = Counts::ONE,
            (false, Counts { failed: 0, .. }) => counts.failed = 1,
            (true | false, _) => {}
        }
        counts
    }

    /// Returns what counts when the files with failures were run again.
    pub(crate) fn after_again(self, again: Counts) -> Counts {
        let all = self.passed + self.failed;
        Counts {
            passed: all.saturating_sub(again.failed),
            failed: again.failed,
        }
    }

    fn plus(self, other: Counts) -> Counts {
        Counts {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

fn is_closing_line(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    line.starts_with("Summary [")
        || line.starts_with("test result:")
        || line.starts_with("Tests ")
        || line
            .strip_prefix("pass ")
            .or(line.strip_prefix("fail "))
            .is_some_and(is_number)
}

fn is_number(text: &str) -> bool {
    text.trim().parse::<u64>().is_ok()
}

/// Reads `3 passed` and `1 failed`, or node's `pass 3` and `fail 1`.
fn read_line(line: &str) -> Counts {
    let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let mut counts = Counts::default();
    for pair in words.windows(2) {
        match (
            pair[0].parse::<u64>(),
            pair[1].parse::<u64>(),
            pair[0],
            pair[1],
        ) {
            (Ok(count), _, _, "passed") | (_, Ok(count), "pass", _) => counts.passed += count,
            (Ok(count), _, _, "failed") | (_, Ok(count), "fail", _) => counts.failed += count,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, ok: bool, passed: u64, failed: u64) {
        assert_eq!(Counts::read(output, ok), Counts { passed, failed });
    }

    #[test]
    fn closing_lines_of_every_runner_are_read() {
        check(
            "     Summary [   0.103s] 23 tests run: 22 passed, 1 failed, 3 skipped",
            false,
            22,
            1,
        );
        check(
            "test result: ok. 5 passed; 0 failed\ntest result: ok. 2 passed; 0 failed",
            true,
            7,
            0,
        );
        check(
            " Test Files  3 passed (3)\n      Tests  12 passed (12)",
            true,
            12,
            0,
        );
        check("      Tests  1 failed | 11 passed (12)", false, 11, 1);
        check("# tests 4\n# pass 3\n# fail 1", false, 3, 1);
        check("ℹ pass 9\nℹ fail 0", true, 9, 0);
    }

    #[test]
    fn nextest_shows_a_failed_test_and_counts_it_once() {
        let output = "test result: FAILED. 0 passed; 1 failed; 0 ignored\n\
            Summary [ 49.1s] 470 tests run: 469 passed, 1 failed, 4 skipped";
        check(output, false, 469, 1);
    }

    #[test]
    fn what_failed_twice_has_failed() {
        let (first, again) = (Counts::read("# pass 8\n# fail 2", false), Counts::default());
        let one = Counts { failed: 1, ..again };
        let want = |passed, failed| Counts { passed, failed };
        assert_eq!(first.after_again(again), want(10, 0));
        assert_eq!(first.after_again(one), want(9, 1));
    }

    #[test]
    fn nextest_tells_of_flaky_tests() {
        let output = "Summary [ 49.1s] 470 tests run: 470 passed (1 flaky), 4 skipped";
        check(output, true, 470, 0);
    }

    #[test]
    fn a_step_without_tests_counts_once() {
        check("built in 3 s", true, 1, 0);
        check("", false, 0, 1);
    }

    #[test]
    fn a_crash_after_good_tests_is_a_failure() {
        check("test result: ok. 5 passed; 0 failed", false, 5, 1);
    }

    #[test]
    fn prose_is_not_a_closing_line() {
        check("pass the salt\n7 passed away", true, 1, 0);
    }
}
