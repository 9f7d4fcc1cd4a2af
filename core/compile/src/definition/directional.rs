//! What `action`, `inputAction`, `outputAction`, `inputEnabled` and `outputEnabled` mean together.

use super::fields::{Context, Field, Located, Object};
use super::model::{Directional, DirectionalAction};

/// Actions of words, managed lists, topics and content filters.
pub(super) const BLOCK_OR_NONE: &[&str] = &["BLOCK", "NONE"];
/// Actions of sensitive information.
pub(super) const SENSITIVE: &[&str] = &["BLOCK", "ANONYMIZE", "NONE"];

/// The four optional fields every entry has.
pub(super) const INPUT_ACTION: Field = Field::new("inputAction");
pub(super) const OUTPUT_ACTION: Field = Field::new("outputAction");
pub(super) const INPUT_ENABLED: Field = Field::new("inputEnabled");
pub(super) const OUTPUT_ENABLED: Field = Field::new("outputEnabled");

/// The directional fields as written.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    input_action: Option<DirectionalAction>,
    output_action: Option<DirectionalAction>,
    input_enabled: Option<bool>,
    output_enabled: Option<bool>,
}

/// Resolves the fields of one entry.
///
/// * `…Enabled: false` wins: the entry is not evaluated in that direction.
/// * `…Action` is the action, whatever the legacy `action` says (`Action: ANONYMIZE` with
///   `InputAction: BLOCK` blocks input).
/// * Without it, the legacy `action` acts in both directions, BLOCK and NONE alike: nothing reports
///   otherwise, and for NONE (detect mode) the wider reading costs no one anything.
/// * The one exception is `ANONYMIZE` on INPUT: three independent reports saw AWS not evaluate it unless an
///   input field is set. Neither `inputAction` nor `inputEnabled` present therefore gives `Disabled` with
///   `legacy_input`, for the overlay to decide. `inputEnabled: true` alone counts as set: its author asked
///   for the input, and masking is the safe reading of what AWS leaves open.
fn resolve(legacy: DirectionalAction, written: Written) -> Directional {
    let pick = |enabled: Option<bool>, action: Option<DirectionalAction>| {
        if enabled == Some(false) {
            DirectionalAction::Disabled
        } else {
            action.unwrap_or(legacy)
        }
    };
    let legacy_input = legacy == DirectionalAction::Anonymize
        && written.input_action.is_none()
        && written.input_enabled.is_none();
    Directional {
        input: if legacy_input {
            DirectionalAction::Disabled
        } else {
            pick(written.input_enabled, written.input_action)
        },
        output: pick(written.output_enabled, written.output_action),
        legacy_input,
    }
}

fn action(name: &str) -> DirectionalAction {
    match name {
        "BLOCK" => DirectionalAction::Block,
        "ANONYMIZE" => DirectionalAction::Anonymize,
        _ => DirectionalAction::None,
    }
}

impl Context<'_> {
    /// The directional fields of an entry whose default is to block: words, lists, topics, filters.
    pub(super) fn blocking(&mut self, object: &Object<'_>) -> Directional {
        let written = self.written(object, BLOCK_OR_NONE);
        let resolved = resolve(DirectionalAction::Block, written);
        self.lint_idle(object, resolved);
        resolved
    }

    /// The directional fields of sensitive information, whose legacy `action` is required.
    pub(super) fn sensitive(&mut self, object: &Object<'_>) -> Option<Directional> {
        let at = self.required(object, "action");
        let legacy = at.as_ref().and_then(|at| self.choice(at, SENSITIVE));
        let written = self.written(object, SENSITIVE);
        let resolved = resolve(action(legacy?), written);
        if resolved.legacy_input {
            self.lint(
                "legacy-input",
                &object.here,
                "not evaluated on INPUT by AWS: `action` ANONYMIZE alone acts on OUTPUT only; set `inputAction` and `inputEnabled`, or the overlay's `legacy_input = \"mask\"`",
            );
        } else {
            self.lint_idle(object, resolved);
        }
        Some(resolved)
    }

    fn written(&mut self, object: &Object<'_>, allowed: &[&'static str]) -> Written {
        let choose = |context: &mut Self, at: Option<Located<'_>>| {
            at.and_then(|at| context.choice(&at, allowed)).map(action)
        };
        let input_action = self.optional(object, "inputAction");
        let output_action = self.optional(object, "outputAction");
        let input_enabled = self.optional(object, "inputEnabled");
        let output_enabled = self.optional(object, "outputEnabled");
        Written {
            input_action: choose(self, input_action),
            output_action: choose(self, output_action),
            input_enabled: input_enabled.and_then(|at| self.boolean(&at)),
            output_enabled: output_enabled.and_then(|at| self.boolean(&at)),
        }
    }

    fn lint_idle(&mut self, object: &Object<'_>, resolved: Directional) {
        let off = DirectionalAction::Disabled;
        if resolved.input == off && resolved.output == off {
            self.lint(
                "never-evaluated",
                &object.here,
                "disabled in both directions, so it is never evaluated",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DirectionalAction::{Anonymize, Block, Disabled, None as Detect};

    #[test]
    fn every_combination_that_matters() {
        let w = |ia, oa, ie, oe| Written {
            input_action: ia,
            output_action: oa,
            input_enabled: ie,
            output_enabled: oe,
        };
        let n = None;
        for (legacy, written, input, output, legacy_input) in [
            (Block, w(n, n, None, None), Block, Block, false),
            (Anonymize, w(n, n, None, None), Disabled, Anonymize, true),
            (Detect, w(n, n, None, None), Detect, Detect, false),
            (
                Anonymize,
                w(Some(Block), n, None, None),
                Block,
                Anonymize,
                false,
            ),
            (
                Anonymize,
                w(n, Some(Block), None, None),
                Disabled,
                Block,
                true,
            ),
            (
                Anonymize,
                w(n, n, Some(true), None),
                Anonymize,
                Anonymize,
                false,
            ),
            (
                Anonymize,
                w(n, n, Some(false), None),
                Disabled,
                Anonymize,
                false,
            ),
            (
                Block,
                w(n, Some(Detect), None, Some(false)),
                Block,
                Disabled,
                false,
            ),
            (
                Block,
                w(Some(Anonymize), n, Some(false), None),
                Disabled,
                Block,
                false,
            ),
            (
                Detect,
                w(n, Some(Anonymize), None, None),
                Detect,
                Anonymize,
                false,
            ),
        ] {
            let expected = Directional {
                input,
                output,
                legacy_input,
            };
            assert_eq!(resolve(legacy, written), expected, "{legacy:?} {written:?}");
        }
    }
}
