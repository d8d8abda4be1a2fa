/**
 * Types of what only the bundler knows: style sheets and globs.
 * May import: vite.
 */
/// <reference types="vite/client" />
