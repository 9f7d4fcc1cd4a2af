use alloc::string::String;
use alloc::vec::Vec;

use crate::bundle::{Bundle, BundleError, SectionKind};
use crate::decision::{Decision, Failure};
use crate::dictionary::{Dictionary, Layout, Output};
use crate::evaluate;
use crate::limits::Limits;
use crate::pii::{self, PiiType, RECOGNIZERS};
use crate::policy::{EntryAction, Policy, Tiers};
use crate::regex::RegexSet;
use crate::request::{Request, Source};
use crate::selftest;
use crate::substring::Substrings;
use crate::text::{View, fold_into};
use crate::topics::{TopicLayout, Topics};
use crate::views::{self, Search, Tables};

/// Where an engine's bundle came from. It stands in every decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Through the verifying client, from the pinned root.
    Verified,
    /// Compiled on this machine.
    Local,
    /// From anywhere else.
    Unverified,
}

impl Trust {
    /// `verified`, `local` or `unverified`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Trust::Verified => "verified",
            Trust::Local => "local",
            Trust::Unverified => "unverified",
        }
    }

    /// The label with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Trust> {
        let all = [Trust::Verified, Trust::Local, Trust::Unverified];
        all.into_iter().find(|trust| trust.name() == name)
    }
}

/// How a bundle is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadOptions {
    /// Where the bundle came from.
    pub trust: Trust,
    /// Whether to check the SHA-256 at the bundle's end. Only for bytes whose hash was checked a moment
    /// ago by other means may this be `false`.
    pub check_hash: bool,
    /// What the engine takes on.
    pub limits: Limits,
}

impl Default for LoadOptions {
    fn default() -> LoadOptions {
        LoadOptions {
            trust: Trust::Unverified,
            check_hash: true,
            limits: Limits::default(),
        }
    }
}

/// A loaded bundle, ready to decide. Immutable; share it between threads as you like.
#[derive(Debug)]
pub struct Engine {
    bundle: Bundle,
    policy: Policy,
    layout: Layout,
    substrings: Option<Substrings>,
    views: Option<views::Layout>,
    regexes: RegexSet,
    topics: TopicLayout,
    /// Per state of the dictionary, what longer terms from there on are for.
    leads: Vec<u8>,
    input: Direction,
    output: Direction,
    trust: Trust,
    limits: Limits,
}

/// What is evaluated on the texts of one source.
#[derive(Debug)]
pub(crate) struct Direction {
    /// The recognisers to call.
    pub(crate) plan: pii::Plan,
    /// Per type number, the lowest score that any guardrail acts upon; `None` if none has the type.
    pub(crate) thresholds: [Option<u16>; 31],
    /// Per automaton, whether any guardrail evaluates it.
    pub(crate) regexes: Vec<bool>,
    /// Whether any guardrail evaluates profanity.
    pub(crate) profanity: bool,
    /// Which policies read evasion views in any guardrail.
    pub(crate) tiers: Tiers,
    /// Per topic, whether any guardrail evaluates it.
    pub(crate) topics: Vec<bool>,
    /// The bit of [`Engine::leads`] of terms that call one of the recognisers.
    pub(crate) calls: u8,
}

impl Engine {
    /// Loads a bundle: validates all of it and builds nothing.
    ///
    /// # Errors
    /// [`BundleError`] if the bytes are no bundle that this engine can use.
    pub fn load(bundle: Vec<u8>, options: LoadOptions) -> Result<Engine, BundleError> {
        let bundle = Bundle::open(bundle, options.limits.bundle_bytes, options.check_hash)?;
        let policy = Policy::read(&bundle)?;
        let limits = Limits {
            text_bytes: policy
                .text_bytes
                .map_or(options.limits.text_bytes, |bytes| {
                    bytes.min(options.limits.text_bytes)
                }),
            findings: policy.findings.map_or(options.limits.findings, |findings| {
                findings.min(options.limits.findings)
            }),
            ..options.limits
        };
        let dictionary = Dictionary::read(bundle.section(SectionKind::Dictionary))?;
        let regexes = RegexSet::load(
            bundle.section(SectionKind::RegexGroups),
            bundle.section(SectionKind::RegexEach),
        )?;
        let topics = Topics::read(bundle.section(SectionKind::Topics))?;
        check_references(&policy, dictionary, &regexes)?;
        let views = views::Layout::read(bundle.section(SectionKind::Views))?;
        if views.is_none() && policy.guardrails.iter().any(|g| g.tiers.any()) {
            return Err(BundleError::Section(
                "views",
                "is missing, and a guardrail has tier STANDARD",
            ));
        }
        check_topics(&policy, dictionary, topics)?;
        let (input, output) = (
            Direction::new(&policy, &regexes, topics, Source::Input),
            Direction::new(&policy, &regexes, topics, Source::Output),
        );
        Ok(Engine {
            layout: dictionary.layout(),
            topics: topics.layout(),
            substrings: Substrings::load(bundle.section(SectionKind::Strings), || {
                longest_word(dictionary)
            })?,
            views,
            leads: leads(dictionary, &input, &output),
            bundle,
            policy,
            regexes,
            input,
            output,
            trust: options.trust,
            limits,
        })
    }

