//! The sockets of the simulator: one task for each connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::exception::ExceptionCode;
use super::super::frame::{Direction, Framing, Step};
use super::super::pdu::{EXCEPTION_BIT, encode_exception};
use super::fault::Fault;
use super::unit::Unit;
use super::{Shared, SimulatorError};

/// Most connections of one port at a time.
const CONNECTIONS_MAX: usize = 256;
/// Most answers of one connection that may be late at a time; more are dropped.
const LATE_MAX: usize = 256;
/// Bytes that no frame is, not even the start of one.
const GARBAGE: &[u8] = b"\xDE\xAD\xBE\xEF garbage \xFF\xFF\xFF";

/// Devices that are reached through one link.
#[derive(Debug)]
pub(super) struct Port {
    shared: Arc<Shared>,
    framing: Framing,
    units: Vec<Option<usize>>, // by unit id, 256 of them
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Closed,
    Reset,
}

/// What to do after a frame.
enum Then {
    GoOn,
    Wait(Duration), // then send what stands in the output
    Later(Duration, Vec<u8>),
    Reset,
}

/// Buffers of one connection, kept from request to request.
#[derive(Default)]
struct Buffers {
    input: Vec<u8>,
    output: Vec<u8>,
    pdu: Vec<u8>,
    late: VecDeque<(Instant, Vec<u8>)>,
}

impl Port {
    /// Returns a port with all devices.
    pub(super) fn all(shared: &Arc<Shared>, framing: Framing) -> Result<Port, SimulatorError> {
        let mut units = vec![None; 256];
        for (index, unit) in shared.units.iter().enumerate() {
            let place = &mut units[usize::from(unit.unit_id)];
            if place.replace(index).is_some() {
                return Err(SimulatorError::UnitTwice {
                    unit_id: unit.unit_id,
                });
            }
        }
        Ok(Port {
            shared: Arc::clone(shared),
            framing,
            units,
        })
    }

    /// Returns a port with one device, which answers to 0 and 255 as well.
    pub(super) fn one(shared: &Arc<Shared>, framing: Framing, index: usize) -> Port {
        let mut units = vec![None; 256];
        for unit_id in [0, 255, shared.units[index].unit_id] {
            units[usize::from(unit_id)] = Some(index);
        }
        Port {
            shared: Arc::clone(shared),
            framing,
            units,
        }
    }

    /// Answers one request into `output`.
    fn handle(
        &self,
        transaction: u16,
        unit_id: u8,
        request: &[u8],
        pdu: &mut Vec<u8>,
        output: &mut Vec<u8>,
    ) -> Then {
        let now = self.shared.now();
        pdu.clear();
        let Some(index) = self.units[usize::from(unit_id)] else {
            self.answer_for_nobody(transaction, unit_id, request, pdu, output);
            return Then::GoOn;
        };
        let unit = &self.shared.units[index];
        let fault = unit.arrived(request, now);
        if fault == Some(Fault::Mute) {
            return Then::GoOn;
        }
        answer(unit, fault, request, now, pdu);
        self.send(fault, transaction, unit_id, pdu, output)
    }

    /// A gateway says that it does not reach the unit; on a serial line nobody says anything, but
    /// everybody obeys a broadcast.
    fn answer_for_nobody(
        &self,
        transaction: u16,
        unit_id: u8,
        request: &[u8],
        pdu: &mut Vec<u8>,
        output: &mut Vec<u8>,
    ) {
        if self.framing == Framing::Mbap {
            let function = request.first().copied().unwrap_or(0);
            let code = ExceptionCode::GATEWAY_TARGET_FAILED;
            let refuse = |out: &mut Vec<u8>| encode_exception(function, code, out);
            self.framing.encode(transaction, unit_id, refuse, output);
        } else if unit_id == 0 {
            for index in self.units.iter().flatten() {
                self.shared.units[*index].answer(request, self.shared.now(), pdu);
            }
        }
    }

    /// Frames the answer, as far as the fault lets it be right.
    fn send(
        &self,
        fault: Option<Fault>,
        transaction: u16,
        unit_id: u8,
        pdu: &[u8],
        output: &mut Vec<u8>,
    ) -> Then {
        let start = output.len();
        let (transaction, unit_id) = match fault {
            Some(Fault::WrongUnit) => (transaction, unit_id ^ 0x55),
            Some(Fault::WrongTransaction) => (transaction.wrapping_add(0x4000), unit_id),
            _ => (transaction, unit_id),
        };
        self.framing.encode(
            transaction,
            unit_id,
            |out| out.extend_from_slice(pdu),
            output,
        );
        match fault {
            Some(Fault::Slow(delay)) => Then::Wait(delay),
            Some(Fault::Late(delay)) => Then::Later(delay, output.split_off(start)),
            Some(Fault::Reset) => Then::Reset,
            Some(Fault::Garbage) => {
                output.truncate(start);
                output.extend_from_slice(GARBAGE);
                Then::GoOn
            }
            Some(
                Fault::Mute
                | Fault::Exception(_)
                | Fault::Short
                | Fault::WrongUnit
                | Fault::WrongTransaction,
            )
            | None => Then::GoOn,
        }
    }
}

