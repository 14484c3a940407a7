//! Measures what rusm claims: one line per figure, then a table with counterparts, targets and verdicts.
//!
//! `cargo run --release -p rusm-bench [NAME..]` runs every benchmark whose name contains one of the names. Each is warmed up once and run
//! five times. With `--erlang` and `--bare` the same work of the Erlang VM and of bare Wasmtime runs in between. The targets
//! are in `targets.rs`. Absolute figures move with the machine: compare figures of one run only.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing figures is what this program does"
)]

mod bare;
mod check;
mod compute;
mod contest;
mod cores;
mod counterparts;
mod erlang;
mod fairness;
mod figure;
mod guests;
mod host_calls;
mod idle;
mod memory;
mod messages;
mod million;
mod node;
mod registry;
mod report;
mod restarts;
mod scale;
mod spawn;
mod start;
mod storage;
mod targets;
mod wasm;

use clap::Parser;
use counterparts::Elsewhere;
use figure::Benchmark;
use report::Report;
use std::process::ExitCode;

/// As in the program itself; bare Wasmtime has it here as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures what rusm claims.
#[derive(Parser)]
#[command(name = "rusm-bench")]
struct Args {
    /// Only benchmarks whose name contains one of these. `million [PROCESSES [COMPONENTS [FILE]]]` runs by itself, as it takes most of a machine.
    names: Vec<String>,
    /// Runs the Erlang counterparts too, interleaved (needs `erl` and `erlc`).
    #[arg(long)]
    erlang: bool,
    /// Runs the counterparts on bare Wasmtime too, interleaved.
    #[arg(long)]
    bare: bool,
    /// Lists the benchmarks and their targets, and measures nothing.
    #[arg(long)]
    list: bool,
    /// How often each is run after it was warmed up.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
    /// Prints what idle processes of this kind cost; the program starts itself with it.
    #[arg(long, hide = true, value_name = "KIND")]
    idle: Option<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(kind) = &args.idle {
        print!("{}", memory::growth_by(kind));
        return ExitCode::SUCCESS;
    }
    if let Some((million::NAME, sizes)) = args
        .names
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    {
        million::run(sizes.iter().cloned());
        return ExitCode::SUCCESS;
    }
    let all = registry::all();
    let is_wanted = |benchmark: &Benchmark| {
        let mut names = args.names.iter();
        args.names.is_empty() || names.any(|name| benchmark.name.contains(name))
    };
    let contests = contest::contests(&all, is_wanted);
    if args.list {
        contests
            .iter()
            .flatten()
            .for_each(|benchmark| report::list(benchmark));
        return ExitCode::SUCCESS;
    }
    let elsewhere = match Elsewhere::new(args.erlang, args.bare) {
        Ok(elsewhere) => elsewhere,
        Err(problem) => {
            eprintln!("rusm-bench: {problem}");
            return ExitCode::FAILURE;
        }
    };
    let mut report = Report::default();
    for contest in &contests {
        report.add(contest::measure(contest, &elsewhere, args.runs.into()));
    }
    report.print_table();
    ExitCode::SUCCESS
}
