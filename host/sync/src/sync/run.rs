//! The daemon: checks again and again, spread over time.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use super::{Outcome, Sync};
use crate::error::Error;
use crate::loader::Loader;

impl<L: Loader> Sync<L> {
    /// Checks the repository at the intervals of its [`crate::Intervals`] until `stop` is ready. The first check
    /// comes at once if nothing is enforced yet, otherwise somewhere within the first interval.
    /// `after` is called after each check.
    ///
    /// Dropping the future, or `stop`, leaves everything as after the last complete step; the client can be run
    /// again.
    pub async fn run(
        &mut self,
        stop: impl Future<Output = ()>,
        mut after: impl FnMut(&Result<Outcome, Error>),
    ) {
        let mut stop = pin!(stop);
        let mut wait = match self.active() {
            None => Duration::ZERO,
            Some(_) => self.schedule.first(self.environment.random()),
        };
        loop {
            self.shared.report().poll.wait_ms =
                Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.shared.wake.notified() => {}
                () = self.environment.sleep(wait) => {}
            }
            let result = tokio::select! {
                biased;
                () = &mut stop => return,
                result = self.once() => result,
            };
            wait = self.next_wait(&result);
            after(&result);
        }
    }

    fn next_wait(&mut self, result: &Result<Outcome, Error>) -> Duration {
        let random = self.environment.random();
        let wait = match result {
            Ok(_) => self.schedule.succeeded(self.long_poll, random),
            Err(error) => self.schedule.failed(error, random),
        };
        self.shared.report().poll.failures = self.schedule.failures();
        wait
    }
}
