//! Wycheproof's vectors, read through the objects that metadata has.

use super::*;
use crate::text::to_hex;
use alloc::format;
use std::string::ToString;

fn read(keytype: &str, scheme: &str, public: &str) -> Result<Vec<Key>> {
    let text = format!(
        r#"{{"keys":{{"id":{{"keytype":"{keytype}","scheme":"{scheme}","keyval":{{"public":"{public}"}}}}}}}}"#
    );
    read_all(&json::parse(text.as_bytes()).unwrap(), Schemes::default())
}

#[test]
fn t_sig_3_wycheproof_ed25519() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut tests = 0;
    for group in set.test_groups {
        let keys = read("ed25519", "ed25519", &to_hex(group.key.pk.as_ref())).unwrap();
        let public = keys[0].public.as_ref().unwrap();
        for test in group.tests {
            let valid = test.result == wycheproof::TestResult::Valid;
            let accepted = public.verify(test.msg.as_ref(), &to_hex(test.sig.as_ref()));
            assert_eq!(accepted, valid, "{} {}", test.tc_id, test.comment);
            tests += 1;
        }
    }
    assert!(tests >= 150, "{tests}");
}

#[cfg(feature = "p256")]
#[test]
fn t_sig_3_wycheproof_p256() {
    let set = wycheproof::ecdsa::TestSet::load(wycheproof::ecdsa::TestName::EcdsaSecp256r1Sha256)
        .unwrap();
    let mut tests = 0;
    for group in set.test_groups {
        let keys = read(
            "ecdsa",
            "ecdsa-sha2-nistp256",
            &to_hex(group.key.key.as_ref()),
        )
        .unwrap();
        let public = keys[0].public.as_ref().unwrap();
        for test in group.tests {
            let valid = test.result == wycheproof::TestResult::Valid;
            let accepted = public.verify(test.msg.as_ref(), &to_hex(test.sig.as_ref()));
            assert_eq!(accepted, valid, "{} {}", test.tc_id, test.comment);
            tests += 1;
        }
    }
    assert!(tests >= 400, "{tests}");
}

#[test]
fn t_sig_3_small_order_points_are_no_keys() {
    // The eight points of small order and the other encodings of them (RFC 8032, 5.1.3; RFC 7748, 6.1).
    for weak in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        assert_eq!(
            read("ed25519", "ed25519", weak).unwrap_err().kind,
            Code::Key,
            "{weak}"
        );
    }
}

#[test]
fn keys_of_other_schemes_are_kept_by_their_ids() {
    for (keytype, scheme) in [
        ("rsa", "rsassa-pss-sha256"),
        ("ed25519", "ed25519ph"),
        ("sigstore-oidc", "Fulcio"),
        ("ecdsa", "ecdsa-sha2-nistp384"),
    ] {
        let keys = read(keytype, scheme, "anything").unwrap();
        assert!(keys[0].public.is_none() && keys[0].id == "id", "{keytype}");
    }
    assert!(
        read_all(
            &json::parse(br#"{"keys":{"a":{"keytype":"rsa","scheme":"x","keyval":1}}}"#).unwrap(),
            Schemes::default()
        )
        .is_err()
    );
    assert!(read_all(&json::parse(br#"{"keys":[]}"#).unwrap(), Schemes::default()).is_err());
}

#[cfg(all(feature = "p256", feature = "testing"))]
#[test]
fn p256_keys_in_all_their_forms_are_one_key() {
    use crate::testing::Signer;
    let key = Signer::p256(1).key();
    let value = json::parse(key.as_bytes()).unwrap();
    let pem = value
        .member("keyval")
        .unwrap()
        .member("public")
        .unwrap()
        .as_str()
        .unwrap()
        .to_string();
    let keys = |public: &str| {
        read(
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp256",
            &public.replace('\n', "\\n"),
        )
    };
    let raw = keys(&pem).unwrap()[0]
        .public
        .as_ref()
        .unwrap()
        .raw()
        .to_vec();
    let Signer::P256(secret) = Signer::p256(1) else {
        panic!("a P-256 key")
    };
    for compress in [true, false] {
        let point = to_hex(secret.verifying_key().to_sec1_point(compress).as_bytes());
        assert_eq!(keys(&point).unwrap()[0].public.as_ref().unwrap().raw(), raw);
    }
    assert_eq!(
        keys(&pem.replace('\n', "\r\n").replace('\r', "\\r")).unwrap()[0]
            .public
            .as_ref()
            .unwrap()
            .raw(),
        raw
    );
    let bad = [
        pem.replace("PUBLIC KEY", "EC PUBLIC KEY"),
        pem.replace("-----END", "A-----END"),
        pem.replace("MFkw", "MFkx"),
        pem.replace("==", "="),
        String::new(),
        "04".to_string(),
        format!("04{}", "00".repeat(64)),
        format!("04{}", "11".repeat(64)),
    ];
    for bad in bad {
        assert_eq!(keys(&bad).unwrap_err().kind, Code::Key, "{bad}");
    }
}
