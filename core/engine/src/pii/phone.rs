//! PHONE: a telephone, mobile or fax number, with country code and extension.
//!
//! Rule: groups of digits joined by single spaces, dots, hyphens, slashes or brackets, read as a whole run:
//! - international: `+` or `00`, an assigned country code, 8 to 15 digits in all (ITU E.164);
//! - North America: 3-3-4 with signs between, `1-` or brackets allowed, area code from 2 (NANP);
//! - trunk prefix `0` or a bracketed area code, 9 to 12 digits in at least two groups (the plans of GB, DE, FR,
//!   IT, JP, AU, IN, BR …); pairs of digits as in France;
//! - any other run of 7 to 15 digits only with a context word near.
//!
//! An extension (`ext. 12`, `x12`, `poste 12`) is of the span.
//!
//! Negative context and shapes: dates, times, IPv4, prices and percentages, thousands with dots, SSN (3-2-4),
//! card groups, anything joined to letters (`ORD-555-…`, UUIDs), runs that go on, one of [`NEGATIVE`] (`order`,
//! `isbn`, `version`) just before.
//!
//! Context words: `phone`, `call`, `tel` … Sources: ITU-T E.164 and its list of country codes, ITU-T E.123
//! (notation), the NANP.

mod words;

use super::shape::{digits_end, skip_blanks};
use super::{
    CONTEXT_AFTER, CONTEXT_BEFORE, Candidate, Found, Lengths, Lexicon, PiiType, Recognizer, Scan,
    Trigger, Verdict,
};
use crate::rules::rule;
use crate::words::{Words, words};

pub(crate) use words::{CONTEXT, NEGATIVE};

const NEAR: Lexicon = Lexicon::context(PiiType::Phone);
const NUMBER: Lexicon = Lexicon::negative(PiiType::Phone);

/// Labels of other numbers that have the form of telephone numbers.
const RIVALS: [Lexicon; 11] = [
    NUMBER,
    Lexicon::context(PiiType::CaHealthNumber),
    Lexicon::context(PiiType::CaSocialInsuranceNumber),
    Lexicon::context(PiiType::DriverId),
    Lexicon::context(PiiType::UkNationalHealthServiceNumber),
    Lexicon::context(PiiType::UkUniqueTaxpayerReferenceNumber),
    Lexicon::context(PiiType::UsBankAccountNumber),
    Lexicon::context(PiiType::UsBankRoutingNumber),
    Lexicon::context(PiiType::UsIndividualTaxIdentificationNumber),
    Lexicon::context(PiiType::UsPassportNumber),
    Lexicon::context(PiiType::UsSocialSecurityNumber),
];

pub(crate) static RECOGNIZER: Recognizer = Recognizer {
    ty: PiiType::Phone,
    verdict: Verdict::DefersWhenNegative,
    threshold: 500,
    triggers: Trigger::Digits.bit() | Trigger::Mixed.bit(),
    lengths: Lengths::ANY,
    called_by: &[],
    reads: &[
        NEAR, RIVALS[0], RIVALS[1], RIVALS[2], RIVALS[3], RIVALS[4], RIVALS[5], RIVALS[6],
        RIVALS[7], RIVALS[8], RIVALS[9], RIVALS[10],
    ],
    recognize,
};

/// A number has at least so many digits, whatever its form.
const FEWEST_DIGITS: usize = 7;

/// The groups of a run of digits.
struct Run {
    /// Where the groups start and end.
    groups: [(usize, usize); 8],
    count: usize,
    /// Digits in all.
    digits: usize,
    /// Where the span starts, `+` or bracket included.
    start: usize,
    plus: bool,
    /// The first or second group stands in brackets.
    bracket: bool,
    /// A bracket closed inside the run.
    closed: bool,
    /// The sign between the last two groups.
    sign: u8,
    /// All signs between groups are the same.
    even: bool,
}

impl Run {
    fn width(&self, index: usize) -> usize {
        self.groups
            .get(index)
            .filter(|_| index < self.count)
            .map_or(0, |(s, e)| e.saturating_sub(*s))
    }

    fn end(&self) -> usize {
        self.groups
            .get(self.count.saturating_sub(1))
            .map_or(0, |(_, e)| *e)
    }

    fn widths(&self, want: &[usize]) -> bool {
        self.count == want.len() && want.iter().enumerate().all(|(i, w)| self.width(i) == *w)
    }

    /// Forgets the last group.
    fn pop(&mut self) {
        self.digits = self
            .digits
            .saturating_sub(self.width(self.count.saturating_sub(1)));
        self.count = self.count.saturating_sub(1);
    }
}

