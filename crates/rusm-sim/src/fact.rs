//! What can happen in a run: [`Fact`].

use rusm_actor::{
    CallError, Event, ExitReason, Name, NameError, Pid, Ref, Selector, SendError, SpawnError,
};
use std::fmt;
use std::time::Duration;

/// A message, a request or a timer's message, unique within a run; its payload begins with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId(pub u64);

/// Who is addressed, and whether it was in the process table at that moment: then the inbox took the envelope,
/// unless the sender was told otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Who.
    pub pid: Pid,
    /// Whether it was there.
    pub is_there: bool,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gone = if self.is_there { "" } else { " (gone)" };
        write!(f, "{}{gone}", self.pid)
    }
}

/// How a process is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Birth {
    /// Linked with its parent.
    pub link: bool,
    /// Under this name.
    pub name: Option<Name>,
    /// The messages that its mailbox holds, when they are few.
    pub tight: Option<usize>,
}

/// One thing that happened. Those about signals and messages are written just before they are sent.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The node published the process.
    Spawned {
        /// Its spawner.
        parent: Option<Pid>,
    },
    /// The node reported the end.
    Exited {
        /// Why.
        reason: ExitReason,
        /// What it left unread.
        unread: usize,
    },
    /// One step of the simulation is over; no slice is under way.
    Step,
    /// From here on the node lets nobody in, and everybody alive has been sent a kill.
    Shutdown,
    /// A slice of the body begins.
    SliceBegins,
    /// It is over.
    SliceEnds,
    /// The body returns this.
    Returns(ExitReason),
    /// The body panics with this text.
    Panics(String),
    /// The body is being dropped: the end has begun.
    Dies,

    /// A message goes out.
    Sends {
        /// Which.
        id: LetterId,
        /// To whom; nobody holds the name otherwise.
        to: Option<Target>,
        /// Its tag.
        tag: u64,
    },
    /// The send failed.
    NotSent {
        /// Which.
        id: LetterId,
        /// Why.
        error: SendError,
    },
    /// A receive begins.
    Receives {
        /// What it looks for.
        select: Selector,
        /// Not beyond this time.
        until: Option<Duration>,
    },
    /// The receive that began last got this.
    Received {
        /// What.
        event: Event,
        /// Which letter, if it is one.
        id: Option<LetterId>,
    },
    /// The receive that began last got nothing in time.
    TimedOut,
    /// The receive or call that began last was dropped.
    GaveUp,
    /// The whole mailbox was looked through, and nothing was there.
    Drained,
    /// It has met a fatal signal.
    Doomed(ExitReason),
    /// A sleep begins.
    Sleeps {
        /// Until then.
        until: Duration,
    },
    /// The sleep is over.
    Slept,
    /// The body lets others run.
    Yields,

    /// A request goes out.
    Calls {
        /// Which.
        id: LetterId,
        /// To whom.
        to: Target,
        /// Its tag.
        tag: u64,
        /// Not beyond this time.
        until: Option<Duration>,
    },
    /// The call is over.
    Called {
        /// Which.
        id: LetterId,
        /// Which one the reply was to, or why there is none.
        result: Result<LetterId, CallError>,
    },
    /// An answer to a request goes out.
    Replies {
        /// To which.
        id: LetterId,
    },

    /// A link signal goes out.
    Links(Target),
    /// The link is removed.
    Unlinks(Pid),
    /// A monitor signal goes out.
    Monitors(Target),
    /// It has this reference.
    Monitored {
        /// The reference.
        monitor: Ref,
        /// Of the process that the last [`Fact::Monitors`] names, or of a child.
        target: Target,
    },
    /// The monitor is removed.
    Demonitors(Ref),
    /// An exit signal goes out; `Killed` is a kill.
    Signals {
        /// To whom.
        to: Target,
        /// Which.
        reason: ExitReason,
    },
    /// The trap flag is set.
    Traps(bool),

    /// A name was asked for.
    Registered {
        /// Which.
        name: Name,
        /// Whether it was given.
        result: Result<(), NameError>,
    },
    /// The process's own name was given up, if it held it.
    Unregistered {
        /// Which.
        name: Name,
        /// Whether it did.
        was_held: bool,
    },
    /// A name was looked up.
    Found {
        /// Which.
        name: Name,
        /// Who holds it.
        holder: Option<Pid>,
    },
    /// After a notice: whether the one it is about is still in the process table.
    Asked(Target),
    /// A group was joined.
    Joined(Name),
    /// One join was undone.
    Left {
        /// Of which group.
        group: Name,
        /// Whether there was one.
        was_member: bool,
    },
    /// A group was listed.
    Members {
        /// Which.
        group: Name,
        /// Its members.
        members: Vec<Pid>,
    },

    /// A timer was armed.
    Armed {
        /// Its reference.
        timer: Ref,
        /// What it sends.
        id: LetterId,
        /// To whom; to the holder of a name otherwise.
        to: Option<Target>,
        /// With this tag.
        tag: u64,
        /// When.
        due: Duration,
    },
    /// It could not be armed: the mailbox that it holds room in is full.
    NotArmed {
        /// To whom; to the holder of a name otherwise.
        to: Option<Target>,
    },
    /// A timer was taken back.
    Cancelled {
        /// Which.
        timer: Ref,
        /// What was left; nothing if it was not there.
        left: Option<Duration>,
    },

    /// A spawn begins.
    Spawns {
        /// How.
        birth: Birth,
        /// How many processes are alive.
        n_alive: usize,
    },
    /// The spawn that began last is over.
    Spawn(Result<Pid, SpawnError>),
    /// A line for checkers of one's own.
    Note(String),
}
