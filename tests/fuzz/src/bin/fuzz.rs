//! Runs the target that `EDGERAIL_FUZZ_TARGET` names.
//!
//! With the feature `libfuzzer` this is an ordinary libFuzzer program: `fuzz CORPUS_FOLDER -max_total_time=60`.
//! Without it, it takes the same arguments and mutates the files of the folder blindly.
#![cfg_attr(feature = "libfuzzer", no_main)]

#[cfg(feature = "libfuzzer")]
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    static TARGET: std::sync::LazyLock<&edgerail_fuzz::targets::Target> =
        std::sync::LazyLock::new(edgerail_fuzz::chosen);
    (TARGET.run)(input);
});

#[cfg(not(feature = "libfuzzer"))]
fn main() {
    let target = edgerail_fuzz::chosen();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut seconds = 60;
    let mut inputs = Vec::new();
    let mut single = false;
    for argument in &arguments {
        let path = std::path::Path::new(argument);
        if let Some(limit) = argument.strip_prefix("-max_total_time=") {
            seconds = limit
                .parse()
                .expect("-max_total_time is a number of seconds");
        } else if path.is_dir() {
            let files = std::fs::read_dir(path).expect("the folder can be read");
            let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
            files.sort();
            inputs.extend(
                files
                    .iter()
                    .map(|file| std::fs::read(file).expect("a seed can be read")),
            );
        } else if path.is_file() {
            single = true;
            inputs.push(std::fs::read(path).expect("the input can be read"));
        }
    }
    inputs.iter().for_each(|input| (target.run)(input));
    if single {
        return;
    }
    let start = std::time::Instant::now();
    let mut blind = edgerail_fuzz::Blind::new(inputs, 0x5eed);
    let mut tried = 0_u64;
    // The input that crashes is what matters: it is written down before the panic is let go on.
    while start.elapsed().as_secs() < seconds {
        let input = blind.input();
        let outcome =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (target.run)(&input)));
        if let Err(panic) = outcome {
            let file = format!("crash-{}-{tried}", target.name);
            std::fs::write(&file, &input).expect("the input can be written");
            eprintln!("{}: the input is in {file}", target.name);
            std::panic::resume_unwind(panic);
        }
        tried += 1;
    }
    eprintln!(
        "{}: {tried} inputs in {} s, blindly",
        target.name,
        start.elapsed().as_secs()
    );
}
