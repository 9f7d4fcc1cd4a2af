//! What a bundle or definition says, as a list of named things that can be compared.

use std::collections::BTreeMap;

use edgerail_compile::definition::Guardrail as Definition;
use edgerail_compile::overlay::{Overlay, WordMatch};
use edgerail_core::Engine;
use edgerail_core::bundle::SectionKind;
use edgerail_core::dictionary::Dictionary;
use edgerail_core::pii::RECOGNIZERS;
use edgerail_core::policy::{
    Actions, AllowedValue, CloudEntry, EntryAction, Guarding, Guardrail, Mode, OnError, Policy,
};
use edgerail_core::topics::Topics;

/// What a thing is. Changes are listed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A whole guardrail.
    Guardrail,
    /// Whether a guardrail acts.
    Mode,
    /// What happens if nothing can be decided.
    OnError,
    /// A denied topic.
    Topic,
    /// A keyword of a topic.
    Keyword,
    /// A keyword that speaks against a topic.
    KeywordAgainst,
    /// A content filter.
    ContentFilter,
    /// A configured word.
    Word,
    /// The profanity list.
    Profanity,
    /// A built-in type.
    Type,
    /// A custom regex.
    Regex,
    /// A contextual grounding filter.
    Grounding,
    /// Automated reasoning.
    Reasoning,
    /// Something left out of browser bundles.
    Withheld,
    /// A value or rule that does not act.
    Exception,
    /// What binds a guardrail to requests.
    Enforcement,
    /// How thoroughly a policy looks.
    Tier,
    /// A blocked message.
    Message,
    /// Something else that is set.
    Setting,
    /// Tables that differ without a name for what differs.
    Tables,
}

impl Kind {
    /// The name in data.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Guardrail => "guardrail",
            Kind::Mode => "mode",
            Kind::OnError => "onError",
            Kind::Topic => "topic",
            Kind::Keyword => "topicKeyword",
            Kind::KeywordAgainst => "topicKeywordAgainst",
            Kind::ContentFilter => "contentFilter",
            Kind::Word => "word",
            Kind::Profanity => "profanity",
            Kind::Type => "type",
            Kind::Regex => "regex",
            Kind::Grounding => "grounding",
            Kind::Reasoning => "automatedReasoning",
            Kind::Withheld => "withheld",
            Kind::Exception => "exception",
            Kind::Enforcement => "enforcement",
            Kind::Tier => "tier",
            Kind::Message => "message",
            Kind::Setting => "setting",
            Kind::Tables => "tables",
        }
    }

    /// As people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Kind::OnError => "on error",
            Kind::Keyword => "topic keyword",
            Kind::KeywordAgainst => "topic keyword against",
            Kind::ContentFilter => "content filter",
            Kind::Reasoning => "automated reasoning",
            other => other.name(),
        }
    }

    /// Whether its names are texts that reports do not show.
    pub const fn is_secret(self) -> bool {
        matches!(self, Kind::Word | Kind::Keyword | Kind::KeywordAgainst)
    }

    /// What having it means.
    pub const fn nature(self) -> Nature {
        match self {
            Kind::Exception | Kind::KeywordAgainst => Nature::Permits,
            Kind::Mode
            | Kind::OnError
            | Kind::Tier
            | Kind::Message
            | Kind::Setting
            | Kind::Withheld
            | Kind::Tables => Nature::Says,
            _ => Nature::Protects,
        }
    }
}

/// What having a thing means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// More is found with it than without.
    Protects,
    /// Less acts with it than without.
    Permits,
    /// Neither by itself.
    Says,
}

/// A property of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attr {
    /// Its name.
    pub name: &'static str,
    /// Its value as people write it.
    pub value: String,
    /// How strong that is: more is stronger; `None` if the values have no order.
    pub rank: Option<i64>,
    /// Whether reports do not show the value.
    pub secret: bool,
}

/// A thing's properties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// In their order.
    pub attrs: Vec<Attr>,
}

