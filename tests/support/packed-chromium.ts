/**
 * The Chromium inside @sparticuz/chromium, which unpacks itself into the system's temporary folder at the first need. Test
 * files run side by side: the first one unpacks, the others wait, as the package takes a file that is still being written
 * for a whole one.
 * May import: @sparticuz/chromium, tests/support, node.
 */
import packedChromium from '@sparticuz/chromium';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alone } from './built-once.ts';

/** @returns the path of the executable. */
export async function packedChromiumPath(): Promise<string> {
  const release = await alone(join(tmpdir(), 'hl7-courier-chromium.unpacking'));
  try {
    return await packedChromium.executablePath();
  } finally {
    release();
  }
}
