//! The style sheet of the page, for light and dark. The crate `plots` has that of the plots.

pub(super) const PAGE: &str = "
:root{--ink:var(--plot-ink);--soft:var(--plot-soft);--grid:var(--plot-grid);--now:var(--plot-0);--limit:var(--plot-limit);
--paper:#fff;--card:#f6f8fa;--good:#0a7d55;--bad:#c2410c;--unknown:#5b6675}
@media(prefers-color-scheme:dark){:root{--paper:#12161c;--card:#1a2029;--good:#2fc59b;--bad:#ff8a3d;--unknown:#9aa6b5}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
header,main{max-width:1000px;margin:0 auto;padding:0 20px}
header{padding-top:32px}h1{margin:0;font-size:28px}h2{font-size:19px;margin:36px 0 8px}
.window{margin:2px 0 20px;color:var(--soft)}
.verdict{border-left:6px solid;background:var(--card);padding:14px 20px;border-radius:4px}
.verdict.good{border-color:var(--good)}.verdict.bad{border-color:var(--bad)}.verdict.unknown{border-color:var(--unknown)}
.headline{font-size:20px;font-weight:600;margin:0}.verdict ul{margin:8px 0 0;padding-left:20px;font-size:15px}
.verdict li{margin:4px 0}
.merits{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;margin-top:16px}
.merit{background:var(--card);padding:12px 16px;border-radius:4px;display:flex;flex-direction:column}
.what,.more{color:var(--soft);font-size:13px}.value{font-size:26px;font-weight:600}
.plot{overflow-x:auto}.scroll{overflow-x:auto}
.pair{display:flex;flex-wrap:wrap;gap:24px}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;text-align:right;border-bottom:1px solid var(--grid);vertical-align:middle}
th{color:var(--soft);font-weight:500}th:first-child,td:first-child{text-align:left}td.text{text-align:left;color:var(--soft)}
td.cell,th.cell{text-align:center;min-width:64px}
tr.bad td:first-child{color:var(--bad);font-weight:600}
.bar{display:inline-block;width:120px;height:10px;background:var(--grid);border-radius:5px;position:relative;vertical-align:middle}
.bar i{position:absolute;left:0;top:0;bottom:0;background:var(--now);border-radius:5px}
.bar b{position:absolute;top:-3px;bottom:-3px;width:2px;background:var(--limit)}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(104px,1fr));gap:12px}
figure{margin:0;background:var(--card);border-radius:4px;padding:8px;text-align:center;font-size:12px;line-height:1.35}
figure img{width:88px;height:88px;object-fit:contain;image-rendering:pixelated;background:var(--grid)}
figcaption{margin-top:4px;overflow-wrap:anywhere}figcaption .id{color:var(--soft);display:block}
.soft,footer{color:var(--soft);font-size:14px}footer{margin:40px 0 60px}
";
