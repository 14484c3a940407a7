//! No sequence of calls gives a process a right that the operator granted neither to its component nor to its loader.
//!
//! [`world`] draws profiles and calls at random and lets real guests of both paths make them; [`oracle`] says what each
//! process may do, in sets of words, without a line of the code that is tested. After each call processes are asked,
//! and made to try, everything that there is. `RUSM_SEEDS=n` tries more worlds, `RUSM_SEED=s` one again.

mod holes;
mod oracle;
mod place;
mod world;

use crate::support::{PATIENCE, Scenario};
use rusm_core::Pid;

/// The tag of an order to a probe that obeys.
const ORDER: u64 = 0xde4;

/// Has a probe carry out a script; what it reported, line by line.
#[track_caller]
fn order(scenario: &Scenario, to: Pid, script: &str) -> Vec<String> {
    let asked = script.as_bytes().to_vec();
    let replied = scenario.runtime.node().block_on(move |context| async move {
        context.call(to, ORDER, asked, Some(PATIENCE)).await
    });
    let reply = match replied {
        Some(Ok(reply)) => reply,
        other => panic!("{to} did not carry out '{script}': {other:?}"),
    };
    let text = String::from_utf8_lossy(reply.as_slice()).into_owned();
    text.lines().map(str::to_owned).collect()
}

/// Gives a probe bytes that its next `load` takes.
fn hand(scenario: &Scenario, to: Pid, bytes: Vec<u8>) {
    let sent = scenario
        .runtime
        .node()
        .block_on(move |context| async move { context.send(to, 1, bytes) });
    assert!(
        matches!(sent, Some(Ok(()))),
        "its mailbox has room: {sent:?}"
    );
}

/// The process that an answer `spawn=ok:PID` names.
fn spawned(line: &str) -> Option<Pid> {
    let number = line.strip_prefix("spawn=ok:")?.parse().ok()?;
    Pid::from_u64(number)
}
