//! Built-in types whose rule is a shape and a checksum, for values that stand between white space.
//!
//! The engine also knows values inside other text, and context. The texts that both are given keep to what
//! this file can say in a few lines: a value, or something that only looks like one, as a field of its own.

/// The types.
pub const SIMPLE_TYPES: [&str; 6] = [
    "EMAIL",
    "CREDIT_DEBIT_CARD_NUMBER",
    "IP_ADDRESS",
    "MAC_ADDRESS",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
    "AWS_ACCESS_KEY",
];

/// The values of a type in a text, as bytes.
pub(super) fn find(ty: &str, text: &str) -> Vec<(usize, usize)> {
    let holds = match ty {
        "EMAIL" => is_email,
        "CREDIT_DEBIT_CARD_NUMBER" => is_card,
        "IP_ADDRESS" => is_ip,
        "MAC_ADDRESS" => is_mac,
        "INTERNATIONAL_BANK_ACCOUNT_NUMBER" => is_iban,
        "AWS_ACCESS_KEY" => is_access_key,
        other => panic!("{other} is none of {SIMPLE_TYPES:?}"),
    };
    let mut found = Vec::new();
    let mut at = 0;
    for field in text.split([' ', '\n', '\t']) {
        let value = field.trim_start_matches(['(', '"']);
        let start = at + field.len() - value.len();
        let value = value.trim_end_matches([')', '"', '.', ',', ';', ':', '!', '?', '-']);
        if holds(value) {
            found.push((start, start + value.len()));
        }
        at += field.len() + 1;
    }
    found
}

fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.split_once('@') else {
        return false;
    };
    let label = |label: &str| {
        let inner = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let top = labels
        .last()
        .is_some_and(|top| top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic()));
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    let letters = local
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
    !local.is_empty()
        && !dots
        && letters
        && labels.len() >= 2
        && labels.iter().all(|l| label(l))
        && top
}

fn is_card(value: &str) -> bool {
    let digits: Vec<u32> = value.chars().filter_map(|c| c.to_digit(10)).collect();
    let plain = value.chars().all(|c| c.is_ascii_digit());
    let grouped = value.split('-').all(|group| group.len() == 4) && value.split('-').count() == 4;
    let shape = plain || (grouped && digits.len() == 16);
    let number: String = digits.iter().map(u32::to_string).collect();
    let visa = number.starts_with('4') && number.len() == 16;
    let mastercard = ("51".."56").contains(&number.get(..2).unwrap_or("")) && number.len() == 16;
    let amex = (number.starts_with("34") || number.starts_with("37")) && number.len() == 15;
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| {
            let value = digit * if place % 2 == 1 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    shape && (visa || mastercard || amex) && sum.is_multiple_of(10)
}

/// The standard library's idea of an address; it takes no leading zeros either.
fn is_ip(value: &str) -> bool {
    value.parse::<std::net::IpAddr>().is_ok()
}

/// Six pairs with one joint; pairs of decimal digits alone, with hyphens, may be anything.
fn is_mac(value: &str) -> bool {
    let letters = value.chars().any(|c| c.is_ascii_alphabetic());
    [':', '-'].into_iter().any(|joint| {
        let mut pairs = value.split(joint);
        let hex = pairs.all(|p| p.len() == 2 && p.chars().all(|c| c.is_ascii_hexdigit()));
        hex && value.split(joint).count() == 6 && (joint == ':' || letters)
    })
}

fn is_iban(value: &str) -> bool {
    const LENGTHS: [(&str, usize); 5] =
        [("DE", 22), ("FR", 27), ("GB", 22), ("ES", 24), ("NL", 18)];
    let known = LENGTHS
        .iter()
        .any(|&(country, length)| value.starts_with(country) && value.len() == length);
    if !known || !value.chars().all(|c| c.is_ascii_alphanumeric()) {
        return false;
    }
    let turned = format!("{}{}", &value[4..], &value[..4]);
    let remainder = turned.chars().fold(0, |sum, c| {
        let value = c.to_digit(36).unwrap_or(0);
        (sum * if value < 10 { 10 } else { 100 } + value) % 97
    });
    remainder == 1
}

fn is_access_key(value: &str) -> bool {
    let known = value.starts_with("AKIA") || value.starts_with("ASIA");
    known
        && value.len() == 20
        && value
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values_are_found_and_damaged_ones_are_not() {
        let cases = [
            ("EMAIL", "dana@example.com", "dana@example"),
            (
                "CREDIT_DEBIT_CARD_NUMBER",
                "4111-1111-1111-1111",
                "4111111111111112",
            ),
            ("IP_ADDRESS", "192.0.2.7", "192.0.2.256"),
            ("MAC_ADDRESS", "00:00:5E:00:53:AF", "00:00:5E:00:53"),
            (
                "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
                "DE89370400440532013000",
                "DE89370400440532013001",
            ),
            (
                "AWS_ACCESS_KEY",
                "AKIAIOSFODNN7EXAMPLE",
                "AKIAIOSFODNN7EXAMPL",
            ),
        ];
        for (ty, good, bad) in cases {
            let text = format!("a ({good}), b {bad} c");
            assert_eq!(find(ty, &text), [(3, 3 + good.len())], "{ty}");
        }
    }
}
