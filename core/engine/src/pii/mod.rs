//! Built-in sensitive information: the 31 types of `sensitiveInformationPolicyConfig`, one file each.
//!
//! A recogniser never walks the text by itself. The engine's one tokenising pass finds places worth a
//! look ([`Trigger`]), calls the recognisers that asked for that kind of place, and each of them reads
//! only the neighbourhood through [`Scan`]. Cost therefore follows the number of such places, not the
//! number of types.

mod dispatch;
pub(crate) mod left;
mod lexicon;
mod number;
#[cfg(test)]
mod number_prose;
#[cfg(test)]
mod quiet;
mod registry;
mod scan;
mod shape;
#[cfg(test)]
pub(crate) mod testing;

// One file a type.
mod address;
mod age;
mod aws_access_key;
mod aws_secret_key;
mod ca_health_number;
mod ca_social_insurance_number;
mod credit_debit_card_cvv;
mod credit_debit_card_expiry;
mod credit_debit_card_number;
mod driver_id;
mod email;
mod international_bank_account_number;
mod ip_address;
mod license_plate;
mod mac_address;
mod name;
mod password;
mod phone;
mod pin;
mod swift_code;
mod uk_national_health_service_number;
mod uk_national_insurance_number;
mod uk_unique_taxpayer_reference_number;
mod url;
mod us_bank_account_number;
mod us_bank_routing_number;
mod us_individual_tax_identification_number;
mod us_passport_number;
mod us_social_security_number;
mod username;
mod vehicle_identification_number;

pub(crate) use dispatch::{Outermost, Plan, Set, order};
pub use lexicon::{
    AMBIGUOUS_NAME, COUNTRY, GIVEN_NAME, INTRODUCTION, Lexicon, LexiconHit, STATE, STREET_PREFIX,
    STREET_TYPE, SURNAME, TITLE,
};
pub use registry::{RECOGNIZERS, spellings, terms};
pub(crate) use scan::Present;
pub use scan::{CONTEXT_AFTER, CONTEXT_BEFORE, Finding, Found, Scan};

/// A built-in sensitive-information type, named as in the Amazon Bedrock API.
///
/// The discriminant is the type's number in bundles; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // the names are the API's and explain themselves
pub enum PiiType {
    Address = 0,
    Age = 1,
    AwsAccessKey = 2,
    AwsSecretKey = 3,
    CaHealthNumber = 4,
    CaSocialInsuranceNumber = 5,
    CreditDebitCardCvv = 6,
    CreditDebitCardExpiry = 7,
    CreditDebitCardNumber = 8,
    DriverId = 9,
    Email = 10,
    InternationalBankAccountNumber = 11,
    IpAddress = 12,
    LicensePlate = 13,
    MacAddress = 14,
    Name = 15,
    Password = 16,
    Phone = 17,
    Pin = 18,
    SwiftCode = 19,
    UkNationalHealthServiceNumber = 20,
    UkNationalInsuranceNumber = 21,
    UkUniqueTaxpayerReferenceNumber = 22,
    Url = 23,
    Username = 24,
    UsBankAccountNumber = 25,
    UsBankRoutingNumber = 26,
    UsIndividualTaxIdentificationNumber = 27,
    UsPassportNumber = 28,
    UsSocialSecurityNumber = 29,
    VehicleIdentificationNumber = 30,
}

