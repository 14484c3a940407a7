//! Child administration, and dynamic supervisors.

use rusm_sdk::spawner::Spawn;
use rusm_sdk::supervisor::{
    self, AdminError, ChildInfo, ChildSpec, Presence, Restart, count_children, delete_child,
    restart_child, start_child, start_child_with, terminate_child, terminate_process,
    which_children,
};
use rusm_sdk::{ExitReason, Pid, mailbox, registry, server, tags};

use super::houses::{close, holder, open, until};
use super::{clerk, end_of};
use crate::clerk::{helper, words};
use crate::tell::{fail, must, show, tell};

pub(super) fn run(scene: &str) -> bool {
    match scene {
        "adm_start" => adm_start(),
        "adm_terminate" => adm_terminate(),
        "adm_restart_delete" => adm_restart_delete(),
        "adm_list" => adm_list(),
        "dyn_same_spec" => dyn_same_spec(),
        "dyn_stop" => dyn_stop(),
        "not_admitted" => not_admitted(),
        "garbage" => garbage(),
        _ => return false,
    }
    true
}

fn child(id: &str, words: &[&str]) -> ChildSpec {
    let spawn = words
        .iter()
        .fold(clerk(id).name(id), |spawn, word| spawn.arg(*word));
    ChildSpec::server(id, spawn)
}

/// What it came to, with the name that a process has in its place.
fn outcome(result: Result<Option<Pid>, AdminError>) -> String {
    let named = |pid: Pid| {
        let name = ["a", "b"]
            .into_iter()
            .find(|name| registry::whereis(name) == Some(pid));
        name.unwrap_or("nobody").to_owned()
    };
    match result {
        Ok(process) => format!("{:?}", process.map(named)),
        Err(AdminError::AlreadyStarted(pid)) => format!("already started {}", named(pid)),
        Err(AdminError::Running(pid)) => format!("running {}", named(pid)),
        Err(error) => format!("{error:?}"),
    }
}

fn ids(house: Pid) -> Vec<Option<String>> {
    must(which_children(house))
        .into_iter()
        .map(|child| child.id)
        .collect()
}

fn adm_start() {
    let house = open("h one-for-one 1 5");
    tell(outcome(start_child(house, &child("a", &[]))));
    tell(outcome(start_child(house, &child("a", &[]))));
    must(terminate_child(house, "a"));
    tell(outcome(start_child(house, &child("a", &[]))));
    tell(outcome(start_child(house, &child("b", &["stop", "no"]))));
    tell(outcome(start_child(house, &child("b", &["ignore"]))));
    let significant = child("c", &[]).restart(Restart::Transient).significant();
    tell(outcome(start_child(house, &significant)));
    let unspawnable = ChildSpec::worker("d", Spawn::new("clerk").arg("x".repeat(1 << 20)));
    tell(outcome(start_child(house, &unspawnable)));
    let unknown = ChildSpec::worker("e", Spawn::new("nothing"));
    tell(outcome(start_child(house, &unknown)));
    show("ids", ids(house));
    close(house);
}

fn adm_terminate() {
    let house =
        open("h one-for-all 0 5 child a clerk permanent 60000 trap child b clerk temporary brutal");
    for id in ["a", "a", "b", "b", "nobody"] {
        show(id, terminate_child(house, id));
    }
    show("ids", ids(house));
    close(house);
}

fn adm_restart_delete() {
    let house = open("h one-for-one 1 5 child a clerk permanent 60000");
    tell(outcome(restart_child(house, "a")));
    tell(outcome(delete_child(house, "a").map(|()| None)));
    tell(outcome(restart_child(house, "nobody")));
    tell(outcome(delete_child(house, "nobody").map(|()| None)));
    must(terminate_child(house, "a"));
    tell(outcome(restart_child(house, "a")));
    must(terminate_child(house, "a"));
    show("delete", delete_child(house, "a"));
    show("ids", ids(house));
    close(house);
}

/// The list and the counts agree.
fn adm_list() {
    let house = open(
        "h one-for-one 1 5 child a clerk permanent 60000 child b clerk permanent 60000
         child inner house permanent infinity inner one-for-one 1 5",
    );
    must(terminate_child(house, "b"));
    for ChildInfo { id, presence, kind } in must(which_children(house)) {
        let id = id.unwrap_or_default();
        let is_itself = presence == Presence::Running(registry::whereis(&id).unwrap_or(house));
        show(&id, (presence == Presence::Stopped, is_itself, kind));
    }
    show("counts", count_children(house));
    close(house);
}

fn dyn_same_spec() {
    let house = open("h dynamic 5 5 child worker clerk permanent 60000");
    show("ids", ids(house));
    let first = process_of(start_child_with(house, ["first"]));
    let second = process_of(start_child_with(house, ["second"]));
    tell(outcome(start_child(house, &child("a", &[]))));
    show("by id", terminate_child(house, "worker"));
    show("counts", count_children(house));
    // Restarted with the arguments that it was started with: it says its label again.
    server::cast(first, &words("fail", "e"));
    until("h: ended worker, error: e, Restart");
    until("h: started worker");
    show("by process", terminate_process(house, second));
    show("again", terminate_process(house, second));
    show("ids", ids(house));
    let failing = start_child_with(house, ["third", "stop", "no"]);
    tell(outcome(failing));
    tell(outcome(start_child_with(house, ["fourth", "ignore"])));
    show("ids", ids(house));
    close(house);
}

fn process_of(started: Result<Option<Pid>, AdminError>) -> Pid {
    must(started).unwrap_or_else(|| fail("it is not ignored"))
}

/// Each waits for the others to be asked as well: one after the other would take for ever.
fn dyn_stop() {
    let house = open("h dynamic 1 5 child worker clerk permanent infinity");
    for label in ["a", "b", "c"] {
        process_of(start_child_with(house, [label, "trap", "crew", "3"]));
    }
    close(house);
}

fn not_admitted() {
    let _house = holder_of_house();
    let stranger = must(helper(&["list-house"]).start()).process;
    end_of(stranger);
}

fn holder_of_house() -> Pid {
    let spawn = crate::house::house(&["h", "one-for-one", "1", "5"]).name("house");
    must(server::start(&spawn, None));
    holder("house")
}

/// Hostile bytes are answered, and nothing else comes of them.
fn garbage() {
    let house = open("h one-for-one 1 5 child a clerk permanent 60000");
    for bytes in [&[][..], &[99], &[2, 0xff, 0xff, 0xff, 0xff], &[5; 9]] {
        show("raw", mailbox::call(house, tags::CALL, bytes, None));
    }
    must(mailbox::send(house, tags::CAST, &[1, 2, 3]));
    must(mailbox::send(house, 3, b"a message"));
    show("counts", supervisor::count_children(house));
    must(server::stop(house, &ExitReason::Shutdown, None));
}
