//! Bare Wasmtime as a counterpart, in its best configuration: what there is to reach for a runtime that adds a process to an instance.
//!
//! A process is a store, an instance of pre-linked code, a call on a fiber of the pool, and the end of it all. Two threads do nothing
//! else; nobody is counted, bounded, preempted or told.

mod calls;
mod guest;
mod spawn;

use crate::figure::Benchmark;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

pub(crate) fn all() -> Vec<Benchmark> {
    [spawn::all(), calls::all()].into_iter().flatten().collect()
}

/// Places in a pool; two threads need two.
const SLOTS: u32 = 64;
const KEEP_RESIDENT_BYTES: usize = 2 << 20;
const KEEP_TABLE_BYTES: usize = 4 << 10;

/// The configuration that was found best: memory of the last process is kept and only what it touched is cleared.
fn engine() -> Engine {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_stacks(SLOTS)
        .total_component_instances(SLOTS)
        .total_core_instances(SLOTS * 64)
        .total_memories(SLOTS * 2)
        .total_tables(SLOTS * 4)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_TABLE_BYTES);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes);
    }
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config).expect("the machine can run Wasmtime")
}
