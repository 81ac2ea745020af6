//! Pictures that dashboards show.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::device::check_name;
use super::object::{FieldError, Kind, ObjectBody};

/// A picture of dashboards: what it is called and which bytes it has.
///
/// The bytes are kept beside the objects, by their hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Name by which image widgets call it, unique among pictures.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// What its bytes are.
    pub media_type: PictureType,
    /// SHA-256 of its bytes, 64 hexadecimal digits in lower case.
    #[schemars(length(min = 64, max = 64))]
    pub hash: String,
    /// How many bytes it has.
    pub bytes: u32,
}

/// What pictures can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PictureType {
    /// Portable network graphics.
    #[serde(rename = "image/png")]
    Png,
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
    /// Scalable vector graphics.
    #[serde(rename = "image/svg+xml")]
    Svg,
}

impl PictureType {
    /// Returns the media type.
    pub const fn name(self) -> &'static str {
        match self {
            PictureType::Png => "image/png",
            PictureType::Jpeg => "image/jpeg",
            PictureType::Webp => "image/webp",
            PictureType::Svg => "image/svg+xml",
        }
    }
}

impl ObjectBody for Picture {
    const KIND: Kind = Kind::Picture;

    fn check(&self) -> Result<(), FieldError> {
        check_name(&self.name)?;
        let is_digit = |digit: u8| digit.is_ascii_digit() || matches!(digit, b'a'..=b'f');
        if self.hash.len() != 64 || !self.hash.bytes().all(is_digit) {
            let reason = "is no SHA-256: 64 hexadecimal digits in lower case";
            return Err(FieldError::new("/hash", reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Picture {
        Picture {
            name: "boiler.svg".into(),
            media_type: PictureType::Svg,
            hash: "0a".repeat(32),
            bytes: 12,
        }
    }

    #[test]
    fn a_picture_has_a_name_and_a_hash() {
        assert_eq!(picture().check(), Ok(()));
        let nameless = Picture {
            name: String::new(),
            ..picture()
        };
        assert_eq!(nameless.check().unwrap_err().field, "/name");
        for hash in ["", "0A", &"0A".repeat(32), &"g".repeat(64), &"0".repeat(65)] {
            let wrong = Picture {
                hash: hash.to_owned(),
                ..picture()
            };
            assert_eq!(wrong.check().unwrap_err().field, "/hash", "{hash}");
        }
    }

    #[test]
    fn its_type_is_written_as_its_media_type() {
        use PictureType::{Jpeg, Png, Svg, Webp};
        for media_type in [Png, Jpeg, Webp, Svg] {
            let text = serde_json::to_string(&media_type).unwrap();
            assert_eq!(text, format!("\"{}\"", media_type.name()));
        }
    }
}
