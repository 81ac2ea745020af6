use proptest::prelude::*;

use super::*;
use crate::modbus::exception::ExceptionCode;

const ADDRESS: Outcome<'static> = Outcome::Refused(ExceptionCode::ILLEGAL_DATA_ADDRESS);

/// A device of the tests: runs of registers, all else is refused.
#[derive(Clone)]
struct Device {
    runs: Vec<(u16, Vec<u16>)>,
    limit: u16,
    beyond: Outcome<'static>,
}

impl Device {
    fn answer(&self, span: &Span, walk: &mut Walk) {
        if self.limit < span.count {
            return walk.take(Outcome::Refused(ExceptionCode::ILLEGAL_DATA_VALUE));
        }
        let words = self.runs.iter().find_map(|(start, words)| {
            let at = usize::from(span.start.checked_sub(*start)?);
            words.get(at..at + usize::from(span.count))
        });
        match words {
            Some(words) => walk.take(Outcome::Data(&bytes(words))),
            None => walk.take(self.beyond),
        }
    }

    fn walk(&self) -> Walk {
        let mut walk = Walk::new();
        while let Some(span) = walk.next() {
            assert!(1 <= span.count && span.end() <= 0x1_0000, "{span}");
            assert!(walk.asked() < 200_000, "the walk does not end");
            self.answer(&span, &mut walk);
        }
        walk
    }

    fn without(mut self, from: usize) -> Device {
        self.runs[0].1.truncate(from);
        self
    }
}

/// A device with a map: the marker, models with their numbers and registers, and what follows.
fn device(base: u16, models: &[(u16, &[u16])], end: &[u16]) -> Device {
    let mut words = vec![0x5375, 0x6E53];
    for (id, body) in models {
        words.extend([*id, u16::try_from(body.len()).unwrap()]);
        words.extend(*body);
    }
    words.extend(end);
    Device {
        runs: vec![(base, words)],
        limit: 125,
        beyond: ADDRESS,
    }
}

const COMMON_BODY: [u16; 66] = {
    let mut words = [0; 66];
    (words[0], words[1]) = (0x4163, 0x6D65); // Acme
    (words[16], words[17], words[18]) = (0x4D2D, 0x071B, 0x3720); // M-, bell, escape, 7, blank
    (words[40], words[41]) = (0x322E, 0x3100); // 2.1
    (words[48], words[49], words[50]) = (0x534E, 0x0034, 0x3131); // SN, end, rubbish
    words
};

fn inverter() -> Vec<u16> {
    (1000..1050).collect()
}

/// Common model, inverter, end.
fn usual(base: u16) -> Device {
    device(base, &[(1, &COMMON_BODY), (103, &inverter())], &[END, 0])
}

#[track_caller]
fn check_end(walk: &Walk, want: &str) {
    match walk.ended().unwrap() {
        Ok(()) => assert_eq!(want, ""),
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(want) && !want.is_empty(), "{text}");
        }
    }
}

fn ids(walk: &Walk) -> Vec<u16> {
    walk.found().models.iter().map(|model| model.id).collect()
}

#[test]
fn the_models_are_found_at_each_base_with_two_requests_each() {
    for (base, others) in [(40_000, 0), (50_000, 1), (0, 2)] {
        let walk = usual(base).walk();
        check_end(&walk, "");
        let found = walk.found();
        assert_eq!((found.base, found.read_max), (base, None));
        assert_eq!(ids(&walk), [1, 103]);
        assert_eq!(found.models[1].address, base + 70);
        assert_eq!(found.models[1].registers[2..], inverter());
        assert_eq!(found.models[1].words(51, 1), Some(&[1049][..]));
        assert_eq!(found.models[1].words(51, 2), None);
        assert_eq!(walk.asked(), others + 1 + 2 * 2 + 1);
    }
}

