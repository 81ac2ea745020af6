//! Questions between the polls, in simulated time.

use tokio::sync::oneshot;

use super::*;
use crate::driver::{AskFailure, Question};
use crate::modbus::bus::guest::WAITING_MAX;
use crate::modbus::table::Table;

fn question(station: u8, timeout_ms: u64) -> Question {
    let request = Request::Read {
        table: Table::Holding,
        start: 7,
        count: 2,
    };
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    Question {
        station,
        request: bytes,
        timeout: Duration::from_millis(timeout_ms),
    }
}

type Answered = oneshot::Receiver<Result<Vec<u8>, AskFailure>>;

fn ask(world: &mut World, station: u8, timeout_ms: u64) -> Answered {
    let (reply, answered) = oneshot::channel();
    world.bus.ask(&question(station, timeout_ms), reply);
    answered
}

fn serial() -> serde_json::Value {
    json!({"transport": "rtu", "serial_port": "/dev/ttyS0", "baud_rate": 19_200})
}

fn tcp() -> serde_json::Value {
    json!({"endpoint": "127.0.0.1"})
}

#[test]
fn a_station_that_no_device_is_answers_between_the_polls() {
    for connection in [serial(), tcp()] {
        let mut world = World::new(&config(connection, 3, 4), |_| Some(5 * MS));
        world.run(SECOND);
        let mut answered = ask(&mut world, 99, 300);
        world.run(SECOND);
        assert_eq!(answered.try_recv(), Ok(Ok(vec![0, 7, 0, 8])));
    }
}

#[test]
fn questions_take_turns_with_polls_that_are_due() {
    // Three units of 5 ms each second, and more questions than fit.
    let mut world = World::new(&config(serial(), 3, 4), |_| Some(5 * MS));
    world.run(3 * SECOND);
    let before = world.samples;
    let mut answered = Vec::new();
    for _ in 0..40 {
        while answered.len() < 2000 && world.bus.guests.waiting() < WAITING_MAX {
            answered.push(ask(&mut world, 99, 300));
        }
        world.run(SECOND / 4);
    }
    let is_done = |one: &mut Answered| one.try_recv().is_ok();
    let done = answered.iter_mut().map(is_done).filter(|is_done| *is_done);
    assert!(500 < done.count());
    // Ten seconds of three units with four registers.
    assert!(
        10 * 3 * 4 - 12 <= world.samples - before,
        "{}",
        world.samples - before
    );
}

#[test]
fn a_silent_station_does_not_hold_up_polls_on_tcp() {
    let behaviour = |unit| (unit < 50).then_some(2 * MS);
    let mut world = World::new(&config(tcp(), 5, 4), behaviour);
    world.run(3 * SECOND);
    world.asked.clear(); // the first scans come at once, not on their grid
    let before = world.samples;
    for _ in 0..20 {
        let mut answered = ask(&mut world, 99, 400);
        world.run(SECOND / 2);
        assert_eq!(answered.try_recv(), Ok(Err(AskFailure::NoAnswer)));
    }
    assert!(
        10 * 5 * 4 - 20 <= world.samples - before,
        "{}",
        world.samples - before
    );
    let jitter = world.jitter_us(1..=5);
    assert!(*jitter.last().unwrap() <= 30 * MS, "{jitter:?}");
}

#[test]
fn a_silent_station_holds_up_a_serial_line_for_its_time_out_alone() {
    let behaviour = |unit| (unit < 50).then_some(5 * MS);
    let mut world = World::new(&config(serial(), 3, 4), behaviour);
    world.run(3 * SECOND);
    let mut answered = ask(&mut world, 99, 200);
    world.run(260 * MS);
    assert_eq!(answered.try_recv(), Ok(Err(AskFailure::NoAnswer)));
    let before = world.samples;
    world.run(2 * SECOND);
    assert!(2 * 3 * 4 <= world.samples - before + 12);
}

#[test]
fn who_asks_too_much_or_nonsense_or_a_dead_link_is_told_so() {
    let mut world = World::new(&config(tcp(), 1, 1), |_| None);
    let mut waiting: Vec<Answered> = (0..WAITING_MAX).map(|_| ask(&mut world, 9, 300)).collect();
    let is_down = |answered: &mut Answered| {
        matches!(answered.try_recv(), Ok(Err(AskFailure::LinkDown { .. })))
    };
    assert!(is_down(&mut ask(&mut world, 9, 300)));
    let (reply, mut answered) = oneshot::channel();
    let nonsense = Question {
        request: vec![99],
        ..question(9, 300)
    };
    world.bus.ask(&nonsense, reply);
    assert!(matches!(
        answered.try_recv(),
        Ok(Err(AskFailure::Unusable { .. }))
    ));
    world.run(10 * MS);
    let now = now(world.now_us);
    world.bus.disconnected("gone", now);
    assert!(waiting.iter_mut().all(is_down));
    assert!(is_down(&mut ask(&mut world, 9, 300)));
}
