//! History in and out: samples handed in over HTTP, exports over HTTP and from the store alone.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use headworks_core::model::RetentionDays;
use headworks_exchange::export::{self, Format};
use headworks_exchange::{
    ExportOptions, ExportPlan, Import, ImportOptions, Kind, Limits, Packing, Tag,
};
use headworks_store::{EmbeddedHistorian, Historian, HistorianOptions};
use serde_json::{Value, json};

use crate::figure::{Reach, report};
use crate::support::rest::Hub;

/// Tags that are handed in and exported.
const TAGS: usize = 100;
/// Samples of each: a little over a day at one a second.
const SAMPLES: usize = 100_000;
/// Samples of a tag in one block or line.
const COLUMN: usize = 10_000;
/// The same, as a block says it.
const COLUMN_BYTES: [u8; 4] = 10_000_u32.to_le_bytes();
/// Samples that are handed in one by one, and rows of Excel.
const FEW: usize = 1_000_000;

/// Measures and reports.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let hub = Hub::start(binary, data.path(), &[]).map_err(|error| anyhow!(error))?;
    configure(&hub)?;
    let first_us = now_us() / 1_000_000 * 1_000_000 - 130_000 * 1_000_000;
    hand_in(&hub, first_us)?;
    over_http(&hub)?;
    let peak = peak_mib(hub.process.id())?;
    report("peak memory of the hub", peak, "MiB", Reach::None);
    hub.stop().map_err(|error| anyhow!(error))?;
    from_the_store(data.path(), first_us)
}

fn configure(hub: &Hub) -> anyhow::Result<()> {
    let connection = json!({
        "name": "off", "protocol": "modbus", "enabled": false,
        "settings": { "endpoint": "127.0.0.1:1" },
    });
    let create = |kind: &str, body: &Value| {
        let id = hub.create_id(kind, body);
        id.map_err(|error| anyhow!(error))
    };
    let connection = create("connections", &connection)?;
    let device = json!({
        "name": "line", "connection": connection, "path": "bench/line", "period_ms": 60_000,
    });
    let device = create("devices", &device)?;
    let tag = |number: usize| {
        json!({
            "device": device, "name": format!("t{number:03}"), "address": "HR0",
            "data_type": "float64", "unit": "°C",
        })
    };
    let tags: Vec<Value> = (0..TAGS).map(tag).collect();
    hub.create_tags(&tags).map_err(|error| anyhow!(error))?;
    Ok(())
}

/// Returns a value of a slow sensor with a resolution of 0.1.
fn value(tag: usize, at: usize) -> f64 {
    let wave = (at as f64 / 500.0 + tag as f64).sin() * 200.0;
    (wave + (at * 7 % 5) as f64).round() / 10.0
}

/// How samples are handed in.
#[derive(Clone, Copy)]
enum Form {
    Blocks,
    Columns,
    Lines,
}

/// Writes the samples of a tag from `start` on, so many.
fn write(
    out: &mut impl Write,
    form: Form,
    tag: usize,
    start: usize,
    first_us: i64,
) -> io::Result<()> {
    let path = format!("bench/line/t{tag:03}");
    let places = start..start + COLUMN;
    let time = |at: usize| first_us + at as i64 * 1_000_000;
    match form {
        Form::Blocks => {
            out.write_all(b"HWB1\x03\x00")?;
            out.write_all(&u16::try_from(path.len()).unwrap_or(0).to_le_bytes())?;
            out.write_all(&COLUMN_BYTES)?;
            out.write_all(path.as_bytes())?;
            places
                .clone()
                .try_for_each(|at| out.write_all(&time(at).to_le_bytes()))?;
            places
                .into_iter()
                .try_for_each(|at| out.write_all(&value(tag, at).to_le_bytes()))
        }
        Form::Columns => {
            let times: Vec<i64> = places.clone().map(time).collect();
            let values: Vec<f64> = places.map(|at| value(tag, at)).collect();
            writeln!(
                out,
                "{}",
                json!({ "tag": path, "times_us": times, "values": values })
            )
        }
        Form::Lines => places.into_iter().try_for_each(|at| {
            let (time_us, value) = (time(at), value(tag, at));
            writeln!(
                out,
                "{{\"tag\":\"{path}\",\"time_us\":{time_us},\"value\":{value}}}"
            )
        }),
    }
}

