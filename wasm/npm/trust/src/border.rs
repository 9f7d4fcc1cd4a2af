//! The border to JavaScript: four functions, so that little of the module is border. `trust-session.ts` is the other side.
//!
//! A method is called with numbers, and with bytes where it takes some: [`input`] makes room for them, [`call`] uses them
//! up. What it gives beside a number is at [`output`] until the next call.
//!
//! Exported functions need `unsafe(no_mangle)`: two functions of one name could be mixed up. No other function of the
//! module has a name of its own. JavaScript reads and writes the buffers through the module's memory; what it writes
//! beside them it could write without this border, too.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};

use edgerail_trust::Answer;

use crate::error::Failure;
use crate::session::{Session, seconds};

/// What [`call`] gives when it refuses: code, reason and message are at [`output`]. No method gives a negative number.
const REFUSED: f64 = -1.0;

/// Names and numbers of the methods. Each is a place in the list of the TypeScript.
macro_rules! methods {
    ($($name:ident = $number:literal,)*) => {
        $(const $name: u32 = $number;)*
        const METHODS: &[(&str, u32)] = &[$((stringify!($name), $number)),*];
    };
}

methods! {
    OPEN = 0,
    FREE = 1,
    RESTORE = 2,
    REFRESH = 3,
    FIND = 4,
    STEP = 5,
    LIMIT = 6,
    CONTENT = 7,
    BYTES = 8,
    ABSENT = 9,
    DONE = 10,
    ABORT = 11,
    ROLES = 12,
    ADOPT = 13,
    JOINED = 14,
    UNMARKED = 15,
    RETRY_POISONED = 16,
    STATE = 17,
    BOOT = 18,
    LOADED = 19,
    LOST = 20,
    CHOOSE = 21,
    SKIPPED = 22,
    CANDIDATE = 23,
    VERIFY = 24,
    STARTED = 25,
    ACTIVATED = 26,
    PROMOTED = 27,
    FAILED = 28,
    BASELINE = 29,
    ISSUED = 30,
    NOTE_TIME = 31,
    FRESH_UNTIL = 32,
    DEGRADED = 33,
    DENY_FROM = 34,
}

/// FNV-1a of the methods' names, each with a line feed: tells modules apart that other TypeScript goes with.
const FINGERPRINT: u32 = {
    let mut hash: u32 = 0x811c_9dc5;
    let mut method = 0;
    while method < METHODS.len() {
        let (name, number) = METHODS[method];
        assert!(number as usize == method, "the methods are numbered");
        let mut at = 0;
        while at <= name.len() {
            let byte = if at < name.len() {
                name.as_bytes()[at]
            } else {
                b'\n'
            };
            hash = (hash ^ byte as u32).wrapping_mul(0x0100_0193);
            at += 1;
        }
        method += 1;
    }
    hash
};

/// All that the module holds between calls.
struct Border {
    /// With their numbers, which are given once.
    sessions: Vec<(u32, Box<Session>)>,
    opened: u32,
    input: Vec<u8>,
    output: Vec<u8>,
}

struct Shared(RefCell<Border>);

// SAFETY: a module without atomics has one thread, and no other can get at its memory.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Sync for Shared {}

static BORDER: Shared = Shared(RefCell::new(Border {
    sessions: Vec::new(),
    opened: 0,
    input: Vec::new(),
    output: Vec::new(),
}));

fn border() -> RefMut<'static, Border> {
    BORDER.0.borrow_mut()
}

/// Which list of methods the module has.
#[unsafe(no_mangle)]
extern "C" fn methods() -> u32 {
    FINGERPRINT
}

/// Makes room for the bytes of the next call.
#[unsafe(no_mangle)]
extern "C" fn input(length: usize) -> *mut u8 {
    let mut border = border();
    border.input = alloc::vec![0; length];
    border.input.as_mut_ptr()
}

/// Where the last call's bytes are.
#[unsafe(no_mangle)]
extern "C" fn output() -> *const u8 {
    border().output.as_ptr()
}

/// How many they are.
#[unsafe(no_mangle)]
extern "C" fn output_length() -> usize {
    border().output.len()
}

