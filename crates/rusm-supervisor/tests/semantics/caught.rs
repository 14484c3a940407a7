//! Tests that were missing: deliberate bugs that nothing else caught (see `tools/mutants`).

use crate::support::{for_seeds, worker};
use rusm_actor::ExitReason;
use rusm_supervisor::{Restart, Shutdown, Strategy, stop};

/// OTP statement 119: to a transient child `shutdown` is as good as `normal`.
#[test]
fn restart_types_transient_after_shutdown() {
    for_seeds(|bench| {
        let child = worker("t").restart(Restart::Transient);
        bench.start(bench.spec(Strategy::OneForOne).child(child));
        bench.log.take();
        bench.end("t", ExitReason::Shutdown);
        bench.check("ended t (shutdown)");
    });
}

/// OTP statement 115: a child that does not trap exits, and would end with `shutdown` if it were asked, is
/// killed like any other.
#[test]
fn stop_brutal_is_a_kill_to_all() {
    for_seeds(|bench| {
        let child = worker("a").shutdown(Shutdown::BrutalKill);
        let top = bench.start(bench.spec(Strategy::OneForOne).child(child));
        bench.log.take();
        stop(bench.sim.node(), top);
        bench.sim.run();
        bench.check("stopped a (killed), end (shutdown)");
        bench.check_empty();
    });
}
