//! `headworks run --demo`: a plant that moves, for a store that is empty.

use std::net::SocketAddr;

use anyhow::Context;
use headworks_core::model::{Connection, Object, ObjectId};
use headworks_hub::{Applied, Edit, HubHandle};
use headworks_protocols::modbus::simulator::{Plant, Simulator, SimulatorConfig, demo_plant};
use tracing::{info, warn};

/// Who makes the objects, as their history says.
const AUTHOR: &str = "demo";
/// The connection by which a plant made before is known again.
const CONNECTION: &str = "Demonstration";

/// The simulated plant of a demonstration.
#[derive(Debug)]
pub(crate) struct Demo {
    /// Plays the devices until it is dropped.
    _simulator: Option<Simulator>,
}

impl Demo {
    /// Starts the simulator and lets the hub poll it.
    ///
    /// A store that holds another plant is left alone.
    ///
    /// # Errors
    ///
    /// When no port is free or the objects cannot be stored.
    pub(crate) async fn start(hub: &HubHandle) -> anyhow::Result<Demo> {
        let plant = hub.plant();
        let known = plant
            .connections()
            .iter()
            .find(|known| known.body.name == CONNECTION);
        if known.is_none() && !plant.connections().is_empty() {
            warn!("the data directory holds a plant, the demonstration is not added to it");
            return Ok(Demo { _simulator: None });
        }
        let config = SimulatorConfig::tcp(demo_plant());
        let simulator = Simulator::start(config)
            .await
            .context("the simulator cannot start")?;
        let address = *simulator
            .addresses()
            .first()
            .context("the simulator has no address")?;
        let stored = match known {
            Some(known) => reconnect(hub, known, address).await,
            None => create(hub, &demo_plant(), address).await,
        };
        stored.context("the demonstration cannot be stored")?;
        info!(%address, "simulated plant started");
        Ok(Demo {
            _simulator: Some(simulator),
        })
    }
}

/// Leads the connection of an earlier run to where the simulator listens now.
async fn reconnect(
    hub: &HubHandle,
    known: &Object<Connection>,
    address: SocketAddr,
) -> anyhow::Result<()> {
    let mut connection = known.body.clone();
    connection
        .settings
        .insert("endpoint".into(), address.to_string().into());
    hub.apply(vec![Edit::update(known.id, connection)], AUTHOR)
        .await?;
    Ok(())
}

/// Puts the plant into the store: one connection, its devices, their tags.
async fn create(hub: &HubHandle, plant: &Plant, address: SocketAddr) -> anyhow::Result<()> {
    let connection = Plant::connection(CONNECTION, &address.to_string());
    let connection = ids(&hub.apply(vec![Edit::create(connection)], AUTHOR).await?)[0];
    let devices = plant
        .devices
        .iter()
        .map(|device| Edit::create(device.device(connection)));
    let devices = ids(&hub.apply(devices.collect(), AUTHOR).await?);
    let tags = plant
        .devices
        .iter()
        .zip(devices)
        .flat_map(|(device, id)| device.tags(id));
    hub.apply(tags.map(Edit::create).collect(), AUTHOR).await?;
    Ok(())
}

fn ids(applied: &[Applied]) -> Vec<ObjectId> {
    applied.iter().map(|applied| applied.id).collect()
}
