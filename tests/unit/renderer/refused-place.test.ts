/** The place in a message that an endpoint's code names, found and marked in the tree of the message. */
import { describe, expect, test } from 'vitest';
import { messageNodes, pathToMarked } from '../../../src/renderer/sessions/message-nodes.tsx';
import { codeOf, placeName, placeOf, segmentsMeant } from '../../../src/renderer/sessions/refused-place.ts';
import { openedFirst, treeLines, type TreeNode } from '../../../src/renderer/ui/tree-lines.ts';

const message = 'MSH|^~\\&|CHEM-1|LAB\rPID|1||4711||DOE^JANE\rOBX|1|NM|GLU^Glucose||5.4|mmol/L\rOBX|2|TX|COM||Jane called';

describe('the place that a code names', () => {
  test.each([
    ['OBX-3', { segment: 'OBX', nth: null, field: 3, part: '' }],
    ['OBX-3.unknown-code', { segment: 'OBX', nth: null, field: 3, part: '' }],
    ['OBX-3.1', { segment: 'OBX', nth: null, field: 3, part: '1' }],
    ['OBX-3-1.2', { segment: 'OBX', nth: null, field: 3, part: '1.2' }],
    ['PID.5', { segment: 'PID', nth: null, field: 5, part: '' }],
    ['OBX[2]-5', { segment: 'OBX', nth: 2, field: 5, part: '' }],
    ['OBX[2]-5[1].3:missing', { segment: 'OBX', nth: 2, field: 5, part: '3' }],
    ['invalid:PV1-3', { segment: 'PV1', nth: null, field: 3, part: '' }],
    ['PV1', { segment: 'PV1', nth: null, field: null, part: '' }],
    ['PV1.missing', { segment: 'PV1', nth: null, field: null, part: '' }],
    ['PID-required', { segment: 'PID', nth: null, field: null, part: '' }],
  ])('%s', (code, place) => {
    expect(placeOf(code)).toEqual(place);
  });

  test.each([
    'unknown-code',
    'obx-3',
    'OBX3',
    'OBX-0',
    'OBX-100',
    'OBX-3.1.2.3',
    'OBX-3x',
    'OBX[0]-3',
    'ETIMEDOUT',
    '422',
    'a.OBX-3',
    '',
  ])('none in "%s"', (code) => {
    expect(placeOf(code)).toBeNull();
  });

  test('is read from the end of what is kept of the answer', () => {
    expect(codeOf('HTTP 422 Unprocessable Entity (OBX-3.unknown-code)')).toBe('OBX-3.unknown-code');
    expect(codeOf('HTTP 422 Unprocessable Entity')).toBeUndefined();
    expect(codeOf('HTTP 422 Unprocessable Entity (two words)')).toBeUndefined();
    expect(codeOf(undefined)).toBeUndefined();
  });

  test('is called as in the tree, with its part', () => {
    expect(['PV1', 'OBX-3', 'OBX-3.1'].map((code) => placeName(placeIn(code)))).toEqual(['PV1', 'OBX-3', 'OBX-3.1']);
  });

  test('may be meant of several segments, of one when the code counts them, of none that is not there', () => {
    expect(segmentsMeant([message, message], placeIn('OBX-3'))).toBe(4);
    expect(segmentsMeant([message, message], placeIn('OBX[2]-3'))).toBe(2);
    expect(segmentsMeant([message], placeIn('OBX[3]-3'))).toBe(0);
    expect(segmentsMeant([message], placeIn('OB1-3'))).toBe(0);
    expect(segmentsMeant([message.replaceAll('\r', '\r\n')], placeIn('PID-5'))).toBe(1);
  });
});

describe('the tree of a message', () => {
  test('marks the field that is named, and leads to the first of them', () => {
    const nodes = nodesOf([message], 'OBX-3.unknown-code');
    expect(marked(nodes)).toEqual(['1/2/OBX-3', '1/3/OBX-3']);
    expect(pathToMarked(nodes)).toEqual(['1/2', '1/2/OBX-3']);
  });

  test('marks the one that is counted, in each message', () => {
    const nodes = nodesOf([message, message], 'OBX[2]-5');
    expect(marked(nodes)).toEqual(['1/3/OBX-5', '2/3/OBX-5']);
    expect(pathToMarked(nodes)).toEqual(['1', '1/3', '1/3/OBX-5']);
  });

  test('marks a segment when no field of it is named', () => {
    expect(marked(nodesOf([message], 'PID.required'))).toEqual(['1/1']);
  });

  test('shows a field that is named and empty, behind the last one too', () => {
    expect(marked(nodesOf([message], 'PID-4'))).toEqual(['1/1/PID-4']);
    expect(marked(nodesOf([message], 'PID-19'))).toEqual(['1/1/PID-19']);
    expect(marked(nodesOf([message], 'MSH-9'))).toEqual(['1/0/MSH-9']);
  });

  test('marks nothing for a code that names no place', () => {
    const nodes = messageNodes([message], false) ?? [];
    expect(marked(nodes)).toEqual([]);
    expect(pathToMarked(nodes)).toBeNull();
  });

  test('lets what is hidden not be copied, marked or not', () => {
    const copies = (isShown: boolean) =>
      allOf(messageNodes([message], isShown, placeIn('PID-5')) ?? []).flatMap(({ copy }) => copy ?? []);
    expect(copies(false)).not.toContain('DOE^JANE');
    expect(copies(false)).not.toContain('Jane called');
    expect(copies(false)).toContain('5.4');
    expect(copies(true)).toEqual(expect.arrayContaining(['DOE^JANE', 'Jane called', '4711']));
  });

  test('opens a short message whole, a long one closed, and of several messages the first', () => {
    const seen = (messages: string[]) => {
      const nodes = messageNodes(messages, false) ?? [];
      return treeLines(nodes, openedFirst(nodes)).length;
    };
    expect(seen([message])).toBe(19);
    expect(seen([message + '\rOBX|3|NM|X||1'.repeat(20)])).toBe(24);
    expect(seen([message, message, 'H|\\^&\rP|1'])).toBe(3 + 19);
  });

  test('holds the lines of a message that is no HL7, patient lines hidden; alone, such a message has no tree', () => {
    const nodes = messageNodes([message, 'H|\\^&\rP|1||DOE'], false) ?? [];
    expect(nodes[1]?.children?.().map(({ copy }) => copy)).toEqual(['H|\\^&', undefined]);
    expect(messageNodes(['plain words'], false)).toBeNull();
  });
});

function placeIn(code: string) {
  const found = placeOf(code);
  if (found === null) throw new Error(`no place in ${code}`);
  return found;
}
const nodesOf = (messages: string[], code: string) => messageNodes(messages, false, placeIn(code)) ?? [];
function allOf(nodes: readonly TreeNode[]): TreeNode[] {
  return nodes.flatMap((node) => [node, ...allOf(node.children?.() ?? [])]);
}
const marked = (nodes: readonly TreeNode[]) => allOf(nodes).flatMap(({ id, isMarked }) => (isMarked === true ? [id] : []));
