//! History of a data directory that no hub uses.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use headworks_core::Pattern;
use headworks_core::model::RetentionDays;
use headworks_exchange::{
    ExportOptions, ExportPlan, Import, ImportOptions, Kind, Limits, Progress, Tag, Tags, export,
};
use headworks_hub::{HubError, Plant, read_plant};
use headworks_store::{EmbeddedHistorian, Historian, HistorianOptions, StoreError};

use super::{ExportArguments, ImportArguments, Ticker, as_json, explain, print_report, wrong};
use crate::cli::SettingsArguments;
use crate::settings::{self, Sources};

/// Writes the file.
pub(super) fn export(arguments: &ExportArguments, options: ExportOptions) -> anyhow::Result<()> {
    let pattern: Pattern = options.pattern.parse().map_err(wrong)?;
    let directory = directory(&arguments.place.settings)?;
    let plant = plant(&directory)?;
    let retention = plant.retention(RetentionDays::default());
    let selected = plant.select(&pattern);
    let tags = selected
        .iter()
        .map(|tag| Arc::new(tag_of(tag, &retention)))
        .collect();
    let plan = ExportPlan::new(options, tags, now_us()).map_err(explain)?;
    let historian = open(&directory)?;
    let mut ticker = Ticker::new();
    let watch = &mut |progress: &Progress| {
        ticker.tell(progress);
        ControlFlow::Continue(())
    };
    let report = export::write_file(&historian, &plan, &arguments.output, watch);
    let report = report.map_err(explain)?;
    historian.close()?;
    for note in &report.notes {
        println!("note: {note}");
    }
    if 0 < report.resumed_rows {
        println!("went on after {} rows", report.resumed_rows);
    }
    println!(
        "{}: {} rows of {} tags, {} bytes",
        arguments.output.display(),
        report.rows,
        report.tags,
        report.bytes
    );
    Ok(())
}

/// Reads the file.
pub(super) fn import(arguments: &ImportArguments, options: &ImportOptions) -> anyhow::Result<()> {
    let directory = directory(&arguments.place.settings)?;
    let plant = plant(&directory)?;
    let retention = plant.retention(RetentionDays::default());
    let tags: Tags = plant.tags().map(|tag| tag_of(tag, &retention)).collect();
    let import = Import {
        path: &arguments.file,
        options,
        tags: &tags,
        limits: Limits { now_us: now_us() },
    };
    let mut errors: Box<dyn Write> = match &arguments.errors {
        Some(path) => {
            let file = File::create(path);
            let file = file.with_context(|| format!("{} cannot be made", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(io::sink()),
    };
    let report = if arguments.preview {
        import.preview(&mut errors).map_err(explain)?
    } else {
        let historian = open(&directory)?;
        let mut ticker = Ticker::new();
        let watch = &mut |progress: &Progress| {
            ticker.tell(progress);
            ControlFlow::Continue(())
        };
        let report = import.run(&historian, &mut errors, watch);
        historian.close()?;
        report.map_err(explain)?
    };
    print_report(&as_json(&report));
    Ok(())
}

fn directory(arguments: &SettingsArguments) -> anyhow::Result<PathBuf> {
    let mut sources = Sources::of_process(arguments.config.clone())?;
    sources.data.clone_from(&arguments.data);
    let (settings, _) = settings::load(&sources)?;
    let directory = settings.data.directory;
    if !directory.join("headworks.db").exists() {
        bail!("{} holds no plant yet", directory.display());
    }
    Ok(directory)
}

fn in_use(directory: &Path) -> String {
    format!(
        "a hub uses {}; give its address instead, e.g. --url http://127.0.0.1:8080",
        directory.display()
    )
}

fn plant(directory: &Path) -> anyhow::Result<Plant> {
    read_plant(directory).map_err(|error| match error {
        HubError::Store(StoreError::InUse { .. }) => anyhow::anyhow!(in_use(directory)),
        error => error.into(),
    })
}

fn open(directory: &Path) -> anyhow::Result<EmbeddedHistorian> {
    let opened = EmbeddedHistorian::open(directory, HistorianOptions::default());
    opened.map_err(|error| match error {
        StoreError::InUse { .. } => anyhow::anyhow!(in_use(directory)),
        error => error.into(),
    })
}

fn tag_of(tag: &headworks_hub::TagEntry, retention: &headworks_store::Retention) -> Tag {
    Tag {
        index: tag.index(),
        path: tag.path().as_str().into(),
        unit: tag.unit().into(),
        kind: Kind::of(tag.data_type(), tag.scaling().is_identity()),
        raw_days: retention.of(tag.index()).raw,
    }
}

fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
