//! Whether a change leaves alone what no command changes.
//!
//! What a repository asks of publications stands in the same metadata as its bundles. Whoever has a stage on its way
//! could leave it out, and the change would be judged by less than the repository asks. So it is compared with what
//! was there before; likewise what each line keeps for ever, and which role lists which scopes.

use tough::schema::Targets;

use super::Stage;
use super::check::tampered;
use crate::document::Document;
use crate::error::Result;
use crate::layout::Layout;
use crate::lines::Lines;
use crate::settings::MEMBER;

impl Stage {
    /// Refuses new metadata that asks something else of publications than before, that has lost a version that is
    /// never given again or what a removed bundle held, or that delegates less.
    pub(super) fn check_kept(&self) -> Result<()> {
        if !self.follows() {
            return Ok(());
        }
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (role, document) in &self.documents {
            let Some(targets) = document.targets() else {
                continue;
            };
            let base = self.base_document(role)?;
            check_role(role, base.as_ref().and_then(Document::targets), targets)?;
            before.extend(base);
            after.push(targets);
        }
        let before = Lines::of(before.iter().filter_map(Document::targets))?;
        let after = Lines::of(after.into_iter())?;
        match after.lost(&before)? {
            None => Ok(()),
            Some((target, member)) => {
                let why = format!("{member} does not say of it what it has to after this change");
                Err(tampered(&target, &why))
            }
        }
    }
}

fn check_role(role: &str, before: Option<&Targets>, after: &Targets) -> Result<()> {
    let asked = before.and_then(|before| before._extra.get(MEMBER));
    if after._extra.get(MEMBER) != asked {
        let why = format!(
            "{MEMBER} is not what it was: no change asks more or less of publications than the repository did before"
        );
        return Err(tampered(role, &why));
    }
    let Some(before) = before else {
        return Ok(());
    };
    let after = Layout::of(after).patterns();
    for (name, patterns) in Layout::of(before).patterns() {
        let kept = after
            .get(&name)
            .is_some_and(|after| patterns.iter().all(|pattern| after.contains(pattern)));
        if !kept {
            let why = format!("it delegates less to {name} than before");
            return Err(tampered(role, &why));
        }
    }
    Ok(())
}
