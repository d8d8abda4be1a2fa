/**
 * Invented data for the console's tests and pictures: the same every time but for the clock it hangs on.
 * May import: src/common.
 */
import type { Activity, Cause, Device, LogLine, RetryJob, SessionState, Transition, UnderWay } from '../../src/common/console.ts';
import type { SessionFilter, SessionSort, SessionSummary, ShownSettings, Status } from '../../src/common/contract.ts';
import type { SessionFile } from '../../src/common/session.ts';
import { defaultSettings } from '../../src/common/settings.ts';

export type Scenario = 'healthy' | 'busy' | 'stopped' | 'empty' | 'large';

/** Mulberry32: small, and good enough for data that must only look alive. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const deviceList = [
  { label: 'CHEM-1', facility: 'Chemistry', address: '192.0.2.11', gapMs: 21_000, type: 'ORU^R01', quietMs: 4000, today: 612 },
  { label: 'CHEM-2', facility: 'Chemistry', address: '192.0.2.12', gapMs: 24_000, type: 'ORU^R01', quietMs: 19_000, today: 548 },
  {
    label: 'HEMA-1',
    facility: 'Haematology',
    address: '192.0.2.21',
    gapMs: 48_000,
    type: 'ORU^R01',
    quietMs: 11_000,
    today: 391,
  },
  {
    label: 'COAG-1',
    facility: 'Coagulation',
    address: '192.0.2.31',
    gapMs: 250_000,
    type: 'ORU^R01',
    quietMs: 182_000,
    today: 84,
  },
  {
    label: 'IMMU-1',
    facility: 'Immunoassay',
    address: '192.0.2.41',
    gapMs: 115_000,
    type: 'OUL^R22',
    quietMs: 86_000,
    today: 172,
  },
  {
    label: 'URIN-1',
    facility: 'Urinalysis',
    address: '192.0.2.51',
    gapMs: 390_000,
    type: 'ORU^R01',
    quietMs: 160_000,
    today: 47,
  },
] as const;

const hex = (value: number, digits: number) => Math.floor(value).toString(16).padStart(digits, '0').slice(-digits);

/** `total` sessions, the newest first, the last a few seconds ago. */
export function sessionsOf(scenario: Scenario, now: number, total: number): SessionSummary[] {
  const random = randomFrom(42);
  const stoppedAt = now - 727_000;
  let at = now - 4000;
  return Array.from({ length: total }, (_, index): SessionSummary => {
    const device = deviceList[[0, 1, 0, 2, 1, 0, 4, 1, 0, 2, 3, 0, 1, 2, 5][Math.floor(random() * 15)] ?? 0] ?? deviceList[0];
    const startTime = at;
    at -= Math.round(4000 + random() * 22_000);
    const id = `${hex(startTime / 65_536, 8)}-${hex(startTime, 4)}-7${hex(random() * 4096, 3)}-a${hex(random() * 4096, 3)}-${hex(random() * 2 ** 47, 12)}`;
    const state = stateAt(scenario, index, random(), startTime > stoppedAt);
    const attempts = attemptsOf(state, random());
    const durationMs = Math.round(Math.exp(4.6 + random() * 1.2));
    const summary: SessionSummary = {
      sessionId: id,
      counter: 48_251 - index + (total > 60_000 ? 60_000 : 0),
      startTime,
      endTime: startTime + 1400,
      deviceIP: device.address,
      lisIP: '192.0.2.5',
      device: device.label,
      messageType: device.type,
      messageCount: 1,
      isComplete: state !== 'incomplete',
      hasGaps: false,
      submissionStatus: state === 'submitted' || state === 'failed' || state === 'ignored' ? state : 'pending',
      submissionAttempts: attempts,
      savedAt: startTime + 2000,
      persistedUntil: startTime + 30 * 86_400_000,
      bytes: 2400 + Math.floor(random() * 4000),
      state,
    };
    if (attempts > 0) Object.assign(summary, { triedAt: startTime + 4000, durationMs });
    if (state === 'submitted') Object.assign(summary, { submittedAt: startTime + 4200, httpStatus: 201 });
    if (state === 'failed')
      Object.assign(summary, {
        httpStatus: 422,
        submissionError: 'HTTP 422 Unprocessable Entity (OBX-3.unknown-code)',
        causeId: 'refused-422-OBX-3.unknown-code',
      });
    if (state === 'attempt') Object.assign(summary, { attemptStartedAt: now - 100 });
    if (state === 'backoffWait')
      Object.assign(summary, { httpStatus: 503, submissionError: 'HTTP 503 Service Unavailable', nextAttemptAt: now + 4200 });
    if (state === 'deferred')
      Object.assign(summary, {
        submissionError: 'no answer within 30 s',
        nextAttemptAt: now + 192_000,
        causeId: 'unheard-ETIMEDOUT',
      });
    if (state === 'ignored')
      Object.assign(summary, { submissionError: 'damaged: capture gap', hasGaps: true, causeId: 'damaged' });
    return summary;
  });
}
function stateAt(scenario: Scenario, index: number, chance: number, isAfterStop: boolean): SessionState {
  if (scenario === 'stopped') return isAfterStop ? 'held' : 'submitted';
  if (index === 0) return 'attempt';
  if (index === 2) return 'backoffWait';
  if (scenario === 'healthy') return index === 3 ? 'ready' : 'submitted';
  if (index === 3) return 'ready';
  if ([9, 20, 61, 74, 90, 133, 150].includes(index)) return 'failed';
  if ([12, 40, 41, 55].includes(index)) return 'deferred';
  if (index === 15 || index === 300) return 'ignored';
  return scenario === 'large' && chance < 0.004 ? 'failed' : 'submitted';
}
const attemptsOf = (state: SessionState, chance: number) =>
  state === 'ready' || state === 'held' || state === 'ignored'
    ? 0
    : state === 'failed' || state === 'deferred'
      ? 3
      : chance < 0.06
        ? 2
        : 1;

