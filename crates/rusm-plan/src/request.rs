//! What a request about one child comes to: the functions behind terminate, restart and delete (OTP
//! statements 130, 131).
//!
//! A request is no end by itself: it counts as no restart, concerns no sibling, and ends no supervisor.

use crate::children::{Child, ChildKey, ChildState, Children};
use crate::plan::{Rules, Step, is_kept};
use alloc::vec::Vec;

/// Why a child cannot be restarted or deleted: only one that is stopped can (OTP statement 131).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<P> {
    /// It has this process.
    Running(P),
    /// Its restart failed and is to be tried again.
    Restarting,
}

/// Stops a child; its spec stays, unless it is temporary or in a dynamic supervisor. Nothing is stopped twice,
/// so this is no error for one that is stopped already.
pub fn terminate<S, P: Copy + Ord, M: Copy + Ord>(
    rules: Rules,
    children: &Children<S, P, M>,
    who: ChildKey,
) -> Vec<Step> {
    let Some(child) = children.find(who) else {
        return Vec::new();
    };
    let stops = child.state().is_live().then_some(Step::Stop(who));
    let forgets = (!is_kept(rules, child)).then_some(Step::Forget(who));
    stops.into_iter().chain(forgets).collect()
}

/// Starts a stopped child.
///
/// # Errors
/// [`Refusal`]: it is not stopped.
pub fn restart<S, P: Copy, M: Copy>(
    who: ChildKey,
    child: &Child<S, P, M>,
) -> Result<Step, Refusal<P>> {
    if_stopped(child).map(|()| Step::Start(who))
}

/// Drops the spec of a stopped child.
///
/// # Errors
/// [`Refusal`]: it is not stopped.
pub fn delete<S, P: Copy, M: Copy>(
    who: ChildKey,
    child: &Child<S, P, M>,
) -> Result<Step, Refusal<P>> {
    if_stopped(child).map(|()| Step::Forget(who))
}

fn if_stopped<S, P: Copy, M: Copy>(child: &Child<S, P, M>) -> Result<(), Refusal<P>> {
    match child.state() {
        ChildState::Running { pid, .. } => Err(Refusal::Running(pid)),
        ChildState::Restarting => Err(Refusal::Restarting),
        ChildState::Ended => Ok(()),
    }
}
