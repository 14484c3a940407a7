//! What a good manifest means: the plan, field by field.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusm_caps::{
    Access, DirGrant, Limits, ListenGrant, NetGrant, Permission, Profile, SendGrant, SpawnGrant,
};
use rusm_manifest::{
    AutoShutdownDecl, CeilingsDecl, ChildTarget, CodeSource, HardenDecl, Manifest, Placement,
    RestartDecl, ShutdownDecl, StoreDecl, StrategyDecl, SupervisorDecl, parse,
};

#[track_caller]
fn plan(text: &str) -> Manifest {
    let manifest = parse("rusm.toml", text).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(manifest.warnings, []);
    manifest
}

/// The profile `p` of a manifest with these lines under `[capabilities.p]`.
#[track_caller]
fn profile(lines: &str) -> Profile {
    let text = format!(
        "[app]\nname = \"a\"\n[components.worker]\nwasm = \"w.wasm\"\n[capabilities.p]\n{lines}\n"
    );
    Profile::clone(&plan(&text).profile("p").expect("it is declared"))
}

/// Everything that this release supports of the documentation's manifest, each field where it belongs.
#[test]
fn the_whole_example_is_understood() {
    let manifest = plan(
        r#"
        [app]
        name = "orders"

        [node]
        workers = 2
        store = "data/orders.redb"
        store-max-mb = 512
        audit = "data/audit"
        control = "data/rusm.sock"
        harden = "require"
        max-memory-mb = 4096
        max-processes = 100_000
        max-handles = 8192
        max-mailbox-mb = 512

        [components.api]
        source = "guests/api"
        capability = "web"
        restart = "permanent"
        args = ["--verbose"]
        placement = "guarded"

        [components.db]
        wasm = "wasm/db.wasm"

        [components.worker]
        wasm = "wasm/worker.wasm"
        digest = "sha256:00000000000000000000000000000000000000000000000000000000000000ff"
        profiles = ["web", "network-client"]

        [capabilities.web]
        inherits = "network-client"
        allow-network = ["api.example.com:443", "*.internal.example:8000-8100", "10.1.0.0/16:5432"]
        allow-listen = ["127.0.0.1:9000"]
        allow-spawn = ["worker"]
        allow-storage = { read = ["config"], write = ["orders-*"] }
        allow-process-control = false
        allow-send = ["db"]
        allow-load = false
        allow-stdio = true
        env = ["API_KEY", "APP_*"]
        preopen = [{ host = "./data", guest = "/data", read-only = true }]
        host-functions = ["acme:billing/charge"]
        max-memory-mb = 32
        max-cpu-ms = 60_000
        max-slice-ms = 500
        timeout-ms = 0
        max-output-kb = 2048
        max-mailbox = { messages = 100, mb = 2 }
        max-processes = 5
        max-handles = 6
        max-timers = 7
        max-table-elements = 8
        max-body-kb = 9
        max-random-kb = 10
        max-call-kb = 64
        "#,
    );
    assert_eq!(
        (manifest.app.as_str(), manifest.node.workers),
        ("orders", 2)
    );
    let node = &manifest.node;
    assert_eq!(node.control.as_deref(), Some(Path::new("data/rusm.sock")));
    let store = node.store.as_ref().unwrap();
    assert_eq!(
        (store.path.as_path(), store.max_bytes),
        (Path::new("data/orders.redb"), 512 << 20)
    );
    assert_eq!(node.audit.as_deref(), Some(Path::new("data/audit")));
    assert_eq!(node.harden, HardenDecl::Require);
    let ceilings = node.ceilings;
    assert_eq!(
        (ceilings.max_memory_bytes, ceilings.max_mailbox_bytes),
        (Some(4 << 30), Some(512 << 20))
    );
    assert_eq!(
        (ceilings.max_processes, ceilings.max_handles),
        (Some(100_000), Some(8192))
    );
    let api = &manifest.components["api"];
    assert_eq!(api.code, CodeSource::Package(PathBuf::from("guests/api")));
    assert_eq!(
        (api.restart, api.placement),
        (Some(RestartDecl::Permanent), Placement::Guarded)
    );
    assert_eq!(api.args, ["--verbose"]);
    assert_eq!(api.unknown_profile, None);
    let worker = &manifest.components["worker"];
    assert_eq!(
        worker.code,
        CodeSource::Wasm(PathBuf::from("wasm/worker.wasm"))
    );
    assert_eq!(worker.digest.unwrap().as_bytes()[31], 0xff);
    assert_eq!(worker.profile.name(), "sandboxed");
    assert_eq!(
        worker.profiles.keys().collect::<Vec<_>>(),
        ["network-client", "web"]
    );

    let web = &api.profile;
    assert_eq!(web, &manifest.profile("web").unwrap());
    assert_eq!(
        web.network().to_string(),
        "api.example.com:443, *.internal.example:8000-8100, 10.1.0.0/16:5432"
    );
    assert_eq!(web.listen().to_string(), "127.0.0.1:9000");
    assert!(web.host_functions().covers("acme:billing/charge#pay"));
    assert_eq!(web.spawn(), &SpawnGrant::listed(["worker"]));
    assert_eq!(web.send(), &SendGrant::listed(["db"]));
    assert!(
        web.storage().covers("config", Access::Read)
            && !web.storage().covers("config", Access::Write)
    );
    assert!(web.storage().covers("orders-1", Access::Write));
    assert!(web.stdio() && !web.process_control() && !web.load());
    assert!(web.env().iter().any(|env| env.covers("APP_X")));
    assert_eq!(
        web.dirs(),
        [DirGrant::read_only("./data", "/data").unwrap()]
    );
    let limits = Limits {
        max_memory_bytes: 32 << 20,
        max_cpu: Some(Duration::from_secs(60)),
        max_slice: Some(Duration::from_millis(500)),
        timeout: None,
        max_output_bytes: 2 << 20,
        max_mailbox_messages: 100,
        max_mailbox_bytes: 2 << 20,
        max_processes: 5,
        max_handles: 6,
        max_timers: 7,
        max_table_elements: 8,
        max_body_bytes: 9 << 10,
        max_random_bytes: 10 << 10,
        max_call_bytes: 64 << 10,
    };
    assert_eq!(web.limits(), &limits);
}