/** What a service would find. */
export function filtered(all: readonly SessionSummary[], filter: SessionFilter = {}): SessionSummary[] {
  const text = filter.text?.toLowerCase();
  return all.filter(
    (each) =>
      (filter.status === undefined || filter.status.includes(each.submissionStatus)) &&
      (filter.state === undefined || filter.state.includes(each.state ?? 'ready')) &&
      (filter.device === undefined || filter.device === each.device || filter.device === each.deviceIP) &&
      (filter.messageType === undefined || each.messageType.startsWith(filter.messageType)) &&
      (filter.from === undefined || each.startTime >= filter.from) &&
      (filter.to === undefined || each.startTime < filter.to) &&
      (filter.hasError !== true || each.submissionError !== undefined) &&
      (filter.causeId === undefined || each.causeId === filter.causeId) &&
      (filter.afterRetries !== true || (each.submissionStatus === 'submitted' && each.submissionAttempts > 1)) &&
      (text === undefined ||
        [each.sessionId, String(each.counter), each.device, each.messageType, each.submissionError ?? ''].some((field) =>
          field.toLowerCase().includes(text),
        )),
  );
}
export function sorted(
  all: readonly SessionSummary[],
  sort: SessionSort = { by: 'startTime', descending: true },
): SessionSummary[] {
  const key = sort.by === 'sessionId' ? 'counter' : sort.by;
  const sign = sort.descending === true ? -1 : 1;
  return all.toSorted((a, b) => {
    const [left = '', right = ''] = [a[key], b[key]];
    return sign * (left < right ? -1 : left > right ? 1 : 0);
  });
}

