//! The plant in files.

use super::{GET, POST};
use crate::api::{dashboard_files, plant_code, plant_imports, tag_tables};
use crate::route::Permission::{Configure, View};
use crate::route::Route;

const CHAPTER: &str = "engineering";

pub(super) fn engineering_routes() -> Vec<Route> {
    vec![
        Route::new(
            "export_tag_table",
            GET,
            "/api/v1/tag-table",
            View,
            tag_tables::export,
        )
        .noted()
        .about(CHAPTER, "Sends the tags as a table, CSV or Excel."),
        Route::new(
            "import_tag_table",
            POST,
            "/api/v1/tag-table",
            Configure,
            tag_tables::import,
        )
        .long()
        .about(
            CHAPTER,
            "Makes, changes or deletes the tags of a table, all of them or none.",
        ),
        Route::new(
            "import_plant",
            POST,
            "/api/v1/plant-imports",
            Configure,
            plant_imports::import,
        )
        .long()
        .about(
            CHAPTER,
            "Makes connections, devices and tags of the project of another program.",
        ),
        Route::new(
            "export_dashboards",
            GET,
            "/api/v1/dashboard-file",
            View,
            dashboard_files::export,
        )
        .noted()
        .about(CHAPTER, "Sends dashboards as one file, tags by path."),
        Route::new(
            "import_dashboards",
            POST,
            "/api/v1/dashboard-file",
            Configure,
            dashboard_files::import,
        )
        .long()
        .about(
            CHAPTER,
            "Makes or replaces the dashboards of a file, all of them or none.",
        ),
    ]
}

pub(super) fn code_routes() -> Vec<Route> {
    vec![
        Route::new(
            "export_plant_code",
            GET,
            "/api/v1/plant-code",
            View,
            plant_code::export,
        )
        .noted()
        .about(
            CHAPTER,
            "Sends everything that is configured as text files in a ZIP archive.",
        ),
        Route::new(
            "apply_plant_code",
            POST,
            "/api/v1/plant-code",
            Configure,
            plant_code::apply,
        )
        .long()
        .about(
            CHAPTER,
            "Makes the plant what the text files of a ZIP archive say, whole or not at all.",
        ),
    ]
}
