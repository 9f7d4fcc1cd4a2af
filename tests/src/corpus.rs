use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use edgerail_compile::definition::{self, Guardrail, ReadOptions};
use edgerail_compile::overlay::{GuardrailOverlay, Mode, Overlay};
use edgerail_compile::{Binding, CompileOptions, compile};
use edgerail_core::policy::{
    ContentGuarding, Enforcement, Guarding, ModelScope, Origin, Ownership,
};
use edgerail_core::{ContentBlock, OutputScope, Qualifiers, Request, Role, Source};
use serde::Deserialize;

/// All rows, with a bundle per set of guardrails that rows name.
#[derive(Debug)]
pub struct Corpus {
    /// The rows of all files, in the order of the files' names.
    pub rows: Vec<Row>,
    bundles: BTreeMap<Vec<String>, Vec<u8>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    guardrail: Vec<GuardrailSource>,
    #[serde(default)]
    row: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GuardrailSource {
    name: String,
    definition: String,
    #[serde(default)]
    overlay: String,
    mode: Option<String>,
    #[serde(default)]
    enforcement: Vec<Level>,
    ownership: Option<String>,
}

/// One level that binds a guardrail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Level {
    origin: String,
    #[serde(default)]
    included: Vec<String>,
    #[serde(default)]
    excluded: Vec<String>,
    system: Option<String>,
    messages: Option<String>,
}

/// One row; `tests/corpus/README.md` describes the fields.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[allow(missing_docs)]
pub struct Row {
    pub name: String,
    pub rule: String,
    pub why: String,
    pub guardrails: Vec<String>,
    pub source: String,
    pub text: Option<String>,
    #[serde(default)]
    pub content: Vec<Block>,
    #[serde(rename = "outputScope")]
    pub output_scope: Option<String>,
    pub now: Option<u64>,
    pub model: Option<String>,
    pub action: String,
    pub reason: Option<String>,
    pub outputs: Option<Vec<String>>,
    pub findings: Vec<ExpectedFinding>,
    pub deferred: Option<BTreeSet<String>>,
    pub origins: Option<Vec<Vec<String>>>,
    pub undetected: Option<BTreeSet<String>>,
    pub entries: Option<BTreeMap<String, usize>>,
    pub usage: Option<BTreeMap<String, u64>>,
    pub coverage: Option<BTreeMap<String, u64>>,
    pub topics: Option<BTreeSet<TopicEntry>>,
    pub filters: Option<BTreeSet<FilterEntry>>,
    pub stream: Option<ExpectedStream>,
    pub known_miss: Option<String>,
}

/// One text of a row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Block {
    pub text: String,
    #[serde(default)]
    pub qualifiers: Vec<String>,
    pub role: Option<String>,
}

/// A finding a row asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ExpectedFinding {
    pub policy: String,
    #[serde(rename = "type")]
    pub ty: Option<String>,
    pub name: Option<String>,
    #[serde(rename = "match")]
    pub matched: Option<String>,
    pub action: String,
    pub start: Option<u64>,
    pub end: Option<u64>,
    pub block: Option<u64>,
    pub exception: Option<String>,
}

/// An entry of `topicPolicy.topics` in an assessment.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct TopicEntry {
    pub name: String,
    pub action: String,
    pub detected: bool,
}

/// An entry of `contentPolicy.filters` in an assessment.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct FilterEntry {
    #[serde(rename = "type")]
    pub ty: String,
    pub confidence: String,
    pub filter_strength: String,
    pub action: String,
    pub detected: bool,
}

/// What a row's text gives as a stream, for every way of cutting it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedStream {
    /// `incremental`, the default, or `buffer`.
    pub mode: Option<String>,
    /// The hold-back cap in bytes, if not the default.
    pub cap: Option<usize>,
    /// What comes out, by content block.
    pub outputs: Vec<String>,
    /// Why the stream failed, if it did.
    pub reason_code: Option<String>,
}

impl Row {
    /// Whether a stream can be given what the row has: streams know neither qualifiers nor roles.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let mut blocks = self.content.iter();
        blocks.all(|block| block.qualifiers.is_empty() && block.role.is_none())
    }

    /// The row's request.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        let single = self.text.as_ref().map(|text| ContentBlock {
            text: Cow::Borrowed(text.as_str()),
            qualifiers: Qualifiers::default(),
            role: None,
        });
        let blocks = self.content.iter().map(|block| ContentBlock {
            text: Cow::Borrowed(block.text.as_str()),
            qualifiers: Qualifiers {
                grounding_source: block.qualifiers.iter().any(|q| q == "grounding_source"),
                query: block.qualifiers.iter().any(|q| q == "query"),
                guard_content: block.qualifiers.iter().any(|q| q == "guard_content"),
            },
            role: block.role.as_deref().map(|role| match role {
                "system" => Role::System,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                other => panic!("{}: role {other}", self.name),
            }),
        });
        Request {
            source: Source::from_name(&self.source)
                .unwrap_or_else(|| panic!("{}: source {}", self.name, self.source)),
            content: single.into_iter().chain(blocks).collect(),
            model: self.model.as_deref().map(Cow::Borrowed),
            output_scope: match self.output_scope.as_deref() {
                None | Some("INTERVENTIONS") => OutputScope::Interventions,
                Some("FULL") => OutputScope::Full,
                Some(other) => panic!("{}: outputScope {other}", self.name),
            },
            now: self.now,
        }
    }
}

impl Corpus {
    /// Reads every `*.toml` of `folder` and compiles the bundles its rows need.
    ///
    /// # Panics
    /// If a file is malformed, a name occurs twice, or a definition does not compile: the corpus is ours.
    #[must_use]
    pub fn load(folder: &Path) -> Corpus {
        Corpus::load_with(folder, |_| {})
    }