export function statusOf(scenario: Scenario, now: number, sessions: readonly SessionSummary[]): Status {
  const of = (status: string) => sessions.filter(({ submissionStatus }) => submissionStatus === status).length;
  const pending = sessions.filter(({ submissionStatus }) => submissionStatus === 'pending');
  const isEmpty = scenario === 'empty';
  const isStopped = scenario === 'stopped';
  const isBusy = scenario === 'busy';
  const status: Status = {
    pending: isBusy ? 61 : of('pending'),
    submitted: of('submitted'),
    failed: of('failed'),
    ignored: of('ignored'),
    quarantined: isBusy ? 1 : 0,
    running: true,
    now,
    host: 'LAB-PC-02',
    version: '1.0.0',
    startedAt: now - 532_800_000,
    sampleData: true,
    circuit: isStopped
      ? {
          state: 'open',
          reason: 'the endpoint refuses our credentials (401); check submissionAuthHeader',
          cause: { kind: 'endpoint', httpStatus: 401 },
          since: now - 727_000,
          tries: 2,
        }
      : { state: 'closed' },
    worker: {
      state: isBusy ? 'dispatching' : 'idle',
      inFlight: isStopped || isEmpty ? 0 : isBusy ? 10 : 1,
      queueSize: isBusy ? 21 : 0,
      slots: isBusy ? 10 : 2,
      ready: isBusy ? 9 : 0,
      recording: isBusy ? 3 : 0,
      delayed: isStopped || isEmpty ? 0 : isBusy ? 18 : 1,
      nextCycleAt: now + (isStopped ? 168_000 : 192_000),
      ...(isStopped || isEmpty ? {} : { nextRetryAt: now + 4200 }),
    },
    capture: isEmpty
      ? { state: 'stopped', gaps: 0 }
      : { state: 'capturing', interface: 'eth1', gaps: 0, lastByteAt: now - 2000, ports: [2575], devices: 6 },
    disk: { state: 'healthy', freeBytes: 182e9, lastWriteAt: now - 2000 },
    rates: isEmpty ? { captured: 0, saved: 0, accepted: 0 } : { captured: 4.2, saved: 4.2, accepted: isStopped ? 0 : 4.1 },
    today: isEmpty
      ? { captured: 0, accepted: 0, failed: 0, ignored: 0 }
      : { captured: 1854, accepted: isStopped ? 1816 : 1851, failed: isBusy ? 7 : 0, ignored: isBusy ? 1 : 0 },
    openCauses: causesOf(scenario, now).filter(({ state }) => state === 'open').length,
  };
  const oldest = pending.at(-1);
  if (oldest !== undefined) status.oldestPendingAt = isStopped ? now - 724_000 : now - 6000;
  if (!isEmpty)
    Object.assign(status, {
      endpoint: 'https://results.example.org/hl7/sessions',
      lastAcceptedAt: isStopped ? now - 731_000 : now - 2000,
      lastInterruptionEndedAt: now - 11 * 86_400_000,
    });
  return status;
}

export function settingsOf(scenario: Scenario): ShownSettings {
  const { submissionAuthHeader: _secret, ...settings } = {
    ...defaultSettings,
    ...(scenario === 'empty' ? {} : { submissionEndpoint: 'https://results.example.org/hl7/sessions', captureInterface: 'eth1' }),
    submissionCaFile: 'internal-ca.pem',
    submissionConcurrency: scenario === 'busy' ? 10 : 2,
  };
  return {
    settings,
    secretsSet: scenario === 'empty' ? [] : ['submissionAuthHeader'],
    overridden: ['submissionCaFile'],
    overriddenBy: { submissionCaFile: 'set' },
  };
}

export function devicesOf(scenario: Scenario, now: number): Device[] {
  if (scenario === 'empty') return [];
  const random = randomFrom(7);
  return deviceList.map((device): Device => {
    const isQuiet = scenario === 'stopped' && device.label === 'URIN-1';
    return {
      label: device.label,
      facility: device.facility,
      address: device.address,
      lastSeenAt: now - (isQuiet ? 768_000 : device.quietMs),
      usualGapMs: device.gapMs,
      state: isQuiet ? 'quiet' : 'talking',
      lastHour: Array.from({ length: 30 }, () => Math.floor(random() * random() * (150_000 / device.gapMs + 1.6))),
      today: device.today,
    };
  });
}

