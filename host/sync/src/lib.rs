//! Sync of signed bundles.
