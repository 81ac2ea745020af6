//! What the healthy devices notice of twenty that do not answer.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;

use crate::device::{Behaviour, Content, Devices};
use crate::figure::{Reach, report};
use crate::plant::{self, Layout};
use crate::scans;
use crate::support::rest::Hub;

const PERIOD: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(30);
const WARM_UP: Duration = Duration::from_secs(10);

/// A way in which a fifth of 100 devices fails.
struct Scenario {
    name: &'static str,
    links: Vec<Vec<Behaviour>>,
    jitter_p99_ms: f64,
}

/// Measures and reports.
pub(crate) fn measure(binary: &Path) -> anyhow::Result<()> {
    for scenario in scenarios() {
        measure_scenario(binary, &scenario)?;
    }
    Ok(())
}

fn scenarios() -> Vec<Scenario> {
    let late = Behaviour::Late(Duration::from_millis(1300));
    let single = |ill: Behaviour| -> Vec<Vec<Behaviour>> {
        (0..100)
            .map(|at| vec![if at % 5 == 0 { ill } else { Behaviour::Answers }])
            .collect()
    };
    let mut gateway = vec![Behaviour::Answers; 5];
    gateway[2] = Behaviour::Mute;
    vec![
        Scenario {
            name: "20 of 100 mute",
            links: single(Behaviour::Mute),
            jitter_p99_ms: 5.0,
        },
        Scenario {
            name: "1 of 5 mute behind each of 20 gateways",
            links: vec![gateway; 20],
            jitter_p99_ms: 50.0,
        },
        Scenario {
            name: "20 of 100 answer too late",
            links: single(late),
            jitter_p99_ms: 5.0,
        },
    ]
}

fn measure_scenario(binary: &Path, scenario: &Scenario) -> anyhow::Result<()> {
    let devices = Devices::start(&scenario.links, Content::Moving)?;
    let data = tempfile::tempdir()?;
    let hub = Hub::start(binary, data.path(), &[]).map_err(|error| anyhow!(error))?;
    let layout = Layout {
        links: devices.links(),
        tags: 200,
        period_ms: 1000,
        timeout_ms: 1000,
    };
    plant::configure(&hub, &layout)?;
    std::thread::sleep(WARM_UP);
    devices.forget();
    std::thread::sleep(TIME);
    let regularity = scans::judge(&devices.scans(), PERIOD, TIME);
    let name = |what: &str| format!("{}: {what}", scenario.name);
    let reach = Reach::AtMost(scenario.jitter_p99_ms);
    report(
        &name("jitter p99 of the others"),
        regularity.jitter_p99_ms,
        "ms",
        reach,
    );
    report(
        &name("jitter max of the others"),
        regularity.jitter_max_ms,
        "ms",
        Reach::None,
    );
    let missed = regularity.missed as f64;
    report(
        &name("missed scans of the others"),
        missed,
        "scans",
        Reach::AtMost(0.0),
    );
    report(
        &name("scans of the others"),
        regularity.scans as f64,
        "scans",
        Reach::None,
    );
    hub.stop().map_err(|error| anyhow!(error))?;
    Ok(())
}
