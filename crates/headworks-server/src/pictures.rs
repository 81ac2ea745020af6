//! What uploaded pictures of dashboards are: told from their bytes, never from what a client says.

mod svg;
#[cfg(test)]
mod tests;

use headworks_core::model::PictureType;
use imagesize::ImageType;

/// Most bytes of a picture.
pub(crate) const BYTES_MAX: usize = 2 << 20;
/// Most pixels of a side: a browser unpacks all of them, however few bytes they are.
const SIDE_MAX: usize = 8192;

/// Returns what a picture is.
///
/// # Errors
///
/// Why it is refused, and what would be taken.
pub(crate) fn look(bytes: &[u8]) -> Result<PictureType, String> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    if BYTES_MAX < bytes.len() {
        let mib = BYTES_MAX >> 20;
        return Err(format!(
            "the picture has more than {mib} MiB; make it smaller"
        ));
    }
    let found = match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => PictureType::Png,
        Ok(ImageType::Jpeg) => PictureType::Jpeg,
        Ok(ImageType::Webp) => PictureType::Webp,
        _ => return look_at_text(bytes),
    };
    check_size(bytes)?;
    Ok(found)
}

fn check_size(bytes: &[u8]) -> Result<(), String> {
    let size = imagesize::blob_size(bytes)
        .map_err(|_| "the picture is damaged: it does not say how large it is")?;
    let (width, height) = (size.width, size.height);
    if width == 0 || height == 0 || SIDE_MAX < width || SIDE_MAX < height {
        return Err(format!(
            "the picture has {width} x {height} pixels; 1 to {SIDE_MAX} on each side are allowed"
        ));
    }
    Ok(())
}

fn look_at_text(bytes: &[u8]) -> Result<PictureType, String> {
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'<') {
        return Err("the file is none of PNG, JPEG, WebP and SVG, whatever its name says".into());
    }
    let text = std::str::from_utf8(start)
        .map_err(|_| "the file is no text in UTF-8; save the SVG as UTF-8")?;
    svg::check(text)?;
    Ok(PictureType::Svg)
}
