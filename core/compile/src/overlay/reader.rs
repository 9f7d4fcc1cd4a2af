//! Reads an overlay's tree into its structs.

use edgerail_core::pii::PiiType;

use super::{
    AllowEntry, Allowed, GuardrailOverlay, LegacyInput, Limits, Mode, OnError, Overlay,
    RegexOptions, Settings, Tier, WordMatch, date, exception, keys,
};
use crate::diagnostic::{Diagnostics, index, member, shown_name};
use crate::document::{self, Entry, Node, Value};
use crate::nearest::nearest;

const MAX_THRESHOLD: u32 = 1_000;
/// Nobody needs longer reasons or values in an allow-list.
const MAX_TEXT: usize = 1_000;
/// The engine's own limit is 1 MiB; more than 16 MiB is a unit mistaken.
const MAX_TEXT_BYTES: u32 = 16 * 1024 * 1024;
const MAX_FINDINGS: u32 = 1_000_000;

pub(super) fn read(bytes: &[u8]) -> Result<Overlay, Diagnostics> {
    let document = document::read_toml_or_json(bytes)?;
    let mut reader = Reader::default();
    let mut overlay = Overlay::default();
    let known: Vec<&str> = keys::SETTINGS.iter().chain(&keys::TOP).copied().collect();
    for entry in reader.table(&document, "$", &known) {
        let path = member("$", &entry.key);
        match entry.key.as_str() {
            "guardrail" => reader.guardrails(&entry.value, &path, &mut overlay),
            "limits" => overlay.limits = reader.limits(&entry.value, &path),
            "max_exception_days" => {
                let days = reader.integer(&entry.value, &path, 1, exception::MAX_DAYS);
                overlay.max_exception_days = days.unwrap_or(overlay.max_exception_days);
            }
            "$schema" => {
                reader.text(&entry.value, &path);
            }
            _ => reader.setting(entry, &path, &mut overlay.settings),
        }
    }
    let mut diagnostics = reader.diagnostics;
    diagnostics.append(exception::check(&overlay));
    diagnostics.sort();
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    overlay.diagnostics = diagnostics;
    Ok(overlay)
}

#[derive(Default)]
pub(super) struct Reader {
    diagnostics: Diagnostics,
}

impl Reader {
    pub(super) fn error(
        &mut self,
        code: &'static str,
        path: &str,
        node: &Node,
        message: impl Into<String>,
    ) {
        self.diagnostics.error(code, path, node, message);
    }