#[test]
fn who_the_device_is_holds_printable_characters_alone() {
    let walk = usual(40_000).walk();
    let want = Identity {
        manufacturer: "Acme".to_owned(),
        model: "M-7".to_owned(),
        options: String::new(),
        version: "2.1".to_owned(),
        serial_number: "SN".to_owned(),
    };
    assert_eq!(walk.found().identity(), Some(want));
    let nameless = device(40_000, &[(103, &inverter())], &[END, 0]).walk();
    assert_eq!(nameless.found().identity(), None);
}

#[test]
fn a_device_without_marker_is_told_with_what_stands_there() {
    let mut device = usual(7);
    device.runs = vec![(40_000, vec![1, 2]), (0, vec![0, 0])];
    let walk = device.walk();
    check_end(
        &walk,
        "no SunSpec marker (holding register 40000: 0001 0002, holding register 50000: exception \
         02 (illegal data address), holding register 0: 0000 0000); check that",
    );
    assert_eq!(walk.asked(), 3);
}

#[test]
fn a_silent_device_is_asked_twice_at_each_place() {
    for silence in [
        Outcome::Silent,
        Outcome::Refused(ExceptionCode::GATEWAY_TARGET_FAILED),
    ] {
        let mut device = usual(7);
        device.beyond = silence;
        let walk = device.walk();
        check_end(&walk, "holding register 40000: no answer");
        assert_eq!(walk.asked(), 6);
    }
}

#[test]
fn one_lost_answer_is_borne() {
    let device = usual(40_000);
    for lost in 0..7 {
        let mut walk = Walk::new();
        while let Some(span) = walk.next() {
            if walk.asked() == lost {
                walk.take(Outcome::Silent);
            }
            device.answer(&span, &mut walk);
        }
        check_end(&walk, "");
        assert_eq!(walk.found(), usual(40_000).walk().found());
    }
}

#[test]
fn a_missing_end_marker_is_told_with_its_place() {
    let models: [(u16, &[u16]); 1] = [(1, &COMMON_BODY)];
    let broken = "the chain of models breaks at holding register 40070: ";
    for (end, want) in [
        (
            &[][..],
            "exception 02 (illegal data address); the end marker",
        ),
        (
            &[0, 0],
            "0 stands there, which is the number of no model; the end marker 65535 is",
        ),
        (&[7], "one register is left, which holds no end marker"),
    ] {
        let walk = device(40_000, &models, end).walk();
        check_end(&walk, &format!("{broken}{want}"));
        assert_eq!(ids(&walk), [1], "what was read stays");
        assert_eq!(walk.found().models[0].problem, None);
    }
}

#[test]
fn an_end_marker_may_be_the_last_register_that_there_is() {
    let walk = device(40_000, &[(1, &COMMON_BODY)], &[END]).walk();
    check_end(&walk, "");
    // 50000 + 2 + 2 + 15531 is 65535.
    let mut last = device(50_000, &[(1, &vec![1; 15_531])], &[END]);
    check_end(&last.walk(), "");
    last.runs[0].1.pop();
    check_end(
        &last.walk(),
        "breaks at holding register 65535: exception 02",
    );
    let full = device(50_000, &[(1, &vec![1; 15_532])], &[]);
    check_end(
        &full.walk(),
        "breaks at holding register 65536: the registers end there",
    );
}

#[test]
fn every_truncation_of_a_map_is_told() {
    let whole = usual(40_000);
    let length = whole.runs[0].1.len();
    for count in 0..length - 1 {
        let walk = whole.clone().without(count).walk();
        assert!(walk.ended().unwrap().is_err(), "{count}");
        for model in &walk.found().models {
            let is_whole = model.registers.len() == usize::from(model.length) + 2;
            assert_eq!(model.problem.is_none(), is_whole, "{count}: {model:?}");
        }
    }
    check_end(&whole.without(length - 1).walk(), ""); // the length of the end says nothing
}