export function activityOf(scenario: Scenario, span: Activity['span'], now: number): Activity {
  const [buckets, bucketMs] = span === '1h' ? [60, 60_000] : span === '24h' ? [96, 900_000] : [84, 7_200_000];
  const random = randomFrom(span === '1h' ? 3 : 5);
  const scale = bucketMs / 60_000;
  const stopped = scenario === 'stopped' ? now - 727_000 : Infinity;
  const from = Math.floor(now / bucketMs) * bucketMs - (buckets - 1) * bucketMs;
  const list = Array.from({ length: buckets }, (_, index) => {
    const start = from + index * bucketMs;
    const hour = new Date(start).getHours();
    const rhythm = span === '1h' ? 1 : hour < 6 ? 0.25 : hour < 18 ? 1 : 0.5;
    const wave = 3.9 + 1.3 * Math.sin(index / 9) + 1.5 * random();
    const amount = scenario === 'empty' ? 0 : Math.round(wave * scale * rhythm);
    const isStopped = start > stopped;
    const failed = scenario === 'busy' && index % 17 === 9 ? 1 : 0;
    return {
      captured: amount,
      accepted: isStopped ? 0 : amount,
      failed,
      ignored: 0,
      held: isStopped ? Math.round(((start - stopped) / 727_000) * 38) + 2 : 0,
    };
  });
  const sum = (key: 'captured' | 'accepted' | 'failed' | 'ignored') => list.reduce((total, bucket) => total + bucket[key], 0);
  const attempts = sum('accepted') + sum('failed');
  const factor = (30_000 / 10) ** (1 / 36);
  return {
    span,
    bucketMs,
    from,
    buckets: list,
    totals: { captured: sum('captured'), accepted: sum('accepted'), failed: sum('failed'), ignored: sum('ignored') },
    attempts: {
      count: attempts,
      ...(attempts === 0 ? {} : { p50Ms: 142, p95Ms: 388, p99Ms: 1240 }),
      histogram: Array.from({ length: 36 }, (_, index) => {
        const fromMs = 10 * factor ** index;
        const distance = (Math.log(fromMs) - Math.log(135)) / 0.62;
        return {
          fromMs,
          toMs: fromMs * factor,
          count: Math.round(attempts * 0.16 * Math.exp(-0.5 * distance * distance) * (0.85 + 0.3 * random())),
        };
      }),
      limitMs: 30_000,
    },
  };
}

export function causesOf(scenario: Scenario, now: number): Cause[] {
  const hour = 3_600_000;
  const resolved: Cause[] =
    scenario === 'empty'
      ? []
      : [
          {
            id: 'unheard-ECONNREFUSED',
            kind: 'unheard',
            state: 'resolved',
            code: 'ECONNREFUSED',
            count: 31,
            devices: ['CHEM-1', 'CHEM-2'],
            firstAt: now - 2 * hour,
            lastAt: now - 1.95 * hour,
            endedAt: now - 1.93 * hour,
            may: { retry: false, ignore: false },
          },
          {
            id: 'quiet-URIN-1',
            kind: 'quiet',
            state: 'resolved',
            count: 0,
            devices: ['URIN-1'],
            firstAt: now - 3.7 * hour,
            lastAt: now - 3 * hour,
            endedAt: now - 2.5 * hour,
            may: { retry: false, ignore: false },
          },
        ];
  if (scenario === 'stopped')
    return [
      {
        id: 'circuit',
        kind: 'circuit',
        state: 'open',
        httpStatus: 401,
        count: 38,
        devices: ['CHEM-1', 'CHEM-2', 'HEMA-1', 'IMMU-1'],
        firstAt: now - 727_000,
        lastAt: now - 132_000,
        nextTryAt: now + 168_000,
        may: { retry: false, ignore: false },
      },
      ...resolved,
    ];
  if (scenario !== 'busy' && scenario !== 'large') return resolved;
  return [
    {
      id: 'refused-422-OBX-3.unknown-code',
      kind: 'refused',
      state: 'open',
      httpStatus: 422,
      code: 'OBX-3.unknown-code',
      count: 7,
      devices: ['CHEM-1', 'CHEM-2'],
      firstAt: now - 1.65 * hour,
      lastAt: now - 0.1 * hour,
      lastRetriedAt: now - 9000,
      note: 'Endpoint team added the code at 09:40, retry started at 09:52.',
      may: { retry: true, ignore: true },
    },
    {
      id: 'unheard-ETIMEDOUT',
      kind: 'unheard',
      state: 'open',
      code: 'ETIMEDOUT',
      count: 4,
      devices: ['IMMU-1'],
      firstAt: now - 0.4 * hour,
      lastAt: now - 0.36 * hour,
      nextTryAt: now + 192_000,
      may: { retry: false, ignore: true },
    },
    {
      id: 'damaged',
      kind: 'damaged',
      state: 'open',
      count: 2,
      devices: ['HEMA-1'],
      firstAt: now - 2.9 * hour,
      lastAt: now - 2.8 * hour,
      may: { retry: false, ignore: false },
    },
    {
      id: 'unreadable',
      kind: 'unreadable',
      state: 'open',
      count: 1,
      devices: [],
      firstAt: now - 17.5 * hour,
      lastAt: now - 17.5 * hour,
      may: { retry: false, ignore: false },
    },
    {
      id: 'quiet-COAG-1',
      kind: 'quiet',
      state: 'muted',
      count: 0,
      devices: ['COAG-1'],
      firstAt: now - 26 * hour,
      lastAt: now - hour,
      may: { retry: false, ignore: false },
    },
    ...resolved,
  ];
}

