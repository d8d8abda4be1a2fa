/**
 * Capture files and HL7 text, chosen or dropped, and what came of each.
 *   choosing -> running (sending, reading) -> ended
 * May import: react, lucide-react.
 */
import { ArrowUp, FolderOpen, X } from 'lucide-react';
import { useEffect } from 'react';
import type { ImportResult } from '../../common/contract.ts';
import { useAsk, useConsole, useIsLive } from '../model/console.tsx';
import { bytes as size, count, counted } from '../model/format.ts';
import { closeImport } from '../model/import-place.ts';
import { noEndpoint } from '../model/lights.ts';
import { useQuery } from '../model/query.ts';
import { go } from '../model/route.ts';
import { Button } from '../ui/button.tsx';
import { FileDrop } from '../ui/file-drop.tsx';
import { GlyphMark, StatusMark } from '../ui/marks.tsx';
import { Window } from '../ui/window.tsx';
import {
  addFiles,
  beginAnew,
  cancelOther,
  chooseFiles,
  keyOf,
  startImport,
  takeOverImport,
  useImportState,
  type ImportState,
} from './import-state.ts';
import { addressOfFound, figuresOf, lastImport, objectionTo, remarksOf, summaryOf, wordOfFile } from './import-words.ts';
import './import.css';

export default function ImportWindow() {
  const state = useImportState();
  useMissedDrops();
  return (
    <Window title="Import capture files" isOpen onClose={state.type === 'running' ? closeImport : leave} size="wide">
      {state.type === 'choosing' && <Choosing state={state} />}
      {state.type === 'running' && <Running state={state} />}
      {state.type === 'ended' && <Ended state={state} />}
    </Window>
  );
}

/** A file that is dropped beside its place must not take the console's: the browser would show it instead. */
function useMissedDrops(): void {
  useEffect(() => {
    const keep = (event: DragEvent) => event.preventDefault();
    addEventListener('dragover', keep);
    addEventListener('drop', keep);
    return () => {
      removeEventListener('dragover', keep);
      removeEventListener('drop', keep);
    };
  }, []);
}

/** Closes the window; the next one begins anew. */
function leave(): void {
  closeImport();
  beginAnew();
}

const endings = ['.pcap', '.pcapng', '.cap', '.hl7', '.txt'];

function Choosing({ state: { files, problem, isOtherRunning } }: { state: Extract<ImportState, { type: 'choosing' }> }) {
  const ask = useAsk();
  const isLive = useIsLive();
  const objection = objectionTo(files);
  const said = objection ?? problem;
  return (
    <>
      <FileDrop
        label="Files to import"
        button="Choose files"
        icon={<FolderOpen aria-hidden="true" />}
        endings={endings}
        autoFocus
        onFiles={addFiles}
      >
        Drop captures (.pcap, .pcapng) or HL7 text (.hl7) here. A connection may go on in the next file.
      </FileDrop>
      {files.length > 0 && <FileList files={files} />}
      {files.length === 0 && said === null && <Before />}
      <Notice />
      {said !== null && (
        <div className="import-problem" role="alert">
          <GlyphMark glyph="warning" tone="retry" />
          <p>
            {said}{' '}
            {isOtherRunning && objection === null && (
              <button type="button" className="link-button" onClick={() => void cancelOther(ask)}>
                Cancel the other import
              </button>
            )}
          </p>
        </div>
      )}
      {!isLive && <p className="text2">Importing goes on when the service is back.</p>}
      <div className="window-actions">
        <Button onPress={leave}>Cancel</Button>
        <Button
          look="primary"
          isDisabled={!isLive || files.length === 0 || objection !== null}
          onPress={() => {
            // Not waited for: the window shows how far it is, and may be closed.
            void startImport(ask);
          }}
        >
          {files.length === 0 ? 'Import' : `Import ${counted(files.length, 'file')}`}
        </Button>
      </div>
    </>
  );
}

/** The import before this one, or one that another page began: it may have been this one, before it was loaded again. */
function Before() {
  const ask = useAsk();
  const standing = useQuery('getImport', {}).data?.import;
  useEffect(() => {
    if (standing?.state === 'reading') void takeOverImport(ask, standing);
  }, [ask, standing]);
  if (standing === undefined || standing.state === 'reading') return null;
  if (standing.state === 'receiving')
    return (
      <p className="text2" role="status">
        Another import is under way, from another console or from a page that was closed or loaded again.{' '}
        <button type="button" className="link-button" onClick={() => void cancelOther(ask)}>
          Cancel the other import
        </button>
      </p>
    );
  return (
    <p className="text2" role="status">
      {lastImport(standing)}
    </p>
  );
}