impl Item {
    /// Whether the cloud evaluates it and this engine does not.
    pub fn is_cloud(&self) -> bool {
        let mut directions = self.attrs.iter();
        directions.any(|attr| ["input", "output"].contains(&attr.name) && attr.value == "cloud")
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Item {
        self.push(name, value, None, false);
        self
    }

    fn secret(mut self, name: &'static str, value: impl Into<String>) -> Item {
        self.push(name, value, None, true);
        self
    }

    fn ranked(mut self, name: &'static str, value: impl Into<String>, rank: i64) -> Item {
        self.push(name, value, Some(rank), false);
        self
    }

    /// Sets a property; one that is known already is replaced.
    fn push(
        &mut self,
        name: &'static str,
        value: impl Into<String>,
        rank: Option<i64>,
        secret: bool,
    ) {
        self.attrs.retain(|attr| attr.name != name);
        self.attrs.push(Attr {
            name,
            value: value.into(),
            rank,
            secret,
        });
    }

    fn actions(actions: Actions) -> Item {
        let acts = |item: Item, name, action: EntryAction| {
            item.ranked(name, action.name(), strength(action))
        };
        acts(
            acts(Item::default(), "input", actions.input),
            "output",
            actions.output,
        )
    }

    /// Whether it acts or reports in any direction.
    pub fn acts(&self) -> bool {
        let mut directions = self
            .attrs
            .iter()
            .filter(|attr| ["input", "output"].contains(&attr.name));
        let any = directions.clone().next().is_some();
        !any || directions.any(|attr| attr.rank.is_none_or(|rank| rank > 0))
    }
}

/// How much an action holds back.
const fn strength(action: EntryAction) -> i64 {
    match action {
        EntryAction::Disabled => 0,
        EntryAction::None => 1,
        EntryAction::Anonymize => 2,
        EntryAction::Block => 3,
    }
}

/// A thing's kind and name.
pub type ItemKey = (Kind, String);

/// A guardrail's things, or a bundle's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The guardrail's name.
    pub name: String,
    /// The guardrail's id.
    pub id: Option<String>,
    /// Whether it acts.
    pub enforces: bool,
    /// The things.
    pub items: BTreeMap<ItemKey, Item>,
}

impl Part {
    fn add(&mut self, kind: Kind, name: &str, item: Item) {
        self.items.insert((kind, name.to_owned()), item);
    }

    fn extend(&mut self, kind: Kind, name: &str, more: impl FnOnce(Item) -> Item) {
        let item = self.items.entry((kind, name.to_owned())).or_default();
        *item = more(std::mem::take(item));
    }
}

/// What a bundle says.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The file.
    pub place: String,
    /// The overlay's file, if there is one.
    pub overlay: Option<String>,
    /// Whether it was a definition, of which more is known.
    pub is_definition: bool,
    /// Of the bundle, in hexadecimal digits.
    pub sha256: String,
    /// What holds for all guardrails.
    pub bundle: Part,
    /// The guardrails in their order.
    pub guardrails: Vec<Part>,
    /// The bundle's sections; a copy each.
    pub sections: Vec<(&'static str, Vec<u8>)>,
}

impl Snapshot {
    /// The file, and the overlay if there is one.
    pub fn name(&self) -> String {
        match &self.overlay {
            Some(overlay) => format!("{} with {overlay}", self.place),
            None => self.place.clone(),
        }
    }

    /// Reads a loaded bundle, and what is known beyond it if it was compiled from definitions.
    pub fn of(place: &str, engine: &Engine, source: Option<(&[Definition], &Overlay)>) -> Snapshot {
        let policy = engine.policy();
        let mut guardrails: Vec<Part> = policy.guardrails.iter().map(guardrail).collect();
        let topics = engine.topics();
        for (part, guardrail) in guardrails.iter_mut().zip(&policy.guardrails) {
            denied_topics(part, guardrail, topics);
        }
        // The engine has read the section already: it is well formed.
        let section = engine.bundle().section(SectionKind::Dictionary);
        if let Ok(dictionary) = Dictionary::read(section) {
            words(dictionary, &mut guardrails);
        }
        if let Some((definitions, overlay)) = source {
            for (part, definition) in guardrails.iter_mut().zip(definitions) {
                enrich(part, definition, overlay);
            }
        }
        let digits = engine.bundle().hash().iter();
        Snapshot {
            place: place.to_owned(),
            overlay: None,
            is_definition: source.is_some(),
            sha256: digits.map(|byte| format!("{byte:02x}")).collect(),
            bundle: bundle(policy),
            guardrails,
            sections: SectionKind::ALL
                .into_iter()
                .map(|kind| (kind.name(), engine.bundle().section(kind).to_vec()))
                .collect(),
        }
    }
}

