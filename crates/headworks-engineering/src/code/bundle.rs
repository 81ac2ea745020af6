//! The files as one: a ZIP archive, the same bytes for the same files.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::{FILES, Files};

/// Most bytes of all files together.
pub const BYTES_MAX: u64 = 96 << 20;

/// Packs files.
///
/// # Errors
///
/// What the packer says; it writes to memory only.
pub fn pack(files: &Files) -> Result<Vec<u8>, String> {
    let write = || -> zip::result::ZipResult<Vec<u8>> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        // a time would make every archive another one
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default());
        for (name, text) in files {
            archive.start_file(name.as_str(), options)?;
            archive.write_all(text.as_bytes())?;
        }
        Ok(archive.finish()?.into_inner())
    };
    write().map_err(|error| error.to_string())
}

/// Unpacks the files of a plant.
///
/// # Errors
///
/// When it is no archive, holds other files, or more than [`BYTES_MAX`].
pub fn unpack(bytes: &[u8]) -> Result<Files, String> {
    let damaged = |error: zip::result::ZipError| format!("this is no whole ZIP archive: {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if FILES.len() < archive.len() {
        let count = archive.len();
        return Err(format!("{count} files; {} make a plant", FILES.len()));
    }
    let (mut files, mut room) = (Files::new(), BYTES_MAX);
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(damaged)?;
        let name = file.name().map_err(damaged)?.into_owned();
        check_name(&name)?;
        let mut text = String::new();
        let read = file.take(room + 1).read_to_string(&mut text);
        let read = read.map_err(|error| format!("{name}: {error}"))?;
        room = room
            .checked_sub(read as u64)
            .ok_or_else(|| format!("more than {} MiB of text in all files", BYTES_MAX >> 20))?;
        if files.insert(name.clone(), text).is_some() {
            return Err(format!("{name} is there twice"));
        }
    }
    if files.is_empty() {
        return Err(format!("none of the files {}", names()));
    }
    Ok(files)
}

/// Checks that a name is one of the files, so that none leads elsewhere.
fn check_name(name: &str) -> Result<(), String> {
    if FILES.iter().any(|(_, known)| *known == name) {
        return Ok(());
    }
    let shown: String = name.chars().take(80).collect();
    Err(format!("{shown:?} is none of the files {}", names()))
}

fn names() -> String {
    FILES.map(|(_, name)| name).join(", ")
}
