/**
 * The small page shown while the application ends: it says what is being waited for. It has no script, and its few styles
 * are the browser's own, so that the strict policy holds for it too.
 * May import: nothing.
 */

export const stoppingPath = '/stopping.html';

export const stoppingPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="color-scheme" content="light dark" />
    <title>HL7 Courier is stopping</title>
  </head>
  <body>
    <h3>Finishing what is on its way</h3>
    <p>HL7 Courier waits for the answers of the endpoint, 10 seconds at most, and closes by itself.</p>
    <p>Nothing is lost: what is not delivered yet goes out after the next start.</p>
  </body>
</html>
`;
