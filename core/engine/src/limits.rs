/// How much an engine takes on. Reaching a limit while evaluating never raises an error: it gives a
/// decision that blocks and names the limit, unless the bundle says `on_error: pass`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text a request may have, all blocks together.
    pub text_bytes: usize,
    /// Bytes a bundle may have.
    pub bundle_bytes: usize,
    /// How often as long as the original a text may become by normalisation, and how often all windows of
    /// its evasion views together.
    pub view_growth: usize,
    /// How many layers of encoding the evasion views of tier STANDARD take off.
    pub decode_depth: usize,
    /// How many findings a decision lists. Only the list is cut: masking and blocking see them all.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            text_bytes: 1 << 20,
            bundle_bytes: crate::bundle::MAX_BYTES,
            view_growth: 4,
            decode_depth: 2,
            findings: 1000,
        }
    }
}
