/**
 * docs/architecture.md shows the statecharts as they are. `UPDATE_DOCS=1 npx vitest run tests/unit/docs` draws them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { AnyStateMachine } from 'xstate';
import { expect, test } from 'vitest';
import { captureMachine } from '../../../machines/capture.ts';
import { captureTroubleMachine } from '../../../machines/capture-trouble.ts';
import { causeMachine } from '../../../machines/cause.ts';
import { consoleMachine } from '../../../machines/console.ts';
import { endpointMachine } from '../../../machines/endpoint.ts';
import { interruptionMachine } from '../../../machines/interruption.ts';
import { importMachine } from '../../../machines/import.ts';
import { retentionMachine } from '../../../machines/retention.ts';
import { retryJobMachine } from '../../../machines/retry-job.ts';
import { sessionMachine } from '../../../machines/session.ts';
import { workerMachine } from '../../../machines/worker.ts';
import { stateDiagram } from '../../support/state-diagram.ts';

const page = new URL('../../../docs/architecture.md', import.meta.url);
const charts: Record<string, AnyStateMachine> = {
  worker: workerMachine,
  session: sessionMachine,
  endpoint: endpointMachine,
  retention: retentionMachine,
  capture: captureMachine,
  captureTrouble: captureTroubleMachine,
  cause: causeMachine,
  interruption: interruptionMachine,
  retryJob: retryJobMachine,
  import: importMachine,
  console: consoleMachine,
};

test.each(Object.entries(charts))('the page shows the %s machine as it is', (name, machine) => {
  const drawn = `<!-- chart: ${name} -->\n\`\`\`mermaid\n${stateDiagram(machine)}\n\`\`\``;
  const text = readFileSync(page, 'utf8');
  const shown = new RegExp(`<!-- chart: ${name} -->\n\`\`\`mermaid\n[^\`]*\`\`\``).exec(text)?.[0];
  if (process.env['UPDATE_DOCS'] === '1' && shown !== undefined)
    writeFileSync(
      page,
      text.replace(shown, () => drawn),
    );
  expect(process.env['UPDATE_DOCS'] === '1' ? drawn : shown).toBe(drawn);
});
