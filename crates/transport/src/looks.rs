//! Looking for what comes next before going to sleep over it.
//!
//! To wake a thread that sleeps, on a processor that sleeps, takes longer than a call that is answered at once. So whoever waits for one
//! answer at a time, or serves somebody who asks one thing after the other, looks for the next a few times before they sleep; all other
//! tasks run in between. Whether that pays depends on how soon the peer answers and on who else wants the processors, so it is measured:
//! where it brings nothing, it is done less and less often. There is none of it where calls overlap, nor on a runtime or a machine with
//! one thread at a time, where it would only keep others from their work.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::yield_now;
use tokio::time::Instant;

/// How often it is looked, each time asking the system what has happened: some tens of microseconds in all.
const LOOKS: u32 = 64;

/// Where it brings nothing it is tried once in so many times, at the rarest.
const RAREST: u32 = 256;

/// Where it pays it is left out once in so many times, to know what would be without it.
const COMPARED: u32 = 32;

/// No sleep counts as longer than this: how long nobody asked anything says nothing about waking.
const LONGEST: Duration = Duration::from_micros(200);

/// Looks for what one stream brings.
pub(crate) struct Looks {
    never: bool,
    /// Before the next try so many times pass without, and after it so many if it brings nothing.
    passed: u32,
    pause: u32,
    /// How many times in a row it was looked.
    in_a_row: u32,
    /// How long it lately took until something came where it was not looked for: a moving mean.
    asleep: Duration,
}

impl Looks {
    /// For a stream that a task of the current runtime reads.
    pub(crate) fn new() -> Self {
        let in_parallel = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread
            && std::thread::available_parallelism().is_ok_and(|processors| processors.get() > 1);
        Self { never: !in_parallel, passed: 0, pause: 0, in_a_row: 0, asleep: LONGEST }
    }

    /// Waits for `next`, and looks for it before sleeping as long as that is `worthwhile`, which is told whether it was looked already.
    pub(crate) async fn wait<T>(&mut self, next: impl Future<Output = T>, worthwhile: impl Fn(bool) -> bool) -> T {
        let mut next = pin!(next);
        let mut begun: Option<(Instant, u32)> = None;
        poll_fn(|task| {
            if let Poll::Ready(came) = next.as_mut().poll(task) {
                if let Some((since, _)) = begun {
                    self.came_after(since.elapsed(), begun.is_some_and(|(_, left)| left > 0));
                }
                return Poll::Ready(came);
            }
            if self.never {
                return Poll::Pending;
            }
            let left = match &mut begun {
                Some((_, left)) => {
                    *left = if *left > 0 && worthwhile(true) { *left - 1 } else { 0 };
                    *left
                }
                None if worthwhile(false) => {
                    let looks = if self.takes_turn() { LOOKS } else { 0 };
                    begun.insert((Instant::now(), looks)).1
                }
                None => 0,
            };
            if left > 0 {
                // Wakes this task once all others have run and the system was asked what else has happened.
                let _ = pin!(yield_now()).poll(task);
            }
            Poll::Pending
        })
        .await
    }

    /// Whether it is looked this time.
    fn takes_turn(&mut self) -> bool {
        if self.passed > 0 || self.in_a_row >= COMPARED {
            (self.passed, self.in_a_row) = (self.passed.saturating_sub(1), 0);
            return false;
        }
        // That it brings nothing holds until it has brought something.
        self.pause = (2 * self.pause + 1).min(RAREST - 1);
        self.passed = self.pause;
        self.in_a_row += 1;
        true
    }

    /// Something has come after so long, while it was looked for or else asleep.
    fn came_after(&mut self, waited: Duration, looking: bool) {
        if looking {
            if waited < self.asleep * 3 / 4 {
                // It was doubled as the turn was taken.
                self.pause /= 4;
                self.passed = self.pause;
            }
        } else if self.in_a_row == 0 {
            self.asleep = (self.asleep * 3 + waited.min(LONGEST)) / 4;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Wake, Waker};

    use super::*;

    const SOON: Duration = Duration::from_micros(10);
    const LATER: Duration = Duration::from_micros(60);

    /// How often it is looked in so many turns, where something comes after these times.
    fn looked(looks: &mut Looks, turns: usize, looking: Duration, asleep: Duration) -> usize {
        (0..turns)
            .filter(|_| {
                let looked = looks.takes_turn();
                looks.came_after(if looked { looking } else { asleep }, looked);
                looked
            })
            .count()
    }

    fn looks() -> Looks {
        Looks { never: false, passed: 0, pause: 0, in_a_row: 0, asleep: LONGEST }
    }

    #[test]
    fn where_it_pays_it_is_looked_nearly_always() {
        let often = looked(&mut looks(), 1_000, SOON, LATER);
        assert!((950..1_000).contains(&often), "{often}");
    }

    #[test]
    fn where_it_takes_longer_than_sleeping_it_is_seldom_looked() {
        let mut looks = looks();
        // What it is without is not known at first.
        looked(&mut looks, 1_000, LATER, SOON);
        let often = looked(&mut looks, 10_000, LATER, SOON);
        assert!((1..=10_000 / 200).contains(&often), "{often}");
        // And as soon as it pays, it is found out.
        let often = looked(&mut looks, 1_000, SOON, LATER);
        assert!(often > 700, "{often}");
    }

    #[test]
    fn where_nothing_comes_while_it_is_looked_it_is_seldom_looked() {
        let mut looks = looks();
        let often = (0..10_000)
            .filter(|_| {
                let looked = looks.takes_turn();
                looks.came_after(Duration::from_millis(1), false);
                looked
            })
            .count();
        assert!((1..=10_000 / 200).contains(&often), "{often}");
    }

    /// Counts how often a task was woken.
    #[derive(Default)]
    struct Woken(AtomicU32);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often a task looks for what comes when it was asked for so many times, and wakes nobody; and whether it came.
    fn looks_for(polls: u32, worthwhile: impl Fn(bool) -> bool) -> (u32, bool) {
        let mut asked = 0;
        let next = poll_fn(move |_| {
            asked += 1;
            if asked == polls { Poll::Ready(()) } else { Poll::Pending }
        });
        let mut looks = looks();
        let mut waiting = pin!(looks.wait(next, worthwhile));
        // Outside of a runtime nothing else is to run before a task is woken that has stepped aside.
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        for looked in 0.. {
            if waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                return (looked, true);
            }
            if woken.0.load(Ordering::Relaxed) == looked {
                return (looked, false);
            }
        }
        unreachable!("it is looked for ever")
    }

    #[test]
    fn what_comes_while_it_is_looked_for_need_wake_nobody() {
        assert_eq!(looks_for(1, |_| true), (0, true));
        assert_eq!(looks_for(LOOKS, |_| true), (LOOKS - 1, true));
    }

    #[test]
    fn it_is_not_looked_for_ever_nor_once_it_is_not_worthwhile() {
        assert_eq!(looks_for(u32::MAX, |_| true), (LOOKS, false));
        assert_eq!(looks_for(u32::MAX, |looked| !looked), (1, false));
        assert_eq!(looks_for(u32::MAX, |_| false), (0, false));
    }

    #[tokio::test]
    async fn on_a_single_thread_nobody_looks() {
        assert!(Looks::new().never);
    }
}
