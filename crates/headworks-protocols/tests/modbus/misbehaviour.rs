//! What the driver makes of devices that are silent, late or wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use headworks_core::model::ObjectId;
use headworks_core::{DataType, Quality, TagIndex, Value};
use headworks_protocols::modbus::frame::Framing;
use headworks_protocols::modbus::pdu::Request;
use headworks_protocols::{DeviceConfig, DeviceState, LinkConfig, WriteError};
use serde_json::json;

use crate::bad_peer::{Act, Ask, BadPeer, good};
use crate::harness::{Harness, device, link, object, tag, tcp};
use crate::peers::free_port;

/// One unit with a tag at register 7.
fn one(port: u16) -> LinkConfig {
    link(tcp(port), vec![unit(1)])
}

/// A unit whose only tag has the number of the unit and stands at register 7.
fn unit(number: u8) -> DeviceConfig {
    let tags = vec![tag(number.into(), "HR7", DataType::Uint16)];
    device(number.into(), json!({"unit_id": number}), tags)
}

fn serial_over_tcp(port: u16) -> serde_json::Value {
    let endpoint = format!("127.0.0.1:{port}");
    json!({"transport": "rtu_over_tcp", "endpoint": endpoint, "timeout_ms": 200})
}

fn is_silent(sample: &headworks_core::Sample) -> bool {
    sample.quality == Quality::BAD_NO_COMMUNICATION
}

/// A peer whose first answers are wrong in one way, and the error that the device then shows.
async fn check_wrong(wrong: fn(&Ask) -> Vec<u8>, want: &str) {
    let peer = BadPeer::start(Framing::Mbap, move |ask| {
        let bytes = if ask.number < 2 {
            wrong(ask)
        } else {
            ask.good()
        };
        vec![Act::Send(bytes)]
    })
    .await;
    let mut harness = Harness::start(one(peer.port));
    harness
        .wait_for(1, |sample| sample.quality == Quality::BAD_DECODING)
        .await;
    let state = harness.device(object(1));
    assert_eq!(state.malformed, 2, "{state:?}");
    assert_eq!(state.last_error.as_deref(), Some(want));
    harness.wait_value(1, Value::I64(7)).await;
    assert!(harness.errors.try_recv().is_err(), "the link is kept");
    harness.stop().await;
}

#[tokio::test]
async fn fewer_registers_than_asked_are_no_answer() {
    let want = "the answer says 0 data bytes where 2 were asked";
    check_wrong(|ask| ask.pdu(&[3, 0]), want).await;
}

#[tokio::test]
async fn a_byte_count_that_lies_is_no_answer() {
    let want = "the answer says 4 data bytes where 2 were asked";
    check_wrong(|ask| ask.pdu(&[3, 4, 0, 7]), want).await;
    let want = "the answer has 6 bytes where 4 are right";
    check_wrong(|ask| ask.pdu(&[3, 2, 0, 7, 0, 7]), want).await;
}

#[tokio::test]
async fn another_function_is_no_answer() {
    let want = "function 4 was answered where 3 was asked";
    check_wrong(|ask| ask.pdu(&[4, 2, 0, 7]), want).await;
}

#[tokio::test]
async fn another_unit_is_no_answer() {
    let want = "unit 9 answered where unit 1 was asked";
    let wrong = |ask: &Ask| {
        ask.frame_of(ask.transaction, 9, |out| {
            out.extend_from_slice(&[3, 2, 0, 7])
        })
    };
    check_wrong(wrong, want).await;
}

#[tokio::test]
async fn another_transaction_is_dropped_and_the_right_one_taken() {
    let peer = BadPeer::start(Framing::Mbap, |ask| {
        let other = ask.transaction.wrapping_add(100);
        let wrong = |out: &mut Vec<u8>| out.extend_from_slice(&[3, 2, 0xDE, 0xAD]);
        vec![
            Act::Send(ask.frame_of(other, ask.unit, wrong)),
            Act::Send(ask.good()),
        ]
    })
    .await;
    let mut harness = Harness::start(one(peer.port));
    harness.wait_value(1, Value::I64(7)).await;
    assert!(
        harness.wire().contains("answer to no request, dropped"),
        "{}",
        harness.wire()
    );
    assert_eq!(harness.device(object(1)).malformed, 0);
    harness.stop().await;
}

