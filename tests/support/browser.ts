/**
 * A real Chromium for end to end tests: the one inside @sparticuz/chromium, else an installed Chrome.
 * May import: playwright-core, tests/support.
 */
import { chromium, type Browser } from 'playwright-core';
import { packedChromiumPath } from './packed-chromium.ts';

/** As root Chromium needs `--no-sandbox`; the others keep it from calling its maker's hosts. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Letters stand where they stand on a real screen.
  '--font-render-hinting=none',
];

/** How long one step in a page may take: many times what it takes on a quiet machine. */
export const stepLimitMs = 60_000;

export async function openBrowser(): Promise<Browser> {
  if (process.platform === 'linux' && process.arch === 'x64')
    return chromium.launch({ executablePath: await packedChromiumPath(), args: flags, headless: true });
  return chromium.launch({ channel: 'chrome', args: flags });
}
