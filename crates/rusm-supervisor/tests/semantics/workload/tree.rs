//! Random trees, and what the checkers know of them.

use super::children::{self, Behaviour, Mood};
use super::history::History;
use rusm_actor::sim::Simulator;
use rusm_supervisor::{
    AutoShutdown, ChildSpec, ChildTemplate, Intensity, Restart, StartWith, Strategy,
    SupervisorSpec, SupervisorSpecBuilder, WhenEmpty,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const STRATEGIES: [Strategy; 3] = [
    Strategy::OneForOne,
    Strategy::OneForAll,
    Strategy::RestForOne,
];
const AUTO_SHUTDOWNS: [AutoShutdown; 4] = [
    AutoShutdown::Never,
    AutoShutdown::Never,
    AutoShutdown::AnySignificant,
    AutoShutdown::AllSignificant,
];
const RESTARTS: [Restart; 4] = [
    Restart::Permanent,
    Restart::Permanent,
    Restart::Transient,
    Restart::Temporary,
];
/// How deep supervisors are nested below the top.
const DEPTH: usize = 2;

/// The rules of one supervisor.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) strategy: Strategy,
    pub(super) max_restarts: u32,
    pub(super) period: Duration,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) when_empty: WhenEmpty,
    pub(super) is_dynamic: bool,
    /// The ids of its original children, in order.
    pub(super) children: Vec<String>,
}

/// Every supervisor that the tree may have, by its label.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) configs: BTreeMap<String, Config>,
}

struct Gardener<'a> {
    sim: &'a Simulator,
    mood: &'a Arc<Mood>,
    history: &'a Arc<History>,
    tree: Tree,
    n_ids: usize,
}

pub(super) fn grow(
    sim: &Simulator,
    mood: &Arc<Mood>,
    history: &Arc<History>,
) -> (SupervisorSpec, Tree) {
    let (tree, n_ids) = (Tree::default(), 0);
    let mut gardener = Gardener {
        sim,
        mood,
        history,
        tree,
        n_ids,
    };
    let spec = gardener.supervisor("top".into(), DEPTH);
    (spec, gardener.tree)
}

impl Gardener<'_> {
    fn draw<T: Clone>(&self, choices: &[T]) -> T {
        choices[self.sim.draw(choices.len())].clone()
    }

    fn supervisor(&mut self, label: String, depth: usize) -> SupervisorSpec {
        let is_top = label == "top";
        let mut config = Config {
            strategy: self.draw(&STRATEGIES),
            max_restarts: if is_top { 30 } else { self.draw(&[0, 1, 3, 8]) },
            period: Duration::from_millis(self.draw(&[1, 20, 100])),
            auto_shutdown: if is_top {
                AutoShutdown::Never
            } else {
                self.draw(&AUTO_SHUTDOWNS)
            },
            when_empty: WhenEmpty::Stay,
            is_dynamic: false,
            children: Vec::new(),
        };
        let n_children = self.sim.draw(5);
        // One without children would be done at once, again and again if it is significant.
        if !is_top && n_children > 0 && self.sim.draw(3) == 0 {
            config.when_empty = WhenEmpty::End;
        }
        let children: Vec<ChildSpec> = (0..n_children)
            .map(|_| self.child(config.auto_shutdown, depth))
            .collect();
        config.children = children
            .iter()
            .map(|child| child.id().to_string())
            .collect();
        let spec = self.spec(&label, &config).children(children);
        self.tree.configs.insert(label, config);
        spec.build().unwrap()
    }

    fn dynamic(&mut self, label: String) -> SupervisorSpec {
        let config = Config {
            strategy: Strategy::OneForOne,
            max_restarts: self.draw(&[0, 1, 3, 8]),
            period: Duration::from_millis(self.draw(&[1, 20, 100])),
            auto_shutdown: AutoShutdown::Never,
            when_empty: self.draw(&[WhenEmpty::Stay, WhenEmpty::End]),
            is_dynamic: true,
            children: Vec::new(),
        };
        let restart = self.draw(&RESTARTS);
        let id = children::id(restart, false, 'c', self.number());
        let (name, mood) = (Arc::<str>::from(id.as_str()), Arc::clone(self.mood));
        let start = StartWith::awaited(move |context, behaviour: Arc<Behaviour>| {
            let (name, mood) = (Arc::clone(&name), Arc::clone(&mood));
            children::start(context, name, *behaviour, 6, mood)
        });
        let shutdown = Behaviour::Resist.shutdown(self.mood);
        let template = ChildTemplate::new(id, start)
            .restart(restart)
            .shutdown(shutdown);
        let spec = self.spec(&label, &config).dynamic(template);
        self.tree.configs.insert(label, config);
        spec.build().unwrap()
    }

    fn spec(&self, label: &str, config: &Config) -> SupervisorSpecBuilder {
        let intensity = Intensity::new(config.max_restarts, config.period).unwrap();
        SupervisorSpec::builder()
            .label(label)
            .strategy(config.strategy)
            .intensity(intensity)
            .auto_shutdown(config.auto_shutdown)
            .when_empty(config.when_empty)
            .observer(Arc::clone(self.history) as _)
    }

    fn child(&mut self, auto_shutdown: AutoShutdown, depth: usize) -> ChildSpec {
        let restart = self.draw(&RESTARTS);
        let may_be_significant =
            auto_shutdown != AutoShutdown::Never && restart != Restart::Permanent;
        let is_significant = may_be_significant && self.sim.draw(2) == 0;
        let kind = match self.sim.draw(5) {
            0 | 1 if depth > 0 => 's',
            2 if depth > 0 => 'd',
            _ => 'w',
        };
        let id = children::id(restart, is_significant, kind, self.number());
        let child = match kind {
            's' => self.supervisor(id.clone(), depth - 1).into_child(id),
            'd' => self.dynamic(id.clone()).into_child(id),
            _ => worker(&id, self.mood),
        };
        let child = child.restart(restart);
        match is_significant {
            true => child.significant(),
            false => child,
        }
    }

    fn number(&mut self) -> usize {
        self.n_ids += 1;
        self.n_ids
    }
}

/// A worker of a random sort.
pub(super) fn worker(id: &str, mood: &Arc<Mood>) -> ChildSpec {
    let behaviour = Behaviour::draw(mood);
    let start = children::start_of(id, behaviour, mood);
    ChildSpec::new(id, start).shutdown(behaviour.shutdown(mood))
}
