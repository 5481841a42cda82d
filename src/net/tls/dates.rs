//! Points in time for messages, from UNIX seconds.

const DAY: u64 = 24 * 60 * 60;
/// The last second of the year 9999, which stands for no expiry.
const LAST: u64 = 253_402_300_799;

/// Returns a date such as `2025-02-01`, with the time of the day if it is within 48 hours of `now`.
pub(super) fn date(at: u64, now: u64) -> String {
    let at = at.min(LAST);
    let (year, month, day) = civil(at / DAY);
    let minutes = at % DAY / 60;
    let time = if at.abs_diff(now) <= 2 * DAY {
        format!(" {:02}:{:02} UTC", minutes / 60, minutes % 60)
    } else {
        String::new()
    };
    format!("{year:04}-{month:02}-{day:02}{time}")
}

/// The year, month and day of a number of days since 1970, by Howard Hinnant's `civil_from_days`: months are
/// counted from March, so that the day that leap years add is the last of a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Returns the UNIX seconds of a date and time; 0 before 1970; `None` if the date is invalid.
pub(super) fn seconds([year, month, day, hour, minute, second]: [u64; 6]) -> Option<u64> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days_of_month = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year > 9999 || !(1..=days_of_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let time = hour * 3600 + minute * 60 + second;
    Some((era * 146_097 + day_of_era).checked_sub(719_468).map_or(0, |days| days * DAY + time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_a_calendar_has_them_and_read_back() {
        for (at, text) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_738_368_000, "2025-02-01"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
            (253_402_300_799, "9999-12-31"),
        ] {
            assert_eq!(date(at, at + 3 * DAY), text);
            let parts: Vec<u64> = text.split('-').map(|part| part.parse().unwrap()).collect();
            assert_eq!(seconds([parts[0], parts[1], parts[2], 0, 0, 0]), Some(at / DAY * DAY), "{text}");
        }
        for day in 0..200_000 {
            let (year, month, of_month) = civil(day);
            assert_eq!(seconds([year, month, of_month, 23, 59, 59]), Some(day * DAY + DAY - 1));
        }
    }

    #[test]
    fn the_time_of_the_day_is_added_only_near_now() {
        assert_eq!(date(1_738_368_000 + 3660, 1_738_368_000), "2025-02-01 01:01 UTC");
        assert_eq!(date(1_738_368_000, 1_738_368_000 + 2 * DAY), "2025-02-01 00:00 UTC");
        assert_eq!(date(1_738_368_000, 1_738_368_000 + 2 * DAY + 1), "2025-02-01");
        assert_eq!(date(1_738_368_000 + 3 * DAY, 1_738_368_000), "2025-02-04");
        assert_eq!(date(u64::MAX, 0), "9999-12-31");
    }

    #[test]
    fn dates_that_do_not_exist_are_refused_and_those_before_1970_are_0() {
        assert_eq!(seconds([2025, 2, 29, 0, 0, 0]), None);
        for bad in [
            [2025, 0, 1, 0, 0, 0],
            [2025, 13, 1, 0, 0, 0],
            [2025, 1, 0, 0, 0, 0],
            [2025, 4, 31, 0, 0, 0],
            [2025, 1, 1, 24, 0, 0],
            [2025, 1, 1, 0, 60, 0],
            [2025, 1, 1, 0, 0, 60],
        ] {
            assert_eq!(seconds(bad), None, "{bad:?}");
        }
        assert_eq!(seconds([1969, 12, 31, 23, 59, 59]), Some(0));
        assert_eq!(seconds([0, 1, 1, 0, 0, 0]), None);
    }
}
