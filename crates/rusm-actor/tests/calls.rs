//! Requests and replies (OTP statements 063 and 093 to 098).

use crate::support::*;
use rusm_actor::{CallError, Context, Event, ExitReason, MailboxBounds, Pid, Ref, Selector};
use std::time::Duration;

/// A server that answers each request with its own payload.
fn start_echo(me: &Context) -> Pid {
    start(me, |me| async move {
        loop {
            if let Event::Request(request) = next(&me).await {
                me.reply(request.id, request.payload);
            }
        }
    })
}

/// A server that answers nothing, but tells the reference of each request in a message of this tag.
fn start_revealing(me: &Context) -> (Pid, u64) {
    const ADDRESS: u64 = 77;
    let parent = me.pid();
    let server = start(me, move |me| async move {
        loop {
            if let Event::Request(request) = next(&me).await {
                me.send(parent, ADDRESS, request.id.as_u64().to_le_bytes())
                    .unwrap();
            }
        }
    });
    (server, ADDRESS)
}

async fn next_address(me: &Context, tag: u64) -> Ref {
    let Event::Message(message) = me.receive(Selector::tag(tag)).await else {
        panic!()
    };
    let raw = message.payload.into_vec().try_into().unwrap();
    Ref::from_u64(u64::from_le_bytes(raw)).unwrap()
}

#[test]
fn call_reply() {
    everywhere(|me| async move {
        let parent = me.pid();
        let server = start(&me, |me| async move {
            // Answers all that are there in the wrong order.
            loop {
                let mut events = vec![next(&me).await];
                me.yield_now().await;
                events.extend(std::iter::from_fn(|| me.try_receive(&Selector::any())));
                for event in events.into_iter().rev() {
                    let Event::Request(request) = event else {
                        panic!()
                    };
                    me.reply(request.id, request.payload);
                }
            }
        });
        for caller in 0..10_u8 {
            start(&me, move |me| async move {
                for round in 0..20 {
                    let reply = me.call(server, 7, [caller, round], None).await.unwrap();
                    assert_eq!(reply.as_slice(), [caller, round]);
                }
                me.send(parent, 0, "all answered").unwrap();
                ExitReason::Normal
            });
        }
        for _ in 0..10 {
            next_message(&me).await;
        }
    });
}

/// The reply may come from a process the request was handed on to.
#[test]
fn call_reply_by_another() {
    everywhere(|me| async move {
        let helper = start(&me, |me| async move {
            loop {
                let raw = next_message(&me).await.payload.into_vec();
                let id = Ref::from_u64(u64::from_le_bytes(raw.try_into().unwrap())).unwrap();
                me.reply(id, "from the helper");
            }
        });
        let server = start(&me, move |me| async move {
            loop {
                if let Event::Request(request) = next(&me).await {
                    me.send(helper, 0, request.id.as_u64().to_le_bytes())
                        .unwrap();
                }
            }
        });
        for _ in 0..10 {
            let reply = me.call(server, 0, "", None).await.unwrap();
            assert_eq!(reply.as_slice(), b"from the helper");
        }
    });
}

/// When another process has replied, the one that was called no longer counts the caller as waiting.
#[test]
fn call_reply_by_another_leaves_no_watch() {
    on_seeds(|me| async move {
        let parent = me.pid();
        let server = start(&me, move |me| async move {
            let Event::Request(request) = next(&me).await else {
                panic!()
            };
            me.send(parent, request.id.as_u64(), "").unwrap();
            wait_for_ever(me).await
        });
        let caller = start(&me, move |me| async move {
            me.call(server, 0, "", None).await.unwrap();
            wait_for_ever(me).await
        });
        let id = Ref::from_u64(next_message(&me).await.tag).unwrap();
        me.reply(id, "from neither");
        settle_simulation(&me).await;
        assert!(me.node().is_alive(caller));
        let ties = me.node().process_info(server).unwrap().ties;
        assert_eq!(ties.watchers, 0);
    });
}

#[test]
fn call_timeout() {
    on_seeds(|me| async move {
        let parent = me.pid();
        let server = start(&me, move |me| async move {
            me.sleep(Duration::from_millis(20)).await;
            let Event::Request(request) = next(&me).await else {
                panic!()
            };
            me.reply(request.id, "late");
            me.send(parent, 5, "handled").unwrap();
            wait_for_ever(me).await
        });
        let start = me.node().now();
        let timeout = Duration::from_millis(10);
        assert_eq!(
            me.call(server, 0, "", Some(timeout)).await,
            Err(CallError::Timeout)
        );
        assert_eq!(me.node().now() - start, timeout);
        assert_eq!(next_message(&me).await.tag, 5);
        assert!(me.node().is_alive(server));
        assert_eq!(me.node().pending(), (0, 0));
    });
}

