//! `headworks simulate modbus`: many devices in one process that move like a plant and misbehave
//! on command.
//!
//! The demo, the tests and the benchmarks talk to it; what they learn from it about the hub is
//! measured here, at the devices ([`Simulator::report`]). Values are made when they are read, so
//! that devices nobody asks cost nothing.

mod control;
pub mod fault;
mod local;
pub mod measure;
pub mod plant;
mod server;
#[cfg(test)]
mod tests;
mod unit;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use headworks_core::Value;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_serial::SerialPortBuilderExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::frame::Framing;
use super::table::Span;
pub use fault::Fault;
pub use local::LocalDevice;
pub use measure::ScanReport;
pub use plant::{Plant, PlantDevice, PlantError, PlantTag, demo_plant};
use server::Port;
use unit::Unit;

/// What to simulate and where.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// The devices.
    pub plant: Plant,
    /// Where TCP clients connect; nothing for a serial line alone. Port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// Which device is behind which port.
    pub ports: Ports,
    /// Frames on the TCP ports: Modbus TCP, or a serial framing as through a serial server.
    pub framing: Framing,
    /// A serial line with all devices.
    pub serial: Option<SerialLine>,
    /// Where orders are taken (see `control`), on loopback only.
    pub control: Option<SocketAddr>,
}

/// Which device is behind which TCP port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ports {
    /// One port for all of them, told apart by unit id, as behind a gateway.
    #[default]
    Shared,
    /// A port for each, counted up from that of `listen`; each answers to its own unit id and to
    /// 0 and 255.
    PerDevice,
}

/// A serial line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialLine {
    /// The port, e.g. `/dev/ttyUSB1` or one end of a pair of pseudo-terminals.
    pub path: String,
    /// Bits per second; 8 data bits, no parity, 1 stop bit.
    pub baud_rate: u32,
    /// Frames on the line.
    pub framing: Framing,
}

/// Why a simulator cannot start or obey.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The plant is wrong.
    #[error(transparent)]
    Plant(#[from] PlantError),
    /// Two devices behind one port have the same unit id.
    #[error("unit id {unit_id} is there twice; give each device its own, or each its own port")]
    UnitTwice {
        /// The unit id.
        unit_id: u8,
    },
    /// A port cannot be opened.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// More devices than ports above the first.
    #[error("{devices} devices need as many ports from {first} on, and the last port is 65535")]
    Ports {
        /// Number of devices.
        devices: usize,
        /// The first port.
        first: u16,
    },
    /// The serial port cannot be opened.
    #[error("cannot open serial port {path:?}: {source}")]
    Serial {
        /// The port.
        path: String,
        /// Why.
        source: tokio_serial::Error,
    },
    /// The control port would be open to others.
    #[error("the control port takes orders from anybody, so {address} must be a loopback address")]
    Control {
        /// The address.
        address: SocketAddr,
    },
    /// There is no such device or tag.
    #[error("{0}")]
    Unknown(String),
}

/// A running simulator; stops when dropped, and at [`Simulator::stop`] waits for that.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    control: Option<SocketAddr>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What all tasks of a simulator see.
#[derive(Debug)]
struct Shared {
    units: Vec<Unit>,
    start: Instant,
}

/// The scans that one device saw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceReport {
    /// Name of the device.
    pub device: String,
    /// Its unit id.
    pub unit_id: u8,
    /// What it saw.
    #[serde(flatten)]
    pub scans: ScanReport,
}

impl SimulatorConfig {
    /// Returns the settings of a Modbus TCP simulator on one free loopback port.
    pub fn tcp(plant: Plant) -> SimulatorConfig {
        SimulatorConfig {
            plant,
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            ports: Ports::Shared,
            framing: Framing::Mbap,
            serial: None,
            control: None,
        }
    }
}

