/**
 * How the desktop application is built: host, preload script and console. The service's threads are entries of their
 * own, so that they land beside the host's bundle, which starts them by name.
 */
import { defineConfig } from 'electron-vite';
import renderer from './src/renderer/vite.config.ts';

export default defineConfig({
  main: {
    build: {
      // The host carries what it needs in itself: the package has no node_modules that could be incomplete or too large.
      externalizeDeps: false,
      rollupOptions: {
        // Development only, and not in the package (--inspect-machines).
        external: ['@statelyai/inspect'],
        input: {
          index: 'src/main/index.ts',
          'read-thread': 'src/service/store/read-thread.ts',
          'import-thread': 'src/service/imports/import-thread.ts',
          'record-thread': 'src/service/store/record-thread.ts',
        },
      },
    },
  },
  preload: {
    build: {
      // The window is sandboxed: its preload script has no `import`, so all it needs is bundled, as CommonJS.
      externalizeDeps: false,
      rollupOptions: { input: { index: 'src/preload/index.ts' }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    ...renderer,
    // electron-vite reads this file and what it imports as one: the console's own folder must be named here.
    root: 'src/renderer',
    build: { ...renderer.build, outDir: 'out/renderer', rollupOptions: { input: 'src/renderer/index.html' } },
  },
});
