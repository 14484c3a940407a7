//! The kept corpus, and mutations of it: the short run, without libFuzzer and with any compiler.
//!
//! The mutations come from a fixed seed: the same on every machine, and no matter when.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failing test is a panic anyway"
)]

use rusm_fuzz::{TARGETS, Target};
use std::path::{Path, PathBuf};

/// Mutations of each target's corpus.
const MUTATIONS: usize = 3_000;
/// The most that a corpus may come to, so that it stays one that is kept with the sources.
const FILES_MAX: usize = 500;
const BYTES_MAX: usize = 1 << 20;

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let content = std::fs::read(&path).unwrap();
            (path, content)
        })
        .collect()
}

/// Numbers without order (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

/// One change: of a bit or byte, of a number, of a piece, or with a piece of another input.
fn mutate(input: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let at = numbers.below(input.len() + 1);
    let end = at + numbers.below((input.len() - at).min(32) + 1);
    match numbers.below(7) {
        0 if at < input.len() => input[at] ^= 1 << numbers.below(8),
        1 if at < input.len() => input[at] = u8::try_from(numbers.below(256)).unwrap(),
        2 => drop(input.drain(at..end)),
        3 => {
            let piece = input[at..end].to_vec();
            input.splice(at..at, piece);
        }
        4 => {
            let edge = [0, 1, 0x7f, 0x80, 0xff][numbers.below(5)];
            input[at..end.min(at + 8)].fill(edge);
        }
        5 => input.truncate(at),
        _ => {
            let from = numbers.below(other.len() + 1);
            let to = from + numbers.below((other.len() - from).min(64) + 1);
            input.splice(at..end, other[from..to].iter().copied());
        }
    }
}

fn run(target: Target, input: &[u8], place: &str) {
    let result = std::panic::catch_unwind(|| target(input));
    assert!(
        result.is_ok(),
        "{place} fails with {}",
        input.escape_ascii()
    );
}

fn replay(name: &str) {
    let (_, target) = TARGETS
        .into_iter()
        .find(|(known, _)| *known == name)
        .unwrap();
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "{name} has no corpus");
    for (path, input) in &corpus {
        run(target, input, &path.display().to_string());
    }
    let mut numbers = Numbers(1);
    for _ in 0..MUTATIONS {
        let mut input = corpus[numbers.below(corpus.len())].1.clone();
        let other = &corpus[numbers.below(corpus.len())].1;
        for _ in 0..=numbers.below(6) {
            mutate(&mut input, other, &mut numbers);
        }
        run(target, &input, name);
    }
}

#[test]
fn abi() {
    replay("abi");
}

#[test]
fn audit() {
    replay("audit");
}

#[test]
fn audit_edits() {
    replay("audit_edits");
}

#[test]
fn control() {
    replay("control");
}

#[test]
fn manifest() {
    replay("manifest");
}

#[test]
fn rules() {
    replay("rules");
}

#[test]
fn wire() {
    replay("wire");
}

/// Every target has its corpus and its binary, and no others do; together they stay small.
#[test]
fn every_target_has_its_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = |folder: &str, ending: &str| {
        let entries = std::fs::read_dir(root.join(folder)).unwrap();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
            .filter(|name| !name.contains('.') && name != "target")
            .collect();
        names.sort();
        names
    };
    let known = TARGETS.map(|(name, _)| name.to_owned());
    assert_eq!(names("corpus", ""), known);
    assert_eq!(names("fuzz_targets", ".rs"), known);
    let files: Vec<_> = known.iter().flat_map(|name| corpus(name)).collect();
    let n_bytes: usize = files.iter().map(|(_, content)| content.len()).sum();
    assert!(
        files.len() <= FILES_MAX && n_bytes <= BYTES_MAX,
        "{} files, {n_bytes} bytes",
        files.len()
    );
}
