//! The style sheet.

/// The style sheet of every picture, for light and dark.
///
/// An element's class names combine a kind and a color: `line s0`, `fill limit`.
///
/// | class | what |
/// |---|---|
/// | `line`, `line dashed` | a line without a fill |
/// | `fill`, `fill faint`, `fill strong` | an area: opaque, a quarter, three quarters |
/// | `s0` to `s6` | the colors of series; the last one is gray |
/// | `reference`, `limit` | the color of what is compared with, and of a threshold |
/// | `title`, `subtitle`, `strong`, `small`, `large` | text |
/// | `grid`, `axis` | what the axes are made of |
///
/// The colors can be told apart without red and green (Okabe and Ito, 2008). Pages may use the
/// custom properties, such as `--plot-0`.
pub const STYLE: &str = "
:root{--plot-paper:#fff;--plot-ink:#1c2430;--plot-soft:#5b6675;--plot-grid:#e4e8ee;--plot-reference:#b0b8c4;--plot-limit:#d55e00;
--plot-0:#0072b2;--plot-1:#e69f00;--plot-2:#009e73;--plot-3:#cc79a7;--plot-4:#56b4e9;--plot-5:#f0e442;--plot-6:#9aa3af}
@media(prefers-color-scheme:dark){:root{--plot-paper:#12161c;--plot-ink:#e8ecf2;--plot-soft:#9aa6b5;--plot-grid:#2a323d;
--plot-reference:#5a6675;--plot-limit:#ff8a3d;--plot-0:#56b4e9;--plot-2:#2fc59b;--plot-4:#8ecdf2}}
.plot{font:12px system-ui,sans-serif;max-width:100%;height:auto}
.plot .paper{fill:var(--plot-paper)}
.plot text{fill:var(--plot-soft)}.plot .strong,.plot .title{fill:var(--plot-ink)}.plot text.limit{fill:var(--plot-limit)}
.plot .title{font-size:17px}.plot .subtitle{font-size:13px}.plot .small{font-size:10px}.plot .large{font-size:18px}
.plot .grid{stroke:var(--plot-grid)}.plot .axis{stroke:var(--plot-soft)}
.plot .s0{--color:var(--plot-0)}.plot .s1{--color:var(--plot-1)}.plot .s2{--color:var(--plot-2)}.plot .s3{--color:var(--plot-3)}
.plot .s4{--color:var(--plot-4)}.plot .s5{--color:var(--plot-5)}.plot .s6{--color:var(--plot-6)}
.plot .reference{--color:var(--plot-reference)}.plot .limit{--color:var(--plot-limit)}
.plot .line{stroke:var(--color);fill:none;stroke-width:2;stroke-linejoin:round}
.plot .dashed{stroke-width:1.5;stroke-dasharray:6 4}
.plot .fill{fill:var(--color)}.plot rect.faint,.plot path.faint{fill-opacity:.25}.plot rect.strong,.plot path.strong{fill:var(--color);fill-opacity:.75}
";
