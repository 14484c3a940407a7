//! A wait that is dropped after a while: [`give_up_after`].

use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// Waits for `future` for so many looks at it; then it is dropped, and there is no answer.
pub(super) async fn give_up_after<F: Future>(n_polls: u64, future: F) -> Option<F::Output> {
    let future = pin!(future);
    Patience {
        future,
        n_left: n_polls,
    }
    .await
}

struct Patience<'a, F> {
    future: Pin<&'a mut F>,
    n_left: u64,
}

impl<F: Future> Future for Patience<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(answer) = self.future.as_mut().poll(task) {
            return Poll::Ready(Some(answer));
        }
        if self.n_left == 0 {
            return Poll::Ready(None);
        }
        self.n_left -= 1;
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
