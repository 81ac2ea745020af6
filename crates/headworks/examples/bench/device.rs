//! Modbus TCP devices that note when they are asked, in a thread of their own.
//!
//! Jitter and missed scans are judged here, at the far end of the wire, and not by what the hub
//! thinks of itself.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};

/// How a unit behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// It answers at once.
    Answers,
    /// It never answers.
    Mute,
    /// It answers after this time, which is longer than anybody waits.
    Late(Duration),
}

/// What the registers hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    /// Numbers that change with every scan, as those of a meter do.
    Moving,
    /// The time of the answer in microseconds since 1970, in each four registers.
    Clock,
}

/// Registers of one value of [`Content::Clock`].
pub(crate) const CLOCK_REGISTERS: u16 = 4;

/// Devices behind several endpoints, for the rest of the process.
#[derive(Debug)]
pub(crate) struct Devices {
    endpoints: Vec<SocketAddr>,
    units: Vec<Vec<Arc<Unit>>>,
    accepted: Arc<AtomicUsize>,
}

/// One unit and when its scans began.
#[derive(Debug)]
struct Unit {
    behaviour: Behaviour,
    content: Content,
    scans: Mutex<Vec<Instant>>,
}

impl Devices {
    /// Starts one endpoint for each list of units; the units have the ids 1, 2 and so on.
    pub(crate) fn start(links: &[Vec<Behaviour>], content: Content) -> anyhow::Result<Devices> {
        let unit = |behaviour| {
            Arc::new(Unit {
                behaviour,
                content,
                scans: Mutex::default(),
            })
        };
        let units: Vec<Vec<Arc<Unit>>> = links
            .iter()
            .map(|link| link.iter().copied().map(unit).collect())
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("starting the devices")?;
        let mut endpoints = Vec::new();
        let accepted = Arc::<AtomicUsize>::default();
        for link in &units {
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
            endpoints.push(listener.local_addr()?);
            runtime.spawn(listen(listener, link.clone(), Arc::clone(&accepted)));
        }
        thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        Ok(Devices {
            endpoints,
            units,
            accepted,
        })
    }

    /// Returns how many connections were made to all endpoints so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Returns the endpoints with the unit ids behind each.
    pub(crate) fn links(&self) -> Vec<(String, Vec<u8>)> {
        let ids = |units: &Vec<Arc<Unit>>| (1..=u8::MAX).take(units.len()).collect();
        self.endpoints
            .iter()
            .zip(&self.units)
            .map(|(at, units)| (at.to_string(), ids(units)))
            .collect()
    }

    /// Forgets the scans so far.
    pub(crate) fn forget(&self) {
        for unit in self.units.iter().flatten() {
            unit.lock().clear();
        }
    }

    /// Returns the times at which the scans of each unit began that answers.
    pub(crate) fn scans(&self) -> Vec<Vec<Instant>> {
        let healthy = self
            .units
            .iter()
            .flatten()
            .filter(|unit| unit.behaviour == Behaviour::Answers);
        healthy.map(|unit| unit.lock().clone()).collect()
    }
}

impl Unit {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Instant>> {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the time in microseconds since 1970-01-01 UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "device and client compare their wall clocks"
)]
pub(crate) fn now_us() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    })
}

async fn listen(listener: TcpListener, units: Vec<Arc<Unit>>, accepted: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        accepted.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(serve(stream, units.clone()));
    }
}

/// Answers reads of holding registers until the hub goes away.
async fn serve(stream: TcpStream, units: Vec<Arc<Unit>>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let (mut requests, answers) = stream.into_split();
    let answers = Arc::new(tokio::sync::Mutex::new(answers));
    loop {
        // MBAP header (7 bytes), function, start, count: the only request a reader sends.
        let mut request = [0; 12];
        requests.read_exact(&mut request).await.ok()?;
        let Some(unit) = units.get(usize::from(request[6]).wrapping_sub(1)) else {
            continue;
        };
        if request[8..10] == [0, 0] {
            unit.lock().push(Instant::now());
        }
        match unit.behaviour {
            Behaviour::Answers => send(&answers, &answer(&request, unit.content)).await?,
            Behaviour::Mute => {}
            Behaviour::Late(delay) => {
                let (answers, answer) = (Arc::clone(&answers), answer(&request, unit.content));
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    send(&answers, &answer).await
                });
            }
        }
    }
}

async fn send(answers: &tokio::sync::Mutex<OwnedWriteHalf>, answer: &[u8]) -> Option<()> {
    answers.lock().await.write_all(answer).await.ok()
}

fn answer(request: &[u8; 12], content: Content) -> Vec<u8> {
    let start = u16::from_be_bytes([request[8], request[9]]);
    let count = u16::from_be_bytes([request[10], request[11]]);
    let now_us = now_us();
    let bytes = u8::try_from(2 * count).unwrap_or(u8::MAX);
    let mut answer = request[..4].to_vec();
    answer.extend((u16::from(bytes) + 3).to_be_bytes());
    answer.extend([request[6], request[7], bytes]);
    for register in start..start + count {
        answer.extend(word(register, now_us, content));
    }
    answer
}

fn word(register: u16, now_us: u64, content: Content) -> [u8; 2] {
    match content {
        Content::Clock => {
            let at = usize::from(2 * (register % CLOCK_REGISTERS));
            let time = now_us.to_be_bytes();
            [time[at], time[at + 1]]
        }
        Content::Moving => {
            // A slow wave of its own for each register, with noise in the last digits.
            let phase = now_us as f64 / 6.0e7 + f64::from(register);
            let noise = now_us.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59;
            let level = 30_000.0 + 20_000.0 * phase.sin() + noise as f64;
            #[expect(clippy::cast_possible_truncation, reason = "10,000 to 50,032")]
            #[expect(clippy::cast_sign_loss, reason = "10,000 to 50,032")]
            let level = level as u16;
            level.to_be_bytes()
        }
    }
}