#[test]
fn late_reply() {
    on_seeds(|me| async move {
        let server = start(&me, |me| async move {
            loop {
                let Event::Request(request) = next(&me).await else {
                    panic!()
                };
                me.sleep(Duration::from_millis(u64::from(
                    request.payload.as_slice()[0],
                )))
                .await;
                me.reply(request.id, request.payload);
            }
        });
        let timeout = Some(Duration::from_millis(10));
        assert_eq!(
            me.call(server, 0, [50], timeout).await,
            Err(CallError::Timeout)
        );
        // The next call gets its own reply, not the one that came late.
        assert_eq!(me.call(server, 0, [0], None).await.unwrap().as_slice(), [0]);
        silence(&me).await;
    });
}

/// A reply and the timeout meet: the caller gets one of them, once, and nothing is left over.
#[test]
fn late_reply_race() {
    on_seeds(|me| async move {
        let delay = Duration::from_millis(10);
        let server = start(&me, move |me| async move {
            loop {
                let Event::Request(request) = next(&me).await else {
                    panic!()
                };
                me.sleep(delay).await;
                me.reply(request.id, request.payload);
            }
        });
        for n in 0..5_u8 {
            match me.call(server, 0, [n], Some(delay)).await {
                Ok(reply) => assert_eq!(reply.as_slice(), [n]),
                Err(error) => assert_eq!(error, CallError::Timeout),
            }
        }
        silence(&me).await;
        assert_eq!(me.node().pending(), (0, 0));
    });
}

#[test]
fn call_server_dies() {
    everywhere(|me| async move {
        let dies = start(&me, |me| async move {
            next(&me).await;
            boom()
        });
        let minute = Some(Duration::from_secs(60));
        assert_eq!(
            me.call(dies, 0, "", minute).await,
            Err(CallError::Exited(boom()))
        );
        let gone = Err(CallError::Exited(ExitReason::NoProcess));
        assert_eq!(me.call(dies, 0, "", minute).await, gone);
        assert_eq!(
            me.call(name("nobody"), 0, "", minute).await,
            Err(CallError::NoName)
        );
        // The request that was never looked at is answered as well.
        let busy = start_waiting(&me);
        let call = me.call(busy, 0, "", minute);
        me.kill(busy);
        assert_eq!(call.await, Err(CallError::Exited(ExitReason::Killed)));
        assert_eq!(me.node().pending(), (0, 0));
        assert_eq!(
            me.try_receive(&Selector::any()),
            None,
            "no notice besides the answer"
        );
    });
}

/// A reply, then the end: the caller has the reply.
#[test]
fn call_server_replies_and_dies() {
    everywhere(|me| async move {
        for _ in 0..20 {
            let server = start(&me, |me| async move {
                let Event::Request(request) = next(&me).await else {
                    panic!()
                };
                me.reply(request.id, "last words");
                boom()
            });
            let reply = me.call(server, 0, "", None).await.unwrap();
            assert_eq!(reply.as_slice(), b"last words");
        }
    });
}

#[test]
fn call_self() {
    everywhere(|me| async move {
        me.register(name("me")).unwrap();
        assert_eq!(
            me.call(me.pid(), 0, "", None).await,
            Err(CallError::SelfCall)
        );
        assert_eq!(
            me.call(name("me"), 0, "", None).await,
            Err(CallError::SelfCall)
        );
        assert_eq!(me.node().pending(), (0, 0));
    });
}

/// Messages and requests of one client are handled in the order sent; to the dead a message is no error.
#[test]
fn cast_ok() {
    everywhere(|me| async move {
        let server = start(&me, |me| async move {
            let mut count = 0_u8;
            loop {
                match next(&me).await {
                    Event::Message(_) => count += 1,
                    Event::Request(request) => me.reply(request.id, [count]),
                    other => panic!("{other:?}"),
                }
            }
        });
        for n in 1..=20 {
            me.send(server, 0, "count").unwrap();
            assert_eq!(me.call(server, 1, "", None).await.unwrap().as_slice(), [n]);
        }
        me.kill(server);
        end_of(&me, server).await;
        assert_eq!(me.send(server, 0, "count"), Ok(()));
    });
}

/// The first reply takes the watch on the callee with it: no notice can follow (statement 063).
#[test]
fn alias_monitor() {
    on_seeds(|me| async move {
        let server = start_echo(&me);
        me.call(server, 0, "x", None).await.unwrap();
        assert_eq!(me.node().process_info(server).unwrap().ties.watchers, 0);
        me.kill(server);
        silence(&me).await;
    });
}

