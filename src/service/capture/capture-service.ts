/**
 * The live capture as the service sees it: the machine with its tool, the pipeline behind it, and the store in front.
 *   settings -> plan -> machine -> dumpcap -> pipeline -> sessions -> store
 * May import: src/common, machines, src/service, xstate.
 */
import { createActor, type ActorRefFrom, type InspectionEvent } from 'xstate';
import { captureMachine, type CapturePlan, type CaptureState, type FoundGap } from '../../../machines/capture.ts';
import type { SessionFile } from '../../common/session.ts';
import type { Settings } from '../../common/settings.ts';
import type { Log } from '../log.ts';
import { CapturePipeline } from './capture-pipeline.ts';
import { captureToolLogic, type SpawnTool, type ToolProcess } from './live-capture.ts';
import { chanceId } from './session-id.ts';
import { SessionWriter } from './session-writer.ts';

/** How often what is overdue is looked for while nothing arrives. */
const tickMs = 250;
/** Packets reach us late by so much: time goes on in the pipeline only behind that. */
const lateMs = 1000;

export interface CaptureServiceTools {
  settings: Settings;
  /** Keeps a session; rejects when it cannot be written, and is asked again then. */
  store: { add: (session: SessionFile) => Promise<unknown> };
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Unix ms. */
  now: () => number;
  /** 0 (inclusive) to 1. */
  random: () => number;
  /** The number that operators see; one for each session. */
  nextCounter: () => number;
  /** Stands in for the capture tool in tests. */
  spawn?: SpawnTool;
  platform?: string;
  /** Watches the machine. */
  inspect?: (event: InspectionEvent) => void;
}

export interface CaptureStatus {
  state: CaptureState;
  interface?: string;
  gaps: number;
  reason?: string;
  lastGapAt?: number;
  /** The latest end of a session. */
  lastByteAt?: number;
  ports: number[];
}

export interface CaptureService {
  /** The machine, to be watched; emits `gap` and `session`. */
  readonly actor: ActorRefFrom<typeof captureMachine>;
  /** @returns whether the capture runs or is being started now. */
  start(): boolean;
  stop(): boolean;
  pause(): boolean;
  resume(): boolean;
  /** Takes over changed settings: another interface, port or framing restarts the capture, none stops it. */
  applySettings(settings: Settings): void;
  status(): CaptureStatus;
  /** Stops, and resolves when all that was captured is with the store. */
  close(): Promise<void>;
}

