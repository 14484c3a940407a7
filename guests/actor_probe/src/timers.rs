//! Timers: set, taken back, raced against, and looked at with a clock.

use std::time::{Duration, Instant};

use rusm_sdk::mailbox::{self, Selector};
use rusm_sdk::process;

use crate::answer::{Answer, done};
use crate::script::{Script, fail, number};

/// The tag of timers that a command sets for itself.
const TIMER: u64 = 0x71;

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    let answer = match command {
        "send-after" => send_after(script),
        "cancel-timer" => cancel_timer(script),
        "timer-early" => timer_early(script),
        "timer-order" => timer_order(script),
        "timer-race" => timer_race(script),
        _ => return false,
    };
    script.report(command, &answer);
    true
}

fn send_after(script: &mut Script) -> Answer {
    let delay = Duration::from_millis(script.number());
    let (who, tag, text) = (script.who(), script.number(), script.text());
    let timer = mailbox::send_after(delay, &who, tag, text.as_bytes());
    script.timer = timer.as_ref().ok().copied();
    done(timer)
}

fn cancel_timer(script: &mut Script) -> Answer {
    let Some(timer) = script.timer else {
        fail("there is no timer to cancel");
    };
    match mailbox::cancel_timer(timer) {
        Some(left) => Answer::Ok(left.as_millis().to_string()),
        None => Answer::Error("no such timer".into()),
    }
}

fn set(delay: Duration, text: &[u8]) -> rusm_sdk::Reference {
    mailbox::send_after(delay, process::me(), TIMER, text)
        .unwrap_or_else(|error| fail(format_args!("no timer: {error}")))
}

/// Whether a timer comes before its time.
fn timer_early(script: &mut Script) -> Answer {
    let delay = Duration::from_millis(script.number());
    let start = Instant::now();
    set(delay, b"");
    mailbox::receive_where(&Selector::any().tags([TIMER]));
    Answer::Ok((start.elapsed() < delay).to_string())
}

/// Sets all timers, then looks in which order they come. Of two timers the earlier due one comes first; where they
/// were set so slowly that nobody can say which one that is, either may.
fn timer_order(script: &mut Script) -> Answer {
    let start = Instant::now();
    let mut windows = Vec::new();
    for (place, word) in (0_u8..).zip(script.words()) {
        let delay = Duration::from_millis(number(&word));
        let earliest = start.elapsed() + delay;
        set(delay, &[place]);
        windows.push((earliest, start.elapsed() + delay));
    }
    let mut last_earliest = Duration::ZERO;
    for _ in 0..windows.len() {
        let mailbox::Event::Message(message) =
            mailbox::receive_where(&Selector::any().tags([TIMER]))
        else {
            fail("a timer is a message");
        };
        let place = message.payload.first().copied().unwrap_or_default();
        let Some((earliest, latest)) = windows.get(usize::from(place)).copied() else {
            fail("a timer that nobody set");
        };
        if latest < last_earliest {
            return Answer::Error(format!("timer {place} came too late"));
        }
        last_earliest = last_earliest.max(earliest);
    }
    Answer::Ok(windows.len().to_string())
}

/// Takes timers back at the moment when they are due: each either answers a time or comes, and never both.
fn timer_race(script: &mut Script) -> Answer {
    let n_timers: u64 = script.number();
    let selector = Selector::any().tags([TIMER]);
    for round in 0..n_timers {
        let timer = set(Duration::from_millis(round % 3), b"");
        // Nobody says when, so that the timer is due before, during and after.
        let moment = Duration::from_millis(round % 2);
        let fired_before = mailbox::receive_timeout(&selector, moment).is_some();
        let is_cancelled = mailbox::cancel_timer(timer).is_some();
        if fired_before && is_cancelled {
            return Answer::Error(format!("timer {round} fired and was cancelled"));
        }
        if !fired_before && !is_cancelled {
            // It must be there, or on its way: waiting in vain would be a timer lost.
            mailbox::receive_where(&selector);
        }
    }
    match mailbox::receive_timeout(&selector, Duration::from_millis(5)) {
        None => Answer::Ok(n_timers.to_string()),
        Some(_) => Answer::Error("a timer that was cancelled fired".into()),
    }
}
