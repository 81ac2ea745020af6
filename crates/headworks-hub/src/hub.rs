//! Start and stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use arc_swap::ArcSwap;
use headworks_core::TagIndex;
use headworks_core::model::ObjectId;
use headworks_protocols::{Clock, Protocol};
use headworks_store::{
    AlarmJournal, AlarmStart, EmbeddedHistorian, ForwardingHistorian, Historian, HistorianOptions,
    ObjectPlace, ObjectStore, StoreError,
};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::alarms::{self, AlarmDesk, JournalThread, Rules};
use crate::apply::blocking;
use crate::backups::{self, BackupKeeper};
use crate::clock::steady_clock;
use crate::clocks::Clocks;
use crate::database;
use crate::edits::load;
use crate::error::HubError;
use crate::events::EventLog;
use crate::handle::HubHandle;
use crate::ingest::Ingest;
use crate::keeper::{Keeper, Keeping};
use crate::memory::{self, Memory};
use crate::meter::Meter;
use crate::plant::{Plant, Shapes};
use crate::recorder::{Record, Recorder};
use crate::settings::{DatabaseSettings, HubSettings, UpkeepSettings};
use crate::supervisor::Supervisor;
use crate::tell;
use crate::totals::Totals;

/// Time between two looks for silent tags.
const SWEEP: Duration = Duration::from_secs(1);

/// The running system; owns its tasks. Dropping it ends them without waiting; [`Hub::stop`]
/// waits and stores what is on its way.
pub struct Hub {
    shared: Arc<Shared>,
    /// None when it was joined.
    recorder: Option<Recorder>,
    /// None when it has ended.
    journal: Option<JournalThread>,
    /// None when it has ended.
    keeper: Option<Keeper>,
    /// Looks after the database of the objects.
    watch: JoinHandle<()>,
}

/// What the tasks and handles of a hub share.
pub(crate) struct Shared {
    pub(crate) plant: ArcSwap<Plant>,
    pub(crate) generation: watch::Sender<u64>,
    /// Counts the changes of states of links and devices.
    pub(crate) status_changes: watch::Sender<u64>,
    pub(crate) ingest: Arc<Ingest>,
    pub(crate) alarms: AlarmDesk,
    pub(crate) clocks: Clocks,
    pub(crate) links: Supervisor,
    /// Held while edits are applied; what is shared between tags is known to it.
    pub(crate) writer: Arc<tokio::sync::Mutex<Shapes>>,
    objects: Mutex<Option<Arc<ObjectStore>>>,
    pub(crate) historian: Arc<dyn Historian>,
    pub(crate) record: Arc<Record>,
    pub(crate) keeping: Keeping,
    pub(crate) memory: Memory,
    pub(crate) data_directory: PathBuf,
    pub(crate) backups: BackupKeeper,
    pub(crate) events: Arc<EventLog>,
    pub(crate) clock: Clock,
    pub(crate) clock_ahead_us: Arc<AtomicI64>,
    pub(crate) meter: Meter,
    pub(crate) totals: Totals,
    pub(crate) protocols: &'static [&'static Protocol],
    /// Cancelled when the hub stops.
    pub(crate) stop: CancellationToken,
    pub(crate) started: Instant,
    pub(crate) start_us: i64,
}

/// Reads the plant of a data directory that no hub uses.
///
/// # Errors
///
/// [`HubError::Store`] when the directory cannot be read or is in use, [`HubError::Damaged`].
pub fn read_plant(directory: &Path) -> Result<Plant, HubError> {
    let objects = ObjectStore::open(directory)?;
    let changes = load(objects.load_all()?, &mut Shapes::default())?;
    Ok(Plant::default().with(changes))
}

/// What was read from the data directory.
struct Opened {
    objects: ObjectStore,
    historian: Arc<dyn Historian>,
    alarms: alarms::Opened,
    plant: Plant,
    shapes: Shapes,
    keeping: Keeping,
    events: Arc<EventLog>,
}

impl Hub {
    /// Opens the data directory, restores the last values and starts every enabled connection.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`] when the data directory cannot be used, [`HubError::Damaged`].
    pub async fn start(settings: HubSettings) -> Result<Hub, HubError> {
        let (options, database) = (settings.historian.clone(), settings.database.clone());
        let historian = move |directory: &Path| open_historian(directory, options, database);
        Hub::open(settings, historian).await
    }

    /// As [`Hub::start`], with another historian than the one in the data directory.
    ///
    /// # Errors
    ///
    /// As [`Hub::start`].
    pub async fn start_with(
        settings: HubSettings,
        historian: Arc<dyn Historian>,
    ) -> Result<Hub, HubError> {
        Hub::open(settings, |_| Ok(historian)).await
    }

