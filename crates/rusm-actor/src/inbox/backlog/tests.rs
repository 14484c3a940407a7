//! Random traffic of several senders, with and without what `compact` takes out: the receiver cannot tell.

use super::*;
use crate::mailbox::Mailbox;
use crate::message::Event;
use crate::reason::ExitReason;
use crate::relations::{Relations, Verdict};
use std::collections::BTreeSet;

const BOUNDS: MailboxBounds = MailboxBounds {
    messages: 3,
    bytes: 1_000,
};

/// How many random runs there are.
const RUNS: u64 = if cfg!(miri) { 40 } else { 4_000 };

struct Dice(u64);

impl Dice {
    fn roll(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// One sender, as it sees its ties with the receiver.
struct Sender {
    pid: Pid,
    /// Its own number of the link, and the receiver's if it has heard of it.
    link: Option<(LinkId, LinkId)>,
    /// The receiver's number that it has not heard of yet.
    unheard: LinkId,
    monitors: BTreeSet<Ref>,
}

/// Makes the traffic of senders that keep to the protocol.
struct Traffic {
    dice: Dice,
    last: u64,
    senders: Vec<Sender>,
    sent: Vec<Signal>,
}

impl Traffic {
    /// Three senders; with each of them the receiver may have linked before.
    fn new(seed: u64, receiver: &mut Relations) -> Self {
        let mut traffic = Self {
            dice: Dice(seed),
            last: 0,
            senders: Vec::new(),
            sent: Vec::new(),
        };
        for _ in 0..3 {
            let pid = traffic.next_pid();
            let asks = traffic.dice.roll(2) == 0;
            let unheard = if asks { receiver.link(pid).unwrap() } else { 0 };
            traffic.senders.push(Sender {
                pid,
                link: None,
                unheard,
                monitors: BTreeSet::new(),
            });
        }
        traffic
    }

    fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn next_pid(&mut self) -> Pid {
        Pid::from_u64(self.next_id() << 24).unwrap()
    }

    fn step(&mut self) {
        let (id, what, who) = (self.next_id(), self.dice.roll(20), self.dice.roll(3));
        let fresh = self.next_pid();
        let sender = &mut self.senders[usize::try_from(who).unwrap()];
        let from = sender.pid;
        match what {
            0..5 => {
                if sender.link.is_none_or(|(own, _)| own == 0) {
                    sender.link = Some((id, sender.link.map_or(0, |(_, peer)| peer)));
                    self.sent.push(Signal::Link { from, id });
                }
            }
            5..9 => {
                if let Some((own, peer)) = sender.link.take() {
                    self.sent.push(Signal::Unlink { from, own, peer });
                }
            }
            9 => {
                let peer = std::mem::take(&mut sender.unheard);
                if peer != 0 {
                    sender.link = Some((sender.link.map_or(0, |(own, _)| own), peer));
                }
            }
            10..13 => {
                let id = Ref::from_u64(id).unwrap();
                sender.monitors.insert(id);
                let watcher = from;
                self.sent.push(Signal::Monitor { id, watcher });
            }
            13..16 => {
                if let Some(id) = sender.monitors.pop_first() {
                    self.sent.push(Signal::Demonitor { id });
                }
            }
            16..19 => {
                let reason = [ExitReason::Normal, ExitReason::error(id.to_string())];
                let reason = reason[usize::from(what == 18)].clone();
                self.sent.push(Signal::Exit {
                    from,
                    reason,
                    cause: ExitCause::Explicit,
                });
            }
            _ => self.end(usize::try_from(who).unwrap(), fresh),
        }
    }

    /// The sender ends, and another one takes its place.
    fn end(&mut self, who: usize, fresh: Pid) {
        let ended = std::mem::replace(
            &mut self.senders[who],
            Sender {
                pid: fresh,
                link: None,
                unheard: 0,
                monitors: BTreeSet::new(),
            },
        );
        let mut exit = |own, peer| {
            self.sent.push(Signal::Exit {
                from: ended.pid,
                reason: ExitReason::Normal,
                cause: ExitCause::Link { own, peer },
            });
        };
        if ended.unheard != 0 {
            exit(0, ended.unheard);
        }
        if let Some((own, peer)) = ended.link {
            exit(own, peer);
        }
        let demonitors = ended
            .monitors
            .into_iter()
            .map(|id| Signal::Demonitor { id });
        self.sent.extend(demonitors);
    }
}

/// What the receiver makes of it.
struct Outcome {
    relations: Relations,
    events: Vec<Event>,
    doom: Option<ExitReason>,
    /// Links and monitors behind a fatal signal, which are answered.
    behind: Vec<Envelope>,
}

fn receive(mut relations: Relations, envelopes: Vec<Envelope>) -> Outcome {
    let mut mailbox = Mailbox::default();
    let mut envelopes = envelopes.into_iter();
    let mut doom = None;
    while doom.is_none()
        && let Some(Envelope::Signal(signal)) = envelopes.next()
    {
        match relations.on_signal(signal) {
            Verdict::Deliver(event) => mailbox.push_asked(event, MailboxBounds::default()),
            Verdict::DeliverUnasked(event) => mailbox.push_unasked(event, BOUNDS),
            Verdict::Die(reason) => doom = Some(reason),
            Verdict::GoOn | Verdict::CalleeEnded(..) => {}
        }
    }
    let any = crate::mailbox::Selector::any();
    let mut cursor = crate::mailbox::Cursor::default();
    Outcome {
        relations,
        events: std::iter::from_fn(|| mailbox.take(&any, &mut cursor)).collect(),
        doom,
        behind: envelopes.collect(),
    }
}

fn wrap(signals: Vec<Signal>) -> Vec<Envelope> {
    signals.into_iter().map(Envelope::Signal).collect()
}

/// A receiver that has met the first `n_met` of these signals; none if one of them ended it.
fn met(seed: u64, n_met: usize) -> Option<(Relations, Traffic, Vec<Envelope>)> {
    let mut relations = Relations::default();
    relations.trap_exits(seed.is_multiple_of(2));
    let mut traffic = Traffic::new(seed, &mut relations);
    for _ in 0..60 {
        traffic.step();
    }
    let behind = traffic.sent.split_off(n_met.min(traffic.sent.len()));
    let outcome = receive(relations, wrap(std::mem::take(&mut traffic.sent)));
    outcome
        .doom
        .is_none()
        .then(|| (outcome.relations, traffic, wrap(behind)))
}

/// Everything that senders hold stands with the receiver, or is answered as it stands behind its end.
fn assert_ties_stand(outcome: &Outcome, traffic: &Traffic) {
    let (links, watchers) = (outcome.relations.links(), outcome.relations.watchers());
    let behind = |is_it: &dyn Fn(&Signal) -> bool| {
        let mut behind = outcome.behind.iter();
        behind.any(|envelope| matches!(envelope, Envelope::Signal(signal) if is_it(signal)))
    };
    for sender in &traffic.senders {
        for monitor in &sender.monitors {
            let asked =
                |signal: &Signal| matches!(signal, Signal::Monitor { id, .. } if id == monitor);
            assert!(watchers.get(*monitor).is_some() || behind(&asked));
        }
        if let Some((own, _)) = sender.link.filter(|(own, _)| *own != 0) {
            let asked = |signal: &Signal| matches!(signal, Signal::Link { id, .. } if *id == own);
            let stands = links.get(sender.pid).is_some_and(|link| link.peer == own);
            assert!(stands || behind(&asked));
        }
    }
}

#[test]
fn nobody_can_tell_what_was_taken_out() {
    let mut n_taken_out = 0;
    for seed in 0..RUNS {
        let n_met = usize::try_from(seed % 23).unwrap();
        let Some((before, traffic, full)) = met(seed, n_met) else {
            continue;
        };
        let (before_too, _, mut compacted) = met(seed, n_met).unwrap();
        compact(&mut compacted, BOUNDS);
        n_taken_out += full.len() - compacted.len();
        let (full, compacted) = (receive(before, full), receive(before_too, compacted));
        assert_eq!(full.doom, compacted.doom, "seed {seed}");
        assert_eq!(full.events, compacted.events, "seed {seed}");
        if full.doom.is_none() {
            let ties = |outcome: &Outcome| {
                let relations = &outcome.relations;
                (relations.links().entries(), relations.watchers().entries())
            };
            assert_eq!(ties(&full), ties(&compacted), "seed {seed}");
        }
        assert_ties_stand(&full, &traffic);
        assert_ties_stand(&compacted, &traffic);
    }
    assert!(
        n_taken_out > usize::try_from(2 * RUNS).unwrap(),
        "{n_taken_out}"
    );
}

/// What stays is as much as the senders still hold, however long they go on.
#[test]
fn what_stays_does_not_grow() {
    for seed in 0..RUNS.div_ceil(200) {
        let mut relations = Relations::default();
        relations.trap_exits(true);
        let mut traffic = Traffic::new(seed, &mut relations);
        let mut waiting = Vec::new();
        for _ in 0..200 {
            for _ in 0..100 {
                traffic.step();
            }
            waiting.extend(wrap(std::mem::take(&mut traffic.sent)));
            compact(&mut waiting, BOUNDS);
            let n_monitors: usize = traffic
                .senders
                .iter()
                .map(|sender| sender.monitors.len())
                .sum();
            let n_held = n_monitors + traffic.senders.len();
            // A link and its end per unasked notice, an unlink per link of the receiver's own.
            assert!(
                waiting.len() <= n_held + 2 * (BOUNDS.messages + 1) + 3,
                "{waiting:?}"
            );
        }
    }
}

#[test]
fn after_a_kill_only_what_is_answered_counts() {
    let from = Pid::from_u64(1 << 24).unwrap();
    let exit =
        || Signal::explicit_exit(from, Pid::from_u64(2 << 24).unwrap(), ExitReason::Shutdown);
    let id = Ref::from_u64(5).unwrap();
    let monitor = Signal::Monitor { id, watcher: from };
    let mut waiting = wrap(vec![Signal::Kill, exit(), Signal::Kill, monitor, exit()]);
    compact(&mut waiting, BOUNDS);
    assert!(matches!(
        waiting.as_slice(),
        [
            Envelope::Signal(Signal::Kill),
            Envelope::Signal(Signal::Monitor { .. })
        ]
    ));
}

/// Looking for what can go costs a few steps per signal, whatever waits.
#[test]
fn looks_are_rare() {
    let watcher = Pid::from_u64(1 << 24).unwrap();
    let (mut backlog, mut waiting) = (Backlog::default(), Vec::new());
    let (mut n_steps, n_signals) = (0, 25 * RUNS);
    for n in 1..=n_signals {
        let id = Ref::from_u64(n).unwrap();
        waiting.push(Envelope::Signal(Signal::Monitor { id, watcher }));
        if backlog.grow(&mut waiting, BOUNDS) {
            n_steps += u64::try_from(waiting.len()).unwrap();
        }
    }
    let n_waiting = u64::try_from(waiting.len()).unwrap();
    assert_eq!(n_waiting, n_signals, "nobody took a monitor back");
    assert!(n_steps < 4 * n_signals, "{n_steps}");
}