    /// The known members of a table; the others are errors.
    pub(super) fn table<'n>(
        &mut self,
        node: &'n Node,
        path: &str,
        known: &[&str],
    ) -> Vec<&'n Entry> {
        let mut found = Vec::new();
        for entry in self.entries(node, path) {
            if known.contains(&entry.key.as_str()) {
                found.push(entry);
                continue;
            }
            let shown = shown_name(&entry.key);
            let message = if keys::RESERVED.contains(&entry.key.as_str()) {
                format!("`{shown}` is not supported yet by this version; remove it")
            } else {
                match nearest(&entry.key, known) {
                    Some(near) => format!("unknown key `{shown}`; did you mean `{near}`?"),
                    None => format!("unknown key `{shown}`; known here are {}", known.join(", ")),
                }
            };
            let at = Node::new(Value::Null, entry.place);
            self.error("unknown-key", &member(path, &entry.key), &at, message);
        }
        found
    }

    pub(super) fn entries<'n>(&mut self, node: &'n Node, path: &str) -> &'n [Entry] {
        if node.entries().is_none() {
            let message = format!("a table is expected, this is {}", node.kind());
            self.error("wrong-type", path, node, message);
        }
        node.entries().unwrap_or_default()
    }

    pub(super) fn text(&mut self, node: &Node, path: &str) -> Option<String> {
        let Some(text) = node.text() else {
            let message = format!("a string is expected, this is {}", node.kind());
            self.error("wrong-type", path, node, message);
            return None;
        };
        if text.trim().is_empty() {
            self.error("wrong-length", path, node, "the string is blank");
            return None;
        }
        if text.chars().count() > MAX_TEXT {
            let message = format!("at most {MAX_TEXT} characters are allowed");
            self.error("wrong-length", path, node, message);
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        node: &Node,
        path: &str,
        values: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(node, path)?;
        let found = values.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<String> = values
                .iter()
                .map(|(name, _)| format!("\"{name}\""))
                .collect();
            let message = format!(
                "`{}` is not a value of this key; use {}",
                shown_name(&text),
                names.join(" or ")
            );
            self.error("not-in-enum", path, node, message);
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn boolean(&mut self, node: &Node, path: &str) -> Option<bool> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        let message = format!("true or false is expected, this is {}", node.kind());
        self.error("wrong-type", path, node, message);
        None
    }

    pub(super) fn integer(&mut self, node: &Node, path: &str, min: u32, max: u32) -> Option<u32> {
        let number = match &node.value {
            Value::Number(text) => text.replace('_', "").parse::<u32>().ok(),
            _ => None,
        };
        let fits = number.filter(|n| (min..=max).contains(n));
        if fits.is_none() {
            let message = format!("a whole number from {min} to {max} is expected");
            self.error("out-of-range", path, node, message);
        }
        fits
    }

    fn guardrails(&mut self, node: &Node, path: &str, overlay: &mut Overlay) {
        let known: Vec<&str> = keys::SETTINGS
            .iter()
            .chain(&keys::GUARDRAIL)
            .copied()
            .collect();
        for section in self.entries(node, path) {
            let path = member(path, &section.key);
            let mut own = GuardrailOverlay::default();
            for entry in self.table(&section.value, &path, &known) {
                let path = member(&path, &entry.key);
                match entry.key.as_str() {
                    "mode" => {
                        let modes = [("enforce", Mode::Enforce), ("observe", Mode::Observe)];
                        own.mode = self.choice(&entry.value, &path, &modes);
                    }
                    "exceptions" => own.exceptions = self.exceptions(&entry.value, &path),
                    _ => self.setting(entry, &path, &mut own.settings),
                }
            }
            overlay.guardrails.insert(section.key.clone(), own);
        }
    }

    fn setting(&mut self, entry: &Entry, path: &str, out: &mut Settings) {
        let node = &entry.value;
        match entry.key.as_str() {
            "legacy_input" => {
                let values = [("aws", LegacyInput::Aws), ("mask", LegacyInput::Mask)];
                out.legacy_input = self.choice(node, path, &values);
            }
            "on_error" => self.on_error(node, path, out),
            "words" => self.words(node, path, out),
            "pii" => self.pii(node, path, out),
            "regex" => self.regexes(node, path, out),
            "allow" => self.allow(node, path, out),
            "tier" => self.tier(node, path, out),
            "topic" => self.topics(node, path, out),
            _ => {}
        }
    }

    /// `on_error = "block"` for both phases, or one each.
    fn on_error(&mut self, node: &Node, path: &str, out: &mut Settings) {
        let values = [("block", OnError::Block), ("pass", OnError::Pass)];
        if node.text().is_some() {
            let both = self.choice(node, path, &values);
            out.on_error_input = both;
            out.on_error_output = both;
            return;
        }
        for entry in self.table(node, path, &keys::ON_ERROR) {
            let value = self.choice(&entry.value, &member(path, &entry.key), &values);
            match entry.key.as_str() {
                "input" => out.on_error_input = value,
                _ => out.on_error_output = value,
            }
        }
    }

    fn words(&mut self, node: &Node, path: &str, out: &mut Settings) {
        for entry in self.table(node, path, &keys::WORDS) {
            let path = member(path, &entry.key);
            match entry.key.as_str() {
                "match" => {
                    let values = [
                        ("token", WordMatch::Token),
                        ("substring", WordMatch::Substring),
                    ];
                    out.words.matching = self.choice(&entry.value, &path, &values);
                }
                "confidential" => out.words.confidential = self.boolean(&entry.value, &path),
                _ => {
                    for (item, path) in self.items(&entry.value, &path) {
                        out.words.confidential_words.extend(self.text(item, &path));
                    }
                }
            }
        }
    }

    fn tier(&mut self, node: &Node, path: &str, out: &mut Settings) {
        let values = [("CLASSIC", Tier::Classic), ("STANDARD", Tier::Standard)];
        for entry in self.table(node, path, &keys::TIER) {
            let value = self.choice(&entry.value, &member(path, &entry.key), &values);
            match entry.key.as_str() {
                "words" => out.tiers.words = value,
                "profanity" => out.tiers.profanity = value,
                _ => out.tiers.pii = value,
            }
        }
    }

    pub(super) fn items<'n>(&mut self, node: &'n Node, path: &str) -> Vec<(&'n Node, String)> {
        if node.items().is_none() {
            let message = format!("a list is expected, this is {}", node.kind());
            self.error("wrong-type", path, node, message);
        }
        let items = node.items().unwrap_or_default();
        items
            .iter()
            .enumerate()
            .map(|(i, item)| (item, index(path, i)))
            .collect()
    }

    fn pii_type(&mut self, name: &str, path: &str, node: &Node) -> Option<PiiType> {
        let ty = PiiType::from_name(name);
        if ty.is_none() {
            let shown = shown_name(name);
            let message = match nearest(name, PiiType::ALL.iter().map(|ty| ty.name())) {
                Some(near) => {
                    format!("`{shown}` is no sensitive-information type; did you mean `{near}`?")
                }
                None => format!(
                    "`{shown}` is no sensitive-information type; words and custom regexes cannot stand here"
                ),
            };
            self.error("unknown-type", path, node, message);
        }
        ty
    }

    fn pii(&mut self, node: &Node, path: &str, out: &mut Settings) {
        for section in self.entries(node, path) {
            let path = member(path, &section.key);
            let at = Node::new(Value::Null, section.place);
            let ty = self.pii_type(&section.key, &path, &at);
            for entry in self.table(&section.value, &path, &keys::PII) {
                let path = member(&path, &entry.key);
                let threshold = self.integer(&entry.value, &path, 0, MAX_THRESHOLD);
                let threshold = threshold.and_then(|t| u16::try_from(t).ok());
                if let (Some(ty), Some(threshold)) = (ty, threshold) {
                    out.thresholds.insert(ty, threshold);
                }
            }
        }
    }

    fn regexes(&mut self, node: &Node, path: &str, out: &mut Settings) {
        for section in self.entries(node, path) {
            let path = member(path, &section.key);
            let mut options = RegexOptions::default();
            for entry in self.table(&section.value, &path, &keys::REGEX) {
                let value = self.boolean(&entry.value, &member(&path, &entry.key));
                match entry.key.as_str() {
                    "unicode" => options.unicode = value,
                    _ => options.confidential = value,
                }
            }
            out.regexes.insert(section.key.clone(), options);
        }
    }

    fn allow(&mut self, node: &Node, path: &str, out: &mut Settings) {
        for (item, path) in self.items(node, path) {
            if let Some(entry) = self.allow_entry(item, &path) {
                out.allow.push(entry);
            }
        }
    }

    fn allow_entry(&mut self, node: &Node, path: &str) -> Option<AllowEntry> {
        self.table(node, path, &keys::ALLOW);
        node.entries()?;
        let required = |reader: &mut Self, key: &str| {
            let found = node.member(key);
            if found.is_none() {
                reader.error(
                    "missing-key",
                    path,
                    node,
                    format!("`{key}` is missing: an exception says what, who, why and until when"),
                );
            }
            found.and_then(|value| reader.text(value, &member(path, key)))
        };
        let ty = required(self, "type");
        let who = required(self, "who");
        let why = required(self, "why");
        let until = required(self, "until");
        let ty = ty.and_then(|name| {
            let at = node.member("type")?;
            self.pii_type(&name, &member(path, "type"), at)
        });
        let until = until.and_then(|text| {
            let parsed = date::parse(&text);
            if parsed.is_none() {
                let message =
                    "a date of RFC 3339 is expected: `2027-01-31` or `2027-01-31T12:00:00Z`";
                let at = node.member("until").unwrap_or(node);
                self.error("wrong-pattern", &member(path, "until"), at, message);
            }
            parsed
        });
        let allowed = self.allowed(node, path, ty);
        Some(AllowEntry {
            ty: ty?,
            allowed: allowed?,
            who: who?,
            why: why?,
            until: until?,
        })
    }

    fn allowed(&mut self, node: &Node, path: &str, ty: Option<PiiType>) -> Option<Allowed> {
        match (node.member("value"), node.member("domain")) {
            (Some(value), None) => self.text(value, &member(path, "value")).map(Allowed::Value),
            (None, Some(domain)) => {
                let at = member(path, "domain");
                let text = self.text(domain, &at)?;
                if ty.is_some_and(|ty| !matches!(ty, PiiType::Email | PiiType::Url)) {
                    let message = "only EMAIL and URL have domains; use `value`";
                    self.error("wrong-domain", &at, domain, message);
                    return None;
                }
                let name = text.strip_prefix('.').unwrap_or(&text).to_lowercase();
                let labels_fit = name.split('.').all(|label| {
                    !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                });
                // `com` alone would let nearly everything pass.
                if !labels_fit || !name.contains('.') {
                    let message = "a domain such as `example.com` is expected, without scheme, `@`, `*` or path";
                    self.error("wrong-domain", &at, domain, message);
                    return None;
                }
                Some(Allowed::Domain(name))
            }
            _ => {
                let message = "exactly one of `value` and `domain` is expected";
                self.error("missing-key", path, node, message);
                None
            }
        }
    }

    fn limits(&mut self, node: &Node, path: &str) -> Limits {
        let mut limits = Limits::default();
        for entry in self.table(node, path, &keys::LIMITS) {
            let path = member(path, &entry.key);
            match entry.key.as_str() {
                "text_bytes" => {
                    limits.text_bytes = self.integer(&entry.value, &path, 1, MAX_TEXT_BYTES)
                }
                _ => limits.findings = self.integer(&entry.value, &path, 1, MAX_FINDINGS),
            }
        }
        limits
    }
}