/// A component without a profile, and a profile without anything, are the sandbox.
#[test]
fn what_is_left_out_is_sandboxed() {
    let manifest = plan("[app]\nname = \"a\"\n[components.c]\nwasm = \"c.wasm\"\n");
    assert_eq!(*manifest.components["c"].profile, Profile::sandboxed());
    assert_eq!(manifest.root.children, []);
    assert_eq!(
        (manifest.node.audit, manifest.node.harden),
        (None, HardenDecl::Auto)
    );
    assert_eq!(manifest.node.ceilings, CeilingsDecl::default());
    assert_eq!(manifest.node.store, None);
    let store = plan("[app]\nname = \"a\"\n[node]\nstore = \"a.redb\"\n")
        .node
        .store;
    assert_eq!(store.unwrap().max_bytes, StoreDecl::MAX_BYTES_DEFAULT);
    assert!(!profile("").holds(Permission::Network));
    assert_eq!(Profile::sandboxed().covers(&profile("")), Ok(()));
    assert_eq!(profile("").covers(&Profile::sandboxed()), Ok(()));
}

/// A key replaces what is inherited, an absent key keeps it, and `false` or `[]` takes it away.
#[test]
fn inheriting_is_by_key() {
    let manifest = plan(
        r#"
        [app]
        name = "a"
        [capabilities.grandchild]
        inherits = "child"
        env = []
        preopen = []
        allow-stdio = false
        [capabilities.child]
        inherits = "base"
        env = ["B"]
        timeout-ms = 0
        [capabilities.base]
        inherits = "trusted"
        env = ["A"]
        preopen = [{ host = "d", guest = "/d" }]
        timeout-ms = 10
        allow-network = false
        "#,
    );
    let [base, child, grandchild] =
        ["base", "child", "grandchild"].map(|name| &manifest.profiles[name]);
    assert_eq!(
        base.limits().max_memory_bytes,
        Limits::trusted().max_memory_bytes
    );
    assert_eq!(base.network(), &NetGrant::Off);
    let shown = |profile: &Profile| {
        profile
            .env()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (shown(base), shown(child), shown(grandchild)),
        (vec!["A".into()], vec!["B".into()], vec![])
    );
    assert_eq!(
        (base.limits().timeout, child.limits().timeout),
        (Some(Duration::from_millis(10)), None)
    );
    assert_eq!((child.dirs().len(), grandchild.dirs().len()), (1, 0));
    assert!(
        child.stdio()
            && child.process_control()
            && !grandchild.stdio()
            && grandchild.process_control()
    );
    assert_eq!(grandchild.spawn(), &SpawnGrant::Anyone);
}

