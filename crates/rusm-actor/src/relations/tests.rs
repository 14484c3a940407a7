//! Every kind of signal against a trapping and a non-trapping process.

use super::*;

fn pid(number: u64) -> Pid {
    Pid::from_u64(number).unwrap()
}

const ME: u64 = 1;
const PEER: u64 = 2;

fn exit(from: u64, reason: ExitReason, cause: ExitCause) -> Signal {
    Signal::Exit {
        from: pid(from),
        reason,
        cause,
    }
}

fn trapping() -> Relations {
    let mut relations = Relations::default();
    assert!(!relations.trap_exits(true));
    relations
}

#[test]
fn explicit_exit_signals_follow_trap_flag_and_reason() {
    let error = ExitReason::error("x");
    for (from, reason, dies) in [
        (PEER, error.clone(), true),
        (PEER, ExitReason::Normal, false),
        (ME, ExitReason::Normal, true),
        (PEER, ExitReason::Shutdown, true),
        (PEER, ExitReason::Killed, true),
    ] {
        let cause = if from == ME {
            ExitCause::Itself
        } else {
            ExitCause::Explicit
        };
        let signal = || exit(from, reason.clone(), cause);
        let plain = Relations::default().on_signal(signal());
        let expected = if dies {
            Verdict::Die(reason.clone())
        } else {
            Verdict::GoOn
        };
        assert_eq!(plain, expected);
        let trapped = trapping().on_signal(signal());
        assert_eq!(
            trapped,
            Verdict::DeliverUnasked(Event::Exit {
                from: pid(from),
                reason
            })
        );
    }
}

#[test]
fn kill_untrappable() {
    assert_eq!(
        trapping().on_signal(Signal::Kill),
        Verdict::Die(ExitReason::Killed)
    );
}

#[test]
fn kill_by_link_is_an_ordinary_reason() {
    let mut relations = trapping();
    let id = relations.link(pid(PEER)).unwrap();
    let signal = exit(
        PEER,
        ExitReason::Killed,
        ExitCause::Link { own: 0, peer: id },
    );
    let notice = Event::Exit {
        from: pid(PEER),
        reason: ExitReason::Killed,
    };
    assert_eq!(relations.on_signal(signal), Verdict::Deliver(notice));
}

#[test]
fn unlink_final_even_when_the_notice_is_on_its_way_and_the_link_is_made_anew() {
    let mut relations = Relations::default();
    let first = relations.link(pid(PEER)).unwrap();
    assert!(relations.unlink(pid(PEER)).is_some());
    let second = relations.link(pid(PEER)).unwrap();
    let late = exit(
        PEER,
        ExitReason::error("first"),
        ExitCause::Link {
            own: 0,
            peer: first,
        },
    );
    assert_eq!(relations.on_signal(late), Verdict::GoOn);
    let noproc = exit(
        PEER,
        ExitReason::NoProcess,
        ExitCause::Link {
            own: 0,
            peer: second,
        },
    );
    assert_eq!(
        relations.on_signal(noproc),
        Verdict::Die(ExitReason::NoProcess)
    );
}

#[test]
fn link_one_notice_when_both_ends_linked_at_once() {
    let mut relations = trapping();
    let own = relations.link(pid(PEER)).unwrap();
    let _ = relations.on_signal(Signal::Link {
        from: pid(PEER),
        id: 5,
    });
    let first = exit(
        PEER,
        ExitReason::Normal,
        ExitCause::Link { own: 5, peer: 0 },
    );
    assert!(matches!(relations.on_signal(first), Verdict::Deliver(_)));
    let second = exit(
        PEER,
        ExitReason::Normal,
        ExitCause::Link { own: 0, peer: own },
    );
    assert_eq!(relations.on_signal(second), Verdict::GoOn);
}

#[test]
fn link_once_unlinked_from_the_other_side_leaves_nothing() {
    let mut relations = Relations::default();
    let own = relations.link(pid(PEER)).unwrap();
    assert_eq!(relations.link(pid(PEER)), None);
    let _ = relations.on_signal(Signal::Link {
        from: pid(PEER),
        id: 9,
    });
    let _ = relations.on_signal(Signal::Unlink {
        from: pid(PEER),
        own: 9,
        peer: own,
    });
    assert_eq!(relations.counts(), (0, 0, 0));
}

#[test]
fn unlink_sent_before_a_newer_link_of_the_other_side_spares_that_one() {
    let mut relations = Relations::default();
    let _ = relations.on_signal(Signal::Link {
        from: pid(PEER),
        id: 1,
    });
    let _ = relations.on_signal(Signal::Unlink {
        from: pid(PEER),
        own: 1,
        peer: 0,
    });
    let own = relations.link(pid(PEER)).unwrap();
    let _ = relations.on_signal(Signal::Unlink {
        from: pid(PEER),
        own: 1,
        peer: 0,
    });
    assert_eq!(relations.unlink(pid(PEER)), Some(Link { own, peer: 0 }));
}

#[test]
fn down_is_delivered_for_a_standing_monitor_only_and_once() {
    let id = Ref::from_u64(4).unwrap();
    let down = || Signal::Down {
        id,
        pid: pid(PEER),
        reason: ExitReason::Normal,
    };
    let mut relations = Relations::default();
    relations.monitor(id, pid(PEER));
    assert!(matches!(
        relations.on_signal(down()),
        Verdict::Deliver(Event::Down { .. })
    ));
    assert_eq!(
        relations.on_signal(down()),
        Verdict::CalleeEnded(id, ExitReason::Normal)
    );
    relations.monitor(id, pid(PEER));
    assert_eq!(relations.demonitor(id), Some(pid(PEER)));
    assert!(!matches!(relations.on_signal(down()), Verdict::Deliver(_)));
}

/// The notice of a link that only the other side has asked for is on nobody's account.
#[test]
fn notices_are_asked_for_by_who_linked() {
    let notice_of = |asks: bool| {
        let mut relations = trapping();
        let peer = if asks {
            relations.link(pid(PEER)).unwrap()
        } else {
            0
        };
        relations.linked_by(pid(PEER), 5);
        relations.on_signal(exit(
            PEER,
            ExitReason::Normal,
            ExitCause::Link { own: 5, peer },
        ))
    };
    assert!(matches!(notice_of(true), Verdict::Deliver(_)));
    assert!(matches!(notice_of(false), Verdict::DeliverUnasked(_)));
}
