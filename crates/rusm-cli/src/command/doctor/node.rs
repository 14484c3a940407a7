//! A node, made for a moment and asked what it found.

use super::line::{Line, Standing};
use crate::place;
use rusm_core::{Capacity, Runtime, RuntimeEvent, RuntimeObserver};
use std::sync::{Arc, Mutex, PoisonError};

/// Mappings of a process outside the pool.
const MAPPINGS_PER_PROCESS: u64 = 3;
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
    let found = format!(
        "{} places in the pool of fast instances",
        capacity.pool_slots
    );
    vec![
        Line::new("engines", Standing::Ok, found, means).needed(),
        mappings(&capacity),
        touched_pages(&capacity),
        cache(folder.map(|folder| folder.display().to_string()), &warnings),
    ]
}

fn mappings(capacity: &Capacity) -> Line {
    let means = "each process takes memory mappings; a start that would be one too many is refused with its reason";
    let line = |standing, found| {
        let line = Line::new("memory mappings", standing, found, means);
        line.help("raise it, for example: sysctl -w vm.max_map_count=1048576")
    };
    let Some(most) = capacity.mappings_max else {
        return line(
            Standing::Partly,
            "the kernel does not say how many there may be".to_owned(),
        );
    };
    let free = most.saturating_sub(capacity.mappings_in_use);
    let processes = free / MAPPINGS_PER_PROCESS;
    let standing = match processes {
        0..16 => Standing::No,
        16..PROCESSES_FEW => Standing::Partly,
        PROCESSES_FEW.. => Standing::Ok,
    };
    line(
        standing,
        format!("vm.max_map_count is {most}: room for about {processes} processes"),
    )
    .needed()
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

    fn capacity(mappings_max: Option<u64>) -> Capacity {
        let mut capacity = Capacity::default();
        capacity.mappings_in_use = 530;
        capacity.mappings_max = mappings_max;
        capacity
    }

    /// The kernel's default holds some twenty thousand processes; next to no mappings hold no node.
    #[test]
    fn mappings_are_told_as_processes() {
        let line = mappings(&capacity(Some(65_530)));
        assert_eq!(line.standing, Standing::Ok);
        assert!(
            line.found.contains("about 21666 processes"),
            "{}",
            line.found
        );
        assert!(mappings(&capacity(Some(540))).is_failure());
        assert_eq!(mappings(&capacity(Some(2_030))).standing, Standing::Partly);
        assert_eq!(mappings(&capacity(None)).standing, Standing::Partly);
    }
}
