//! Wycheproof's vectors, and keys that are none.

use super::super::{Public, Schemes, read_all};
use super::{ALGORITHM, BIT_STRING, INTEGER, SEQUENCE};
use crate::error::{Code, Result};
use crate::json;
use crate::text::to_hex;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use wycheproof::TestResult;
use wycheproof::rsa_pss_verify::{TestName, TestSet};

fn read(pem: &str, rsa: bool) -> Result<Option<Public>> {
    let pem = pem.replace('\n', "\\n");
    let text = format!(
        r#"{{"keys":{{"id":{{"keytype":"rsa","scheme":"rsassa-pss-sha256","keyval":{{"public":"{pem}"}}}}}}}}"#
    );
    let keys = read_all(&json::parse(text.as_bytes()).unwrap(), Schemes { rsa })?;
    Ok(keys.into_iter().next().unwrap().public)
}

/// Of a set's signatures: how many that are valid are accepted, how many others are, and how many are valid.
fn accepted(name: TestName) -> (usize, usize, usize) {
    let (mut good, mut bad, mut valid) = (0, 0, 0);
    for group in TestSet::load(name).unwrap().test_groups {
        let pem = pem("PUBLIC KEY", &info(&numbers(&group.key.n, &group.key.e)));
        let public = read(&pem, true).unwrap().unwrap();
        for test in group.tests {
            let is_accepted = public.verify(test.msg.as_ref(), &to_hex(test.sig.as_ref()));
            let is_valid = test.result == TestResult::Valid;
            valid += usize::from(is_valid);
            good += usize::from(is_accepted && is_valid);
            bad += usize::from(is_accepted && !is_valid);
            let other = [test.msg.as_ref(), b" "].concat();
            assert!(!public.verify(&other, &to_hex(test.sig.as_ref())));
        }
    }
    (good, bad, valid)
}

#[test]
fn t_sig_3_wycheproof_rsa_pss() {
    for name in [
        TestName::RsaPss2048Sha256Mgf1SaltLen32,
        TestName::RsaPss3072Sha256Mgf1SaltLen32,
        TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        let (good, bad, valid) = accepted(name);
        assert!(
            good == valid && bad == 0 && valid > 30,
            "{good}, {bad} of {valid}"
        );
    }
}

/// Another salt, another hash, another hash in the mask: not what the scheme's name says.
#[test]
fn t_sig_3_other_parameters_are_other_schemes() {
    for name in [
        TestName::RsaPss2048Sha256Mgf1SaltLen0,
        TestName::RsaPss2048Sha1Mgf1SaltLen20,
        TestName::RsaPss2048Sha256Mgf1Sha1_20,
        TestName::RsaPss2048Sha512_256Mgf1SaltLen32,
    ] {
        let (good, _, valid) = accepted(name);
        assert!(good == 0 && valid > 30, "{good} of {valid}");
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut der = match length {
        0..0x80 => Vec::from([tag, length as u8]),
        0x80..0x100 => Vec::from([tag, 0x81, length as u8]),
        _ => Vec::from([tag, 0x82, (length >> 8) as u8, length as u8]),
    };
    der.extend_from_slice(content);
    der
}

fn integer(digits: &[u8]) -> Vec<u8> {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let mut content = Vec::from(&digits[zeros..]);
    if content[0] & 0x80 != 0 {
        content.insert(0, 0);
    }
    element(INTEGER, &content)
}

fn numbers(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[integer(modulus), integer(exponent)].concat())
}

fn info(key: &[u8]) -> Vec<u8> {
    let bits = element(BIT_STRING, &[&[0], key].concat());
    element(SEQUENCE, &[element(SEQUENCE, ALGORITHM), bits].concat())
}

fn pem(label: &str, der: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut body = String::new();
    for chunk in der.chunks(3) {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            body.push(if place > chunk.len() {
                '='
            } else {
                letter.into()
            });
        }
    }
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// An odd number of so many bits.
fn modulus(bits: usize) -> Vec<u8> {
    let mut digits = Vec::from([0xa5; 1025]);
    digits.truncate(bits.div_ceil(8));
    digits[0] = 1 << ((bits - 1) % 8);
    *digits.last_mut().unwrap() |= 1;
    digits
}