fn recognize(scan: &Scan<'_>, at: Candidate, found: &mut Found) {
    let first = digits_end(scan, at.start).saturating_sub(at.start);
    if first == 0 || first > 15 || (at.trigger == Trigger::Mixed && first < 3) {
        return;
    }
    let Some(mut run) = run_at(scan, at.start) else {
        return;
    };
    let score = score(scan, &mut run);
    if score == 0 {
        return;
    }
    let end = extension_end(scan, run.end());
    let next = scan.byte(end);
    let after = scan.byte(end.saturating_add(1));
    let glued = next.is_ascii_alphanumeric()
        || next == b'_'
        || (matches!(next, b'-' | b'/' | b'@') && after.is_ascii_alphanumeric())
        || (matches!(next, b'.' | b',' | b':') && after.is_ascii_digit() && next != b',')
        || matches!(next, b'%' | b'@')
        || scan
            .char_at(end)
            .is_some_and(|c| matches!(c, '€' | '$' | '£' | '¥' | '°'));
    if rule!("pii.phone.glued") && glued {
        return;
    }
    found.push(PiiType::Phone, run.start, end, score);
}

/// Reads the run whose first group starts at `at`; `None` if `at` is inside a run or glued to other text.
fn run_at(scan: &Scan<'_>, at: usize) -> Option<Run> {
    let mut start = at;
    let bracket = scan.byte_before(start) == b'(';
    if bracket {
        start = start.saturating_sub(1);
    }
    let plus = scan.byte_before(start) == b'+';
    if plus {
        start = start.saturating_sub(1);
        if scan.byte_before(start) == b'(' {
            start = start.saturating_sub(1);
        }
    }
    if goes_on(scan, start, plus, bracket) {
        return None;
    }
    let mut run = Run {
        groups: [(0, 0); 8],
        count: 0,
        digits: 0,
        start,
        plus,
        bracket,
        closed: false,
        sign: 0,
        even: true,
    };
    let mut from = at;
    while run.count < 8 {
        let end = digits_end(scan, from);
        if end == from {
            break;
        }
        *run.groups.get_mut(run.count)? = (from, end);
        run.count = run.count.saturating_add(1);
        run.digits = run.digits.saturating_add(end.saturating_sub(from));
        let Some(next) = next_group(scan, end, &mut run) else {
            break;
        };
        from = next;
    }
    if run.digits < FEWEST_DIGITS {
        return None;
    }
    // "(555-010-1234)": the brackets are around the number.
    if !run.closed {
        run.bracket = false;
        run.start = at.saturating_sub(usize::from(plus));
    }
    // "(+44 (0)20 …)": the first bracket is around the number.
    let text = scan.slice(run.start, run.end());
    let open = text.matches('(').count();
    if text.starts_with('(') && open > text.matches(')').count() {
        run.start = run.start.saturating_add(1);
    }
    Some(run)
}

/// Whether the run goes on to the left of `start`, or is glued to other text there.
fn goes_on(scan: &Scan<'_>, start: usize, plus: bool, bracket: bool) -> bool {
    let before = scan.byte_before(start);
    let second = scan.byte_before(start.saturating_sub(1));
    let inside = match before {
        b' ' | b')' => !plus && !bracket && second.is_ascii_digit(),
        b'-' | b'/' | b'.' => !plus && (second.is_ascii_alphanumeric() || second == b')'),
        b'_' | b'#' | b'$' | b'@' | b'+' => true,
        _ => scan
            .char_before(start)
            .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '€' | '£' | '¥')),
    };
    // A bracket that closes before: `(020) 7946 0958` starts at the bracket.
    let closes = before == b' '
        && second == b')'
        && scan.byte_before(start.saturating_sub(2)).is_ascii_digit();
    (rule!("pii.phone.inside") && inside) || (closes && !plus)
}

/// Where the next group starts, if a separator of telephone numbers stands at `end`.
fn next_group(scan: &Scan<'_>, end: usize, run: &mut Run) -> Option<usize> {
    let mut at = end;
    let mut sign = scan.byte(at);
    if sign == b')' {
        at = at.saturating_add(1);
        if matches!(scan.byte(at), b' ' | b'-' | b'.' | b'/') {
            at = at.saturating_add(1);
        }
    } else if matches!(sign, b' ' | b'.' | b'-' | b'/') {
        at = at.saturating_add(1);
        if sign == b' '
            && matches!(scan.byte(at), b'-' | b'/')
            && scan.byte(at.saturating_add(1)) == b' '
        {
            sign = b'-';
            at = at.saturating_add(2);
        }
    }
    if scan.byte(at) == b'(' {
        run.bracket = true;
        at = at.saturating_add(1);
        sign = b'(';
    }
    if at == end || !scan.byte(at).is_ascii_digit() {
        return None;
    }
    if sign == b')' {
        run.bracket = true;
        run.closed = true;
    }
    if !matches!(sign, b'(' | b')') {
        run.even &= run.sign == 0 || run.sign == sign;
        run.sign = sign;
    }
    Some(at)
}

