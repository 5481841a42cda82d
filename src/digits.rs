//! Integers as text.

/// Writes an integer: `core::fmt` takes ten times as long.
pub(crate) fn put_digits(to: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    to.extend_from_slice(&digits[start..]);
}

/// Parses a JSON number that is an integer, exactly, also in the forms `1.0` and `1e3`. `None` for any other
/// text, and for a magnitude of more than 64 bits.
pub(crate) fn whole_number(text: &str) -> Option<i128> {
    let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() {
        return None;
    }
    // The position of the decimal point, in digits from the start.
    let point = (whole.len() as i64).saturating_add(exponent);
    let (mut amount, mut at) = (0u64, 0i64);
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        if at < point {
            amount = amount.checked_mul(10)?.checked_add(digit.into())?;
        } else if digit != 0 {
            return None;
        }
        at += 1;
    }
    while at < point && amount > 0 {
        amount = amount.checked_mul(10)?;
        at += 1;
    }
    let amount = i128::from(amount);
    Some(if is_negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_fmt_writes_them() {
        for number in [0, 7, 10, 99, 100, 12_345, u64::MAX] {
            let mut text = Vec::new();
            put_digits(&mut text, number);
            assert_eq!(text, number.to_string().as_bytes());
        }
    }

    #[test]
    fn integers_are_read_exactly_in_every_form_of_a_json_number() {
        for (text, number) in [
            ("0", 0),
            ("-0.0", 0),
            ("1.0", 1),
            ("-1.000", -1),
            ("1e3", 1000),
            ("1.5E+1", 15),
            ("1200e-2", 12),
            ("0.001e3", 1),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("18446744073709551615.0", u64::MAX.into()),
            ("-9223372036854775808.0e0", i64::MIN.into()),
            ("0e999999999999", 0),
            ("0.0e-999999999999", 0),
        ] {
            assert_eq!(whole_number(text), Some(number), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            ".0",
            "1.5",
            "1e-1",
            "NaN",
            "Infinity",
            "+1",
            " 1",
            "1 ",
            "1.0.0",
            "1e",
            "1e1.0",
            "0x1",
            "18446744073709551616",
            "1e20",
            "1e999999999999",
            "1e-999999999999",
            "1e99999999999999999999",
        ] {
            assert_eq!(whole_number(text), None, "{text}");
        }
        let zeros = "0".repeat(1 << 16);
        assert_eq!(whole_number(&format!("{zeros}7.{zeros}")), Some(7));
        assert_eq!(whole_number(&format!("7{zeros}")), None);
    }
}
