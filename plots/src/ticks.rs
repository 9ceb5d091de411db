//! Computes the ticks of an axis and their labels.

/// A value on an axis and its label.
pub type Tick = (f64, String);

/// Returns `parts + 1` ticks from 0 to `max`, labeled as percentages: 0 %, 25 % …
pub fn percent_ticks(max: f64, parts: u32) -> Vec<Tick> {
    even(0.0, max, parts, |value| format!("{:.0} %", value * 100.0))
}

/// Returns `parts + 1` ticks from `min` to `max`, labeled with up to four decimals.
pub fn number_ticks(min: f64, max: f64, parts: u32) -> Vec<Tick> {
    even(min, max, parts, format_number)
}

fn even(min: f64, max: f64, parts: u32, label: impl Fn(f64) -> String) -> Vec<Tick> {
    let value = |part: u32| min + (max - min) * f64::from(part) / f64::from(parts.max(1));
    (0..=parts)
        .map(|part| (value(part), label(value(part))))
        .collect()
}

/// Formats a number with up to four decimals and no trailing zeros.
pub(crate) fn format_number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

/// Returns an axis around `min` to `max` whose ticks are round numbers: its ends and the number of
/// parts between ticks. A single value gets an axis of a tenth to both sides.
pub(crate) fn nice_axis(min: f64, max: f64) -> (f64, f64, u32) {
    let padding = if min < max {
        0.0
    } else {
        (min.abs() * 0.1).max(0.01)
    };
    let (min, max) = (min - padding, max + padding);
    let step = nice_step(min, max);
    let (low, high) = ((min / step).floor() * step, (max / step).ceil() * step);
    (low, high, ((high - low) / step).round() as u32)
}

/// The distance between ticks: 1, 2 or 5 times a power of ten, for about four of them.
fn nice_step(min: f64, max: f64) -> f64 {
    let rough = ((max - min) / 4.0).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let factor = match rough / power {
        ..=1.0 => 1.0,
        ..=2.0 => 2.0,
        ..=5.0 => 5.0,
        _ => 10.0,
    };
    factor * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nice_axes_have_round_ticks_around_the_values() {
        for ((min, max), expected) in [
            ((0.52, 0.93), vec!["0.4", "0.6", "0.8", "1"]),
            ((0.0, 3.2), vec!["0", "1", "2", "3", "4"]),
            ((-1.0, 7.0), vec!["-2", "0", "2", "4", "6", "8"]),
            ((0.5, 0.5), vec!["0.45", "0.5", "0.55"]),
            ((0.0, 0.0), vec!["-0.01", "-0.005", "0", "0.005", "0.01"]),
        ] {
            let (low, high, parts) = nice_axis(min, max);
            let labels: Vec<String> = number_ticks(low, high, parts)
                .into_iter()
                .map(|(_, label)| label)
                .collect();
            assert_eq!(labels, expected);
        }
    }

    #[test]
    fn labels_are_short() {
        let numbers = [0.0, 0.2, 0.125, 1.0, -0.000_01, -3.5].map(format_number);
        assert_eq!(numbers, ["0", "0.2", "0.125", "1", "0", "-3.5"]);
        let percents = percent_ticks(0.5, 2);
        assert_eq!(percents[1], (0.25, "25 %".to_owned()));
    }
}
