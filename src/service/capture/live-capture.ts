/**
 * One run of the capture tool: dumpcap as a child process, its pcap stream into the pipeline.
 *   spawned -> tool.started (first bytes) -> tool.ended (it died);  stopped: what it already saw is taken in
 * May import: src/common, machines, src/service/capture, xstate, node:child_process.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fromCallback } from 'xstate';
import type { CaptureEvent, CapturePlan } from '../../../machines/capture.ts';
import type { Settings } from '../../common/settings.ts';
import type { CapturePipeline } from './capture-pipeline.ts';
import { droppedPackets, toolArguments, toolFailure, toolProgram } from './capture-tool.ts';
import { captureReader } from './pcap-reader.ts';

/** How long a tool that was told to stop may take to hand over what it saw. */
const drainMs = 1500;
const saidBytesMax = 16 * 1024;

export type ToolProcess = ChildProcessByStdio<null, Readable, Readable>;
export type SpawnTool = (program: string, args: readonly string[]) => ToolProcess;

/** Starts the real tool, in a process group of its own: a terminal's ctrl-C is for us, who end it when we are done. */
const spawnTool: SpawnTool = (program, args) =>
  spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true, detached: process.platform !== 'win32' });

export interface LiveCaptureTools {
  settings: () => Settings;
  /** The pipeline that takes the packets of this run; the one before, when the tool died in between. */
  pipeline: () => CapturePipeline;
  /** No tool feeds the pipeline any more, and none is to. */
  retire: (pipeline: CapturePipeline) => void;
  /** The tools that run, to leave their output unread while the disk cannot keep up. */
  running: Set<ToolProcess>;
  now: () => number;
  spawn?: SpawnTool | undefined;
  platform: string;
}

/** The actor that the machine calls `captureTool`. */
export function captureToolLogic({
  settings,
  pipeline: pipelineOf,
  retire,
  running,
  now,
  spawn: start = spawnTool,
  platform,
}: LiveCaptureTools) {
  return fromCallback<{ type: 'none' }, { plan: CapturePlan }>(({ sendBack, input: { plan } }) => {
    const send = (event: CaptureEvent): void => sendBack(event);
    const pipeline = pipelineOf();
    const run = {
      hasEnded: false,
      hasStarted: false,
      stoppedAtMs: Infinity,
      said: '',
      errorCode: undefined as string | undefined,
    };
    const reader = captureReader((packet) => {
      // What passed after a stop or a pause is not recorded, even if the tool still saw it.
      if (packet.atMs <= run.stoppedAtMs) pipeline.packet(packet);
    });
    const child = start(toolProgram(platform), toolArguments({ ...settings(), captureInterface: plan.interface }));
    running.add(child);
    let killTimer: NodeJS.Timeout | null = null;

    const started = (): void => {
      if (run.hasStarted) return;
      run.hasStarted = true;
      send({ type: 'tool.started' });
    };
    const ended = (exitCode: number | null): void => {
      if (run.hasEnded) return;
      run.hasEnded = true;
      if (killTimer !== null) clearTimeout(killTimer);
      running.delete(child);
      reader.end();
      const at = now();
      if (droppedPackets(run.said) > 0) send({ type: 'gap.found', gap: { at, isInSession: false } });
      if (run.stoppedAtMs !== Infinity) retire(pipeline);
      else
        send({ type: 'tool.ended', at, reason: toolFailure({ ...run, exitCode, captureInterface: plan.interface, platform }) });
    };

    child.stdout.on('data', (chunk: Buffer) => {
      // The head of the stream comes with the first packets, or at once; either way the tool is at work.
      started();
      reader.push(chunk);
      if (reader.problem !== null) child.kill();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      run.said = (run.said + text).slice(-saidBytesMax);
      if (/^File: /m.test(run.said)) started();
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      run.errorCode = error.code ?? 'unknown';
      // One that never started has no end to wait for.
      if (child.pid === undefined) ended(null);
    });
    child.on('close', (exitCode) => ended(exitCode));

    return () => {
      if (run.hasEnded) return;
      run.stoppedAtMs = now();
      child.stdout.resume();
      child.kill('SIGINT');
      killTimer = setTimeout(() => child.kill('SIGKILL'), drainMs);
    };
  });
}
