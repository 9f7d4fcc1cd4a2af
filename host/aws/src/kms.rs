//! Signatures by ECDSA P-256 keys of AWS KMS, as TUF's `ecdsa-sha2-nistp256` wants them.

use aws_smithy_types::base64;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::client::{Call, Client, Settings};
use crate::error::{Error, Kind, quotable};
use crate::operation;

/// The DER of every P-256 public key up to its point: RFC 5480's SubjectPublicKeyInfo with id-ecPublicKey, prime256v1 and
/// a bit string of 65 bytes.
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A signing key that never leaves AWS KMS.
#[derive(Clone, Debug)]
pub struct KmsKey {
    arn: String,
    region: String,
    pem: String,
    public: VerifyingKey,
}

/// The region that a key's ARN names.
fn region_of(key: &str) -> Option<&str> {
    let mut parts = key.split(':');
    let is_arn = parts.next() == Some("arn");
    let service = parts.nth(1)?;
    let region = parts.next()?;
    (is_arn && service == "kms" && !region.is_empty()).then_some(region)
}

impl KmsKey {
    /// Reads the public half of a key: an ARN, an ID, or `alias/NAME` (in the ARN's region, else the client's).
    ///
    /// # Errors
    ///
    /// What AWS says; [`Kind::Key`] for a key that is not of the kind ECC_NIST_P256 for signing.
    pub async fn open(client: &Client, key: &str) -> Result<KmsKey, Error> {
        let region = match region_of(key) {
            Some(region) => region,
            None => client.region()?,
        };
        let call = Call::new(&operation::GET_PUBLIC_KEY, region, &[("KeyId", key)]);
        let answer = client.call(call).await?;
        let wrong = |message: &str| Error::new(Kind::Key, quotable(key, &[]), message);
        let text = |name: &str| answer.value.get(name).and_then(Value::as_str);
        let spec = text("KeySpec").or_else(|| text("CustomerMasterKeySpec"));
        if spec.is_some_and(|spec| spec != "ECC_NIST_P256")
            || text("KeyUsage") != Some("SIGN_VERIFY")
        {
            let message = "signs no repositories; make a key with --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY";
            return Err(wrong(message));
        }
        let der = base64::decode(text("PublicKey").unwrap_or_default());
        let der = der.map_err(|_| wrong("has a public key that is no Base64"))?;
        let point = der.strip_prefix(&SPKI);
        let public = point.and_then(|point| VerifyingKey::from_sec1_bytes(point).ok());
        Ok(KmsKey {
            // The ARN, so that a moved alias does not change the key half-way.
            arn: text("KeyId").unwrap_or(key).to_owned(),
            region: region.to_owned(),
            pem: pem(&der),
            public: public.ok_or_else(|| wrong("has a public key that is no P-256 key"))?,
        })
    }

    /// The key's ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The public key as PEM (SubjectPublicKeyInfo), the form of TUF's `keyval.public`.
    #[must_use]
    pub fn public_key_pem(&self) -> &str {
        &self.pem
    }

    /// Signs a message: KMS is sent its SHA-256 only. The signature is DER, and was verified with the public key.
    ///
    /// # Errors
    ///
    /// What AWS says; [`Kind::Key`] for a signature that is not of this key.
    pub async fn sign(&self, client: &Client, message: &[u8]) -> Result<Vec<u8>, Error> {
        let digest = Sha256::digest(message);
        let encoded = base64::encode(digest);
        let input = [
            ("KeyId", self.arn.as_str()),
            ("Message", encoded.as_str()),
            ("MessageType", "DIGEST"),
            ("SigningAlgorithm", "ECDSA_SHA_256"),
        ];
        let call = Call::new(&operation::SIGN, &self.region, &input);
        let answer = client.call(call).await?;
        let signature = answer.value.get("Signature").and_then(Value::as_str);
        let der = base64::decode(signature.unwrap_or_default()).ok();
        let good = der.filter(|der| {
            let signature = from_der(der).and_then(|raw| Signature::from_slice(&raw).ok());
            signature
                .is_some_and(|signature| self.public.verify_prehash(&digest, &signature).is_ok())
        });
        let message =
            "the signature that came is not one of this key over this message; nothing was signed";
        good.ok_or_else(|| Error::new(Kind::Key, &self.arn, message))
    }
}

/// A key with its connection, for code that does not wait.
#[derive(Debug)]
pub struct Blocking {
    runtime: tokio::runtime::Runtime,
    client: Client,
    key: KmsKey,
}

