//! The tree of an organization: root, organizational units, accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::Unit;

/// A node of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgNode {
    /// The name, where an answer has it.
    pub name: Option<String>,
    /// The id of the node above; `None` for a root.
    pub parent: Option<String>,
    /// The ids of the policies attached to it, in the order in which they were listed; `None` where no answer
    /// says, which is not the same as none.
    pub policies: Option<Vec<String>>,
    /// Whether an answer lists the organizational units directly below it.
    pub lists_units: bool,
    /// Whether an answer lists the accounts directly below it.
    pub lists_accounts: bool,
}

/// The tree, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgTree {
    /// The nodes.
    pub nodes: BTreeMap<String, OrgNode>,
    /// Whether an answer of ListAccounts is there, which names every account and not what it is below.
    pub lists_all_accounts: bool,
}

/// The accounts at or below a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountsBelow {
    /// Those that the answers name.
    pub accounts: Vec<String>,
    /// What has to be added before it is known that there are no others, as sentences.
    pub missing: Vec<String>,
}

impl OrgTree {
    /// The ids from the root to a node, both included.
    ///
    /// # Errors
    /// What the tree lacks, as a sentence.
    pub fn path(&self, id: &str) -> Result<Vec<String>, String> {
        let mut path = vec![id.to_owned()];
        let mut seen = BTreeSet::new();
        let mut at = id;
        loop {
            let node = self.nodes.get(at).ok_or_else(|| {
                format!("{at} is not in the organization's tree: no answer of list-roots, list-organizational-units-for-parent, list-accounts-for-parent or list-parents names it")
            })?;
            if !seen.insert(at) {
                return Err(format!("the answers put {at} below itself"));
            }
            let Some(parent) = &node.parent else { break };
            path.push(parent.clone());
            at = parent;
        }
        if !matches!(Unit::parse(at), Some(Unit::Root(_))) {
            return Err(format!(
                "nothing says what {at} is below; add the answer of list-parents for it, or of list-organizational-units-for-parent and list-accounts-for-parent for every parent"
            ));
        }
        path.reverse();
        Ok(path)
    }

    /// The accounts at or below a node. All of them are known if the answers list what is below every unit there; or
    /// if they list all accounts, and what each is below.
    #[must_use]
    pub fn accounts_below(&self, id: &str) -> AccountsBelow {
        let mut below = AccountsBelow::default();
        let (mut unlisted, mut lost) = (Vec::new(), Vec::new());
        for (own, node) in &self.nodes {
            let is_account = matches!(Unit::parse(own), Some(Unit::Account(_)));
            match self.path(own) {
                Ok(path) if path.iter().any(|above| above == id) => {
                    if is_account {
                        below.accounts.push(own.clone());
                    } else {
                        unlisted.extend(node.unlisted(own));
                    }
                }
                Ok(_) => {}
                Err(problem) if is_account => lost.push(problem),
                Err(_) => {}
            }
        }
        // Where every list below is whole, a node that nobody placed is not below.
        if !unlisted.is_empty() {
            below.missing = if self.lists_all_accounts {
                lost
            } else {
                unlisted
            };
        }
        below
    }
}

impl OrgNode {
    /// The answers that are missing before it is known what is directly below a root or unit, as sentences.
    pub(super) fn unlisted(&self, id: &str) -> impl Iterator<Item = String> {
        let lists = [
            (
                self.lists_units,
                "organizational-units",
                "organizational units",
            ),
            (self.lists_accounts, "accounts", "accounts"),
        ];
        let missing = lists.into_iter().filter(|(listed, ..)| !listed);
        missing.map(move |(_, command, what)| {
            format!(
                "nothing says which {what} are below {id}: add the answer of `list-{command}-for-parent --parent-id {id}` as list-{command}-for-parent-{id}.json"
            )
        })
    }
}
