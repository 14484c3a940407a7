//! Significant children and automatic shutdown, clause by clause.

use crate::support::{Bench, crash, failing, for_seeds, intensity, worker};
use rusm_actor::{ExitReason, Pid};
use rusm_supervisor::{
    AdminError, AutoShutdown, ChildSpec, Restart, SpecError, Strategy, WhenEmpty,
};

const ANY: AutoShutdown = AutoShutdown::AnySignificant;
const ALL: AutoShutdown = AutoShutdown::AllSignificant;

fn transient(child: ChildSpec) -> ChildSpec {
    child.restart(Restart::Transient).significant()
}

fn temporary(child: ChildSpec) -> ChildSpec {
    child.restart(Restart::Temporary).significant()
}

fn start(
    bench: &Bench,
    (strategy, auto_shutdown): (Strategy, AutoShutdown),
    children: impl IntoIterator<Item = ChildSpec>,
) -> Pid {
    let spec = bench.spec(strategy).auto_shutdown(auto_shutdown);
    let top = bench.start(spec.child(worker("a")).children(children));
    bench.log.take();
    top
}

fn terminate(bench: &Bench, top: Pid, id: &'static str) {
    let answer = bench.ask(top, move |context, handle| async move {
        handle.terminate_child(&context, id).await
    });
    assert_eq!(answer, Ok(()));
}

/// A supervisor as a significant child, whose only child is a transient `b`.
fn nested(bench: &Bench, when_empty: WhenEmpty) -> ChildSpec {
    let spec = bench
        .spec(Strategy::OneForOne)
        .intensity(intensity(0, 1000));
    let child = worker("b").restart(Restart::Transient);
    let spec = spec.when_empty(when_empty).child(child);
    transient(spec.build().unwrap().into_child("inner"))
}

/// OTP statement 136, any-significant: a transient child that ends normally, a temporary one that ends in any way.
#[test]
fn auto_shutdown_any() {
    for_seeds(|bench| {
        let orderly = [ExitReason::Normal, ExitReason::Shutdown];
        let cases = orderly.map(|reason| (transient(worker("b")), reason));
        let any_way = [
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::Killed,
            crash(),
        ];
        let any_way = any_way.map(|reason| (temporary(worker("b")), reason));
        for (child, reason) in cases.into_iter().chain(any_way) {
            start(&bench, (Strategy::OneForOne, ANY), [child, worker("c")]);
            bench.end("b", reason.clone());
            bench.check(&format!(
                "ended b ({reason}), stopped c (shutdown), stopped a (shutdown), end (shutdown)"
            ));
            bench.check_empty();
        }
    });
}

/// OTP statement 136, all-significant: when the last one that runs has ended.
#[test]
fn auto_shutdown_all() {
    for_seeds(|bench| {
        let children = [
            transient(worker("b")),
            temporary(worker("c")),
            transient(worker("d")),
        ];
        let top = start(&bench, (Strategy::OneForOne, ALL), children);
        for (id, reason) in [("c", crash()), ("b", ExitReason::Normal)] {
            bench.end(id, reason);
            assert!(bench.sim.node().is_alive(top));
        }
        bench.log.take();
        bench.end("d", ExitReason::Shutdown);
        bench.check("ended d (shutdown), stopped a (shutdown), end (shutdown)");
        bench.check_empty();
    });
}

/// OTP statement 136: a significant supervisor counts as any child, when it is done and when it gave up.
#[test]
fn auto_shutdown_supervisor() {
    for_seeds(|bench| {
        for auto_shutdown in [ANY, ALL] {
            let done = nested(&bench, WhenEmpty::End);
            start(&bench, (Strategy::OneForOne, auto_shutdown), [done]);
            bench.end("b", ExitReason::Normal);
            bench.check(
                "inner/ended b (normal), inner/end (normal), ended inner (normal), \
                 stopped a (shutdown), end (shutdown)",
            );
            let gives_up = nested(&bench, WhenEmpty::Stay);
            start(&bench, (Strategy::OneForOne, auto_shutdown), [gives_up]);
            bench.end("b", crash());
            bench.check(
                "inner/ended b (trap: unreachable), inner/gave up on b, inner/end (shutdown), \
                 ended inner (shutdown), stopped a (shutdown), end (shutdown)",
            );
            bench.check_empty();
        }
    });
}

