//! The effect: confining this process, layer by layer, and saying how far it went.

mod calls;
mod landlock;
mod seccomp;
mod threads;

use self::landlock::Domain;
use self::seccomp::Threads;
use crate::plan::Plan;
use crate::report::{Layer, Report, State};

/// What the kernel needs to have for a layer of Landlock: the interface's version, and the Linux that brought it.
const FILES: (u32, &str) = (3, "6.2");
const PORTS: (u32, &str) = (4, "6.7");
const DEVICES: (u32, &str) = (5, "6.10");
const SIGNALS: (u32, &str) = (6, "6.12");

pub(crate) fn confine(plan: &Plan) -> Report {
    let n_others = threads::others();
    let domain = landlock::restrict(plan);
    let calls = seccomp::restrict(plan, Threads::All);
    let outside = if domain.all_threads { 0 } else { n_others };
    let report = report(&domain, &calls, outside);
    // The kernel knows a place by its inode, and `/proc` makes a new one for a path that nobody holds open when memory
    // is short: what the plan opens would close behind the node's back. So all of them stay open until it ends.
    std::mem::forget(domain.held);
    report
}

pub(crate) fn probe() -> Report {
    let attempt = || {
        let nothing = Plan::nothing();
        let domain = landlock::restrict(&nothing);
        let calls = seccomp::restrict(&nothing, Threads::Calling);
        report(&domain, &calls, 0)
    };
    // Both are for the thread that asks, and end with it.
    let probing = std::thread::Builder::new()
        .name("rusm-probe".to_owned())
        .spawn(attempt);
    let found = probing
        .map_err(|cause| cause.to_string())
        .and_then(|thread| {
            let joined = thread.join();
            joined.map_err(|_| "the thread that tried it panicked".to_owned())
        });
    found.unwrap_or_else(|why| {
        Report::of(None, Vec::new(), |_| {
            State::Missing(format!("cannot be tried: {why}"))
        })
    })
}

/// `outside` is how many threads Landlock does not reach.
fn report(domain: &Domain, calls: &Result<(), String>, outside: usize) -> Report {
    let landlocked = |(needed, linux): (u32, &str)| match &domain.enforced {
        Err(why) => State::Missing(why.clone()),
        Ok(abi) if *abi < needed => State::Missing(format!(
            "needs Linux {linux}; this kernel has Landlock ABI {abi} of {needed}"
        )),
        Ok(_) if outside > 0 => State::Partly(format!(
            "threads that were there before are not bound: {outside}"
        )),
        Ok(_) => State::Held,
    };
    let state = |layer| match layer {
        Layer::Files => landlocked(FILES),
        Layer::Ports => landlocked(PORTS),
        Layer::Devices => landlocked(DEVICES),
        Layer::Signals => landlocked(SIGNALS),
        Layer::Calls => calls.clone().map_or_else(State::Missing, |()| State::Held),
        Layer::Privileges if calls.is_ok() || domain.no_new_privs => State::Held,
        Layer::Privileges => State::Missing("the kernel refused no_new_privs".to_owned()),
    };
    Report::of(domain.abi, domain.unopened.clone(), state)
}
