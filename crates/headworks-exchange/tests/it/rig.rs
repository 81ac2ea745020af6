//! A historian in a directory of its own, its tags, and files.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headworks_core::{Quality, Sample, TagIndex, Update, Value};
use headworks_exchange::{
    ExchangeError, ExportOptions, ExportPlan, ExportReport, Import, ImportOptions, ImportReport,
    Kind, Limits, Progress, Tag, Tags, export,
};
use headworks_store::{EmbeddedHistorian, Historian, HistorianOptions};
use tempfile::TempDir;

/// 2026-11-21 07:05:00 UTC.
pub(crate) const T0: i64 = 1_795_244_700_000_000;

pub(crate) struct Rig {
    pub(crate) directory: TempDir,
    pub(crate) historian: EmbeddedHistorian,
    pub(crate) tags: Vec<Arc<Tag>>,
}

pub(crate) fn go_on(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

impl Rig {
    /// Starts with tags `plant/number`, `plant/count`, `plant/on`, `plant/text`.
    pub(crate) fn new() -> Rig {
        let tag = |(index, (name, kind)): (u32, (&str, Kind))| {
            Arc::new(Tag {
                index: TagIndex(index),
                path: format!("plant/{name}").into(),
                unit: if index == 0 { "°C" } else { "" }.into(),
                kind,
                raw_days: None,
            })
        };
        let names = [
            ("number", Kind::Number),
            ("count", Kind::Integer),
            ("on", Kind::Bool),
            ("text", Kind::Text),
        ];
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("data");
        Rig {
            historian: EmbeddedHistorian::open(&data, HistorianOptions::default()).unwrap(),
            directory,
            tags: (0..).zip(names).map(tag).collect(),
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn give(&self, tag: u32, time_us: i64, value: Value) {
        self.give_all(&[Update {
            tag: TagIndex(tag),
            sample: Sample::good(time_us, value),
        }]);
    }

    pub(crate) fn give_bad(&self, tag: u32, time_us: i64, quality: Quality) {
        self.give_all(&[Update {
            tag: TagIndex(tag),
            sample: Sample::bad(time_us, quality),
        }]);
    }

    pub(crate) fn give_all(&self, batch: &[Update]) {
        self.historian.append(batch).unwrap();
    }

    pub(crate) fn export(&self, options: ExportOptions, path: &Path) -> ExportReport {
        let plan = ExportPlan::new(options, self.tags.clone(), T0 + 366 * 86_400_000_000);
        export::write_file(&self.historian, &plan.unwrap(), path, &mut go_on).unwrap()
    }

    pub(crate) fn import(
        &self,
        path: &Path,
        options: &ImportOptions,
    ) -> Result<(ImportReport, String), ExchangeError> {
        let tags: Tags = self.tags.iter().map(|tag| (**tag).clone()).collect();
        let import = Import {
            path,
            options,
            tags: &tags,
            limits: Limits {
                now_us: T0 + 400 * 86_400_000_000,
            },
        };
        let mut errors = Vec::new();
        let report = import.run(&self.historian, &mut errors, &mut go_on)?;
        Ok((report, String::from_utf8(errors).unwrap()))
    }

    /// Returns all samples as CSV rows of path, microseconds, value and quality.
    pub(crate) fn rows(&self) -> Vec<String> {
        let options = ExportOptions {
            header: false,
            time: export::TimeStyle::Micros,
            quality: export::QualityStyle::Name,
            end_us: Some(4_102_444_800_000_000),
            ..ExportOptions::default()
        };
        let path = self.file("rows.csv");
        self.export(options, &path);
        let text = std::fs::read_to_string(path).unwrap();
        let rows = text.split("\r\n").filter(|row| !row.is_empty());
        rows.map(|row| {
            row.trim_end_matches(['°', 'C'])
                .trim_end_matches(',')
                .to_owned()
        })
        .collect()
    }
}
