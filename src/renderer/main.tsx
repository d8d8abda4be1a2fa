/**
 * Where the console begins.
 * May import: react, zod.
 */
import './model/language.ts';
import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import './styles/tokens.css';
import './styles/base.css';
import './ui/ui.css';
import './shell/shell.css';
// First of all that may parse: it sets how schemas are checked.
import './model/strict-csp.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { transportOf } from './client/transport.ts';
import { ConsoleProvider } from './model/console.tsx';
import { applyLook } from './model/preferences.ts';
import { App } from './shell/app.tsx';

applyLook();
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element "root"');
createRoot(root).render(
  <StrictMode>
    <ConsoleProvider transport={transportOf(window)}>
      <App />
    </ConsoleProvider>
  </StrictMode>,
);