fn hand_in(hub: &Hub, first_us: i64) -> anyhow::Result<()> {
    let all = TAGS * SAMPLES;
    let forms = [
        (
            "blocks, zstd",
            Form::Blocks,
            "application/vnd.headworks.samples",
            Packing::Zstd,
            all,
        ),
        (
            "JSON lines of columns, zstd",
            Form::Columns,
            "application/x-ndjson",
            Packing::Zstd,
            all,
        ),
        (
            "JSON line per sample, gzip",
            Form::Lines,
            "application/x-ndjson",
            Packing::Gzip,
            FEW,
        ),
    ];
    for (name, form, media_type, packing, count) in forms {
        // Made before the clock runs: the client is not measured.
        let mut plain = Vec::new();
        for start in (0..count / TAGS).step_by(COLUMN) {
            (0..TAGS).try_for_each(|tag| write(&mut plain, form, tag, start, first_us))?;
        }
        let body = pack(packing, &plain)?;
        drop(plain);
        let encoding = if matches!(packing, Packing::Gzip) {
            "gzip"
        } else {
            "zstd"
        };
        let begun = Instant::now();
        let answer = ureq::post(format!("{}/api/v1/history/import?durable=true", hub.url))
            .header("authorization", hub.bearer())
            .header("content-type", media_type)
            .header("content-encoding", encoding)
            .send(&body[..]);
        let answer: Value = answer?.body_mut().read_json()?;
        let elapsed = begun.elapsed();
        if answer["accepted"] != count || answer["refused"] != 0 {
            bail!("{name}: {answer}");
        }
        let rate = rate(count, elapsed);
        let name = format!("back-fill over REST, {name}");
        report(&name, rate, "points/s", Reach::AtLeast(5e5));
    }
    Ok(())
}

fn pack(packing: Packing, plain: &[u8]) -> anyhow::Result<Vec<u8>> {
    match packing {
        Packing::Zstd => Ok(zstd::encode_all(plain, 1)?),
        Packing::Gzip => {
            let fast = flate2::Compression::fast();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), fast);
            encoder.write_all(plain)?;
            Ok(encoder.finish()?)
        }
        Packing::None => Ok(plain.to_vec()),
    }
}