export function jobsOf(scenario: Scenario, now: number): RetryJob[] {
  if (scenario !== 'busy') return [];
  return [
    {
      id: 'job-1',
      causeId: 'refused-422-OBX-3.unknown-code',
      state: 'running',
      total: 7,
      accepted: 3,
      sending: 2,
      failed: 0,
      toGo: 2,
      ramp: 4,
      startedAt: now - 9000,
    },
  ];
}

export function underWayOf(scenario: Scenario, now: number): UnderWay {
  const base: UnderWay = { at: now, sessions: [], ended: [], endedPerSecond: 0, slots: 2, underWayMax: 8, queueSize: 0 };
  const session = (counter: number, state: SessionState, extra: Partial<UnderWay['sessions'][number]> = {}) => ({
    sessionId: `s${counter}`,
    counter,
    state,
    since: now - 400,
    attempt: 1,
    ...extra,
  });
  if (scenario === 'stopped' || scenario === 'empty') return base;
  if (scenario !== 'busy')
    return {
      ...base,
      sessions: [
        session(48_251, 'attempt', { until: now + 29_900, since: now - 100 }),
        session(48_249, 'backoffWait', { until: now + 4200, attempt: 2, httpStatus: 503 }),
      ],
      ended: [48_250, 48_248, 48_247, 48_246, 48_245].map((counter) => session(counter, 'submitted', { httpStatus: 201 })),
      endedPerSecond: 0.1,
    };
  const ages = [100, 100, 200, 200, 300, 400, 600, 1800, 6400, 21_200];
  const waits = [1, 2, 5, 11, 27, 38, 52, 1, 3, 6, 14, 1, 3, 7, 19, 2, 4, 9];
  return {
    at: now,
    sessions: [
      session(51_187, 'ready', { attempt: 2 }),
      ...Array.from({ length: 8 }, (_, index) => session(51_231 + index, 'ready')),
      ...ages.map((age, index) => session(51_230 - index, 'attempt', { since: now - age, until: now - age + 30_000 })),
      ...[51_219, 51_218, 51_217].map((counter) => session(counter, 'recording')),
      ...waits.map((wait, index) =>
        session(51_180 - index * 7, 'backoffWait', {
          until: now + wait * 1000 - 300,
          attempt: 2,
          httpStatus: 503,
          reason: '503',
        }),
      ),
    ],
    ended: [
      session(51_214, 'submitted', { httpStatus: 201 }),
      session(51_213, 'submitted', { httpStatus: 201 }),
      session(51_212, 'submitted', { httpStatus: 200 }),
      session(51_211, 'deferred', { reason: 'no answer' }),
      session(51_210, 'submitted', { httpStatus: 201 }),
      session(51_209, 'failed', { httpStatus: 422 }),
      session(51_208, 'submitted', { httpStatus: 201 }),
      session(51_207, 'submitted', { httpStatus: 201 }),
    ],
    endedPerSecond: 4.1,
    slots: 10,
    underWayMax: 40,
    queueSize: 21,
  };
}

