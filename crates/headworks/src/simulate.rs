//! `headworks simulate`: devices that are not there.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum, value_parser};
use headworks_protocols::modbus::frame::Framing;
use headworks_protocols::modbus::simulator::{
    Fault, Plant, Ports, SerialLine, Simulator, SimulatorConfig, demo_plant, fault,
};

use crate::settings::SettingsError;

/// The protocols that can be simulated.
#[derive(Debug, Subcommand)]
pub(crate) enum SimulateCommand {
    /// Play Modbus devices whose values move
    #[command(after_help = EXAMPLES)]
    Modbus(ModbusArguments),
}

/// Examples of `simulate`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  headworks simulate modbus                                 the plant of run --demo
  headworks simulate modbus --devices 100 --registers 1000 --port-per-device
  headworks simulate modbus --plant plant.toml --fault 3=mute --fault 'Pump 1=slow:300ms'
  headworks simulate modbus --serial /dev/ttyUSB1 --baud-rate 19200
  headworks simulate modbus --control 127.0.0.1:5019        then: echo devices | nc 127.0.0.1 5019";

/// Arguments of `simulate modbus`.
#[derive(Debug, Args)]
pub(crate) struct ModbusArguments {
    /// Where TCP clients connect [default: 127.0.0.1:5020, none with --serial]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Plant of devices, tags and signals, TOML [default: the demonstration]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["devices", "registers"])]
    plant: Option<PathBuf>,
    /// Number of equal devices instead of a plant
    #[arg(long, value_name = "COUNT", requires = "registers")]
    #[arg(value_parser = value_parser!(u16).range(1..))]
    devices: Option<u16>,
    /// Holding registers of each of the equal devices
    #[arg(long, value_name = "COUNT", requires = "devices")]
    #[arg(value_parser = value_parser!(u16).range(1..=i64::from(Plant::GENERATED_REGISTERS_MAX)))]
    registers: Option<u16>,
    /// Decides phases and walks of equal devices
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// A TCP port for each device, counted up from that of --listen; otherwise they share one
    #[arg(long)]
    port_per_device: bool,
    /// Frames on TCP ports [default: tcp] and on the serial line [default: rtu]
    #[arg(long, value_name = "FRAMING")]
    framing: Option<FramingName>,
    /// Serial port with all devices on it
    #[arg(long, value_name = "PORT")]
    serial: Option<String>,
    /// Bits per second of the serial port
    #[arg(long, value_name = "BAUD", default_value_t = 9600)]
    baud_rate: u32,
    /// Let a device (name, unit id or *) misbehave from the start
    #[arg(long, value_name = "DEVICE=FAULT")]
    fault: Vec<DeviceFault>,
    /// Take orders on this loopback address while running
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
    /// At the end, say how regularly the devices were asked, held against this period
    #[arg(long, value_name = "MILLISECONDS", value_parser = value_parser!(u64).range(1..))]
    period: Option<u64>,
}

/// How frames are written on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FramingName {
    /// Modbus TCP
    Tcp,
    /// Binary with CRC
    Rtu,
    /// Hexadecimal digits with LRC
    Ascii,
}

/// A device and what is wrong with it.
#[derive(Clone, Debug)]
struct DeviceFault {
    device: String,
    fault: Option<Fault>,
}

impl std::str::FromStr for DeviceFault {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceFault, String> {
        let (device, fault) = text
            .split_once('=')
            .ok_or_else(|| format!("write DEVICE=FAULT; faults are {}", fault::GRAMMAR))?;
        let fault = Fault::parse(fault).map_err(|error| error.to_string())?;
        Ok(DeviceFault {
            device: device.to_owned(),
            fault,
        })
    }
}

impl From<FramingName> for Framing {
    fn from(name: FramingName) -> Framing {
        match name {
            FramingName::Tcp => Framing::Mbap,
            FramingName::Rtu => Framing::Rtu,
            FramingName::Ascii => Framing::Ascii,
        }
    }
}

