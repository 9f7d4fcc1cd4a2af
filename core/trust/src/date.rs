//! TUF's one form of time, `2030-01-31T23:59:59Z`, as seconds since 1970.

/// Reads `YYYY-MM-DDTHH:MM:SSZ` (TUF 1.0.34, section 4.2). Times before 1970 count as 1970: both are over.
///
/// Fractions, offsets, leap seconds and days that do not exist give `None`.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    const FORM: &[u8; 20] = b"0000-00-00T00:00:00Z";
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let mut fields = [0; 6];
    let mut places = fields.iter_mut();
    // No number has more than four digits: none of what is computed with them overflows.
    let mut number: u32 = 0;
    for (byte, form) in bytes.iter().zip(FORM) {
        if *form != b'0' {
            if byte != form {
                return None;
            }
            *places.next()? = core::mem::take(&mut number);
        } else if byte.is_ascii_digit() {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            number = number.wrapping_mul(10).wrapping_add(digit);
        } else {
            return None;
        }
    }
    let [year, month, day, hour, minute, second] = fields;
    if hour > 23 || minute > 59 || second > 59 || day < 1 || day > days_in(year, month)? {
        return None;
    }
    if year < 1970 {
        return Some(0);
    }
    let minutes = hour.wrapping_mul(60).wrapping_add(minute);
    let seconds = minutes.wrapping_mul(60).wrapping_add(second);
    let days = days_since_1970(year, month, day);
    Some(
        u64::from(days)
            .wrapping_mul(86_400)
            .wrapping_add(u64::from(seconds)),
    )
}

fn leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u32, month: u32) -> Option<u32> {
    Some(match month {
        2 => 28_u32.wrapping_add(u32::from(leap(year))),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    })
}

/// Days from 1970-01-01 in the Gregorian calendar, from 1970 on. The year begins in March here, so that the leap day is
/// its last.
fn days_since_1970(year: u32, month: u32, day: u32) -> u32 {
    let (year, month) = if month > 2 {
        (year, month.wrapping_sub(3))
    } else {
        (year.wrapping_sub(1), month.wrapping_add(9))
    };
    let leaps = (year / 4).wrapping_sub(year / 100).wrapping_add(year / 400);
    let in_year = month.wrapping_mul(153).wrapping_add(2) / 5;
    // 719,468 days lie between March 1 of year 0 and January 1, 1970; the first day of a month is 1.
    year.wrapping_mul(365)
        .wrapping_add(leaps)
        .wrapping_add(in_year)
        .wrapping_add(day)
        .wrapping_sub(719_469)
}
