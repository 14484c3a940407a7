//! From the manifest's supervisors to supervisor specs. Pure but for the closures that spawn.

use crate::runtime::{Declared, Launch, RuntimeShared, Spawner};
use rusm_actor::{Context, ExitReason, Spawned};
use rusm_manifest::{
    AutoShutdownDecl, ChildDecl, ChildTarget, Manifest, RestartDecl, ShutdownDecl, StrategyDecl,
    SupervisorDecl,
};
use rusm_supervisor::{
    AutoShutdown, ChildSpec, Intensity, Restart, Shutdown, SpecError, StartChild, Strategy,
    SupervisorObserver, SupervisorSpec, WhenEmpty,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Everything that the specs of one tree need.
pub(super) struct Tree<'a> {
    pub(super) shared: &'a Arc<RuntimeShared>,
    pub(super) manifest: &'a Manifest,
    /// Told what every supervisor does.
    pub(super) observer: Arc<dyn SupervisorObserver>,
}

impl Tree<'_> {
    pub(super) fn root(&self) -> Result<SupervisorSpec, SpecError> {
        self.spec(&self.manifest.root)
    }

    /// A supervisor ends with `normal` when all its children have ended for good: an app of tasks can end.
    fn spec(&self, declared: &SupervisorDecl) -> Result<SupervisorSpec, SpecError> {
        let label: Arc<str> = declared.name.as_str().into();
        let mut spec = SupervisorSpec::builder()
            .label(Arc::clone(&label))
            .strategy(strategy(declared.strategy))
            .auto_shutdown(auto_shutdown(declared.auto_shutdown))
            .when_empty(WhenEmpty::End)
            .observer(Arc::clone(&self.observer));
        if let Ok(intensity) = Intensity::new(declared.max_restarts, declared.period) {
            spec = spec.intensity(intensity);
        }
        for child in &declared.children {
            spec = spec.children(self.children(child, &label)?);
        }
        spec.build()
    }

    fn children(
        &self,
        child: &ChildDecl,
        supervisor: &Arc<str>,
    ) -> Result<Vec<ChildSpec>, SpecError> {
        let specs: Vec<ChildSpec> = match &child.target {
            ChildTarget::Component(name) => {
                let declared = self.shared.declared(name);
                let ids = ids(name, child.count);
                let spec = |id: String| {
                    declared
                        .as_ref()
                        .map(|declared| self.component(id, declared, supervisor))
                };
                ids.into_iter().filter_map(spec).collect()
            }
            ChildTarget::Supervisor(name) => {
                let nested = self.manifest.supervisors.get(name);
                let spec = nested.map(|nested| self.spec(nested)).transpose()?;
                spec.map(|spec| spec.into_child(name.as_str()))
                    .into_iter()
                    .collect()
            }
        };
        let finish = |spec: ChildSpec| {
            let spec = spec.restart(restart(child.restart));
            let spec = spec.shutdown(shutdown(child.shutdown));
            if child.significant {
                spec.significant()
            } else {
                spec
            }
        };
        Ok(specs.into_iter().map(finish).collect())
    }

    fn component(&self, id: String, declared: &Arc<Declared>, supervisor: &Arc<str>) -> ChildSpec {
        let (shared, declared) = (Arc::clone(self.shared), Arc::clone(declared));
        let supervisor = Arc::clone(supervisor);
        let n_starts = AtomicU32::new(0);
        let start = StartChild::immediate(move |context| {
            // Before the child exists, so that its end is never known before its supervisor is.
            shared
                .reporter
                .announce_supervisor(context.pid(), &supervisor);
            let restarts = n_starts.fetch_add(1, Ordering::Relaxed);
            start(&shared, &declared, context, restarts)
        });
        ChildSpec::new(id, start)
    }
}

fn start(
    shared: &Arc<RuntimeShared>,
    declared: &Declared,
    context: &Context,
    restarts: u32,
) -> Result<Spawned, ExitReason> {
    let launch = Launch {
        component: Arc::clone(&declared.component),
        profile: Arc::clone(&declared.profile),
        args: declared.args.clone(),
        name: None,
        link: true,
        monitor: true,
        restarts,
        logs_terminal: true,
    };
    let spawned = shared.launch(Spawner::Native(context), launch);
    spawned.map_err(|failure| ExitReason::not_started(failure.to_string()))
}

/// One child keeps the component's name; several are numbered.
fn ids(name: &str, count: u32) -> Vec<String> {
    if count == 1 {
        return vec![name.to_owned()];
    }
    (1..=count)
        .map(|number| format!("{name}-{number}"))
        .collect()
}

fn strategy(declared: StrategyDecl) -> Strategy {
    match declared {
        StrategyDecl::OneForOne => Strategy::OneForOne,
        StrategyDecl::OneForAll => Strategy::OneForAll,
        StrategyDecl::RestForOne => Strategy::RestForOne,
    }
}

fn auto_shutdown(declared: AutoShutdownDecl) -> AutoShutdown {
    match declared {
        AutoShutdownDecl::Never => AutoShutdown::Never,
        AutoShutdownDecl::AnySignificant => AutoShutdown::AnySignificant,
        AutoShutdownDecl::AllSignificant => AutoShutdown::AllSignificant,
    }
}

fn restart(declared: RestartDecl) -> Restart {
    match declared {
        RestartDecl::Permanent => Restart::Permanent,
        RestartDecl::Transient => Restart::Transient,
        RestartDecl::Temporary => Restart::Temporary,
    }
}

fn shutdown(declared: ShutdownDecl) -> Shutdown {
    match declared {
        ShutdownDecl::BrutalKill => Shutdown::BrutalKill,
        ShutdownDecl::Timeout(time) => Shutdown::Timeout(time),
        ShutdownDecl::Infinity => Shutdown::Infinity,
    }
}
