//! With given times, so that hours pass at once.

use super::backoff::{DECAY, LONGEST_PAUSE};
use super::*;

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_burst_passes_then_the_rate_holds() {
    let limiter = RateLimiter::new(10, 20, 100);
    let start = Instant::now();
    let key = AddressKey::of(address(1));
    for count in 0..20 {
        assert_eq!(limiter.check(key, start), Ok(()), "{count}");
    }
    let wait = limiter.check(key, start).unwrap_err();
    assert_eq!(wait.0, Duration::from_millis(100));
    assert_eq!(limiter.check(key, start + wait.0), Ok(()));
    assert!(limiter.check(key, start + wait.0).is_err());
    // Refused requests cost nothing: after one second there is room for ten, less the one above.
    for _ in 0..1000 {
        assert!(limiter.check(key, start + wait.0).is_err());
    }
    let passed = (0..50).filter(|_| limiter.check(key, start + SECOND).is_ok());
    assert_eq!(passed.count(), 9);
    let other = AddressKey::of(address(2));
    assert_eq!(limiter.check(other, start + SECOND), Ok(()));
}

#[test]
fn one_network_of_ipv6_is_one_client() {
    let key = |text: &str| AddressKey::of(text.parse().unwrap());
    assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1:2:3"));
    assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
    assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    assert_ne!(key("192.0.2.2"), key("192.0.2.1"));
}

#[test]
fn a_million_clients_need_the_memory_of_few_and_those_in_use_stay() {
    let limiter = RateLimiter::new(1, 1, 1000);
    let start = Instant::now();
    assert_eq!(limiter.check(u64::MAX, start), Ok(()));
    for key in 0..1_000_000_u64 {
        assert_eq!(limiter.check(key, start), Ok(()));
        if key % 500 == 0 {
            assert!(limiter.check(u64::MAX, start).is_err(), "{key}");
        }
    }
    assert!(limiter.paid_at.lock().len() <= 2000);
}

fn guess(name: &str, last: u8) -> Attempt<'_> {
    Attempt {
        name,
        address: address(last),
    }
}

/// Fails whenever it is allowed, for a time; returns how often.
fn guess_for(backoff: &Backoff, attempt: Attempt<'_>, start: Instant, time: Duration) -> u32 {
    let (mut now, mut count) = (start, 0);
    while now < start + time {
        match backoff.check(attempt, now) {
            Ok(()) => {
                backoff.failed(attempt, now);
                count += 1;
            }
            Err(wait) => now += wait.0,
        }
    }
    count
}

#[test]
fn the_fifth_failure_starts_pauses_that_double_up_to_a_minute() {
    let backoff = Backoff::new();
    let mut now = Instant::now();
    let mut pauses = Vec::new();
    for _ in 0..14 {
        assert_eq!(backoff.check(guess("ann", 1), now), Ok(()));
        backoff.failed(guess("ann", 1), now);
        let pause = backoff.check(guess("ann", 1), now).err();
        pauses.push(pause.map_or(0, |wait| wait.0.as_secs()));
        now += pause.map_or(Duration::ZERO, |wait| wait.0);
    }
    assert_eq!(pauses, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
}

#[test]
fn guessing_for_a_day_tries_little_and_locks_nobody_out_for_good() {
    let backoff = Backoff::new();
    let start = Instant::now();
    let day = SECOND * 86_400;
    let tries = guess_for(&backoff, guess("ann", 1), start, day);
    assert!((1000..2000).contains(&tries), "{tries}");
    let wait = backoff.check(guess("ann", 1), start + day).err();
    assert!(wait.is_none_or(|wait| wait.0 <= LONGEST_PAUSE));
    assert_eq!(
        backoff.check(guess("ann", 1), start + day + LONGEST_PAUSE),
        Ok(())
    );
}

#[test]
fn failures_are_forgotten_with_time() {
    let backoff = Backoff::new();
    let start = Instant::now();
    for _ in 0..5 {
        backoff.failed(guess("ann", 1), start);
    }
    assert!(backoff.check(guess("ann", 1), start).is_err());
    // Five minutes later one of five is forgotten, and one more makes five again.
    let later = start + DECAY;
    backoff.failed(guess("ann", 1), later);
    assert_eq!(backoff.check(guess("ann", 1), later).unwrap_err().0, SECOND);
    let much_later = later + DECAY * 5;
    for _ in 0..4 {
        backoff.failed(guess("ann", 1), much_later);
        assert_eq!(backoff.check(guess("ann", 1), much_later), Ok(()));
    }
}

#[test]
fn many_addresses_are_slowed_by_the_name_and_many_names_by_the_address() {
    let start = Instant::now();
    let backoff = Backoff::new();
    for last in 0..5 {
        backoff.failed(guess("ann", last), start);
    }
    assert!(backoff.check(guess("ann", 99), start).is_err());
    assert_eq!(backoff.check(guess("bob", 99), start), Ok(()));
    let backoff = Backoff::new();
    for name in ["a", "b", "c", "d", "e"] {
        backoff.failed(guess(name, 1), start);
    }
    assert!(backoff.check(guess("f", 1), start).is_err());
    assert_eq!(backoff.check(guess("f", 2), start), Ok(()));
}

#[test]
fn strangers_do_not_keep_the_owner_out_where_it_signed_in_before() {
    let backoff = Backoff::new();
    let start = Instant::now();
    backoff.succeeded(guess("ann", 1));
    for last in 10..30 {
        backoff.failed(guess("ann", last), start);
    }
    assert!(backoff.check(guess("ann", 50), start).is_err());
    assert_eq!(backoff.check(guess("ann", 1), start), Ok(()));
    // A guesser at that place is slowed down too.
    for _ in 0..5 {
        backoff.failed(guess("ann", 1), start);
    }
    assert!(backoff.check(guess("ann", 1), start).is_err());
}

#[test]
fn an_account_of_its_own_does_not_free_a_guesser() {
    let backoff = Backoff::new();
    let start = Instant::now();
    for _ in 0..5 {
        backoff.failed(guess("ann", 1), start);
    }
    backoff.succeeded(guess("mallory", 1));
    assert!(backoff.check(guess("ann", 1), start).is_err());
    assert!(backoff.check(guess("mallory", 1), start).is_err());
}

#[test]
fn a_place_is_free_again_when_it_is_left() {
    let places = Places::new(2);
    let (one, other) = (AddressKey::of(address(1)), AddressKey::of(address(2)));
    let first = places.take(one).unwrap();
    let second = places.take(one).unwrap();
    assert!(places.take(one).is_none());
    assert!(places.take(other).is_some());
    drop(first);
    assert!(places.take(one).is_some());
    drop(second);
}

#[tokio::test]
async fn whoever_asks_for_much_waits_behind_itself() {
    let turns = Turns::new(4, 2);
    let (greedy, other) = (AddressKey::of(address(1)), AddressKey::of(address(2)));
    let first = turns.acquire(greedy).await;
    let second = turns.acquire(greedy).await;
    let waits = tokio::time::timeout(Duration::from_millis(20), turns.acquire(greedy)).await;
    assert!(waits.is_err());
    let third = tokio::time::timeout(SECOND, turns.acquire(other)).await;
    assert!(third.is_ok_and(|turn| turn.is_some()));
    drop(first);
    assert!(turns.acquire(greedy).await.is_some());
    drop(second);
    assert_eq!(turns.clients(), 0);
}
