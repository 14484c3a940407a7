//! The engines that guests run in, and who gets a place in which.
//!
//! | class | memory from | for |
//! |---|---|---|
//! | [`EngineClass::Pooled`] | a pool of guarded 4 GiB slots, reset by touched pages | everything that fits, while there is a seat: fastest to start and to run |
//! | [`EngineClass::Overflow`] | the kernel, three mappings a process, bounds-checked | whoever finds the pool full or does not fit a slot |
//! | [`EngineClass::Concurrent`] | the kernel, guarded | components that use the component model's concurrency (WASI 0.3) |
//!
//! A later class belongs here as well: `Dense`, a million processes on slabs of the node's own (no mappings per process), chosen by a
//! component's `placement`. It adds an enum variant, a `Config` in `engine/config.rs` and a line in [`Engines::admit`]; nothing else
//! knows how many classes there are.
//!
//! Invariants:
//! - a [`Place`] is taken before a store is made and dropped after it: what was admitted is accounted for as long as it lives;
//! - a start beyond what the machine holds is a typed [`NoRoom`], never an abort and never silence.

use mappings::{Charge, Full, Mappings};
use memory::{MemoryFloor, Short};
use seats::{Seat, Seats};
use std::sync::{Arc, OnceLock};
use wasmtime::Engine;

mod config;
mod machine;
mod mappings;
mod memory;
mod seats;

#[cfg(test)]
mod capacity_tests;

/// The ways to place a process. All run the same programs; they differ in where memory comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EngineClass {
    Pooled,
    Overflow,
    Concurrent,
}

impl EngineClass {
    /// Where a process of code with this home is placed that may have so many table elements: a table that grows is not moved, so it
    /// must be able to grow where it is.
    pub(crate) fn for_tables_of(self, max_table_elements: u32) -> EngineClass {
        match self {
            EngineClass::Pooled if max_table_elements >= config::TABLE_ELEMENTS => {
                EngineClass::Overflow
            }
            EngineClass::Pooled | EngineClass::Overflow | EngineClass::Concurrent => self,
        }
    }

    /// Names the class in cache keys and reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            EngineClass::Pooled => "pooled",
            EngineClass::Overflow => "overflow",
            EngineClass::Concurrent => "concurrent",
        }
    }
}

/// What one instance of some code needs to be born.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Footprint {
    pub(crate) memories: u32,
    pub(crate) tables: u32,
    /// Linear memory that it declares to start with, all memories together.
    pub(crate) memory_bytes: u64,
}

/// A process's place: which engine, and what was set aside for it. Drop it after the store.
#[derive(Debug)]
pub(crate) struct Place {
    class: EngineClass,
    _seat: Option<Seat>,
    _charge: Charge,
}

impl Place {
    pub(crate) fn class(&self) -> EngineClass {
        self.class
    }
}

/// Why a process got no place. The text says what ran out, how much of it there is, and what would change that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRoom {
    #[error(
        "no room for another process: {in_use} of the kernel's {limit} memory mappings are in use and it needs {wanted} more, with a \
         reserve for the node itself (raise vm.max_map_count to hold more)"
    )]
    Mappings {
        in_use: u64,
        limit: u64,
        wanted: u64,
    },
    #[error(
        "no room for another process: it needs {} MiB, the machine has {} MiB left and {} MiB are kept free",
        .wanted_bytes.div_ceil(1 << 20), .available_bytes >> 20, .floor_bytes >> 20
    )]
    Memory {
        available_bytes: u64,
        floor_bytes: u64,
        wanted_bytes: u64,
    },
}

impl From<Full> for NoRoom {
    fn from(
        Full {
            in_use,
            limit,
            wanted,
        }: Full,
    ) -> NoRoom {
        NoRoom::Mappings {
            in_use,
            limit,
            wanted,
        }
    }
}

impl From<Short> for NoRoom {
    fn from(
        Short {
            available_bytes,
            floor_bytes,
            wanted_bytes,
        }: Short,
    ) -> NoRoom {
        NoRoom::Memory {
            available_bytes,
            floor_bytes,
            wanted_bytes,
        }
    }
}

/// An engine could not be made: the machine lacks something fundamental.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the {class} WebAssembly engine: {cause}")]
pub struct EngineError {
    class: &'static str,
    cause: String,
}

/// What the engines are made by.
#[derive(Clone, Debug, Default)]
pub(crate) struct EnginePlan {
    /// Processes that the pool holds; `None` sizes it to the machine.
    pub(crate) pool_slots: Option<u32>,
}

/// The engines of one node.
#[derive(Debug)]
pub(crate) struct Engines {
    pooled: Engine,
    overflow: Engine,
    /// Made when the first guest needs it: most nodes never do.
    concurrent: OnceLock<Engine>,
    machine: machine::Machine,
    seats: Arc<Seats>,
    mappings: Arc<Mappings>,
    floor: MemoryFloor,
}