impl Blocking {
    /// Connects, and reads the public half of a key; see [`KmsKey::open`]. Not to be called on a thread that runs a
    /// runtime of tokio.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`] and [`KmsKey::open`].
    pub fn open(mut settings: Settings, key: &str) -> Result<Blocking, Error> {
        if settings.region.is_none() {
            // Saves the search for a region, which on a machine without one asks the network.
            settings.region = region_of(key).map(str::to_owned);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::new(Kind::InputOutput, "the runtime", error.to_string()))?;
        let (client, key) = runtime.block_on(async {
            let client = Client::connect(settings).await?;
            let key = KmsKey::open(&client, key).await?;
            Ok::<_, Error>((client, key))
        })?;
        Ok(Blocking {
            runtime,
            client,
            key,
        })
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &KmsKey {
        &self.key
    }

    /// The public key as PEM.
    #[must_use]
    pub fn public_key_pem(&self) -> &str {
        self.key.public_key_pem()
    }

    /// Signs a message; see [`KmsKey::sign`].
    ///
    /// # Errors
    ///
    /// As [`KmsKey::sign`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.runtime.block_on(self.key.sign(&self.client, message))
    }
}

/// RFC 7468, 64 characters a line.
fn pem(der: &[u8]) -> String {
    let text = base64::encode(der);
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    pem
}

/// r and s of `SEQUENCE { INTEGER, INTEGER }` as 32 bytes each.
fn from_der(der: &[u8]) -> Option<[u8; 64]> {
    let (content, rest) = element(der, 0x30)?;
    let (r, content) = element(content, 0x02)?;
    let (s, content) = element(content, 0x02)?;
    if !rest.is_empty() || !content.is_empty() {
        return None;
    }
    let mut raw = [0; 64];
    let (left, right) = raw.split_at_mut(32);
    for (integer, field) in [(r, left), (s, right)] {
        let digits = match integer {
            [0, digits @ ..] => digits,
            digits => digits,
        };
        let start = field.len().checked_sub(digits.len())?;
        field.get_mut(start..)?.copy_from_slice(digits);
    }
    Some(raw)
}

/// The content of an element with a one-byte length, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [found, length, rest @ ..] = der else {
        return None;
    };
    (*found == tag && *length < 128).then_some(())?;
    rest.split_at_checked(usize::from(*length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_signatures_are_padded_and_trimmed() {
        let mut der = vec![0x30, 0x26, 0x02, 0x01, 0x05, 0x02, 0x21, 0x00];
        der.extend([0xff; 32]);
        let raw = from_der(&der);
        assert_eq!(
            raw.map(|raw| (raw[30], raw[31], raw[32], raw[63])),
            Some((0, 5, 0xff, 0xff))
        );
        for end in 0..der.len() {
            assert_eq!(from_der(&der[..end]), None, "{end}");
        }
        der.push(0);
        assert_eq!(from_der(&der), None);
        let mut long = vec![0x30, 0x26, 0x02, 0x21, 0x01];
        long.extend([0; 32]);
        long.extend([0x02, 0x01, 0x05]);
        assert_eq!(from_der(&long), None);
    }

    #[test]
    fn no_bytes_make_the_reader_of_signatures_fail_otherwise_than_by_none() {
        let mut random = fastrand::Rng::with_seed(5);
        let mut read = 0;
        for _ in 0..20_000 {
            let (r, s) = (random.usize(1..34), random.usize(1..34));
            let mut der = vec![0x30, u8::try_from(r + s + 4).unwrap_or(u8::MAX)];
            for length in [r, s] {
                der.extend([0x02, u8::try_from(length).unwrap_or(u8::MAX)]);
                der.extend(std::iter::repeat_with(|| random.u8(..)).take(length));
            }
            if random.bool() {
                let at = random.usize(..der.len());
                der[at] = random.u8(..);
            }
            der.truncate(random.usize(der.len() - 1..=der.len()));
            read += usize::from(from_der(&der).is_some());
        }
        assert!((1_000..19_000).contains(&read), "{read}");
    }

    #[test]
    fn the_region_is_that_of_the_arn() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/0a1b";
        assert_eq!(region_of(arn), Some("eu-west-1"));
        for other in [
            "alias/tuf",
            "0a1b2c3d-0000-0000-0000-000000000000",
            "arn:aws:s3:::bucket",
            "",
        ] {
            assert_eq!(region_of(other), None, "{other}");
        }
    }
}