impl PiiType {
    /// Every type, in order of its number.
    pub const ALL: [PiiType; 31] = [
        PiiType::Address,
        PiiType::Age,
        PiiType::AwsAccessKey,
        PiiType::AwsSecretKey,
        PiiType::CaHealthNumber,
        PiiType::CaSocialInsuranceNumber,
        PiiType::CreditDebitCardCvv,
        PiiType::CreditDebitCardExpiry,
        PiiType::CreditDebitCardNumber,
        PiiType::DriverId,
        PiiType::Email,
        PiiType::InternationalBankAccountNumber,
        PiiType::IpAddress,
        PiiType::LicensePlate,
        PiiType::MacAddress,
        PiiType::Name,
        PiiType::Password,
        PiiType::Phone,
        PiiType::Pin,
        PiiType::SwiftCode,
        PiiType::UkNationalHealthServiceNumber,
        PiiType::UkNationalInsuranceNumber,
        PiiType::UkUniqueTaxpayerReferenceNumber,
        PiiType::Url,
        PiiType::Username,
        PiiType::UsBankAccountNumber,
        PiiType::UsBankRoutingNumber,
        PiiType::UsIndividualTaxIdentificationNumber,
        PiiType::UsPassportNumber,
        PiiType::UsSocialSecurityNumber,
        PiiType::VehicleIdentificationNumber,
    ];

    /// The name as the Amazon Bedrock API spells it, e.g. `US_SOCIAL_SECURITY_NUMBER`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PiiType::Address => "ADDRESS",
            PiiType::Age => "AGE",
            PiiType::AwsAccessKey => "AWS_ACCESS_KEY",
            PiiType::AwsSecretKey => "AWS_SECRET_KEY",
            PiiType::CaHealthNumber => "CA_HEALTH_NUMBER",
            PiiType::CaSocialInsuranceNumber => "CA_SOCIAL_INSURANCE_NUMBER",
            PiiType::CreditDebitCardCvv => "CREDIT_DEBIT_CARD_CVV",
            PiiType::CreditDebitCardExpiry => "CREDIT_DEBIT_CARD_EXPIRY",
            PiiType::CreditDebitCardNumber => "CREDIT_DEBIT_CARD_NUMBER",
            PiiType::DriverId => "DRIVER_ID",
            PiiType::Email => "EMAIL",
            PiiType::InternationalBankAccountNumber => "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
            PiiType::IpAddress => "IP_ADDRESS",
            PiiType::LicensePlate => "LICENSE_PLATE",
            PiiType::MacAddress => "MAC_ADDRESS",
            PiiType::Name => "NAME",
            PiiType::Password => "PASSWORD",
            PiiType::Phone => "PHONE",
            PiiType::Pin => "PIN",
            PiiType::SwiftCode => "SWIFT_CODE",
            PiiType::UkNationalHealthServiceNumber => "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
            PiiType::UkNationalInsuranceNumber => "UK_NATIONAL_INSURANCE_NUMBER",
            PiiType::UkUniqueTaxpayerReferenceNumber => "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER",
            PiiType::Url => "URL",
            PiiType::Username => "USERNAME",
            PiiType::UsBankAccountNumber => "US_BANK_ACCOUNT_NUMBER",
            PiiType::UsBankRoutingNumber => "US_BANK_ROUTING_NUMBER",
            PiiType::UsIndividualTaxIdentificationNumber => {
                "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER"
            }
            PiiType::UsPassportNumber => "US_PASSPORT_NUMBER",
            PiiType::UsSocialSecurityNumber => "US_SOCIAL_SECURITY_NUMBER",
            PiiType::VehicleIdentificationNumber => "VEHICLE_IDENTIFICATION_NUMBER",
        }
    }

    /// The type with this API name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<PiiType> {
        PiiType::ALL.into_iter().find(|ty| ty.name() == name)
    }

    /// The type with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<PiiType> {
        PiiType::ALL.get(usize::from(number)).copied()
    }

    /// The type's number in bundles.
    #[must_use]
    #[allow(clippy::as_conversions)] // a fieldless `repr(u8)` enum has no other way out
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// What a negative answer of a recogniser is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A checksum or a fixed shape: where nothing was found, there is nothing.
    Decides,
    /// Depends on context: where nothing was found, the cloud still has to look.
    DefersWhenNegative,
}

