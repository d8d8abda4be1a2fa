/**
 * How the console is built: one build for the desktop's window and for the headless host, into out/renderer. Paths are
 * relative, so that it works from a file and from any address.
 * May import: vite and its plugins.
 */
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { evaluatedAtBuild } from './machines/evaluate-at-build.ts';

/** The console speaks English: the controls' other languages, 30 KB of them, are not shipped. */
const englishOnly: Plugin = {
  name: 'english-only',
  load(id) {
    const other = /[\\/](?:react-aria|react-aria-components|react-stately)[\\/].*[\\/]intl[\\/].*?([a-z]{2}-[A-Z]{2})\.mjs$/.exec(
      id,
    );
    return other === null || other[1] === 'en-US' ? null : `export { default } from './en-US.mjs';`;
  },
};

/** The console checks payloads and never describes a schema: what zod needs for that, 5 KB, is shipped as empty functions. */
const noSchemaDescriptions: Plugin = {
  name: 'no-schema-descriptions',
  transform(code, id) {
    if (!/[\\/]zod[\\/]v4[\\/]core[\\/](?:to-json-schema|json-schema-processors)\.js$/.test(id)) return null;
    const declared = [...code.matchAll(/^export (?:const|function) (\w+)/gm)].map((match) => match[1] ?? '');
    const renamed = [...code.matchAll(/^export \{ \w+ as (\w+) \};/gm)].map((match) => match[1] ?? '');
    return {
      code: declared
        .concat(renamed)
        .map((name) => `export const ${name} = () => undefined;`)
        .join('\n'),
      map: null,
    };
  },
};

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  // Statecharts are read and laid out here: neither the machines nor the layout library are shipped.
  plugins: [react(), englishOnly, noSchemaDescriptions, evaluatedAtBuild('machines/drawings.ts')],
  build: {
    outDir: '../../out/renderer',
    emptyOutDir: true,
    // Inlined assets would need `data:` in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Said here, because electron-vite would leave the console as it is written.
    minify: 'oxc',
    cssMinify: true,
    target: 'es2023',
    rolldownOptions: {
      output: {
        codeSplitting: {
          // How schemas are checked must be set before the first schema is made: both are in one piece, evaluated first.
          groups: [{ name: 'zod', test: /node_modules[\\/]zod[\\/]|strict-csp/ }],
        },
      },
    },
    chunkSizeWarningLimit: 700,
  },
});
