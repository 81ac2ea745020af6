//! The bytes of pictures of dashboards: kept beside the objects, bounded in number and size.

use std::sync::Arc;

use headworks_core::model::{Object, Picture};
use headworks_store::{KeptPicture, PictureBounds};

use crate::apply::blocking;
use crate::error::HubError;
use crate::handle::HubHandle;
use crate::past::BIN_DAYS;
use crate::plant::Plant;

/// Most pictures there can be, those that can still return from the bin among them.
pub const PICTURES_MAX: u64 = 500;
/// Most bytes of all pictures, those that can still return from the bin among them.
pub const PICTURE_BYTES_MAX: u64 = 64 << 20;

const DAY_US: i64 = 86_400_000_000;

impl Plant {
    /// Returns the picture of a name.
    pub fn picture_by_name(&self, name: &str) -> Option<&Arc<Object<Picture>>> {
        let mut pictures = self.pictures().iter();
        pictures.find(|picture| picture.body.name == name)
    }
}

impl HubHandle {
    /// Keeps the bytes of a picture until no object has them and none can return that has them.
    /// They are on the disk when the call returns.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`], [`HubError::Stopping`].
    pub async fn keep_picture(&self, bytes: Vec<u8>) -> Result<KeptPicture, HubError> {
        let objects = self.shared.objects()?;
        let now_us = self.shared.clock.now_us();
        let kept = blocking(move || {
            let bounds = PictureBounds {
                count: PICTURES_MAX,
                bytes: PICTURE_BYTES_MAX,
                since_us: now_us - BIN_DAYS * DAY_US,
            };
            objects.keep_picture(&bytes, bounds, now_us)
        });
        kept.await?.map_err(HubError::Store)
    }

    /// Returns the bytes of a picture by their hash; none when they are not there.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`], [`HubError::Stopping`].
    pub async fn picture_bytes(&self, hash: String) -> Result<Option<Vec<u8>>, HubError> {
        let objects = self.shared.objects()?;
        let found = blocking(move || objects.picture(&hash));
        found.await?.map_err(HubError::Store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHub;

    #[tokio::test]
    async fn there_is_room_for_so_many_pictures_and_no_more() {
        let test = TestHub::new().await;
        for number in 0..PICTURES_MAX {
            let kept = test.handle.keep_picture(number.to_string().into_bytes());
            assert!(matches!(kept.await, Ok(KeptPicture::Kept(_))), "{number}");
        }
        let full = test
            .handle
            .keep_picture(b"one more".to_vec())
            .await
            .unwrap();
        let KeptPicture::Full { count, bytes } = full else {
            panic!("{full:?}");
        };
        assert_eq!((count, bytes), (PICTURES_MAX, 10 + 90 * 2 + 400 * 3));
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_bytes_and_no_more() {
        let test = TestHub::new().await;
        let half = usize::try_from(PICTURE_BYTES_MAX / 2).unwrap();
        for (byte, fits) in [(1_u8, true), (2, true), (3, false)] {
            let kept = test.handle.keep_picture(vec![byte; half]).await.unwrap();
            assert_eq!(matches!(kept, KeptPicture::Kept(_)), fits, "{byte}");
        }
    }
}