impl Engines {
    pub(crate) fn new(plan: &EnginePlan) -> Result<Engines, EngineError> {
        let machine = machine::Machine::probe();
        let wanted = plan
            .pool_slots
            .unwrap_or_else(|| config::pool_slots(&machine));
        let (pooled, slots) = pool(&machine, wanted)?;
        let overflow = engine(EngineClass::Overflow, &machine, 0)?;
        let seats = Seats::new(slots);
        // After the pool was made, so that its stacks are counted.
        let mappings = Mappings::new(
            machine.max_map_count,
            Arc::clone(&seats),
            Box::new(machine::count_mappings),
        );
        let floor = MemoryFloor::new(machine.memory_bytes, Box::new(machine::available_memory));
        Ok(Engines {
            pooled,
            overflow,
            concurrent: OnceLock::new(),
            machine,
            seats,
            mappings,
            floor,
        })
    }

    /// The engine of a class.
    pub(crate) fn engine(&self, class: EngineClass) -> Result<&Engine, EngineError> {
        match class {
            EngineClass::Pooled => Ok(&self.pooled),
            EngineClass::Overflow => Ok(&self.overflow),
            EngineClass::Concurrent => {
                if let Some(engine) = self.concurrent.get() {
                    return Ok(engine);
                }
                let engine = engine(EngineClass::Concurrent, &self.machine, 0)?;
                // Two threads may make one each: the first is kept.
                Ok(self.concurrent.get_or_init(|| engine))
            }
        }
    }

    /// Makes every running guest look at its deadline: the tick of preemption. Callable from any thread and from signal handlers.
    pub(crate) fn increment_epoch(&self) {
        self.pooled.increment_epoch();
        self.overflow.increment_epoch();
        if let Some(engine) = self.concurrent.get() {
            engine.increment_epoch();
        }
    }

    /// A place for one instance of code with this footprint, at `home` or, if that is the pool and it is full, outside it.
    pub(crate) fn admit(&self, home: EngineClass, footprint: &Footprint) -> Result<Place, NoRoom> {
        self.floor.admit(footprint.memory_bytes)?;
        match home {
            EngineClass::Pooled => match self.seats.take(footprint.memories, footprint.tables) {
                // A seat's mappings are set aside for good: a used slot keeps them.
                Some(seat) => self.place(EngineClass::Pooled, Some(seat), 0),
                None => self.place(EngineClass::Overflow, None, overflow_mappings(footprint)),
            },
            EngineClass::Overflow => {
                self.place(EngineClass::Overflow, None, overflow_mappings(footprint))
            }
            EngineClass::Concurrent => self.place(
                EngineClass::Concurrent,
                None,
                concurrent_mappings(footprint),
            ),
        }
    }

    fn place(
        &self,
        class: EngineClass,
        seat: Option<Seat>,
        mappings: u32,
    ) -> Result<Place, NoRoom> {
        let charge = self.mappings.charge(mappings)?;
        Ok(Place {
            class,
            _seat: seat,
            _charge: charge,
        })
    }

    /// How many processes the pool holds.
    pub(crate) fn pool_slots(&self) -> u32 {
        self.seats.total()
    }

    /// How many of them nobody has.
    pub(crate) fn free_seats(&self) -> u32 {
        self.seats.free()
    }

    /// Whether only touched pages are reset.
    pub(crate) fn pagemap_scan(&self) -> bool {
        self.machine.pagemap_scan
    }

    /// Mappings in use and the kernel's limit.
    pub(crate) fn mappings(&self) -> (u64, Option<u64>) {
        (self.mappings.in_use(), self.machine.max_map_count)
    }
}

/// Stack and its guard, and each memory. A table may be large enough for malloc to map it, but then it merges with its neighbours.
fn overflow_mappings(footprint: &Footprint) -> u32 {
    footprint.memories.saturating_add(2)
}

/// Each memory is an image, what lies around it, and a reserve. Its tasks have stacks of their own: two at the least.
fn concurrent_mappings(footprint: &Footprint) -> u32 {
    footprint.memories.saturating_mul(4).saturating_add(4)
}

/// The pooled engine with as many slots as this machine gives, up to `wanted`.
///
/// A pool reserves twelve GiB of address space a slot. Where that is scarce (a limit on it, several nodes in one program) the pool is
/// smaller, in the end empty; processes beyond it are placed outside, so that costs speed and nothing else.
fn pool(machine: &machine::Machine, wanted: u32) -> Result<(Engine, u32), EngineError> {
    let mut slots = wanted;
    while slots > 0 {
        match engine(EngineClass::Pooled, machine, slots) {
            Ok(pooled) => return Ok((pooled, slots)),
            Err(_too_large) => slots /= 4,
        }
    }
    Ok((engine(EngineClass::Overflow, machine, 0)?, 0))
}

fn engine(
    class: EngineClass,
    machine: &machine::Machine,
    slots: u32,
) -> Result<Engine, EngineError> {
    Engine::new(&config::config(class, machine, slots)).map_err(|cause| EngineError {
        class: class.name(),
        cause: format!("{cause:#}"),
    })
}