    /// Decides a request. Never fails: what cannot be decided gives the decision that the bundle's
    /// `on_error` asks for, with a reason code.
    #[must_use]
    pub fn evaluate<'a>(&'a self, request: &'a Request<'a>) -> Decision<'a> {
        evaluate::evaluate(self, request)
    }

    /// The decision for a request that could not be evaluated, for the reason given.
    #[must_use]
    pub fn fail<'a>(&'a self, request: &'a Request<'a>, failure: Failure) -> Decision<'a> {
        Decision::failed(self, request, failure)
    }

    /// From where `text`, the end of something longer, must be held while more of it may come, as far as
    /// evasion views go: what they find before this byte offset stays what it is whatever follows. All of
    /// it may go where no guardrail has tier STANDARD. `text` is read as a whole: give what is not released
    /// yet with some [`crate::views::CONTEXT`] bytes before it.
    #[must_use]
    pub fn live_from(&self, source: Source, text: &str) -> usize {
        let Some(search) = self.search(source) else {
            return text.len();
        };
        // What has no view is refused as a whole.
        let Ok(view) = View::new(text, self.limits.view_growth) else {
            return 0;
        };
        let live = views::live_from(view.text(), search);
        view.to_original(live, live).0
    }

    /// Decides the bundle's own samples and compares with what was decided when it was compiled.
    ///
    /// # Errors
    /// [`BundleError::SelfTest`] with the number of the first sample that differs, counted from 0, or
    /// [`BundleError::Section`] if the section is malformed. A bundle without samples passes.
    pub fn self_test(&self) -> Result<(), BundleError> {
        selftest::run(self)
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The bundle.
    #[must_use]
    pub const fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Where the bundle came from.
    #[must_use]
    pub const fn trust(&self) -> Trust {
        self.trust
    }

    /// What the engine takes on.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn dictionary(&self) -> Dictionary<'_> {
        Dictionary::reopen(self.bundle.section(SectionKind::Dictionary), self.layout)
    }

    /// The keywords of topics and prompt attacks.
    #[must_use]
    pub fn topics(&self) -> Topics<'_> {
        Topics::reopen(self.bundle.section(SectionKind::Topics), self.topics)
    }

    /// Bit of [`Engine::leads`]: custom words, profanity and keywords of topics.
    pub(crate) const LEADS_TO_WORD: u8 = 1;
    /// Bit of [`Engine::leads`]: words that recognisers read.
    pub(crate) const LEADS_TO_LEXICON: u8 = 2;

    /// What terms are for that a state of the dictionary is on the way to, as bits.
    pub(crate) fn leads(&self, state: usize) -> u8 {
        self.leads.get(state).copied().unwrap_or(0)
    }

    pub(crate) const fn substrings(&self) -> Option<&Substrings> {
        self.substrings.as_ref()
    }

    /// What evasion views look for in texts of `source`; `None` if no guardrail reads any there.
    pub(crate) fn search(&self, source: Source) -> Option<Search<'_>> {
        let layout = self.views.as_ref()?;
        let tiers = self.direction(source).tiers;
        tiers.any().then(|| Search {
            tables: Tables::reopen(self.bundle.section(SectionKind::Views), layout),
            dictionary: self.dictionary(),
            substrings: self.substrings.is_some(),
            words: tiers.words || tiers.profanity || tiers.topics || tiers.content,
            pii: tiers.pii,
            depth: self.limits.decode_depth,
        })
    }

    pub(crate) const fn regexes(&self) -> &RegexSet {
        &self.regexes
    }

    pub(crate) const fn direction(&self, source: Source) -> &Direction {
        match source {
            Source::Input => &self.input,
            Source::Output => &self.output,
        }
    }
}

impl Direction {
    fn new(policy: &Policy, regexes: &RegexSet, topics: Topics<'_>, source: Source) -> Direction {
        let mut thresholds = [None; 31];
        let mut wanted_regexes = Vec::new();
        wanted_regexes.resize(regexes.len(), false);
        let mut profanity = false;
        let mut tiers = Tiers::default();
        let mut wanted_topics = Vec::new();
        wanted_topics.resize(topics.len(), false);
        for guardrail in &policy.guardrails {
            tiers = tiers.and(guardrail.acting_tiers(source));
            for entry in &guardrail.pii {
                if entry.actions.of(source) == EntryAction::Disabled {
                    continue;
                }
                let threshold = entry.threshold.unwrap_or(default_threshold(entry.ty));
                if let Some(lowest) = thresholds.get_mut(usize::from(entry.ty.number())) {
                    *lowest = Some(lowest.map_or(threshold, |have: u16| have.min(threshold)));
                }
            }
            for entry in &guardrail.regexes {
                if entry.actions.of(source) != EntryAction::Disabled
                    && let Some(wanted) = wanted_regexes.get_mut(entry.automaton)
                {
                    *wanted = true;
                }
            }
            for topic in guardrail.evaluated_topics(source) {
                if let Some(wanted) = wanted_topics.get_mut(topic) {
                    *wanted = true;
                }
            }
            profanity |= guardrail
                .profanity
                .is_some_and(|actions| actions.of(source) != EntryAction::Disabled);
        }
        let is_wanted = |ty: PiiType| {
            thresholds
                .get(usize::from(ty.number()))
                .is_some_and(Option::is_some)
        };
        Direction {
            plan: pii::Plan::new(is_wanted),
            thresholds,
            regexes: wanted_regexes,
            profanity,
            tiers,
            topics: wanted_topics,
            calls: match source {
                Source::Input => 4,
                Source::Output => 8,
            },
        }
    }

