//! All recognisers and their word lists, in one place each.

use crate::text::is_alphanumeric;
use alloc::string::String;
use alloc::vec::Vec;

use super::{INTRODUCTION, Lexicon, PiiType, Recognizer, STREET_PREFIX, TITLE};
use super::{
    address, age, aws_access_key, aws_secret_key, ca_health_number, ca_social_insurance_number,
    credit_debit_card_cvv, credit_debit_card_expiry, credit_debit_card_number, driver_id, email,
    international_bank_account_number, ip_address, license_plate, mac_address, name, password,
    phone, pin, swift_code, uk_national_health_service_number, uk_national_insurance_number,
    uk_unique_taxpayer_reference_number, url, us_bank_account_number, us_bank_routing_number,
    us_individual_tax_identification_number, us_passport_number, us_social_security_number,
    username, vehicle_identification_number,
};

/// The recogniser of each type, in order of the types' numbers.
pub static RECOGNIZERS: [&Recognizer; 31] = [
    &address::RECOGNIZER,
    &age::RECOGNIZER,
    &aws_access_key::RECOGNIZER,
    &aws_secret_key::RECOGNIZER,
    &ca_health_number::RECOGNIZER,
    &ca_social_insurance_number::RECOGNIZER,
    &credit_debit_card_cvv::RECOGNIZER,
    &credit_debit_card_expiry::RECOGNIZER,
    &credit_debit_card_number::RECOGNIZER,
    &driver_id::RECOGNIZER,
    &email::RECOGNIZER,
    &international_bank_account_number::RECOGNIZER,
    &ip_address::RECOGNIZER,
    &license_plate::RECOGNIZER,
    &mac_address::RECOGNIZER,
    &name::RECOGNIZER,
    &password::RECOGNIZER,
    &phone::RECOGNIZER,
    &pin::RECOGNIZER,
    &swift_code::RECOGNIZER,
    &uk_national_health_service_number::RECOGNIZER,
    &uk_national_insurance_number::RECOGNIZER,
    &uk_unique_taxpayer_reference_number::RECOGNIZER,
    &url::RECOGNIZER,
    &username::RECOGNIZER,
    &us_bank_account_number::RECOGNIZER,
    &us_bank_routing_number::RECOGNIZER,
    &us_individual_tax_identification_number::RECOGNIZER,
    &us_passport_number::RECOGNIZER,
    &us_social_security_number::RECOGNIZER,
    &vehicle_identification_number::RECOGNIZER,
];

