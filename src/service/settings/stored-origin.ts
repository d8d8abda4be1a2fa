/**
 * Where the stored settings send sessions, for those who keep the Authorization value: it belongs to that origin.
 * May import: node.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Scheme, host and port; empty when no endpoint is stored, null when the settings cannot be read. */
export function storedOrigin(dataDir: string): string | null {
  try {
    const { submissionEndpoint } = JSON.parse(readFileSync(join(dataDir, 'settings.json'), 'utf8')) as Record<string, unknown>;
    return typeof submissionEndpoint === 'string' && URL.canParse(submissionEndpoint) ? new URL(submissionEndpoint).origin : '';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? '' : null;
  }
}