    /// As [`Corpus::load`], with the overlay of each bundle changed by `adjust`.
    ///
    /// # Panics
    /// As [`Corpus::load`].
    #[must_use]
    pub fn load_with(folder: &Path, adjust: impl Fn(&mut Overlay)) -> Corpus {
        let entries = std::fs::read_dir(folder).expect("the corpus folder can be read");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        files.sort();
        let mut corpus = Corpus {
            rows: Vec::new(),
            bundles: BTreeMap::new(),
        };
        let mut names = BTreeSet::new();
        for path in files {
            let text = std::fs::read_to_string(&path).expect("a corpus file can be read");
            let file: File =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let sources: BTreeMap<&str, &GuardrailSource> = file
                .guardrail
                .iter()
                .map(|source| (source.name.as_str(), source))
                .collect();
            for row in &file.row {
                assert!(
                    names.insert(row.name.clone()),
                    "the row {} occurs twice",
                    row.name
                );
                corpus
                    .bundles
                    .entry(row.guardrails.clone())
                    .or_insert_with(|| bundle(&row.guardrails, &sources, &adjust));
            }
            corpus.rows.extend(file.row);
        }
        corpus
    }

    /// The corpus of this repository.
    #[must_use]
    pub fn ours() -> Corpus {
        Corpus::ours_with(|_| {})
    }

    /// The corpus of this repository, with the overlay of each bundle changed by `adjust`.
    #[must_use]
    pub fn ours_with(adjust: impl Fn(&mut Overlay)) -> Corpus {
        Corpus::load_with(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"),
            adjust,
        )
    }

    /// The bundle a row is decided by.
    #[must_use]
    pub fn bundle(&self, row: &Row) -> &[u8] {
        &self.bundles[&row.guardrails]
    }

    /// Every bundle of the corpus.
    pub fn bundles(&self) -> impl Iterator<Item = &[u8]> {
        self.bundles.values().map(Vec::as_slice)
    }
}

/// The bundle of one CreateGuardrail body with an overlay in TOML, which may be empty.
///
/// # Panics
/// If they do not compile.
#[must_use]
pub fn bundle_of(definition: &str, overlay: &str) -> Vec<u8> {
    let source = GuardrailSource {
        name: String::from("test"),
        definition: definition.to_owned(),
        overlay: String::new(),
        mode: None,
        enforcement: Vec::new(),
        ownership: None,
    };
    let overlay = Overlay::read(overlay.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let compiled = compile(&[read_one(&source)], &overlay, &CompileOptions::default());
    compiled
        .unwrap_or_else(|problems| panic!("{problems}"))
        .bundle
}

fn bundle(
    names: &[String],
    sources: &BTreeMap<&str, &GuardrailSource>,
    adjust: &impl Fn(&mut Overlay),
) -> Vec<u8> {
    let mut guardrails = Vec::new();
    let mut enforcement = Vec::new();
    let mut overlay = Overlay::default();
    for name in names {
        let source = sources
            .get(name.as_str())
            .unwrap_or_else(|| panic!("no guardrail {name} in this file"));
        let guardrail = read_one(source);
        let own = Overlay::read(source.overlay.as_bytes());
        let own = if source.overlay.is_empty() {
            Overlay::default()
        } else {
            own.unwrap_or_else(|problems| panic!("overlay of {name}: {problems}"))
        };
        let mode = match source.mode.as_deref() {
            Some("observe") => Some(Mode::Observe),
            _ => None,
        };
        let exceptions = own.guardrails.get(&guardrail.name);
        let exceptions = exceptions.map(|own| own.exceptions.clone());
        overlay.guardrails.insert(
            guardrail.name.clone(),
            GuardrailOverlay {
                mode,
                exceptions: exceptions.unwrap_or_default(),
                settings: own.settings,
            },
        );
        guardrails.push(guardrail);
        enforcement.push(binding(source));
    }
    adjust(&mut overlay);
    let options = CompileOptions {
        enforcement,
        ..CompileOptions::default()
    };
    let compiled = compile(&guardrails, &overlay, &options);
    compiled
        .unwrap_or_else(|problems| panic!("{names:?}: {problems}"))
        .bundle
}

fn binding(source: &GuardrailSource) -> Binding {
    let guarding = |name: &Option<String>| match name.as_deref() {
        None | Some("COMPREHENSIVE") => Guarding::Comprehensive,
        Some("SELECTIVE") => Guarding::Selective,
        Some(other) => panic!("{}: guarding {other}", source.name),
    };
    let levels = source.enforcement.iter().map(|level| {
        let origin = Origin::ALL.into_iter().find(|o| o.name() == level.origin);
        let origin = origin.unwrap_or_else(|| panic!("{}: origin", source.name));
        let own = ContentGuarding {
            system: guarding(&level.system),
            messages: guarding(&level.messages),
        };
        Enforcement {
            origin,
            models: ModelScope {
                included: level.included.clone(),
                excluded: level.excluded.clone(),
            },
            guarding: (origin != Origin::Request).then_some(own),
        }
    });
    Binding {
        levels: levels.collect(),
        ownership: match source.ownership.as_deref() {
            None | Some("SELF") => Ownership::SelfOwned,
            Some("CROSS_ACCOUNT") => Ownership::CrossAccount,
            Some(other) => panic!("{}: ownership {other}", source.name),
        },
    }
}

fn read_one(source: &GuardrailSource) -> Guardrail {
    let read = definition::read(source.definition.as_bytes(), &ReadOptions::default());
    let read = read.unwrap_or_else(|problems| panic!("{}: {problems}", source.name));
    read.guardrails
        .into_iter()
        .next()
        .expect("a definition has a guardrail")
}
