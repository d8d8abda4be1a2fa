/**
 * Drains a backlog with this courier: the whole service as `hl7-courier submit` carries it.
 * May import: src/service.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { makeLog } from '../../src/service/log.ts';
import { openService } from '../../src/service/service.ts';
import { cpuSecondsSince, giveResult, measuredInput } from './bench-process.ts';
import type { DrainInput } from './drain-bare.ts';

const { dataDir, url, concurrency } = measuredInput<DrainInput>();
const service = await openService({
  dataDir,
  command: 'submit',
  overrides: { submissionEndpoint: url, submissionConcurrency: concurrency, logLevel: 'error' },
  environment: {},
  log: makeLog({ level: 'error', stream: process.stderr, pretty: true }),
  version: 'bench',
  isAttended: false,
});
const eventLoop = monitorEventLoopDelay({ resolution: 5 });
eventLoop.enable();
const [cpuBefore, startedAt] = [process.cpuUsage(), performance.now()];
const { verdicts } = await service.runOneCycle();
const seconds = (performance.now() - startedAt) / 1000;
const cpuSeconds = cpuSecondsSince(cpuBefore);
eventLoop.disable();
await service.stop();
const done = [...verdicts.values()].filter((verdict) => verdict === 'submitted').length;
giveResult({ done, seconds, cpuSeconds, eventLoopP99Ms: eventLoop.percentile(99) / 1e6, eventLoopMaxMs: eventLoop.max / 1e6 });