    /// Whether a finding has the score from which any guardrail acts on its type.
    pub(crate) fn reaches(&self, finding: &pii::Finding) -> bool {
        let threshold = self.thresholds.get(usize::from(finding.ty.number()));
        threshold
            .copied()
            .flatten()
            .is_some_and(|least| finding.score >= least)
    }
}

fn leads(dictionary: Dictionary<'_>, input: &Direction, output: &Direction) -> Vec<u8> {
    dictionary.leads(|output_of| match output_of {
        Output::Word(_)
        | Output::Profanity
        | Output::RotatedWord(_)
        | Output::RotatedProfanity
        | Output::Keyword(_) => Engine::LEADS_TO_WORD,
        Output::Lexicon(lexicon) => {
            let mut bits = Engine::LEADS_TO_LEXICON;
            for direction in [input, output] {
                if direction.plan.wants(lexicon) {
                    bits |= direction.calls;
                }
            }
            bits
        }
    })
}

/// The length of the longest custom word, folded.
fn longest_word(dictionary: Dictionary<'_>) -> usize {
    let mut folded = String::new();
    let lengths = (0..dictionary.layout().words).map(|word| {
        let text = dictionary.word_text(word);
        folded.clear();
        View::new(text, usize::MAX).ok().map_or(text.len(), |view| {
            fold_into(view.text(), &mut folded);
            folded.len().max(view.text().len())
        })
    });
    lengths.max().unwrap_or(0)
}

/// The score from which a type acts where the overlay says nothing.
pub(crate) fn default_threshold(ty: PiiType) -> u16 {
    let recognizer = RECOGNIZERS.iter().find(|recognizer| recognizer.ty == ty);
    recognizer.map_or(1000, |recognizer| recognizer.threshold)
}

/// The tables and the policy were written by one compiler; that they fit together is checked all the
/// same, because a decision that silently leaves out an entry would be the worst of all failures.
fn check_references(
    policy: &Policy,
    dictionary: Dictionary<'_>,
    regexes: &RegexSet,
) -> Result<(), BundleError> {
    let wrong = |what| Err(BundleError::Section("policy", what));
    let entries = || {
        policy
            .guardrails
            .iter()
            .flat_map(|guardrail| &guardrail.regexes)
    };
    if entries().any(|entry| entry.automaton >= regexes.len()) {
        return wrong("has a regex without its automaton");
    }
    let words = dictionary.layout().words;
    let uses = (0..words).flat_map(|word| dictionary.word_uses(word));
    let mut counts: Vec<usize> = policy.guardrails.iter().map(|_| 0).collect();
    for used in uses {
        let Some(count) = counts.get_mut(used.guardrail) else {
            return wrong("has a word of a guardrail that is not there");
        };
        *count = count.saturating_add(1);
    }
    let fits = policy
        .guardrails
        .iter()
        .zip(&counts)
        .all(|(g, &count)| g.words.total == count);
    if fits {
        Ok(())
    } else {
        wrong("counts other words than the dictionary has")
    }
}

fn check_topics(
    policy: &Policy,
    dictionary: Dictionary<'_>,
    topics: Topics<'_>,
) -> Result<(), BundleError> {
    let wrong = |what| Err(BundleError::Section("policy", what));
    for guardrail in &policy.guardrails {
        let attack = guardrail.prompt_attack.map(|attack| attack.topic);
        if guardrail
            .topics
            .iter()
            .any(|entry| entry.topic >= topics.len())
        {
            return wrong("has a topic without its keywords");
        }
        if attack.is_some_and(|topic| topics.thresholds(topic).contains(&0)) {
            return wrong("has a filter for prompt attacks without its keywords");
        }
        if attack.is_some() && usize::from(topics.last_group()) >= policy.attack_families.len() {
            return wrong("has fewer families of prompt attacks than their keywords");
        }
    }
    if dictionary.keyword_forms() > topics.forms() {
        return wrong("lacks topics that the dictionary has keywords of");
    }
    Ok(())
}