#[test]
fn keys_of_2048_to_8192_bits_are_read() {
    for bits in [2048, 2049, 3072, 4096, 8191, 8192] {
        for exponent in [&[3][..], &[1, 0, 1], &[1, 0, 0, 0, 1]] {
            let key = numbers(&modulus(bits), exponent);
            let pem = pem("PUBLIC KEY", &info(&key));
            assert_eq!(read(&pem, true).unwrap().unwrap().raw(), key, "{bits}");
            // Who does not ask for them does not know them.
            assert!(read(&pem, false).unwrap().is_none());
        }
    }
}

#[test]
fn other_keys_are_refused() {
    let e = &[1, 0, 1];
    let good = numbers(&modulus(2048), e);
    let even = |mut digits: Vec<u8>| {
        *digits.last_mut().unwrap() &= 0xfe;
        digits
    };
    let bit_string = |content: &[u8]| {
        let bits = element(BIT_STRING, content);
        element(SEQUENCE, &[element(SEQUENCE, ALGORITHM), bits].concat())
    };
    let oid = |algorithm: &[u8]| {
        let bits = element(BIT_STRING, &[&[0], &good[..]].concat());
        element(SEQUENCE, &[element(SEQUENCE, algorithm), bits].concat())
    };
    let negative = element(INTEGER, &[&[0xa5], &modulus(2048)[1..]].concat());
    let long = element(INTEGER, &[&[0, 0], &modulus(2048)[..]].concat());
    let e_der = integer(e);
    let bad = [
        ("1024 bits", info(&numbers(&modulus(1024), e))),
        ("2047 bits", info(&numbers(&modulus(2047), e))),
        ("8193 bits", info(&numbers(&modulus(8193), e))),
        ("an even modulus", info(&numbers(&even(modulus(2048)), e))),
        ("exponent 1", info(&numbers(&modulus(2048), &[1]))),
        ("exponent 2", info(&numbers(&modulus(2048), &[2]))),
        (
            "exponent of 34 bits",
            info(&numbers(&modulus(2048), &[2, 0, 0, 0, 1])),
        ),
        (
            "a negative modulus",
            info(&element(SEQUENCE, &[negative, e_der.clone()].concat())),
        ),
        (
            "zeros before the modulus",
            info(&element(SEQUENCE, &[long, e_der].concat())),
        ),
        (
            "no exponent",
            info(&element(SEQUENCE, &integer(&modulus(2048)))),
        ),
        (
            "a third number",
            info(&element(SEQUENCE, &[&good[4..], &integer(&[3])].concat())),
        ),
        (
            "something behind the key",
            info(&[&good[..], &[0]].concat()),
        ),
        ("something behind it all", [&info(&good)[..], &[0]].concat()),
        ("an unused bit", bit_string(&[&[1], &good[..]].concat())),
        ("no key", bit_string(&[])),
        ("PKCS #1 alone", good.clone()),
        (
            "RSASSA-PSS's own identifier",
            oid(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x05\x00"),
        ),
        ("no parameters", oid(&ALGORITHM[..11])),
        ("nothing", Vec::new()),
    ];
    for (what, der) in bad {
        let error = read(&pem("PUBLIC KEY", &der), true).unwrap_err();
        assert_eq!(error.kind, Code::Key, "{what}");
    }
    // The outer length in more bytes than it needs.
    let mut wide = Vec::from([SEQUENCE, 0x83, 0]);
    wide.extend_from_slice(&info(&good)[2..]);
    for text in [
        pem("PUBLIC KEY", &wide),
        pem("RSA PUBLIC KEY", &good),
        pem("PUBLIC KEY", &info(&good)).replace("PUBLIC", "PRIVATE"),
        to_hex(&info(&good)),
    ] {
        assert_eq!(read(&text, true).unwrap_err().kind, Code::Key);
    }
    // Cut anywhere, it is none.
    let whole = info(&good);
    for end in 0..whole.len() {
        assert!(
            read(&pem("PUBLIC KEY", &whole[..end]), true).is_err(),
            "{end}"
        );
    }
}
