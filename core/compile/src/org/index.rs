//! Whether a set of answers is whole: the index of a snapshot folder, and lists that were cut.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::datum::Datum;
use super::documents::Input;

/// The file of a snapshot folder that lists the others.
const INDEX: &str = "index.json";

/// Members of a question that say which page is asked for and how long it may be, and not what is asked.
const PAGING: [&str; 4] = ["NextToken", "nextToken", "MaxResults", "maxResults"];

/// The lists that are read, by the member that has the items.
const LISTS: [&str; 6] = [
    "Roots",
    "OrganizationalUnits",
    "Accounts",
    "Parents",
    "Policies",
    "guardrailsConfig",
];

/// What the index says of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) operation: Option<String>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) input: BTreeMap<String, Datum>,
    pub(super) failed: bool,
    /// SHA-256 of the file in hex, where the index says it.
    sha256: Option<String>,
}

/// Whether a file is the index of the folder that it is in.
pub(super) fn is_index(name: &str) -> bool {
    name.rsplit('/').next() == Some(INDEX)
}

/// The indices of all folders, by the names of the files that they list.
#[derive(Debug, Default)]
pub(super) struct Index(BTreeMap<String, Asked>);

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// What is wrong with it, to be read after the place.
    pub(super) fn add(&mut self, name: &str, value: &Datum) -> Result<(), String> {
        let folder = name.strip_suffix(INDEX).unwrap_or_default();
        let answers = value.member("answers").and_then(Datum::items);
        let answers = answers.ok_or("the index has no list `answers`; pull the snapshot again")?;
        for answer in answers {
            let text = |name: &str| answer.member(name).and_then(Datum::text).map(str::to_owned);
            let file = text("file")
                .ok_or("an entry of the index has no `file`; pull the snapshot again")?;
            let status = answer.member("status");
            let asked = Asked {
                operation: text("operation"),
                account: text("account"),
                region: text("region"),
                input: answer
                    .member("input")
                    .and_then(Datum::members)
                    .cloned()
                    .unwrap_or_default(),
                failed: status.is_some_and(|s| *s != Datum::Number("200".to_owned())),
                sha256: text("sha256"),
            };
            if self.0.insert(format!("{folder}{file}"), asked).is_some() {
                return Err(format!(
                    "the index lists {file} twice; pull the snapshot again"
                ));
            }
        }
        Ok(())
    }

    /// What the index says of a file; nothing, of a file that it does not list.
    ///
    /// # Errors
    /// That the file is not the one that was pulled.
    pub(super) fn asked(&self, input: &Input) -> Result<Asked, String> {
        let Some(asked) = self.0.get(&input.name) else {
            return Ok(Asked::default());
        };
        let own = hex(&input.bytes);
        if asked.sha256.as_ref().is_some_and(|sha256| *sha256 != own) {
            return Err("the file is not the one that the index lists: its SHA-256 is another; pull the snapshot again".to_owned());
        }
        Ok(asked.clone())
    }

    /// The files that are listed and not there.
    pub(super) fn missing<'a>(&'a self, inputs: &[&Input]) -> Vec<&'a str> {
        let names: std::collections::BTreeSet<&str> =
            inputs.iter().map(|input| input.name.as_str()).collect();
        let listed = self.0.keys().map(String::as_str);
        listed.filter(|file| !names.contains(file)).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The lists of which the last page that was read says that there are more, by what was asked.
#[derive(Debug, Default)]
pub(super) struct Pages(BTreeMap<String, String>);

impl Pages {
    /// Notes a page; those of one list are read in their order.
    pub(super) fn add(&mut self, file: &str, value: &Datum, asked: &Asked, ids: &[String]) {
        let Some(list) = LISTS.iter().find(|name| value.member(name).is_some()) else {
            return;
        };
        let input = asked.input.iter();
        let question: BTreeMap<&String, &Datum> = input
            .filter(|(name, _)| !PAGING.contains(&name.as_str()))
            .collect();
        let key = format!(
            "{list} {question:?} {:?} {:?} {ids:?}",
            asked.account, asked.region
        );
        let tokens = ["NextToken", "nextToken"].map(|name| value.member(name));
        let goes_on = |token: &&Datum| !matches!(token, Datum::Null) && token.text() != Some("");
        if tokens.into_iter().flatten().any(|token| goes_on(&token)) {
            self.0.insert(key, file.to_owned());
        } else {
            self.0.remove(&key);
        }
    }

    /// The last pages of lists that go on.
    pub(super) fn cut(self) -> impl Iterator<Item = String> {
        self.0.into_values()
    }
}
