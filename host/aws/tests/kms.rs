//! Signing with a key of AWS KMS, played by a real P-256 key.

mod common;

use aws_smithy_types::base64;
use common::{Request, Response, Server, json, run};
use edgerail_aws::kms::KmsKey;
use edgerail_aws::{Error, Kind};
use p256::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001";
const SPKI: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).expect("a scalar")
}

fn public_der(key: &SigningKey) -> Vec<u8> {
    let digits = SPKI.as_bytes().chunks(2);
    let digits = digits.map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    let mut der: Vec<u8> = digits
        .map(|pair| u8::from_str_radix(pair, 16).expect("hex"))
        .collect();
    der.extend_from_slice(key.verifying_key().to_sec1_point(false).as_bytes());
    der
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(bytes.len() - 1);
    let mut digits = bytes[start..].to_vec();
    if digits[0] >= 0x80 {
        digits.insert(0, 0);
    }
    let mut whole = vec![2, u8::try_from(digits.len()).expect("short")];
    whole.extend(digits);
    whole
}

fn signature_der(signature: &Signature) -> Vec<u8> {
    let raw = signature.to_bytes();
    let mut content = integer(&raw[..32]);
    content.extend(integer(&raw[32..]));
    let mut der = vec![0x30, u8::try_from(content.len()).expect("short")];
    der.extend(content);
    der
}

/// KMS with this public key and that signing key: they may differ, as they must not.
fn kms(public: SigningKey, signing: SigningKey, more: Value) -> Server {
    Server::new(move |request| answer(request, &public, &signing, &more))
}

fn answer(request: &Request, public: &SigningKey, signing: &SigningKey, more: &Value) -> Response {
    let asked = request.json();
    let body = match request.target() {
        "GetPublicKey" => {
            let mut body = json!({
                "KeyId": ARN, "PublicKey": base64::encode(public_der(public)), "KeySpec": "ECC_NIST_P256",
                "KeyUsage": "SIGN_VERIFY", "SigningAlgorithms": ["ECDSA_SHA_256"],
            });
            for (name, value) in more.as_object().into_iter().flatten() {
                body[name] = value.clone();
            }
            body
        }
        "Sign"
            if asked["MessageType"] == "DIGEST"
                && asked["SigningAlgorithm"] == "ECDSA_SHA_256"
                && asked["KeyId"] == ARN =>
        {
            let digest =
                base64::decode(asked["Message"].as_str().unwrap_or_default()).unwrap_or_default();
            let signature: Signature = signing.sign_prehash(&digest).expect("32 bytes");
            json!({"KeyId": ARN, "Signature": base64::encode(signature_der(&signature)), "SigningAlgorithm": "ECDSA_SHA_256"})
        }
        _ => return json(400, r#"{"__type":"InvalidKeyUsageException"}"#),
    };
    json(200, &body.to_string())
}

fn opened(server: &Server, id: &str) -> Result<KmsKey, Error> {
    run(async { KmsKey::open(&server.client().await, id).await })
}

#[test]
fn a_signature_is_over_the_sha_256_and_verifies() {
    let server = kms(key(7), key(7), json!({}));
    let (pem, der) = run(async {
        let client = server.client().await;
        let key = KmsKey::open(&client, "alias/tuf").await.expect("a key");
        assert_eq!(key.arn(), ARN);
        (
            key.public_key_pem().to_owned(),
            key.sign(&client, b"message").await.expect("a signature"),
        )
    });
    assert!(
        pem.starts_with("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"),
        "{pem}"
    );
    assert!(pem.lines().all(|line| line.len() <= 64));
    assert_eq!(
        server
            .asked()
            .last()
            .map(|request| request.json()["KeyId"].clone()),
        Some(json!(ARN))
    );
    let raw = key(7)
        .sign_prehash(&Sha256::digest(b"message"))
        .map(|signature: Signature| signature_der(&signature));
    assert_eq!(Some(der), raw.ok());
    let other: VerifyingKey = *key(8).verifying_key();
    let signature: Signature = key(7)
        .sign_prehash(&Sha256::digest(b"message"))
        .expect("signed");
    assert!(
        other
            .verify_prehash(&Sha256::digest(b"message"), &signature)
            .is_err()
    );
}

#[test]
fn a_signature_of_another_key_is_not_handed_out() {
    let server = kms(key(7), key(8), json!({}));
    let error = run(async {
        let client = server.client().await;
        let key = KmsKey::open(&client, ARN).await.expect("a key");
        key.sign(&client, b"message").await
    });
    assert_eq!(error.map_err(|error| error.kind()), Err(Kind::Key));
}

#[test]
fn keys_that_sign_no_repositories_are_refused() {
    let cases = [
        json!({"KeySpec": "RSA_2048"}),
        json!({"KeyUsage": "ENCRYPT_DECRYPT"}),
        json!({"PublicKey": "no base64!"}),
        json!({"PublicKey": "AAAA"}),
        json!({"KeySpec": "ECC_SECG_P256K1"}),
    ];
    for more in cases {
        let server = kms(key(7), key(7), more.clone());
        let error = opened(&server, "alias/tuf").map(|key| key.arn().to_owned());
        assert_eq!(
            error.map_err(|error| error.kind()),
            Err(Kind::Key),
            "{more}"
        );
    }
}
