/**
 * The preload script of the console's window: puts the bridge on the page and nothing else.
 * May import: electron, src/common.
 */
import { contextBridge, ipcRenderer } from 'electron';
import { makeBridge } from './bridge.ts';

contextBridge.exposeInMainWorld('electron', makeBridge(ipcRenderer));