fn score(scan: &Scan<'_>, run: &mut Run) -> u16 {
    let near = is_near(scan, run.start, run.end());
    if rule!("pii.phone.other-number") && !run.plus && is_other_number(scan, run.start) {
        return 0;
    }
    // "call +1 555 010 1234 12:30": the last group belongs to what follows.
    if run.count > 2
        && run.sign == b' '
        && scan.byte(run.end()) == b':'
        && scan.byte(run.end().saturating_add(1)).is_ascii_digit()
    {
        run.pop();
    }
    if run.plus {
        return international(scan, run, 0);
    }
    let first = run.groups.first().map_or("", |(s, e)| scan.slice(*s, *e));
    if first.starts_with("00") && !first.starts_with("000") && run.digits >= 10 {
        let score = international(scan, run, 2);
        if score > 0 && (run.count > 1 || near) {
            return score;
        }
    }
    national(scan, run, near, first)
}

/// Whether a context word stands near; one behind the number that is the label of a next field is none.
fn is_near(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    if scan.hit_before(NEAR, start, CONTEXT_BEFORE).is_some() {
        return true;
    }
    let Some(hit) = scan.hit_after(NEAR, end, CONTEXT_AFTER) else {
        return false;
    };
    let label = matches!(scan.byte(skip_blanks(scan, hit.end)), b':' | b'=');
    !label && !scan.slice(end, hit.start).contains('\n')
}

/// Whether the nearest label before the number is that of some other number.
fn is_other_number(scan: &Scan<'_>, start: usize) -> bool {
    let near = scan.hit_before(NEAR, start, 24);
    RIVALS.iter().any(|&rival| {
        scan.hit_before(rival, start, 24).is_some_and(|hit| {
            let apart = scan.slice(hit.end, start).contains([',', ';', '\n', '|']);
            // "number is" of "licence number is" belongs to the rival's label.
            !apart && near.is_none_or(|n| n.start < hit.end)
        })
    })
}

/// The score of a number with a country code after `skip` digits.
fn international(scan: &Scan<'_>, run: &mut Run, skip: usize) -> u16 {
    let mut digits = [0_u8; 4];
    let all = run
        .groups
        .iter()
        .take(run.count)
        .flat_map(|(s, e)| scan.slice(*s, *e).bytes());
    for (slot, digit) in digits.iter_mut().zip(all.skip(skip)) {
        *slot = digit;
    }
    let Some(code) = country_code(digits) else {
        return 0;
    };
    let most = if code == 1 && digits.first() == Some(&b'1') {
        11
    } else {
        15
    };
    // A run can go on into the next number; the country's own length ends it at a group.
    while run.digits.saturating_sub(skip) > most && run.count > 1 && run.sign == b' ' {
        run.pop();
    }
    let total = run.digits.saturating_sub(skip);
    let least = if digits.first() == Some(&b'1') { 11 } else { 8 };
    if rule!("pii.phone.e164-length") && !(least..=most).contains(&total) {
        return 0;
    }
    900
}

/// How many digits the country code at the start of `digits` has (ITU-T E.164, assigned codes).
fn country_code(digits: [u8; 4]) -> Option<usize> {
    let [a, b, c, _] = digits;
    match (a, b) {
        (b'1' | b'7', _) => Some(1),
        (b'2', b'0' | b'7')
        | (b'3', b'0'..=b'4' | b'6' | b'9')
        | (b'4', b'0' | b'1' | b'3'..=b'9')
        | (b'5', b'1'..=b'8')
        | (b'6', b'0'..=b'6')
        | (b'8', b'1' | b'2' | b'4' | b'6')
        | (b'9', b'0'..=b'5' | b'8') => Some(2),
        (b'2', b'1'..=b'6' | b'9')
        | (b'3', b'5' | b'7' | b'8')
        | (b'4', b'2')
        | (b'5', b'0' | b'9')
        | (b'6', b'7'..=b'9')
        | (b'8', b'0' | b'5' | b'7' | b'8')
        | (b'9', b'6' | b'7') => c.is_ascii_digit().then_some(3),
        (b'9', b'9') => matches!(c, b'2'..=b'6' | b'8').then_some(3),
        _ => None,
    }
}

