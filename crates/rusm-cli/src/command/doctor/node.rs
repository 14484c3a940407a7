//! A node, made for a moment and asked what it found.

use super::line::{Line, Standing};
use crate::place;
use rusm_core::{Capacity, Runtime, RuntimeEvent, RuntimeObserver};
use std::sync::{Arc, Mutex, PoisonError};

/// Memory of a small core module that waits, all included.
const DENSE_BYTES_LEAST: u64 = 17 << 10;
/// Fewer processes than this are too few to call it a node.
const PROCESSES_FEW: u64 = 1_000;

/// Keeps what a runtime warns of.
#[derive(Debug, Default)]
struct Warnings(Mutex<Vec<String>>);

impl RuntimeObserver for Warnings {
    fn observe(&self, event: &RuntimeEvent) {
        if let RuntimeEvent::Warning(warning) = event {
            let mut warnings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            warnings.push(warning.clone());
        }
    }
}

pub(super) fn lines() -> Vec<Line> {
    let warnings = Arc::new(Warnings::default());
    let folder = place::cache_folder(|name| std::env::var_os(name));
    let mut builder = Runtime::builder().workers(1);
    builder = builder.observer(Arc::clone(&warnings) as Arc<dyn RuntimeObserver>);
    if let Some(folder) = &folder {
        builder = builder.cache_folder(folder);
    }
    let means = "guests run on engines of three kinds, and on threads of the node's own";
    let runtime = match builder.build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let line = Line::new("engines", Standing::No, error.to_string(), means);
            return vec![
                line.help("the machine lacks address space or threads")
                    .needed(),
            ];
        }
    };
    let capacity = runtime.capacity();
    runtime.shutdown();
    let warnings = warnings.0.lock().unwrap_or_else(PoisonError::into_inner);
    vec![
        Line::new("engines", Standing::Ok, "all can be made", means).needed(),
        guarded(&capacity),
        dense(&capacity),
        touched_pages(&capacity),
        cache(folder.map(|folder| folder.display().to_string()), &warnings),
    ]
}

fn guarded(capacity: &Capacity) -> Line {
    let means = "places of the fastest code, whose memory has guard pages; they are bounded by the kernel's memory mappings";
    let places = capacity.pool_slots;
    let standing = match places {
        0 => Standing::Partly,
        1.. => Standing::Ok,
    };
    let found = match capacity.mappings_max {
        None => format!("{places} processes"),
        Some(most) => format!("{places} processes, with vm.max_map_count at {most}"),
    };
    let line = Line::new("guarded places", standing, found, means);
    line.help("more address space (ulimit -v), or sysctl -w vm.max_map_count=1048576")
}

/// Memory bounds them, and where guards take mappings those do.
fn dense(capacity: &Capacity) -> Line {
    let means = "what finds no guarded place, or asks for none, is placed densely; a start that would be one too many is refused with its reason";
    let by_memory = capacity.memory_bytes.map(|bytes| bytes / DENSE_BYTES_LEAST);
    let by_mappings = capacity.mappings_max.and_then(|most| {
        let free = most.saturating_sub(capacity.mappings_in_use);
        free.checked_div(u64::from(capacity.dense_mappings_each))
    });
    let line = |standing, found| {
        let line = Line::new("dense places", standing, found, means);
        line.help("Linux 6.13 or newer, or sysctl -w vm.max_map_count=1048576")
    };
    let Some(most) = by_memory.into_iter().chain(by_mappings).min() else {
        let found = "the kernel does not say what there is".to_owned();
        return line(Standing::Partly, found);
    };
    let standing = match most {
        0..16 => Standing::No,
        16..PROCESSES_FEW => Standing::Partly,
        PROCESSES_FEW.. => Standing::Ok,
    };
    let bound = match by_mappings {
        Some(mappings) if mappings == most => "memory mappings",
        Some(_) | None => "memory",
    };
    let found = format!("about {most} small processes, bounded by {bound}");
    line(standing, found).needed()
}

fn touched_pages(capacity: &Capacity) -> Line {
    let means =
        "memory of a pooled process is reset by the pages it touched, which makes starts fast";
    let (standing, found) = if capacity.pagemap_scan {
        (
            Standing::Ok,
            "the kernel tells touched pages (PAGEMAP_SCAN)",
        )
    } else {
        (
            Standing::Partly,
            "the kernel has no PAGEMAP_SCAN: all pages are given back",
        )
    };
    Line::new("resetting memory", standing, found, means).help("Linux 6.7 or newer")
}

fn cache(folder: Option<String>, warnings: &[String]) -> Line {
    let means = "compiled code is kept in a folder that nobody else can write to; otherwise each start compiles";
    let (standing, found) = match (folder, warnings) {
        (None, _) => (
            Standing::Partly,
            "there is no home folder to keep it in".to_owned(),
        ),
        (Some(folder), []) => (Standing::Ok, format!("{folder} can be trusted")),
        (Some(_), warnings) => (Standing::Partly, warnings.join("; ")),
    };
    Line::new("code cache", standing, found, means).help(
        "set XDG_CACHE_HOME to a folder of yours that, with all above it, is closed to others",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(memory_bytes: Option<u64>, dense_mappings_each: u32) -> Capacity {
        let mut capacity = Capacity::default();
        capacity.mappings_in_use = 530;
        capacity.mappings_max = Some(65_530);
        capacity.memory_bytes = memory_bytes;
        capacity.dense_mappings_each = dense_mappings_each;
        capacity
    }

    /// With guards that take no mappings memory is what bounds processes; elsewhere the kernel's default of mappings does.
    #[test]
    fn the_ceilings_are_told_as_processes() {
        let line = dense(&capacity(Some(24 << 30), 0));
        assert_eq!(line.standing, Standing::Ok);
        assert!(line.found.contains("about 1480"), "{}", line.found);
        assert!(line.found.contains("bounded by memory"), "{}", line.found);
        let line = dense(&capacity(Some(24 << 30), 2));
        assert!(line.found.contains("about 32500"), "{}", line.found);
        assert!(line.found.contains("mappings"), "{}", line.found);
        assert!(dense(&capacity(Some(100 << 10), 0)).is_failure());
        assert_eq!(dense(&capacity(None, 0)).standing, Standing::Partly);
        let mut none = capacity(None, 0);
        assert_eq!(guarded(&none).standing, Standing::Partly);
        none.pool_slots = 1_023;
        assert!(guarded(&none).found.contains("1023 processes"));
    }
}
