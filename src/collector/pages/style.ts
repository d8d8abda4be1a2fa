/**
 * The look of the collector's pages: one style sheet and one icon, light and dark by the system.
 * May import: nothing.
 */

export const styleSheet = `:root {
  color-scheme: light dark;
  --canvas: light-dark(#f5f6f8, #0d1015); --panel: light-dark(#fff, #14181f); --sunken: light-dark(#eceef2, #0a0d11);
  --line: light-dark(#e2e5ea, #242a34); --edge: light-dark(#848d9b, #6a7482);
  --text: light-dark(#12161d, #e9ecf1); --second: light-dark(#434c5a, #aeb7c4); --third: light-dark(#5f6978, #8c96a5);
  --accent: light-dark(#2455c3, #8ab0ff); --tint: light-dark(#e8eefb, #182644);
  --ok: light-dark(#007660, #5fddaa); --okTint: light-dark(#e9f5f1, #112820);
  --warn: light-dark(#945901, #f0b23a); --warnTint: light-dark(#faf0dc, #2c2311);
  --mono: "JetBrains Mono", ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--canvas); color: var(--text);
  font: 14px/22px Inter, system-ui, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums; }
main, header > div { max-width: 1280px; margin: 0 auto; padding: 0 20px; }
header { background: var(--panel); border-bottom: 1px solid var(--line); }
header > div { display: flex; align-items: center; gap: 12px; min-height: 56px; flex-wrap: wrap; }
header img { width: 22px; height: 22px; display: block; }
header a { color: inherit; text-decoration: none; font-weight: 600; font-size: 15px; display: flex; gap: 10px; align-items: center; }
main { padding-top: 20px; padding-bottom: 48px; }
a { color: var(--accent); } a:focus-visible, input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
h1 { font-size: 20px; line-height: 28px; letter-spacing: -.016em; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 15px; line-height: 22px; margin: 28px 0 8px; }
.row { display: flex; gap: 12px; align-items: center; flex-wrap: wrap; margin-bottom: 16px; }
.row form { margin-left: auto; display: flex; gap: 8px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 0 0 20px; }
.figures div, .panel { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
.figures div { padding: 12px 16px; } .figures dt { color: var(--third); font-size: 12px; }
.figures dd { margin: 0; font-size: 26px; line-height: 32px; font-weight: 650; letter-spacing: -.025em; }
input[type=search] { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--edge); border-radius: 7px; height: 32px; padding: 0 10px; width: min(280px, 50vw); }
button, .button { font: inherit; height: 32px; line-height: 30px; padding: 0 12px; border: 1px solid var(--edge); border-radius: 7px;
  background: var(--panel); color: var(--text); text-decoration: none; cursor: pointer; white-space: nowrap; }
.button.on { border-color: var(--accent); background: var(--tint); color: var(--accent); font-weight: 600; }
.panel { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 500; font-size: 12px; color: var(--third); padding: 8px 16px; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 8px 16px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } tbody tr:hover { background: var(--tint); }
td.number, th.number { text-align: right; } td.quiet, .quiet { color: var(--second); } small { color: var(--third); display: block; font-size: 12px; line-height: 18px; }
code, .id { font-family: var(--mono); font-size: 12.5px; font-variant-ligatures: none; } .id { white-space: nowrap; } h1.id { font-size: 17px; white-space: normal; letter-spacing: 0; }
.chip { display: inline-block; border-radius: 6px; padding: 0 8px; font-size: 12px; line-height: 20px; background: var(--okTint); color: var(--ok); white-space: nowrap; }
.chip.warn { background: var(--warnTint); color: var(--warn); font-weight: 600; }
.pages { display: flex; gap: 8px; align-items: center; justify-content: flex-end; margin-top: 12px; color: var(--second); }
.empty { padding: 56px 24px; text-align: center; color: var(--second); } .empty strong { display: block; color: var(--text); font-size: 18px; line-height: 26px; margin-bottom: 6px; }
.empty code { background: var(--sunken); border-radius: 6px; padding: 4px 8px; display: inline-block; margin-top: 10px; overflow-wrap: anywhere; }
.notice { border: 1px solid var(--warn); background: var(--warnTint); border-radius: 10px; padding: 10px 16px; margin-bottom: 16px; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 6px 24px; margin: 0; padding: 14px 16px; }
dl.facts dt { color: var(--third); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
ol.segments { list-style: none; margin: 0; padding: 10px 16px; font: 12.5px/20px var(--mono); font-variant-ligatures: none; }
ol.segments li { overflow-wrap: anywhere; padding-left: 3.6em; text-indent: -3.6em; unicode-bidi: plaintext; }
ol.segments b { color: var(--accent); display: inline-block; width: 3.6em; text-indent: 0; font-weight: 650; }
ol.segments i { color: var(--third); }
@media (max-width: 720px) { .row form { margin-left: 0; } .wide { display: none; } }
`;

/** An envelope in a ring. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2455c3" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><rect x="1" y="1" width="22" height="22" rx="6" fill="#e8eefb"/><path d="M5 8h14v9H5z"/><path d="m5 8.5 7 5 7-5"/></svg>`;
