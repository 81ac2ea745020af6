//! Embeds the built web UI: a sorted table of the files under `web/dist`.
//!
//! Files that the web build has compressed (`.br`, `.gz` beside them) are embedded as they are.
//! Without a built UI the table is empty and the server says so on a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let dist = match env::var_os("HEADWORKS_WEB_DIST") {
        Some(dist) => PathBuf::from(dist),
        None => root.join("web/dist"),
    };
    println!("cargo::rerun-if-env-changed=HEADWORKS_WEB_DIST");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", watched(&dist).display());
    let mut files = BTreeMap::new();
    if dist.is_dir() {
        collect(&dist, &dist, &mut files)?;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("assets.rs"), table(&files)?)
}

/// Returns the nearest existing ancestor: a watched path that is missing would mean a new build
/// each time.
fn watched(dist: &Path) -> &Path {
    dist.ancestors().find(|path| path.exists()).unwrap_or(dist)
}

fn collect(root: &Path, place: &Path, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(place)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            let name = relative.to_string_lossy().replace('\\', "/");
            files.insert(format!("/{name}"), path.canonicalize()?);
        }
    }
    Ok(())
}

fn table(files: &BTreeMap<String, PathBuf>) -> io::Result<String> {
    let mut text = String::from("&[\n");
    for (name, path) in files {
        if name.ends_with(".br") || name.ends_with(".gz") || name.ends_with("/.gitkeep") {
            continue;
        }
        let beside = |ending: &str| match files.get(&format!("{name}{ending}")) {
            Some(path) => format!("Some(include_bytes!({path:?}))"),
            None => "None".to_owned(),
        };
        let hash = fnv1a(&fs::read(path)?);
        // Writing to a `String` cannot fail.
        writeln!(
            text,
            "    Asset {{ path: {name:?}, hash: \"{hash:016x}\", plain: include_bytes!({path:?}), \
             brotli: {}, gzip: {} }},",
            beside(".br"),
            beside(".gz")
        )
        .map_err(io::Error::other)?;
    }
    text.push(']');
    Ok(text)
}

/// FNV-1a, 64 bits: tells versions of a file apart, and is the same on every machine.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
