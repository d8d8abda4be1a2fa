/**
 * Schemas are checked without generated code: zod would probe `eval`, which the Content-Security-Policy forbids and
 * reports. Imported before anything that parses.
 * May import: zod.
 */
import { z } from 'zod';

z.config({ jitless: true });
