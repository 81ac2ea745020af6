//! What comes from elsewhere: pictures, and pages of other servers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;

/// Options of an image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImageOptions {
    /// Name of the file among those of dashboards; no image yet when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 128))]
    pub file: String,
    /// What the image is to those who do not see it; decoration when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 500))]
    pub alt: String,
    /// How it fills its tile.
    #[serde(skip_serializing_if = "is_default")]
    pub fit: ImageFit,
}

/// How an image fills its tile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageFit {
    /// All of it is seen, as large as it goes.
    #[default]
    Contain,
    /// All of the tile is filled; what does not fit is cut off.
    Cover,
    /// As large as it is; what does not fit is cut off.
    None,
}

/// Options of a frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FrameOptions {
    /// The page shown: `http` or `https`, and allowed by the settings of the hub.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2048))]
    pub url: String,
    /// Seconds after which it is loaded anew, 5 to 86400; never when 0.
    #[serde(skip_serializing_if = "is_default")]
    #[schemars(range(max = 86_400))]
    pub refresh_s: u32,
}
