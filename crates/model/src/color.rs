//! Shades of a tenant's colour that can be read.

use crate::Color;

impl Color {
    /// `#ffffff`
    pub const WHITE: Self = Self([0xff; 3]);
    /// `#000000`
    pub const BLACK: Self = Self([0x00; 3]);
}

/// Relative luminance, 0 to 1. Source: WCAG 2.2, definition of relative luminance.
fn luminance(color: Color) -> f64 {
    let [red, green, blue] = linear(color);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The channels as amounts of light, 0 to 1. Source: IEC 61966-2-1 (sRGB).
fn linear(Color(channels): Color) -> [f64; 3] {
    channels.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

/// Contrast ratio, 1 to 21. Source: WCAG 2.2, definition of contrast ratio.
pub fn contrast(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Black or white, whichever is easier to read on this colour: the better of them always has 4.58:1.
pub fn ink_on(background: Color) -> Color {
    if contrast(Color::WHITE, background) >= contrast(Color::BLACK, background) {
        Color::WHITE
    } else {
        Color::BLACK
    }
}

/// The colour itself, or the nearest lighter (towards white) or darker shade that has this contrast with the background.
pub fn readable(color: Color, background: Color, ratio: f64, target: Color) -> Color {
    let end = Oklab::from(target);
    let shades =
        (0..=40).map(|step| Oklab::from(color).towards(end, f64::from(step) / 40.0).into());
    std::iter::once(color)
        .chain(shades)
        .find(|shade| contrast(*shade, background) >= ratio)
        .unwrap_or(target)
}

/// Lightness and two colour axes, in which a lighter shade keeps its hue. Mixing in sRGB turns red into dusty pink.
///
/// Source: CSS Color Module Level 4 §9.2 and its sample conversions.
#[derive(Clone, Copy)]
struct Oklab([f64; 3]);

impl Oklab {
    /// `way` (0 to 1) along the lightness. The colour fades late, so that shades near the start stay rich.
    fn towards(self, Self(end): Self, way: f64) -> Self {
        let Self([lightness, a, b]) = self;
        let fade = 1.0 - way * way;
        Self([
            lightness + (end[0] - lightness) * way,
            a * fade + end[1] * (1.0 - fade),
            b * fade + end[2] * (1.0 - fade),
        ])
    }
}

type Matrix = [[f64; 3]; 3];

const LMS_FROM_RGB: Matrix = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const LAB_FROM_LMS: Matrix = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];
const LMS_FROM_LAB: Matrix = [
    [1.0, 0.396_337_777_4, 0.215_803_757_3],
    [1.0, -0.105_561_345_8, -0.063_854_172_8],
    [1.0, -0.089_484_177_5, -1.291_485_548_0],
];
const RGB_FROM_LMS: Matrix = [
    [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
    [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
    [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701_0],
];

fn times(matrix: &Matrix, [x, y, z]: [f64; 3]) -> [f64; 3] {
    matrix.map(|[a, b, c]| a * x + b * y + c * z)
}

impl From<Color> for Oklab {
    fn from(color: Color) -> Self {
        Self(times(&LAB_FROM_LMS, times(&LMS_FROM_RGB, linear(color)).map(f64::cbrt)))
    }
}

impl From<Oklab> for Color {
    fn from(Oklab(lab): Oklab) -> Self {
        let light = times(&RGB_FROM_LMS, times(&LMS_FROM_LAB, lab).map(|x| x.powi(3)));
        Self(light.map(|value| {
            let value = value.clamp(0.0, 1.0);
            let encoded = if value <= 0.003_130_8 {
                12.92 * value
            } else {
                1.055 * value.powf(1.0 / 2.4) - 0.055
            };
            nearest_byte(encoded * 255.0)
        }))
    }
}

fn nearest_byte(value: f64) -> u8 {
    (0..=u8::MAX).find(|byte| f64::from(*byte) + 0.5 > value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_as_the_standard_computes_it() {
        assert!((contrast(Color([0; 3]), Color::WHITE) - 21.0).abs() < 1e-9);
        assert!((contrast(Color([0x76; 3]), Color::WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_colour_survives_the_way_to_oklab_and_back() {
        for color in
            [Color([0x8f, 0x1d, 0x2c]), Color([0, 0, 0]), Color::WHITE, Color([1, 254, 128])]
        {
            assert_eq!(Color::from(Oklab::from(color)), color);
        }
    }

    #[test]
    fn a_lighter_red_is_still_red() {
        let Color([red, green, blue]) =
            readable(Color([0x8f, 0x1d, 0x2c]), Color([0x1d, 0x1c, 0x20]), 5.5, Color::WHITE);
        assert!(red > 200 && green < 150 && blue < 150, "{red} {green} {blue}");
    }

    proptest::proptest! {
        #[test]
        fn words_on_any_colour_can_be_read(channels: [u8; 3]) {
            let color = Color(channels);
            proptest::prop_assert!(contrast(ink_on(color), color) >= 4.5);
        }

        #[test]
        fn a_readable_shade_has_the_contrast_it_was_asked_for(channels: [u8; 3]) {
            proptest::prop_assert!(contrast(readable(Color(channels), Color::WHITE, 6.0, Color::BLACK), Color::WHITE) >= 6.0);
        }
    }
}
