//! Line charts with axes fitted to the data.

use crate::plot::Plot;
use crate::svg::Svg;
use crate::ticks::{format_number, nice_axis, number_ticks};

const SIZE: (f64, f64) = (560.0, 200.0);

/// Lines with colors of their own; the next ones begin again with the first.
const COLORS: usize = 4;

/// A line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name, shown under the pointer.
    pub name: String,
    /// Its points from left to right.
    pub points: Vec<(f64, f64)>,
}

/// Returns the class name of the color of a chart's line, for a legend.
pub fn series_color(index: usize) -> String {
    format!("s{}", index % COLORS)
}

/// Draws lines over common axes. Returns `None` if there is no finite value.
pub fn line_chart(title: &str, series: &[&Series]) -> Option<Svg> {
    let points = || series.iter().flat_map(|series| &series.points);
    let (x_min, x_max) = range(points().map(|point| point.0))?;
    let (y_min, y_max) = range(points().map(|point| point.1))?;
    let (low, high, parts) = nice_axis(y_min, y_max);
    let mut plot = Plot::new(SIZE, (x_min, x_max), (low, high), title);
    plot.y_ticks(&number_ticks(low, high, parts));
    plot.x_ticks(&[x_min, x_max].map(|x| (x, format_number(x))));
    for (index, series) in series.iter().enumerate() {
        let color = series_color(index);
        plot.titled_line(&format!("line {color}"), &series.points, &series.name);
        if let Some(last) = series.points.last() {
            plot.point(&format!("fill {color}"), *last);
        }
    }
    Some(plot.into_svg())
}

/// Returns the minimum and maximum of the finite values.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|value| value.is_finite());
    finite
        .map(|value| (value, value))
        .reduce(|range, value| (range.0.min(value.0), range.1.max(value.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(points: &[(f64, f64)]) -> Option<String> {
        let series = Series {
            name: "<loss>".into(),
            points: points.to_vec(),
        };
        line_chart("m", &[&series]).map(|svg| svg.to_inline())
    }

    #[test]
    fn a_constant_is_a_line() {
        let svg = check(&[(0.0, 0.5), (1.0, 0.5)]).unwrap();
        assert!(
            svg.contains("&lt;loss&gt;") && !svg.contains("NaN"),
            "{svg}"
        );
    }

    #[test]
    fn without_values_there_is_no_chart() {
        assert_eq!(check(&[]), None);
        assert_eq!(check(&[(0.0, f64::NAN)]), None);
    }
}
