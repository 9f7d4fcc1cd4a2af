//! Keys of AWS KMS.

use edgerail_publish::keys::Signer;

use super::error::CliError;

/// The key with this ARN.
pub(super) fn signer(arn: &str) -> Result<Box<dyn Signer>, CliError> {
    let message = "this build has no AWS; take one with the feature aws";
    Err(CliError::new("aws", arn, message))
}
