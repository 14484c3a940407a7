//! The engines that guests run in, and who gets a place in which.
//!
//! | class | memory from | for |
//! |---|---|---|
//! | [`EngineClass::Pooled`] | a pool of guarded 4 GiB slots, reset by touched pages | everything that fits, while there is a seat: fastest to start and to run |
//! | [`EngineClass::Dense`] | slabs of the node's own, no mapping a process, bounds-checked | whoever asks for it, finds the pool full or does not fit it: a million |
//! | [`EngineClass::Concurrent`] | the kernel, guarded | components that use the component model's concurrency (WASI 0.3) |
//!
//! A component's [`Placement`] chooses between the first two; [`Engines::admit`] is where that is decided.
//!
//! Invariants:
//! - a [`Place`] is taken before a store is made and dropped after it: what was admitted is accounted for as long as it lives;
//! - a start beyond what the machine holds is a typed [`NoRoom`], never an abort and never silence.

use dense::Guards;
use mappings::{Charge, Full, Mappings, Unaddressable};
use memory::{MemoryFloor, Short};
use rusm_manifest::Placement;
use seats::{Seat, Seats};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use wasmtime::{Config, Engine};

mod config;
mod dense;
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
    Dense,
    Concurrent,
}

impl EngineClass {
    /// Names the class in cache keys and reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            EngineClass::Pooled => "pooled",
            EngineClass::Dense => "dense",
            EngineClass::Concurrent => "concurrent",
        }
    }
}

/// One of the engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) class: EngineClass,
    /// Which of the pools; 0 for every other class.
    pub(crate) pool: usize,
}

/// The engine that code of this class is built for when it is loaded.
impl From<EngineClass> for Site {
    fn from(class: EngineClass) -> Site {
        Site { class, pool: 0 }
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
pub(crate) struct Place<'a> {
    site: Site,
    _seat: Option<Seat<'a>>,
    _charge: Option<Charge>,
}

impl Place<'_> {
    pub(crate) fn class(&self) -> EngineClass {
        self.site.class
    }

    pub(crate) fn site(&self) -> Site {
        self.site
    }
}

/// What a process asks of its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// The class that its code lives in.
    pub(crate) home: EngineClass,
    pub(crate) placement: Placement,
    pub(crate) footprint: Footprint,
    /// Table elements that it may come to have.
    pub(crate) max_table_elements: u32,
    /// Any pool will do: its code may be copied into each.
    pub(crate) in_any_pool: bool,
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
        "no room for another process: {most} memories of WASI 0.3 components, with 4 GiB of addresses each, are all that a node has"
    )]
    Addresses { most: u32 },
    #[error(
        "no room for another process: it needs {} MiB, the machine has {} MiB left and {} MiB are kept free",
        .wanted_bytes.div_ceil(1 << 20), .available_bytes >> 20, .floor_bytes >> 20
    )]
    Memory {
        available_bytes: u64,
        floor_bytes: u64,
        wanted_bytes: u64,
    },
    #[error(
        "no room for another process: {total} places of the guarded pool are all that there are, and the component's placement is \
         guarded (with `placement = \"auto\"` it would be placed densely)"
    )]
    Pool { total: u32 },
    #[error(
        "a table of the guarded pool has room for {most} elements and the profile allows {asked} (lower max-table-elements, or say \
         `placement = \"auto\"`)"
    )]
    Tables { asked: u32, most: u32 },
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