impl Simulator {
    /// Opens the ports and serves them until stopped.
    ///
    /// # Errors
    ///
    /// [`SimulatorError`]; nothing is left open then.
    pub async fn start(config: SimulatorConfig) -> Result<Simulator, SimulatorError> {
        config.plant.check()?;
        let units = config
            .plant
            .devices
            .iter()
            .map(|device| Unit::new(device, config.plant.seed));
        let shared = Arc::new(Shared {
            units: units.collect(),
            start: Instant::now(),
        });
        let mut simulator = Simulator {
            shared,
            addresses: Vec::new(),
            control: None,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        if let Some(line) = &config.serial {
            simulator.open_serial(line)?;
        }
        if let Some(address) = config.listen {
            simulator
                .listen(address, config.ports, config.framing)
                .await?;
        }
        if let Some(address) = config.control {
            simulator.listen_control(address).await?;
        }
        Ok(simulator)
    }

    /// Returns where the devices listen: one address, or one for each device in their order.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns where orders are taken.
    pub fn control(&self) -> Option<SocketAddr> {
        self.control
    }

    /// Lets a device misbehave, for so many requests or until further notice.
    ///
    /// # Errors
    ///
    /// [`SimulatorError::Unknown`] when there is no such device.
    pub fn set_fault(
        &self,
        device: &str,
        fault: Option<Fault>,
        times: Option<u32>,
    ) -> Result<(), SimulatorError> {
        self.shared.unit(device)?.set_fault(fault, times);
        Ok(())
    }

    /// Lets a device refuse these addresses besides, with exception 02.
    ///
    /// # Errors
    ///
    /// [`SimulatorError::Unknown`] when there is no such device.
    pub fn forbid(&self, device: &str, span: Span) -> Result<(), SimulatorError> {
        self.shared.unit(device)?.forbid(span);
        Ok(())
    }

    /// Returns the present value of a tag.
    ///
    /// # Errors
    ///
    /// [`SimulatorError::Unknown`] when there is no such device or tag.
    pub fn value(&self, device: &str, tag: &str) -> Result<Value, SimulatorError> {
        let unit = self.shared.unit(device)?;
        unit.value(tag, self.shared.now())
            .map_err(SimulatorError::Unknown)
    }

    /// Writes a set point, or holds any other tag at a value.
    ///
    /// # Errors
    ///
    /// [`SimulatorError::Unknown`] when there is no such device or tag.
    pub fn set(&self, device: &str, tag: &str, value: f64) -> Result<(), SimulatorError> {
        let unit = self.shared.unit(device)?;
        unit.set(tag, value, self.shared.now())
            .map_err(SimulatorError::Unknown)
    }

    /// Begins the measurement of scans anew.
    pub fn reset_measure(&self) {
        self.shared.units.iter().for_each(Unit::reset_measure);
    }

    /// Returns the scans that each device saw, held against a grid of this period.
    pub fn report(&self, period: Duration) -> Vec<DeviceReport> {
        self.shared.report(period)
    }

    /// Ends every connection and waits for that.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn open_serial(&self, line: &SerialLine) -> Result<(), SimulatorError> {
        let port = Port::all(&self.shared, line.framing)?;
        let stream = tokio_serial::new(&line.path, line.baud_rate)
            .open_native_async()
            .map_err(|source| SimulatorError::Serial {
                path: line.path.clone(),
                source,
            })?;
        self.tasks
            .spawn(server::serve_line(port, stream, self.stop.clone()));
        Ok(())
    }

    async fn listen(
        &mut self,
        address: SocketAddr,
        ports: Ports,
        framing: Framing,
    ) -> Result<(), SimulatorError> {
        let served = match ports {
            Ports::Shared => vec![Port::all(&self.shared, framing)?],
            Ports::PerDevice => (0..self.shared.units.len())
                .map(|index| Port::one(&self.shared, framing, index))
                .collect(),
        };
        let (devices, first) = (served.len(), address.port());
        for (step, port) in served.into_iter().enumerate() {
            let number = match first {
                0 => 0,
                first => u16::try_from(usize::from(first) + step)
                    .map_err(|_| SimulatorError::Ports { devices, first })?,
            };
            let listener = bind(SocketAddr::new(address.ip(), number)).await?;
            self.addresses.push(listener.1);
            self.tasks
                .spawn(server::accept(port, listener.0, self.stop.clone()));
        }
        Ok(())
    }

    async fn listen_control(&mut self, address: SocketAddr) -> Result<(), SimulatorError> {
        if !address.ip().is_loopback() {
            return Err(SimulatorError::Control { address });
        }
        let (listener, address) = bind(address).await?;
        self.control = Some(address);
        let shared = Arc::clone(&self.shared);
        self.tasks
            .spawn(control::accept(shared, listener, self.stop.clone()));
        Ok(())
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), SimulatorError> {
    let wrong = |source| SimulatorError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(wrong)?;
    let bound = listener.local_addr().map_err(wrong)?;
    Ok((listener, bound))
}

impl Shared {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Returns the device of a name or, where that is no name, of a unit id.
    fn unit(&self, device: &str) -> Result<&Unit, SimulatorError> {
        let named = self.units.iter().find(|unit| unit.name == device);
        let numbered = || {
            let unit_id: u8 = device.parse().ok()?;
            self.units.iter().find(|unit| unit.unit_id == unit_id)
        };
        let found = named.or_else(numbered);
        found.ok_or_else(|| SimulatorError::Unknown(format!("there is no device {device:?}")))
    }

    fn report(&self, period: Duration) -> Vec<DeviceReport> {
        let of = |unit: &Unit| DeviceReport {
            device: unit.name.clone(),
            unit_id: unit.unit_id,
            scans: unit.report(period),
        };
        self.units.iter().map(of).collect()
    }
}
