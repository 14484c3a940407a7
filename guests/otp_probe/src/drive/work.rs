//! Tasks, as their owner sees them.

use std::time::Duration;

use rusm_sdk::mailbox::Event;
use rusm_sdk::process::{self, ExitSignals};
use rusm_sdk::spawner::Spawn;
use rusm_sdk::task::{AWAIT_TIMEOUT, Task, TaskError, Yield};
use rusm_sdk::{ExitReason, Pid};

use super::{end_of, waiting};
use crate::tell::{must, show, tell};

const SOON: Duration = Duration::from_millis(20);

pub(super) fn run(scene: &str) -> bool {
    match scene {
        "task_await" => task_await(),
        "task_crash" => task_crash(),
        "task_crash_linked" => task_crash_linked(),
        "task_crash_trapped" => task_crash_trapped(),
        "task_timeout" => task_timeout(),
        "task_yield" => task_yield(),
        "task_shutdown" => task_shutdown(),
        "task_types" => task_types(),
        "task_owner_ends" => task_owner_ends(),
        _ => return false,
    }
    true
}

fn task(words: &[&str]) -> Spawn {
    let spawn = Spawn::new("task").arg("task");
    words.iter().fold(spawn, |spawn, word| spawn.arg(*word))
}

fn linked(words: &[&str]) -> Task<u64> {
    must(Task::spawn(&task(words), &7_u64))
}

fn unlinked(words: &[&str]) -> Task<u64> {
    must(Task::spawn_nolink(&task(words), &7_u64))
}

/// What came of it, without what differs from run to run.
fn outcome(result: Result<u64, TaskError>) -> String {
    match result {
        Err(TaskError::Exited(ExitReason::Trap(_))) => "trap".into(),
        other => format!("{other:?}"),
    }
}

/// All are under way before the first is awaited, and are awaited in another order.
fn task_await() {
    let tasks: Vec<Task<u64>> = (1..=4_u64)
        .map(|number| must(Task::spawn(&task(&["square"]), &number)))
        .collect();
    for task in tasks.into_iter().rev() {
        tell(outcome(task.await_result(AWAIT_TIMEOUT)));
    }
    show("mailbox", waiting());
}

fn task_crash() {
    tell(outcome(unlinked(&["panic"]).await_result(None)));
    tell(outcome(unlinked(&["exit", "broken"]).await_result(None)));
    show("mailbox", waiting());
}

/// By its link the crash is the owner's end too.
fn task_crash_linked() {
    tell(outcome(linked(&["exit", "broken"]).await_result(None)));
}

/// An owner that traps has the error as a value, and the notice of the link.
fn task_crash_trapped() {
    process::trap_exits(ExitSignals::Trapped);
    tell(outcome(linked(&["exit", "broken"]).await_result(None)));
    if let Some(Event::Exit(exit)) = waiting() {
        tell(format_args!("notice {}", exit.reason));
    }
    show("mailbox", waiting());
}

fn task_timeout() {
    for task in [unlinked(&["forever"]), linked(&["forever"])] {
        let pid = task.process();
        tell(outcome(task.await_result(Some(SOON))));
        show("then", end_of(pid));
    }
    show("mailbox", waiting());
}

fn yielded(result: Yield<u64>) -> Option<Task<u64>> {
    match result {
        Yield::Ended(result) => {
            tell(outcome(result));
            None
        }
        Yield::Running(task) => {
            tell("running");
            Some(task)
        }
    }
}

fn task_yield() {
    if let Some(task) = yielded(linked(&["forever"]).yield_result(SOON)) {
        show("shutdown", task.shutdown(None));
    }
    let square = linked(&["square"]);
    let pid: Pid = square.process();
    end_of(pid);
    yielded(square.yield_result(Duration::ZERO));
}

fn task_shutdown() {
    let long = Some(Duration::from_secs(600));
    show("obeys", linked(&["forever"]).shutdown(long));
    show("is killed", linked(&["trap"]).shutdown(Some(SOON)));
    show("at once", linked(&["trap"]).shutdown(None));
    let square = linked(&["square"]);
    end_of(square.process());
    show("was done", square.shutdown(long));
    let broken = unlinked(&["exit", "broken"]);
    end_of(broken.process());
    show("had crashed", broken.shutdown(long));
    show("mailbox", waiting());
}

fn task_types() {
    tell(outcome(unlinked(&["text"]).await_result(None)));
    let text = must(Task::<u64>::spawn_nolink(
        &task(&["text"]),
        &"texts".to_owned(),
    ));
    tell(outcome(text.await_result(None)));
    let huge = vec![0_u8; 17 << 20];
    let refused = Task::<u64>::spawn(&task(&["square"]), &huge);
    tell(refused.map_or_else(|error| format!("{error:?}"), |_| "taken".into()));
    let nothing = Task::<u64>::spawn(&Spawn::new("nothing"), &1_u64);
    tell(nothing.map_or_else(|error| format!("{error:?}"), |_| "spawned".into()));
}

/// The owner of a linked task ends: so does the task.
fn task_owner_ends() {
    let _task = linked(&["forever"]);
    process::exit(&ExitReason::Error("owner".into()));
}
