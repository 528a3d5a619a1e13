//! Who is begun when: in order, some at once.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

/// Begins the work of each item in order, at most `at_once` at a time, and none any more after one whose end
/// `is_last`. The ends stand where the items do; what was never begun has none.
pub(super) async fn in_turns<'a, I, T, F: Future<Output = T>>(
    items: &'a [I],
    at_once: usize,
    is_last: impl Fn(&T) -> bool,
    begin: impl Fn(usize, &'a I) -> F,
) -> Vec<Option<T>> {
    let mut ended: Vec<Option<T>> = items.iter().map(|_| None).collect();
    let mut waiting = items.iter().enumerate();
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    let mut stopped = false;
    poll_fn(|context: &mut Context<'_>| {
        loop {
            while !stopped && running.len() < at_once {
                let Some((number, item)) = waiting.next() else { break };
                running.push((number, Box::pin(begin(number, item))));
            }
            let before = running.len();
            running.retain_mut(|(number, work)| match work.as_mut().poll(context) {
                Poll::Pending => true,
                Poll::Ready(end) => {
                    stopped |= is_last(&end);
                    if let Some(place) = ended.get_mut(*number) {
                        *place = Some(end);
                    }
                    false
                }
            });
            if running.is_empty() && (stopped || waiting.len() == 0) {
                return Poll::Ready(());
            }
            // An end makes room for a beginning, which nobody would wake us for.
            if running.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await;
    ended
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    struct Seen {
        begun: RefCell<Vec<usize>>,
        now: Cell<usize>,
        most: Cell<usize>,
    }

    /// Works whose length is theirs, so that they end in another order than they begin in.
    async fn played(lengths: &[usize], at_once: usize, last: Option<usize>) -> (Seen, Vec<Option<usize>>) {
        let seen = Seen { begun: RefCell::default(), now: Cell::new(0), most: Cell::new(0) };
        let begin = |number: usize, length: &usize| {
            let (seen, length) = (&seen, *length);
            seen.begun.borrow_mut().push(number);
            seen.now.set(seen.now.get() + 1);
            seen.most.set(seen.most.get().max(seen.now.get()));
            async move {
                for _ in 0..length {
                    tokio::task::yield_now().await;
                }
                seen.now.set(seen.now.get() - 1);
                number
            }
        };
        let ended = in_turns(lengths, at_once, |number| Some(*number) == last, begin).await;
        (seen, ended)
    }

    #[tokio::test]
    async fn all_are_begun_in_order_and_no_more_at_once_than_wanted() {
        for at_once in 1..8 {
            let (seen, ended) = played(&[9, 1, 0, 7, 2, 0, 3], at_once, None).await;
            assert_eq!(*seen.begun.borrow(), [0, 1, 2, 3, 4, 5, 6]);
            assert_eq!(seen.most.get(), at_once);
            assert_eq!(ended, (0..7).map(Some).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn after_the_last_one_those_that_run_end_and_none_begins() {
        let (seen, ended) = played(&[9, 2, 1, 1], 2, Some(1)).await;
        assert_eq!(*seen.begun.borrow(), [0, 1]);
        assert_eq!(ended, [Some(0), Some(1), None, None]);
        let (_, ended) = played(&[0, 0, 0], 1, Some(0)).await;
        assert_eq!(ended, [Some(0), None, None]);
    }
}
