//! Fuzz targets for what hosts read: exported repositories, state folders, staged changes, answers of AWS.

mod archive;
mod aws;
mod disk;
mod files;
mod stage;
mod state;

use edgerail_fuzz::Target;

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "archive",
        run: archive::archive,
        seeds: archive::seeds,
    },
    Target {
        name: "state",
        run: state::folder,
        seeds: state::seeds,
    },
    Target {
        name: "stage",
        run: stage::stage,
        seeds: stage::seeds,
    },
    Target {
        name: "aws-answer",
        run: aws::answer,
        seeds: aws::answer_seeds,
    },
    Target {
        name: "aws-folder",
        run: aws::folder,
        seeds: aws::folder_seeds,
    },
];