/// Makes the PDU of the answer, as far as the fault lets it be right.
fn answer(unit: &Unit, fault: Option<Fault>, request: &[u8], now: Duration, pdu: &mut Vec<u8>) {
    if let Some(Fault::Exception(code)) = fault {
        let function = request.first().copied().unwrap_or(0);
        encode_exception(function, ExceptionCode(code), pdu);
        return;
    }
    unit.answer(request, now, pdu);
    if fault == Some(Fault::Short) {
        shorten(pdu);
    }
}

/// Takes the last register, or the last byte of bits, away and says so in the byte count.
fn shorten(pdu: &mut Vec<u8>) {
    let less = match pdu.as_slice() {
        [function, ..] if function & EXCEPTION_BIT != 0 => return,
        [1 | 2, count, ..] if 1 < *count => 1,
        [3 | 4 | 23, count, ..] if 2 < *count => 2,
        _ => 0,
    };
    if 0 < less {
        pdu.truncate(pdu.len() - usize::from(less));
        pdu[1] -= less;
    } else {
        pdu.pop();
    }
}

/// Takes connections until stopped.
pub(super) async fn accept(port: Port, listener: TcpListener, stop: CancellationToken) {
    let port = Arc::new(port);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await; // out of file descriptors
            continue;
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            continue; // closes it
        };
        let (port, stop) = (Arc::clone(&port), stop.clone());
        connections.spawn(async move {
            serve_tcp(&port, stream, &stop).await;
            drop(permit);
        });
    }
    connections.close();
    connections.wait().await;
}

async fn serve_tcp(port: &Port, mut stream: TcpStream, stop: &CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection is gone already");
        return;
    }
    if serve(port, &mut stream, stop).await == Ended::Reset {
        // Closing with nothing to linger for is a reset.
        if let Err(error) = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)) {
            tracing::debug!(%error, "the connection is closed without a reset");
        }
    }
}

/// Serves a serial line until stopped; a line has no connections to lose.
pub(super) async fn serve_line<S>(port: Port, mut stream: S, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while !stop.is_cancelled() {
        serve(&port, &mut stream, &stop).await;
        // The other end of a pseudo-terminal may be closed and opened again.
        let pause = tokio::time::sleep(Duration::from_millis(50));
        if stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

async fn serve<S>(port: &Port, stream: &mut S, stop: &CancellationToken) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let served = stop.run_until_cancelled(serve_frames(port, stream)).await;
    served.unwrap_or(Ended::Closed)
}

async fn serve_frames<S>(port: &Port, stream: &mut S) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffers = Buffers::default();
    loop {
        if let Err(ended) = answer_all(port, stream, &mut buffers).await {
            return ended;
        }
        buffers.input.reserve(512);
        let due = buffers.late.front().map(|(due, _)| *due);
        let read = tokio::select! {
            read = stream.read_buf(&mut buffers.input) => read,
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                if let Some((_, bytes)) = buffers.late.pop_front() {
                    buffers.output.extend_from_slice(&bytes);
                }
                continue;
            }
        };
        if !matches!(read, Ok(bytes) if 0 < bytes) {
            return Ended::Closed;
        }
    }
}

/// Answers every whole frame in the input and sends the answers.
async fn answer_all<S>(port: &Port, stream: &mut S, buffers: &mut Buffers) -> Result<(), Ended>
where
    S: AsyncWrite + Unpin,
{
    let Buffers {
        input,
        output,
        pdu,
        late,
    } = buffers;
    let mut consumed = 0;
    loop {
        let frame = match port
            .framing
            .decode(&mut input[consumed..], Direction::Request)
        {
            Ok(Step::Frame(frame)) => frame,
            Ok(Step::Skip(bytes)) => {
                consumed += bytes;
                continue;
            }
            Ok(Step::More) => break,
            Err(_) => return Err(Ended::Closed),
        };
        let request = &input[consumed + frame.pdu.start..consumed + frame.pdu.end];
        let transaction = frame.transaction.unwrap_or(0);
        match port.handle(transaction, frame.unit, request, pdu, output) {
            Then::GoOn => {}
            Then::Wait(delay) => tokio::time::sleep(delay).await,
            Then::Later(delay, bytes) if late.len() < LATE_MAX => {
                let due = Instant::now() + delay;
                let place = late.partition_point(|(other, _)| *other <= due);
                late.insert(place, (due, bytes));
            }
            Then::Later(..) => {}
            Then::Reset => return Err(Ended::Reset),
        }
        consumed += frame.consumed;
    }
    input.drain(..consumed);
    if !output.is_empty() {
        stream.write_all(output).await.map_err(|_| Ended::Closed)?;
        stream.flush().await.map_err(|_| Ended::Closed)?;
        output.clear();
    }
    Ok(())
}
