//! A refusal as the raw path tells it: a code, and a detail for `take`.

use super::result::encoded;
use crate::abi::reason;
use crate::host::kv::KvRefused;
use crate::host::mailbox::{CallRefused, SendRefused};
use crate::host::registry::NameRefused;
use crate::runtime::SpawnFailure;
use rusm_abi::{Denial, Errno};
use rusm_caps::Denied;

#[derive(Debug)]
pub(super) struct Refused {
    pub(super) errno: Errno,
    pub(super) detail: Option<Vec<u8>>,
}

impl Refused {
    fn with(errno: Errno, detail: Vec<u8>) -> Self {
        Self {
            errno,
            detail: Some(detail),
        }
    }
}

impl From<Errno> for Refused {
    fn from(errno: Errno) -> Self {
        Self {
            errno,
            detail: None,
        }
    }
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        let denial = Denial {
            permission: denied.permission,
            target: &denied.target,
            help: &denied.help,
        };
        Self::with(Errno::Denied, encoded(&denial))
    }
}

impl From<SendRefused> for Refused {
    fn from(refused: SendRefused) -> Self {
        match refused {
            SendRefused::Denied(denied) => denied.into(),
            SendRefused::NoName => Errno::NoName.into(),
            SendRefused::MailboxFull => Errno::MailboxFull.into(),
            SendRefused::TooLarge => Errno::TooLarge.into(),
        }
    }
}

impl From<CallRefused> for Refused {
    fn from(refused: CallRefused) -> Self {
        match refused {
            CallRefused::Denied(denied) => denied.into(),
            CallRefused::MailboxFull => Errno::MailboxFull.into(),
            CallRefused::TooLarge => Errno::TooLarge.into(),
            CallRefused::Timeout => Errno::Timeout.into(),
            CallRefused::Exited(why) => Self::with(Errno::Exited, encoded(&reason(&why))),
        }
    }
}

impl From<NameRefused> for Refused {
    fn from(refused: NameRefused) -> Self {
        match refused {
            NameRefused::Taken => Errno::Taken.into(),
            NameRefused::Invalid => Errno::Invalid.into(),
        }
    }
}

impl From<SpawnFailure> for Refused {
    fn from(failure: SpawnFailure) -> Self {
        match failure {
            SpawnFailure::Denied(denied) => denied.into(),
            SpawnFailure::UnknownComponent(_) => Errno::UnknownComponent.into(),
            SpawnFailure::Escalation(text) => Self::with(Errno::Escalation, text.into_bytes()),
            SpawnFailure::NameTaken => Errno::Taken.into(),
            SpawnFailure::TooMany(_) => Errno::TooMany.into(),
            SpawnFailure::InvalidCode(text) => Self::with(Errno::InvalidCode, text.into_bytes()),
        }
    }
}

impl From<KvRefused> for Refused {
    fn from(refused: KvRefused) -> Self {
        match refused {
            KvRefused::Denied(denied) => denied.into(),
            KvRefused::NoStore => Errno::NoStore.into(),
            KvRefused::TooLarge => Errno::TooLarge.into(),
            KvRefused::Conflict(index) => Self::with(Errno::Conflict, index.to_le_bytes().into()),
            KvRefused::Failed(text) => Self::with(Errno::Failed, text.into_bytes()),
        }
    }
}
