//! A disk that loses power: what is synced is sure, of the rest any part may be there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use crate::record::Operation;

const SECTOR: u64 = 512;

/// Random numbers that a seed repeats.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        // Splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

#[derive(Clone)]
enum Data {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

/// Content of a file: what is sure, and what was done since.
#[derive(Default)]
struct Content {
    sure: Vec<u8>,
    since: Vec<Data>,
}

/// A change of names; files by their number.
#[derive(Clone)]
struct Naming {
    gone: Option<String>,
    come: Option<(String, Option<usize>)>,
    /// Directories whose sync makes it sure.
    parent: String,
}

/// The files of the recorded directory.
#[derive(Default)]
pub(crate) struct Disk {
    contents: Vec<Content>,
    /// Numbers of the system, which it uses again, to ours.
    numbers: HashMap<u64, usize>,
    /// Names as the process sees them; directories have no file.
    names: BTreeMap<String, Option<usize>>,
    sure_names: BTreeMap<String, Option<usize>>,
    since: Vec<Naming>,
}

/// How much of what is not sure is there.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Nothing,
    All,
    /// The first changes, the last of them in part.
    Prefix,
    /// Any of them, sector by sector.
    Any,
}

fn fate(random: &mut Random) -> Fate {
    [Fate::Nothing, Fate::All, Fate::Prefix, Fate::Any][random.below(4) as usize]
}

fn parent(name: &str) -> String {
    name.rsplit_once('/')
        .map_or("", |(parent, _)| parent)
        .to_owned()
}

impl Disk {
    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Open { file, name } => {
                self.contents.push(Content::default());
                self.numbers.insert(*file, self.contents.len() - 1);
                self.name(None, Some((name.clone(), Some(self.contents.len() - 1))));
            }
            Operation::Write {
                file,
                offset,
                bytes,
                ..
            } => {
                self.data(*file, Data::Write(*offset, bytes.clone()));
            }
            Operation::Truncate { file, size } => self.data(*file, Data::Truncate(*size)),
            Operation::Rename { from, to } => {
                let file = self.names[from];
                self.name(Some(from.clone()), Some((to.clone(), file)));
            }
            Operation::Link { from, to } => {
                let file = self.names[from];
                self.name(None, Some((to.clone(), file)));
            }
            Operation::Unlink { name } => self.name(Some(name.clone()), None),
            Operation::Mkdir { name } => self.name(None, Some((name.clone(), None))),
            Operation::SyncFile { file } => self.sync_file(*file),
            Operation::SyncDirectory { name } => self.sync_directory(name),
        }
    }

    fn data(&mut self, file: u64, data: Data) {
        let number = self.numbers[&file];
        self.contents[number].since.push(data);
    }

    fn name(&mut self, gone: Option<String>, come: Option<(String, Option<usize>)>) {
        let named = come
            .as_ref()
            .map(|(name, _)| name)
            .or(gone.as_ref())
            .unwrap();
        let naming = Naming {
            parent: parent(named),
            gone,
            come,
        };
        rename(&mut self.names, &naming);
        self.since.push(naming);
    }

    fn sync_file(&mut self, file: u64) {
        // A file that was there before the recording began is none of the test.
        let Some(&number) = self.numbers.get(&file) else {
            return;
        };
        let content = &mut self.contents[number];
        for data in content.since.drain(..) {
            write(&mut content.sure, &data);
        }
    }

    fn sync_directory(&mut self, name: &str) {
        let (sure, since) = self
            .since
            .drain(..)
            .partition(|naming| naming.parent == name);
        self.since = since;
        let sure: Vec<Naming> = sure;
        sure.iter()
            .for_each(|naming| rename(&mut self.sure_names, naming));
    }

    /// Builds the directory as it could be after a cut.
    pub(crate) fn cut(&self, to: &Path, random: &mut Random) {
        let names = self.names_after(random);
        let mut images: HashMap<usize, Vec<u8>> = HashMap::new();
        let mut directories = BTreeSet::from([String::new()]);
        for (name, file) in names {
            // Without its directory nothing leads to a file; a name comes before those below it.
            if !directories.contains(&parent(&name)) {
                continue;
            }
            match file {
                None => {
                    std::fs::create_dir(to.join(&name)).unwrap();
                    directories.insert(name);
                }
                Some(number) => {
                    let content = &self.contents[number];
                    let image = images.entry(number);
                    let image = image.or_insert_with(|| content.after(random));
                    std::fs::write(to.join(&name), image).unwrap();
                }
            }
        }
    }

    fn names_after(&self, random: &mut Random) -> BTreeMap<String, Option<usize>> {
        let mut names = self.sure_names.clone();
        let fate = fate(random);
        let first = match fate {
            Fate::Nothing => 0,
            Fate::All | Fate::Any => self.since.len(),
            Fate::Prefix => random.below(self.since.len() as u64 + 1) as usize,
        };
        for naming in &self.since[..first] {
            if fate != Fate::Any || random.coin() {
                rename(&mut names, naming);
            }
        }
        names
    }
}

