use super::*;
use crate::historian::segment::{Footer, Mark};

fn file(seal: u64, samples: u64, blocks: u64) -> Arc<Segment> {
    Arc::new(Segment {
        id: seal,
        path: format!("{seal}").into(),
        bytes: samples * 2,
        footer: Footer {
            blocks: u32::try_from(blocks).unwrap(),
            pages: 1,
            day: 0,
            mark: Mark::Commit,
            revision: 0,
            seal,
            index_offset: 0,
            samples,
            from: 0,
            directory_crc: 0,
            round: 0,
        },
    })
}

/// Seals of a plant with `tags` tags through a day; returns how often a sample was copied and how
/// many files there were at most.
fn day(seals: u64, tags: u64, samples_of: impl Fn(u64) -> u64) -> (f64, usize) {
    let (mut files, mut total, mut copied, mut most) = (Vec::new(), 0, 0, 0);
    for seal in 1..=seals {
        let samples = samples_of(seal);
        total += samples;
        files.push(file(seal, samples, tags));
        while let Some(run) = alike(&files) {
            let samples: u64 = run.iter().map(|segment| segment.footer.samples).sum();
            copied += samples;
            let at = files
                .iter()
                .position(|found| found.id == run[0].id)
                .unwrap();
            let joined = file(run[run.len() - 1].id, samples, tags.max(samples / 8_192));
            files.splice(at..at + run.len(), [joined]);
        }
        most = most.max(files.len());
    }
    (copied as f64 / total as f64, most)
}

#[test]
fn a_wide_plant_has_few_files_and_copies_little() {
    let (copies, files) = day(1_728, 100_000, |_| 5_000_000);
    assert!(copies <= 3.0, "{copies}");
    assert!(files <= 30, "{files}");
}

#[test]
fn sizes_that_differ_change_little() {
    let (copies, files) = day(1_728, 100_000, |seal| 1_000_000 + seal * 7_919 % 9_000_000);
    assert!(copies <= 4.0, "{copies}");
    assert!(files <= 60, "{files}");
}

#[test]
fn files_with_full_blocks_stay_until_the_day_is_over() {
    let (copies, files) = day(24, 1_000, |_| 3_600_000);
    assert_eq!((copies, files), (0.0, 24));
}
