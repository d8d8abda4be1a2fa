/**
 * The four lights (capture, disk, queue, endpoint): each a word, a glyph and a tone, read off the service's status.
 * May import: src/common.
 */
import type { Status } from '../../common/contract.ts';
import { unusableEndpointCode } from '../../common/problem-codes.ts';
import { bytes, count } from './format.ts';
import { machineWords, type Word } from './words.ts';

type Station = 'capture' | 'disk' | 'queue' | 'endpoint';
export interface Light extends Word {
  station: Station;
  name: string;
  /** What the sidebar says behind the name; the chip on the line says `word`. */
  figure: string;
}
export const noEndpoint = (status: Status): boolean => status.endpoint === undefined || status.endpoint === '';
/** Why the one that is set cannot be used; null: it can, or none is set. */
export const unusableEndpoint = (status: Status): string | null =>
  (status.problems ?? []).find(({ code }) => code === unusableEndpointCode)?.message ?? null;
/** Waiting because nothing can be sent. */
export const isHeld = (status: Status): boolean =>
  status.circuit?.state === 'open' || noEndpoint(status) || unusableEndpoint(status) !== null;

/** An interface is chosen, and somebody stopped capture: nothing is recorded, though it is meant to be. */
export const isCaptureStopped = ({ capture }: Status): boolean => capture?.state === 'stopped' && capture.interface !== undefined;
const hasProblem = ({ problems = [] }: Status, code: string): boolean => problems.some((each) => each.code === code);
/** What is captured cannot be written. */
export const cannotSave = (status: Status): boolean =>
  status.disk?.state === 'failing' || hasProblem(status, 'store.writeFailed');
export const cannotRead = (status: Status): boolean => hasProblem(status, 'store.readFailed');
/** Nothing is sent, whether or not something waits; where no endpoint is set yet, nothing has stopped. */
export const isSendingStopped = (status: Status): boolean =>
  status.circuit?.state === 'open' || unusableEndpoint(status) !== null || cannotSave(status) || cannotRead(status);

export function lightsOf(status: Status): Light[] {
  return [captureLight(status), diskLight(status), queueLight(status), endpointLight(status)];
}

function captureLight(status: Status): Light {
  const state = status.capture?.state ?? 'stopped';
  if (isCaptureStopped(status))
    return { station: 'capture', name: 'Capture', glyph: 'slash', tone: 'retry', word: 'Stopped', figure: 'Stopped' };
  const shown = machineWords.capture?.states[state];
  const word = state === 'stopped' ? 'Off' : (shown?.word ?? state);
  return {
    station: 'capture',
    name: 'Capture',
    glyph: state === 'stopped' ? 'slash' : (shown?.glyph ?? 'dashed'),
    tone: shown?.tone ?? 'off',
    word,
    figure: word,
  };
}
function diskLight(status: Status): Light {
  const disk = status.disk;
  const base = { station: 'disk' as const, name: 'Disk' };
  if (cannotSave(status)) return { ...base, glyph: 'bar', tone: 'fail', word: 'Cannot save', figure: 'Cannot save' };
  if (cannotRead(status)) return { ...base, glyph: 'bar', tone: 'fail', word: 'Cannot read', figure: 'Cannot read' };
  if (disk === undefined) return { ...base, glyph: 'tick', tone: 'ok', word: 'Healthy', figure: 'Healthy' };
  const free = `${bytes(disk.freeBytes)} free`;
  if (disk.state === 'low') return { ...base, glyph: 'warning', tone: 'retry', word: 'Nearly full', figure: free };
  return { ...base, glyph: 'tick', tone: 'ok', word: 'Healthy', figure: free };
}
function queueLight(status: Status): Light {
  const base = { station: 'queue' as const, name: 'Queue' };
  if (status.pending > 0 && isHeld(status))
    return { ...base, glyph: 'pause', tone: 'retry', word: 'Holding', figure: `${count(status.pending)} held` };
  if (status.pending === 0) return { ...base, glyph: 'tick', tone: 'ok', word: 'Empty', figure: 'Empty' };
  // A session that a device is still sending is pending too, and nothing of it can be sent.
  if (status.pending === (status.heldBack ?? 0))
    return { ...base, glyph: 'dashed', tone: 'wait', word: 'Receiving', figure: `${count(status.pending)} receiving` };
  // What cannot be read or recorded is not sent.
  if (cannotSave(status) || cannotRead(status))
    return { ...base, glyph: 'pause', tone: 'retry', word: 'Holding', figure: `${count(status.pending)} waiting` };
  return { ...base, glyph: 'tick', tone: 'ok', word: 'Moving', figure: `${count(status.pending)} waiting` };
}
function endpointLight(status: Status): Light {
  const base = { station: 'endpoint' as const, name: 'Endpoint' };
  if (unusableEndpoint(status) !== null) return { ...base, glyph: 'bar', tone: 'fail', word: 'Unusable', figure: 'Unusable' };
  if (noEndpoint(status)) return { ...base, glyph: 'slash', tone: 'off', word: 'Not set', figure: 'Not set' };
  const shown = machineWords.endpoint?.states[status.circuit?.state ?? 'closed'];
  if (shown === undefined) return { ...base, glyph: 'tick', tone: 'ok', word: 'Accepting', figure: 'Accepting' };
  return {
    ...base,
    glyph: shown.glyph,
    tone: shown.tone,
    word: shown.word === 'Testing with one' ? 'Testing' : shown.word,
    figure: shown.word === 'Testing with one' ? 'Testing' : shown.word,
  };
}
