//! One guardrail, in the shape the compiler works on, whatever document it was read from.

use edgerail_core::pii::PiiType;

/// What an entry does in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectionalAction {
    /// Not evaluated, not reported: `inputEnabled: false`, or the legacy default on INPUT.
    Disabled,
    /// Detect mode: reported, nothing else happens.
    None,
    /// The text is replaced by the blocked message.
    Block,
    /// The value is masked. Only sensitive information has this.
    Anonymize,
}

/// What an entry does on INPUT and on OUTPUT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directional {
    /// For `source: INPUT`.
    pub input: DirectionalAction,
    /// For `source: OUTPUT`.
    pub output: DirectionalAction,
    /// The entry was written the legacy way (`action: ANONYMIZE` with neither `inputAction` nor
    /// `inputEnabled`), so AWS does not evaluate it on INPUT. The overlay may decide otherwise.
    pub legacy_input: bool,
}

/// `wordPolicyConfig.wordsConfig[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordEntry {
    /// The word or phrase as written.
    pub text: String,
    /// Its actions.
    pub action: Directional,
}

/// `sensitiveInformationPolicyConfig.piiEntitiesConfig[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PiiEntry {
    /// The type.
    pub ty: PiiType,
    /// Its actions.
    pub action: Directional,
}

/// `sensitiveInformationPolicyConfig.regexesConfig[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexEntry {
    /// The name, which is also the mask: `{name}`.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The pattern as written.
    pub pattern: String,
    /// Its actions.
    pub action: Directional,
    /// Where the entry stands in its document, as a JSON path, for messages about the pattern.
    pub path: String,
}

/// `topicPolicyConfig.topicsConfig[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicEntry {
    /// The name.
    pub name: String,
    /// What the topic is, in a sentence or two.
    pub definition: String,
    /// Phrases that belong to it.
    pub examples: Vec<String>,
    /// Its actions.
    pub action: Directional,
}

/// `contentPolicyConfig.filtersConfig[]`. The engine leaves these to the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentFilter {
    /// `HATE`, `PROMPT_ATTACK` …
    pub ty: String,
    /// `NONE`, `LOW`, `MEDIUM` or `HIGH`.
    pub input_strength: String,
    /// `NONE`, `LOW`, `MEDIUM` or `HIGH`.
    pub output_strength: String,
    /// Its actions; `Disabled` where the strength is `NONE`.
    pub action: Directional,
    /// Whether it looks at images on INPUT or OUTPUT.
    pub images: bool,
}

/// One guardrail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guardrail {
    /// The name.
    pub name: String,
    /// The guardrail id, if the document carries one.
    pub id: Option<String>,
    /// The ARN, if the document carries one.
    pub arn: Option<String>,
    /// `DRAFT` or a number, if the document carries one.
    pub version: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// What is answered instead of a blocked input.
    pub blocked_input_messaging: String,
    /// What is answered instead of a blocked output.
    pub blocked_outputs_messaging: String,
    /// Words and phrases.
    pub words: Vec<WordEntry>,
    /// The managed profanity list, if it is configured.
    pub profanity: Option<Directional>,
    /// Built-in sensitive information.
    pub pii: Vec<PiiEntry>,
    /// Custom sensitive information.
    pub regexes: Vec<RegexEntry>,
    /// Denied topics.
    pub topics: Vec<TopicEntry>,
    /// `CLASSIC` or `STANDARD`, where the topic policy says so.
    pub topics_tier: Option<String>,
    /// Content filters.
    pub content_filters: Vec<ContentFilter>,
    /// `CLASSIC` or `STANDARD`, where the content policy says so.
    pub content_tier: Option<String>,
    /// Contextual grounding filters that are enabled: `GROUNDING`, `RELEVANCE`.
    pub grounding: Vec<String>,
    /// Their thresholds in the same order, in millionths.
    pub grounding_thresholds: Vec<u32>,
    /// ARNs of automated reasoning policies.
    pub automated_reasoning: Vec<String>,
    /// The cross-region profile, id or ARN.
    pub cross_region_profile: Option<String>,
}
