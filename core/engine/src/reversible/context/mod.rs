//! Where in a text something stands: places from which a program would send it on without being asked.
//!
//! Three trackers read the output side by side, each for its own grammar and each on the safe side: what
//! one of several parsers may take for an attribute, a target or an address is one.

mod html;
mod join;
mod markdown;
mod url;

pub(super) use join::{Join, Joined};

use super::restore::Allow;

/// The places of the end of a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    html: html::Html,
    markdown: markdown::Markdown,
    url: url::Url,
}

impl Context {
    /// Reads one more character of the output.
    pub(super) fn feed(&mut self, c: char) {
        self.html.feed(c);
        self.markdown.feed(c);
        self.url.feed(c);
    }

    /// Reads more of the output.
    pub(super) fn feed_all(&mut self, text: &str) {
        for c in text.chars() {
            self.feed(c);
        }
    }

    /// Whether what comes next stands where values are let through.
    pub(super) fn is_allowed(&self, allow: Allow) -> bool {
        (allow.attributes || !self.html.is_inside())
            && (allow.links || !self.markdown.is_inside())
            && (allow.urls || !self.url.is_inside())
    }

    /// What reads on behind a value that ends here.
    pub(super) fn join(&self) -> Join {
        Join::after(self.url.is_inside(), self.url.is_angle())
    }

    /// Whether what comes next continues an address.
    pub(super) fn is_url(&self) -> bool {
        self.url.is_inside()
    }
}

/// White space as HTML and Markdown see it. Others do not end an address.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}
