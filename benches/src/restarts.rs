//! A supervisor whose only child ends at once, again and again.

use crate::figure::{Benchmark, Work, timed};
use crate::node::on_node;
use rusm_actor::{ExitReason, Selector};
use rusm_core::{AppEnd, BootPlan, Runtime};
use rusm_supervisor::{ChildSpec, Intensity, Restart, Strategy, SupervisorSpec, start_link};
use std::collections::BTreeMap;
use std::time::Duration;

const NATIVE_RESTARTS: u64 = 50_000;
const GUEST_RESTARTS: u64 = 10_000;
const SECOND: Duration = Duration::from_secs(1);

/// What ends a guest at once: an invalid instruction of the processor, as in every panic of a Rust guest, and a fault of its divider. The
/// kernel hands both to the program as signals, but a hypervisor may look at the first before it does.
const UNREACHABLE: &str = include_str!("wat/crash.wat");
const DIVISION: &str = include_str!("wat/crash_division.wat");

pub(crate) fn all() -> Vec<Benchmark> {
    let windows = [("1ms", SECOND / 1_000), ("1h", SECOND * 3_600)].map(|(name, window)| {
        let name = format!("native_restart_window_{name}");
        Benchmark::rate(name, move || native(window))
    });
    let others = [
        Benchmark::rate("native_restart", || native(SECOND)),
        Benchmark::rate("core_restart", || guest(UNREACHABLE)),
        Benchmark::rate("core_restart_division", || guest(DIVISION)),
    ];
    others.into_iter().chain(windows).collect()
}

/// Until the child has been started often enough; all within the window count.
fn native(window: Duration) -> Work {
    on_node(0, NATIVE_RESTARTS, move |context| async move {
        let me = context.pid();
        let child = ChildSpec::native("crash", move |context| async move {
            context.send(me, 0, []).expect("there is room");
            ExitReason::error("as planned")
        });
        let often = Intensity::new(u32::MAX, window).expect("the window is not empty");
        let spec = SupervisorSpec::builder()
            .strategy(Strategy::OneForOne)
            .intensity(often)
            .child(child.restart(Restart::Permanent))
            .build()
            .expect("the spec is sound");
        start_link(&context, spec).await.expect("the child starts");
        for _ in 0..NATIVE_RESTARTS {
            context.receive(Selector::tag(0)).await;
        }
    })
}

/// An app whose only process traps at once, until its supervisor gives up.
fn guest(text: &str) -> Work {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let wasm = wat::parse_str(text).expect("the module is well formed");
    std::fs::write(folder.path().join("crash.wasm"), wasm).expect("the folder can be written to");
    let manifest = format!(
        "[app]\nname = \"restarts\"\n[components.crash]\nwasm = \"crash.wasm\"\n\
         [supervisors.all]\nmax-restarts = {GUEST_RESTARTS}\nperiod-ms = 60_000\n\
         children = [{{ component = \"crash\" }}]\n"
    );
    let manifest = rusm_manifest::parse("rusm.toml", &manifest).expect("the manifest is sound");
    let plan = BootPlan {
        manifest,
        folder: folder.path().to_owned(),
        built: BTreeMap::new(),
    };
    let runtime = Runtime::builder()
        .build()
        .expect("the machine can run a node");
    runtime.declare_all(&plan).expect("the module can run here");
    // The root allows one restart of the supervisor below it, so the crashes are had twice.
    let work = timed(2 * GUEST_RESTARTS, || {
        let app = runtime.boot(&plan).expect("the app starts");
        assert!(matches!(app.wait(), AppEnd::GaveUp(_)));
    });
    runtime.shutdown();
    work
}
