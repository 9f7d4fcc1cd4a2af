//! Putting values back.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::context::{Context, Join, Joined};
use super::scan::{self, Hit, MAX_BYTES};
use super::{Entry, Kind, Placeholders};

/// How many bytes behind a placeholder may be looked at before its value is let out.
const LOOKAHEAD: usize = 252;

/// How many bytes a [`Restorer`] holds back at most: a placeholder, what follows it, and a part of a
/// character.
pub const HOLD_BACK: usize = MAX_BYTES + LOOKAHEAD + 3;

/// How many bytes of values a [`Restorer`] puts back at most. A reply may repeat the placeholder of a long
/// value without end; what goes beyond is left as it is and counts as withheld.
pub const MAX_RESTORED: usize = 16 << 20;

/// What a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// Text for a reader, perhaps with Markdown or HTML in it.
    #[default]
    Text,
    /// The arguments of a tool call. Give the strings in them, not their JSON: values are not escaped.
    ToolArguments,
}

/// Where values are put back although a program may send them on from there. Nowhere by default.
///
/// A placeholder may stand in several of these places, as in `[text](https://host/{EMAIL_1})`, a target
/// and an address; then all of them must be allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// Addresses in running text, and values that what follows makes part of a host's name.
    pub urls: bool,
    /// Targets of links and images in Markdown, and of definitions.
    pub links: bool,
    /// Tags of HTML, and scripts and style sheets.
    pub attributes: bool,
    /// Arguments of tools ([`Destination::ToolArguments`]).
    pub tool_arguments: bool,
}

/// How to restore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreOptions {
    /// What the text is.
    pub destination: Destination,
    /// Where values may go.
    pub allow: Allow,
}

impl RestoreOptions {
    /// In every place: what was masked comes back exactly as it was.
    pub const EVERYWHERE: RestoreOptions = RestoreOptions {
        destination: Destination::Text,
        allow: Allow {
            urls: true,
            links: true,
            attributes: true,
            tool_arguments: true,
        },
    };
}

/// Puts values back into a text that comes in pieces.
///
/// However the text is cut, the outputs joined are what [`Placeholders::restore`] gives for the whole.
/// At most [`HOLD_BACK`] bytes are held back, and only behind what may be the beginning of a placeholder.
/// Use one restorer for what will be shown as one document: a link may begin in one part of it and end
/// in another.
#[derive(Debug)]
pub struct Restorer<'p> {
    map: Cow<'p, Placeholders>,
    options: RestoreOptions,
    pending: String,
    /// The beginning of a character.
    partial: Vec<u8>,
    /// The last character read.
    prev: Option<char>,
    context: Context,
    /// While only what may belong to a host's name came after a value.
    join: Option<Join>,
    /// How many more bytes of values may be put back.
    room: usize,
    restored: usize,
    withheld: usize,
    replaced: usize,
}

/// What to do with a value.
enum Verdict {
    Restore(Context, Option<Join>),
    Leave,
    /// It depends on what follows.
    Wait,
}

impl<'p> Restorer<'p> {
    /// A restorer at the beginning of a text.
    #[must_use]
    pub fn new(map: &'p Placeholders, options: RestoreOptions) -> Restorer<'p> {
        Restorer::with(Cow::Borrowed(map), options)
    }

    /// The same with a map of its own, for callers that keep both: what is issued later is not restored.
    #[must_use]
    pub fn owning(map: Placeholders, options: RestoreOptions) -> Restorer<'static> {
        Restorer::with(Cow::Owned(map), options)
    }

    fn with(map: Cow<'p, Placeholders>, options: RestoreOptions) -> Restorer<'p> {
        Restorer {
            map,
            options,
            pending: String::new(),
            partial: Vec::new(),
            prev: None,
            context: Context::default(),
            join: None,
            room: MAX_RESTORED,
            restored: 0,
            withheld: 0,
            replaced: 0,
        }
    }

    /// More of the text; what is decided comes back.
    #[must_use]
    pub fn push(&mut self, text: &str) -> String {
        self.end_character();
        self.pending.push_str(text);
        self.drain(false)
    }

    /// More of the text as UTF-8, which may end within a character. What is no UTF-8 becomes U+FFFD, as
    /// [`String::from_utf8_lossy`] does it.
    #[must_use]
    pub fn push_bytes(&mut self, bytes: &[u8]) -> String {
        self.partial.extend_from_slice(bytes);
        let bytes = core::mem::take(&mut self.partial);
        let mut rest = bytes.as_slice();
        while let Err(error) = core::str::from_utf8(rest) {
            let (valid, after) = rest
                .split_at_checked(error.valid_up_to())
                .unwrap_or((rest, &[]));
            self.pending
                .push_str(core::str::from_utf8(valid).unwrap_or(""));
            rest = after;
            let Some(invalid) = error.error_len() else {
                self.partial.extend_from_slice(after);
                rest = &[];
                break;
            };
            self.replace();
            rest = rest.get(invalid..).unwrap_or(&[]);
        }
        self.pending
            .push_str(core::str::from_utf8(rest).unwrap_or(""));
        self.drain(false)
    }

    /// The end of the text; the rest of the output. What is pushed after it is a new text.
    #[must_use]
    pub fn finish(&mut self) -> String {
        self.end_character();
        let out = self.drain(true);
        self.prev = None;
        self.context = Context::default();
        self.join = None;
        self.room = MAX_RESTORED;
        out
    }

    /// How many bytes are held back.
    #[must_use]
    pub fn held(&self) -> usize {
        self.pending.len().saturating_add(self.partial.len())
    }

    /// How many placeholders were replaced by their values.
    #[must_use]
    pub const fn restored(&self) -> usize {
        self.restored
    }

    /// How many were left as they are because of where they stand.
    #[must_use]
    pub const fn withheld(&self) -> usize {
        self.withheld
    }

    /// How many stretches of bytes were no UTF-8.
    #[must_use]
    pub const fn replaced(&self) -> usize {
        self.replaced
    }

    /// Gives up on a character whose rest does not come.
    fn end_character(&mut self) {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.replace();
        }
    }