/// A kind of place in the text at which recognisers are called.
///
/// `Digits`, `Mixed` and `Upper` are *tokens*: maximal runs of letters, digits, marks and underscores.
/// `start..end` of the call is the token, or the one punctuation byte, or the lexicon hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Trigger {
    /// A token of ASCII digits only: `4111`.
    Digits = 1,
    /// A token of ASCII letters and digits, underscores allowed, at least one of each: `AB123`, `x86_64`.
    Mixed = 2,
    /// A token of 6 to 11 ASCII upper-case letters only: `DEUTDEFF`.
    Upper = 4,
    /// An `@`.
    At = 8,
    /// A `:` (in `https://`, `fe80::1`, `00:1b:44`).
    Colon = 16,
    /// A hit of one of the recogniser's own [`Lexicon`]s; `start..end` is the hit.
    Hit = 32,
    /// The ASCII token `www` (any case) followed by `.`.
    Www = 64,
}

impl Trigger {
    /// The trigger's bit in [`Recognizer::triggers`].
    #[must_use]
    #[allow(clippy::as_conversions)] // a fieldless `repr(u8)` enum has no other way out
    pub const fn bit(self) -> u8 {
        self as u8
    }

    /// Whether the place is a token, of which [`Recognizer::lengths`] says how long it may be.
    #[must_use]
    pub const fn is_token(self) -> bool {
        matches!(self, Trigger::Digits | Trigger::Mixed | Trigger::Upper)
    }
}

/// A set of lengths in bytes; all from 63 on count as 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths(u64);

impl Lengths {
    /// Every length.
    pub const ANY: Lengths = Lengths(u64::MAX);

    /// These lengths.
    #[must_use]
    pub const fn of(lengths: &[u32]) -> Lengths {
        let mut set = 0;
        let mut rest = lengths;
        while let [first, tail @ ..] = rest {
            set |= 1_u64.wrapping_shl(*first);
            rest = tail;
        }
        Lengths(set)
    }

    /// The lengths from `shortest` to `longest`, both included.
    #[must_use]
    pub const fn range(shortest: u32, longest: u32) -> Lengths {
        let upto = u64::MAX.wrapping_shr(63_u32.saturating_sub(longest));
        Lengths(upto & u64::MAX.wrapping_shl(shortest))
    }

    /// These lengths and those.
    #[must_use]
    pub const fn or(self, other: Lengths) -> Lengths {
        Lengths(self.0 | other.0)
    }

    /// Whether `length` is one of them.
    #[must_use]
    pub fn has(self, length: usize) -> bool {
        let bit = u32::try_from(length).unwrap_or(63).min(63);
        self.0.wrapping_shr(bit) & 1 == 1
    }
}

/// A place a recogniser is asked to look at.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Why the recogniser was called.
    pub trigger: Trigger,
    /// Byte offset of the place in the view text.
    pub start: usize,
    /// Byte offset just past the place.
    pub end: usize,
    /// For [`Trigger::Hit`]: the lexicon that was hit.
    pub lexicon: Option<Lexicon>,
}

/// How one type is recognised: data the engine dispatches on, and one function.
#[derive(Debug)]
pub struct Recognizer {
    /// The type that the findings have.
    pub ty: PiiType,
    /// What a negative answer means.
    pub verdict: Verdict,
    /// Findings below this score (0 to 1000) are dropped unless the overlay says otherwise.
    pub threshold: u16,
    /// Bits of the [`Trigger`]s it wants to be called for.
    pub triggers: u8,
    /// How long the tokens are that it wants to be called for; no matter for triggers that are no tokens.
    pub lengths: Lengths,
    /// For [`Trigger::Hit`]: the lexicons whose hits call it, each listed in `reads` too.
    pub called_by: &'static [Lexicon],
    /// Every lexicon it reads. The compiler puts the terms of these into the bundle's dictionary when
    /// the type is configured, so a recogniser may see no hit of a lexicon that it does not list.
    pub reads: &'static [Lexicon],
    /// Looks at the candidate and reports what it found there.
    pub recognize: fn(&Scan<'_>, Candidate, &mut Found),
}