export function captureService(tools: CaptureServiceTools): CaptureService {
  const { store, log, now, random, nextCounter, platform = process.platform } = tools;
  let settings = tools.settings;
  let pipeline: CapturePipeline | null = null;
  let lastByteAt: number | null = null;
  const running = new Set<ToolProcess>();
  const drained: (() => void)[] = [];

  const writer = new SessionWriter({
    add: (session) => store.add(session),
    onWritten: ({ id }) => actor.send({ type: 'session.captured', id }),
    onFailed: (err, waiting) =>
      log.error(
        { err, waiting },
        'A captured session could not be written; it is kept in memory and tried again: free the disk.',
      ),
    onFull: (isFull) => {
      log.warn({ isFull }, isFull ? 'The disk cannot keep up; the capture tool is left unread.' : 'The disk keeps up again.');
      for (const { stdout } of running) {
        if (isFull) stdout.pause();
        else stdout.resume();
      }
    },
  });
  const madePipeline = (): CapturePipeline =>
    new CapturePipeline({
      get settings() {
        return settings;
      },
      stamp: { idOf: (startTime) => chanceId(startTime, random), nextCounter, now },
      onSession: (session) => {
        lastByteAt = Math.max(lastByteAt ?? 0, session.endTime);
        writer.add(session);
      },
      onGap: ({ atMs, ...gap }) => actor.send({ type: 'gap.found', gap: { at: Math.floor(atMs), ...gap } }),
    });
  const retire = (retired: CapturePipeline): void => {
    retired.interrupt(now());
    retired.flush();
    if (pipeline === retired) pipeline = null;
    if (running.size === 0) for (const resolve of drained.splice(0)) resolve();
  };

  const captureTool = captureToolLogic({
    settings: () => settings,
    // After a stop the old tool may still hand over what it saw: the new one starts afresh.
    pipeline: () => (pipeline ??= madePipeline()),
    retire,
    running,
    now,
    spawn: tools.spawn,
    platform,
  });
  const actor = createActor(captureMachine.provide({ actors: { captureTool } }), {
    input: { plan: planOf(settings) },
    ...(tools.inspect === undefined ? {} : { inspect: tools.inspect }),
  });
  actor.on('gap', ({ gap }) => noteGap(gap));
  const noteGap = ({ missingBytes, isInSession }: FoundGap): void => {
    if (!isInSession) log.warn({ missingBytes }, 'Bytes were not captured while no session was open; something may be missing.');
    else log.warn({ missingBytes }, 'Bytes of a session were not captured; it is marked as incomplete.');
  };
  let stateBefore: CaptureState = 'stopped';
  actor.subscribe(({ value, context }) => {
    if (value === stateBefore) return;
    stateBefore = value;
    log[value === 'failed' ? 'error' : 'info'](
      { state: value, interface: context.plan?.interface },
      context.reason ?? `Capture is ${value}.`,
    );
    if (value !== 'stopped' && value !== 'paused') return;
    const open = pipeline;
    pipeline = null;
    // With a tool at work, its last packets come first.
    if (open !== null && running.size === 0) retire(open);
  });
  actor.start();
  const timer = setInterval(() => pipeline?.tick(now() - lateMs), tickMs).unref();
  const state = (): CaptureState => actor.getSnapshot().value;
  if (settings.captureInterface !== '') actor.send({ type: 'start.requested' });

  return {
    actor,
    start() {
      actor.send({ type: 'start.requested' });
      return state() === 'starting' || state() === 'capturing';
    },
    stop() {
      actor.send({ type: 'stop.requested' });
      return state() === 'stopped';
    },
    pause() {
      actor.send({ type: 'pause.requested' });
      return state() === 'paused';
    },
    resume() {
      actor.send({ type: 'resume.requested' });
      return state() === 'starting' || state() === 'capturing';
    },
    applySettings(changed) {
      const isOther = planOf(changed)?.key !== planOf(settings)?.key;
      settings = changed;
      if (!isOther) return;
      // Another way of looking at packets begins with none.
      const open = pipeline;
      pipeline = null;
      if (open !== null && running.size === 0) retire(open);
      actor.send({ type: 'plan.changed', plan: planOf(changed) });
    },
    status() {
      const { context } = actor.getSnapshot();
      return {
        state: state(),
        ...(context.plan === null ? {} : { interface: context.plan.interface }),
        gaps: context.gaps,
        ...(context.reason === null ? {} : { reason: context.reason }),
        ...(context.lastGapAt === null ? {} : { lastGapAt: context.lastGapAt }),
        ...(lastByteAt === null ? {} : { lastByteAt }),
        ports: [...settings.capturePorts, ...settings.captureDevicePorts],
      };
    },
    async close() {
      if (actor.getSnapshot().status !== 'active') return;
      actor.send({ type: 'stop.requested' });
      clearInterval(timer);
      if (running.size > 0) await new Promise<void>((resolve) => drained.push(resolve));
      await writer.close();
      actor.stop();
    },
  };
}

/** What of the settings needs another run of the tool; null while no interface is set. */
function planOf(settings: Settings): CapturePlan | null {
  if (settings.captureInterface === '') return null;
  const { captureInterface, capturePorts, captureDevicePorts, captureFraming, captureMarkers } = settings;
  const key = JSON.stringify([captureInterface, capturePorts, captureDevicePorts, captureFraming, captureMarkers]);
  return { interface: captureInterface, key };
}
