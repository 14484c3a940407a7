//! What is to be reached, and what it is measured against: the one table behind every verdict.

use std::fmt;

/// A figure beside another, or alone.
pub(crate) struct Target {
    pub(crate) benchmark: &'static str,
    pub(crate) against: Against,
    /// Of the ratio, ours divided by theirs; of the figure itself if it stands alone.
    pub(crate) bound: Bound,
}

/// What a figure is divided by.
#[derive(Clone, Copy)]
pub(crate) enum Against {
    /// Nothing.
    Itself,
    /// The same work of the Erlang VM.
    Erlang(&'static str),
    /// The same work on Wasmtime alone.
    Bare(&'static str),
    /// Another benchmark of ours.
    Benchmark(&'static str),
}

impl Against {
    /// As its figure is called.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Itself => String::new(),
            Self::Erlang(name) => format!("erlang.{name}"),
            Self::Bare(name) => format!("bare.{name}"),
            Self::Benchmark(name) => name.to_owned(),
        }
    }
}

/// When a target is met.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// There is nothing to reach: the ratio is told all the same.
    None,
}

impl Bound {
    pub(crate) fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::None => true,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, ">= {least}"),
            Self::AtMost(most) => write!(f, "<= {most}"),
            Self::None => Ok(()),
        }
    }
}

const fn target(benchmark: &'static str, against: Against, bound: Bound) -> Target {
    Target {
        benchmark,
        against,
        bound,
    }
}

const fn erlang(benchmark: &'static str, name: &'static str, bound: Bound) -> Target {
    target(benchmark, Against::Erlang(name), bound)
}

const fn bare(benchmark: &'static str, name: &'static str, bound: Bound) -> Target {
    target(benchmark, Against::Bare(name), bound)
}

const fn beside(benchmark: &'static str, base: &'static str, bound: Bound) -> Target {
    target(benchmark, Against::Benchmark(base), bound)
}

const fn alone(benchmark: &'static str, bound: Bound) -> Target {
    target(benchmark, Against::Itself, bound)
}

use Bound::{AtLeast, AtMost, None};

/// Nanoseconds of a microsecond.
const US: f64 = 1_000.0;
const KIB: f64 = 1_024.0;

