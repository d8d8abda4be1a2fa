/**
 * The page around the Stately inspector (inspection.ts): it hands on what the machines tell to the frame, and to that
 * frame's site only.
 * May import: nothing.
 */

const inspectorOrigin = 'https://stately.ai';

export const inspectorPolicy = `default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; frame-src ${inspectorOrigin}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

export const inspectorPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Machines of HL7 Courier</title>
    <style>html, body, iframe { height: 100%; width: 100%; margin: 0; border: 0; }</style>
    <script type="module" src="/inspector.js"></script>
  </head>
  <body><iframe src="${inspectorOrigin}/inspect" title="Stately inspector"></iframe></body>
</html>
`;

/** The frame says when it is ready; what was told before waits until then. */
export const inspectorScript = `
const frame = document.querySelector('iframe');
let waiting = [];
let isReady = false;
const hand = (event) => frame.contentWindow.postMessage(event, '${inspectorOrigin}');
addEventListener('message', ({ origin, data }) => {
  if (origin !== '${inspectorOrigin}' || data?.type !== '@statelyai.connected') return;
  isReady = true;
  waiting.forEach(hand);
  waiting = [];
});
new EventSource('/events').onmessage = ({ data }) => {
  const event = JSON.parse(data);
  if (isReady) hand(event);
  else if (waiting.push(event) > 5000) waiting.shift();
};
`;
