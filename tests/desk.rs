//! The test's own place among the processes: [`Desk`], a native process that does what the test asks of it.
//!
//! It takes part in what guests do: it has a pid, sends and receives, links and monitors. Whatever it
//! receives, the test gets from [`Desk::next`], in order.

use crate::support::PATIENCE;
use parking_lot::Mutex;
use rusm_actor::{Context, Event, MailboxBounds, Node, Selector, SpawnOptions};
use rusm_core::{Pid, Runtime};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

/// Tells the desk that an order waits; guests use smaller tags.
const ORDER: u64 = u64::MAX;
/// Received events that the test has not looked at; more than any test makes.
const EVENTS_MAX: usize = 100_000;
const BYTES_MAX: usize = 1 << 30;

type Order = Box<dyn FnOnce(&Context) + Send>;

pub(crate) struct Desk {
    node: Node,
    pid: Pid,
    orders: Arc<Mutex<VecDeque<Order>>>,
    events: Receiver<Event>,
}

impl Desk {
    /// It traps exits.
    pub(crate) fn at(runtime: &Runtime) -> Self {
        let orders = Arc::new(Mutex::new(VecDeque::<Order>::new()));
        let (received, events) = sync_channel(EVENTS_MAX);
        let waiting = Arc::clone(&orders);
        let body = |context: Context| async move {
            context.trap_exits(true);
            loop {
                let event = context.receive(Selector::any()).await;
                if matches!(&event, Event::Message(message) if message.tag == ORDER) {
                    let order = waiting.lock().pop_front();
                    order.expect("each order is announced once")(&context);
                } else {
                    // Nobody listens once the test is over.
                    drop(received.try_send(event));
                }
            }
        };
        let node = runtime.node().clone();
        let bounds = MailboxBounds {
            messages: EVENTS_MAX,
            bytes: BYTES_MAX,
        };
        let pid = node
            .spawn(SpawnOptions::new("desk").bounds(bounds), body)
            .expect("there is room for it");
        Self {
            node,
            pid,
            orders,
            events,
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Does something in its own process.
    pub(crate) fn does<T: Send + 'static>(
        &self,
        deed: impl FnOnce(&Context) -> T + Send + 'static,
    ) -> T {
        let (done, is_done) = sync_channel(1);
        self.orders
            .lock()
            .push_back(Box::new(move |context| drop(done.try_send(deed(context)))));
        let desk = self.pid;
        let announced = self
            .node
            .block_on(move |context| async move { context.send(desk, ORDER, []) });
        assert_eq!(
            announced,
            Some(Ok(())),
            "the desk lives as long as the test"
        );
        is_done
            .recv_timeout(PATIENCE)
            .expect("the desk does what it is told")
    }

    pub(crate) fn send(&self, to: Pid, tag: u64, text: &str) {
        let text = text.as_bytes().to_vec();
        self.does(move |context| context.send(to, tag, text))
            .expect("the mailbox has room");
    }

    /// The next event that the desk received.
    #[track_caller]
    pub(crate) fn next(&self) -> Event {
        self.events
            .recv_timeout(PATIENCE)
            .expect("something was to be received")
    }

    /// The next event, which must be a message; who sent it, its tag and its text.
    #[track_caller]
    pub(crate) fn message(&self) -> (Pid, u64, String) {
        let event = self.next();
        let Event::Message(message) = event else {
            panic!("a message was to come, not {event:?}");
        };
        let text = String::from_utf8_lossy(message.payload.as_slice()).into_owned();
        (message.from, message.tag, text)
    }

    /// Sends a text to a process that echoes, and takes the echo.
    #[track_caller]
    pub(crate) fn hears_echo_of(&self, to: Pid) {
        self.send(to, 5, "anybody there?");
        assert_eq!(self.message(), (to, 5, "anybody there?".to_owned()));
    }
}
