//! The time of day: where it enters ([`Clock`]), how it is written, and how people type it.
//!
//! Everything is UTC. A stamp is RFC 3339 with milliseconds, `2026-11-21T10:00:00.123Z`, so that
//! stamps sort as text; times before 1970 and after 9999 are written as the nearest that fits.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY_SECONDS: u64 = 24 * 60 * 60;
/// The first second of the year 10000.
const STAMP_SECONDS_MAX: u64 = 253_402_300_800;

/// Where the time of day comes from.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the time enters"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A day of the calendar, as in the name of a file: `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// The day that holds this time.
    pub(crate) fn of(time: SystemTime) -> Day {
        civil(seconds(time) / DAY_SECONDS)
    }

    /// Reads `2026-11-21`, and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Day> {
        let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
        let day = Day {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        };
        // What is no day of the calendar comes back as another.
        (civil(day.number()?) == day).then_some(day)
    }

    /// Days since 1970-01-01; none for a day before it.
    fn number(self) -> Option<u64> {
        // Years begin in March here, so that a leap day is the last of its year.
        let (year, month) = (u64::from(self.year), u64::from(self.month));
        let (year, month) = if month > 2 {
            (year, month - 3)
        } else {
            (year.checked_sub(1)?, month + 9)
        };
        let of_year = (153 * month + 2) / 5 + u64::from(self.day).checked_sub(1)?;
        let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year;
        days.checked_sub(719_468)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The day of a number of days since 1970-01-01, by eras of 400 years.
fn civil(number: u64) -> Day {
    let shifted = number + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let (month, in_next_year) = if shifted_month < 10 {
        (shifted_month + 3, 0)
    } else {
        (shifted_month - 9, 1)
    };
    let year = era * 400 + year_of_era + in_next_year;
    Day {
        year: u16::try_from(year).unwrap_or(u16::MAX),
        month: u8::try_from(month).unwrap_or(1),
        day: u8::try_from(day).unwrap_or(1),
    }
}

/// Seconds since 1970, within what a stamp can say.
fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().min(STAMP_SECONDS_MAX - 1)
}

/// The time as a stamp, such as `2026-11-21T10:00:00.123Z`.
pub fn stamp(time: SystemTime) -> String {
    let millis = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .subsec_millis();
    let total = seconds(time);
    let of_day = total % DAY_SECONDS;
    let (hours, minutes) = (of_day / 3600, of_day / 60 % 60);
    let day = civil(total / DAY_SECONDS);
    format!(
        "{day}T{hours:02}:{minutes:02}:{:02}.{millis:03}Z",
        of_day % 60
    )
}

/// Reads a time as people type it: `2026-11-21`, `2026-11-21T10:00`, `2026-11-21 10:00:00.5Z`, all
/// of them UTC; or how long before `now` it was: `90s`, `30m`, `2h`, `7d`.
pub fn parse_time(text: &str, now: SystemTime) -> Option<SystemTime> {
    if let Some(ago) = parse_ago(text) {
        return now.checked_sub(ago);
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (day, clock) = match text.split_once(['T', ' ']) {
        Some((day, clock)) => (day, Some(clock)),
        None => (text, None),
    };
    let day = Duration::from_secs(Day::parse(day)?.number()? * DAY_SECONDS);
    UNIX_EPOCH.checked_add(day + clock.map_or(Some(Duration::ZERO), parse_clock)?)
}

/// `10:00`, `10:00:00`, `10:00:00.123`.
fn parse_clock(text: &str) -> Option<Duration> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let (hours, minutes, seconds) = match numbers(clock, ':', [2, 2, 2]) {
        Some([hours, minutes, seconds]) => (hours, minutes, seconds),
        None if fraction.is_none() => {
            let [hours, minutes] = numbers(clock, ':', [2, 2])?;
            (hours, minutes, 0)
        }
        None => return None,
    };
    // 60 is a leap second.
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let nanos = match fraction {
        None => 0,
        Some(digits) if (1..=9).contains(&digits.len()) => number(&format!("{digits:0<9}"))?,
        Some(_) => return None,
    };
    Some(Duration::new(
        hours * 3600 + minutes * 60 + seconds,
        u32::try_from(nanos).ok()?,
    ))
}

fn parse_ago(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => DAY_SECONDS,
        _ => return None,
    };
    let amount = number(text.strip_suffix(unit)?)?;
    amount.checked_mul(seconds).map(Duration::from_secs)
}

/// Numbers of exactly these widths, parted by one character.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[u64; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for (place, width) in found.iter_mut().zip(widths) {
        *place = parts
            .next()
            .filter(|part| part.len() == width)
            .and_then(number)?;
    }
    parts.next().is_none().then_some(found)
}

fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// Known days, leap days among them; `date -u -d @N` says the same.
    #[test]
    fn known_times_are_written() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000Z"),
            (1_795_255_200, "2026-11-21T10:00:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000Z"),
            (u64::MAX >> 2, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(stamp(at(seconds)), text);
        }
        assert_eq!(stamp(UNIX_EPOCH - Duration::from_secs(9)), stamp(at(0)));
    }

    /// Every day of four centuries is the one after the day before, and reads as it is written.
    #[test]
    fn days_follow_each_other() {
        let mut last = None;
        for number in 0..146_097 {
            let day = civil(number);
            assert!(last < Some(day));
            assert_eq!(day.number(), Some(number));
            assert_eq!(Day::parse(&day.to_string()), Some(day));
            last = Some(day);
        }
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-1-1",
            "1969-12-31",
            "",
            "+026-01-01",
            "2026-01-01-",
            "2026-01-011",
            "20260101",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_read_as_people_type_them() {
        let now = at(1_795_255_200);
        for text in [
            "2026-11-21T10:00",
            "2026-11-21 10:00:00",
            "2026-11-21T10:00:00Z",
            "2026-11-21T10:00:00.000Z",
            "0s",
        ] {
            assert_eq!(parse_time(text, now), Some(now), "{text}");
        }
        assert_eq!(parse_time("2026-11-21", now), Some(at(1_795_219_200)));
        assert_eq!(parse_time("2h", now), Some(now - Duration::from_secs(7200)));
        assert_eq!(
            parse_time("1d", now),
            Some(now - Duration::from_secs(86_400))
        );
        let half = now + Duration::from_millis(500);
        assert_eq!(parse_time("2026-11-21T10:00:00.5Z", now), Some(half));
        for text in [
            "",
            "yesterday",
            "10:00",
            "2026-11-21T",
            "2026-11-21T25:00",
            "2026-11-21T10:00+01:00",
            "-2h",
            "2w",
            "h",
            "99999999999999999999d",
            "2026-11-21T10:00.5",
            "2026-11-21T10:00:00.",
            "ü",
        ] {
            assert_eq!(parse_time(text, now), None, "{text}");
        }
    }
}
