//! Everything that can be asked of the reference monitor: a closed list.
//!
//! A host operation with an effect adds its variant here, and the compiler then lists the places
//! that must say something about it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use crate::Permission;

/// How another process is related to the one that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It is the caller itself.
    Own,
    /// The caller spawned it.
    Child,
    /// It spawned the caller.
    Parent,
    /// A child of a child, and so on.
    Descendant,
    /// Anything else, a parent's parent included.
    Other,
}

/// The process that a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer<'a> {
    /// An opaque number.
    pub pid: u64,
    /// The registered name by which it is addressed, or holds.
    pub name: Option<&'a str>,
    /// The component that it runs.
    pub component: &'a str,
    /// What it is to the caller.
    pub relation: Relation,
}

/// Looking, or changing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Looking only.
    Read,
    /// Changing.
    Write,
}

/// Why WASI refused something beneath a granted folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// It would have changed something, and the folder is granted for reading.
    ReadOnly,
    /// The path, or a link on it, leads out of the folder.
    LeadsOut,
    /// The process has given up its folders.
    GivenUp,
}

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Streams.
    Tcp,
    /// Datagrams.
    Udp,
}

/// One effect that a guest wants to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Send a message or a call to a process. Answering a call is not asked about.
    Send {
        /// The receiver; addressed by name, the process that holds the name, with that name.
        to: Peer<'a>,
    },
    /// Link with a process.
    Link {
        /// The other end.
        to: Peer<'a>,
    },
    /// Send an exit signal.
    Signal {
        /// Who gets it.
        to: Peer<'a>,
    },
    /// Start a component.
    Spawn {
        /// Its name.
        component: &'a str,
    },
    /// Register code that the process brings itself.
    Load,
    /// Inspect or kill a process.
    ProcessControl {
        /// The process.
        to: Peer<'a>,
    },
    /// List the processes of the node.
    ListProcesses,
    /// Use a bucket of the store.
    Storage {
        /// The bucket.
        bucket: &'a str,
        /// The key, or the prefix of a listing; for the audit only.
        key: &'a str,
        /// Whether it changes anything.
        access: Access,
    },
    /// Open a preopened folder.
    OpenDir {
        /// The folder on the host, as granted.
        host: &'a Path,
        /// Where the guest sees it.
        guest: &'a str,
        /// Whether writing is asked for.
        access: Access,
    },
    /// Use a path beneath a folder that is open. Whoever resolves the path finds out what stands
    /// against it, so this is asked once it was refused, and is never allowed.
    Beneath {
        /// Where the guest sees the folder; empty if it came there through another handle.
        folder: &'a str,
        /// The path from there, as the guest gave it; empty for what is open already.
        path: &'a str,
        /// Why it was refused.
        obstacle: Obstacle,
    },
    /// See an environment variable.
    Env {
        /// Its name.
        name: &'a str,
    },
    /// Connect or send datagrams to an address; also, whether to take a datagram from it.
    Connect {
        /// The resolved address, the one that will be dialled.
        addr: SocketAddr,
        /// What is spoken.
        proto: Protocol,
        /// The names for which this process was told this very address, each looked up under a
        /// rule that covers it. The caller bounds how many it keeps.
        names: &'a [Arc<str>],
    },
    /// Connect to a host by name, before the name is looked up: what `wasi:http` asks first. Each
    /// address that the look-up gives is asked about once more, by [`Request::Connect`].
    ConnectName {
        /// The name, or an address in its place.
        name: &'a str,
        /// The port.
        port: u16,
    },
    /// Bind a socket. Port 0 is what every outgoing socket does, at the latest when it connects;
    /// a chosen port is listening.
    Bind {
        /// The local address.
        addr: SocketAddr,
        /// What is spoken.
        proto: Protocol,
    },
    /// Accept connections, or datagrams, at a local address.
    Listen {
        /// The local address.
        addr: SocketAddr,
    },
    /// Look up the addresses of a name.
    ResolveName {
        /// The name.
        name: &'a str,
    },
    /// Use the real terminal.
    Stdio,
    /// Call a function of the embedding program.
    HostFunction {
        /// Its full name, such as `acme:billing/charge@1.2.0#pay`.
        name: &'a str,
    },
}

impl Request<'_> {
    /// The permission that answers it.
    pub fn permission(&self) -> Permission {
        match self {
            Request::Send { .. } => Permission::Send,
            Request::Link { .. }
            | Request::Signal { .. }
            | Request::ProcessControl { .. }
            | Request::ListProcesses => Permission::ProcessControl,
            Request::Spawn { .. } => Permission::Spawn,
            Request::Load => Permission::Load,
            Request::Storage { .. } => Permission::Storage,
            Request::OpenDir { .. } | Request::Beneath { .. } => Permission::Files,
            Request::Env { .. } => Permission::Env,
            Request::Bind { addr, .. } if addr.port() != 0 => Permission::Listen,
            Request::Bind { .. }
            | Request::Connect { .. }
            | Request::ConnectName { .. }
            | Request::ResolveName { .. } => Permission::Network,
            Request::Listen { .. } => Permission::Listen,
            Request::Stdio => Permission::Stdio,
            Request::HostFunction { .. } => Permission::HostFunctions,
        }
    }
}
