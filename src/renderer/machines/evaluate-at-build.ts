/**
 * A part of the console's build: a module that is evaluated by the build, in Node, and replaced by the values it exports.
 * The page gets the values as data; what they were computed from stays out of it. In development a change of anything the
 * module was made from evaluates it again.
 * May import: vite.
 */
import { normalizePath, runnerImport, type Plugin } from 'vite';

/** @param file a module whose exports are plain data, as it is found from the build's root. */
export function evaluatedAtBuild(file: string): Plugin {
  let wanted = '';
  const madeFrom = new Set<string>();
  return {
    name: 'evaluated-at-build',
    enforce: 'pre',
    configResolved({ root }) {
      wanted = normalizePath(`${root}/${file}`);
    },
    async load(id) {
      if (id !== wanted) return null;
      // Always afresh: Node itself would keep the first version of a changed machine.
      const { module, dependencies } = await runnerImport<Record<string, unknown>>(wanted, {
        configFile: false,
        logLevel: 'error',
      });
      for (const dependency of [wanted, ...dependencies]) {
        madeFrom.add(dependency);
        this.addWatchFile(dependency);
      }
      return Object.entries(module)
        .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
        .join('\n');
    },
    // What it was made from is no module of the page, so the development server would not connect the two.
    hotUpdate({ file: changed, modules }) {
      const evaluated = this.environment.moduleGraph.getModuleById(wanted);
      return madeFrom.has(changed) && evaluated !== undefined ? [...modules, evaluated] : undefined;
    },
  };
}
