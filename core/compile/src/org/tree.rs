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
}

/// The tree, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgTree {
    /// The nodes.
    pub nodes: BTreeMap<String, OrgNode>,
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

    /// The accounts at or below a node.
    #[must_use]
    pub fn accounts_below(&self, id: &str) -> Vec<String> {
        let accounts = self.nodes.keys();
        let accounts = accounts.filter(|node| matches!(Unit::parse(node), Some(Unit::Account(_))));
        let below = accounts.filter(|account| {
            let path = self.path(account);
            path.is_ok_and(|path| path.iter().any(|node| node == id))
        });
        below.cloned().collect()
    }
}
