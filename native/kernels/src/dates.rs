//! Points in time as archives and data sets write them: RFC 3339, the ISO 8601 forms near it, and 14-digit stamps.

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400 * MICROS;

/// Microseconds since 1970-01-01T00:00Z, or `None` for anything that is not one of these forms:
/// `YYYY-MM-DD`, `YYYY-MM-DD[T ]HH:MM[:SS[.fraction]][Z|+HH:MM|-HHMM|+HH]` and `YYYYMMDDhhmmss`.
///
/// Without a zone the time is UTC. Digits of the fraction behind the sixth are cut off. The date must exist in the
/// (proleptic) Gregorian calendar and both it and its UTC instant must lie in the years 0001 to 9999; there are no
/// leap seconds and no hour 24.
pub fn parse(text: &str) -> Option<i64> {
    let mut rest = Cursor(text.as_bytes());
    if rest.0.len() == 14 && rest.0.iter().all(u8::is_ascii_digit) {
        let day = days(rest.number(4)?, rest.number(2)?, rest.number(2)?)?;
        let clock = clock(rest.number(2)?, rest.number(2)?, rest.number(2)?)?;
        return Some(day * DAY + clock);
    }
    let year = rest.number(4)?;
    rest.take(b'-')?;
    let month = rest.number(2)?;
    rest.take(b'-')?;
    let midnight = days(year, month, rest.number(2)?)? * DAY;
    if rest.0.is_empty() {
        return Some(midnight);
    }
    rest.take(b'T').or_else(|| rest.take(b' '))?;
    let instant = midnight + rest.time()? - rest.zone()?;
    (rest.0.is_empty() && in_years(instant)).then_some(instant)
}

/// What is left of the text to read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take(&mut self, wanted: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == wanted).then(|| self.0 = rest)
    }

    fn digit(&mut self) -> Option<i64> {
        let (first, rest) = self.0.split_first()?;
        first.is_ascii_digit().then(|| {
            self.0 = rest;
            i64::from(first - b'0')
        })
    }

    /// Exactly `digits` digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        (0..digits).try_fold(0, |value, _| Some(value * 10 + self.digit()?))
    }

    /// `HH:MM[:SS[.fraction]]` in microseconds since midnight.
    fn time(&mut self) -> Option<i64> {
        let hour = self.number(2)?;
        self.take(b':')?;
        let minute = self.number(2)?;
        if self.take(b':').is_none() {
            return clock(hour, minute, 0);
        }
        let whole = clock(hour, minute, self.number(2)?)?;
        if self.take(b'.').is_none() {
            return Some(whole);
        }
        let mut unit = MICROS / 10;
        let mut fraction = self.digit()? * unit;
        while let Some(digit) = self.digit() {
            unit /= 10;
            fraction += digit * unit;
        }
        Some(whole + fraction)
    }

    /// `Z`, `+HH:MM`, `+HHMM`, `+HH` or nothing: what local time is ahead of UTC, in microseconds.
    fn zone(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.take(b'Z').is_some() {
            return Some(0);
        }
        let sign = if self.take(b'-').is_some() {
            -1
        } else {
            self.take(b'+')?;
            1
        };
        let hours = self.number(2)?;
        let minutes = match self.take(b':') {
            Some(()) => self.number(2)?,
            None if self.0.is_empty() => 0,
            None => self.number(2)?,
        };
        Some(sign * clock(hours, minutes, 0)?)
    }
}

fn clock(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second < 60)
        .then_some(((hour * 60 + minute) * 60 + second) * MICROS)
}

fn in_years(instant: i64) -> bool {
    let bound = |year| days_before(year) * DAY;
    (bound(1)..bound(10_000)).contains(&instant)
}

/// Days from 1970-01-01 to the first of January of `year`.
fn days_before(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400 - 719_162
}

/// Days from 1970-01-01 to a date that exists.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month = usize::try_from(month).ok()?.checked_sub(1)?;
    let length = LENGTHS.get(month)? + i64::from(leap && month == 1);
    let before: i64 = LENGTHS[..month].iter().sum::<i64>() + i64::from(leap && month > 1);
    (year >= 1 && (1..=length).contains(&day)).then(|| days_before(year) + before + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_it_names() {
        let noon = 1_709_208_000 * MICROS; // 2024-02-29T12:00:00Z
        for text in [
            "2024-02-29T12:00Z",
            "2024-02-29 12:00",
            "2024-02-29T12:00:00",
            "2024-02-29T12:00:00.000000Z",
            "2024-02-29T13:30:00+01:30",
            "2024-02-29T13:30:00+0130",
            "2024-02-29T07:00:00-05",
            "2024-02-29T12:00:00-00:00",
            "20240229120000",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        assert_eq!(parse("2024-02-29"), Some(noon - DAY / 2));
        assert_eq!(parse("1970-01-01T00:00:00.5"), Some(500_000));
        assert_eq!(parse("1970-01-01T00:00:00.123456999Z"), Some(123_456));
        assert_eq!(parse("1969-12-31T23:59:59.999999Z"), Some(-1));
        assert_eq!(parse("0001-01-01"), Some(-719_162 * DAY));
        assert_eq!(
            parse("9999-12-31T23:59:59.999999"),
            Some(2_932_897 * DAY - 1)
        );
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "2024",
            "2024-02",
            "2024-2-29",
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "2024-04-31",
            "0000-01-01",
            "2024-02-29T",
            "2024-02-29T12",
            "2024-02-29T24:00",
            "2024-02-29T12:60",
            "2024-02-29T12:00:60Z",
            "2024-02-29T12:00.5",
            "2024-02-29T12:00:00.",
            "2024-02-29T12:00:00,5",
            "2024-02-29T12:00:00 Z",
            "2024-02-29T12:00:00Z ",
            "2024-02-29T12:00:00+1",
            "2024-02-29T12:00:00+01:",
            "2024-02-29T12:00:00+01:3",
            "2024-02-29T12:00:00+24:00",
            "2024-02-29T12:00:00+01:60",
            "2024-02-29Z",
            " 2024-02-29",
            "2024-02-29x",
            "20240229",
            "20240230120000",
            "20240229240000",
            "2024022912000",
            "٢٠٢٤-٠٢-٢٩",
            "0001-01-01T00:00+01:00",
            "9999-12-31T23:59-01:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = -719_162;
        for year in 1..=9_999 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(found) = days(year, month, day) {
                        assert_eq!(found, expected, "{year}-{month}-{day}");
                        expected += 1;
                    }
                }
            }
        }
        assert_eq!(expected, 2_932_897);
    }
}