export function snapshotsOf(
  scenario: Scenario,
): { machine: string; id: string; value: string; context: Record<string, unknown> }[] {
  const values: Record<string, string> = {
    worker: scenario === 'busy' ? 'dispatching' : 'idle',
    endpoint: scenario === 'stopped' ? 'open' : 'closed',
    retention: 'idle',
    capture: scenario === 'empty' ? 'stopped' : 'capturing',
  };
  return Object.entries(values).map(([machine, value]) => ({ machine, id: machine, value, context: {} }));
}

/** The latest first. */
export function transitionsOf(scenario: Scenario, now: number): Transition[] {
  if (scenario === 'empty') return [];
  const step = (
    ago: number,
    machine: string,
    from: string,
    to: string,
    event: string,
    detail?: string,
    counter?: number,
  ): Transition => ({
    at: now - ago,
    machine,
    id: counter === undefined ? machine : `s${counter}`,
    from,
    to,
    event,
    ...(detail === undefined ? {} : { detail }),
    ...(counter === undefined ? {} : { counter }),
  });
  return [
    step(100, 'session', 'ready', 'attempt', 'slot.granted', undefined, 51_230),
    step(140, 'session', 'attempt', 'recording', 'xstate.done.actor.0.session.attempt', 'answer 201', 51_219),
    step(300, 'session', 'recording', 'submitted', 'xstate.done.actor.0.session.recording', 'on disk', 51_214),
    step(400, 'session', 'backoffWait', 'ready', 'xstate.after.retryDelay.session.backoffWait', 'wait over', 51_187),
    step(1100, 'session', 'recording', 'failed', 'xstate.done.actor.0.session.recording', 'refused 422', 51_209),
    step(1300, 'session', 'recording', 'backoffWait', 'xstate.done.actor.0.session.recording', '503, 2.1 s', 51_180),
    step(7000, 'worker', 'discovering', 'dispatching', 'xstate.done.actor.0.worker.discovering', 'found 61'),
    step(8000, 'worker', 'idle', 'discovering', 'cycle.requested'),
    step(6_406_000, 'endpoint', 'halfOpen', 'closed', 'delivery.accepted'),
    step(6_406_400, 'endpoint', 'open', 'halfOpen', 'cycle.started'),
    step(6_600_000, 'endpoint', 'closed', 'open', 'delivery.exhausted', '5 in a row'),
    step(35_000_000, 'retention', 'purging', 'idle', 'xstate.done.actor.0.retention.purging', '412 moved'),
    step(530_000_000, 'capture', 'starting', 'capturing', 'capture.started', 'eth1'),
  ];
}

export function logOf(scenario: Scenario, now: number): LogLine[] {
  if (scenario === 'empty')
    return [{ seq: 1, at: now - 4000, level: 'info', room: 'service', message: 'HL7 Courier 1.0.0 started' }];
  const texts: [LogLine['level'], string, string, LogLine['details']?][] = [
    [
      'info',
      'delivery',
      'Cycle ended: 61 found, 59 accepted, 1 failed, 1 deferred',
      { found: 61, accepted: 59, failed: 1, deferred: 1, durationMs: 14_820 },
    ],
    [
      'warn',
      'delivery',
      'Session 51209 was refused: 422 Unprocessable Entity',
      { httpStatus: 422, code: 'OBX-3.unknown-code', attempt: 1 },
    ],
    ['warn', 'delivery', 'Session 51180 is tried again in 2.1 s: HTTP 503 Service Unavailable', { httpStatus: 503, attempt: 1 }],
    ['info', 'delivery', 'Cycle started: 61 pending', { pending: 61 }],
    ['debug', 'store', 'Listing took 11 ms, 41208 files, 61 changed', { durationMs: 11, files: 41_208 }],
    ['info', 'capture', 'Session 51238 from CHEM-1 ended: 1 message, 4.2 KB', { device: 'CHEM-1', bytes: 4200 }],
    ['error', 'store', 'A file could not be read as a session and was moved to quarantine', { reason: 'no valid JSON' }],
    ['info', 'retention', 'Clean-up ended: 412 moved to trash, 98 MB', { moved: 412 }],
    ['info', 'endpoint', 'The endpoint accepts again after 4 min', {}],
    ['error', 'endpoint', 'Delivery stopped: five deliveries in a row used up their attempts (last: 503)', { httpStatus: 503 }],
  ];
  return Array.from({ length: 160 }, (_, index) => {
    const [level, room, message, details] = texts[index % texts.length] ?? ['info', 'service', '', {}];
    return {
      seq: 5000 - index,
      at: now - 2000 - index * 7300,
      level,
      room,
      message,
      ...(details === undefined ? {} : { details }),
    };
  });
}

