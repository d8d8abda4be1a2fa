/**
 * The desktop's host and preload script as electron.vite.config.ts builds them, without the console, which tests build on
 * its own (built-console.ts).
 * May import: the build's configuration.
 */
import config from '../../electron.vite.config.ts';

const { main, preload } = config as { main: object; preload: object };

export default { main, preload };
