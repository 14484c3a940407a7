//! The answer to one submitted thing: set once by the commit thread, awaited by one caller.

use parking_lot::Mutex;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

#[derive(Debug)]
enum State<T> {
    Open(Option<Waker>),
    Answered(T),
    Taken,
}

/// The side that waits.
#[derive(Debug)]
pub(crate) struct Completion<T>(Arc<Mutex<State<T>>>);

/// The side that answers. Dropping it without an answer gives `abandoned`: nobody waits for ever.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    state: Arc<Mutex<State<T>>>,
    abandoned: Option<T>,
}

/// A pair of sides; `abandoned` is the answer when there is no other.
pub(crate) fn completion<T>(abandoned: T) -> (Reply<T>, Completion<T>) {
    let state = Arc::new(Mutex::new(State::Open(None)));
    let reply = Reply {
        state: Arc::clone(&state),
        abandoned: Some(abandoned),
    };
    (reply, Completion(state))
}

impl<T> Reply<T> {
    /// Answers. The waiter is woken outside of the lock.
    pub(crate) fn answer(mut self, with: T) {
        self.abandoned = None;
        self.set(with);
    }

    fn set(&self, with: T) {
        let before = std::mem::replace(&mut *self.state.lock(), State::Answered(with));
        if let State::Open(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(abandoned) = self.abandoned.take() {
            self.set(abandoned);
        }
    }
}

impl<T> Completion<T> {
    /// The answer, once; afterwards pending for ever.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<T> {
        let mut state = self.0.lock();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Answered(answer) => Poll::Ready(answer),
            State::Open(waker) => {
                let waker = match waker {
                    Some(waker) if waker.will_wake(cx.waker()) => waker,
                    _ => cx.waker().clone(),
                };
                *state = State::Open(Some(waker));
                Poll::Pending
            }
            State::Taken => Poll::Pending,
        }
    }
}

/// Nobody waits any more: whoever did is not held until the answer comes.
impl<T> Drop for Completion<T> {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut *self.0.lock(), State::Taken);
        // Outside of the lock: it may be the last of something large.
        drop(before);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks this thread until the future is ready.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Held;

    impl Wake for Held {
        fn wake(self: Arc<Self>) {}
    }

    /// A process that was killed while its write waits for the disk is gone, whenever the disk answers.
    #[test]
    fn who_gave_up_waiting_is_not_held() {
        let held = Arc::new(Held);
        let waker = Waker::from(Arc::clone(&held));
        let (reply, completion) = completion(0);
        assert_eq!(
            completion.poll(&mut Context::from_waker(&waker)),
            Poll::Pending
        );
        drop(waker);
        assert_eq!(Arc::strong_count(&held), 2);
        drop(completion);
        assert_eq!(Arc::strong_count(&held), 1);
        reply.answer(1);
    }
}
