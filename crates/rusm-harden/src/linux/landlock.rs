//! Landlock: which files and ports stay within reach of this thread and of those it starts.
//!
//! Rights are those of Landlock ABI 7, never "all that the kernel has": what a newer kernel knows changes nothing.

use crate::needs::Ports;
use crate::plan::{Access, Plan};
use crate::report::Unopened;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus,
    NetPort, PathBeneath, PathFd, RestrictSelfAttr, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, make_bitflags,
};
use std::io::ErrorKind;
use std::path::Path;

/// The version whose rights are used.
const USED: ABI = ABI::V7;

const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
/// Everything that a guest can do in a folder: no devices, pipes or sockets, and nothing is ever executed.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | RemoveFile | RemoveDir | MakeReg | MakeDir | MakeSym | Refer
});

/// Of a folder that belongs to the operator: taking away what the node has put there.
const REMOVE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{RemoveFile});

/// What came of it.
#[derive(Debug)]
pub(super) struct Domain {
    /// The version that the kernel has; none without Landlock.
    pub(super) abi: Option<u32>,
    /// The version that is enforced, or why nothing is.
    pub(super) enforced: Result<u32, String>,
    /// Whether threads that were there before are in it as well.
    pub(super) all_threads: bool,
    pub(super) no_new_privs: bool,
    /// Places that somebody asked for and that could not be opened.
    pub(super) unopened: Vec<Unopened>,
    /// Every place of the plan that was there.
    pub(super) held: Vec<PathFd>,
}

/// Restricts the calling thread, and all others where the kernel can do that.
pub(super) fn restrict(plan: &Plan) -> Domain {
    let mut domain = Domain {
        abi: None,
        enforced: Ok(0),
        all_threads: false,
        no_new_privs: false,
        unopened: Vec::new(),
        held: Vec::new(),
    };
    match attempt(plan, &mut domain) {
        Ok(status) => domain.settle(&status),
        Err(error) => domain.enforced = Err(format!("Landlock failed: {error}")),
    }
    domain
}

fn attempt(plan: &Plan, domain: &mut Domain) -> Result<RestrictionStatus, RulesetError> {
    let mut ruleset = ruleset(plan)?;
    for (path, place) in plan.places() {
        match PathFd::new(path) {
            Ok(handle) => {
                let rights = match place.access {
                    Access::Read => READ,
                    Access::Write => WRITE,
                };
                // Of a file, what is for folders alone is left out by itself.
                ruleset = ruleset.add_rule(PathBeneath::new(&handle, rights))?;
                domain.held.push(handle);
            }
            Err(_) if !place.is_asked_for => {}
            Err(error) => domain.unopened.push(unopened(path, &error)),
        }
    }
    // What cannot be opened is not the node's to remove from.
    for handle in plan.remove().iter().flat_map(PathFd::new) {
        ruleset = ruleset.add_rule(PathBeneath::new(&handle, REMOVE))?;
        domain.held.push(handle);
    }
    ruleset = with_ports(ruleset, plan.connect(), AccessNet::ConnectTcp)?;
    ruleset = with_ports(ruleset, plan.bind(), AccessNet::BindTcp)?;
    ruleset.all_threads(true)?.restrict_self()
}

/// Everything closed that the kernel can close.
fn ruleset(plan: &Plan) -> Result<RulesetCreated, RulesetError> {
    // The first version cannot leave moves between folders open, which guests make: it is none for us.
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::SoftRequirement)
        .handle_access(AccessFs::Refer)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(USED))?
        .scope(Scope::from_all(USED))?;
    for (ports, access) in [
        (plan.connect(), AccessNet::ConnectTcp),
        (plan.bind(), AccessNet::BindTcp),
    ] {
        if *ports != Ports::Any {
            ruleset = ruleset.handle_access(access)?;
        }
    }
    ruleset.create()
}

fn with_ports(
    ruleset: RulesetCreated,
    ports: &Ports,
    access: AccessNet,
) -> Result<RulesetCreated, RulesetError> {
    match ports {
        Ports::Any => Ok(ruleset),
        Ports::Some(ports) => {
            let rules = ports.iter().map(|port| Ok(NetPort::new(*port, access)));
            ruleset.add_rules(rules)
        }
    }
}

fn unopened(path: &Path, error: &landlock::PathFdError) -> Unopened {
    let source = std::error::Error::source(error);
    let io = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    let cause = match io {
        Some(io) if io.kind() == ErrorKind::NotFound => "it does not exist".to_owned(),
        Some(io) => io.to_string(),
        None => error.to_string(),
    };
    Unopened {
        path: path.to_owned(),
        cause,
    }
}

impl Domain {
    fn settle(&mut self, status: &RestrictionStatus) {
        self.all_threads = status.all_threads;
        self.no_new_privs = status.no_new_privs;
        let (effective, abi) = match status.landlock {
            LandlockStatus::NotImplemented => return self.lack("this kernel has no Landlock"),
            LandlockStatus::NotEnabled => {
                return self.lack("Landlock is switched off in this kernel (boot parameter lsm=)");
            }
            LandlockStatus::Available {
                effective_abi,
                kernel_abi,
            } => (
                effective_abi as i32,
                kernel_abi.unwrap_or(effective_abi as i32),
            ),
        };
        self.abi = u32::try_from(abi).ok();
        match status.ruleset {
            RulesetStatus::NotEnforced => self.lack(
                "Landlock ABI 1 would refuse moves between folders, which guests make: needs Linux 5.19",
            ),
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => {
                self.enforced = Ok(u32::try_from(effective).unwrap_or_default());
            }
        }
    }

    fn lack(&mut self, why: &str) {
        self.enforced = Err(why.to_owned());
    }
}
