//! Publishing of signed bundles.