fn bundle(policy: &Policy) -> Part {
    let mut part = Part::default();
    for (name, on_error) in [
        ("input", policy.on_error_input),
        ("output", policy.on_error_output),
    ] {
        let (value, rank) = match on_error {
            OnError::Block => ("block", 1),
            OnError::Pass => ("pass", 0),
        };
        part.add(
            Kind::OnError,
            name,
            Item::default().ranked("decision", value, rank),
        );
    }
    let limit = |value: Option<usize>| value.map_or("as the engine".to_owned(), |n| n.to_string());
    let settings = [
        ("audience", policy.audience.clone()),
        (
            "scope",
            policy.scope.clone().unwrap_or_else(|| "any".to_owned()),
        ),
        ("longest text in bytes", limit(policy.text_bytes)),
        ("findings listed", limit(policy.findings)),
        (
            "order of guardrails",
            policy
                .guardrails
                .iter()
                .map(|g| g.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        ),
    ];
    for (name, value) in settings {
        // With one guardrail its name says it all.
        if name != "order of guardrails" || policy.guardrails.len() > 1 {
            part.add(Kind::Setting, name, Item::default().with("value", value));
        }
    }
    part
}

fn guardrail(guardrail: &Guardrail) -> Part {
    let enforces = guardrail.mode == Mode::Enforce;
    let mut part = Part {
        name: guardrail.name.clone(),
        id: guardrail.id.clone(),
        enforces,
        items: BTreeMap::new(),
    };
    let mode = if enforces { "enforce" } else { "observe" };
    part.add(
        Kind::Mode,
        "mode",
        Item::default().ranked("mode", mode, i64::from(enforces)),
    );
    for (name, text) in [
        ("for blocked inputs", &guardrail.blocked_input),
        ("for blocked outputs", &guardrail.blocked_output),
    ] {
        part.add(Kind::Message, name, Item::default().with("text", text));
    }
    let identity = [
        ("name", Some(&guardrail.name)),
        ("id", guardrail.id.as_ref()),
        ("version", guardrail.version.as_ref()),
    ];
    for (name, value) in identity {
        if let Some(value) = value {
            part.add(Kind::Setting, name, Item::default().with("value", value));
        }
    }
    for (name, standard) in guardrail.tiers.named() {
        let tier = if standard { "STANDARD" } else { "CLASSIC" };
        let item = Item::default().ranked("tier", tier, i64::from(standard));
        part.add(Kind::Tier, name, item);
    }
    if let Some(actions) = guardrail.profanity {
        part.add(Kind::Profanity, "PROFANITY", Item::actions(actions));
    }
    for entry in &guardrail.pii {
        let recognizer = RECOGNIZERS
            .iter()
            .find(|recognizer| recognizer.ty == entry.ty);
        let threshold = entry
            .threshold
            .or(recognizer.map(|recognizer| recognizer.threshold));
        let mut item = Item::actions(entry.actions);
        if let Some(threshold) = threshold {
            item = item.ranked("threshold", threshold.to_string(), -i64::from(threshold));
        }
        part.add(Kind::Type, entry.ty.name(), item);
    }
    for entry in &guardrail.regexes {
        let mut item = Item::actions(entry.actions);
        if let Some(pattern) = &entry.pattern {
            item = item.secret("pattern", pattern);
        }
        part.add(Kind::Regex, &entry.name, item);
    }
    for entry in &guardrail.cloud {
        cloud(&mut part, entry);
    }
    exceptions(&mut part, guardrail);
    enforcement(&mut part, guardrail);
    part
}

/// What is looked for here because of denied topics and the filter for prompt attacks.
fn denied_topics(part: &mut Part, guardrail: &Guardrail, topics: Topics<'_>) {
    for entry in &guardrail.topics {
        let [threshold, ..] = topics.thresholds(entry.topic);
        let item = Item::actions(entry.actions)
            .ranked("threshold", threshold.to_string(), -i64::from(threshold))
            .with("window", format!("{} words", topics.window(entry.topic)));
        part.add(Kind::Topic, &entry.name, item);
        // A keyword of several rules adds to each of them.
        let mut weights: BTreeMap<(&str, bool), i64> = BTreeMap::new();
        for (keyword, weight, against) in topics.listed(entry.topic) {
            *weights.entry((keyword, against)).or_default() += i64::from(weight);
        }
        for ((keyword, against), weight) in weights {
            let name = format!("{} › {keyword}", entry.name);
            if against {
                part.add(Kind::KeywordAgainst, &name, Item::default());
            } else {
                let item = Item::default().ranked("weight", weight.to_string(), weight);
                part.add(Kind::Keyword, &name, item);
            }
        }
    }
    if let Some(attack) = guardrail.prompt_attack {
        let strength = attack.strength.name();
        let rank = filter_rank(strength);
        let item = Item::actions(attack.actions).ranked("input strength", strength, rank);
        part.add(Kind::ContentFilter, "PROMPT_ATTACK", item);
    }
}

/// The order of a content filter's strengths.
fn filter_rank(strength: &str) -> i64 {
    match strength {
        "HIGH" => 3,
        "MEDIUM" => 2,
        "LOW" => 1,
        _ => 0,
    }
}

/// What the cloud evaluates.
fn cloud(part: &mut Part, entry: &CloudEntry) {
    let kind = match (entry.policy.as_str(), entry.reason.as_str()) {
        (_, "confidential") => Kind::Withheld,
        ("topicPolicy", _) => Kind::Topic,
        ("contentPolicy", _) => Kind::ContentFilter,
        ("contextualGroundingPolicy", _) => Kind::Grounding,
        ("automatedReasoningPolicy", _) => Kind::Reasoning,
        _ => Kind::Withheld,
    };
    let side = |on: bool| if on { ("cloud", 3) } else { ("DISABLED", 0) };
    let (input, output) = (side(entry.input), side(entry.output));
    let item = Item::default()
        .ranked("input", input.0, input.1)
        .ranked("output", output.0, output.1);
    part.add(kind, entry.entry.as_deref().unwrap_or(&entry.policy), item);
}

fn exceptions(part: &mut Part, guardrail: &Guardrail) {
    for allowed in &guardrail.allowed {
        let (what, value) = match &allowed.what {
            AllowedValue::Value(value) => ("value", value),
            AllowedValue::Domain(domain) => ("domain", domain),
        };
        let name = format!("{} {what} {value}", allowed.ty.name());
        // Whatever lasts longer weakens more.
        let rank = i64::try_from(allowed.until).unwrap_or(i64::MAX);
        let until = crate::date::date(allowed.until);
        let mut item = Item::default().ranked("until", until, rank.saturating_neg());
        for (name, text) in [("who", &allowed.who), ("why", &allowed.why)] {
            if let Some(text) = text {
                item = item.with(name, text);
            }
        }
        part.add(Kind::Exception, &name, item);
    }
    for exception in &guardrail.exceptions {
        let name = crate::exception_name(exception);
        let rank = i64::try_from(exception.until).unwrap_or(i64::MAX);
        let mut item = Item::default()
            .ranked(
                "until",
                crate::date::date(exception.until),
                rank.saturating_neg(),
            )
            .with("approved", crate::date::date(exception.from))
            .with("id", &exception.id);
        if !exception.models.is_empty() {
            item = item.with("models", exception.models.join(", "));
        }
        let people = [
            ("approved by", &exception.approved_by),
            ("who", &exception.who),
            ("why", &exception.why),
        ];
        for (name, text) in people {
            if let Some(text) = text {
                item = item.with(name, text);
            }
        }
        part.add(Kind::Exception, &name, item);
    }
}

/// What binds the guardrail. Whatever it is for less than before, it protects less.
fn enforcement(part: &mut Part, guardrail: &Guardrail) {
    for level in &guardrail.enforcement {
        let list = |ids: &[String]| ids.join(", ");
        let mut item = Item::default();
        if let Some(guarding) = level.guarding {
            for (name, guarding) in [("system", guarding.system), ("messages", guarding.messages)] {
                let rank = i64::from(guarding == Guarding::Comprehensive);
                item = item.ranked(name, guarding.name(), rank);
            }
        }
        let models = &level.models;
        let all = models.included.is_empty() || models.included.iter().any(|id| id == "ALL");
        let included = if all {
            "ALL".to_owned()
        } else {
            list(&models.included)
        };
        let count = |ids: &[String]| i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let rank = if all {
            i64::MAX
        } else {
            count(&models.included)
        };
        item = item.ranked("models included", included, rank);
        let excluded = match &models.excluded[..] {
            [] => "none".to_owned(),
            ids => list(ids),
        };
        item = item.ranked("models excluded", excluded, -count(&models.excluded));
        part.add(Kind::Enforcement, level.origin.name(), item);
    }
}

fn words(dictionary: Dictionary<'_>, guardrails: &mut [Part]) {
    for word in 0..dictionary.layout().words {
        for used in dictionary.word_uses(word) {
            let actions = Actions {
                input: used.input,
                output: used.output,
            };
            if let Some(part) = guardrails.get_mut(used.guardrail) {
                part.add(
                    Kind::Word,
                    dictionary.word_text(word),
                    Item::actions(actions),
                );
            }
        }
    }
}

/// What only a definition and its overlay say.
fn enrich(part: &mut Part, definition: &Definition, overlay: &Overlay) {
    for topic in &definition.topics {
        part.extend(Kind::Topic, &topic.name, |item| {
            item.secret("definition", &topic.definition)
                .secret("examples", topic.examples.join("\n"))
        });
    }
    for filter in &definition.content_filters {
        let (input, output) = (&filter.input_strength, &filter.output_strength);
        part.extend(Kind::ContentFilter, &filter.ty, |item| {
            item.ranked("input strength", input, filter_rank(input))
                .ranked("output strength", output, filter_rank(output))
                .ranked(
                    "images",
                    if filter.images { "yes" } else { "no" },
                    i64::from(filter.images),
                )
        });
    }
    let grounding = definition
        .grounding
        .iter()
        .zip(&definition.grounding_thresholds);
    for (name, &threshold) in grounding {
        let value = (f64::from(threshold) / 1e6).to_string();
        part.extend(Kind::Grounding, name, |item| {
            item.ranked("threshold", value, i64::from(threshold))
        });
    }
    for regex in &definition.regexes {
        if let Some(description) = &regex.description {
            part.extend(Kind::Regex, &regex.name, |item| {
                item.with("description", description)
            });
        }
    }
    let settings = overlay.settings_of(&definition.name);
    let (value, rank) = match settings.words.matching.unwrap_or_default() {
        WordMatch::Token => ("whole words", 0),
        WordMatch::Substring => ("anywhere", 1),
    };
    let item = Item::default().ranked("value", value, rank);
    part.add(Kind::Setting, "word matching", item);
    for (name, options) in &settings.regexes {
        if let Some(unicode) = options.unicode {
            let value = if unicode { "Unicode" } else { "ASCII" };
            part.extend(Kind::Regex, name, |item| item.with("classes", value));
        }
    }
    let more = [
        ("description", &definition.description),
        ("cross-region profile", &definition.cross_region_profile),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            part.add(Kind::Setting, name, Item::default().with("value", value));
        }
    }
    if !definition.automated_reasoning.is_empty() {
        let arns = definition.automated_reasoning.join(", ");
        part.extend(Kind::Reasoning, "automatedReasoningPolicy", |item| {
            item.with("policies", arns)
        });
    }
}
