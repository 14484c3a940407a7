//! A real audit log, changed: every change is found.
//!
//! The bytes are a list of edits: a byte changed, put in or taken out, a line removed, repeated or moved, a file cut
//! or removed. The log in `sample_log/` is of a node that was killed in the middle of a write on its second day,
//! and stopped in order on its third.

use rusm_audit::verify_files;

const HEAD: &[u8] = include_bytes!("../sample_log/head.json");
const FILES: [&[u8]; 3] = [
    include_bytes!("../sample_log/audit-2026-11-19.jsonl"),
    include_bytes!("../sample_log/audit-2026-11-20.jsonl"),
    include_bytes!("../sample_log/audit-2026-11-21.jsonl"),
];
const NAMES: [&str; 3] = [
    "audit-2026-11-19.jsonl",
    "audit-2026-11-20.jsonl",
    "audit-2026-11-21.jsonl",
];

/// The target.
pub fn audit_edits(data: &[u8]) {
    let mut log = FILES.map(<[u8]>::to_vec);
    let mut head = HEAD.to_vec();
    let (edits, _) = data.as_chunks::<6>();
    for [what, file, a, b, c, d] in edits.iter().take(16) {
        let (at, other) = (
            usize::from(u16::from_le_bytes([*a, *b])),
            usize::from(u16::from_le_bytes([*c, *d])),
        );
        let content = match file % 7 {
            0 => &mut head,
            n => log
                .get_mut(usize::from(n - 1) / 2)
                .expect("there are three files"),
        };
        edit(content, *what, at, other);
    }
    let files = NAMES.into_iter().zip(log.iter().map(Vec::as_slice));
    let verdict = verify_files(Some(&head), files, &[]).expect("nothing fails in memory");
    let is_whole = head == HEAD && log.iter().zip(FILES).all(|(file, was)| file == was);
    assert_eq!(verdict.broken.is_none(), is_whole, "{:?}", verdict.broken);
}

fn edit(content: &mut Vec<u8>, what: u8, at: usize, other: usize) {
    if content.is_empty() {
        return;
    }
    let place = at % content.len();
    let value = other.to_le_bytes().first().copied().unwrap_or_default();
    match what % 8 {
        0 => content
            .iter_mut()
            .skip(place)
            .take(1)
            .for_each(|byte| *byte ^= value),
        1 => content.insert(place, value),
        2 => drop(content.remove(place)),
        3 => content.truncate(place),
        4 => on_lines(content, |lines, n| drop(lines.remove(at % n))),
        5 => on_lines(content, |lines, n| {
            lines.insert(other % n, lines.get(at % n).cloned().unwrap_or_default())
        }),
        6 => on_lines(content, |lines, n| lines.swap(at % n, other % n)),
        _ => content.clear(),
    }
}

fn on_lines(content: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Vec<u8>>, usize)) {
    let mut lines: Vec<Vec<u8>> = content
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let n = lines.len();
    change(&mut lines, n);
    *content = lines.concat();
}
