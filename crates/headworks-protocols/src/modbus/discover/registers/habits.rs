//! How long the runs and holes of a device are, learned while it is scanned.
//!
//! A run that is so long already ends with the next address in so many cases of a hundred; the
//! same for holes. Lengths are put together in classes, so that little has to be seen before it
//! helps, and old cases count half after a while, so that a change of habits is noticed.

/// Classes of lengths: 1, 2, 3, 4, to 8, to 16, to 32, to 64, more.
const CLASSES: usize = 9;
/// Cases of a class after which all its cases count half.
const CASES_MAX: f64 = 400.0;
/// A read is made no greater once it is less likely answered than this.
const LIKELY: f64 = 0.5;

/// What is known of runs and holes.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    runs: [Cases; CLASSES],
    holes: [Cases; CLASSES],
    last: Last,
}

/// What the addresses before are.
#[derive(Clone, Copy, Debug)]
enum Last {
    Nothing,
    Run(u32),
    Hole(u32),
}

/// How often something of a length ended at the next address.
#[derive(Clone, Copy, Debug)]
struct Cases {
    ended: f64,
    all: f64,
}

impl Default for Habits {
    fn default() -> Habits {
        // Runs are taken for long and holes for short ones until the device says otherwise.
        let run = Cases {
            ended: 0.3,
            all: 60.0,
        };
        let hole = Cases {
            ended: 0.3,
            all: 1.0,
        };
        Habits {
            runs: [run; CLASSES],
            holes: [hole; CLASSES],
            last: Last::Nothing,
        }
    }
}

impl Habits {
    /// Takes note of the next addresses.
    pub(super) fn learn(&mut self, count: u32, is_there: bool) {
        for _ in 0..count {
            self.last = match (self.last, is_there) {
                (Last::Nothing, true) => Last::Run(1),
                (Last::Nothing, false) => Last::Hole(1),
                (Last::Run(length), _) => {
                    self.runs[class(length)].note(!is_there);
                    if is_there {
                        Last::Run(length + 1)
                    } else {
                        Last::Hole(1)
                    }
                }
                (Last::Hole(length), _) => {
                    self.holes[class(length)].note(is_there);
                    if is_there {
                        Last::Run(1)
                    } else {
                        Last::Hole(length + 1)
                    }
                }
            };
        }
    }

    /// Returns the chance that the address behind `last` is there.
    fn chance(&self, last: Last) -> f64 {
        match last {
            Last::Nothing => 0.9,
            Last::Run(length) => 1.0 - self.runs[class(length)].share(),
            Last::Hole(length) => self.holes[class(length)].share(),
        }
    }

    /// Returns how many addresses, at least 1 and at most `most`, are likely all there.
    pub(super) fn likely(&self, most: u32) -> u32 {
        let (mut last, mut chance, mut count) = (self.last, 1.0, 0);
        while count < most {
            chance *= self.chance(last);
            if chance < LIKELY {
                break;
            }
            last = last.and_one();
            count += 1;
        }
        count.max(1)
    }

    /// Returns where to divide `count` addresses, at least 2, of which one is lacking: so that the
    /// first hole is as likely before as behind.
    pub(super) fn split(&self, count: u32) -> u32 {
        let mut last = self.last;
        let mut chances = Vec::new(); // that all are there, up to each
        let mut chance = 1.0;
        for _ in 0..count {
            chance *= self.chance(last);
            chances.push(chance);
            last = last.and_one();
        }
        let middle = f64::midpoint(1.0, chance);
        let part = chances.partition_point(|chance| middle < *chance);
        u32::try_from(part).unwrap_or(1).clamp(1, count - 1)
    }
}

impl Last {
    const fn and_one(self) -> Last {
        match self {
            Last::Run(length) => Last::Run(length + 1),
            Last::Nothing | Last::Hole(_) => Last::Run(1),
        }
    }
}

impl Cases {
    fn note(&mut self, ended: bool) {
        if CASES_MAX <= self.all {
            self.ended /= 2.0;
            self.all /= 2.0;
        }
        self.ended += f64::from(u8::from(ended));
        self.all += 1.0;
    }

    fn share(&self) -> f64 {
        self.ended / self.all
    }
}

fn class(length: u32) -> usize {
    match length {
        0..=4 => usize::try_from(length.max(1) - 1).unwrap_or(0),
        5..=8 => 4,
        9..=16 => 5,
        17..=32 => 6,
        33..=64 => 7,
        _ => 8,
    }
}
