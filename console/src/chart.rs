//! Line charts: a metric over the epochs of a training run, as inline SVG.

use maud::{Markup, html};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 180.0;
/// Room for the numbers at the axes.
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 22.0;
const TOP: f64 = 10.0;
const RIGHT: f64 = 10.0;

/// A line: its name, and its points from left to right.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Draws lines over the same axes; nothing where there is no point.
pub(crate) fn lines(title: &str, series: &[&Series]) -> Markup {
    let all = || {
        series
            .iter()
            .flat_map(|series| series.points.iter().copied())
    };
    let xs = range(all().map(|point| point.0));
    let ys = range(all().map(|point| point.1));
    let (Some(xs), Some(ys)) = (xs, ys) else {
        return html! {};
    };
    let (bottom, top, step) = nice(ys);
    let x = |value: f64| {
        LEFT + (value - xs.0) / (xs.1 - xs.0).max(f64::MIN_POSITIVE) * (WIDTH - LEFT - RIGHT)
    };
    let y =
        |value: f64| HEIGHT - BOTTOM - (value - bottom) / (top - bottom) * (HEIGHT - BOTTOM - TOP);
    let ticks = ticks(bottom, top, step);
    html! {
        svg.chart role="img" aria-label=(title) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) {
            @for tick in &ticks {
                line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(format!("{:.1}", y(*tick))) y2=(format!("{:.1}", y(*tick))) {}
                text.tick.left x=(LEFT - 6.0) y=(format!("{:.1}", y(*tick) + 3.5)) { (number(*tick)) }
            }
            text.tick x=(LEFT) y=(HEIGHT - 6.0) { (number(xs.0)) }
            text.tick.left x=(WIDTH - RIGHT) y=(HEIGHT - 6.0) { (number(xs.1)) }
            @for (at, series) in series.iter().enumerate() {
                @let path = path(&series.points, &x, &y);
                path class={ "line line-" (at % 4) } d=(path) { title { (series.name) } }
                @if let Some(last) = series.points.last() {
                    circle class={ "dot line-" (at % 4) } cx=(format!("{:.1}", x(last.0))) cy=(format!("{:.1}", y(last.1))) r="3" {}
                }
            }
        }
    }
}

fn path(points: &[(f64, f64)], x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64) -> String {
    let mut path = String::new();
    for (at, point) in points.iter().enumerate() {
        let letter = if at == 0 { 'M' } else { 'L' };
        path.push_str(&format!("{letter}{:.1} {:.1}", x(point.0), y(point.1)));
    }
    path
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|value| value.is_finite());
    finite.fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// From where to where an axis goes, and the distance between its ticks: a little more than the values take, so that no
/// line runs along the edge, and never nothing.
fn nice((low, high): (f64, f64)) -> (f64, f64, f64) {
    let step = step(low, high);
    let (bottom, top) = ((low / step).floor() * step, (high / step).ceil() * step);
    match bottom < top {
        true => (bottom, top, step),
        false => (bottom - step, top + step, step),
    }
}

/// The distance between ticks: 1, 2 or 5 times a power of ten, for about four of them.
fn step(low: f64, high: f64) -> f64 {
    let rough = ((high - low) / 4.0).max(1e-9);
    let power = 10f64.powf(rough.log10().floor());
    let part = rough / power;
    let whole = match part {
        ..=1.0 => 1.0,
        ..=2.0 => 2.0,
        ..=5.0 => 5.0,
        _ => 10.0,
    };
    whole * power
}

fn ticks(low: f64, high: f64, step: f64) -> Vec<f64> {
    let count = ((high - low) / step).round() as usize;
    (0..=count.min(12))
        .map(|at| low + at as f64 * step)
        .collect()
}

fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_surround_the_values() {
        for (range, expected) in [
            ((0.52, 0.93), vec![0.4, 0.6, 0.8, 1.0]),
            ((0.0, 3.2), vec![0.0, 1.0, 2.0, 3.0, 4.0]),
            ((-1.0, 7.0), vec![-2.0, 0.0, 2.0, 4.0, 6.0, 8.0]),
        ] {
            let (low, high, step) = nice(range);
            let ticks = ticks(low, high, step);
            let near = ticks
                .iter()
                .zip(&expected)
                .all(|(a, b)| (a - b).abs() < 1e-9);
            assert!(near && ticks.len() == expected.len(), "{ticks:?}");
        }
    }

    #[test]
    fn a_line_that_does_not_move_and_no_line_at_all() {
        let series = |points: &[(f64, f64)]| Series {
            name: "<loss>".into(),
            points: points.to_vec(),
        };
        let flat = lines("m", &[&series(&[(0.0, 0.5), (1.0, 0.5)])]).into_string();
        assert!(
            flat.contains("&lt;loss&gt;") && !flat.contains("NaN"),
            "{flat}"
        );
        assert_eq!(lines("m", &[&series(&[])]).into_string(), "");
        let odd = lines("m", &[&series(&[(0.0, f64::NAN)])]).into_string();
        assert_eq!(odd, "");
    }
}