/// The score of a number in national notation.
fn national(scan: &Scan<'_>, run: &Run, near: bool, first: &str) -> u16 {
    if rule!("pii.phone.other-shape") && other_shape(scan, run) {
        return 0;
    }
    let area = |group: &str| matches!(group.bytes().next(), Some(b'2'..=b'9'));
    let second = run.groups.get(1).map_or("", |(s, e)| scan.slice(*s, *e));
    let nanp = (run.widths(&[3, 3, 4]) && area(first))
        || (run.widths(&[1, 3, 3, 4]) && first == "1" && area(second));
    if nanp {
        return if near { 950 } else { 750 };
    }
    if run.widths(&[3, 7]) && run.bracket && area(first) {
        return 700;
    }
    if run.bracket
        && run.count >= 2
        && (8..=12).contains(&run.digits)
        && run.width(run.count.saturating_sub(1)) >= 2
    {
        return if near { 900 } else { 700 };
    }
    let trunk =
        first.starts_with('0') && !first.starts_with("00") && (2..=6).contains(&first.len());
    let pairs = run.count == 5 && run.digits == 10 && (0..5).all(|i| run.width(i) == 2);
    let grouped = run.count >= 2 && (9..=12).contains(&run.digits) && (run.sign != b'.' || pairs);
    if trunk && grouped && run.width(run.count.saturating_sub(1)) >= 2 {
        return if near { 900 } else { 650 };
    }
    if near && (7..=15).contains(&run.digits) && first.len() <= 12 {
        return 700;
    }
    if rule!("pii.phone.context") { 0 } else { 600 }
}

/// Dates, amounts and other numbers that are written in groups.
fn other_shape(scan: &Scan<'_>, run: &Run) -> bool {
    let width = |i| run.width(i);
    let year = matches!(
        scan.slice(run.start, run.start.saturating_add(2)),
        "19" | "20"
    );
    let date = width(0) == 4 && year && width(1) == 2 && width(2) == 2
        || width(0) <= 2 && width(1) <= 2 && matches!(width(2), 4) && run.count <= 4
        || run.widths(&[2, 2, 2]);
    // An SSN, an EIN, a ZIP+4 code, a Brazilian post code.
    let ssn = run.sign == b'-' && (run.widths(&[5, 4]) || run.widths(&[5, 3]))
        || run.widths(&[3, 2, 4])
        || run.widths(&[2, 7]);
    let card = run.widths(&[4, 4, 4])
        || run.widths(&[4, 4, 4, 4])
        || run.widths(&[4, 4, 4, 3])
        || run.widths(&[4, 6, 5]);
    let ip = run.sign == b'.' && run.count == 4 && (0..4).all(|i| width(i) <= 3);
    let thousands = run.sign == b'.'
        && run.even
        && run.count >= 2
        && width(0) <= 3
        && (1..run.count).all(|i| width(i) == 3);
    let decimal = run.sign == b'.' && run.count == 2 && !run.widths(&[4, 4]);
    let years = run.widths(&[4, 4])
        && run.sign == b'-'
        && scan.slice(run.start, run.start.saturating_add(2)) == "20";
    // Single digits stand alone only as the prefix of a number.
    let lone = (1..run.count).any(|i| width(i) == 1) && !run.bracket;
    let same = {
        let mut digits = run
            .groups
            .iter()
            .take(run.count)
            .flat_map(|(s, e)| scan.slice(*s, *e).bytes());
        let first = digits.next();
        digits.all(|d| Some(d) == first)
    };
    date || ssn || card || ip || thousands || decimal || years || lone || same
}

