//! Discovery on links: units, registers, their meaning, and a test write.

use super::POST;
use crate::api::discovery;
use crate::route::Permission::Configure;
use crate::route::Route;

const CHAPTER: &str = "discovery";

pub(super) fn discovery_routes() -> Vec<Route> {
    let mut routes = asking();
    routes.extend(pausing());
    routes
}

fn asking() -> Vec<Route> {
    vec![
        Route::new(
            "discover_units",
            POST,
            "/api/v1/discovery/units",
            Configure,
            discovery::units,
        )
        .about(
            CHAPTER,
            "Starts to look for the units that answer on a link.",
        ),
        Route::new(
            "discover_registers",
            POST,
            "/api/v1/discovery/registers",
            Configure,
            discovery::registers,
        )
        .about(
            CHAPTER,
            "Starts to look for the addresses that a unit has; reads only.",
        ),
        Route::new(
            "decode_registers",
            POST,
            "/api/v1/discovery/decode",
            Configure,
            discovery::decode,
        )
        .about(
            CHAPTER,
            "Starts to sample a block of registers and ranks what they may be.",
        ),
        Route::new(
            "read_sunspec",
            POST,
            "/api/v1/discovery/sunspec",
            Configure,
            discovery::sunspec::read,
        )
        .about(
            CHAPTER,
            "Starts to read what a SunSpec device says of itself and makes a template of it.",
        ),
        Route::new(
            "test_write",
            POST,
            "/api/v1/discovery/write",
            Configure,
            discovery::write,
        )
        .about(
            CHAPTER,
            "Writes one register or coil as a test and reads it back.",
        ),
    ]
}

fn pausing() -> Vec<Route> {
    vec![
        Route::new(
            "pause_discovery",
            POST,
            "/api/v1/discovery/{id}/pause",
            Configure,
            discovery::pause,
        )
        .about(CHAPTER, "Lets a discovery ask nothing for now."),
        Route::new(
            "resume_discovery",
            POST,
            "/api/v1/discovery/{id}/resume",
            Configure,
            discovery::resume,
        )
        .about(CHAPTER, "Lets a paused discovery go on where it was."),
    ]
}
