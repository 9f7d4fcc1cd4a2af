//! Organizations: answers, effective policies, and what binds the guardrails of a bundle.

mod answers;
mod bind;
mod fixtures;
mod lint;
mod merge;
mod missing;
