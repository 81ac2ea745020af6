use super::*;

#[test]
fn the_right_reading_is_first_of_nineteen_in_twenty_values_and_hardly_ever_below_third() {
    let blocks = blocks(1);
    assert!(300 <= blocks.len(), "{} blocks", blocks.len());
    let score = score(&blocks);
    let misses = score.misses.iter().take(40);
    let misses = misses.cloned().collect::<Vec<_>>().join("\n");
    let (first, third) = (score.first_share(), score.third_share());
    assert!(0.95 <= first, "{first}\n{misses}");
    assert!(0.99 <= third, "{third}\n{misses}");
}

#[test]
fn another_seed_makes_other_blocks_that_are_decoded_as_well() {
    let (one, other) = (blocks(1), blocks(77));
    let differ = one
        .iter()
        .zip(&other)
        .filter(|(one, other)| one.samples != other.samples);
    assert!(one.len() / 2 < differ.count());
    let score = score(&other);
    assert!(0.95 <= score.first_share(), "{}", score.first_share());
    assert!(0.99 <= score.third_share(), "{}", score.third_share());
}

#[test]
fn the_same_seed_makes_the_same_blocks() {
    let samples = |blocks: Vec<Labelled>| -> Vec<_> {
        blocks.into_iter().map(|block| block.samples).collect()
    };
    assert_eq!(samples(blocks(5)), samples(blocks(5)));
}

#[test]
fn a_measure_that_accepts_anything_would_be_none() {
    let mut blocks = blocks(1);
    let moves = |block: &Labelled, truth: &Reading| {
        let words = |sample: &Sample| sample.words[truth.start..truth.start + 2].to_vec();
        words(&block.samples[0]) != words(&block.samples[5])
    };
    blocks.retain(|block| {
        let wide = |truth: &Reading| truth.width == 2 && moves(block, truth);
        block.truth.iter().all(wide)
    });
    blocks.truncate(40);
    for truth in blocks.iter_mut().flat_map(|block| &mut block.truth) {
        truth.order = match truth.order {
            ByteOrder::Abcd => ByteOrder::Cdab,
            ByteOrder::Cdab => ByteOrder::Abcd,
            ByteOrder::Badc => ByteOrder::Dcba,
            ByteOrder::Dcba => ByteOrder::Badc,
        };
    }
    let score = score(&blocks);
    assert!(30 < score.values, "{}", score.values);
    assert!(score.first_share() < 0.02, "{}", score.first_share());
}

#[test]
fn whole_tables_are_scanned_with_hardly_more_requests_than_the_best_possible() {
    for figure in scans::figures(1) {
        assert!(figure.is_complete, "{figure:?}");
        assert!(0 < figure.registers, "{figure:?}");
        assert!(figure.ratio() <= 1.2, "{figure:?}: {}", figure.ratio());
    }
}
