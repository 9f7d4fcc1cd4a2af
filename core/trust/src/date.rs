//! TUF's one form of time, `2030-01-31T23:59:59Z`, as seconds since 1970.

/// Reads `YYYY-MM-DDTHH:MM:SSZ` (TUF 1.0.34, section 4.2). Times before 1970 count as 1970: both are over.
///
/// Fractions, offsets, leap seconds and days that do not exist give `None`.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    for (at, mark) in [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'Z'),
    ] {
        if bytes.get(at) != Some(&mark) {
            return None;
        }
    }
    let field = |from: usize, to: usize| -> Option<i64> {
        let mut number: i64 = 0;
        for digit in bytes.get(from..to)? {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number
                .checked_mul(10)?
                .checked_add(i64::from(digit.wrapping_sub(b'0')))?;
        }
        Some(number)
    };
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 || day < 1 || day > days_in(year, month)? {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    let seconds = hour
        .checked_mul(60)?
        .checked_add(minute)?
        .checked_mul(60)?
        .checked_add(second)?;
    let at = days.checked_mul(86_400)?.checked_add(seconds)?;
    Some(u64::try_from(at).unwrap_or(0))
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> Option<i64> {
    Some(match month {
        2 => 28_i64.saturating_add(i64::from(leap(year))),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    })
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar. The year begins in March here, so that the
/// leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let (year, month) = if month > 2 {
        (year, month.checked_sub(3)?)
    } else {
        (year.checked_sub(1)?, month.checked_add(9)?)
    };
    let leaps = year
        .div_euclid(4)
        .checked_sub(year.div_euclid(100))?
        .checked_add(year.div_euclid(400))?;
    let in_year = month
        .checked_mul(153)?
        .checked_add(2)?
        .div_euclid(5)
        .checked_add(day)?
        .checked_sub(1)?;
    // 719,468 days lie between March 1 of year 0 and January 1, 1970.
    year.checked_mul(365)?
        .checked_add(leaps)?
        .checked_add(in_year)?
        .checked_sub(719_468)
}
