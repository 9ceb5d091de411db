//! SVG charts for evaluations, monitoring reports and the console.
//!
//! - [`Svg`] writes elements at pixels and escapes text.
//! - [`Plot`] is a frame with two axes. It maps data to pixels and draws lines, bands, bars and
//!   points.
//! - [`line_chart`] draws metrics over epochs, with axes fitted to the data.
//!
//! Elements have no colors, only class names; [`STYLE`] says what they look like. A picture is
//! either inlined in a page that contains the sheet ([`Svg::to_inline`]) or a file of its own
//! ([`Svg::to_document`]).

mod line_chart;
mod plot;
mod style;
mod svg;
mod ticks;

pub use line_chart::{Series, line_chart, series_color};
pub use plot::{Plot, Titles};
pub use style::STYLE;
pub use svg::{Anchor, Svg};
pub use ticks::{Tick, number_ticks, percent_ticks};
