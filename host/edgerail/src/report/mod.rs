//! Decisions in the forms people and programs read.
//!
//! Data (`json`, `jsonl`) carries what was found. Reports (`text`, `sarif`, `html`) say what and where,
//! and quote nothing of the text unless asked to.

pub(crate) mod diff;
pub(crate) mod eval;
pub(crate) mod html;
mod json;
pub(crate) mod jsonl;
mod masked;
mod offsets;
pub(crate) mod page;
mod redact;
mod sarif;
pub(crate) mod table;
mod text;
mod words;

use std::io::{self, Write};
use std::path::Path;

pub(crate) use edgerail_judge::{Answer, Deferred, Finding, Offsets, date, one_line, policy};
pub(crate) use masked::masked_text;
pub(crate) use redact::hidden;
pub(crate) use words::reason;

/// What a report needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Units of the offsets.
    pub(crate) offsets: Offsets,
    /// Whether reports may quote the text.
    pub(crate) show_text: bool,
    /// How many inputs there are.
    pub(crate) inputs: usize,
}

/// An input with its decision.
#[derive(Debug)]
pub(crate) struct Checked<'t> {
    /// How to call it.
    pub(crate) label: &'t str,
    /// The file it is, if it is one.
    pub(crate) path: Option<&'t Path>,
    /// The text.
    pub(crate) text: &'t str,
    /// The decision's canonical bytes.
    pub(crate) json: &'t str,
    /// The decision, read.
    pub(crate) answer: Answer<'t>,
}

/// An input that could not be checked.
#[derive(Debug)]
pub(crate) struct Unchecked<'t> {
    /// How to call it.
    pub(crate) label: &'t str,
    /// The file it is, if it is one.
    pub(crate) path: Option<&'t Path>,
    /// A stable name for what is wrong.
    pub(crate) code: &'t str,
    /// What is wrong.
    pub(crate) message: &'t str,
}

/// A form of output. Inputs come in their order.
pub(crate) trait Report {
    /// An input that was checked.
    fn checked(&mut self, checked: &Checked<'_>, out: &mut dyn Write) -> io::Result<()>;

    /// An input that was not. Forms for people leave it to standard error.
    fn unchecked(&mut self, unchecked: &Unchecked<'_>, out: &mut dyn Write) -> io::Result<()>;

    /// After the last input.
    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// A form's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A report for people
    Text,
    /// The ApplyGuardrail response; a list of them for several inputs
    Json,
    /// One short record a line
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// One self-contained page
    Html,
}

impl Format {
    /// The report of this form.
    pub(crate) fn report(self, options: Options) -> Box<dyn Report> {
        match self {
            Format::Text => Box::new(text::Text::new(options)),
            Format::Json => Box::new(json::Json::new(options)),
            Format::Jsonl => Box::new(jsonl::Jsonl::new(options)),
            Format::Sarif => Box::new(sarif::Sarif::new(options)),
            Format::Html => Box::new(html::Html::new(options)),
        }
    }
}