/// A peer that ruins the stream once, and the error of the link.
async fn check_lost(ruin: fn(&Ask) -> Vec<Act>, want: &str) {
    let peer = BadPeer::start(Framing::Mbap, move |ask| {
        if ask.number == 0 {
            ruin(ask)
        } else {
            good(ask)
        }
    })
    .await;
    let mut harness = Harness::start(one(peer.port));
    let error = harness.error().await;
    let place = format!("link to 127.0.0.1:{} is down: ", peer.port);
    assert_eq!(error, format!("{place}{want}"));
    harness.wait_value(1, Value::I64(7)).await;
    harness.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_not_modbus_is_named_and_opened_anew() {
    let want = "protocol id 0x5450 where Modbus has 0; is the port that of a Modbus TCP server, or \
                one of RTU over TCP?";
    check_lost(
        |_| vec![Act::Send(b"HTTP/1.1 400 Bad Request\r\n".to_vec())],
        want,
    )
    .await;
}

#[tokio::test]
async fn lengths_that_no_frame_has_are_named() {
    let want = "a frame says 65535 bytes where 2 to 254 are possible";
    check_lost(|_| vec![Act::Send(vec![0, 1, 0, 0, 0xFF, 0xFF, 1])], want).await;
    let want = "a frame says 0 bytes where 2 to 254 are possible";
    check_lost(|_| vec![Act::Send(vec![0, 1, 0, 0, 0, 0, 1])], want).await;
}

#[tokio::test]
async fn a_peer_that_closes_is_named() {
    check_lost(|_| vec![Act::Close], "closed by device").await;
    let in_the_middle = |ask: &Ask| vec![Act::Send(ask.good()[..9].to_vec()), Act::Close];
    check_lost(in_the_middle, "closed by device").await;
}

#[tokio::test]
async fn bytes_that_drip_make_an_answer() {
    let peer = BadPeer::start(Framing::Mbap, |ask| {
        vec![Act::Drip(ask.good(), Duration::from_millis(5))]
    })
    .await;
    let mut harness = Harness::start(one(peer.port));
    harness.wait_value(1, Value::I64(7)).await;
    assert_eq!(harness.device(object(1)).malformed, 0);
    harness.stop().await;
}

#[tokio::test]
async fn nobody_listens() {
    let port = free_port();
    let mut harness = Harness::start(one(port));
    let error = harness.error().await;
    let want = format!(
        "link to 127.0.0.1:{port} is down: connection refused: nothing listens there; check the \
         port and that the device's Modbus server is on"
    );
    assert_eq!(error, want);
    let refused = harness.write(1, Value::I64(1)).await.unwrap_err();
    assert!(matches!(refused, WriteError::LinkDown { .. }), "{refused}");
    harness.stop().await;
}

#[tokio::test]
async fn a_serial_port_that_is_missing_is_named() {
    let connection = json!({"transport": "rtu", "serial_port": "/dev/ttyNone7"});
    let mut harness = Harness::start(link(connection, vec![unit(1)]));
    let error = harness.error().await;
    assert!(
        error.starts_with("link to /dev/ttyNone7 is down: "),
        "{error}"
    );
    assert!(
        error.contains("there is no such port; plug the adapter in"),
        "{error}"
    );
    harness.stop().await;
}

#[tokio::test]
async fn a_mute_unit_is_bad_once_and_comes_back() {
    let peer = BadPeer::start(Framing::Mbap, |ask| {
        let is_mute = ask.unit == 2 && ask.number < 60;
        if is_mute { Vec::new() } else { good(ask) }
    })
    .await;
    let mut harness = Harness::start(link(tcp(peer.port), vec![unit(1), unit(2)]));
    harness.wait_for(2, is_silent).await;
    let state = harness.device(object(2));
    assert_eq!(state.state, DeviceState::Offline);
    assert_eq!(
        state.last_error.as_deref(),
        Some("unit 2 does not answer within 300 ms; check that it is on and that unit_id is right")
    );
    let counts = harness.take_for(Duration::from_millis(600)).await;
    assert!(!counts.contains_key(&TagIndex(2)), "{counts:?}");
    assert!(
        8 <= counts[&TagIndex(1)],
        "the other unit goes on: {counts:?}"
    );
    let report = harness.poll(object(2)).await;
    assert_eq!((report.good, report.bad), (0, 1));
    harness.wait_value(2, Value::I64(7)).await;
    assert_eq!(harness.device(object(2)).state, DeviceState::Online);
    harness.stop().await;
}

#[tokio::test]
async fn late_answers_on_tcp_are_dropped_and_the_connection_kept() {
    let peer = BadPeer::start(Framing::Mbap, |ask| {
        let late = Duration::from_millis(if ask.unit == 2 { 450 } else { 0 });
        vec![Act::Wait(late), Act::Send(ask.good())]
    })
    .await;
    let mut harness = Harness::start(link(tcp(peer.port), vec![unit(1), unit(2)]));
    harness.wait_for(2, is_silent).await;
    harness.take_for(Duration::from_millis(1500)).await;
    let state = harness.device(object(2));
    assert!(2 <= state.late, "{state:?}");
    assert_eq!(state.answered, 0);
    let error = state.last_error.unwrap();
    assert!(
        error.starts_with("unit 2 answers too late, after 4"),
        "{error}"
    );
    assert!(error.ends_with("raise timeout_ms"), "{error}");
    assert!(harness.wire().contains("late answer dropped") || 2 <= state.late);
    assert!(harness.errors.try_recv().is_err(), "the link is kept");
    assert_eq!(harness.device(object(1)).timeouts, 0);
    harness.stop().await;
}

#[tokio::test]
async fn a_link_whose_every_unit_is_mute_is_opened_anew() {
    let peer = BadPeer::start(Framing::Mbap, |_| Vec::new()).await;
    let mut connection = tcp(peer.port);
    connection["timeout_ms"] = json!(20);
    let units = vec![device(
        1,
        json!({"retries": 0}),
        vec![tag(1, "HR7", DataType::Uint16)],
    )];
    let mut harness = Harness::start(link(connection, units));
    let error = harness.error().await;
    assert!(
        error.contains("unit 1 does not answer within 20 ms"),
        "{error}"
    );
    harness.stop().await;
}

#[tokio::test]
async fn exceptions_are_told_apart() {
    let peer = BadPeer::start(Framing::Mbap, |ask| {
        let bytes = match (ask.unit, ask.number) {
            (1, _) => ask.exception(1),
            (2, _) => ask.exception(4),
            (3, _) => ask.exception(6),
            (4, _) => ask.exception(0x0B),
            (5, _) => ask.exception(0xE1),
            _ => ask.good(),
        };
        vec![Act::Send(bytes)]
    })
    .await;
    let units = (1..=6).map(unit).collect();
    let mut harness = Harness::start(link(tcp(peer.port), units));
    for (tag, quality) in [
        (1, Quality::BAD_NOT_SUPPORTED),
        (2, Quality::BAD_DEVICE_FAILURE),
        (3, Quality::BAD_SERVER_TOO_BUSY),
        (4, Quality::BAD_NO_COMMUNICATION),
        (5, Quality::BAD),
    ] {
        harness
            .wait_for(tag, |sample| sample.quality == quality)
            .await;
    }
    harness.wait_value(6, Value::I64(7)).await;
    assert_eq!(harness.device(object(4)).state, DeviceState::Offline);
    let vendor = harness.device(object(5));
    assert_eq!(vendor.state, DeviceState::Error);
    assert_eq!(
        vendor.last_error.as_deref(),
        Some("exception E1 (code of the vendor)")
    );
    let asked = vendor.requests;
    harness.take_for(Duration::from_millis(500)).await;
    let more = harness.device(object(5)).requests - asked;
    assert!(
        more <= 2,
        "a device that refuses is not hammered: {more} in 500 ms"
    );
    harness.stop().await;
}

#[tokio::test]
async fn a_busy_device_is_asked_again() {
    let peer = BadPeer::start(Framing::Mbap, |ask| {
        let is_busy = ask.number == 0;
        vec![Act::Send(if is_busy {
            ask.exception(6)
        } else {
            ask.good()
        })]
    })
    .await;
    let mut harness = Harness::start(one(peer.port));
    let first = harness.take().await;
    assert_eq!(
        first[0].sample.value,
        Some(Value::I64(7)),
        "no bad sample before"
    );
    assert_eq!(harness.device(object(1)).exceptions[&6], 1);
    harness.stop().await;
}

#[tokio::test]
async fn a_bit_is_written_without_function_22_where_the_device_does_not_know_it() {
    let peer = BadPeer::start(Framing::Mbap, |ask| match &ask.request {
        Request::MaskRegister { .. } => vec![Act::Send(ask.exception(1))],
        Request::WriteRegister { value, .. } => {
            assert_eq!(
                *value,
                7 | 1 << 4,
                "the other bits are those of the register"
            );
            good(ask)
        }
        _ => good(ask),
    })
    .await;
    let tags = vec![tag(1, "HR7.4", DataType::Bool)];
    let unit = device(1, json!({"unit_id": 1}), tags);
    let mut harness = Harness::start(link(tcp(peer.port), vec![unit]));
    harness.wait_value(1, Value::Bool(false)).await;
    for _ in 0..2 {
        let report = harness.write(1, Value::Bool(true)).await.unwrap();
        // This peer's registers never change.
        assert_eq!(report.read_back, Some(Value::Bool(false)));
        assert!(!report.confirmed);
    }
    let wire = harness.wire();
    assert_eq!(
        wire.matches("01, 16, 00, 07").count(),
        1,
        "asked for once\n{wire}"
    );
    harness.stop().await;
}

#[tokio::test]
async fn a_write_to_a_mute_device_says_so_and_is_not_repeated() {
    let peer = BadPeer::start(Framing::Mbap, |ask| match ask.request {
        Request::WriteRegister { .. } => Vec::new(),
        _ => good(ask),
    })
    .await;
    let mut harness = Harness::start(one(peer.port));
    harness.wait_value(1, Value::I64(7)).await;
    let error = harness.write(1, Value::I64(1)).await.unwrap_err();
    assert!(matches!(error, WriteError::NoAnswer { .. }), "{error}");
    let wire = harness.wire();
    assert_eq!(wire.matches("01, 06, 00, 07").count(), 1, "{wire}");
    harness.stop().await;
}

#[tokio::test]
async fn a_late_answer_in_rtu_is_never_that_of_another_request() {
    // Two tags far apart: each scan has two requests that only the address tells apart, and an
    // answer in RTU does not name the address.
    let peer = BadPeer::start(Framing::Rtu, |ask| {
        let late = Duration::from_millis(if ask.number % 3 == 0 { 300 } else { 0 });
        vec![Act::Wait(late), Act::Send(ask.good())]
    })
    .await;
    let tags = vec![
        tag(1, "HR7", DataType::Uint16),
        tag(2, "HR2000", DataType::Uint16),
    ];
    let unit = device(1, json!({"unit_id": 1}), tags);
    let mut harness = Harness::start(link(serial_over_tcp(peer.port), vec![unit]));
    harness.wait_value(1, Value::I64(7)).await;
    harness.wait_value(2, Value::I64(2000)).await;
    let until = tokio::time::Instant::now() + Duration::from_secs(3);
    while let Ok(batch) = tokio::time::timeout_at(until, harness.take()).await {
        for update in batch {
            let want = if update.tag == TagIndex(1) { 7 } else { 2000 };
            let value = update.sample.value;
            assert!(
                value.is_none() || value == Some(Value::I64(want)),
                "{value:?}"
            );
        }
    }
    let state = harness.device(object(1));
    assert!(1 <= state.late && 2 <= state.timeouts, "{state:?}");
    harness.stop().await;
}

#[tokio::test]
async fn noise_and_broken_frames_in_rtu_cost_a_retry_at_most() {
    let peer = BadPeer::start(Framing::Rtu, |ask| {
        let mut bytes = ask.good();
        match ask.number % 3 {
            0 => bytes.splice(0..0, [0, 0x55, 0xFF, 0, 3]).for_each(drop),
            1 => bytes[4] ^= 0x10,
            _ => {}
        }
        vec![Act::Send(bytes)]
    })
    .await;
    let mut harness = Harness::start(link(serial_over_tcp(peer.port), vec![unit(1)]));
    harness.wait_value(1, Value::I64(7)).await;
    let counts = harness.take_for(Duration::from_millis(1500)).await;
    assert!(3 <= counts[&TagIndex(1)], "{counts:?}");
    assert_eq!(harness.last[&TagIndex(1)].value, Some(Value::I64(7)));
    assert_eq!(harness.device(object(1)).state, DeviceState::Online);
    harness.stop().await;
}

#[tokio::test]
async fn a_mute_unit_on_a_serial_line_costs_only_its_own_time() {
    let peer = BadPeer::start(Framing::Rtu, |ask| {
        if ask.unit == 2 { Vec::new() } else { good(ask) }
    })
    .await;
    let connection = serial_over_tcp(peer.port);
    let mut harness = Harness::start(link(connection, vec![unit(1), unit(2), unit(3)]));
    harness.wait_for(2, is_silent).await;
    let before = harness.device(object(2)).requests;
    let counts = harness.take_for(Duration::from_secs(2)).await;
    let probes = harness.device(object(2)).requests - before;
    assert!(
        (1..=2).contains(&probes),
        "{probes} questions to the mute unit in 2 s"
    );
    // 2 s less two time-outs of 200 ms are 32 periods of 50 ms.
    for tag in [1, 3] {
        assert!(20 <= counts[&TagIndex(tag)], "{counts:?}");
    }
    harness.stop().await;
}

fn healthy() -> impl Iterator<Item = ObjectId> {
    (9..=40).map(object)
}

#[tokio::test]
async fn mute_and_late_units_behind_a_gateway_do_not_delay_the_others() {
    let peer = BadPeer::start(Framing::Mbap, |ask| match ask.unit {
        1..=4 => Vec::new(),
        5..=6 => vec![Act::Wait(Duration::from_millis(500)), Act::Send(ask.good())],
        7..=8 => vec![Act::Wait(Duration::from_millis(120)), Act::Send(ask.good())],
        _ => good(ask),
    })
    .await;
    let units = (1..=40)
        .map(|number| {
            let mut unit = unit(number);
            unit.tags[0].period = Duration::from_millis(250);
            unit
        })
        .collect();
    let mut harness = Harness::start(link(tcp(peer.port), units));
    for number in 7..=40 {
        harness.wait_value(number, Value::I64(7)).await;
    }
    // From here on the driver knows its units; misses are counted when the next scan begins.
    harness.take_for(Duration::from_millis(600)).await;
    let missed: Vec<u64> = healthy()
        .map(|unit| harness.device(unit).missed_scans)
        .collect();
    let mut times: BTreeMap<TagIndex, Vec<i64>> = BTreeMap::new();
    let until = tokio::time::Instant::now() + Duration::from_secs(4);
    while let Ok(batch) = tokio::time::timeout_at(until, harness.take()).await {
        for update in batch {
            times
                .entry(update.tag)
                .or_default()
                .push(update.sample.time_us);
        }
    }
    let now_missed: Vec<u64> = healthy()
        .map(|unit| harness.device(unit).missed_scans)
        .collect();
    assert_eq!(now_missed, missed);
    let mut jitter_us: Vec<u64> = (9..=40)
        .flat_map(|unit| times[&TagIndex(unit)].windows(2))
        .map(|pair| (pair[1] - pair[0]).abs_diff(250_000))
        .collect();
    jitter_us.sort_unstable();
    let p99_us = jitter_us[jitter_us.len() * 99 / 100];
    assert!(32 * 12 <= jitter_us.len(), "{} samples", jitter_us.len());
    // The figure without the load of other tests is held in the simulated time of the unit tests.
    assert!(p99_us <= 150_000, "{p99_us} us");
    for number in 5..=6 {
        let state = harness.device(object(number));
        assert_eq!(state.answered, 0);
        assert!(1 <= state.late, "{state:?}");
    }
    harness.stop().await;
}
