use serde_json::{Value as Json, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::exception::ExceptionCode;
use super::super::frame::{Direction, Step};
use super::super::pdu::{Answer, AnswerError, Request};
use super::super::table::Table;
use super::plant::{parse_span, tests::PLANT};
use super::*;

/// A client of the simulator that asks one thing at a time.
struct Client<S> {
    stream: S,
    framing: Framing,
    input: Vec<u8>,
    transaction: u16,
}

/// What came back: transaction, unit and the PDU.
type Received = (u16, u8, Vec<u8>);

impl Client<TcpStream> {
    async fn connect(address: SocketAddr, framing: Framing) -> Client<TcpStream> {
        Client::new(TcpStream::connect(address).await.unwrap(), framing)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    fn new(stream: S, framing: Framing) -> Client<S> {
        Client {
            stream,
            framing,
            input: Vec::new(),
            transaction: 0,
        }
    }

    async fn send(&mut self, unit: u8, request: &Request) {
        self.transaction += 1;
        let mut frame = Vec::new();
        self.framing.encode(
            self.transaction,
            unit,
            |out| request.encode(out),
            &mut frame,
        );
        self.stream.write_all(&frame).await.unwrap();
    }

    /// Returns the next frame, nothing when the connection ended.
    async fn receive(&mut self) -> Option<Received> {
        loop {
            let step = self
                .framing
                .decode(&mut self.input, Direction::Answer)
                .ok()?;
            if let Step::Frame(frame) = step {
                let pdu = self.input[frame.pdu].to_vec();
                self.input.drain(..frame.consumed);
                return Some((frame.transaction.unwrap_or(0), frame.unit, pdu));
            }
            if self.stream.read_buf(&mut self.input).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Returns the data of the answer.
    async fn ask(&mut self, unit: u8, request: &Request) -> Result<Vec<u8>, AnswerError> {
        self.send(unit, request).await;
        let received = timeout(Duration::from_secs(5), self.receive()).await;
        let (_, from, pdu) = received.unwrap().unwrap();
        assert_eq!(from, unit);
        request.decode_answer(&pdu).map(|answer| match answer {
            Answer::Data(data) => data.to_vec(),
            Answer::Done => Vec::new(),
        })
    }

    /// Returns whether nothing comes for so long.
    async fn is_silent(&mut self, time: Duration) -> bool {
        timeout(time, self.receive()).await.is_err()
    }
}

fn read(table: Table, start: u16, count: u16) -> Request {
    Request::Read {
        table,
        start,
        count,
    }
}

fn refused(code: u8) -> Result<Vec<u8>, AnswerError> {
    Err(AnswerError::Exception(ExceptionCode(code)))
}

async fn start() -> (Simulator, Client<TcpStream>) {
    let config = SimulatorConfig::tcp(Plant::from_toml(PLANT).unwrap());
    let simulator = Simulator::start(config).await.unwrap();
    let client = Client::connect(simulator.addresses()[0], Framing::Mbap).await;
    (simulator, client)
}

#[tokio::test]
async fn registers_hold_what_the_plant_says() {
    let (simulator, mut client) = start().await;
    let data = client.ask(6, &read(Table::Holding, 0, 8)).await.unwrap();
    let want = [
        0x02, 0x6C, 0x02, 0x6C, 0x44, 0xB5, 0x40, 0x00, 0x02, 0x01, b't', b'a', b'n', b'k', 0, 0,
    ];
    assert_eq!(data, want);
    assert_eq!(client.ask(6, &read(Table::Coil, 0, 2)).await, Ok(vec![1]));
    assert_eq!(
        client.ask(6, &read(Table::Discrete, 0, 1)).await,
        Ok(vec![1])
    );
    assert_eq!(
        client.ask(6, &read(Table::Input, 0, 1)).await,
        Ok(vec![0, 2]),
        "a counter wraps"
    );
    let data = client.ask(7, &read(Table::Holding, 9, 4)).await;
    assert_eq!(data, Ok(vec![0, 0, 0x56, 0x78, 0x12, 0x34, 0, 0]));
    let half = client.ask(7, &read(Table::Holding, 11, 1)).await;
    assert_eq!(
        half,
        Ok(vec![0x12, 0x34]),
        "a read may begin within a value"
    );
    simulator.stop().await;
}

#[tokio::test]
async fn addresses_without_a_tag_and_forbidden_ones_are_refused() {
    let (simulator, mut client) = start().await;
    assert_eq!(client.ask(6, &read(Table::Holding, 0, 9)).await, refused(2));
    assert_eq!(client.ask(6, &read(Table::Coil, 1, 2)).await, refused(2));
    assert_eq!(
        client.ask(7, &read(Table::Holding, 30, 11)).await,
        refused(2)
    );
    assert!(client.ask(7, &read(Table::Holding, 30, 10)).await.is_ok());
    simulator
        .forbid("Free", parse_span("holding:35").unwrap())
        .unwrap();
    assert_eq!(
        client.ask(7, &read(Table::Holding, 30, 10)).await,
        refused(2)
    );
    assert_eq!(
        client.ask(9, &read(Table::Holding, 0, 1)).await,
        refused(11),
        "no such unit"
    );
}

#[tokio::test]
async fn set_points_are_written_whole_or_in_part_and_followed() {
    let (simulator, mut client) = start().await;
    let register = |address, value| Request::WriteRegister { address, value };
    assert_eq!(client.ask(6, &register(1, 700)).await, Ok(Vec::new()));
    assert_eq!(
        simulator.value("Tank", "level_setpoint").unwrap(),
        Value::F64(70.0)
    );
    tokio::time::sleep(Duration::from_millis(600)).await;
    let level = simulator.value("Tank", "level").unwrap().as_f64().unwrap();
    assert!((level - 70.0).abs() < 0.1, "{level} follows");

    let two = Request::WriteRegisters {
        start: 1,
        bytes: vec![0, 100, 0x42, 0xF6, 0xE9, 0x79],
    };
    assert_eq!(client.ask(6, &two).await, Ok(Vec::new()));
    let speed = simulator
        .value("6", "speed_setpoint")
        .unwrap()
        .as_f64()
        .unwrap();
    assert!((speed - 123.456).abs() < 1e-4, "{speed}");
    let half = Request::WriteRegister {
        address: 3,
        value: 0,
    };
    assert_eq!(client.ask(6, &half).await, Ok(Vec::new()));
    assert_eq!(
        simulator.value("Tank", "speed_setpoint").unwrap(),
        Value::F64(123.0)
    );
}

#[tokio::test]
async fn set_points_are_written_by_every_other_function() {
    let (simulator, mut client) = start().await;
    let mask = Request::MaskRegister {
        address: 1,
        and_mask: 0xFFF0,
        or_mask: 0x0005,
    };
    assert_eq!(client.ask(6, &mask).await, Ok(Vec::new()));
    assert_eq!(
        simulator.value("Tank", "level_setpoint").unwrap(),
        Value::F64(61.3)
    );
    let both = Request::ReadWriteRegisters {
        read_start: 1,
        read_count: 1,
        write_start: 1,
        bytes: vec![1, 44],
    };
    assert_eq!(client.ask(6, &both).await, Ok(vec![1, 44]));

    let coils = Request::WriteCoils {
        start: 0,
        values: vec![false, true],
    };
    assert_eq!(client.ask(6, &coils).await, Ok(Vec::new()));
    assert_eq!(client.ask(6, &read(Table::Coil, 0, 2)).await, Ok(vec![2]));
    let coil = Request::WriteCoil {
        address: 1,
        on: false,
    };
    assert_eq!(client.ask(6, &coil).await, Ok(Vec::new()));
    assert_eq!(simulator.value("Tank", "drain").unwrap(), Value::F64(0.0));
}

#[tokio::test]
async fn only_set_points_are_written() {
    let (simulator, mut client) = start().await;
    let register = |address, value| Request::WriteRegister { address, value };
    assert_eq!(
        client.ask(6, &register(0, 1)).await,
        refused(2),
        "a measured value"
    );
    assert_eq!(client.ask(6, &register(99, 1)).await, refused(2), "no tag");
    let beyond = Request::WriteRegisters {
        start: 2,
        bytes: vec![0; 6],
    };
    assert_eq!(
        client.ask(6, &beyond).await,
        refused(2),
        "a set point and more"
    );
    assert_eq!(
        simulator.value("Tank", "speed_setpoint").unwrap(),
        Value::F64(1450.0)
    );
    let many = Request::WriteCoils {
        start: 0,
        values: vec![true; 3],
    };
    assert_eq!(client.ask(6, &many).await, refused(2));
}

#[tokio::test]
async fn each_fault_does_what_its_name_says() {
    let (simulator, mut client) = start().await;
    let request = read(Table::Holding, 0, 2);
    let fault = |text: &str| simulator.set_fault("Tank", Fault::parse(text).unwrap(), Some(1));
    let good = Ok(vec![0x02, 0x6C, 0x02, 0x6C]);

    fault("exception:6").unwrap();
    assert_eq!(client.ask(6, &request).await, refused(6));
    assert_eq!(client.ask(6, &request).await, good, "once is once");

    fault("short").unwrap();
    let want = AnswerError::ByteCount { want: 4, found: 2 };
    assert_eq!(client.ask(6, &request).await, Err(want));

    fault("mute").unwrap();
    client.send(6, &request).await;
    assert!(client.is_silent(Duration::from_millis(100)).await);

    fault("wrong_unit").unwrap();
    client.send(6, &request).await;
    assert_ne!(client.receive().await.unwrap().1, 6);

    fault("wrong_transaction").unwrap();
    client.send(6, &request).await;
    assert_ne!(client.receive().await.unwrap().0, client.transaction);

    fault("slow:200ms").unwrap();
    client.send(6, &request).await;
    let slow = client.transaction;
    client.send(7, &request).await;
    let begin = Instant::now();
    assert_eq!(client.receive().await.unwrap().0, slow);
    assert!(Duration::from_millis(190) <= begin.elapsed());
    assert_eq!(
        client.receive().await.unwrap().0,
        slow + 1,
        "waited behind it"
    );

    fault("late:200ms").unwrap();
    client.send(6, &request).await;
    client.send(6, &request).await;
    let order = [
        client.receive().await.unwrap().0,
        client.receive().await.unwrap().0,
    ];
    assert_eq!(
        order,
        [client.transaction, client.transaction - 1],
        "overtaken"
    );

    fault("garbage").unwrap();
    client.send(6, &request).await;
    assert_eq!(client.receive().await, None);
    let mut client = Client::connect(simulator.addresses()[0], Framing::Mbap).await;
    fault("reset").unwrap();
    client.send(6, &request).await;
    let error = client.stream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let mut client = Client::connect(simulator.addresses()[0], Framing::Mbap).await;
    assert_eq!(client.ask(6, &request).await, good);
}

#[tokio::test]
async fn each_device_may_have_its_own_port() {
    let mut config = SimulatorConfig::tcp(Plant::generated(300, 4, 1));
    config.ports = Ports::PerDevice;
    let simulator = Simulator::start(config).await.unwrap();
    assert_eq!(simulator.addresses().len(), 300);
    let mut client = Client::connect(simulator.addresses()[299], Framing::Mbap).await;
    for unit in [53, 0, 255] {
        assert_eq!(
            client
                .ask(unit, &read(Table::Holding, 0, 4))
                .await
                .unwrap()
                .len(),
            8
        );
    }
    assert_eq!(
        client.ask(54, &read(Table::Holding, 0, 4)).await,
        refused(11)
    );
}

#[tokio::test]
async fn serial_framings_go_through_tcp_and_along_a_line() {
    for framing in [Framing::Rtu, Framing::Ascii] {
        let config = SimulatorConfig {
            framing,
            ..SimulatorConfig::tcp(demo_plant())
        };
        let simulator = Simulator::start(config).await.unwrap();
        let mut client = Client::connect(simulator.addresses()[0], framing).await;
        assert_eq!(
            client.ask(6, &read(Table::Holding, 1, 1)).await,
            Ok(vec![0x02, 0x6C])
        );
        client.send(99, &read(Table::Holding, 1, 1)).await;
        assert!(
            client.is_silent(Duration::from_millis(100)).await,
            "nobody is there to answer"
        );
    }
    let (simulator, _) = start().await;
    let port = Port::all(&simulator.shared, Framing::Rtu).unwrap();
    let (near, far) = tokio::io::duplex(1024);
    let stop = CancellationToken::new();
    let line = tokio::spawn(server::serve_line(port, far, stop.clone()));
    let mut client = Client::new(near, Framing::Rtu);
    client.stream.write_all(b"noise").await.unwrap();
    client
        .send(
            0,
            &Request::WriteRegister {
                address: 1,
                value: 500,
            },
        )
        .await;
    assert!(
        client.is_silent(Duration::from_millis(100)).await,
        "a broadcast has no answer"
    );
    assert_eq!(
        client.ask(6, &read(Table::Holding, 1, 1)).await,
        Ok(vec![0x01, 0xF4])
    );
    stop.cancel();
    line.await.unwrap();
}

#[tokio::test]
async fn what_arrives_is_measured() {
    let (simulator, mut client) = start().await;
    for _ in 0..6 {
        client.ask(6, &read(Table::Holding, 0, 4)).await.unwrap();
        client.ask(6, &read(Table::Coil, 0, 2)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let report = simulator.report(Duration::from_millis(50));
    let tank = &report[0].scans;
    assert_eq!((tank.requests, tank.values, tank.scans), (12, 36, 6));
    assert_eq!(
        (report[1].device.as_str(), report[1].scans.requests),
        ("Free", 0)
    );
    simulator.reset_measure();
    assert_eq!(
        simulator.report(Duration::from_millis(50))[0].scans,
        ScanReport::default()
    );
}

#[tokio::test]
async fn orders_are_obeyed_at_the_control_port() {
    use tokio::io::AsyncBufReadExt;

    let mut config = SimulatorConfig::tcp(demo_plant());
    config.control = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let simulator = Simulator::start(config).await.unwrap();
    let mut stream = BufReader::new(
        TcpStream::connect(simulator.control().unwrap())
            .await
            .unwrap(),
    );
    let mut order = async |line: &str| -> Json {
        stream
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).await.unwrap();
        serde_json::from_str(&answer).unwrap()
    };
    assert_eq!(
        order("fault \"Energy meter\" slow:300ms").await,
        json!({"ok": true})
    );
    let devices = order("devices").await;
    let want = json!({"device": "Energy meter", "unit_id": 2, "fault": "slow:300ms"});
    assert_eq!(devices["devices"][1], want);
    assert_eq!(order("fault * none").await, json!({"ok": true}));
    assert_eq!(
        order("set Tank level_setpoint 40").await,
        json!({"ok": true})
    );
    assert_eq!(
        order("get Tank level_setpoint").await,
        json!({"ok": true, "value": 40.0})
    );
    assert_eq!(order("set 6 overflow 1").await, json!({"ok": true}));
    assert_eq!(
        order("get 6 overflow").await,
        json!({"ok": true, "value": 1.0})
    );
    assert_eq!(order("forbid 6 holding:0..3").await, json!({"ok": true}));
    let mut client = Client::connect(simulator.addresses()[0], Framing::Mbap).await;
    assert_eq!(client.ask(6, &read(Table::Holding, 0, 1)).await, refused(2));
    assert_eq!(order("allow 6").await, json!({"ok": true}));
    assert_eq!(order("reset").await, json!({"ok": true}));
    assert!(client.ask(6, &read(Table::Holding, 0, 1)).await.is_ok());
    let report = order("report 1000").await;
    assert_eq!(
        (&report["total"]["requests"], &report["devices"][5]["scans"]),
        (&json!(1), &json!(1))
    );
    for (line, want) in [
        ("", "orders are: devices"),
        ("fault 99 mute", "there is no device \\\"99\\\""),
        ("fault 6 sulk", "\\\"sulk\\\" is no fault"),
        ("set 6 level high", "\\\"high\\\" is not a number"),
        ("get 6 volume", "has no tag \\\"volume\\\""),
        ("forbid 6 holding:9..3", "is no range of addresses"),
        ("report soon", "is not a period"),
    ] {
        let answer = order(line).await;
        assert_eq!(answer["ok"], json!(false), "{line}");
        assert!(
            answer["error"].to_string().contains(want),
            "{line}: {answer}"
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let start = async |change: fn(&mut SimulatorConfig)| {
        let mut config = SimulatorConfig::tcp(demo_plant());
        change(&mut config);
        Simulator::start(config).await.unwrap_err().to_string()
    };
    let error = start(|config| config.plant.devices[1].unit_id = 1).await;
    assert!(error.starts_with("unit id 1 is there twice"), "{error}");
    let error = start(|config| config.control = Some(([0, 0, 0, 0], 0).into())).await;
    assert!(
        error.contains("0.0.0.0:0 must be a loopback address"),
        "{error}"
    );
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut config = SimulatorConfig::tcp(demo_plant());
    config.listen = Some(taken.local_addr().unwrap());
    let error = Simulator::start(config).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot listen on 127.0.0.1:"), "{error}");
    let error = start(|config| {
        let path = "/dev/does-not-exist".to_owned();
        config.serial = Some(SerialLine {
            path,
            baud_rate: 9600,
            framing: Framing::Rtu,
        });
    })
    .await;
    assert!(
        error.starts_with("cannot open serial port \"/dev/does-not-exist\""),
        "{error}"
    );
}
