# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the page looks: one style sheet, light and dark, from 400 to 1600 pixels and on paper."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--page:#f4f5f8;--card:#fff;--raised:#fafbfc;--text:#181c25;--quiet:#596273;
--line:#e1e5ec;
--accent:#4f46e5;--good:#12733f;--good-tint:#e3f5ea;--bad:#b3261e;--bad-tint:#fdeaea;--care:#8a5a00;
--care-tint:#fdf3dc;
--off:#5a6373;--off-tint:#eceff4;--bar:#6366f1;--bar-bad:#dc4c41;--shadow:0 1px 2px #1018280f,0 2px 8px #1018280a}
@media screen and (prefers-color-scheme:dark){:root{--page:#0f1218;--card:#181c25;--raised:#1e232e;--text:#e7eaf0;
--quiet:#9aa4b5;
--line:#2c3340;--accent:#a5b0ff;--good:#57d08f;--good-tint:#12301f;--bad:#ff9389;--bad-tint:#3a1a1a;--care:#ecbd5b;
--care-tint:#352a10;--off:#a3adbd;--off-tint:#262c38;--bar:#818cf8;--bar-bad:#ff7a70;--shadow:none}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
main,.top{max-width:84rem;margin:0 auto;padding:0 1.5rem}
main{padding-bottom:4rem}
h1,h2,h3,h4,p,ul,ol,dl,dd,figure{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:1.35rem;letter-spacing:-.01em;line-height:1.25}
h2{font-size:1.05rem}
h3{font-size:.8rem;font-weight:650;letter-spacing:.04em;text-transform:uppercase;color:var(--quiet);
margin:1.6rem 0 .55rem}
a{color:var(--accent)}
a:focus-visible,button:focus-visible,summary:focus-visible,input:focus-visible{outline:2px solid var(--accent);
outline-offset:2px;border-radius:.4rem}
.quiet{color:var(--quiet)}
.icon{width:1.05em;height:1.05em;flex:none;vertical-align:-.16em;fill:none;stroke:currentColor;stroke-width:2.2;
stroke-linecap:round;stroke-linejoin:round}
.good{color:var(--good)}.bad{color:var(--bad)}.care{color:var(--care)}.off{color:var(--off)}
.chip{display:inline-flex;align-items:center;gap:.35rem;padding:.08rem .6rem;border-radius:1rem;font-size:.82rem;
font-weight:600}
.chip.good{background:var(--good-tint)}.chip.bad{background:var(--bad-tint)}.chip.care{background:var(--care-tint)}
.chip.off{background:var(--off-tint)}
.top{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem 1rem;padding-top:1.6rem;padding-bottom:1.1rem}
.mark{width:2.4rem;height:2.4rem;border-radius:.7rem;display:grid;place-items:center;color:#fff;font-size:1.35rem;
background:linear-gradient(135deg,#ff8a3d,#e5486f 55%,#7c5cff)}
.top div{min-width:12rem;flex:1}
.card,.runner{background:var(--card);border:1px solid var(--line);border-radius:.9rem;box-shadow:var(--shadow)}
.card{padding:1.15rem 1.25rem}
.tally{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.25rem 1.5rem}
.tally li{display:grid;gap:.05rem;align-content:start}
.tally b{font-size:1.75rem;line-height:1.2;font-weight:680;font-variant-numeric:tabular-nums;letter-spacing:-.02em;
white-space:nowrap}
.share{display:flex;gap:3px;height:.5rem;margin-top:.9rem}
.share i{border-radius:.25rem;background:currentColor;min-width:.5rem}
.bar{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;margin:1.6rem 0 .7rem}
.bar h2{flex:1 1 auto}
.bar input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.55rem;
padding:.3rem .7rem;width:15rem;max-width:100%}
.bar input::placeholder{color:var(--quiet);opacity:1}
button{font:inherit;font-size:.82rem;font-weight:550;color:var(--quiet);background:var(--card);cursor:pointer;
border:1px solid var(--line);border-radius:.5rem;padding:.2rem .6rem}
button:hover{color:var(--text);border-color:var(--quiet)}
.scripted{display:none}.js .scripted{display:inline-flex;align-items:center;gap:.35rem}
.js [hidden]{display:none}
.checked{margin-top:.7rem}
.cause{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.2rem .9rem;margin-bottom:.8rem}
.cause .badge{width:2rem;height:2rem;border-radius:.6rem;display:grid;place-items:center;font-size:1.1rem}
.badge.good{background:var(--good-tint)}.badge.bad{background:var(--bad-tint)}.badge.care{background:var(--care-tint)}
.badge.off{background:var(--off-tint)}
.who a{font-weight:600}.word{font-weight:600;white-space:nowrap}.cause .word{font-size:.85rem;margin-left:.3rem}
.message{white-space:pre-wrap;margin-top:.15rem}
.part{display:inline-block;max-width:100%}
.noted{margin-top:.8rem}.noted>summary{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .7rem}
.note{padding:.55rem 0;border-bottom:1px solid var(--line);font-size:.93rem}.note:last-child{border:0;padding-bottom:0}
.note .who{font-size:.85rem}.note .who a{font-weight:400}
.id{font:13px/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.listing{padding:.35rem .5rem}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.4}
th{text-align:left;font-size:.75rem;font-weight:650;letter-spacing:.04em;text-transform:uppercase;color:var(--quiet)}
th,td{padding:.5rem .7rem;vertical-align:top;border-bottom:1px solid var(--line)}
tbody tr:last-child td{border-bottom:0}
tbody tr:hover{background:var(--raised)}
td.runner-name{min-width:11rem}td.runner-name a{font-weight:600}
.domain,.place,.told{display:block;font-size:.8rem}
.took{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.told{white-space:normal}
th{white-space:nowrap;overflow-wrap:normal}td{overflow-wrap:break-word}

td.runner-name,td.region,td[data-head=Stack]{overflow-wrap:anywhere}
.whole,.brief{white-space:nowrap}.brief{display:none}
.runner{margin:.8rem 0;overflow:hidden}
summary{list-style:none;cursor:pointer}summary::-webkit-details-marker{display:none}
.runner>summary{display:grid;grid-template-columns:auto minmax(9rem,auto) minmax(12rem,1fr) auto auto;gap:.2rem .9rem;
align-items:center;
padding:.8rem 1.25rem}
.runner>summary:hover{background:var(--raised)}
.runner>summary .icon.turn{color:var(--quiet);transition:transform .15s}
details[open]>summary .icon.turn{transform:rotate(90deg)}
.runner>summary .time{white-space:nowrap}
.runner>.inside{padding:0 1.25rem 1.4rem;border-top:1px solid var(--line)}
.inside>.quiet:first-child{margin-top:1.1rem}
.failure{margin-top:1.1rem;background:var(--bad-tint);border-radius:.7rem;padding:.9rem 1.1rem;display:grid;
grid-template-columns:auto minmax(0,1fr);gap:.15rem .7rem}
.failure .icon{grid-row:1/3;margin-top:.2rem;color:var(--bad);font-size:1.15rem}
.failure p{white-space:pre-wrap}
.steps{display:flex;margin-top:.2rem}
.steps li{flex:1;display:grid;justify-items:center;align-content:start;text-align:center;gap:.15rem;
position:relative;font-size:.85rem;
padding:0 .2rem;min-width:0}
.steps li+li::before{content:"";position:absolute;top:.95rem;right:calc(50% + 1.25rem);left:calc(-50% + 1.25rem);
height:2px;background:var(--line)}
.steps .badge{width:1.9rem;height:1.9rem;border-radius:50%;display:grid;place-items:center;font-size:1rem}
.steps b{font-weight:600}.steps span{font-size:.8rem}
.checks li{display:grid;grid-template-columns:7.2rem 14rem minmax(0,1fr);gap:.1rem 1rem;padding:.5rem 0;
border-bottom:1px solid var(--line)}
.checks li:last-child{border:0}
.remedy{display:flex;gap:.45rem;margin-top:.15rem}.remedy .icon{margin-top:.25rem;color:var(--accent)}
.values{display:grid;gap:0}
.values div{display:grid;grid-template-columns:15rem minmax(0,1fr) auto;gap:.1rem 1rem;align-items:center;
padding:.35rem 0;border-bottom:1px solid var(--line)}
.values div:last-child{border:0}
.values dt{color:var(--quiet)}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;user-select:all}
button.done{color:var(--good);border-color:var(--good)}
.chart{font-size:.85rem}
.row,.axis{display:grid;grid-template-columns:min(24rem,34%) minmax(0,1fr) 7.2rem;gap:.2rem .9rem;align-items:center}
.row{padding:.16rem 0}
.row:hover{background:var(--raised)}
.row .name b{font-weight:550;margin-right:.5rem}
.row .name span{color:var(--quiet);font-size:.75rem}
.track{position:relative;height:1.1rem;border-radius:.25rem;
background:repeating-linear-gradient(90deg,var(--line) 0 1px,transparent 1px var(--tick,25%))}
.track i{position:absolute;top:.16rem;bottom:.16rem;min-width:3px;background:var(--bar);border-radius:.25rem}
.track i.bad{background:var(--bar-bad)}
.row .took{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.axis{color:var(--quiet);font-size:.75rem;padding-bottom:.2rem}
.axis div{position:relative;height:1.2rem}
.axis div span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.axis div span:first-child{transform:none}
.counted{font-size:.9rem}.more{margin-top:.4rem}.more>summary{color:var(--accent);font-size:.85rem;width:max-content}
.console{margin-top:1.2rem}
footer{margin-top:2.5rem;color:var(--quiet);font-size:.82rem}
@media screen and (min-width:62rem){td.counts{min-width:9rem}td[data-head=Stack]{min-width:8rem}}
@media screen and (max-width:46rem){main,.top{padding-left:.8rem;padding-right:.8rem}.card{padding:1rem}
.tally{grid-template-columns:1fr 1fr;gap:.6rem 1.5rem}
.bar h2{flex:1 1 auto}.bar .field{flex:1 1 100%}.bar input{width:100%}
.runner>summary{grid-template-columns:auto minmax(0,1fr) auto;padding:.75rem .9rem}
.runner>summary .where{grid-column:2/4;grid-row:2}.runner>summary .time{display:none}
.runner>summary h2{font-size:.93rem}
.runner>.inside{padding:0 .9rem 1.1rem}
.steps{display:grid;gap:.3rem}.steps li{grid-template-columns:auto 7rem minmax(0,1fr);justify-items:start;
text-align:left;align-items:center;gap:.1rem .7rem;padding:0}.steps li+li::before{display:none}
.steps .badge{width:1.6rem;height:1.6rem;font-size:.9rem}
.checks li{grid-template-columns:auto minmax(50%,1fr)}.checks li p,.checks li .found{grid-column:1/3}
.values div{grid-template-columns:minmax(0,1fr) auto}.values dt{grid-column:1/3}
.row{grid-template-columns:minmax(0,1fr) auto;gap:.1rem .5rem;padding:.25rem 0}.row .took{grid-area:1/2}
.row .track{grid-area:2/1/3/3}.axis{display:block}.axis>span,.axis div span.minor{display:none}
.axis div span.late{transform:translateX(-100%)}
table,tbody{display:block}thead{display:none}
tr{display:flex;flex-wrap:wrap;gap:.05rem .7rem;padding:.6rem .4rem;border-bottom:1px solid var(--line)}
tbody tr:last-child{border:0}
td{display:block;border:0;padding:0;font-size:.82rem;min-width:0;overflow-wrap:anywhere}
td.runner-name{min-width:0;flex:1 1 60%;font-size:.92rem}td.took{text-align:left}
td.runner-name{order:-2}td.state{order:-1}td.counts::before{content:attr(data-head) ": ";color:var(--quiet)}
.full{display:none}.brief{display:inline}}
@media screen and (max-width:62rem){.place,.domain{display:none}th,td{padding-left:.4rem;padding-right:.4rem}}
/* On paper: one page for the fleet, and one for each runner that needs attention. What is folded stays folded, and all
   of it is in fleet.json. */
@page{size:A4;margin:12mm}
@media print{
body{background:#fff;font-size:9.5pt;line-height:1.35}
.scripted,.js .scripted,.bar.details,.times,.noted,.rest,details.more,section.attention,footer,
.runner:not(.attention),.turn{display:none!important}
main,.top{max-width:none;padding:0}.top{padding-bottom:.4rem}.mark{display:none}
.card,.runner{box-shadow:none;border-radius:0;border:0;padding:0;margin:0}
.tally{display:flex;flex-wrap:wrap;gap:.2rem 2rem}.tally b{font-size:13pt}.share{margin-top:.3rem;height:3pt}
.bar{margin:.6rem 0 .2rem}
table{font-size:7.5pt;line-height:1.2}th{font-size:7pt}
th,td{padding:2pt 3pt;border-bottom:.5pt solid var(--line)}td.runner-name{min-width:0}
.domain,.place{display:none}.told{font-size:7pt}
table.many{font-size:7pt;line-height:1.1}table.many th,table.many td{padding:.9pt 3pt}
.full{display:none}.brief{display:inline}thead{display:table-header-group}tr{break-inside:avoid}
.runner.attention{break-before:page;overflow:visible}
.steps b,.steps span{font-size:7.5pt;overflow-wrap:normal}
.runner.attention>summary{display:flex;align-items:baseline;gap:.8rem;
padding:0 0 .3rem;border-bottom:.5pt solid var(--line)}
.runner.attention::details-content{content-visibility:visible;block-size:auto}
.runner>.inside{padding:0;border:0}
.failure{border:.5pt solid var(--bad);padding:.4rem .6rem;margin-top:.5rem}
h3{margin:.8rem 0 .3rem}.checks li{padding:2pt 0;break-inside:avoid}
a{color:inherit;text-decoration:none}
}
"""
