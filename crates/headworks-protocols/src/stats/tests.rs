use super::*;

fn at(time_us: i64) -> Exchange {
    Exchange {
        time_us,
        round_trip_us: 2000,
        bytes_out: 12,
        bytes_in: 29,
    }
}

fn device() -> (LinkStats, ObjectId, Arc<DeviceStats>) {
    let stats = LinkStats::default();
    let id: ObjectId = "0192d3c0-0000-7000-8000-000000000000".parse().unwrap();
    let handle = stats.handle(id);
    (stats, id, handle)
}

#[test]
fn an_answer_makes_a_device_online() {
    let (stats, id, handle) = device();
    assert_eq!(stats.device(id), DeviceSnapshot::default());
    handle.answered(at(5));
    let snapshot = stats.device(id);
    assert_eq!(snapshot.state, DeviceState::Online);
    assert_eq!(
        (snapshot.requests, snapshot.answered, snapshot.last_seen_us),
        (1, 1, Some(5))
    );
    assert_eq!((snapshot.bytes_out, snapshot.bytes_in), (12, 29));
    let p50 = snapshot.round_trip_p50_us.unwrap();
    assert!(p50.abs_diff(2000) <= 63, "{p50}");
}

#[test]
fn a_time_out_counts_and_only_giving_up_makes_offline() {
    let (stats, id, handle) = device();
    handle.answered(at(5));
    handle.timed_out(
        Exchange {
            bytes_in: 0,
            ..at(9)
        },
        "no answer within 1000 ms",
    );
    assert_eq!(stats.device(id).state, DeviceState::Online);
    handle.offline(9, "no answer within 1000 ms");
    handle.late(29);
    let snapshot = stats.device(id);
    assert_eq!(snapshot.state, DeviceState::Offline);
    assert_eq!(
        (snapshot.requests, snapshot.timeouts, snapshot.late),
        (2, 1, 1)
    );
    assert_eq!(
        snapshot.last_error.as_deref(),
        Some("no answer within 1000 ms")
    );
    assert_eq!(
        (snapshot.last_seen_us, snapshot.last_error_us),
        (Some(5), Some(9))
    );
    handle.answered(at(10));
    assert_eq!(stats.device(id).state, DeviceState::Online);
    assert_eq!(stats.device(id).consecutive_errors, 0);
}

#[test]
fn refusals_are_counted_by_code_and_make_an_error_when_nothing_else_comes() {
    let (stats, id, handle) = device();
    handle.answered(at(1));
    for refusal in 1..=DeviceStats::REFUSALS_MAX {
        assert_eq!(
            stats.device(id).state,
            DeviceState::Online,
            "before refusal {refusal}"
        );
        handle.exception(at(2), 2, "illegal data address");
    }
    let snapshot = stats.device(id);
    assert_eq!(snapshot.state, DeviceState::Error);
    assert_eq!(snapshot.exceptions, BTreeMap::from([(2, 5)]));
    assert_eq!((snapshot.answered, snapshot.requests), (1, 6));
}

#[test]
fn a_device_that_was_never_well_is_in_error_at_its_first_bad_answer() {
    let (stats, id, handle) = device();
    handle.malformed(at(1), "3 bytes where 5 are needed");
    assert_eq!(stats.device(id).state, DeviceState::Error);
    assert_eq!(stats.device(id).malformed, 1);
}

#[test]
fn scans_have_percentiles_of_their_lateness() {
    let (stats, id, handle) = device();
    (0..98).for_each(|_| handle.scan(100));
    (0..2).for_each(|_| handle.scan(9000));
    handle.missed_scans(3);
    handle.missed_scans(0);
    let snapshot = stats.device(id);
    assert_eq!((snapshot.scans, snapshot.missed_scans), (100, 3));
    assert!(snapshot.jitter_p50_us.unwrap().abs_diff(100) <= 3);
    assert!(snapshot.jitter_p99_us.unwrap().abs_diff(9000) <= 281);
}

#[test]
fn only_changes_of_state_wake_who_watches() {
    let (stats, id, handle) = device();
    let mut changes = stats.changes();
    handle.answered(at(1));
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    handle.answered(at(2));
    handle.exception(at(3), 2, "illegal data address");
    handle.scan(10);
    assert!(!changes.has_changed().unwrap());
    stats.link_down(4, "closed by device");
    assert!(changes.has_changed().unwrap());
    assert_eq!(stats.states(), [(id, DeviceState::Offline)]);
    assert_eq!(
        stats.snapshots()[0].1.last_error.as_deref(),
        Some("closed by device")
    );
    changes.mark_unchanged();
    stats.remove(id);
    stats.remove(id);
    assert!(changes.has_changed().unwrap());
    assert!(stats.states().is_empty());
}