/// `true` is everything of its kind, and never more than its kind.
#[test]
fn true_is_everything_of_its_kind() {
    assert_eq!(
        profile("allow-network = true").network(),
        &NetGrant::public()
    );
    assert_eq!(
        profile("allow-listen = true").listen(),
        &ListenGrant::Anywhere
    );
    assert_eq!(profile("allow-listen = false").listen(), &ListenGrant::Off);
    assert_eq!(profile("allow-spawn = true").spawn(), &SpawnGrant::Anyone);
    assert_eq!(profile("allow-send = true").send(), &SendGrant::Anyone);
    assert_eq!(profile("allow-send = false").send(), &SendGrant::nobody());
    assert!(
        profile("allow-storage = true")
            .storage()
            .covers("any", Access::Write)
    );
    assert_eq!(
        profile("max-output-kb = 0").limits().max_output_bytes,
        u64::MAX
    );
    // Left out, `read-only` is false: the documentation says so, and so does the code.
    let dir = DirGrant::read_write("d", "/d").unwrap();
    assert_eq!(
        profile("preopen = [{ host = \"d\", guest = \"/d\" }]").dirs(),
        [dir]
    );
}

/// A component that may load code may list a name that only exists once it is loaded.
#[test]
fn a_loader_may_spawn_what_it_will_load() {
    assert_eq!(
        profile("allow-load = true\nallow-spawn = [\"plugin\"]").spawn(),
        &SpawnGrant::listed(["plugin"])
    );
}

/// The tree: children in the order written, the root's in the order of the file, OTP's defaults.
#[test]
fn the_supervision_tree_is_in_order() {
    let manifest = plan(
        r#"
        [app]
        name = "tree"
        [components.zebra]
        wasm = "z.wasm"
        restart = "transient"
        [supervisors.backend]
        strategy = "rest-for-one"
        max-restarts = 3
        period-ms = 7_000
        children = [
          { component = "db", shutdown-ms = 0 },
          { component = "worker", count = 4, restart = "temporary", shutdown-ms = 100 },
          { supervisor = "frontends", significant = false },
        ]
        [components.ape]
        wasm = "a.wasm"
        restart = "permanent"
        [components.db]
        wasm = "db.wasm"
        [components.worker]
        wasm = "w.wasm"
        [supervisors.frontends]
        strategy = "one-for-all"
        children = []
        "#,
    );
    let target = |supervisor: &SupervisorDecl| {
        supervisor
            .children
            .iter()
            .map(|child| child.target.clone())
            .collect::<Vec<_>>()
    };
    let component = |name: &str| ChildTarget::Component(name.to_owned());
    let supervisor = |name: &str| ChildTarget::Supervisor(name.to_owned());
    assert_eq!(
        target(&manifest.root),
        [component("zebra"), supervisor("backend"), component("ape")]
    );
    assert_eq!(manifest.root.strategy, StrategyDecl::OneForOne);
    assert_eq!(
        (manifest.root.max_restarts, manifest.root.period),
        (1, Duration::from_secs(5))
    );

    let backend = manifest.supervisor_of(&manifest.root.children[1]).unwrap();
    assert_eq!(backend.strategy, StrategyDecl::RestForOne);
    assert_eq!(
        (backend.max_restarts, backend.period),
        (3, Duration::from_secs(7))
    );
    assert_eq!(
        target(backend),
        [
            component("db"),
            component("worker"),
            supervisor("frontends")
        ]
    );
    let [db, worker, frontends] = backend.children.as_slice() else {
        panic!("three children")
    };
    assert_eq!(
        (db.count, db.restart, db.shutdown),
        (1, RestartDecl::Permanent, ShutdownDecl::BrutalKill)
    );
    let shutdown = ShutdownDecl::Timeout(Duration::from_millis(100));
    assert_eq!(
        (worker.count, worker.restart, worker.shutdown),
        (4, RestartDecl::Temporary, shutdown)
    );
    assert_eq!(frontends.shutdown, ShutdownDecl::Infinity);
    let zebra = &manifest.root.children[0];
    assert_eq!(
        (zebra.restart, zebra.shutdown),
        (
            RestartDecl::Transient,
            ShutdownDecl::Timeout(Duration::from_secs(5))
        )
    );
    assert_eq!(
        manifest.component_of(zebra).unwrap().code,
        CodeSource::Wasm(Path::new("z.wasm").into())
    );
    assert!(manifest.supervisor_of(zebra).is_none() && manifest.component_of(frontends).is_none());
}