/// Plays devices until a signal comes.
pub(crate) fn run(command: &SimulateCommand) -> anyhow::Result<()> {
    let SimulateCommand::Modbus(arguments) = command;
    let config = config(arguments)?;
    let names: Vec<String> = config
        .plant
        .devices
        .iter()
        .map(|each| each.name.clone())
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the simulator cannot start")?;
    runtime.block_on(async {
        let mut signals = crate::signals::Signals::new()?;
        let simulator = Simulator::start(config).await?;
        for DeviceFault { device, fault } in &arguments.fault {
            set_fault(&simulator, device, *fault, &names)?;
        }
        print_places(&simulator, &names, arguments);
        signals.next().await;
        if let Some(period_ms) = arguments.period {
            print_report(&simulator, Duration::from_millis(period_ms));
        }
        simulator.stop().await;
        Ok(())
    })
}

fn config(arguments: &ModbusArguments) -> anyhow::Result<SimulatorConfig> {
    let default = SocketAddr::from(([127, 0, 0, 1], 5020));
    let listen = match (&arguments.serial, arguments.listen) {
        (Some(_), None) => None,
        (_, listen) => Some(listen.unwrap_or(default)),
    };
    let framing = |fallback| arguments.framing.map_or(fallback, Framing::from);
    let serial = arguments.serial.clone().map(|path| SerialLine {
        path,
        baud_rate: arguments.baud_rate,
        framing: framing(Framing::Rtu),
    });
    let ports = if arguments.port_per_device {
        Ports::PerDevice
    } else {
        Ports::Shared
    };
    Ok(SimulatorConfig {
        plant: plant(arguments)?,
        listen,
        ports,
        framing: framing(Framing::Mbap),
        serial,
        control: arguments.control,
    })
}

fn plant(arguments: &ModbusArguments) -> anyhow::Result<Plant> {
    if let (Some(devices), Some(registers)) = (arguments.devices, arguments.registers) {
        return Ok(Plant::generated(devices, registers, arguments.seed));
    }
    let Some(path) = &arguments.plant else {
        return Ok(demo_plant());
    };
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable {
        path: path.clone(),
        source,
    })?;
    let plant = Plant::from_toml(&text).map_err(|error| SettingsError::Argument {
        reason: format!("{}: {error}", path.display()),
    })?;
    Ok(plant)
}

fn set_fault(
    simulator: &Simulator,
    device: &str,
    fault: Option<Fault>,
    names: &[String],
) -> anyhow::Result<()> {
    if device != "*" {
        return Ok(simulator.set_fault(device, fault, None)?);
    }
    for name in names {
        simulator.set_fault(name, fault, None)?;
    }
    Ok(())
}

fn print_places(simulator: &Simulator, names: &[String], arguments: &ModbusArguments) {
    match simulator.addresses() {
        [] => {}
        [address] => println!("{address}  {} devices", names.len()),
        each => {
            for (address, name) in each.iter().zip(names) {
                println!("{address}  {name}");
            }
        }
    }
    if let Some(path) = &arguments.serial {
        println!("{path}  {} devices", names.len());
    }
    if let Some(address) = simulator.control() {
        println!("{address}  control");
    }
    println!("Ctrl-C stops");
}

fn print_report(simulator: &Simulator, period: Duration) {
    println!(
        "{:24} {:>8} {:>8} {:>8} {:>10} {:>10}",
        "device", "requests", "scans", "missed", "p99 ms", "max ms"
    );
    for device in simulator.report(period) {
        let scans = device.scans;
        let ms = |us: u64| us as f64 / 1000.0;
        println!(
            "{:24} {:>8} {:>8} {:>8} {:>10.3} {:>10.3}",
            device.device,
            scans.requests,
            scans.scans,
            scans.missed,
            ms(scans.jitter_p99_us),
            ms(scans.jitter_max_us)
        );
    }
}
