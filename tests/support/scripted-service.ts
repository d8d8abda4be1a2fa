/**
 * A service for the console alone: answers the whole contract from invented data over HTTP and server-sent events, and
 * serves the built console under the Content-Security-Policy of the headless host. Tests make it stumble on purpose.
 * May import: src/common, node.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, resolve } from 'node:path';
import {
  requests,
  type CourierEvent,
  type RequestName,
  type SessionFilter,
  type SessionSummary,
  type Status,
} from '../../src/common/contract.ts';
import { CourierError, refusalOf } from '../../src/common/errors.ts';
import type { SessionFile } from '../../src/common/session.ts';
import { changedSettings, defaultSettings, type Settings } from '../../src/common/settings.ts';
import * as data from './scripted-data.ts';

const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const builtFolder = resolve(import.meta.dirname, '../../out/renderer');

export interface ScriptedService {
  url: string;
  /** Every request that came, the oldest first. */
  asked: { name: string; params: Record<string, unknown> }[];
  sessions: SessionSummary[];
  /** Sends an event to every console. */
  tell(event: CourierEvent): void;
  /** Sends anything at all. */
  tellRaw(name: string, text: string): void;
  /** Ends all event streams; while away, every call fails. */
  goAway(): void;
  comeBack(): void;
  /** Keeps the streams open and says nothing more. */
  goSilent(isSilent: boolean): void;
  /** From now on every call is answered 401. */
  refuseKey(): void;
  /** Changes what every further word on the status says. */
  amendStatus(change: Partial<Status>): void;
  /** Ends every cause, and tells nobody. */
  endCauses(): void;
  /** Replaces the answer to a request; a promise is waited for. */
  answer(name: RequestName, answer: (params: Record<string, unknown>) => unknown): void;
  close(): Promise<void>;
}

