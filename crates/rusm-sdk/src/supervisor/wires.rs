//! Requests and answers of supervisors as bytes.

use std::time::Duration;

use rusm_plan::{ChildKind, Counts, Restart, Shutdown};

use super::child::Ready;
use super::request::{Done, Request};
use super::{AdminError, ChildInfo, ChildSpec, Presence};
use crate::Pid;
use crate::spawner::{Restrictions, Spawn};
use crate::wire::{Malformed, Reader, Wire};

impl Wire for Request {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Which => 0_u8.write(to),
            Self::Count => 1_u8.write(to),
            Self::Start(child) => {
                2_u8.write(to);
                child.write(to);
            }
            Self::StartWith(args) => {
                3_u8.write(to);
                args.write(to);
            }
            Self::Terminate(id) => {
                4_u8.write(to);
                id.write(to);
            }
            Self::TerminateProcess(process) => (5_u8, *process).write(to),
            Self::Restart(id) => {
                6_u8.write(to);
                id.write(to);
            }
            Self::Delete(id) => {
                7_u8.write(to);
                id.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match u8::read(from)? {
            0 => Self::Which,
            1 => Self::Count,
            2 => Self::Start(Box::new(ChildSpec::read(from)?)),
            3 => Self::StartWith(Vec::read(from)?),
            4 => Self::Terminate(String::read(from)?),
            5 => Self::TerminateProcess(Pid::read(from)?),
            6 => Self::Restart(String::read(from)?),
            7 => Self::Delete(String::read(from)?),
            _ => return Err(Malformed),
        })
    }
}

impl Wire for ChildSpec {
    fn write(&self, to: &mut Vec<u8>) {
        self.id.write(to);
        self.spawn.write(to);
        self.ready.write(to);
        self.restart.write(to);
        self.shutdown.write(to);
        (self.kind, self.is_significant).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: Wire::read(from)?,
            spawn: Wire::read(from)?,
            ready: Wire::read(from)?,
            restart: Wire::read(from)?,
            shutdown: Wire::read(from)?,
            kind: Wire::read(from)?,
            is_significant: Wire::read(from)?,
        })
    }
}

/// Without its ties: a supervisor makes those.
impl Wire for Spawn {
    fn write(&self, to: &mut Vec<u8>) {
        self.component.write(to);
        self.name.write(to);
        self.args.write(to);
        self.profile.write(to);
        self.restrict.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            component: Wire::read(from)?,
            name: Wire::read(from)?,
            args: Wire::read(from)?,
            profile: Wire::read(from)?,
            restrict: Wire::read(from)?,
            link: false,
            monitor: false,
        })
    }
}

impl Wire for Restrictions {
    fn write(&self, to: &mut Vec<u8>) {
        self.revoke.write(to);
        (self.max_memory_mb, self.max_cpu, self.timeout).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            revoke: Wire::read(from)?,
            max_memory_mb: Wire::read(from)?,
            max_cpu: Wire::read(from)?,
            timeout: Wire::read(from)?,
        })
    }
}

/// Enumerations without fields: each variant is one byte.
macro_rules! plain {
    ($($name:ident: $($variant:ident = $number:literal),*;)*) => {
        $(impl Wire for $name {
            fn write(&self, to: &mut Vec<u8>) {
                let number: u8 = match self {
                    $(Self::$variant => $number,)*
                };
                number.write(to);
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                match u8::read(from)? {
                    $($number => Ok(Self::$variant),)*
                    _ => Err(Malformed),
                }
            }
        })*
    };
}

plain! {
    Restart: Permanent = 0, Transient = 1, Temporary = 2;
    ChildKind: Worker = 0, Supervisor = 1;
}

impl Wire for Ready {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Spawned => 0_u8.write(to),
            Self::Initialised(timeout) => (1_u8, *timeout).write(to),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        match u8::read(from)? {
            0 => Ok(Self::Spawned),
            1 => Ok(Self::Initialised(Wire::read(from)?)),
            _ => Err(Malformed),
        }
    }
}

impl Wire for Shutdown {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::BrutalKill => 0_u8.write(to),
            Self::Timeout(time) => (1_u8, *time).write(to),
            Self::Infinity => 2_u8.write(to),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        match u8::read(from)? {
            0 => Ok(Self::BrutalKill),
            1 => Ok(Self::Timeout(Duration::read(from)?)),
            2 => Ok(Self::Infinity),
            _ => Err(Malformed),
        }
    }
}

impl Wire for Done {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Children(children) => {
                0_u8.write(to);
                children.write(to);
            }
            Self::Counts(counts) => (1_u8, *counts).write(to),
            Self::Started(process) => (2_u8, *process).write(to),
            Self::Nothing => 3_u8.write(to),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match u8::read(from)? {
            0 => Self::Children(Wire::read(from)?),
            1 => Self::Counts(Wire::read(from)?),
            2 => Self::Started(Wire::read(from)?),
            3 => Self::Nothing,
            _ => return Err(Malformed),
        })
    }
}