/// OTP statement 136: automatic shutdown is an end with `shutdown`, and climbs from supervisor to supervisor.
#[test]
fn auto_shutdown_climbs() {
    for_seeds(|bench| {
        let inner = bench.spec(Strategy::OneForOne).auto_shutdown(ANY);
        let inner = inner.child(transient(worker("b"))).build().unwrap();
        let inner = transient(inner.into_child("inner"));
        start(&bench, (Strategy::OneForOne, ANY), [inner]);
        bench.end("b", ExitReason::Normal);
        bench.check(
            "inner/ended b (normal), inner/end (shutdown), ended inner (shutdown), \
             stopped a (shutdown), end (shutdown)",
        );
        bench.check_empty();
    });
}

/// OTP statement 137: not when it was stopped by request; it then counts no more as one that runs.
#[test]
fn auto_not_by_request() {
    for_seeds(|bench| {
        for child in [transient(worker("b")), temporary(worker("b"))] {
            for auto_shutdown in [ANY, ALL] {
                let children = [child.clone(), transient(worker("c"))];
                let top = start(&bench, (Strategy::OneForOne, auto_shutdown), children);
                terminate(&bench, top, "b");
                terminate(&bench, top, "c");
                bench.check("stopped b (shutdown), stopped c (shutdown)");
                assert!(bench.sim.node().is_alive(top));
            }
        }
        let children = [transient(worker("b")), transient(worker("c"))];
        start(&bench, (Strategy::OneForOne, ALL), children.clone());
        let top = start(&bench, (Strategy::OneForOne, ALL), children);
        terminate(&bench, top, "b");
        bench.end("c", ExitReason::Normal);
        bench.check("stopped b (shutdown), ended c (normal), stopped a (shutdown), end (shutdown)");
    });
}

/// OTP statement 137: not when it was stopped because of a sibling, also if it then is gone for good.
#[test]
fn auto_not_sibling() {
    for_seeds(|bench| {
        for auto_shutdown in [ANY, ALL] {
            for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
                let children = [temporary(worker("b")), transient(worker("c"))];
                let top = start(&bench, (strategy, auto_shutdown), children);
                bench.end("a", crash());
                bench.check(
                    "ended a (trap: unreachable), stopped c (shutdown), stopped b (shutdown), \
                     restart a, restart c",
                );
                assert!(bench.sim.node().is_alive(top));
            }
        }
    });
}

/// OTP statement 137: not when it is restarted, also if that fails first; one that waits for another try has not
/// ended.
#[test]
fn auto_not_restarted() {
    for_seeds(|bench| {
        for auto_shutdown in [ANY, ALL] {
            let children = [transient(failing("b", 1, 2)), transient(worker("c"))];
            let top = start(&bench, (Strategy::OneForOne, auto_shutdown), children);
            bench.signal(bench.log.pid("b"), crash());
            let has_failed = || bench.log.take().contains("failed b");
            assert!(bench.sim.run_until(|_| has_failed()));
            if auto_shutdown == ALL {
                bench.end("c", ExitReason::Normal);
            }
            bench.settle();
            assert!(bench.sim.node().is_alive(top));
            assert_eq!(bench.alive(&["a", "b"]), "a b");
        }
    });
}

/// OTP statement 137: not when it is not significant.
#[test]
fn auto_not_significant() {
    for_seeds(|bench| {
        for auto_shutdown in [ANY, ALL] {
            let children = [
                worker("b").restart(Restart::Transient),
                worker("c").restart(Restart::Temporary),
                transient(worker("d")),
            ];
            let top = start(&bench, (Strategy::OneForOne, auto_shutdown), children);
            bench.end("b", ExitReason::Normal);
            bench.end("c", crash());
            assert!(bench.sim.node().is_alive(top));
            bench.check("ended b (normal), ended c (trap: unreachable)");
        }
    });
}

/// OTP statement 138 at run time: refused when adding, as at the start; what fits counts like the others.
#[test]
fn auto_bad_when_adding() {
    for_seeds(|bench| {
        let add = |top, child| {
            bench.ask(top, |context, handle| async move {
                handle.start_child(&context, child).await.map(|_| ())
            })
        };
        let never = start(&bench, (Strategy::OneForOne, AutoShutdown::Never), []);
        let id = || "b".into();
        let unheeded = SpecError::SignificantUnheeded { id: id() };
        let refused = Err(AdminError::BadSpec(unheeded));
        assert_eq!(add(never, transient(worker("b"))), refused);
        let any = start(&bench, (Strategy::OneForOne, ANY), []);
        let permanent = SpecError::SignificantPermanent { id: id() };
        let refused = Err(AdminError::BadSpec(permanent));
        assert_eq!(add(any, worker("b").significant()), refused);
        bench.check("");
        assert_eq!(add(any, transient(worker("b"))), Ok(()));
        bench.end("b", ExitReason::Normal);
        bench.check("add b, ended b (normal), stopped a (shutdown), end (shutdown)");
    });
}