/// The end of an extension after the number that ends at `at`, or `at`.
fn extension_end(scan: &Scan<'_>, at: usize) -> usize {
    const WORDS: Words = words![
        "extension",
        "ext",
        "x",
        "durchwahl",
        "poste",
        "ramal",
        "interno",
        "extn",
        "int",
    ];
    let mut from = skip_blanks(scan, at);
    if scan.byte(from) == b',' {
        from = skip_blanks(scan, from.saturating_add(1));
    }
    for word in WORDS.iter() {
        let end = from.saturating_add(word.len());
        if !scan.slice(from, end).eq_ignore_ascii_case(word) {
            continue;
        }
        let mut digits = end;
        while matches!(scan.byte(digits), b'.' | b':' | b' ' | b'#')
            && digits.saturating_sub(end) < 3
        {
            digits = digits.saturating_add(1);
        }
        let last = digits_end(scan, digits);
        if (1..=6).contains(&last.saturating_sub(digits)) {
            return last;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pii::testing::{assert_found, assert_linear, assert_none};

    #[test]
    fn finds_numbers() {
        assert_found(
            &RECOGNIZER,
            &[
                ("+1 (555) 010-1234 ext. 12", "+1 (555) 010-1234 ext. 12"),
                ("Call +1-555-010-1234.", "+1-555-010-1234"),
                ("(555) 010-1234", "(555) 010-1234"),
                ("Jane (+44(0)20 7496 0640)", "+44(0)20 7496 0640"),
                ("{\"phone\": \"0426.049.771\"}", "0426.049.771"),
                ("电话是13812345678。", "13812345678"),
                ("(555)010-1234", "(555)010-1234"),
                ("555-010-1234", "555-010-1234"),
                ("555.010.1234x99", "555.010.1234x99"),
                ("1-800-555-0199", "1-800-555-0199"),
                ("001-555-234-1234x123", "001-555-234-1234x123"),
                ("phone: 5550101234", "5550101234"),
                ("020 7946 0958", "020 7946 0958"),
                ("(020) 7946 0958", "(020) 7946 0958"),
                ("+44 20 7946 0958", "+44 20 7946 0958"),
                ("+44(0)20 7946 0958", "+44(0)20 7946 0958"),
                ("07700 900123", "07700 900123"),
                ("+49 30 901820", "+49 30 901820"),
                ("Tel.: 030/901820", "030/901820"),
                ("+49 (0)30 901820", "+49 (0)30 901820"),
                ("01 23 45 67 89", "01 23 45 67 89"),
                ("+33 1 23 45 67 89", "+33 1 23 45 67 89"),
                ("tel:+34612345678", "+34612345678"),
                ("Teléfono: 612 34 56 78", "612 34 56 78"),
                ("+39 06 1234 5678", "+39 06 1234 5678"),
                ("(11) 91234-5678", "(11) 91234-5678"),
                ("+55 11 91234-5678", "+55 11 91234-5678"),
                ("mobile 98765 43210", "98765 43210"),
                ("+91-98765-43210", "+91-98765-43210"),
                ("(02) 5550 1234", "(02) 5550 1234"),
                ("0491 570 156", "0491 570 156"),
                ("090-1234-5678", "090-1234-5678"),
                ("电话:13800138000", "13800138000"),
                ("call 555-0100", "555-0100"),
                ("{\"phone\":\"555-010-1234\"}", "555-010-1234"),
                ("Jane,34,555-010-1234,x", "555-010-1234"),
                (
                    "+1 555 010 1234, extension 5",
                    "+1 555 010 1234, extension 5",
                ),
                ("fax=+15550101234;", "+15550101234"),
                ("(555-010-1234)", "555-010-1234"),
                ("(+1 555 010 1234)", "+1 555 010 1234"),
                ("call +1 555 010 1234 2 times", "+1 555 010 1234"),
            ],
        );
    }

    #[test]
    fn leaves_other_text_alone() {
        assert_none(
            &RECOGNIZER,
            &[
                "Boston, MA 02110-1301",
                "2024-01-05",
                "05.01.2024",
                "01/05/2024 12:30",
                "2024-01-05T10:20:30",
                "20240105",
                "1700000000",
                "192.0.2.1",
                "1.234.567",
                "$1,234,567",
                "123-45-6789",
                "4111 1111 1111 1111",
                "3782 822463 10005",
                "order 555-010-1234",
                "ORD-555-010-1234",
                "order number: 5550101234",
                "123e4567-e89b-12d3-a456-426614174000",
                "12345678-1234-1234-1234-123456789012",
                "version 10.20.3040",
                "5550101234",
                "555-0100",
                "98.6 degrees",
                "ISBN 978-0-306-40615-7",
                "DE89 3704 0044 0532 0130 00",
                "3.14159265358",
                "1234567890123456789",
                "call 12 times",
                "from 1939-1945",
                "40.712776, -74.005974",
                "page 12 of 340",
                "NHS 943 476 5919",
                "+5",
                "C++ 2023",
                "+999 12345678",
                "555-555-5555-5555-5555",
                "the 2024 2025 plan",
                "call 2024-01-05",
                "phone: 192.0.2.1",
                "driver's license number is 47173423",
                "\"phone\":\"\",\"driverLicense\":\"13559008\"",
                "66866443 Moura\nCelular: x",
                "52107-193 Recife\nPhone: x",
                "#5550101234",
                "1-2-3-4-5",
            ],
        );
    }

    #[test]
    fn hostile_text_costs_linear_time() {
        assert_linear(&RECOGNIZER, &["1", "1 ", "1-", "(1) ", "+1", "a1", "12x"]);
    }
}