/// Each number as a `u64`.
impl Wire for Counts {
    fn write(&self, to: &mut Vec<u8>) {
        for count in [self.specs, self.active, self.supervisors, self.workers] {
            u64::try_from(count).unwrap_or(u64::MAX).write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut count = || usize::try_from(u64::read(from)?).map_err(|_| Malformed);
        Ok(Self {
            specs: count()?,
            active: count()?,
            supervisors: count()?,
            workers: count()?,
        })
    }
}

impl Wire for ChildInfo {
    fn write(&self, to: &mut Vec<u8>) {
        self.id.write(to);
        (self.presence, self.kind).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: Wire::read(from)?,
            presence: Wire::read(from)?,
            kind: Wire::read(from)?,
        })
    }
}

impl Wire for Presence {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Running(process) => (0_u8, *process).write(to),
            Self::Restarting => 1_u8.write(to),
            Self::Stopped => 2_u8.write(to),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        match u8::read(from)? {
            0 => Ok(Self::Running(Pid::read(from)?)),
            1 => Ok(Self::Restarting),
            2 => Ok(Self::Stopped),
            _ => Err(Malformed),
        }
    }
}

/// An error of the call itself is the caller's, and does not travel.
impl Wire for AdminError {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::NotFound => 0_u8.write(to),
            Self::Running(process) => (1_u8, *process).write(to),
            Self::Restarting => 2_u8.write(to),
            Self::AlreadyStarted(process) => (3_u8, *process).write(to),
            Self::AlreadyPresent => 4_u8.write(to),
            Self::NotStarted(reason) => (5_u8, reason.clone()).write(to),
            Self::BadSpec(text) => (6_u8, text.clone()).write(to),
            Self::WrongKind => 7_u8.write(to),
            Self::Refused | Self::Call(_) => 8_u8.write(to),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match u8::read(from)? {
            0 => Self::NotFound,
            1 => Self::Running(Wire::read(from)?),
            2 => Self::Restarting,
            3 => Self::AlreadyStarted(Wire::read(from)?),
            4 => Self::AlreadyPresent,
            5 => Self::NotStarted(Wire::read(from)?),
            6 => Self::BadSpec(Wire::read(from)?),
            7 => Self::WrongKind,
            8 => Self::Refused,
            _ => return Err(Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ExitReason;
    use crate::wire::{decode, encode};
    use std::fmt::Debug;

    #[track_caller]
    fn check<T: Wire + PartialEq + Debug>(value: &T) {
        let bytes = encode(value);
        assert_eq!(decode::<T>(&bytes).as_ref(), Ok(value));
        for end in 0..bytes.len() {
            assert_eq!(decode::<T>(&bytes[..end]), Err(Malformed), "cut at {end}");
        }
    }

    fn pid() -> Pid {
        Pid::from_u64(77).unwrap()
    }

    fn child() -> ChildSpec {
        let restrictions = Restrictions {
            revoke: vec!["network".into()],
            max_memory_mb: Some(4),
            max_cpu: Some(Duration::from_millis(5)),
            timeout: None,
        };
        let spawn = Spawn::new("worker")
            .name("n")
            .arg("a")
            .profile("p")
            .restrict(restrictions);
        ChildSpec::supervisor("id", spawn)
            .restart(Restart::Transient)
            .shutdown(Shutdown::Timeout(Duration::from_millis(70)))
            .start_timeout(Duration::from_secs(1))
            .significant()
    }

    #[test]
    fn requests_travel() {
        check(&Request::Which);
        check(&Request::Count);
        check(&Request::Start(Box::new(child())));
        let worker = ChildSpec::worker("w", Spawn::new("c")).shutdown(Shutdown::BrutalKill);
        check(&Request::Start(Box::new(worker)));
        check(&Request::StartWith(vec!["x".into(), "y".into()]));
        check(&Request::Terminate("id".into()));
        check(&Request::TerminateProcess(pid()));
        check(&Request::Restart("id".into()));
        check(&Request::Delete("id".into()));
    }

    #[test]
    fn answers_travel() {
        let presences = [
            Presence::Running(pid()),
            Presence::Restarting,
            Presence::Stopped,
        ];
        let children = presences.map(|presence| ChildInfo {
            id: Some("id".into()),
            presence,
            kind: ChildKind::Supervisor,
        });
        let counts = Counts {
            specs: 4,
            active: 3,
            supervisors: 2,
            workers: 1,
        };
        let answers = [
            Ok(Done::Children(children.into())),
            Ok(Done::Counts(counts)),
            Ok(Done::Started(Some(pid()))),
            Ok(Done::Nothing),
            Err(AdminError::NotFound),
            Err(AdminError::Running(pid())),
            Err(AdminError::Restarting),
            Err(AdminError::AlreadyStarted(pid())),
            Err(AdminError::AlreadyPresent),
            Err(AdminError::NotStarted(ExitReason::Error("e".into()))),
            Err(AdminError::BadSpec("b".into())),
            Err(AdminError::WrongKind),
            Err(AdminError::Refused),
        ];
        for answer in answers {
            check(&answer);
        }
    }

    #[test]
    fn unknown_variants_are_refused() {
        assert_eq!(decode::<Request>(&[8]), Err(Malformed));
        assert_eq!(decode::<Done>(&[4]), Err(Malformed));
        assert_eq!(decode::<AdminError>(&[9]), Err(Malformed));
        assert_eq!(decode::<Shutdown>(&[3]), Err(Malformed));
        assert_eq!(decode::<Restart>(&[3]), Err(Malformed));
        assert_eq!(decode::<Presence>(&[3]), Err(Malformed));
        assert_eq!(decode::<Ready>(&[2]), Err(Malformed));
    }
}
