//! What a process may do, and the one place that answers.
//!
//! A [`Profile`] is an immutable set of grants and [`Limits`]. Every effect of a guest is a
//! [`Request`], a closed list; [`decide`] answers it from a profile alone, with one exhaustive
//! match. A [`Guard`] is a profile in use by one process: its `check` is the only way to a
//! [`Permit`], which carries the resolved thing, so what was checked is what is used, and every
//! denial goes to the [`AuditSink`].
//!
//! What always holds:
//!
//! - A profile grants nothing that was not put in: [`Profile::builder`] starts empty.
//! - Nothing widens a profile. [`Profile::restrict`], [`Profile::revoke`] and
//!   [`Guard::drop_permission`] give narrower ones, and whatever a narrower one allows, the
//!   profile it came from allows as well.
//! - An allowed check allocates nothing.
//! - An embedder's [`Policy`] is asked about what a profile allows, and can only refuse it.
//! - Text that a guest chose is escaped and cut before it reaches a [`Denied`] or the audit.
//!
//! ```
//! use std::sync::Arc;
//! use rusm_caps::{Guard, NetGrant, Profile, Protocol, RecordingSink, Request, Subject};
//!
//! let rules = NetGrant::Rules(vec!["public:443".parse()?]);
//! let web = Profile::sandboxed().to_builder("web").network(rules).build()?;
//! let sink = Arc::new(RecordingSink::denials());
//! let guard = Guard::new(Arc::new(web), Subject::new("api", 12, "<0.7.12>"), sink.clone());
//!
//! let addr = "8.8.8.8:443".parse()?;
//! let permit = guard.check(Request::Connect { addr, proto: Protocol::Tcp, names: &[] }, addr)?;
//! assert_eq!(permit.into_inner(), addr);
//!
//! let metadata = "169.254.169.254:443".parse()?;
//! let request = Request::Connect { addr: metadata, proto: Protocol::Tcp, names: &[] };
//! assert!(guard.check(request, metadata).is_err());
//! assert_eq!(sink.records().len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate knows nothing of files, sockets, clocks, Wasm or processes beyond an opaque number;
//! its `clippy.toml` keeps it so.

#![forbid(unsafe_code)]

mod attenuate;
mod audit;
mod builder;
mod builtin;
mod covers;
pub mod dangerous;
mod decide;
mod denied;
mod escape;
mod explain;
mod grant;
mod guard;
mod limits;
mod lines;
mod losses;
mod permission;
mod policy;
mod profile;
mod query;
mod request;
mod restrict;

pub use attenuate::{AttenuationError, Origin};
pub use audit::{AuditRecord, AuditSink, Outcome, Recorded, RecordingSink};
pub use builder::{ProfileBuilder, ProfileError};
pub use covers::Escalation;
pub use decide::decide;
pub use denied::Denied;
pub use escape::{is_steering, printable, quoted};
pub use explain::{
    Entry, Explanation, LIMIT_KEYS, TargetError, Verdict, entries, explain, explain_target,
    limit_text,
};
pub use grant::{
    BucketPattern, BucketSet, Cidr, DirGrant, EnvGrant, GrantError, HostFunctionGrant,
    HostFunctionName, HostPattern, KvGrant, ListenGrant, ListenRule, NetGrant, NetHost, NetRule,
    PortRange, SendGrant, SpawnGrant,
};
pub use guard::{Guard, Permit, PidText, Subject};
pub use limits::{LimitError, Limits};
pub use permission::Permission;
pub use policy::{Decision, Policy, Question};
pub use profile::Profile;
pub use request::{Access, Obstacle, Peer, Protocol, Relation, Request};
pub use restrict::{RestrictError, Restrictions};
