//! Conversions between single precision and FP16 or BF16, for which C and Rust have no types.
//!
//! Narrowing rounds to nearest, ties to even; too large values become infinite; NaN stays NaN. Each function
//! converts as many elements as the shorter of the two slices has.

use ::half::{bf16, f16};

/// Converts single precision to FP16; each element is its 16 bits.
pub fn fp16_from_fp32(values: &[f32], into: &mut [u16]) {
    into.iter_mut().zip(values).for_each(|(into, value)| *into = f16::from_f32(*value).to_bits());
}

/// Converts FP16 to single precision, exactly.
pub fn fp16_to_fp32(values: &[u16], into: &mut [f32]) {
    into.iter_mut().zip(values).for_each(|(into, value)| *into = f16::from_bits(*value).to_f32());
}

/// Converts single precision to BF16; each element is its 16 bits.
pub fn bf16_from_fp32(values: &[f32], into: &mut [u16]) {
    into.iter_mut().zip(values).for_each(|(into, value)| *into = bf16::from_f32(*value).to_bits());
}

/// Converts BF16 to single precision, exactly.
pub fn bf16_to_fp32(values: &[u16], into: &mut [f32]) {
    into.iter_mut().zip(values).for_each(|(into, value)| *into = bf16::from_bits(*value).to_f32());
}

/// Converts FP16 to double precision, exactly.
pub(crate) fn fp16_to_fp64(bits: u16) -> f64 {
    f16::from_bits(bits).to_f64()
}

/// Converts BF16 to double precision, exactly.
pub(crate) fn bf16_to_fp64(bits: u16) -> f64 {
    bf16::from_bits(bits).to_f64()
}

/// Converts double precision to FP16, rounding once: the `half` crate loses the lower half of the fraction,
/// or rounds twice.
pub(crate) fn fp16_from_fp64(value: f64) -> u16 {
    f16::from_f32(rounded_to_odd(value)).to_bits()
}

/// Converts double precision to BF16, rounding once.
pub(crate) fn bf16_from_fp64(value: f64) -> u16 {
    bf16::from_f32(rounded_to_odd(value)).to_bits()
}

/// Rounds to odd: an inexact value is truncated and its last bit set, so that a second rounding never sees a
/// tie.
fn rounded_to_odd(value: f64) -> f32 {
    let nearest = value as f32;
    if nearest.is_nan() || nearest.is_infinite() || f64::from(nearest) == value {
        return nearest;
    }
    let is_away_from_zero = f64::from(nearest).abs() > value.abs();
    let cut = nearest.to_bits() - u32::from(is_away_from_zero);
    f32::from_bits(cut | 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrowing_rounds_to_the_nearest_even_and_keeps_nan() {
        // 1 + 2^-11 lies in the middle between two FP16, 1 + 3 * 2^-11 too: the even one is taken.
        let values =
            [1.0, 1.0 + 2f32.powi(-11), 1.0 + 3.0 * 2f32.powi(-11), 65520.0, -0.0, f32::NAN, 2f32.powi(-24)];
        let mut narrow = [0; 7];
        fp16_from_fp32(&values, &mut narrow);
        assert_eq!(narrow[..5], [0x3c00, 0x3c00, 0x3c02, 0x7c00, 0x8000]);
        assert_eq!(narrow[6], 1);
        let mut wide = [0.0; 7];
        fp16_to_fp32(&narrow, &mut wide);
        assert!(wide[5].is_nan() && wide[3] == f32::INFINITY && wide[4].is_sign_negative());

        let values =
            [1.0, 1.0 + 2f32.powi(-8), 1.0 + 3.0 * 2f32.powi(-8), f32::MAX, f32::from_bits(0x7f80_0001)];
        let mut narrow = [0; 5];
        bf16_from_fp32(&values, &mut narrow);
        assert_eq!(narrow[..4], [0x3f80, 0x3f80, 0x3f82, 0x7f80]);
        let mut wide = [0.0; 5];
        bf16_to_fp32(&narrow, &mut wide);
        assert!(wide[4].is_nan());
    }

    #[test]
    fn double_precision_is_rounded_once() {
        let tiny = 2f64.powi(-50);
        for (value, fp16) in [
            (1.0 + 2f64.powi(-11), 0x3c00),
            (1.0 + 2f64.powi(-11) + tiny, 0x3c01),
            (1.0 + 2f64.powi(-11) - tiny, 0x3c00),
            (1.0 + 3.0 * 2f64.powi(-11), 0x3c02),
            (1.0 + 3.0 * 2f64.powi(-11) - tiny, 0x3c01),
            (-1.0 - 2f64.powi(-11) - tiny, 0xbc01),
            (2f64.powi(-25), 0),
            (2f64.powi(-25) + 2f64.powi(-70), 1),
            (65520.0 - 1e-9, 0x7bff),
            (1e300, 0x7c00),
            (-5e-324, 0x8000),
        ] {
            assert_eq!(fp16_from_fp64(value), fp16, "{value:e}");
        }
        for (value, bf16) in [
            (1.0 + 2f64.powi(-8), 0x3f80),
            (1.0 + 2f64.powi(-8) + tiny, 0x3f81),
            (1.0 + 3.0 * 2f64.powi(-8), 0x3f82),
            (f64::MAX, 0x7f80),
            (5e-324, 0),
        ] {
            assert_eq!(bf16_from_fp64(value), bf16, "{value:e}");
        }
    }
}
