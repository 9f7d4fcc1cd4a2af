/// Seconds since 1970 as RFC 3339 in UTC, by the civil calendar counted from 1 March of year 0.
pub fn date(seconds: u64) -> String {
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    let days = days.saturating_add(719_468);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era.saturating_mul(400).saturating_add(year + carry);
    let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{of_month:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use edgerail_compile::overlay::Date;

    use super::date;

    #[test]
    fn dates_are_written_as_they_are_read() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2000-02-29T23:59:59Z",
            "2024-12-31T00:00:01Z",
            "2100-03-01T12:30:00Z",
            "2027-01-31T08:05:09Z",
        ] {
            assert_eq!(date(Date::parse(text).unwrap().unix_seconds), text);
        }
        // No date that a bundle can hold makes it panic.
        assert!(date(u64::MAX).ends_with('Z'));
    }
}
