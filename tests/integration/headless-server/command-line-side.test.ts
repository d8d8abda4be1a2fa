/**
 * What the command line uses to find a running service and to speak with it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CourierError } from '../../../src/common/errors.ts';
import { apiClient } from '../../../src/headless/server/api-client.ts';
import { readServiceFile, runningService, serviceFilePath, writeServiceFile } from '../../../src/headless/server/service-file.ts';
import { makeToken } from '../../../src/headless/server/token.ts';
import { someStatus, startServer } from './courier-double.ts';
import { notRun } from '../../support/not-run.ts';

const isWindows = process.platform === 'win32';
const content = (url = 'http://127.0.0.1:1') => ({ pid: process.pid, url, token: makeToken(), startedAt: 1_790_000_000_000 });

test('service.json says where the service is, to its owner only, and goes with it', async () => {
  const folder = await freshFolder();
  const written = content();
  const remove = await writeServiceFile(folder, written);
  expect(JSON.parse(await readFile(serviceFilePath(folder), 'utf8'))).toEqual(written);
  expect(await readServiceFile(folder)).toEqual(written);
  if (!isWindows) expect((await stat(serviceFilePath(folder))).mode & 0o777).toBe(0o600);
  await remove();
  expect(await readdir(folder)).toEqual([]);
  await remove();
});

test('what a dead service left is replaced, and a later service’s file is not taken away by an earlier one', async () => {
  const folder = await freshFolder();
  const removeFirst = await writeServiceFile(folder, content());
  const second = content();
  await writeServiceFile(folder, second);
  await removeFirst();
  expect(await readServiceFile(folder)).toEqual(second);
  expect(await readdir(folder)).toEqual(['service.json']);
});

test('a folder that cannot be written is refused with the remedy, and the token is not in the message', async () => {
  const missing = join(await freshFolder(), 'gone');
  const written = content();
  const refusal = await writeServiceFile(missing, written).catch((error: unknown) => error);
  expect(refusal).toMatchObject({
    code: 'ERR_DATA_FOLDER_UNUSABLE',
    message: 'service.json cannot be written in the data folder (ENOENT); check its permissions and the free space.',
  });
  expect(String(refusal)).not.toContain(written.token);
});

test.each([
  ['nothing', ''],
  ['half a file', '{"pid": 1, "url": "http://127'],
  ['a list', '[]'],
  ['a token with a line break', JSON.stringify({ ...content(), token: `${makeToken()}\r\nX: y` })],
  ['a url of another kind', JSON.stringify(content('file:///etc/passwd'))],
  ['a url with user info', JSON.stringify(content('http://user@127.0.0.1:1'))],
  ['a process id of 0', JSON.stringify({ ...content(), pid: 0 })],
])('%s in service.json is no service', async (_name, text) => {
  const folder = await freshFolder();
  await writeFile(serviceFilePath(folder), text);
  expect([await readServiceFile(folder), await runningService(folder)]).toEqual([null, null]);
});

test('no service.json is no service', async () => {
  expect(await runningService(await freshFolder())).toBe(null);
});

test('a service runs when its process lives and it answers, healthy or not', async () => {
  const folder = await freshFolder();
  const { server, token } = await startServer({ health: async () => ({ ok: false }) });
  const written = { ...content(server.url), token };
  await writeServiceFile(folder, written);
  expect(await runningService(folder)).toEqual(written);
  await server.close();
  expect(await runningService(folder)).toBe(null);
});

test('a file left by a process that is gone is no service', async () => {
  const folder = await freshFolder();
  const { server } = await startServer();
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  await writeServiceFile(folder, { ...content(server.url), pid: child.pid ?? 1 });
  expect(await runningService(folder)).toBe(null);
});

test('another program at the old port, or one that says nothing, is no service', async () => {
  const folder = await freshFolder();
  await writeServiceFile(folder, content(await otherProgram((answer) => answer.end('<html>'))));
  expect(await runningService(folder)).toBe(null);
  await writeServiceFile(folder, content(await otherProgram(() => {})));
  expect(await runningService(folder, 50)).toBe(null);
});

test('the process of another user counts as living', async (context) => {
  if (isWindows || process.getuid?.() === 0) return notRun(context, 'needs a user who may not signal process 1');
  const folder = await freshFolder();
  const { server } = await startServer();
  await writeServiceFile(folder, { ...content(server.url), pid: 1 });
  expect(await runningService(folder)).not.toBe(null);
});

test('the client asks the contract’s requests of a running service', async () => {
  const { server, token, api } = await startServer();
  const client = apiClient({ url: server.url, token });
  expect(await client.request('getStatus', {})).toEqual(someStatus);
  api.answer = () => ({ queued: 1, unchanged: 2 });
  expect(await client.request('retrySubmission', { sessionIds: ['a'], again: true })).toEqual({ queued: 1, unchanged: 2 });
  expect(api.asked.at(-1)).toEqual({ name: 'retrySubmission', params: { sessionIds: ['a'], again: true } });
});

test('a refusal comes out of the client as it went into the server', async () => {
  const { server, token, api } = await startServer();
  const refusal = new CourierError('ERR_SESSION_NOT_FOUND', 'There is no session a.');
  api.answer = () => {
    throw refusal;
  };
  await expect(apiClient({ url: server.url, token }).request('getSession', { sessionId: 'a' })).rejects.toThrow(refusal);
  await expect(apiClient({ url: server.url, token: makeToken() }).request('getStatus', {})).rejects.toMatchObject({
    code: 'ERR_TOKEN_INVALID',
  });
});

test('a service that is gone is told by name, with the remedy', async () => {
  const { server, token } = await startServer();
  await server.close();
  await expect(apiClient({ url: server.url, token }).request('getStatus', {})).rejects.toMatchObject({
    code: 'ERR_SERVICE_NOT_RUNNING',
    message: 'The service does not answer; start it with "hl7-courier serve".',
  });
});

test('a service that hangs is not waited for without end', async () => {
  const url = await otherProgram(() => {});
  await expect(apiClient({ url, token: makeToken() }, 50).request('getStatus', {})).rejects.toMatchObject({
    code: 'ERR_SERVICE_NOT_RUNNING',
    message: 'The service did not answer within 0.05 seconds; look at its log, and try again.',
  });
});

test.each([['{"surprise":true}'], ['<html>'], ['{"error":{"code":"ERR_FROM_THE_FUTURE","message":"x"}}']])(
  'an answer that is none (%s) is not taken for one',
  async (text) => {
    const url = await otherProgram((answer) => answer.end(text));
    await expect(apiClient({ url, token: makeToken() }).request('getStatus', {})).rejects.toMatchObject({
      code: 'ERR_INTERNAL',
    });
  },
);

test('the token does not follow a redirect', async () => {
  const asked: (string | undefined)[] = [];
  const elsewhere = await otherProgram((answer, authorization) => {
    asked.push(authorization);
    answer.end('{}');
  });
  const url = await otherProgram((answer) => answer.writeHead(307, { location: elsewhere }).end());
  await expect(apiClient({ url, token: makeToken() }).request('getStatus', {})).rejects.toMatchObject({
    code: 'ERR_SERVICE_NOT_RUNNING',
  });
  expect(asked).toEqual([]);
});

test('a service.json that must not be read is no service', async (context) => {
  if (isWindows || process.getuid?.() === 0) return notRun(context, 'needs a user who cannot read everything');
  const folder = await freshFolder();
  await writeServiceFile(folder, content());
  await chmod(serviceFilePath(folder), 0);
  expect(await readServiceFile(folder)).toBe(null);
});

type Respond = (answer: import('node:http').ServerResponse, authorization: string | undefined) => void;
async function otherProgram(respond: Respond): Promise<string> {
  const server = createServer((request, answer) => respond(answer, request.headers.authorization));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hl7-courier-service-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}
