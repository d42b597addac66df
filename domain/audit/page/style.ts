/** The page's style: light and dark, wide and narrow, screen and paper. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--soft:#57606a;--line:#d0d7de;--card:#f6f8fa;--link:#0b57d0;--good:#116329;--goodbg:#dafbe1;--warn:#6f4400;--warnbg:#fff3cd;--bad:#9b1c1c;--badbg:#ffe3e0;--band:#d1242f;--look:#5b6b82;--stage:#7a5c00;--commit:#7c3aed;--restart:#1b7c83;--haproxy:#b54708;--verify:#1a7f37;--clusters:#0969da;--rollback:#a21caf;--record:#57606a}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--soft:#9ea7b3;--line:#30363d;--card:#161b22;--link:#8ab4f8;--good:#7ee2a0;--goodbg:#12301c;--warn:#f2cc60;--warnbg:#3a2d08;--bad:#ffb3ad;--badbg:#4a1414;--band:#ff6b6b}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:72rem;background:var(--bg);color:var(--fg);font:1rem/1.5 system-ui,sans-serif}
a{color:var(--link)}h1{font-size:1.5rem;margin:0}h2{font-size:1.2rem;margin:2rem 0 .5rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
code,pre{font:.85rem/1.45 ui-monospace,monospace}code,p,li{overflow-wrap:anywhere}
.verdict{margin:.75rem 0;padding:.75rem 1rem;border-left:6px solid;border-radius:4px}
.verdict p{margin:0}.unchanged,.changed-verdict{background:var(--goodbg);color:var(--good)}.drift,.running{background:var(--warnbg);color:var(--warn)}.refused,.failed-verdict{background:var(--badbg);color:var(--bad)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.5rem;margin:0 0 1rem}
.cards div{padding:.5rem .75rem;border:1px solid var(--line);border-radius:6px;background:var(--card);overflow-wrap:anywhere}
.cards dt{font-size:.8rem;color:var(--soft)}.cards dd{margin:0;font-weight:600}
nav a{margin-right:1rem}.skip{position:absolute;left:-99rem}.skip:focus{position:static}
.scroll{overflow-x:auto}:focus-visible{outline:3px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{padding:.35rem .6rem;border:1px solid var(--line);text-align:left;vertical-align:top}
caption{text-align:left;color:var(--soft);padding-bottom:.25rem}thead th,tr:first-child th{background:var(--card)}
td.good{background:var(--goodbg);color:var(--good)}td.changed{background:var(--warnbg);color:var(--warn)}td.bad{background:var(--badbg);color:var(--bad)}
details{margin:.4rem 0;border:1px solid var(--line);border-radius:6px;background:var(--card)}summary{padding:.4rem .75rem;cursor:pointer;overflow-wrap:anywhere}
pre{margin:0;padding:.5rem .75rem;overflow-x:auto;border-top:1px solid var(--line);background:var(--bg)}ins,.new{color:var(--good);text-decoration:none}del,.old{color:var(--bad);text-decoration:none}
svg text{font:11px system-ui,sans-serif;fill:var(--fg)}svg .name{font-weight:600}svg .axis{fill:var(--soft)}svg .bar{fill:#fff;pointer-events:none}svg .fault,svg text.outage{fill:var(--bad);font-weight:700}
svg .tick,svg .lane{stroke:var(--line);stroke-width:1}rect.fold{fill:var(--line);opacity:.35}rect.outage{fill:var(--band);opacity:.28}
path.failed{stroke:var(--band);stroke-width:2}
${['look', 'stage', 'commit', 'restart', 'haproxy', 'verify', 'clusters', 'rollback', 'record'].map((phase) => `path.${phase}{fill:var(--${phase})}i.${phase}{background:var(--${phase})}`).join('')}
i.outage{background:var(--band)}.legend span{margin-right:1rem;white-space:nowrap;font-size:.85rem}.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin-right:.3rem}
input{font:inherit;padding:.3rem .5rem;margin:.5rem 0;border:1px solid var(--soft);border-radius:4px;background:var(--bg);color:var(--fg);max-width:100%}
tr:target{outline:3px solid var(--link)}.soft{color:var(--soft)}
@media print{:root{color-scheme:light}body{max-width:none;font-size:9pt;padding:0}nav,.filter,.skip{display:none}h2{break-after:avoid}tr,details p{break-inside:avoid}.scroll{overflow:visible}svg{width:100%;height:auto}pre{white-space:pre-wrap;overflow-wrap:anywhere}*{print-color-adjust:exact}details::details-content{content-visibility:visible;block-size:auto}}
`.trim();

/** Filters the steps, and opens what is folded for print. Without it the page has everything, too. */
export const SCRIPT = `
const filter=document.getElementById('filter');
filter.addEventListener('input',()=>{const words=filter.value.toLowerCase().split(/\\s+/);let shown=0;
for(const row of document.querySelectorAll('tr[id^=step-]')){row.hidden=!words.every(word=>row.textContent.toLowerCase().includes(word));if(!row.hidden)shown++}
document.getElementById('shown').textContent=shown+(shown===1?' step':' steps');});
let closed=[];
addEventListener('beforeprint',()=>{closed=[...document.querySelectorAll('details:not([open])')];for(const one of closed)one.open=true});
addEventListener('afterprint',()=>{for(const one of closed)one.open=false});
addEventListener('hashchange',()=>{const row=document.querySelector(location.hash);const outer=row&&row.closest('details');if(outer){outer.open=true;row.scrollIntoView()}});
`.trim();
