/**
 * A tree as the lines that are seen, and where a key leads among them (WAI-ARIA Authoring Practices, tree view).
 * May import: react (types only).
 */
import type { ReactNode } from 'react';

export interface TreeNode {
  /** Of its own in the whole tree. */
  id: string;
  /** Typing its first letters goes there; missing: it is not found that way. */
  text?: string;
  /** Missing: it holds nothing. Asked for when it is open, so it must give the same nodes each time. */
  children?: () => readonly TreeNode[];
  /** Open at the start. */
  isOpenFirst?: boolean;
  /** What a copy of the line holds; missing: it cannot be copied. */
  copy?: string;
  /** Stands out from the others; its content says why. */
  isMarked?: boolean;
  content: (isOpen: boolean) => ReactNode;
}
export interface TreeLine {
  node: TreeNode;
  /** From 1, as its place among its neighbours and how many those are. */
  level: number;
  place: number;
  size: number;
  /** Index of the line that holds it; -1 at the top. */
  parent: number;
  isOpen: boolean;
}

/** The lines to be seen while these nodes are open. */
export function treeLines(nodes: readonly TreeNode[], opened: ReadonlySet<string>): TreeLine[] {
  const lines: TreeLine[] = [];
  const add = (some: readonly TreeNode[], level: number, parent: number): void => {
    some.forEach((node, index) => {
      const isOpen = node.children !== undefined && opened.has(node.id);
      lines.push({ node, level, place: index + 1, size: some.length, parent, isOpen });
      if (isOpen) add(node.children?.() ?? [], level + 1, lines.length - 1);
    });
  };
  add(nodes, 1, -1);
  return lines;
}

/** Ids of what is open at the start. */
export function openedFirst(nodes: readonly TreeNode[], opened = new Set<string>()): Set<string> {
  for (const { id, children, isOpenFirst } of nodes) {
    if (isOpenFirst !== true) continue;
    opened.add(id);
    openedFirst(children?.() ?? [], opened);
  }
  return opened;
}

export type TreeMove = { to: number } | { open: readonly string[] } | { close: string };

/** What a key means on line `at`; null: nothing here. @param pageLines how many lines a page is. */
export function moveOf(key: string, lines: readonly TreeLine[], at: number, pageLines: number): TreeMove | null {
  const line = lines[at];
  if (line === undefined) return null;
  const { node, isOpen, parent } = line;
  const mayOpen = node.children !== undefined && !isOpen;
  const to = (index: number): TreeMove => ({ to: Math.max(0, Math.min(lines.length - 1, index)) });
  switch (key) {
    case 'ArrowDown':
      return to(at + 1);
    case 'ArrowUp':
      return to(at - 1);
    case 'PageDown':
      return to(at + pageLines);
    case 'PageUp':
      return to(at - pageLines);
    case 'Home':
      return to(0);
    case 'End':
      return to(lines.length - 1);
    case 'ArrowRight':
      if (mayOpen) return { open: [node.id] };
      return isOpen && lines[at + 1]?.parent === at ? to(at + 1) : null;
    case 'ArrowLeft':
      if (isOpen) return { close: node.id };
      return parent < 0 ? null : to(parent);
    case 'Enter':
    case ' ':
      if (isOpen) return { close: node.id };
      return mayOpen ? { open: [node.id] } : null;
    case '*':
      return {
        open: lines.filter((each) => each.parent === parent && each.node.children !== undefined).map((each) => each.node.id),
      };
    default:
      return null;
  }
}

/** Index of the next line whose text begins so, from `at` on and around; null when there is none. */
export function lineNamed(typed: string, lines: readonly TreeLine[], at: number): number | null {
  // A first letter leads on to the next one, further letters may still mean the same.
  const first = typed.length > 1 ? 0 : 1;
  for (let step = first; step < lines.length + first; step += 1) {
    const index = (at + step) % lines.length;
    if (lines[index]?.node.text?.startsWith(typed) === true) return index;
  }
  return null;
}