impl From<Unaddressable> for NoRoom {
    fn from(Unaddressable: Unaddressable) -> NoRoom {
        NoRoom::Addresses {
            most: mappings::MEMORIES_MAX,
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
    /// Processes that the pools hold together; `None` sizes them to the machine.
    pub(crate) pool_slots: Option<u32>,
    /// Threads that run guests, so that each may have a pool of its own; at least one pool is made.
    pub(crate) workers: usize,
}

/// The most pools: each holds a copy of the code that runs in it.
const POOLS_MAX: usize = 8;
/// The fewest slots that a pool is worth.
const POOL_SLOTS_MIN: u32 = 64;

thread_local! {
    /// Which pool the processes go to that this thread starts: see [`Engines::settle`].
    static OWN_POOL: Cell<usize> = const { Cell::new(0) };
}

/// The engines of one node.
#[derive(Debug)]
pub(crate) struct Engines {
    /// One for each worker, so that workers do not wait for each other's counters and locks in it. None where there is no address space.
    pools: Vec<Engine>,
    /// Workers that have a pool of their own.
    n_settled: AtomicUsize,
    dense: Engine,
    /// Made when the first guest needs it: most nodes never do.
    concurrent: OnceLock<Engine>,
    machine: machine::Machine,
    seats: Arc<Seats>,
    mappings: Arc<Mappings>,
    guards: Guards,
    floor: MemoryFloor,
}

impl Engines {
    pub(crate) fn new(plan: &EnginePlan) -> Result<Engines, EngineError> {
        let machine = machine::Machine::probe();
        let wanted = plan
            .pool_slots
            .unwrap_or_else(|| config::pool_slots(&machine));
        let (pools, slots): (Vec<Engine>, Vec<u32>) = pools(&machine, wanted, plan.workers).unzip();
        let seats = Seats::new(&slots);
        // After the pool was made, so that its stacks are counted.
        let mappings = Mappings::new(
            machine.max_map_count,
            Arc::clone(&seats),
            Box::new(machine::count_mappings),
        );
        let guards = Guards::probe();
        let dense = engine(EngineClass::Dense, config::dense(guards, &mappings))?;
        let floor = MemoryFloor::new(machine.memory_bytes, Box::new(machine::available_memory));
        Ok(Engines {
            pools,
            n_settled: AtomicUsize::new(0),
            dense,
            concurrent: OnceLock::new(),
            machine,
            seats,
            mappings,
            guards,
            floor,
        })
    }

    /// Gives the calling thread, which is about to run guests, a pool of its own as far as there are any.
    pub(crate) fn settle(&self) {
        let n_settled = self.n_settled.fetch_add(1, Ordering::Relaxed);
        OWN_POOL.set(n_settled % self.pools.len().max(1));
    }

    /// The engine at this site.
    pub(crate) fn engine(&self, site: impl Into<Site>) -> Result<&Engine, EngineError> {
        let site = site.into();
        match site.class {
            // Without a pool there is nobody with a seat in it either.
            EngineClass::Pooled => Ok(self.pools.get(site.pool).unwrap_or(&self.dense)),
            EngineClass::Dense => Ok(&self.dense),
            EngineClass::Concurrent => {
                if let Some(engine) = self.concurrent.get() {
                    return Ok(engine);
                }
                let engine = engine(
                    EngineClass::Concurrent,
                    config::concurrent(self.guards, &self.mappings),
                )?;
                // Two threads may make one each: the first is kept.
                Ok(self.concurrent.get_or_init(|| engine))
            }
        }
    }

    /// Makes every running guest look at its deadline: the tick of preemption. Callable from any thread and from signal handlers.
    pub(crate) fn increment_epoch(&self) {
        for pooled in &self.pools {
            pooled.increment_epoch();
        }
        self.dense.increment_epoch();
        if let Some(engine) = self.concurrent.get() {
            engine.increment_epoch();
        }
    }

    /// A place for one instance, as it wishes: in the pool, densely where that is full, or not at all.
    pub(crate) fn admit(&self, wish: &Wish) -> Result<Place<'_>, NoRoom> {
        let footprint = &wish.footprint;
        self.floor.admit(footprint.memory_bytes)?;
        let seat = match (wish.home, wish.placement) {
            (EngineClass::Concurrent, _) => {
                let charge = self.mappings.charge(concurrent_mappings(footprint))?;
                return Ok(Place {
                    site: EngineClass::Concurrent.into(),
                    _seat: None,
                    _charge: Some(charge.with_memories(footprint.memories)?),
                });
            }
            (EngineClass::Dense, _) | (EngineClass::Pooled, Placement::Dense) => None,
            (EngineClass::Pooled, Placement::Guarded) => Some(self.guarded(wish)?),
            (EngineClass::Pooled, Placement::Auto) => self.guarded(wish).ok(),
        };
        match seat {
            // A seat's mappings are set aside for good: a used slot keeps them.
            Some(seat) => {
                let (class, pool) = (EngineClass::Pooled, seat.pool());
                self.place(Site { class, pool }, Some(seat), 0)
            }
            None => {
                let mappings = self.guards.mappings_each();
                self.place(EngineClass::Dense.into(), None, mappings)
            }
        }
    }

    /// A seat in the pool. A table that grows is not moved there, so it must be able to grow where it is.
    fn guarded(&self, wish: &Wish) -> Result<Seat<'_>, NoRoom> {
        if wish.max_table_elements >= config::TABLE_ELEMENTS {
            return Err(NoRoom::Tables {
                asked: wish.max_table_elements,
                most: config::TABLE_ELEMENTS - 1,
            });
        }
        let Footprint {
            memories, tables, ..
        } = wish.footprint;
        let pools = if wish.in_any_pool {
            self.pools.len()
        } else {
            1
        };
        // The thread's own first: nobody else writes to it in the usual case.
        let first = OWN_POOL.get();
        let mut order = (0..pools).map(|step| (first + step) % pools);
        order
            .find_map(|pool| self.seats.take(pool, memories, tables))
            .ok_or_else(|| self.pool_is_full())
    }

