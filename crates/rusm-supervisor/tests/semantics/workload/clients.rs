//! Processes that ask random supervisors for random things, with or without patience.

use super::children::{self, Behaviour, Mood};
use super::history::History;
use super::tree::{self, Tree};
use crate::support::{both, count};
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, ExitReason, Pid, SpawnOptions};
use rusm_supervisor::{AdminError, AutoShutdown, ChildStatus, Restart, SupervisorHandle};
use std::sync::Arc;
use std::time::Duration;

/// One client: whom it asks, and on behalf of whom the checkers are told.
struct Client {
    supervisor: SupervisorHandle,
    history: Arc<History>,
    mood: Arc<Mood>,
    /// Who is asked about.
    id: String,
    /// How many ids there are, for new ones.
    number: usize,
}

pub(super) fn send_one(sim: &Simulator, tree: &Tree, mood: &Arc<Mood>, history: &Arc<History>) {
    let alive = sim.node().processes();
    let supervisors = alive
        .iter()
        .filter_map(|pid| SupervisorHandle::find(sim.node(), *pid));
    let supervisors: Vec<SupervisorHandle> = supervisors.collect();
    let Some(supervisor) = supervisors.get(sim.draw(supervisors.len())) else {
        return;
    };
    let label = sim
        .node()
        .process_info(supervisor.pid())
        .map(|info| info.label);
    let Some(config) = label.and_then(|label| tree.configs.get(&*label)) else {
        return;
    };
    let ids = config
        .children
        .iter()
        .cloned()
        .chain(history.added(supervisor.pid()));
    let ids: Vec<String> = ids.collect();
    let id = ids.get(sim.draw(ids.len())).cloned();
    let patience = match sim.draw(4) {
        0 => supervisor
            .clone()
            .within(Duration::from_millis(mood.draw(20))),
        _ => supervisor.clone(),
    };
    let client = Client {
        supervisor: patience,
        history: Arc::clone(history),
        mood: Arc::clone(mood),
        id: id.unwrap_or_else(|| "nobody".into()),
        number: 1_000 + history.len(),
    };
    let (is_dynamic, auto_shutdown) = (config.is_dynamic, config.auto_shutdown);
    let what = sim.draw(6);
    let started = sim
        .node()
        .spawn(SpawnOptions::new("client"), move |context| async move {
            match (is_dynamic, what) {
                (_, 0) => client.list(&context).await,
                (true, 1..=3) => client.start_with(&context).await,
                (true, _) => client.terminate_pid(&context).await,
                (false, 1) => client.start(&context, auto_shutdown).await,
                (false, 2) => client.start_again(&context).await,
                (false, 3) => client.terminate(&context).await,
                (false, 4) => client.restart(&context).await,
                (false, _) => client.delete(&context).await,
            }
            ExitReason::Normal
        });
    started.unwrap();
}

impl Client {
    fn pid(&self) -> Pid {
        self.supervisor.pid()
    }

    /// OTP statement 132: asked in one breath, both agree with each other.
    async fn list(&self, context: &Context) {
        let list = self.supervisor.which_children(context);
        let counts = self.supervisor.count_children(context);
        if let (Ok(list), Ok(counts)) = both(list, counts).await {
            assert_eq!(counts, count(&list));
        }
    }

    async fn start(&self, context: &Context, auto_shutdown: AutoShutdown) {
        let restarts = [Restart::Permanent, Restart::Transient, Restart::Temporary];
        let restart = restarts[usize::try_from(self.mood.draw(3)).unwrap()];
        let is_significant = self.mood.one_in(3);
        let id = children::id(restart, is_significant, 'w', self.number);
        let child = tree::worker(&id, &self.mood).restart(restart);
        let child = if is_significant {
            child.significant()
        } else {
            child
        };
        let is_bad = is_significant
            && (restart == Restart::Permanent || auto_shutdown == AutoShutdown::Never);
        let answer = self.supervisor.start_child(context, child).await;
        match answer {
            Err(AdminError::BadSpec(_)) => assert!(is_bad, "{id} fits"),
            Err(AdminError::NoAnswer(_) | AdminError::NotStarted(_)) => {}
            Ok(_) => assert!(!is_bad, "{id} does not fit"),
            other => panic!("a new id: {other:?}"),
        }
    }

    /// A worker that may be there already.
    async fn start_again(&self, context: &Context) {
        if !self.id.contains('w') {
            return;
        }
        let restart = children::restart_of(&self.id);
        let child = tree::worker(&self.id, &self.mood).restart(restart);
        let child = match children::is_significant(&self.id) {
            true => child.significant(),
            false => child,
        };
        self.history.asked(self.pid(), &self.id);
        match self.supervisor.start_child(context, child).await {
            Err(error @ (AdminError::NotFound | AdminError::BadSpec(_))) => panic!("{error}"),
            _known_or_not => {}
        }
    }

    async fn terminate(&self, context: &Context) {
        self.history.asked(self.pid(), &self.id);
        match self.supervisor.terminate_child(context, &self.id).await {
            Ok(()) | Err(AdminError::NotFound | AdminError::NoAnswer(_)) => {}
            other => panic!("{other:?}"),
        }
    }

    async fn restart(&self, context: &Context) {
        match self.supervisor.restart_child(context, &self.id).await {
            Ok(_)
            | Err(
                AdminError::Running(_)
                | AdminError::Restarting
                | AdminError::NotFound
                | AdminError::NotStarted(_)
                | AdminError::NoAnswer(_),
            ) => {}
            other => panic!("{other:?}"),
        }
    }

    async fn delete(&self, context: &Context) {
        self.history.asked(self.pid(), &self.id);
        match self.supervisor.delete_child(context, &self.id).await {
            Ok(())
            | Err(
                AdminError::Running(_)
                | AdminError::Restarting
                | AdminError::NotFound
                | AdminError::NoAnswer(_),
            ) => {}
            other => panic!("{other:?}"),
        }
    }

    async fn start_with(&self, context: &Context) {
        let behaviour = Behaviour::draw(&self.mood);
        match self.supervisor.start_child_with(context, behaviour).await {
            Ok(_) | Err(AdminError::NotStarted(_) | AdminError::NoAnswer(_)) => {}
            other => panic!("{other:?}"),
        }
    }

    async fn terminate_pid(&self, context: &Context) {
        let Ok(children) = self.supervisor.which_children(context).await else {
            return;
        };
        let pids = children.iter().filter_map(|child| match child.status {
            ChildStatus::Running(pid) => Some(pid),
            ChildStatus::Restarting | ChildStatus::Stopped => None,
        });
        let Some(pid) = pids.max() else {
            return;
        };
        self.history.asked(self.pid(), "");
        match self.supervisor.terminate_pid(context, pid).await {
            Ok(()) | Err(AdminError::NoAnswer(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}