    async fn open(
        settings: HubSettings,
        historian: impl FnOnce(&Path) -> Result<Arc<dyn Historian>, StoreError> + Send + 'static,
    ) -> Result<Hub, HubError> {
        let directory = settings.data_directory.clone();
        let place = settings.object_place();
        let upkeep = settings.upkeep;
        let period = upkeep.period;
        let opened = blocking(move || open(&directory, &place, upkeep, historian)).await??;
        let (clock, clock_ahead_us) = match settings.clock {
            Some(clock) => (clock, Arc::default()),
            None => steady_clock(),
        };
        let record = Arc::<Record>::default();
        let (recorder, history) = Recorder::start(
            Arc::clone(&opened.historian),
            Arc::clone(&record),
            Arc::clone(&opened.events),
            clock.clone(),
        )
        .map_err(|error| thread_error("recorder", error))?;
        let ingest = Arc::new(Ingest::new(history, settings.times));
        let (alarms, journal, stood) = AlarmDesk::start(
            opened.alarms,
            &ingest,
            &opened.events,
            &clock,
            settings.alarms,
        )
        .map_err(|error| thread_error("alarms", error))?;
        let shared = Arc::new(Shared {
            generation: watch::Sender::new(opened.plant.generation()),
            status_changes: watch::Sender::new(0),
            plant: ArcSwap::from_pointee(opened.plant),
            ingest,
            alarms,
            clocks: Clocks::default(),
            links: Supervisor::default(),
            writer: Arc::new(tokio::sync::Mutex::new(opened.shapes)),
            objects: Mutex::new(Some(Arc::new(opened.objects))),
            historian: opened.historian,
            record,
            keeping: opened.keeping,
            memory: Memory::default(),
            data_directory: settings.data_directory,
            backups: BackupKeeper::new(settings.backup),
            events: opened.events,
            start_us: clock.now_us(),
            clock,
            clock_ahead_us,
            meter: Meter::default(),
            totals: Totals::default(),
            protocols: settings.protocols,
            stop: CancellationToken::new(),
            started: Instant::now(),
        });
        restore(&shared, stood).await?;
        start_links(&shared);
        start_tasks(&shared);
        let watch = tokio::spawn(database::watch(Arc::clone(&shared)));
        let keeper = Keeper::start(Arc::clone(&shared), period)
            .map_err(|error| thread_error("housekeeper", error))?;
        Ok(Hub {
            shared,
            recorder: Some(recorder),
            journal: Some(journal),
            keeper: Some(keeper),
            watch,
        })
    }