    fn replace(&mut self) {
        self.pending.push(char::REPLACEMENT_CHARACTER);
        self.replaced = self.replaced.saturating_add(1);
    }

    fn drain(&mut self, end: bool) -> String {
        let pending = core::mem::take(&mut self.pending);
        let mut out = String::with_capacity(pending.len());
        let mut at = 0;
        while let Some(rest) = pending.get(at..)
            && let Some(c) = rest.chars().next()
        {
            let mut taken = None;
            if scan::may_begin(c) {
                match scan::scan(rest, end, self.prev) {
                    Ok(Some(hit)) => match self.placeholder(&hit, rest, end, &mut out) {
                        Some(len) => taken = len,
                        None => break,
                    },
                    Ok(None) => {}
                    Err(scan::More) => break,
                }
            }
            let len = taken.unwrap_or_else(|| {
                self.write(c, &mut out);
                c.len_utf8()
            });
            self.prev = rest.get(..len).and_then(|read| read.chars().next_back());
            at = at.saturating_add(len);
        }
        self.pending.push_str(pending.get(at..).unwrap_or(""));
        out
    }

    /// Sees to something with the form of a placeholder at the start of `rest`: `Some(Some(length))` if
    /// it is written, `Some(None)` if it is none, `None` if more must be known.
    fn placeholder(
        &mut self,
        hit: &Hit,
        rest: &str,
        end: bool,
        out: &mut String,
    ) -> Option<Option<usize>> {
        let map = &self.map;
        let Some(entry) = map.issued(hit) else {
            return Some(None);
        };
        let (read, after) = rest.split_at_checked(hit.len).unwrap_or((rest, ""));
        let (from, to) = hit.ending;
        let ending = read.get(from..to).unwrap_or("");
        match self.verdict(entry, ending, after, end) {
            Verdict::Wait => return None,
            Verdict::Leave => {
                self.withheld = self.withheld.saturating_add(1);
                read.chars().for_each(|c| self.write(c, out));
            }
            Verdict::Restore(context, join) => {
                self.restored = self.restored.saturating_add(1);
                self.room = self.room.saturating_sub(entry.text.len());
                self.context = context;
                self.join = join;
                out.push_str(&entry.text);
                out.push_str(ending);
            }
        }
        Some(Some(hit.len))
    }

    fn verdict(&self, entry: &Entry, ending: &str, after: &str, end: bool) -> Verdict {
        let RestoreOptions { destination, allow } = self.options;
        // Asked before the value is looked at, which may be long: a reply may have many of these.
        if entry.kind != Kind::Literal {
            let tool = destination == Destination::ToolArguments && !allow.tool_arguments;
            if tool || entry.text.len() > self.room || !self.context.is_allowed(allow) {
                return Verdict::Leave;
            }
        }
        let mut context = self.context.clone();
        context.feed_all(&entry.text);
        context.feed_all(ending);
        if entry.kind == Kind::Literal {
            // It is as public as the placeholder that it looks like.
            let mut join = self.join;
            let open = join.as_mut().map(|j| j.feed_all(&entry.text)) == Some(Joined::Open);
            return Verdict::Restore(context, join.filter(|_| open));
        }
        let mut join = context.join();
        // What another value began, this one may complete.
        if let Some(mut earlier) = self.join {
            match earlier.feed_all(&entry.text) {
                Joined::Yes if !allow.urls => return Verdict::Leave,
                Joined::Open => join = earlier.or_url(context.is_url()),
                _ => {}
            }
        }
        let known = join.feed_all(ending);
        if allow.urls || known == Joined::No {
            return Verdict::Restore(context, Some(join));
        }
        let mut reading = join;
        let mut looked: usize = 0;
        for c in after.chars() {
            looked = looked.saturating_add(c.len_utf8());
            if looked > LOOKAHEAD {
                break;
            }
            match reading.feed(c) {
                Joined::Open => {}
                Joined::Yes => return Verdict::Leave,
                Joined::No => return Verdict::Restore(context, Some(join)),
            }
        }
        if after.len() >= LOOKAHEAD {
            Verdict::Leave
        } else if end {
            Verdict::Restore(context, Some(join))
        } else {
            Verdict::Wait
        }
    }

    fn write(&mut self, c: char, out: &mut String) {
        out.push(c);
        self.context.feed(c);
        if let Some(join) = &mut self.join
            && join.feed(c) != Joined::Open
        {
            self.join = None;
        }
    }
}