/// The lists that stand beside their recognisers.
const LISTS: &[(Lexicon, &[&str])] = &[
    (Lexicon::context(PiiType::Address), address::CONTEXT),
    (Lexicon::context(PiiType::Age), age::CONTEXT),
    (Lexicon::negative(PiiType::Age), age::NEGATIVE),
    (
        Lexicon::context(PiiType::AwsAccessKey),
        aws_access_key::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::AwsAccessKey),
        aws_access_key::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::AwsSecretKey),
        aws_secret_key::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::AwsSecretKey),
        aws_secret_key::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::CaHealthNumber),
        ca_health_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::CaHealthNumber),
        ca_health_number::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::CaSocialInsuranceNumber),
        ca_social_insurance_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::CaSocialInsuranceNumber),
        ca_social_insurance_number::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::CreditDebitCardCvv),
        credit_debit_card_cvv::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::CreditDebitCardCvv),
        credit_debit_card_cvv::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::CreditDebitCardExpiry),
        credit_debit_card_expiry::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::CreditDebitCardExpiry),
        credit_debit_card_expiry::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::CreditDebitCardNumber),
        credit_debit_card_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::CreditDebitCardNumber),
        credit_debit_card_number::NEGATIVE,
    ),
    (Lexicon::context(PiiType::DriverId), driver_id::CONTEXT),
    (Lexicon::negative(PiiType::DriverId), driver_id::NEGATIVE),
    (
        Lexicon::context(PiiType::InternationalBankAccountNumber),
        international_bank_account_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::InternationalBankAccountNumber),
        international_bank_account_number::NEGATIVE,
    ),
    (Lexicon::context(PiiType::IpAddress), ip_address::CONTEXT),
    (Lexicon::negative(PiiType::IpAddress), ip_address::NEGATIVE),
    (
        Lexicon::context(PiiType::LicensePlate),
        license_plate::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::LicensePlate),
        license_plate::NEGATIVE,
    ),
    (Lexicon::context(PiiType::MacAddress), mac_address::CONTEXT),
    (Lexicon::context(PiiType::Name), name::CONTEXT),
    (Lexicon::negative(PiiType::Name), name::NEGATIVE),
    (Lexicon::context(PiiType::Password), password::CONTEXT),
    (Lexicon::context(PiiType::Phone), phone::CONTEXT),
    (Lexicon::negative(PiiType::Phone), phone::NEGATIVE),
    (Lexicon::context(PiiType::Pin), pin::CONTEXT),
    (Lexicon::negative(PiiType::Pin), pin::NEGATIVE),
    (Lexicon::context(PiiType::SwiftCode), swift_code::CONTEXT),
    (Lexicon::negative(PiiType::SwiftCode), swift_code::NEGATIVE),
    (
        Lexicon::context(PiiType::UkNationalHealthServiceNumber),
        uk_national_health_service_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::UkNationalHealthServiceNumber),
        uk_national_health_service_number::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::UkNationalInsuranceNumber),
        uk_national_insurance_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::UkNationalInsuranceNumber),
        uk_national_insurance_number::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::UkUniqueTaxpayerReferenceNumber),
        uk_unique_taxpayer_reference_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::UkUniqueTaxpayerReferenceNumber),
        uk_unique_taxpayer_reference_number::NEGATIVE,
    ),
    (Lexicon::context(PiiType::Username), username::CONTEXT),
    (
        Lexicon::context(PiiType::UsBankAccountNumber),
        us_bank_account_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::UsBankAccountNumber),
        us_bank_account_number::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::UsBankRoutingNumber),
        us_bank_routing_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::UsBankRoutingNumber),
        us_bank_routing_number::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::UsIndividualTaxIdentificationNumber),
        us_individual_tax_identification_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::UsIndividualTaxIdentificationNumber),
        us_individual_tax_identification_number::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::UsPassportNumber),
        us_passport_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::UsPassportNumber),
        us_passport_number::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::UsSocialSecurityNumber),
        us_social_security_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::UsSocialSecurityNumber),
        us_social_security_number::NEGATIVE,
    ),
    (
        Lexicon::context(PiiType::VehicleIdentificationNumber),
        vehicle_identification_number::CONTEXT,
    ),
    (
        Lexicon::negative(PiiType::VehicleIdentificationNumber),
        vehicle_identification_number::NEGATIVE,
    ),
    (INTRODUCTION, name::INTRODUCTIONS),
    (STREET_PREFIX, address::PREFIXES),
    (TITLE, name::TITLES),
];

/// The terms of a lexicon that is small enough to stand beside its recogniser, lower case, words or
/// phrases; `None` for the large ones (names, places), which the compiler has as data files.
///
/// Only the compiler calls this: the engine gets its terms from the bundle, so the words do not weigh
/// on the WebAssembly module.
#[must_use]
pub fn terms(lexicon: Lexicon) -> Option<&'static [&'static str]> {
    let list = LISTS.iter().find(|(have, _)| *have == lexicon);
    list.map(|(_, terms)| *terms)
}

/// The other spellings of a term of `lexicon` in data and code: its words joined by underscores, by hyphens and by nothing
/// (`phone_number`, `phone-number`, `phoneNumber`). Only the phrases of labels have them, not prose.
pub fn spellings(lexicon: Lexicon, term: &str) -> Vec<String> {
    // The phrases of AGE are verbs: "I am" must not be read as IAM.
    let label = lexicon.number() < 64 && lexicon != Lexicon::context(PiiType::Age);
    let words = term.contains(' ') && term.chars().all(|c| is_alphanumeric(c) || c == ' ');
    if !label || !words {
        return Vec::new();
    }
    ["_", "-", ""]
        .into_iter()
        .map(|joint| term.replace(' ', joint))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_the_spellings_of_data_and_prose_has_not() {
        let phone = Lexicon::context(PiiType::Phone);
        assert_eq!(
            spellings(phone, "phone number"),
            ["phone_number", "phone-number", "phonenumber"]
        );
        assert!(spellings(phone, "phone").is_empty());
        assert!(spellings(phone, "ss #").is_empty());
        assert!(spellings(INTRODUCTION, "i am").is_empty());
        assert!(spellings(Lexicon::context(PiiType::Age), "i am").is_empty());
    }

    #[test]
    fn recognisers_stand_at_their_numbers_and_read_lists_that_exist() {
        for (number, recognizer) in RECOGNIZERS.iter().enumerate() {
            assert_eq!(usize::from(recognizer.ty.number()), number);
            for lexicon in recognizer.called_by {
                assert!(recognizer.reads.contains(lexicon), "{:?}", recognizer.ty);
            }
            for lexicon in recognizer
                .reads
                .iter()
                .filter(|lexicon| lexicon.number() < 64)
            {
                assert!(
                    terms(*lexicon).is_some(),
                    "{:?} reads {lexicon:?}",
                    recognizer.ty
                );
            }
        }
    }
}