    /// Returns what the outside may hold.
    pub fn handle(&self) -> HubHandle {
        HubHandle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Stops every link, then stores what is on its way and closes the historian; waits at most
    /// `grace` for each of the two.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`] when the historian did not close well, [`HubError::Timeout`] when it
    /// was not done in time.
    pub async fn stop(mut self, grace: Duration) -> Result<(), HubError> {
        let shared = Arc::clone(&self.shared);
        shared.keeping.signal.stop();
        shared.links.stop_all(grace).await;
        shared.stop.cancel();
        // it has the objects in its hands while it waits for their database
        if timeout(grace, &mut self.watch).await.is_err() {
            warn!("the database of the objects does not answer; the hub stops beside it");
        }
        // an edit on its way is finished; none begins after it
        let _writer = shared.writer.lock().await;
        shared.links.stop_all(grace).await;
        self.end_upkeep(grace).await;
        shared.ingest.close();
        let remembering = Arc::clone(&shared);
        let saved = blocking(move || memory::close(&remembering));
        if timeout(grace, saved).await.is_err() {
            warn!("what formulas remember was not written in time");
        }
        let recorder = self.recorder.take();
        self.end_journal(grace).await;
        let closed = timeout(grace, blocking(move || recorder.and_then(Recorder::join))).await;
        shared.objects.lock().take();
        let late = || HubError::Timeout {
            what: "storing the last samples",
            after_secs: grace.as_secs(),
        };
        let outcome = closed.map_err(|_| late())??;
        info!("hub stopped");
        outcome.unwrap_or(Ok(())).map_err(HubError::Store)
    }

    /// Stores what alarms did last.
    async fn end_journal(&mut self, grace: Duration) {
        let Some(journal) = self.journal.take() else {
            return;
        };
        let finished = blocking(move || journal.finish());
        if timeout(grace, finished).await.is_err() {
            warn!("the last transitions of alarms may be lost: the disk took too long");
        }
    }

    /// Waits for the round that may be under way, so that it does not meet the closing store.
    async fn end_upkeep(&mut self, grace: Duration) {
        let Some(keeper) = self.keeper.take() else {
            return;
        };
        if timeout(grace, blocking(move || keeper.join()))
            .await
            .is_err()
        {
            warn!("the upkeep of the historian did not end in time; the store closes beside it");
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.shared.keeping.signal.stop();
        self.shared.ingest.close();
        self.shared.alarms.close();
    }
}

impl Shared {
    /// Returns the configuration store.
    pub(crate) fn objects(&self) -> Result<Arc<ObjectStore>, HubError> {
        self.objects.lock().clone().ok_or(HubError::Stopping)
    }

    /// Says that the state of a link or a device has changed.
    pub(crate) fn note_status_change(&self) {
        self.status_changes.send_modify(|count| *count += 1);
    }

    /// Returns the protocol of a name.
    pub(crate) fn protocol(&self, name: &str) -> Option<&'static Protocol> {
        let find = |protocol: &&&'static Protocol| protocol.name == name;
        self.protocols.iter().find(find).copied()
    }
}

/// Opens the embedded historian, and the way to the database where there is one.
fn open_historian(
    directory: &Path,
    mut options: HistorianOptions,
    database: Option<DatabaseSettings>,
) -> Result<Arc<dyn Historian>, StoreError> {
    let Some(database) = database else {
        ForwardingHistorian::forget(directory)?;
        return Ok(Arc::new(EmbeddedHistorian::open(directory, options)?));
    };
    options.forward_bytes_max = database.forward_bytes_max;
    let embedded = EmbeddedHistorian::open(directory, options)?;
    let forwarding = ForwardingHistorian::start(embedded, directory, database.forward)?;
    Ok(Arc::new(forwarding))
}

fn thread_error(name: &str, source: std::io::Error) -> StoreError {
    StoreError::Io {
        action: "starting thread",
        path: name.into(),
        source,
    }
}

fn open(
    directory: &Path,
    place: &ObjectPlace,
    upkeep: UpkeepSettings,
    historian: impl FnOnce(&Path) -> Result<Arc<dyn Historian>, StoreError>,
) -> Result<Opened, HubError> {
    let objects = ObjectStore::open_at(directory, place)?; // takes the lock of the directory first
    let mut shapes = Shapes::default();
    let plant = Plant::default().with(load(objects.load_all()?, &mut shapes)?);
    Ok(Opened {
        objects,
        historian: historian(directory)?,
        alarms: alarms::Opened::new(AlarmJournal::open(directory)?),
        plant,
        shapes,
        keeping: Keeping::open(directory, upkeep),
        events: Arc::new(EventLog::open(directory)),
    })
}

/// Fills the data space: what is configured, with the last value that was stored; alarms are as
/// they stood.
async fn restore(shared: &Arc<Shared>, stood: AlarmStart) -> Result<(), HubError> {
    let shared = Arc::clone(shared);
    let work = move || {
        let plant = shared.plant.load_full();
        shared.ingest.grow(plant.index_end());
        for tag in plant.tags() {
            // what it says is no news: nobody listens yet, and it was stored before
            let period = plant.period_of(tag);
            let _news = shared.ingest.configure(tag, period, shared.start_us);
        }
        shared.ingest.take_formulas(plant.formulas());
        memory::restore(&shared);
        let indices: Vec<TagIndex> = plant.tags().map(|tag| tag.index()).collect();
        let latest = shared.historian.latest(&indices)?;
        for (index, sample) in indices.into_iter().zip(latest) {
            if let Some(sample) = sample {
                shared.ingest.restore(index, sample);
            }
        }
        let rules = Arc::new(Rules::of(&plant, &Rules::default()));
        let last = |tag| shared.ingest.space().last(tag);
        let alarms = shared.ingest.alarms();
        alarms.begin(stood, rules, shared.start_us, &last);
        Ok(())
    };
    blocking(work).await?
}

fn start_links(shared: &Arc<Shared>) {
    let plant = shared.plant.load_full();
    let enabled = plant
        .connections()
        .iter()
        .filter(|object| object.body.enabled);
    let ids: Vec<ObjectId> = enabled.map(|object| object.id).collect();
    info!(links = ids.len(), tags = plant.tag_count(), "hub started");
    for id in ids {
        shared.links.start(shared, id);
    }
}

/// Starts what goes on until the hub stops.
fn start_tasks(shared: &Arc<Shared>) {
    tokio::spawn(sweep(Arc::clone(shared)));
    tokio::spawn(calculate(Arc::clone(shared)));
    tokio::spawn(alarms::run_timer(Arc::clone(shared)));
    tokio::spawn(memory::keep(Arc::clone(shared)));
    tokio::spawn(backups::run(Arc::clone(shared)));
}

/// Evaluates the formulas that follow the clock, until the hub stops.
async fn calculate(shared: Arc<Shared>) {
    shared
        .ingest
        .calculate_constants(shared.clock.now_us())
        .await;
    loop {
        let due = shared.ingest.calculate_due(shared.clock.now_us()).await;
        let due = async {
            match due {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = shared.ingest.formulas_changed() => {}
            () = due => {}
        }
    }
}

/// Looks for silent tags and reads the meter, once a second until the hub stops.
async fn sweep(shared: Arc<Shared>) {
    let mut database_answers = true;
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            at = ticks.tick() => {
                shared.meter.read(at, shared.ingest.samples());
                shared.ingest.sweep(shared.clock.now_us()).await;
                tell::tell_of_samples(&shared);
                tell::tell_of_database(&shared, &mut database_answers);
            }
        }
    }
}
