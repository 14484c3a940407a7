//! SIGINT and SIGTERM: the first stops in order, the second kills, a third waits for nothing.

use crate::report::{Failure, Kind};
use signal_hook::consts::{SIGINT, SIGPIPE, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a signal is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Stop in order.
    Stop,
    /// End at once.
    Kill,
}

type Action = Box<dyn FnMut(Demand) + Send>;

/// Listens for signals. Until something is started that has to be stopped, a signal ends the process at once.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    state: Arc<Mutex<State>>,
    last: Arc<AtomicI32>,
    /// Once set, the next signal ends the process in the handler itself.
    is_final: Arc<AtomicBool>,
}

#[derive(Default)]
enum State {
    /// Nothing runs.
    #[default]
    Idle,
    /// Something is being started. Signals wait for it; the action hears of them before that.
    Held {
        demands: Vec<Demand>,
        meanwhile: Action,
    },
    /// Signals go to whoever can carry them out.
    Armed(Action),
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Idle => "Idle",
            Self::Held { .. } => "Held",
            Self::Armed(_) => "Armed",
        })
    }
}

impl Listener {
    /// Takes both signals over, on a thread of its own.
    pub(crate) fn start() -> Result<Self, Failure> {
        let cannot = |error: std::io::Error| {
            Failure::new(
                Kind::NotStarted,
                format!("cannot listen for SIGINT and SIGTERM: {error}"),
            )
        };
        let listener = Self {
            state: Arc::default(),
            last: Arc::default(),
            is_final: Arc::default(),
        };
        // Before the listening, as actions are taken in this order: the signal that makes the next one final
        // must not be taken for that one itself.
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&listener.is_final))
                .map_err(cannot)?;
        }
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(cannot)?;
        let heard = listener.clone();
        let listen = move || {
            let mut next = Demand::Stop;
            for signal in signals.forever() {
                heard.last.store(signal, Ordering::Release);
                next = heard.obey(next, signal);
            }
        };
        std::thread::Builder::new()
            .name("rusm-signals".into())
            .spawn(listen)
            .map_err(cannot)?;
        Ok(listener)
    }

    /// From now on signals wait for [`Listener::arm`], as what is about to be started has to be stopped in order. `meanwhile` hears
    /// of them at once, and may kill what was started so far.
    pub(crate) fn hold(&self, meanwhile: impl FnMut(Demand) + Send + 'static) {
        let (demands, meanwhile) = (Vec::new(), Box::new(meanwhile));
        *self.lock() = State::Held { demands, meanwhile };
    }

    /// Whether a second signal has killed what ran or was started.
    pub(crate) fn has_killed(&self) -> bool {
        self.is_final.load(Ordering::Acquire)
    }

    /// From now on signals go to this action, on the listening thread; those that have waited go to it here.
    pub(crate) fn arm(&self, mut action: impl FnMut(Demand) + Send + 'static) {
        let mut state = self.lock();
        if let State::Held { demands, .. } = &*state {
            demands.iter().for_each(|demand| action(*demand));
        }
        *state = State::Armed(Box::new(action));
    }

    /// The exit code that shells give to a program ended by the last signal; none if there was none.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        exit_code_of(self.last.load(Ordering::Acquire))
    }

    /// Carries a signal out and says what the next one will do.
    fn obey(&self, demand: Demand, signal: i32) -> Demand {
        if demand == Demand::Kill {
            self.is_final.store(true, Ordering::Release);
        }
        match &mut *self.lock() {
            State::Armed(action) => action(demand),
            State::Held { demands, meanwhile } => {
                demands.push(demand);
                meanwhile(demand);
            }
            State::Idle => {
                // Nothing runs yet that would have to be stopped; the default action ends the process.
                let _unsupported = signal_hook::low_level::emulate_default_handler(signal);
            }
        }
        Demand::Kill
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the end of a pipe end the process quietly, as programs in a shell's pipe are used to.
///
/// Rust programs ignore SIGPIPE, and a guest would die loudly of an error that its user caused on
/// purpose with `| head`. Only for a single file whose output is the terminal's.
pub(crate) fn end_with_the_pipe() {
    let always = Arc::new(AtomicBool::new(true));
    // Without it the run is the same, but for a louder end.
    let _refused = signal_hook::flag::register_conditional_default(SIGPIPE, always);
}

/// A file that reached a bound of the system (`ulimit -f`) is an error of whoever writes to it, and not the end of the process.
pub(crate) fn bear_large_files() {
    // What is set is looked at by nobody: that there is a handler is enough. Without it the run is the same, up to that bound.
    let _refused = signal_hook::flag::register(SIGXFSZ, Arc::default());
}

fn exit_code_of(signal: i32) -> Option<u8> {
    if signal == 0 {
        None
    } else {
        u8::try_from(128 + signal).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first signal stops, the second kills, and after that the handler itself ends the process.
    #[test]
    fn the_second_signal_kills() {
        let listener = Listener {
            state: Arc::default(),
            last: Arc::default(),
            is_final: Arc::default(),
        };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        listener.arm(move |demand| log.lock().unwrap().push(demand));
        let next = listener.obey(Demand::Stop, SIGINT);
        assert!(!listener.is_final.load(Ordering::Acquire));
        listener.obey(next, SIGTERM);
        assert!(listener.is_final.load(Ordering::Acquire));
        assert_eq!(*seen.lock().unwrap(), [Demand::Stop, Demand::Kill]);
    }

    /// A signal that comes while something is started is not lost, and told at once.
    #[test]
    fn held_signals_wait() {
        let listener = Listener {
            state: Arc::default(),
            last: Arc::default(),
            is_final: Arc::default(),
        };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        listener.hold(move |demand| log.lock().unwrap().push(demand));
        let next = listener.obey(Demand::Stop, SIGTERM);
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), [Demand::Stop]);
        assert!(!listener.has_killed());
        listener.obey(next, SIGTERM);
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), [Demand::Kill]);
        assert!(listener.has_killed());
        let log = Arc::clone(&seen);
        listener.arm(move |demand| log.lock().unwrap().push(demand));
        assert_eq!(*seen.lock().unwrap(), [Demand::Stop, Demand::Kill]);
    }

    /// Shells add 128 to the signal.
    #[test]
    fn signals_have_exit_codes() {
        assert_eq!(exit_code_of(0), None);
        assert_eq!(exit_code_of(SIGINT), Some(130));
        assert_eq!(exit_code_of(SIGTERM), Some(143));
    }
}