#[test]
fn a_length_that_is_wrong_never_leads_beyond_the_registers() {
    let mut device = usual(40_000);
    device.runs[0].1[71] = 60_000; // of the inverter
    let walk = device.walk();
    check_end(
        &walk,
        "breaks at holding register 40070: model 103 would have 60000 registers, which end",
    );
    assert_eq!(ids(&walk), [1]);
    device.runs[0].1[71] = 60; // beyond the end marker: the rest cannot be read
    let walk = device.walk();
    check_end(&walk, "breaks at holding register 40132: exception 02");
    let problem = walk.found().models[1].problem.as_deref();
    assert!(problem.unwrap().contains("exception 02"), "{problem:?}");
    device.runs[0].1[71] = 48; // the last two values look like a model of 1049 registers
    let walk = device.walk();
    check_end(&walk, "breaks at holding register 41171: exception 02");
    assert_eq!(ids(&walk), [1, 103, 1048]);
    assert_eq!(walk.found().models[1].problem, None);
    assert!(walk.found().models[2].problem.is_some());
}

#[test]
fn a_device_that_says_the_same_everywhere_is_no_chain() {
    let mut walk = Walk::new();
    while walk.next().is_some() {
        walk.take(Outcome::Data(&MARKER));
    }
    check_end(&walk, "the marker stands there again");
    assert_eq!(walk.asked(), 2);
}

#[test]
fn models_without_end_are_bounded() {
    let empty: Vec<(u16, &[u16])> = (0..20_000).map(|_| (64_000, &[][..])).collect();
    let walk = device(0, &empty, &[]).walk();
    check_end(
        &walk,
        "breaks at holding register 202: more than 100 models",
    );
    assert_eq!(walk.found().models.len(), MODELS_MAX);
    assert_eq!(walk.asked(), 2 + 1 + 101);
}

#[test]
fn a_device_that_gives_few_registers_at_once_is_read_whole() {
    for limit in [2, 8, 10, 16, 40, 50, 64, 100] {
        let body = vec![7; 300];
        let mut device = device(40_000, &[(1, &COMMON_BODY), (64_001, &body)], &[END, 0]);
        device.limit = limit;
        let walk = device.walk();
        check_end(&walk, "");
        assert!(
            walk.found()
                .models
                .iter()
                .all(|model| model.problem.is_none())
        );
        assert_eq!(walk.found().models[1].registers.len(), 302);
        assert_eq!(walk.found().read_max, Some(limit));
    }
}

#[test]
fn a_model_that_is_refused_hides_no_other() {
    let mut device = device(
        40_000,
        &[(1, &COMMON_BODY), (64_001, &[1; 30]), (103, &inverter())],
        &[END, 0],
    );
    let rest = device.runs[0].1.split_off(102);
    device.runs[0].1.truncate(72); // the number and length of model 64001 can be read
    device.runs.push((40_102, rest));
    let walk = device.walk();
    check_end(&walk, "");
    assert_eq!(ids(&walk), [1, 64_001, 103]);
    let problem = walk.found().models[1].problem.as_deref();
    assert!(problem.unwrap().starts_with("holding 40072"), "{problem:?}");
    assert_eq!(walk.found().models[2].registers[2..], inverter());
    assert_eq!(walk.found().read_max, None, "it was not the count");
}

#[test]
fn an_answer_of_another_length_is_no_answer() {
    let mut walk = Walk::new();
    walk.take(Outcome::Data(b"Sun"));
    walk.take(Outcome::Data(b"SunSpec!"));
    assert_eq!(walk.next().unwrap().start, BASES[1]);
}

proptest! {
    #[test]
    fn any_registers_at_all_come_to_an_end(
        words in prop::collection::vec(
            prop_oneof![Just(0), Just(1), Just(END), 0..200_u16, any::<u16>()], 0..400
        ),
        base in prop::sample::select(BASES.to_vec()),
        limit in 2..126_u16,
    ) {
        let mut device = device(base, &[], &words);
        device.limit = limit;
        let walk = device.walk();
        prop_assert!(walk.ended().is_some());
        prop_assert!(walk.found().models.len() <= MODELS_MAX);
        for model in &walk.found().models {
            prop_assert!(model.registers.len() <= usize::from(model.length) + 2);
        }
    }
}