/// In the order in which they are shown of each benchmark.
pub(crate) const TARGETS: &[Target] = &[
    // Spawn to exit.
    erlang("native_spawn_exit", "spawn_exit", AtLeast(1.5)),
    erlang("native_spawn_monitor", "spawn_monitor", AtLeast(1.5)),
    erlang("native_spawn_to_down_p50", "spawn_to_down_p50", None),
    erlang("native_spawn_to_down_p99", "spawn_to_down_p99", None),
    erlang("native_spawn_to_down_p99.9", "spawn_to_down_p99.9", None),
    bare("core_spawn_exit", "core_shared_engine", AtLeast(0.85)),
    bare("core_spawn_exit", "core_engine_each", AtLeast(0.85)),
    erlang("core_spawn_exit", "spawn_monitor", None),
    bare(
        "component_spawn_exit",
        "component_shared_engine",
        AtLeast(0.85),
    ),
    bare(
        "component_spawn_exit",
        "component_engine_each",
        AtLeast(0.85),
    ),
    bare(
        "component_page_spawn_exit",
        "component_page_shared_engine",
        AtLeast(0.85),
    ),
    bare(
        "component_page_spawn_exit",
        "component_page_engine_each",
        AtLeast(0.85),
    ),
    bare(
        "rust_core_spawn_exit",
        "rust_core_shared_engine",
        AtLeast(0.85),
    ),
    bare(
        "rust_core_spawn_exit",
        "rust_core_engine_each",
        AtLeast(0.85),
    ),
    bare(
        "rust_component_spawn_exit",
        "rust_component_shared_engine",
        AtLeast(0.85),
    ),
    bare(
        "rust_component_spawn_exit",
        "rust_component_engine_each",
        AtLeast(0.85),
    ),
    // Calls of the host.
    bare("core_host_call", "core_host_call", None),
    bare("rust_component_host_call", "rust_component_host_call", None),
    // Computing.
    bare("core_compute_guarded", "core_compute", None),
    bare("core_compute_dense", "core_compute", None),
    // Round trips.
    erlang("native_ping_pong", "ping_pong", AtMost(0.3)),
    erlang("core_ping_pong", "ping_pong", AtMost(0.7)),
    erlang("rust_core_ping_pong", "ping_pong", AtMost(0.7)),
    erlang("rust_component_ping_pong", "ping_pong", AtMost(1.2)),
    erlang("native_ping_pong_1024_bytes", "ping_pong_1024_bytes", None),
    erlang("core_ping_pong_1024_bytes", "ping_pong_1024_bytes", None),
    erlang(
        "rust_component_ping_pong_1024_bytes",
        "ping_pong_1024_bytes",
        None,
    ),
    erlang(
        "native_ping_pong_65536_bytes",
        "ping_pong_65536_bytes",
        None,
    ),
    erlang(
        "core_ping_pong_65536_bytes",
        "ping_pong_65536_bytes",
        AtMost(2.0),
    ),
    erlang(
        "rust_core_ping_pong_65536_bytes",
        "ping_pong_65536_bytes",
        AtMost(2.0),
    ),
    erlang(
        "rust_component_ping_pong_65536_bytes",
        "ping_pong_65536_bytes",
        AtMost(2.0),
    ),
    erlang("native_ping_pong_100_pairs", "ping_pong_100_pairs", None),
    erlang("core_ping_pong_100_pairs", "ping_pong_100_pairs", None),
    erlang(
        "rust_component_ping_pong_100_pairs",
        "ping_pong_100_pairs",
        None,
    ),
    erlang("native_ping_pong_1000_pairs", "ping_pong_1000_pairs", None),
    erlang("core_ping_pong_1000_pairs", "ping_pong_1000_pairs", None),
    // Ring, fan-in, call. A call is told as a time: half of it is twice the rate.
    erlang("native_ring", "ring", AtLeast(2.0)),
    erlang("core_ring", "ring", AtLeast(1.0)),
    erlang("rust_core_ring", "ring", AtLeast(1.0)),
    erlang("rust_component_ring", "ring", AtLeast(1.0)),
    erlang("native_fan_in", "fan_in", AtLeast(2.0)),
    erlang("core_fan_in", "fan_in", AtLeast(1.0)),
    erlang("rust_core_fan_in", "fan_in", AtLeast(1.0)),
    erlang("rust_component_fan_in", "fan_in", AtLeast(1.0)),
    erlang("native_call", "call", AtMost(0.5)),
    erlang("core_call", "call", AtMost(1.0)),
    erlang("rust_core_call", "call", AtMost(1.0)),
    erlang("rust_component_call", "call", AtMost(1.0)),
    // Tails.
    erlang("native_overload_p99.9", "overload_p99.9", None),
    erlang("core_overload_p99.9", "overload_p99.9", None),
    erlang("native_fair_p99.9", "fair_p99.9", AtMost(1.0)),
    erlang("core_fair_p50", "fair_p50", None),
    erlang("core_fair_p99", "fair_p99", None),
    erlang("core_fair_p99.9", "fair_p99.9", AtMost(1.0)),
    // Restarts.
    erlang("native_restart", "restart_short_history", AtLeast(2.0)),
    erlang("native_restart", "restart_window_1s", AtLeast(2.0)),
    beside(
        "native_restart_window_1h",
        "native_restart_window_1ms",
        AtLeast(0.9),
    ),
    beside("core_restart", "core_spawn_exit", AtLeast(0.5)),
    // Memory of an idle process, page tables included.
    alone("native_idle_total", AtMost(1.5 * KIB)),
    erlang("native_idle_total", "idle_process", None),
    erlang("core_idle_total", "idle_process", None),
    alone("core_idle_total", AtMost(17.0 * KIB)),
    alone("rust_component_idle_total", AtMost(55.0 * KIB)),
    // An idle node.
    alone("native_idle_wakeups", AtMost(0.0)),
    alone("core_idle_wakeups", AtMost(0.0)),
    // Durable writes.
    beside("storage_core_puts_64", "storage_core_puts_1", AtLeast(10.0)),
    beside(
        "storage_component_puts_64",
        "storage_component_puts_1",
        AtLeast(10.0),
    ),
    beside("storage_echo_p99_64", "storage_echo_p99_idle", AtMost(2.0)),
    beside(
        "storage_paced_echo_p99_64",
        "storage_paced_echo_p99_idle",
        AtMost(2.0),
    ),
    beside(
        "storage_timer_p99_64",
        "storage_timer_p99_idle",
        AtMost(2.0),
    ),
    beside("storage_thread_p99_64", "storage_thread_p99_idle", None),
    // A check that allows. That it allocates nothing is shown by a test of rusm-caps.
    alone("check_common_send", AtMost(US)),
    alone("check_common_storage", AtMost(US)),
    alone("check_common_env", AtMost(US)),
    alone("check_common_connect", AtMost(US)),
    alone("check_worst_send", AtMost(US)),
    alone("check_worst_spawn", AtMost(US)),
    alone("check_worst_storage", AtMost(US)),
    alone("check_worst_env", AtMost(US)),
    alone("check_worst_open_dir", AtMost(US)),
    alone("check_worst_host_function", AtMost(US)),
    alone("check_worst_resolve", AtMost(US)),
    alone("check_worst_connect_name", AtMost(US)),
    alone("check_worst_connect_range", AtMost(US)),
    // Starts, in milliseconds.
    alone("start_component_new", AtMost(300.0)),
    alone("start_component_cached", AtMost(10.0)),
    // Two cores. A round trip of many pairs is told as a rate here.
    beside(
        "two_cores_native_spawn_exit",
        "one_core_native_spawn_exit",
        AtLeast(1.6),
    ),
    beside(
        "two_cores_native_100_pairs",
        "one_core_native_100_pairs",
        AtLeast(1.6),
    ),
    beside(
        "two_cores_core_spawn_exit",
        "one_core_core_spawn_exit",
        AtLeast(1.6),
    ),
    beside(
        "two_cores_core_100_pairs",
        "one_core_core_100_pairs",
        AtLeast(1.6),
    ),
    beside(
        "two_cores_rust_component_spawn_exit",
        "one_core_rust_component_spawn_exit",
        AtLeast(1.6),
    ),
    beside(
        "two_cores_rust_component_100_pairs",
        "one_core_rust_component_100_pairs",
        AtLeast(1.6),
    ),
];
