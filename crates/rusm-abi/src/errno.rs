//! What a raw import answers when the answer is no: a negative [`Errno`].

/// Why a call was not done. As a result it is negative: see [`Errno::as_i32`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    /// -1: the profile refuses. `take` gives a [`Denial`](crate::Denial).
    Denied,
    /// -2: nobody holds the name.
    NoName,
    /// -3: the receiver's mailbox is at its bound, or the caller's timers hold all they may.
    MailboxFull,
    /// -4: over a bound of [`limits`](crate::limits).
    TooLarge,
    /// -5: no reply came in time.
    Timeout,
    /// -6: the callee ended before it replied. `take` gives a [`Reason`](crate::Reason).
    Exited,
    /// -7: the name is held, or the caller holds another.
    Taken,
    /// -8: that is no name.
    Invalid,
    /// -9: there is none: no such key, timer or process.
    NotFound,
    /// -10: no component of that name.
    UnknownComponent,
    /// -11: wider than allowed. `take` gives a text.
    Escalation,
    /// -12: no room for another process.
    TooMany,
    /// -13: not a valid component or module. `take` gives a text.
    InvalidCode,
    /// -14: the node has no store.
    NoStore,
    /// -15: a comparison failed. `take` gives the operation's index, a `u32`.
    Conflict,
    /// -16: the store failed. `take` gives a text.
    Failed,
}

/// What `take` gives after an [`Errno`]. Texts are bare UTF-8: their length is the result's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// A [`Denial`](crate::Denial).
    Denial,
    /// A [`Reason`](crate::Reason).
    Reason,
    /// A bare text.
    Text,
    /// A `u32`.
    Index,
}

impl Errno {
    /// Every code there is.
    pub const ALL: &'static [Self] = &[
        Self::Denied,
        Self::NoName,
        Self::MailboxFull,
        Self::TooLarge,
        Self::Timeout,
        Self::Exited,
        Self::Taken,
        Self::Invalid,
        Self::NotFound,
        Self::UnknownComponent,
        Self::Escalation,
        Self::TooMany,
        Self::InvalidCode,
        Self::NoStore,
        Self::Conflict,
        Self::Failed,
    ];

    /// The result that a call answers with: always negative.
    pub const fn as_i32(self) -> i32 {
        match self {
            Self::Denied => -1,
            Self::NoName => -2,
            Self::MailboxFull => -3,
            Self::TooLarge => -4,
            Self::Timeout => -5,
            Self::Exited => -6,
            Self::Taken => -7,
            Self::Invalid => -8,
            Self::NotFound => -9,
            Self::UnknownComponent => -10,
            Self::Escalation => -11,
            Self::TooMany => -12,
            Self::InvalidCode => -13,
            Self::NoStore => -14,
            Self::Conflict => -15,
            Self::Failed => -16,
        }
    }

    /// Reads a result; `None` when it is no known code.
    pub fn from_i32(result: i32) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|errno| errno.as_i32() == result)
    }

    /// What `take` gives after this code.
    pub const fn detail(self) -> Detail {
        match self {
            Self::Denied => Detail::Denial,
            Self::Exited => Detail::Reason,
            Self::Escalation | Self::InvalidCode | Self::Failed => Detail::Text,
            Self::Conflict => Detail::Index,
            Self::NoName
            | Self::MailboxFull
            | Self::TooLarge
            | Self::Timeout
            | Self::Taken
            | Self::Invalid
            | Self::NotFound
            | Self::UnknownComponent
            | Self::TooMany
            | Self::NoStore => Detail::None,
        }
    }
}
