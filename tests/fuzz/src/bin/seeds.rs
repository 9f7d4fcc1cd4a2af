//! Writes the seeds of every target below the folder that is given: `seeds FOLDER`, one folder a target.

fn main() {
    let folder = std::env::args().nth(1).expect("usage: seeds FOLDER");
    let folder = std::path::Path::new(&folder);
    let corpus = edgerail_fuzz::seeds::Sources::of_this_repository();
    for target in edgerail_fuzz::targets::TARGETS {
        let own = folder.join(target.name);
        std::fs::create_dir_all(&own).expect("the folder can be made");
        for (number, seed) in (target.seeds)(&corpus).iter().enumerate() {
            std::fs::write(own.join(format!("{number:04}")), seed).expect("a seed can be written");
        }
        println!("{}", target.name);
    }
}
