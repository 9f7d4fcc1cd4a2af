//! Passphrases that are typed by somebody who sits at a terminal.

use std::io::{ErrorKind, IsTerminal as _};

use edgerail_publish::keys::Passphrase;

use super::error::{CliError, say};
use crate::report::one_line;

/// How often somebody may mistype.
pub(super) const ATTEMPTS: usize = 3;

/// 128 and the number of the signal: what shells say of a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Asks for a passphrase, which is not shown while it is typed. `None` if nobody can be asked: what is read from a
/// pipe, or runs without a terminal, must not wait for one.
pub(super) fn passphrase(question: &str) -> Option<Result<Passphrase, CliError>> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let asked = {
        let _asking = interrupt::Asking::begin();
        rpassword::prompt_password(format!("{}: ", one_line(question)))
    };
    match asked {
        Ok(text) => Some(Ok(Passphrase::new(&text))),
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            // The terminal has been given back. The thread that waits for the signal ends the process likewise.
            std::process::exit(INTERRUPTED)
        }
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            let message = "none was typed; set EDGERAIL_PASSPHRASE or give --passphrase-file FILE";
            Some(Err(CliError::new("passphrase", question, message)))
        }
        // There is no terminal of the process, whatever its standard input is.
        Err(_) => None,
    }
}

/// Asks for a new passphrase, twice.
pub(super) fn new_passphrase(question: &str) -> Option<Result<Passphrase, CliError>> {
    for _ in 0..ATTEMPTS {
        let first = match passphrase(question)? {
            Ok(first) => first,
            Err(error) => return Some(Err(error)),
        };
        if let Err(error) = first.long_enough() {
            say(&format!("{error}"));
            continue;
        }
        match passphrase("The same again")? {
            Ok(second) if second.is(&first) => return Some(Ok(first)),
            Ok(_) => say("the two are not the same; once more"),
            Err(error) => return Some(Err(error)),
        }
    }
    let message = "was not typed twice alike; begin again";
    Some(Err(CliError::new("passphrase", question, message)))
}

/// What Ctrl-C does while somebody types: the one who asks raises the signal before he gives the terminal back, and
/// the default of that ends the process at once, on a terminal that shows nothing any more.
#[cfg(unix)]
mod interrupt {
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::signal::unix::{SignalKind, signal};

    static ASKING: AtomicBool = AtomicBool::new(false);
    static WATCHED: Once = Once::new();

    /// While this is held, the signal ends the question and not the process.
    pub(super) struct Asking;

    impl Asking {
        pub(super) fn begin() -> Asking {
            WATCHED.call_once(watch);
            ASKING.store(true, Ordering::SeqCst);
            Asking
        }
    }

    impl Drop for Asking {
        fn drop(&mut self) {
            ASKING.store(false, Ordering::SeqCst);
        }
    }

    /// Has the signal end the process from now on, except while somebody is asked. If that cannot be had, all stays as
    /// it was.
    fn watch() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        let Ok(runtime) = runtime else { return };
        let signals = {
            let _inside = runtime.enter();
            signal(SignalKind::interrupt())
        };
        let Ok(mut signals) = signals else { return };
        let wait = move || {
            runtime.block_on(async move {
                while signals.recv().await.is_some() {
                    if !ASKING.load(Ordering::SeqCst) {
                        std::process::exit(super::INTERRUPTED);
                    }
                }
            });
        };
        // Without the thread, the signal would do nothing; that there is none for one thread more is no state in
        // which anything else works.
        let _ = std::thread::Builder::new()
            .name("edgerail-interrupt".to_owned())
            .spawn(wait);
    }
}

#[cfg(not(unix))]
mod interrupt {
    pub(super) struct Asking;

    impl Asking {
        pub(super) const fn begin() -> Asking {
            Asking
        }
    }
}