fn rename(names: &mut BTreeMap<String, Option<usize>>, naming: &Naming) {
    if let Some(gone) = &naming.gone {
        names.remove(gone);
    }
    if let Some((name, file)) = &naming.come {
        names.insert(name.clone(), *file);
    }
}

fn write(image: &mut Vec<u8>, data: &Data) {
    match data {
        Data::Truncate(size) => image.resize(*size as usize, 0),
        Data::Write(offset, bytes) => {
            let (start, end) = (*offset as usize, *offset as usize + bytes.len());
            if image.len() < end {
                image.resize(end, 0);
            }
            image[start..end].copy_from_slice(bytes);
        }
    }
}

impl Content {
    fn after(&self, random: &mut Random) -> Vec<u8> {
        let mut image = self.sure.clone();
        let fate = fate(random);
        let whole = match fate {
            Fate::Nothing | Fate::Any => 0,
            Fate::All => self.since.len(),
            Fate::Prefix => random.below(self.since.len() as u64 + 1) as usize,
        };
        self.since[..whole]
            .iter()
            .for_each(|data| write(&mut image, data));
        match (fate, self.since.get(whole)) {
            (Fate::Prefix, Some(data)) => tear(&mut image, data, random),
            (Fate::Any, _) => {
                self.since
                    .iter()
                    .for_each(|data| scatter(&mut image, data, random));
            }
            _ => {}
        }
        image
    }
}

/// Does a part of a write: up to any byte, perhaps with the size of the whole.
fn tear(image: &mut Vec<u8>, data: &Data, random: &mut Random) {
    let Data::Write(offset, bytes) = data else {
        return;
    };
    let done = random.below(bytes.len() as u64 + 1);
    write(
        image,
        &Data::Write(*offset, bytes[..done as usize].to_vec()),
    );
    let end = *offset as usize + bytes.len();
    if random.coin() && image.len() < end {
        image.resize(end, 0);
    }
}

/// Does any sectors of a write.
fn scatter(image: &mut Vec<u8>, data: &Data, random: &mut Random) {
    let Data::Write(offset, bytes) = data else {
        if random.coin() {
            write(image, data);
        }
        return;
    };
    let end = offset + bytes.len() as u64;
    let mut start = *offset;
    while start < end {
        let stop = (start / SECTOR + 1).saturating_mul(SECTOR).min(end);
        if random.coin() {
            let piece = &bytes[(start - offset) as usize..(stop - offset) as usize];
            write(image, &Data::Write(start, piece.to_vec()));
        }
        start = stop;
    }
}

impl Disk {
    /// Returns the files of a directory that are not as the operations left them.
    pub(crate) fn differences(&self, root: &Path) -> Vec<String> {
        let differs = |(name, file): &(&String, &Option<usize>)| {
            // The shared memory of SQLite is mapped, not written, and means nothing after a cut.
            let Some(number) = file.filter(|_| !name.ends_with("-shm")) else {
                return false;
            };
            let content = &self.contents[number];
            let mut image = content.sure.clone();
            content
                .since
                .iter()
                .for_each(|data| write(&mut image, data));
            std::fs::read(root.join(name)).ok() != Some(image)
        };
        let named = self
            .names
            .iter()
            .filter(differs)
            .map(|(name, _)| name.clone());
        named.chain(unknown(root, "", &self.names)).collect()
    }
}

/// Returns the files that no operation made.
fn unknown(root: &Path, below: &str, names: &BTreeMap<String, Option<usize>>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let name = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if !names.contains_key(&name) {
            found.push(name.clone());
        }
        if entry.path().is_dir() {
            found.extend(unknown(root, &name, names));
        }
    }
    found
}
