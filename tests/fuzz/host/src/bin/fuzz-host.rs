//! Runs the target of hosts that `EDGERAIL_FUZZ_TARGET` names; as the program `fuzz` otherwise.
#![cfg_attr(feature = "libfuzzer", no_main)]

use edgerail_fuzz_host::TARGETS;

#[cfg(feature = "libfuzzer")]
libfuzzer_sys::fuzz_target!(
    init: edgerail_fuzz::begin(TARGETS),
    |input: &[u8]| (edgerail_fuzz::chosen().run)(input)
);

#[cfg(not(feature = "libfuzzer"))]
fn main() {
    edgerail_fuzz::begin(TARGETS);
    edgerail_fuzz::run_blindly();
}