const message = (summary: SessionSummary, text: string) =>
  [
    `MSH|^~\\&|${summary.device}|LAB|LIS|HOSPITAL|20261102095024||${summary.messageType}^${summary.messageType.replace('^', '_')}|20261102095024-0417|P|2.5.1|||AL|NE||UNICODE UTF-8`,
    'PID|1||4711-22-0815^^^LAB^MR||MUSTERMANN^ERIKA||19680312|F|||HEIDESTR. 17^^KÖLN^^51147',
    'PV1|1|I|W3^312^2',
    'ORC|RE|88123|A-9941||CM',
    'OBR|1|88123|A-9941|GLU^Glucose panel^L|||20261102094800',
    'OBX|1|NM|GLU-X2^Glucose^L||5.4|mmol/L|3.9-5.8|N|||F|||20261102094955',
    `OBX|2|TX|COM^Comment^L||${text}|||N|||F`,
    'NTE|1||Specimen slightly haemolysed',
  ].join('\r');

/** A whole file for one line of the table. `text` goes into a comment field. */
export function fileOf(summary: SessionSummary, text = 'Repeat in one week'): SessionFile {
  const content = message(summary, text);
  const bytes = Buffer.from(content, 'utf8');
  const started = summary.startTime + 4000;
  const answers = summary.state === 'failed' ? [503, 503, 422] : summary.submissionAttempts > 1 ? [503, 201] : [201];
  let at = started;
  return {
    _version: 1,
    _saved_at: summary.savedAt,
    id: summary.sessionId,
    sessionId: summary.counter,
    startTime: summary.startTime,
    endTime: summary.endTime,
    deviceIP: summary.deviceIP,
    lisIP: summary.lisIP,
    elements: [
      { id: 1, timestamp: summary.startTime, direction: 'device-to-pc', type: 'start', hexData: '05' },
      { id: 2, timestamp: summary.startTime + 20, direction: 'pc-to-device', type: 'ack', hexData: '06' },
      {
        id: 3,
        timestamp: summary.startTime + 400,
        direction: 'device-to-pc',
        type: 'message',
        hexData: bytes.toString('hex'),
        decodedMessage: content,
      },
      { id: 4, timestamp: summary.startTime + 430, direction: 'pc-to-device', type: 'ack', hexData: '06' },
      { id: 5, timestamp: summary.endTime, direction: 'device-to-pc', type: 'end', hexData: '04' },
    ],
    messages: [content],
    isComplete: summary.isComplete,
    persistedUntil: summary.persistedUntil,
    submissionStatus: summary.submissionStatus,
    submissionAttempts: summary.submissionAttempts,
    ...(summary.submittedAt === undefined ? {} : { submittedAt: summary.submittedAt }),
    ...(summary.submissionError === undefined ? {} : { submissionError: summary.submissionError }),
    submissionHistory: answers.slice(0, summary.submissionAttempts).map((httpStatus, index) => {
      const entry = {
        attempt: index + 1,
        startedAt: at,
        durationMs: [211, 204, 131][index] ?? 140,
        outcome: httpStatus < 300 ? ('accepted' as const) : httpStatus === 503 ? ('later' as const) : ('refused' as const),
        httpStatus,
      };
      at += entry.durationMs + 1112 * 2 ** index;
      return entry;
    }),
  };
}