fn rate(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

/// Measures exports as a client sees them.
fn over_http(hub: &Hub) -> anyhow::Result<()> {
    for format in ["csv", "parquet"] {
        let begun = Instant::now();
        let url = format!("{}/api/v1/history/export?format={format}", hub.url);
        let mut answer = ureq::get(url)
            .header("authorization", hub.bearer())
            .call()?;
        let mut body = answer.body_mut().as_reader();
        let bytes = io::copy(&mut body, &mut io::sink())?;
        let rate = rate(TAGS * SAMPLES, begun.elapsed());
        let name = format!("export over HTTP, {format}, {} MiB", bytes >> 20);
        report(&name, rate, "points/s", Reach::None);
    }
    Ok(())
}

fn tags_of(data: &Path) -> anyhow::Result<Vec<Arc<Tag>>> {
    let plant = headworks_hub::read_plant(data)?;
    let retention = plant.retention(RetentionDays::default());
    let tags = plant
        .tags()
        .map(|tag| {
            Arc::new(Tag {
                index: tag.index(),
                path: tag.path().as_str().into(),
                unit: tag.unit().into(),
                kind: Kind::Number,
                raw_days: retention.of(tag.index()).raw,
            })
        })
        .collect();
    Ok(tags)
}

/// Measures exports of the store alone, into a file.
fn from_the_store(data: &Path, first_us: i64) -> anyhow::Result<()> {
    let tags = tags_of(data)?;
    let historian = EmbeddedHistorian::open(data, HistorianOptions::default())?;
    let end_us = first_us + SAMPLES as i64 * 1_000_000;
    for (name, format, packing, reach) in [
        ("CSV", Format::Csv, Packing::None, Reach::AtLeast(5e6)),
        ("CSV, zstd", Format::Csv, Packing::Zstd, Reach::None),
        ("JSON lines", Format::Jsonl, Packing::None, Reach::None),
        (
            "Parquet",
            Format::Parquet,
            Packing::None,
            Reach::AtLeast(1e7),
        ),
        ("Excel", Format::Xlsx, Packing::None, Reach::None),
    ] {
        let few = (FEW / SAMPLES).max(1);
        let tags = if format == Format::Xlsx {
            tags[..few].to_vec()
        } else {
            tags.clone()
        };
        let count = tags.len() * SAMPLES;
        let options = ExportOptions {
            format,
            packing,
            start_us: Some(first_us),
            end_us: Some(end_us),
            ..ExportOptions::default()
        };
        let plan = ExportPlan::new(options, tags, end_us)?;
        let path = data.join("export");
        let (begun, cpu) = (Instant::now(), cpu_secs()?);
        let go_on = &mut |_: &headworks_exchange::Progress| ControlFlow::Continue(());
        let written = export::write_file(&historian, &plan, &path, go_on)?;
        let elapsed = begun.elapsed();
        if written.rows != count as u64 {
            bail!("{name}: {} rows instead of {count}", written.rows);
        }
        let cpu = Duration::from_secs_f64(cpu_secs()? - cpu);
        let name = format!("export of the store, {name}, {} MiB", written.bytes >> 20);
        report(&name, rate(count, elapsed), "points/s", reach);
        // On a machine that does other work too, only this can be compared.
        report(
            &format!("{name}, by CPU time"),
            rate(count, cpu),
            "points/s",
            Reach::None,
        );
        if format == Format::Csv && packing == Packing::None {
            import(&historian, &path, &plan)?;
        }
    }
    let peak = peak_mib(std::process::id())?;
    report("peak memory of store and exports", peak, "MiB", Reach::None);
    historian.close()?;
    Ok(())
}

/// Measures the import of the file that was exported.
fn import(historian: &dyn Historian, path: &Path, plan: &ExportPlan) -> anyhow::Result<()> {
    let tags = plan.tags().iter().map(|tag| (**tag).clone()).collect();
    let part = path.with_extension("part.csv");
    let mut head = File::open(path)?.take(64 << 20);
    let mut bytes = Vec::new();
    head.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n');
    std::fs::write(&part, &bytes[..=whole.context("no row")?])?;
    let options = ImportOptions {
        unknown_tags: headworks_exchange::import::UnknownTags::Skip,
        ..ImportOptions::default()
    };
    let import = Import {
        path: &part,
        options: &options,
        tags: &tags,
        limits: Limits { now_us: now_us() },
    };
    let begun = Instant::now();
    let go_on = &mut |_: &headworks_exchange::Progress| ControlFlow::Continue(());
    let done = import.run(historian, &mut io::sink(), go_on)?;
    let stored = usize::try_from(done.stored)?;
    report(
        "import of CSV",
        rate(stored, begun.elapsed()),
        "points/s",
        Reach::None,
    );
    Ok(())
}

/// Returns the most memory that a process has held.
fn peak_mib(process: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    Ok(kib.context("no peak of memory")? / 1024.0)
}

/// Returns the CPU time that this process has used.
fn cpu_secs() -> anyhow::Result<f64> {
    const TICKS_PER_SEC: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat
        .rsplit_once(')')
        .context("no name in the figures of the process")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: f64 = ticks.filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_PER_SEC)
}

fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
