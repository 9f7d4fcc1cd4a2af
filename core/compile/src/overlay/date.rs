//! Dates of RFC 3339.

use super::Date;

const DAY: u64 = 86_400;

/// A full date (`2027-01-31`, which lasts to its end in UTC) or a date and time with its offset.
pub(super) fn parse(text: &str) -> Option<Date> {
    // Every form is ASCII, so that byte offsets are character offsets.
    if !text.is_ascii() || text.len() < 10 {
        return None;
    }
    let (date, time) = text.split_at(10);
    let start = days(date)? * DAY;
    let unix_seconds = if time.is_empty() {
        start + DAY
    } else {
        let time = time.strip_prefix(['T', 't', ' '])?;
        let clock = time.get(..8)?;
        let seconds = start + seconds(clock)?;
        offset(fraction(time.get(8..)?)?, seconds)?
    };
    Some(Date {
        unix_seconds,
        text: text.to_owned(),
    })
}

fn number(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// Days since 1970-01-01 of a date from that day on.
fn days(text: &str) -> Option<u64> {
    let mut parts = text.splitn(3, '-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *months.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if year < 1970 || day == 0 || day > length {
        return None;
    }
    let years: u64 = (1970..year)
        .map(|year| if leap(year) { 366 } else { 365 })
        .sum();
    let before: u64 = months.iter().take(usize::try_from(month).ok()? - 1).sum();
    Some(years + before + day - 1)
}

/// Seconds of `hh:mm:ss`; a leap second counts as the one before.
fn seconds(clock: &str) -> Option<u64> {
    let mut parts = clock.splitn(3, ':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let second = number(parts.next()?, 2)?;
    (hour < 24 && minute < 60 && second <= 60).then(|| hour * 3_600 + minute * 60 + second.min(59))
}

/// What follows a fraction of a second, which is dropped.
fn fraction(text: &str) -> Option<&str> {
    let Some(digits) = text.strip_prefix('.') else {
        return Some(text);
    };
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    (end > 0).then(|| &digits[end..])
}

/// Applies `Z` or `±hh:mm`.
fn offset(text: &str, seconds: u64) -> Option<u64> {
    if matches!(text, "Z" | "z") {
        return Some(seconds);
    }
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let hours = number(hours, 2)?;
    let minutes = number(minutes, 2)?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let shift = hours * 3_600 + minutes * 60;
    match text.as_bytes().first()? {
        b'+' => seconds.checked_sub(shift),
        b'-' => seconds.checked_add(shift),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days_and_moments() {
        for (text, expected) in [
            ("1970-01-01", DAY),
            ("2000-02-29", 951_868_800),
            ("2027-01-31T12:00:00Z", 1_801_396_800),
            ("2027-01-31t12:00:00.123z", 1_801_396_800),
            ("2027-01-31 14:30:00+02:30", 1_801_396_800),
            ("2027-01-31T04:00:00-08:00", 1_801_396_800),
            ("2016-12-31T23:59:60Z", 1_483_228_799),
        ] {
            assert_eq!(
                parse(text).map(|d| d.unix_seconds),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "2027",
            "2027-1-31",
            "2027-02-29",
            "1900-01-01",
            "2027-00-10",
            "2027-13-10",
            "2027-01-00",
            "2027-01-31T",
            "2027-01-31T12:00",
            "2027-01-31T12:00:00",
            "2027-01-31T24:00:00Z",
            "2027-01-31T12:00:00.Z",
            "2027-01-31T12:00:00+2:00",
            "2027-01-31T12:00:00+24:00",
            "2027-01-31x",
            "31.01.2027",
            "２027-01-31",
            "1970-01-01T00:00:00+01:00",
            "2027-01-31T12:00:00.5",
            "+027-01-31",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