/// Automatic shutdown, significance and every way of stopping, as written; never and not significant when not.
#[test]
fn a_supervisor_says_how_it_ends_and_how_it_stops() {
    let manifest = plan(
        r#"
        [app]
        name = "a"
        [components.job]
        wasm = "j.wasm"
        [components.helper]
        wasm = "h.wasm"
        [supervisors.any]
        auto-shutdown = "any-significant"
        children = [
          { component = "job", count = 2, restart = "transient", significant = true, shutdown-ms = "infinity" },
          { component = "helper", shutdown-ms = "brutal-kill" },
          { supervisor = "all", restart = "temporary", significant = true, shutdown-ms = 250 },
        ]
        [supervisors.all]
        auto-shutdown = "all-significant"
        children = []
        [supervisors.never]
        auto-shutdown = "never"
        restart = "temporary"
        children = []
        [supervisors.by-default]
        children = []
        "#,
    );
    let auto = |name: &str| manifest.supervisors[name].auto_shutdown;
    assert_eq!(auto("any"), AutoShutdownDecl::AnySignificant);
    assert_eq!(auto("all"), AutoShutdownDecl::AllSignificant);
    assert_eq!(auto("never"), AutoShutdownDecl::Never);
    assert_eq!(auto("by-default"), AutoShutdownDecl::Never);
    assert_eq!(manifest.root.auto_shutdown, AutoShutdownDecl::Never);

    let [job, helper, all] = manifest.supervisors["any"].children.as_slice() else {
        panic!("three children")
    };
    assert!(job.significant && !helper.significant && all.significant);
    assert_eq!(job.shutdown, ShutdownDecl::Infinity);
    assert_eq!(helper.shutdown, ShutdownDecl::BrutalKill);
    assert_eq!(
        all.shutdown,
        ShutdownDecl::Timeout(Duration::from_millis(250))
    );
    // Those that nobody holds, in the order of the file.
    let top = manifest
        .root
        .children
        .iter()
        .map(|child| (child.restart, child.shutdown));
    let expected = [
        RestartDecl::Permanent,
        RestartDecl::Temporary,
        RestartDecl::Permanent,
    ]
    .map(|restart| (restart, ShutdownDecl::Infinity));
    assert_eq!(top.collect::<Vec<_>>(), expected);
}

/// A pool numbers its children from 1, so names that look like numbers and are none are free.
#[test]
fn ids_beside_a_pool_are_free() {
    let mut text = String::from(
        "[app]\nname = \"a\"\n[components.w]\nwasm = \"w\"\n[supervisors.s]\nchildren = [{ component = \"w\", count = 3 }",
    );
    let names = ["w-0", "w-4", "w-01", "w-", "w-1-1", "x-1"];
    for name in names {
        text += &format!(", {{ component = \"{name}\" }}");
    }
    text += "]\n";
    for name in names {
        text += &format!("[components.{name}]\nwasm = \"w\"\n");
    }
    assert_eq!(plan(&text).supervisors["s"].children.len(), 7);
    for taken in ["w-1", "w-2", "w-3"] {
        let text = text.replace("w-4", taken);
        let errors = parse("rusm.toml", &text).unwrap_err();
        assert_eq!(
            errors.iter().next().unwrap().message(),
            format!("`s` has two children with the id `{taken}`")
        );
    }
}

/// The one exception: an unknown profile is the sandbox, recorded and warned about.
#[test]
fn an_unknown_profile_runs_sandboxed() {
    let text = "[app]\nname = \"a\"\n[components.c]\nwasm = \"c.wasm\"\ncapability = \"wbe\"\n[capabilities.web]\nallow-load = true\n";
    let manifest = parse("rusm.toml", text).unwrap();
    let component = &manifest.components["c"];
    assert_eq!(*component.profile, Profile::sandboxed());
    assert_eq!(component.unknown_profile.as_deref(), Some("wbe"));
    let [warning] = manifest.warnings.as_slice() else {
        panic!("one warning")
    };
    assert_eq!(
        (warning.line(), warning.column(), warning.underlined()),
        (5, 14, "\"wbe\"".to_owned())
    );
    assert_eq!(warning.hint(), Some("did you mean `web`?"));
}
