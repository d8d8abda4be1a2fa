/**
 * What a benchmark says: a table for people, one JSON object for programs (`--json`).
 * May import: nothing.
 */

export interface Figure {
  what: string;
  value: number;
  unit: string;
  note?: string;
}
export interface Report {
  title: string;
  /** Sizes, machine, file system. */
  setting: string;
  figures: Figure[];
}

/** The last thing a benchmark does. */
export function giveReport(report: Report): void {
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const { title, setting, figures } = report;
  const width = Math.max(...figures.map(({ what }) => what.length));
  const lines = figures.map(({ what, value, unit, note }) =>
    `  ${what.padEnd(width)}  ${shown(value).padStart(9)} ${unit}${note === undefined ? '' : `   (${note})`}`.trimEnd(),
  );
  process.stdout.write(`\n${title}\n  ${setting}\n${lines.join('\n')}\n`);
}

/** What a long benchmark is at, beside its table. */
export function tellProgress(line: string): void {
  process.stderr.write(`  ... ${line}\n`);
}

function shown(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
