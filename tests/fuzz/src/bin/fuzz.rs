//! Runs the target that `EDGERAIL_FUZZ_TARGET` names.
//!
//! With the feature `libfuzzer` this is an ordinary libFuzzer program: `fuzz CORPUS_FOLDER -max_total_time=60`.
//! Without it, it takes the same arguments and mutates the files of the folder blindly. Either writes the seeds of
//! all targets if `EDGERAIL_FUZZ_SEEDS` names a folder.
#![cfg_attr(feature = "libfuzzer", no_main)]

use edgerail_fuzz::targets::TARGETS;

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
