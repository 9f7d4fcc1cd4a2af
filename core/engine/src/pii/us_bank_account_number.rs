//! `US_BANK_ACCOUNT_NUMBER`: 6 to 17 digits.
//!
//! Rule: digits beside their own label, plain or in groups with dashes or spaces (the field DFI account number
//! of the Nacha Operating Rules holds 17 characters). There is no checksum. Negative context: labels of other
//! numbers and of other accounts between the label and the value.

use super::number::{THRESHOLD, bounded, labelled, own, separator, token, within_groups, word_at};
use super::{Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan, Trigger, Verdict};
use crate::rules::rule;

pub(crate) const CONTEXT: &[&str] = &[
    "account number",
    "account no",
    "account no.",
    "account num",
    "account #",
    "acct",
    "acct number",
    "acct no",
    "acct #",
    "acct num",
    "account_number",
    "accountnumber",
    "account_no",
    "accountno",
    "acct_number",
    "acctnumber",
    "acct_no",
    "bank account",
    "bank account number",
    "bank account no",
    "bank_account",
    "bankaccount",
    "bank_account_number",
    "bankaccountnumber",
    "checking account",
    "checking account number",
    "checking",
    "savings account",
    "savings account number",
    "deposit account",
    "account",
    "a/c",
    "a/c no",
    "bank acct",
    "us_bank_account",
    "direct deposit account",
    "número de cuenta",
    "numero de cuenta",
    "cuenta bancaria",
];
pub(crate) const NEGATIVE: &[&str] = &[
    "order",
    "invoice",
    "ticket",
    "tracking",
    "transaction",
    "phone",
    "tel",
    "call",
    "user",
    "username",
    "github",
    "twitter",
    "email",
    "balance",
    "version",
    "error",
    "password",
    "created",
    "since",
    "port",
    "customer id",
];

const TYPE: PiiType = PiiType::UsBankAccountNumber;
const OWN: Lexicon = own(TYPE);
const AGAINST: &[Lexicon] = &[
    Lexicon::negative(TYPE),
    own(PiiType::UsBankRoutingNumber),
    own(PiiType::InternationalBankAccountNumber),
    own(PiiType::CreditDebitCardNumber),
];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: TYPE,
    verdict: Verdict::DefersWhenNegative,
    threshold: THRESHOLD,
    triggers: Trigger::Hit.bit(),
    lengths: Lengths::ANY,
    called_by: &[OWN],
    reads: &[
        OWN,
        Lexicon::negative(TYPE),
        own(PiiType::UsBankRoutingNumber),
        own(PiiType::InternationalBankAccountNumber),
        own(PiiType::CreditDebitCardNumber),
    ],
    recognize,
};

fn recognize(scan: &Scan<'_>, place: Candidate, found: &mut Found) {
    let value = labelled(scan, place, AGAINST, |scan, at| {
        let end = read(scan, at)?;
        bounded(scan, OWN, at, end).then_some(end)
    });
    if let Some(value) = value {
        found.push(TYPE, value.start, value.end, value.context.score());
    }
}

/// The end of the digits, in one group or several, that start at `at`.
fn read(scan: &Scan<'_>, at: usize) -> Option<usize> {
    let first = token(scan, at, 17)?;
    if !first.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (mut end, mut digits, mut kind) = (at.saturating_add(first.len()), first.len(), None);
    while let Some(c) = scan
        .char_at(end)
        .filter(|&c| matches!(separator(c), Some('-' | ' ')))
    {
        let next = end.saturating_add(c.len_utf8());
        let Some(group) = token(scan, next, 17).filter(|g| g.bytes().all(|b| b.is_ascii_digit()))
        else {
            break;
        };
        // Behind a whole number a space starts the next one, unless the groups are fours.
        let fours = digits.is_multiple_of(4) && first.len() == 4 && (2..=4).contains(&group.len());
        let next_number = digits >= 6 && c == ' ' && !fours;
        if next_number || group.len() < 2 || *kind.get_or_insert(c) != c {
            break;
        }
        end = next.saturating_add(group.len());
        digits = digits.saturating_add(group.len());
    }
    let length = !rule!("pii.us-bank-account.length") || (6..=17).contains(&digits);
    (length && !word_at(scan, end) && !within_groups(scan, at)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::super::number::checks::{finds, passes};
    use super::RECOGNIZER;

    #[test]
    fn finds_values() {
        finds(
            &RECOGNIZER,
            &[
                "account number: «000123456789»",
                "acct is «1234567890».",
                "bank_account_number = «4532-8871-09»",
                "my bank account is «000123456789»",
                "{\"accountNumber\": \"«1234567890»\"}",
                "checking account «4532-8871-09», thanks",
                "<account number>«000123456789»</x>",
                "acct\n«1234567890»",
                "| bank_account_number | «4532-8871-09» |",
                "(bank account «000123456789»)",
                "accountNumber#«1234567890»",
                "checking account='«4532-8871-09»'",
                "account number: «000123456789»",
                "acct is «1234567890».",
                "bank_account_number = «4532-8871-09»",
                "«123456789012» is my account number",
                "routing # 021000021 account # «123456789»",
            ],
        );
    }

    #[test]
    fn passes_others() {
        passes(
            &RECOGNIZER,
            &[
                "123456789012",
                "account 12345",
                "account 123456789012345678",
                "account x123456789",
                "account: order 123456789",
                "account balance 1234567",
                "account $1234567",
                "account. Call 5551234567",
                "account created 20240101",
                "account 1234567.89",
                "routing number 123456789",
                "accounting 1234567",
                "account: alice",
                "account=NL83 XCLP 5111 6154 58",
                "account: IT12 J405 0903 8871 9518 4512 177",
                "the account phone 5551234567",
                "account 12",
                "account 123456abc",
            ],
        );
    }
}
