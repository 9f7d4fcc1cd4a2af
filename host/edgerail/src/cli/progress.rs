use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Shorter runs need no progress.
const QUIET: Duration = Duration::from_secs(1);
const REFRESH: Duration = Duration::from_millis(250);

/// One line on a terminal's standard error that says how far a long run is; nothing anywhere else.
#[derive(Debug)]
pub(super) struct Progress {
    shown: bool,
    enabled: bool,
    start: Instant,
    last: Instant,
}

impl Progress {
    pub(super) fn new() -> Progress {
        let now = Instant::now();
        // Lines of results on the same terminal are progress enough.
        let enabled = std::io::stderr().is_terminal() && !std::io::stdout().is_terminal();
        Progress {
            shown: false,
            enabled,
            start: now,
            last: now,
        }
    }

    /// So many lines are done.
    pub(super) fn lines(&mut self, lines: u64) {
        self.count(lines, "lines");
    }

    /// So many of something are done.
    pub(super) fn count(&mut self, done: u64, what: &str) {
        let now = Instant::now();
        if !self.enabled || now - self.start < QUIET || now - self.last < REFRESH {
            return;
        }
        self.last = now;
        self.shown = true;
        let seconds = (now - self.start).as_secs().max(1);
        let _ = write!(
            std::io::stderr(),
            "\r\x1b[K{done} {what}, {} a second",
            done / seconds
        );
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
