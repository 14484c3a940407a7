//! How much harm a need can do, in five words that people understand.

use crate::needs::Need;
use rusm_caps::Permission;
use std::fmt;

/// How much harm code could do with what it can use, if its profile grants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// It computes, and reaches nothing beyond its own process.
    None,
    /// It reaches only what the node bounds and marks: its log, other processes by messages.
    Low,
    /// It sees what the operator keeps, or starts what the operator declared.
    Medium,
    /// It changes what outlives the process, or reaches beyond the node.
    High,
    /// It reaches past the sandbox: it runs code that nobody declared, or rules over other processes.
    Critical,
}

impl Risk {
    /// What this need is worth.
    pub fn of(need: Need) -> Risk {
        match need.permission {
            Permission::Send | Permission::Stdio => Risk::Low,
            Permission::Env | Permission::Spawn => Risk::Medium,
            Permission::Files | Permission::Storage if !need.writes => Risk::Medium,
            Permission::Files | Permission::Storage | Permission::Network | Permission::Listen => {
                Risk::High
            }
            // Most programs only ever link and signal their own children.
            Permission::ProcessControl if need.is_routine => Risk::Low,
            Permission::ProcessControl | Permission::Load | Permission::HostFunctions => {
                Risk::Critical
            }
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Risk::None => "none",
            Risk::Low => "low",
            Risk::Medium => "medium",
            Risk::High => "high",
            Risk::Critical => "critical",
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
