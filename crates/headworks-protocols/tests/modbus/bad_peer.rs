//! A Modbus server that does whatever a test wants, right or wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use headworks_protocols::modbus::exception::ExceptionCode;
use headworks_protocols::modbus::frame::{Direction, Framing, Step};
use headworks_protocols::modbus::pdu::{self, Answer, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::{AbortHandle, JoinHandle};

/// A request as it came.
pub(crate) struct Ask {
    /// Number of the request since the start, from 0.
    pub(crate) number: u32,
    pub(crate) transaction: u16,
    pub(crate) unit: u8,
    pub(crate) request: Request,
    framing: Framing,
}

/// One thing to do with the connection, in order.
pub(crate) enum Act {
    Send(Vec<u8>),
    Wait(Duration),
    /// One byte each so often.
    Drip(Vec<u8>, Duration),
    Close,
}

/// The running server; ends when it is dropped.
pub(crate) struct BadPeer {
    pub(crate) port: u16,
    task: AbortHandle,
}

impl Drop for BadPeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Behaviour = dyn Fn(&Ask) -> Vec<Act> + Send + Sync;

impl BadPeer {
    pub(crate) async fn start(
        framing: Framing,
        behaviour: impl Fn(&Ask) -> Vec<Act> + Send + Sync + 'static,
    ) -> BadPeer {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicU32::new(0));
        let behaviour: Arc<Behaviour> = Arc::new(behaviour);

        let task = tokio::spawn(async move {
            // The tasks of connections end with this one.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let serving = serve(stream, framing, Arc::clone(&behaviour), Arc::clone(&asked));
                connections.spawn(serving);
            }
        });
        BadPeer {
            port,
            task: JoinHandle::abort_handle(&task),
        }
    }
}

async fn serve(
    stream: TcpStream,
    framing: Framing,
    behaviour: Arc<Behaviour>,
    asked: Arc<AtomicU32>,
) {
    stream.set_nodelay(true).unwrap();
    let (mut reader, writer) = stream.into_split();
    let writer = Arc::new(Mutex::new(Some(writer)));
    let mut acting = tokio::task::JoinSet::new();
    let mut bytes = Vec::new();
    while let Some(mut ask) = next_ask(&mut reader, framing, &mut bytes).await {
        ask.number = asked.fetch_add(1, Ordering::SeqCst);
        acting.spawn(act(behaviour(&ask), Arc::clone(&writer)));
    }
}

async fn next_ask(
    reader: &mut OwnedReadHalf,
    framing: Framing,
    bytes: &mut Vec<u8>,
) -> Option<Ask> {
    loop {
        match framing.decode(bytes, Direction::Request).unwrap() {
            Step::More => {
                if reader.read_buf(bytes).await.ok()? == 0 {
                    return None;
                }
            }
            Step::Skip(count) => drop(bytes.drain(..count)),
            Step::Frame(frame) => {
                let request = Request::decode(&bytes[frame.pdu.clone()]).unwrap();
                bytes.drain(..frame.consumed);
                return Some(Ask {
                    number: 0,
                    transaction: frame.transaction.unwrap_or(0),
                    unit: frame.unit,
                    request,
                    framing,
                });
            }
        }
    }
}

async fn act(acts: Vec<Act>, writer: Arc<Mutex<Option<OwnedWriteHalf>>>) {
    for act in acts {
        let (bytes, each) = match act {
            Act::Wait(time) => {
                tokio::time::sleep(time).await;
                continue;
            }
            Act::Close => {
                drop(writer.lock().await.take());
                continue;
            }
            Act::Send(bytes) => (bytes, None),
            Act::Drip(bytes, each) => (bytes, Some(each)),
        };
        let mut writer = writer.lock().await;
        let Some(writer) = writer.as_mut() else {
            return;
        };
        let size = if each.is_some() { 1 } else { bytes.len() };
        for part in bytes.chunks(size) {
            // The client may have gone.
            let _gone = writer.write_all(part).await;
            tokio::time::sleep(each.unwrap_or_default()).await;
        }
    }
}

impl Ask {
    /// Returns the right answer: every register holds its address, every bit is its lowest bit.
    pub(crate) fn good(&self) -> Vec<u8> {
        let data = match &self.request {
            Request::Read {
                table,
                start,
                count,
            } if table.is_bits() => {
                let bits: Vec<bool> = (0..*count).map(|at| (start + at) % 2 == 1).collect();
                pdu::pack_bits(&bits)
            }
            Request::Read { start, count, .. } => (0..*count)
                .flat_map(|at| (start + at).to_be_bytes())
                .collect(),
            _ => return self.frame(|out| self.request.encode_answer(Answer::Done, out)),
        };
        self.frame(|out| self.request.encode_answer(Answer::Data(&data), out))
    }

    pub(crate) fn exception(&self, code: u8) -> Vec<u8> {
        let function = self.request.function();
        self.frame(|out| pdu::encode_exception(function, ExceptionCode(code), out))
    }

    pub(crate) fn pdu(&self, bytes: &[u8]) -> Vec<u8> {
        self.frame(|out| out.extend_from_slice(bytes))
    }

    pub(crate) fn frame(&self, pdu: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        self.frame_of(self.transaction, self.unit, pdu)
    }

    pub(crate) fn frame_of(
        &self,
        transaction: u16,
        unit: u8,
        pdu: impl FnOnce(&mut Vec<u8>),
    ) -> Vec<u8> {
        let mut out = Vec::new();
        self.framing.encode(transaction, unit, pdu, &mut out);
        out
    }
}

/// Answers at once.
pub(crate) fn good(ask: &Ask) -> Vec<Act> {
    vec![Act::Send(ask.good())]
}
