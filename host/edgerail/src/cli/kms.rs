//! Keys of AWS KMS.

use edgerail_publish::keys::Signer;

use super::error::CliError;

/// The key with this ARN.
#[cfg(not(feature = "aws"))]
pub(super) fn signer(arn: &str) -> Result<Box<dyn Signer>, CliError> {
    let message = "this build has no AWS; take one with the feature aws";
    Err(CliError::new("aws", arn, message))
}

/// The key with this ARN. Credentials come from where all AWS tools take them.
#[cfg(feature = "aws")]
pub(super) fn signer(arn: &str) -> Result<Box<dyn Signer>, CliError> {
    let wrong = |error: edgerail_publish::Error| -> CliError { error.into() };
    let opened = edgerail_aws::kms::Blocking::open(edgerail_aws::Settings::default(), arn);
    let kms = opened.map_err(|error| wrong(aws::failed(arn, &error)))?;
    let key = edgerail_publish::keys::ecdsa_key(arn, kms.public_key_pem()).map_err(wrong)?;
    Ok(Box::new(aws::KmsSigner {
        kms,
        key,
        arn: arn.to_owned(),
    }))
}

#[cfg(feature = "aws")]
mod aws {
    use edgerail_aws::kms::Blocking;
    use edgerail_publish::Error;
    use edgerail_publish::keys::{Key, Signer};

    /// A key that never leaves AWS.
    pub(super) struct KmsSigner {
        pub(super) kms: Blocking,
        pub(super) key: Key,
        pub(super) arn: String,
    }

    pub(super) fn failed(arn: &str, error: &edgerail_aws::Error) -> Error {
        Error::new("kms", arn, error.to_string())
    }

    impl Signer for KmsSigner {
        fn key(&self) -> Key {
            self.key.clone()
        }

        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
            let signed = self.kms.sign(message);
            signed.map_err(|error| failed(&self.arn, &error))
        }
    }
}
