//! What is read from AWS: guardrails, what accounts enforce, and the organization's Bedrock policies, every answer
//! kept as the bytes that came. And signatures by ECDSA P-256 keys of AWS KMS.
//!
//! The service crates of the AWS SDK are not used: they hand out parsed answers, and here the bytes are what
//! is kept and hashed; and they would be most of what the program's build takes. Credentials, regions and
//! profiles are read by `aws-config`, and requests signed by `aws-sigv4`, as in every tool of AWS.

mod client;
mod error;
mod fault;
pub mod guardrail;
mod head;
pub mod kms;
mod meaning;
pub mod offline;
pub mod operation;
pub mod partition;
pub mod pull;
mod retry;
mod shape;
mod smithy;
pub mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;

pub use aws_credential_types::Credentials;
pub use aws_credential_types::provider::SharedCredentialsProvider;
pub use client::{Answer, Call, Client, Settings};
pub use error::{Error, Fault, Kind};
pub use retry::Limits;