    /// Why whoever must be guarded is not placed.
    pub(crate) fn pool_is_full(&self) -> NoRoom {
        NoRoom::Pool {
            total: self.seats.total(),
        }
    }

    fn place<'a>(
        &'a self,
        site: Site,
        seat: Option<Seat<'a>>,
        mappings: u32,
    ) -> Result<Place<'a>, NoRoom> {
        let charge = match mappings {
            0 => self.mappings.check().map(|()| None),
            some => self.mappings.charge(some).map(Some),
        }?;
        Ok(Place {
            site,
            _seat: seat,
            _charge: charge,
        })
    }

    /// How many pools there are.
    pub(crate) fn n_pools(&self) -> usize {
        self.pools.len()
    }

    /// How many processes the pools hold.
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

    /// Mappings that a densely placed process takes.
    pub(crate) fn dense_mappings_each(&self) -> u32 {
        self.guards.mappings_each()
    }

    /// What the machine has of memory.
    pub(crate) fn memory_bytes(&self) -> Option<u64> {
        self.machine.memory_bytes
    }

    /// Mappings in use and the kernel's limit.
    pub(crate) fn mappings(&self) -> (u64, Option<u64>) {
        (self.mappings.in_use(), self.machine.max_map_count)
    }
}

/// Each memory is an image, what lies around it, and a reserve. The stacks of its tasks are charged when they are made.
fn concurrent_mappings(footprint: &Footprint) -> u32 {
    footprint.memories.saturating_mul(4)
}

/// Pooled engines for so many workers, with as many slots together as this machine gives, up to `wanted`; each with its slots.
///
/// A pool reserves twelve GiB of address space a slot. Where that is scarce (a limit on it, several nodes in one program) the pools are
/// smaller, in the end none; processes beyond them are placed densely, so that costs speed and nothing else.
fn pools(
    machine: &machine::Machine,
    wanted: u32,
    workers: usize,
) -> impl Iterator<Item = (Engine, u32)> {
    let make = |slots: u32| {
        let engine = engine(EngineClass::Pooled, config::pooled(machine, slots))?;
        Ok::<_, EngineError>((engine, slots))
    };
    let smaller = std::iter::successors(Some(wanted), |total| Some(total / 4));
    let mut attempts = smaller.take_while(|total| *total > 0).map(|total| {
        shares(total, workers)
            .map(make)
            .collect::<Result<Vec<_>, _>>()
    });
    attempts
        .find_map(Result::ok)
        .unwrap_or_default()
        .into_iter()
}

/// How many slots each pool has.
fn shares(total: u32, workers: usize) -> impl Iterator<Item = u32> {
    let workers = u32::try_from(workers.clamp(1, POOLS_MAX)).unwrap_or(1);
    let n_pools = workers.min((total / POOL_SLOTS_MIN).max(1));
    // The first take what is left over.
    (0..n_pools).map(move |pool| total / n_pools + u32::from(pool < total % n_pools))
}

fn engine(class: EngineClass, config: Config) -> Result<Engine, EngineError> {
    Engine::new(&config).map_err(|cause| EngineError {
        class: class.name(),
        cause: format!("{cause:#}"),
    })
}
