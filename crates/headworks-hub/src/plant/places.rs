//! Where things stand: the paths of assets, devices and tags.

use std::collections::HashMap;

use headworks_core::model::{Asset, Device, ObjectId, Tag};
use headworks_core::{TagName, TagPath};

use super::Plant;

/// The objects that paths are made of.
pub trait Places {
    /// Returns an asset.
    fn asset(&self, id: ObjectId) -> Option<&Asset>;
    /// Returns a device.
    fn device(&self, id: ObjectId) -> Option<&Device>;
}

/// Why something has no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceError {
    /// What it stands in does not exist.
    Missing(ObjectId),
    /// An asset lies in itself, or deeper than a path can be.
    Circle,
    /// The path cannot be.
    Path(String),
}

/// The paths of many things; each way is gone once.
#[derive(Debug)]
pub struct Paths<'a, P> {
    places: &'a P,
    assets: HashMap<ObjectId, Result<TagPath, PlaceError>>,
    devices: HashMap<ObjectId, Result<TagPath, PlaceError>>,
}

impl<'a, P: Places> Paths<'a, P> {
    /// Returns the paths of the things that stand in `places`.
    pub fn new(places: &'a P) -> Paths<'a, P> {
        Paths {
            places,
            assets: HashMap::new(),
            devices: HashMap::new(),
        }
    }

    /// Returns the path of an asset.
    ///
    /// # Errors
    ///
    /// When an asset above it does not exist, they are too deep, or it lies in itself.
    pub fn asset(&mut self, id: ObjectId) -> Result<TagPath, PlaceError> {
        self.asset_below(id, 0)
    }

    /// Returns the path of a device.
    ///
    /// # Errors
    ///
    /// When it or its asset does not exist, or it stands too deep.
    pub fn device(&mut self, id: ObjectId) -> Result<TagPath, PlaceError> {
        if let Some(known) = self.devices.get(&id) {
            return known.clone();
        }
        let device = self.places.device(id).ok_or(PlaceError::Missing(id));
        let path = device.and_then(|device| self.of_device(device));
        self.devices.insert(id, path.clone());
        path
    }

    /// Returns the path that a device has or would have.
    ///
    /// # Errors
    ///
    /// When its asset does not exist, or it stands too deep.
    pub fn of_device(&mut self, device: &Device) -> Result<TagPath, PlaceError> {
        match device.asset {
            None => Ok(device.path.clone()),
            Some(asset) => {
                let above = self.asset(asset)?;
                above.join_path(&device.path).map_err(refused)
            }
        }
    }

    /// Returns the path that a tag has or would have.
    ///
    /// # Errors
    ///
    /// When its device or its asset does not exist, or it stands too deep.
    pub fn of_tag(&mut self, tag: &Tag) -> Result<TagPath, PlaceError> {
        self.named(tag.device, tag.asset, &tag.name)
    }

    /// Returns the path of a name in an asset, or below a device where there is none.
    pub(crate) fn named(
        &mut self,
        device: ObjectId,
        asset: Option<ObjectId>,
        name: &TagName,
    ) -> Result<TagPath, PlaceError> {
        let above = match asset {
            Some(asset) => self.asset(asset)?,
            None => self.device(device)?,
        };
        above.join(name).map_err(refused)
    }

    fn asset_below(&mut self, id: ObjectId, depth: usize) -> Result<TagPath, PlaceError> {
        if let Some(known) = self.assets.get(&id) {
            return known.clone();
        }
        if TagPath::SEGMENTS_MAX <= depth {
            return Err(PlaceError::Circle);
        }
        let path = self.find_asset(id, depth);
        self.assets.insert(id, path.clone());
        path
    }

    fn find_asset(&mut self, id: ObjectId, depth: usize) -> Result<TagPath, PlaceError> {
        let asset = self.places.asset(id).ok_or(PlaceError::Missing(id))?;
        match asset.parent {
            None => Ok(TagPath::from(asset.name.clone())),
            Some(parent) => {
                let above = self.asset_below(parent, depth + 1)?;
                above.join(&asset.name).map_err(refused)
            }
        }
    }
}

fn refused(error: headworks_core::path::PathError) -> PlaceError {
    PlaceError::Path(error.to_string())
}

impl std::fmt::Display for PlaceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PlaceError::Missing(id) => write!(f, "{id} does not exist"),
            PlaceError::Circle => f.write_str("an asset lies in itself, or more than 16 deep"),
            PlaceError::Path(reason) => f.write_str(reason),
        }
    }
}

impl Places for Plant {
    fn asset(&self, id: ObjectId) -> Option<&Asset> {
        Plant::asset(self, id).map(|object| &object.body)
    }

    fn device(&self, id: ObjectId) -> Option<&Device> {
        Plant::device(self, id).map(|object| &object.body)
    }
}

impl Plant {
    /// Returns the path of an asset.
    pub fn asset_path(&self, id: ObjectId) -> Option<TagPath> {
        Paths::new(self).asset(id).ok()
    }

    /// Returns the path of a device: what its tags stand below.
    pub fn device_path(&self, id: ObjectId) -> Option<TagPath> {
        Paths::new(self).device(id).ok()
    }
}
