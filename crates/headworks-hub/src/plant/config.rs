//! What a driver is told of the plant.

use headworks_core::model::{Device, Object, ObjectId};
use headworks_protocols::{DeviceConfig, LinkConfig};

use super::Plant;

impl Plant {
    /// Returns what the driver of a connection is told: its enabled devices and tags.
    pub(crate) fn link_config(&self, connection: ObjectId) -> Option<LinkConfig> {
        let object = self.connection(connection)?;
        let devices = self
            .devices_of(connection)
            .filter(|device| device.body.enabled)
            .map(|device| self.device_config(device))
            .collect();
        Some(LinkConfig {
            connection,
            name: object.body.name.clone(),
            settings: object.body.settings.clone(),
            devices,
        })
    }

    fn device_config(&self, device: &Object<Device>) -> DeviceConfig {
        let tags = self
            .tags_of(device.id)
            .filter(|tag| tag.enabled() && tag.formula().is_none())
            .map(|tag| tag.config(device.body.period_ms))
            .collect();
        DeviceConfig {
            device: device.id,
            name: device.body.name.clone(),
            settings: device.body.settings.clone(),
            tags,
        }
    }
}
