//! A web service that behaves well and badly, by the path it is asked for.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The service; ends with the test.
pub(super) struct Receiver {
    port: u16,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// A request that was answered well.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) line: String,
    pub(super) head: String,
    pub(super) body: String,
}

impl Receiver {
    pub(super) async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::<Mutex<Vec<Taken>>>::default();
        let seen = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, port, Arc::clone(&seen)));
            }
        });
        Receiver { port, taken }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits for so many requests.
    pub(super) async fn taken(&self, count: usize) -> Vec<Taken> {
        for _ in 0..3000 {
            let taken = self.taken.lock().clone();
            if count <= taken.len() {
                return taken;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.taken.lock());
    }

    pub(super) fn count(&self) -> usize {
        self.taken.lock().len()
    }
}

impl Taken {
    pub(super) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn serve(stream: TcpStream, port: u16, taken: Arc<Mutex<Vec<Taken>>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let lower: Vec<String> = lines.iter().map(|line| line.to_lowercase()).collect();
        let length = lower
            .iter()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |text| text.parse().unwrap())];
        stream.read_exact(&mut body).await.unwrap();
        let request = Taken {
            line: lines[0].clone(),
            head: lower[1..].join("\n"),
            body: String::from_utf8(body).unwrap(),
        };
        if !answer(&mut stream, port, &request, &taken).await {
            return;
        }
    }
}

async fn answer(
    stream: &mut BufReader<TcpStream>,
    port: u16,
    request: &Taken,
    taken: &Mutex<Vec<Taken>>,
) -> bool {
    let path = request.line.split(' ').nth(1).unwrap();
    let answer = match path {
        "/hang" => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return false;
        }
        "/busy" => "HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy".to_owned(),
        "/wrong" => "HTTP/1.1 400 Wrong\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "/redirect" => format!(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:{port}/ok\r\n\
             content-length: 0\r\n\r\n"
        ),
        "/huge" => {
            taken.lock().push(request.clone());
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n";
            let mut is_open = stream.get_mut().write_all(head.as_bytes()).await.is_ok();
            let block = vec![b'x'; 1 << 20];
            for _ in 0..100 {
                is_open = is_open && stream.get_mut().write_all(&block).await.is_ok();
            }
            return is_open;
        }
        _ => {
            taken.lock().push(request.clone());
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned()
        }
    };
    stream.get_mut().write_all(answer.as_bytes()).await.is_ok()
}
