/**
 * The look of the page: on a screen light or dark as the reader has it, on paper black on white. Colours are those of Okabe
 * and Ito, which people of any colour vision tell apart; where they carry meaning, a shape or a word does, too.
 */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--quiet:#59636e;--rule:#e3e6ea;--box:#f5f7f9;
--a:#d55e00;--b:#0072b2;--c:#007a5a;--bias:#8a5f00;--good:#007a5a;--bad:#b3401f;--warn:#8a5f00;--mark:#fff4e8}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e6e8ea;--quiet:#a0a8b0;--rule:#30363c;--box:#1d2125;
--a:#ff9040;--b:#56b4e9;--c:#3cc79c;--bias:#e0b040;--good:#3cc79c;--bad:#ff8a65;--warn:#e0b040;--mark:#33261a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:62rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .2rem}
h2{font-size:1.2rem;margin:2.4rem 0 .5rem;padding-top:.8rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:1.6rem 0 .3rem}
p,ul{max-width:46rem;margin:.5rem 0}
ul{padding-left:1.2rem}
li{margin:.2rem 0}
.subtitle{color:var(--quiet);margin:0 0 1.4rem}
code{font:.87em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--box);padding:.05em .3em;border-radius:3px;overflow-wrap:anywhere}
.notice{border-left:5px solid var(--quiet);background:var(--box);padding:.8rem 1rem;margin:1rem 0;border-radius:0 5px 5px 0}
.notice p{margin:.3rem 0;max-width:none}
.notice .title{font-weight:650;font-size:1.08rem}
.notice.good{border-color:var(--good)}.notice.bad{border-color:var(--bad)}.notice.warning{border-color:var(--warn)}
details{margin:.3rem 0 1rem}summary{color:var(--quiet);font-size:.88rem;cursor:pointer}
figure{margin:1rem 0;overflow-x:auto}
figcaption,.caption{color:var(--quiet);font-size:.88rem;margin:.3rem 0 0}
.caption{margin-top:1.4rem}
table{border-collapse:collapse;margin:.3rem 0 1rem;font-size:.87rem;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}
th,td{padding:.28rem .7rem .28rem 0;text-align:left;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;border-bottom:1.5px solid var(--quiet);vertical-align:bottom}
.number{text-align:right;padding-left:.5rem}
td.number,.short{white-space:nowrap}
tr.highlighted td{background:var(--mark);font-weight:600}
td .good{color:var(--good)}td .bad{color:var(--bad);font-weight:600}td .warning{color:var(--warn);font-weight:600}td .neutral{color:var(--quiet)}
svg{display:block;width:100%;max-width:720px;min-width:32rem;height:auto;font-family:inherit}
.tick{font-size:11px;fill:var(--quiet)}.label{font-size:12px;fill:var(--quiet)}
.name{font-size:12px;fill:var(--ink)}.strong{font-weight:650}
.name.a{fill:var(--a);font-weight:650}.name.b{fill:var(--b)}.name.c{fill:var(--c)}.name.muted{fill:var(--quiet)}
.rule{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--quiet);stroke-width:1}
.reference{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:4 3}
.interval{stroke-width:2}.interval.a,.curve.a{stroke:var(--a)}.interval.b,.curve.b{stroke:var(--b)}.curve.c{stroke:var(--c)}.curve.muted{stroke:var(--quiet)}
.point.a{fill:var(--a)}.point.b{fill:var(--b)}.point.c{fill:var(--c)}.point.muted{fill:var(--quiet)}
.curve{fill:none;stroke-width:2}.curve.b{stroke-dasharray:6 3}
.band{stroke:none;opacity:.16}.band.a{fill:var(--a)}.band.b{fill:var(--b)}.band.c{fill:var(--c)}.band.muted{fill:var(--quiet)}
.cross{stroke:var(--bias);stroke-width:1.8;fill:none}
.truth{fill:none;stroke:var(--c);stroke-width:2}
.bar{fill:var(--b)}.bubble{fill:var(--b);fill-opacity:.45;stroke:var(--b)}
@media print{
:root{color-scheme:light;--paper:#fff;--ink:#000;--quiet:#333;--rule:#ccc;--box:#fff;--a:#d55e00;--b:#0072b2;--c:#007a5a;--bias:#8a5f00;--good:#005a42;--bad:#8f2f14;--warn:#6b4a00;--mark:#fff}
@page{size:A4;margin:16mm 14mm}
body{font-size:9pt;line-height:1.4}main{max-width:none;padding:0}h2{margin-top:1.4rem}h3{margin-top:1rem}p,ul{max-width:none}th,td{padding:.16rem .5rem .16rem 0}
h1,h2,h3,h2+p,.caption,thead{break-after:avoid}figure,.notice,.wide,tr,li{break-inside:avoid}thead{display:table-header-group}
.notice{border:1px solid #666;border-left-width:5px}
table{font-size:7.5pt}figcaption,.caption{font-size:8pt}details:not([open]){display:none}.wide,figure{overflow:visible}svg{min-width:0;max-width:135mm}code{background:none;padding:0}
}`