/// Calls a method of a session. A session or a method that is none is a trap; only to be freed, a session need not be there.
/// After a trap the border stays borrowed, so that all further calls are traps: nothing goes on with what is half done.
#[unsafe(no_mangle)]
extern "C" fn call(session: u32, method: u32, a: f64, b: f64, c: f64) -> f64 {
    let border = &mut *border();
    let input = core::mem::take(&mut border.input);
    border.output = Vec::new();
    let place = border
        .sessions
        .iter()
        .position(|(number, _)| *number == session);
    let given = match (method, place) {
        (OPEN, _) => border.open(&input, a, b, c),
        (FREE, place) => {
            if let Some(place) = place {
                border.sessions.swap_remove(place);
            }
            Ok(0.0)
        }
        (_, Some(place)) => {
            let session = &mut border.sessions[place].1;
            session.call(method, &input, [a, b, c], &mut border.output)
        }
        _ => panic!("no such session"),
    };
    given.unwrap_or_else(|failure| {
        border.output.clear();
        failure.write(&mut border.output);
        REFUSED
    })
}

impl Border {
    /// A session for the pins in the first bytes, as many as `texts` says, and the root in the rest. With `deny`, everything
    /// is blocked `grace` seconds after the metadata expires: at once, where that is no number.
    fn open(&mut self, input: &[u8], texts: f64, grace: f64, deny: f64) -> Result<f64, Failure> {
        let Some((texts, root)) = input.split_at_checked(texts as usize) else {
            panic!("the pins are longer than the input");
        };
        let session = Session::new(root, text(texts)?, (deny != 0.0).then_some(grace as u64))?;
        self.opened += 1;
        self.sessions.push((self.opened, Box::new(session)));
        Ok(f64::from(self.opened))
    }
}

fn text(bytes: &[u8]) -> Result<&str, Failure> {
    core::str::from_utf8(bytes).map_err(|_| Failure::Argument("a text is not UTF-8"))
}

impl Session {
    fn call(
        &mut self,
        method: u32,
        input: &[u8],
        [a, b, c]: [f64; 3],
        output: &mut Vec<u8>,
    ) -> Result<f64, Failure> {
        match method {
            RESTORE => self.restore(a),
            REFRESH => self.refresh(a),
            FIND => self.find(a != 0.0),
            STEP => return self.step(output).map(f64::from),
            LIMIT => return Ok(self.limit()),
            CONTENT => *output = self.content(),
            BYTES => self.bytes(input),
            ABSENT => self.client.answer(Answer::Absent),
            DONE => self.client.answer(Answer::Done),
            ABORT => self.client.abort(),
            ROLES => *output = self.roles().into_bytes(),
            ADOPT => self.adopt(input)?,
            JOINED => *output = self.joined(input).into_bytes(),
            UNMARKED => *output = self.unmarked().into_bytes(),
            RETRY_POISONED => self.retry_poisoned(),
            STATE => *output = self.state.to_json().into_bytes(),
            BOOT => return Ok(f64::from(self.boot(a, b != 0.0))),
            LOADED => self.state.loaded(),
            LOST => self.state.lost(),
            CHOOSE => return self.choose().map(f64::from),
            SKIPPED => output.extend_from_slice(self.skipped().as_bytes()),
            CANDIDATE => *output = self.candidate().into_bytes(),
            VERIFY => self.verify(input)?,
            STARTED => self.started(),
            ACTIVATED => self.activated(seconds(a)),
            PROMOTED => self.promoted(),
            FAILED => self.failed(a != 0.0),
            BASELINE => self.baseline(a as u64, text(input)?, seconds(b)),
            ISSUED => return Ok(time(self.client.issued())),
            NOTE_TIME => self.note_time(),
            FRESH_UNTIL => return Ok(time(self.fresh_until())),
            DEGRADED => self.degraded(a, b, c as u32, output),
            DENY_FROM => return Ok(self.deny_from(a, b, c as u32)),
            _ => panic!("no such method"),
        }
        Ok(0.0)
    }
}

/// A time of the client as JavaScript has it: NaN for none.
fn time(seconds: Option<u64>) -> f64 {
    seconds.map_or(f64::NAN, |seconds| seconds as f64)
}