/** @param total how many sessions there are. */
export async function startScriptedService(
  scenario: data.Scenario,
  {
    total = scenario === 'empty' ? 0 : scenario === 'large' ? 100_000 : 3000,
    port = 0,
    consoleFolder = builtFolder,
    fileFor = data.fileOf as (summary: SessionSummary) => SessionFile,
  } = {},
): Promise<ScriptedService> {
  const now = () => Date.now();
  const startedAt = now();
  let sessions = data.sessionsOf(scenario, now(), total);
  const settings = { current: data.settingsOf(scenario) };
  let causes = data.causesOf(scenario, now());
  let jobs = data.jobsOf(scenario, now());
  const trash = new Map<string, SessionSummary>();
  const streams = new Set<ServerResponse>();
  const asked: ScriptedService['asked'] = [];
  const replaced = new Map<string, (params: Record<string, unknown>) => unknown>();
  let mode: 'here' | 'away' | 'silent' | 'refusing' = 'here';
  const versions = [
    { version: 6, at: now() - 12 * 86_400_000, changed: ['submissionEndpoint' as const] },
    { version: 5, at: now() - 40 * 86_400_000, changed: ['retentionDays' as const, 'trashDays' as const] },
  ];
  const accesses: { at: number; sessionId: string; counter: number; action: 'shown' | 'copied' | 'exported' }[] = [];

  const write = (name: string, text: string) => {
    if (mode === 'here') for (const stream of streams) stream.write(`event: ${name}\ndata: ${text}\n\n`);
  };
  const tell = (event: CourierEvent) => write(event.name, JSON.stringify(event.payload));
  let amended: Partial<Status> = {};
  const status = () => ({ ...data.statusOf(scenario, now(), sessions), ...amended });
  const changed = (list: SessionSummary[], removed: string[] = []) =>
    tell({ name: 'onSessionsChanged', payload: { added: [], changed: list, removed } });

  function chosen(params: { sessionId?: string; sessionIds?: string[]; filter?: SessionFilter }): SessionSummary[] {
    if (params.filter !== undefined) return data.filtered(sessions, params.filter);
    const ids = new Set(params.sessionIds ?? [params.sessionId]);
    return sessions.filter(({ sessionId }) => ids.has(sessionId));
  }
  function alter(list: SessionSummary[], change: Partial<SessionSummary>): number {
    for (const each of list) Object.assign(each, change);
    changed(list.slice(0, 500));
    tell({ name: 'onStatus', payload: status() });
    return list.length;
  }
  const causeOf = (causeId: string) => {
    const cause = causes.find(({ id }) => id === causeId);
    if (cause === undefined) throw new CourierError('ERR_ARGUMENT_INVALID', `There is no cause "${causeId}".`);
    return cause;
  };

  const answers: { [Name in RequestName]: (params: never) => unknown } = {
    triggerSubmissionNow: () => ({ started: true }),
    retrySubmission: (params: { sessionId?: string; sessionIds?: string[]; filter?: SessionFilter }) => ({
      queued: alter(chosen(params), { submissionStatus: 'pending', state: 'ready' }),
      unchanged: 0,
    }),
    retryFailed: () => ({ queued: 0, unchanged: 0 }),
    ignoreSession: (params: { sessionId?: string }) => ({
      ignored: alter(
        chosen(params).filter(({ submissionStatus }) => submissionStatus !== 'submitted'),
        { submissionStatus: 'ignored', state: 'ignored' },
      ),
      unchanged: 0,
    }),
    restoreSession: (params: { sessionIds?: string[] }) => {
      const back = (params.sessionIds ?? []).flatMap((id) => trash.get(id) ?? []);
      for (const each of back) trash.delete(each.sessionId);
      sessions = data.sorted([...sessions, ...back]);
      if (back.length > 0) tell({ name: 'onSessionsChanged', payload: { added: back, changed: [], removed: [] } });
      const ignored = chosen(params).filter(({ submissionStatus }) => submissionStatus === 'ignored');
      return { restored: back.length + alter(ignored, { submissionStatus: 'pending', state: 'ready' }), unchanged: 0 };
    },
    deleteSession: (params: { sessionId?: string }) => {
      const gone = chosen(params);
      for (const each of gone) trash.set(each.sessionId, each);
      sessions = sessions.filter(({ sessionId }) => !trash.has(sessionId));
      changed(
        [],
        gone.map(({ sessionId }) => sessionId),
      );
      return { deleted: gone.length, unchanged: 0 };
    },
    runCleanupNow: () => ({ started: true }),
    getSessions: (params: { filter?: SessionFilter; sort?: never; offset?: number; limit?: number }) => {
      const found = data.sorted(data.filtered(sessions, params.filter), params.sort);
      const offset = params.offset ?? 0;
      return { total: found.length, sessions: found.slice(offset, offset + (params.limit ?? 100)) };
    },
    getSession: ({ sessionId }: { sessionId: string }) => {
      const summary = sessions.find((each) => each.sessionId === sessionId);
      if (summary === undefined) throw new CourierError('ERR_SESSION_NOT_FOUND', 'This session is not here any more.');
      return { summary, session: fileFor(summary) };
    },
    getSettings: () => settings.current,
    updateSettings: (change: Record<string, unknown>) => {
      const next: Settings = changedSettings({ ...defaultSettings, ...settings.current.settings }, change);
      const { submissionAuthHeader: _secret, ...shown } = next;
      settings.current = {
        ...settings.current,
        settings: shown,
        secretsSet:
          'submissionAuthHeader' in change
            ? change.submissionAuthHeader === ''
              ? []
              : ['submissionAuthHeader']
            : settings.current.secretsSet,
      };
      tell({ name: 'onSettings', payload: settings.current });
      return settings.current;
    },
    getStatus: status,
    startCapture: () => ({ started: true }),
    stopCapture: () => ({ stopped: true }),
    pauseCapture: () => ({ paused: true }),
    resumeCapture: () => ({ resumed: true }),
    getNetworkInterfaces: () => ({
      interfaces: [
        { name: 'eth0', description: 'Office network', addresses: ['198.51.100.7'] },
        { name: 'eth1', description: 'Laboratory network', addresses: ['192.0.2.5'] },
      ],
    }),
    getActivity: ({ span }: { span: '1h' | '24h' | '7d' }) => data.activityOf(scenario, span, now()),
    getDevices: () => ({ devices: data.devicesOf(scenario, now()) }),
    getFacets: () => ({
      devices: scenario === 'empty' ? [] : data.deviceList.map(({ label, today }) => ({ value: label, count: today })),
      messageTypes:
        scenario === 'empty'
          ? []
          : [
              { value: 'ORU^R01', count: 1682 },
              { value: 'OUL^R22', count: 172 },
            ],
    }),
    getCauses: () => ({ causes }),
    setCauseNote: ({ causeId, note }: { causeId: string; note: string }) => {
      const cause = { ...causeOf(causeId), note };
      causes = causes.map((each) => (each.id === causeId ? cause : each));
      tell({ name: 'onCauses', payload: { causes: [cause] } });
      return { cause };
    },
    muteCause: ({ causeId, muted }: { causeId: string; muted: boolean }) => {
      const cause = { ...causeOf(causeId), state: muted ? ('muted' as const) : ('open' as const) };
      causes = causes.map((each) => (each.id === causeId ? cause : each));
      tell({ name: 'onCauses', payload: { causes: [cause] } });
      return { cause };
    },
    startRetryJob: (params: { causeId?: string; sessionIds?: string[]; filter?: SessionFilter }) => {
      const list = (params.causeId === undefined ? chosen(params) : data.filtered(sessions, { causeId: params.causeId })).filter(
        ({ submissionStatus }) => submissionStatus === 'failed' || submissionStatus === 'ignored',
      );
      const job = {
        id: `job-${jobs.length + 1}`,
        ...(params.causeId === undefined ? {} : { causeId: params.causeId }),
        state: 'running' as const,
        total: list.length,
        accepted: 0,
        sending: 1,
        failed: 0,
        toGo: Math.max(0, list.length - 1),
        ramp: 1,
        startedAt: now(),
      };
      jobs = [...jobs, job];
      tell({ name: 'onRetryJob', payload: job });
      return { job };
    },
    cancelRetryJob: ({ jobId }: { jobId: string }) => {
      const running = jobs.find(({ id }) => id === jobId);
      if (running === undefined) throw new CourierError('ERR_ARGUMENT_INVALID', `There is no retry "${jobId}".`);
      const job = { ...running, state: 'cancelled' as const, sending: 0, toGo: running.toGo + running.sending, endedAt: now() };
      jobs = jobs.map((each) => (each.id === jobId ? job : each));
      tell({ name: 'onRetryJob', payload: job });
      return { job };
    },
    getRetryJobs: () => ({ jobs }),
    getTransitions: ({ machine, id }: { machine?: string; id?: string }) => ({
      transitions: data
        .transitionsOf(scenario, startedAt)
        .filter((each) => (machine === undefined || each.machine === machine) && (id === undefined || each.id === id)),
    }),
    getLog: ({
      level = 'debug',
      text = '',
      limit = 500,
    }: {
      level?: 'error' | 'warn' | 'info' | 'debug';
      text?: string;
      limit?: number;
    }) => {
      const levels = ['error', 'warn', 'info', 'debug'];
      return {
        lines: data
          .logOf(scenario, now())
          .filter(
            (line) =>
              levels.indexOf(line.level) <= levels.indexOf(level) && line.message.toLowerCase().includes(text.toLowerCase()),
          )
          .slice(0, limit),
      };
    },
    testConnection: () => ({
      at: now(),
      durationMs: 214,
      result: 'failed',
      message: 'Reached, but our credentials are refused',
      steps: [
        { step: 'name', result: 'ok', durationMs: 3, message: 'results.example.org is 198.51.100.24' },
        { step: 'proxy', result: 'skipped', message: 'NO_PROXY covers this host' },
        { step: 'connection', result: 'ok', durationMs: 11, message: 'TCP port 443' },
        {
          step: 'certificate',
          result: 'ok',
          durationMs: 38,
          message: 'Issued by Lab Internal CA G2, from the CA file. Valid 143 more days. TLS 1.3.',
        },
        {
          step: 'credentials',
          result: 'failed',
          durationMs: 162,
          httpStatus: 401,
          message: 'The endpoint answered 401 Unauthorized and asks for a Bearer token.',
        },
        { step: 'path', result: 'unknown', message: 'Known once the credentials are accepted' },
      ],
    }),
    getSettingsVersions: () => ({ versions }),
    restoreSettingsVersion: () => settings.current,
    recordPatientAccess: (params: { sessionId?: string; sessionIds?: string[]; action: 'shown' }) => {
      const { sessionId, sessionIds = [], action } = params;
      const ids = sessionId === undefined ? sessionIds : [sessionId];
      const here = sessions.filter((each) => ids.includes(each.sessionId));
      for (const each of here) accesses.unshift({ at: now(), sessionId: each.sessionId, counter: each.counter, action });
      if (sessionId !== undefined) return { recorded: true };
      return { recorded: true, missing: ids.filter((id) => !here.some((each) => each.sessionId === id)) };
    },
    getPatientAccess: () => ({ entries: accesses }),
    beginImport: () => ({ importId: 'scripted' }),
    sendImportPiece: ({ offset }: { offset: number }) => ({ bytesReceived: offset }),
    endImport: () => {
      throw new CourierError('ERR_STORE_WRITE_FAILED', 'The scripted service keeps no sessions.');
    },
    cancelImport: () => ({ cancelled: true }),
    getImport: () => ({}),
    getHostOptions: () => ({ kind: 'headless', canChooseFile: false, secretStorage: 'file' }),
    setHostOptions: () => {
      throw new CourierError('ERR_STATE_CONFLICT', 'The headless host is started by the system, not at login.');
    },
    chooseFile: () => ({}),
  };

  function firstWords(stream: ServerResponse): void {
    const words: CourierEvent[] = [
      { name: 'onStatus', payload: status() },
      { name: 'onSettings', payload: settings.current },
      { name: 'onSubmissionProgress', payload: { inFlight: 1, queueSize: 0, activeWorker: true } },
      ...data.snapshotsOf(scenario).map((payload) => ({ name: 'onSnapshot' as const, payload })),
      { name: 'onUnderWay', payload: data.underWayOf(scenario, now()) },
      { name: 'onCauses', payload: { causes: causes.filter(({ state }) => state !== 'resolved') } },
      ...jobs.map((payload) => ({ name: 'onRetryJob' as const, payload })),
      { name: 'onTransitions', payload: { transitions: data.transitionsOf(scenario, startedAt).toReversed(), dropped: 0 } },
    ];
    for (const { name, payload } of words) stream.write(`event: ${name}\ndata: ${JSON.stringify(payload)}\n\n`);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (mode === 'away') {
      response.destroy();
      return;
    }
    if (path === '/api/events') {
      if (mode === 'refusing') {
        response.writeHead(401).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      streams.add(response);
      response.on('close', () => streams.delete(response));
      if (mode !== 'silent') firstWords(response);
      return;
    }
    if (path.startsWith('/api/')) return answerRequest(path.slice('/api/'.length), request, response);
    return serveFile(path, response);
  }
  async function answerRequest(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const send = (statusCode: number, body: unknown) =>
      response
        .writeHead(statusCode, { 'content-type': 'application/json' })
        .end(typeof body === 'string' ? body : JSON.stringify(body));
    if (mode === 'refusing') {
      send(401, { error: { code: 'ERR_ARGUMENT_INVALID', message: 'The token is not valid.' } });
      return;
    }
    try {
      if (!Object.hasOwn(requests, name)) throw new CourierError('ERR_REQUEST_UNKNOWN', `There is no request "${name}".`);
      const checked = requests[name as RequestName].params.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      if (!checked.success)
        throw new CourierError('ERR_PAYLOAD_INVALID', `The payload of ${name} is not valid: ${checked.error.message}`);
      asked.push({ name, params: checked.data as Record<string, unknown> });
      const answer = replaced.get(name) ?? (answers[name as RequestName] as (params: unknown) => unknown);
      send(200, await answer(checked.data as never));
    } catch (error) {
      send(error instanceof CourierError ? 400 : 500, refusalOf(error));
    }
  }
  async function serveFile(path: string, response: ServerResponse): Promise<void> {
    const file = join(consoleFolder, normalize(path === '/' ? '/index.html' : path));
    try {
      const content = await readFile(file);
      response
        .writeHead(200, {
          'content-type': types[extname(file)] ?? 'application/octet-stream',
          'content-security-policy': contentSecurityPolicy,
        })
        .end(content);
    } catch {
      response.writeHead(404).end();
    }
  }

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const heartbeat = setInterval(() => tell({ name: 'onStatus', payload: status() }), 1000);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    get sessions() {
      return sessions;
    },
    tell,
    tellRaw: write,
    goAway() {
      mode = 'away';
      for (const stream of streams) stream.destroy();
      streams.clear();
    },
    comeBack() {
      mode = 'here';
    },
    goSilent(isSilent) {
      mode = isSilent ? 'silent' : 'here';
    },
    refuseKey() {
      mode = 'refusing';
      for (const stream of streams) stream.destroy();
    },
    endCauses() {
      causes = causes.map((cause) => ({ ...cause, state: 'resolved', endedAt: now() }));
    },
    amendStatus(change) {
      amended = { ...amended, ...change };
      tell({ name: 'onStatus', payload: status() });
    },
    answer: (name, answer) => void replaced.set(name, answer),
    async close() {
      clearInterval(heartbeat);
      for (const stream of streams) stream.destroy();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
