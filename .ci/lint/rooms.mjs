/**
 * Two rules of the house as lint rules: which room may import which (docs/architecture.md, "Rooms"), and that a file
 * opens with a comment that says what it is for.
 */
import { dirname, relative, resolve, sep } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Room -> what it may import: other rooms, packages by name, or `*` for any package. `node:` needs `node`. */
const rooms = [
  { room: 'machines', may: ['src/common', 'xstate'] },
  { room: 'src/common', may: ['zod'] },
  { room: 'src/service', may: ['src/common', 'machines', 'node', '*', '!electron', '!electron-store'] },
  { room: 'src/main', may: ['src/common', 'machines', 'src/service', 'node', '*'] },
  // The demo on the headless host starts the reference collector as a process of its own, so it imports nothing of it.
  { room: 'src/headless', may: ['src/common', 'machines', 'src/service', 'node', '*', '!electron', '!electron-store'] },
  { room: 'src/preload', may: ['src/common', 'electron'] },
  { room: 'src/renderer', may: ['src/common', 'machines', '*', '!electron', '!electron-store'] },
  { room: 'src/collector', may: ['src/common', 'node', '*', '!electron', '!electron-store'] },
];

const roomOf = (file) => rooms.find(({ room }) => file === room || file.startsWith(`${room}/`));
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function objection(file, specifier) {
  const home = roomOf(file);
  if (home === undefined) return null;
  if (specifier.startsWith('.')) {
    const target = relative(root, resolve(root, dirname(file), specifier))
      .split(sep)
      .join('/');
    const room = roomOf(target)?.room;
    if (room === home.room || home.may.includes(room)) return null;
    return `${home.room} may not import ${room ?? target}`;
  }
  if (specifier.startsWith('node:'))
    return home.may.includes('node') ? null : `${home.room} is pure: it may not import ${specifier}`;
  const name = packageOf(specifier);
  if (home.may.includes(`!${name}`)) return `${home.room} may not import ${name}`;
  return home.may.includes(name) || home.may.includes('*') ? null : `${home.room} may not import ${name}`;
}

const roomImports = {
  create(context) {
    const file = relative(root, context.filename).split(sep).join('/');
    const check = (node, specifier) => {
      const message = typeof specifier === 'string' ? objection(file, specifier) : null;
      if (message !== null) context.report({ node, message: `${message} (docs/architecture.md, "Rooms")` });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ImportExpression: (node) => check(node, node.source.value),
      // Machines take time and chance as input or through the actor clock.
      MemberExpression(node) {
        if (!file.startsWith('machines/')) return;
        const name = `${node.object.name}.${node.property.name}`;
        if (name === 'Date.now' || name === 'Math.random')
          context.report({ node, message: `a machine may not call ${name}: take it as input` });
      },
      CallExpression(node) {
        if (file.startsWith('machines/') && ['setTimeout', 'setInterval', 'fetch'].includes(node.callee.name))
          context.report({ node, message: `a machine may not call ${node.callee.name}: name a delay or an actor` });
      },
    };
  },
};

const fileOpensWithComment = {
  create(context) {
    return {
      Program(node) {
        const file = relative(root, context.filename).split(sep).join('/');
        if (roomOf(file) === undefined) return;
        if (!/^(#![^\n]*\n)?\s*\/\*\*/.test(context.sourceCode.text))
          context.report({ node, message: 'a file opens with a comment that says what it is for and what it may import' });
      },
    };
  },
};

export default {
  meta: { name: 'hl7-courier' },
  rules: { 'room-imports': roomImports, 'file-opens-with-comment': fileOpensWithComment },
};
