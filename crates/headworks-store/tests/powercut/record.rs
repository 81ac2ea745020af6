//! What the preloaded recorder wrote down.

use std::path::Path;
use std::process::Command;

/// One change of the disk; names are relative to the recorded directory.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Open {
        file: u64,
        name: String,
    },
    Write {
        file: u64,
        name: String,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        file: u64,
        size: u64,
    },
    Rename {
        from: String,
        to: String,
    },
    Unlink {
        name: String,
    },
    Mkdir {
        name: String,
    },
    SyncFile {
        file: u64,
    },
    SyncDirectory {
        name: String,
    },
    Link {
        from: String,
        to: String,
    },
}

/// Compiles the recorder.
pub(crate) fn compile(to: &Path) {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/powercut/shim.c");
    let arguments = [
        "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o",
    ];
    let mut cc = Command::new("cc");
    cc.args(arguments)
        .arg(to)
        .arg(source)
        .args(["-ldl", "-lpthread"]);
    assert!(
        cc.status().unwrap().success(),
        "cc could not compile {source}"
    );
}

/// Reads all records.
pub(crate) fn read(path: &Path) -> Vec<Operation> {
    let log = std::fs::read(path).unwrap();
    let mut rest = &log[..];
    let mut operations = Vec::new();
    while !rest.is_empty() {
        operations.push(next(&mut rest));
    }
    operations
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (head, tail) = rest.split_at(count);
    *rest = tail;
    head
}

fn u32_of(rest: &mut &[u8]) -> u32 {
    u32::from_ne_bytes(take(rest, 4).try_into().unwrap())
}

fn u64_of(rest: &mut &[u8]) -> u64 {
    u64::from_ne_bytes(take(rest, 8).try_into().unwrap())
}

fn next(rest: &mut &[u8]) -> Operation {
    let (kind, first, second) = (u32_of(rest), u32_of(rest), u32_of(rest));
    let (file, offset) = (u64_of(rest), u64_of(rest));
    let name = String::from_utf8(take(rest, first as usize).to_vec()).unwrap();
    let bytes = take(rest, second as usize).to_vec();
    let other = || String::from_utf8(bytes.clone()).unwrap();
    match kind {
        1 => Operation::Open { file, name },
        2 => Operation::Write {
            file,
            name,
            offset,
            bytes,
        },
        3 => Operation::Truncate { file, size: offset },
        4 => Operation::Rename {
            from: name,
            to: other(),
        },
        5 => Operation::Unlink { name },
        6 => Operation::Mkdir { name },
        7 if offset == 0 => Operation::SyncFile { file },
        7 => Operation::SyncDirectory { name },
        8 => Operation::Link {
            from: name,
            to: other(),
        },
        kind => panic!("a record of kind {kind}"),
    }
}