/** Where the files go, and what is done with what is in them. */
function Notice() {
  const host = useConsole(({ status }) => status?.host);
  const hasEndpoint = useConsole(({ status }) => status !== null && !noEndpoint(status));
  return (
    <p className="text2">
      These files hold patient data. They go to the service{host === undefined ? '' : ` on ${host}`}, are read there and removed.
      The sessions in them stay in its data folder{' '}
      {hasEndpoint ? 'and are delivered to the endpoint like captured ones.' : 'and are delivered once an endpoint is set.'} What
      was imported before is not added again; what this service captured by itself would be.
    </p>
  );
}

function FileList({ files }: { files: Extract<ImportState, { type: 'choosing' }>['files'] }) {
  const without = (index: number) => files.filter((_, at) => at !== index);
  return (
    <ol className="import-files scroll" aria-label="Files, in the order they are read" tabIndex={0}>
      {files.map((file, index) => (
        <li key={keyOf(file)}>
          <span className="import-name cut" title={file.name}>
            <bdi>{file.name}</bdi>
          </span>
          <span className="small text3 end whole">{size(file.size)}</span>
          <Button
            look="quiet"
            isSmall
            label={`Read ${file.name} earlier`}
            icon={<ArrowUp aria-hidden="true" />}
            isDisabled={index === 0}
            onPress={() => chooseFiles(without(index).toSpliced(index - 1, 0, file))}
          />
          <Button
            look="quiet"
            isSmall
            label={`Leave out ${file.name}`}
            icon={<X aria-hidden="true" />}
            onPress={() => chooseFiles(without(index))}
          />
        </li>
      ))}
    </ol>
  );
}

function Running({ state: { files, progress, cancel } }: { state: Extract<ImportState, { type: 'running' }> }) {
  const isReading = progress?.phase === 'reading';
  const words = isReading ? 'Reading the files' : 'Sending the files to the service';
  const name = files[progress?.file ?? 0]?.name ?? '';
  return (
    <>
      {/* Read out once, not at every step. */}
      <p role="status">{words}</p>
      <progress
        className="import-progress"
        aria-label={words}
        max={Math.max(1, progress?.total ?? 1)}
        value={progress?.done ?? 0}
      />
      <p className="small text2 import-step">
        <span className="whole">{`${size(progress?.done ?? 0)} of ${size(progress?.total ?? 0)}`}</span>
        {!isReading && (
          <span className="cut">
            File {count((progress?.file ?? 0) + 1)} of {count(files.length)}: <bdi>{name}</bdi>
          </span>
        )}
      </p>
      <p className="text2">
        {isReading
          ? 'It goes on when this window is closed. When it is cancelled, what was read until then stays.'
          : 'It goes on when this window is closed, as long as the page stays open. Nothing is imported before all is sent.'}
      </p>
      <div className="window-actions">
        <Button onPress={cancel}>Cancel import</Button>
        <Button autoFocus onPress={closeImport}>
          Close window
        </Button>
      </div>
    </>
  );
}

function Ended({ state: { files, result } }: { state: Extract<ImportState, { type: 'ended' }> }) {
  const found = addressOfFound(result);
  const names = result.files.map((_, index) => files[index]?.name ?? `File ${count(index + 1)}`);
  return (
    <>
      <p className="strong" role="status">
        {summaryOf(result)}
      </p>
      <ul className="import-results scroll" aria-label="What came of each file" tabIndex={0}>
        {result.files.map((file, index) => (
          // Files stay in their order.
          // oxlint-disable-next-line react/no-array-index-key
          <FileResult key={index} name={names[index] ?? ''} result={file} />
        ))}
      </ul>
      <div className="window-actions">
        <Button onPress={beginAnew}>Import more</Button>
        {found !== null && (
          <Button
            onPress={() => {
              leave();
              go(found);
            }}
          >
            Show them
          </Button>
        )}
        <Button look="primary" autoFocus onPress={leave}>
          Done
        </Button>
      </div>
    </>
  );
}

function FileResult({ name, result }: { name: string; result: ImportResult['files'][number] }) {
  return (
    <li>
      <StatusMark word={wordOfFile(result)} />
      <div>
        <p className="cut" title={name}>
          <bdi className="medium">{name}</bdi>
          <span className="text2">: {figuresOf(result)}</span>
        </p>
        {remarksOf(result).map((remark) => (
          <p key={remark} className="text2">
            {remark}
          </p>
        ))}
      </div>
    </li>
  );
}