/// The reference of a request is a reply address: what is sent to it while it stands arrives as the answer,
/// and what is sent after it was given up is dropped before the mailbox.
#[test]
fn alias_revoked() {
    on_seeds(|me| async move {
        let (server, address) = start_revealing(&me);
        for gives_up in [false, true] {
            let call = me.call(server, 0, "", None);
            let id = next_address(&me, address).await;
            let helper = |text: &'static str| {
                start(&me, move |me| async move {
                    me.reply(id, text);
                    ExitReason::Normal
                })
            };
            if gives_up {
                drop(call);
                helper("too late");
            } else {
                helper("in time");
                assert_eq!(call.await.unwrap().as_slice(), b"in time");
            }
            silence(&me).await;
            assert_eq!(me.node().pending(), (0, 0));
        }
    });
}

/// Nobody but the caller takes the address back, by whatever operation on references.
#[test]
fn alias_owner_only() {
    on_seeds(|me| async move {
        let (server, address) = start_revealing(&me);
        let call = me.call(server, 0, "", None);
        let id = next_address(&me, address).await;
        let other = me.spawn(child().monitor(), move |me| async move {
            assert!(!me.demonitor(id));
            assert_eq!((me.cancel_timer(id), me.read_timer(id)), (None, None));
            ExitReason::Normal
        });
        next_down(&me, other.unwrap().monitor.unwrap()).await;
        start(&me, move |me| async move {
            me.reply(id, "it stands");
            ExitReason::Normal
        });
        assert_eq!(call.await.unwrap().as_slice(), b"it stands");
    });
}

/// One answer is taken, and the address is gone with it, also when several answer at once.
#[test]
fn alias_reply_once() {
    everywhere(|me| async move {
        let (server, address) = start_revealing(&me);
        let call = me.call(server, 0, "", None);
        let id = next_address(&me, address).await;
        let repliers: Vec<_> = (0..4_u8)
            .map(|number| {
                let spawned = me.spawn(child().monitor(), move |me| async move {
                    me.reply(id, [number]);
                    ExitReason::Normal
                });
                spawned.unwrap().monitor.unwrap()
            })
            .collect();
        assert!(call.await.unwrap().as_slice()[0] < 4);
        for replier in repliers {
            assert_eq!(next_down(&me, replier).await, ExitReason::Normal);
        }
        assert_eq!(me.node().pending(), (0, 0));
        assert_eq!(me.try_receive(&Selector::any()), None);
    });
}

/// The end of the callee revokes the address: a reply from elsewhere comes too late.
#[test]
fn alias_monitor_revokes_at_the_end_of_the_callee() {
    on_seeds(|me| async move {
        let (server, address) = start_revealing(&me);
        let call = me.call(server, 0, "", None);
        let id = next_address(&me, address).await;
        me.exit_signal(server, boom());
        assert_eq!(call.await, Err(CallError::Exited(boom())));
        start(&me, move |me| async move {
            me.reply(id, "too late");
            ExitReason::Normal
        });
        silence(&me).await;
        assert_eq!(me.node().pending(), (0, 0));
    });
}

#[test]
fn a_second_reply_goes_nowhere() {
    on_seeds(|me| async move {
        let server = start(&me, |me| async move {
            loop {
                let Event::Request(request) = next(&me).await else {
                    panic!()
                };
                me.reply(request.id, "first");
                me.reply(request.id, "second");
            }
        });
        for _ in 0..5 {
            assert_eq!(
                me.call(server, 0, "", None).await.unwrap().as_slice(),
                b"first"
            );
        }
        silence(&me).await;
    });
}

/// A call that is given up: the index and the callee forget it, and a reply finds nobody.
#[test]
fn a_call_that_is_dropped_is_forgotten() {
    on_seeds(|me| async move {
        let server = start(&me, |me| async move {
            let Event::Request(request) = me.receive(Selector::tag(1)).await else {
                panic!()
            };
            me.receive(Selector::tag(2)).await;
            me.reply(request.id, "too late");
            me.receive(Selector::tag(3)).await;
            me.send(
                me.parent().unwrap(),
                me.ties().watchers.try_into().unwrap(),
                "",
            )
            .unwrap();
            ExitReason::Normal
        });
        drop(me.call(server, 1, "", None));
        assert_eq!(me.node().pending(), (0, 0));
        me.send(server, 2, "").unwrap();
        me.send(server, 3, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 0);
        silence(&me).await;
    });
}

#[test]
fn a_full_server_refuses_a_call_at_once() {
    everywhere(|me| async move {
        let bounds = MailboxBounds {
            messages: 1,
            bytes: 10,
        };
        let server = me.spawn(child().bounds(bounds), wait_for_ever).unwrap().pid;
        me.send(server, 0, "").unwrap();
        assert_eq!(
            me.call(server, 0, "", None).await,
            Err(CallError::MailboxFull)
        );
        assert_eq!(me.node().pending(), (0, 0));
    });
}
