/** A tree as lines, and where the keys of the tree view pattern lead. */
import { describe, expect, test } from 'vitest';
import { lineNamed, moveOf, openedFirst, treeLines, type TreeNode } from '../../../src/renderer/ui/tree-lines.ts';

const node = (id: string, rest: Partial<TreeNode> = {}): TreeNode => ({ id, content: () => id, ...rest });
const nodes = [
  node('MSH', { text: 'MSH', isOpenFirst: true, children: () => [node('MSH-3'), node('MSH-4')] }),
  node('OBX 1', { text: 'OBX 1', children: () => [node('OBX-3')] }),
  node('OBX 2', { text: 'OBX 2', children: () => [] }),
];
const lines = treeLines(nodes, openedFirst(nodes));

test('what is open shows what it holds, each line with its level and place', () => {
  expect(lines.map(({ node: { id }, level, place, size, parent, isOpen }) => [id, level, place, size, parent, isOpen])).toEqual([
    ['MSH', 1, 1, 3, -1, true],
    ['MSH-3', 2, 1, 2, 0, false],
    ['MSH-4', 2, 2, 2, 0, false],
    ['OBX 1', 1, 2, 3, -1, false],
    ['OBX 2', 1, 3, 3, -1, false],
  ]);
});

describe('the key', () => {
  test.each([
    ['ArrowDown', 0, { to: 1 }],
    ['ArrowDown', 4, { to: 4 }],
    ['ArrowUp', 0, { to: 0 }],
    ['PageDown', 1, { to: 4 }],
    ['PageUp', 4, { to: 1 }],
    ['Home', 3, { to: 0 }],
    ['End', 0, { to: 4 }],
    ['ArrowRight', 0, { to: 1 }],
    ['ArrowRight', 1, null],
    ['ArrowRight', 3, { open: ['OBX 1'] }],
    ['ArrowLeft', 0, { close: 'MSH' }],
    ['ArrowLeft', 2, { to: 0 }],
    ['ArrowLeft', 3, null],
    ['Enter', 3, { open: ['OBX 1'] }],
    ['Enter', 0, { close: 'MSH' }],
    [' ', 1, null],
    ['*', 3, { open: ['MSH', 'OBX 1', 'OBX 2'] }],
    ['p', 0, null],
  ])('%s on line %i', (key, at, move) => {
    expect(moveOf(key, lines, at, 3)).toEqual(move);
  });

  test('means nothing in an empty tree, and leads nowhere into what holds nothing', () => {
    expect(moveOf('ArrowDown', [], 0, 3)).toBeNull();
    expect(moveOf('ArrowRight', treeLines(nodes, new Set(['OBX 2'])), 2, 3)).toBeNull();
  });
});

test('typing finds the next line that begins so, on and around', () => {
  expect(lineNamed('O', lines, 0)).toBe(3);
  expect(lineNamed('O', lines, 3)).toBe(4);
  expect(lineNamed('OBX', lines, 3)).toBe(3);
  expect(lineNamed('O', lines, 4)).toBe(3);
  expect(lineNamed('PID', lines, 0)).toBeNull();
  expect(lineNamed('MSH', lines, 4)).toBe(0);
});
