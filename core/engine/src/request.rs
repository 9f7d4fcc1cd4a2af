use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Which way the text goes: the `source` of ApplyGuardrail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// What a person or program sends to a model.
    Input,
    /// What the model answers.
    Output,
}

impl Source {
    /// `INPUT` or `OUTPUT`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Source::Input => "INPUT",
            Source::Output => "OUTPUT",
        }
    }

    /// The source with this API name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Source> {
        [Source::Input, Source::Output]
            .into_iter()
            .find(|source| source.name() == name)
    }
}

/// How much the assessments list: the `outputScope` of ApplyGuardrail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputScope {
    /// What was detected.
    #[default]
    Interventions,
    /// Also the sensitive-information types that were looked for and not found.
    Full,
}

/// The `qualifiers` of a content block, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Qualifiers {
    /// `grounding_source`: reference text of contextual grounding.
    pub grounding_source: bool,
    /// `query`: the question of contextual grounding.
    pub query: bool,
    /// `guard_content`: to be evaluated, whatever else it is.
    pub guard_content: bool,
}

impl Qualifiers {
    /// Whether a block with these qualifiers is evaluated here. Grounding texts count towards the total
    /// only, as AWS was seen to do, unless they are tagged `guard_content` too.
    #[must_use]
    pub const fn are_guarded(self) -> bool {
        self.guard_content || !(self.grounding_source || self.query)
    }
}

/// Who said a text. Carried for surfaces that read whole conversations; it does not change a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions to the model.
    System,
    /// The person or program that asks.
    User,
    /// The model.
    Assistant,
}

/// One text of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentBlock<'t> {
    /// The text; its length counts against [`crate::Limits::text_bytes`].
    pub text: Cow<'t, str>,
    /// Its qualifiers.
    pub qualifiers: Qualifiers,
    /// Who said it, where the caller knows.
    pub role: Option<Role>,
}

/// What is to be decided: the body of ApplyGuardrail, and what an engine without a clock has to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'t> {
    /// Which way the text goes.
    pub source: Source,
    /// The texts, decided together: a block in one blocks all.
    pub content: Vec<ContentBlock<'t>>,
    /// The model the text is meant for or comes from.
    pub model: Option<Cow<'t, str>>,
    /// How much the assessments list.
    pub output_scope: OutputScope,
    /// Seconds since 1970-01-01T00:00Z. Without it, everything that expires counts as expired.
    pub now: Option<u64>,
}

impl<'t> Request<'t> {
    /// A request with a single text.
    ///
    /// ```
    /// use edgerail_core::{Request, Source};
    /// let request = Request::text(Source::Input, "Hello");
    /// assert_eq!(request.content.len(), 1);
    /// ```
    #[must_use]
    pub fn text(source: Source, text: &'t str) -> Request<'t> {
        let block = ContentBlock {
            text: Cow::Borrowed(text),
            qualifiers: Qualifiers::default(),
            role: None,
        };
        Request {
            source,
            content: Vec::from([block]),
            model: None,
            output_scope: OutputScope::Interventions,
            now: None,
        }
    }
}
