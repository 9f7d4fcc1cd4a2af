use std::io;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::Engine;

/// The unit in which deadlines are measured: short against any deadline worth having, long against the
/// cost of waking a thread.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// A thread that advances an engine's epoch. It ends with the ticker.
#[derive(Debug)]
pub(super) struct Ticker {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(super) fn start(engine: &Engine) -> io::Result<Ticker> {
        let engine = engine.weak();
        let (stop, stopped) = sync_channel::<()>(1);
        let thread = std::thread::Builder::new().name("edgerail-ticker".into());
        let thread = thread.spawn(move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => break,
                }
            }
        })?;
        Ok(Ticker {
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(super) fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| !t.is_finished())
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only sleeps and counts; it has no way to panic that would be worth passing on.
            let _ = thread.join();
        }
    }
}
