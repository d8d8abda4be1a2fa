/**
 * What a session holds: the messages as a tree, raw, as bytes; and its file. Patient fields are hidden until asked for.
 * May import: react, lucide-react, @medplum/core (by hl7.ts).
 */
import { Copy } from 'lucide-react';
import { useImperativeHandle, useMemo, useRef, useState, type Ref } from 'react';
import type { SessionElement, SessionFile } from '../../common/session.ts';
import { bytes, clockMs, count } from '../model/format.ts';
import { Button } from '../ui/button.tsx';
import { Tree, type TreeHandle } from '../ui/tree.tsx';
import { messageNodes, pathToMarked } from './message-nodes.tsx';
import { bytesOf, linesOf, withoutForeign } from './patient.ts';
import type { RefusedPlace } from './refused-place.ts';
import { Masked, TextValue } from './text-value.tsx';

/** More lines than this are shown in steps: a batch can have thousands. */
const linesStep = 120;
const hexStep = 2048;

interface ContentProps {
  session: SessionFile;
  isShown: boolean;
  onCopy: (text: string) => void;
}

export interface MessageHandle {
  /** Goes to the place that the endpoint's code names. */
  goToRefused(): void;
}
export function MessageView({
  ref,
  session,
  isShown,
  onCopy,
  refused,
}: ContentProps & { ref: Ref<MessageHandle>; refused: RefusedPlace | null }) {
  const tree = useRef<TreeHandle>(null);
  const { messages } = session;
  const nodes = useMemo(() => messageNodes(messages, isShown, refused), [messages, isShown, refused]);
  const path = useMemo(() => (refused === null || nodes === null ? null : pathToMarked(nodes)), [nodes, refused]);
  useImperativeHandle(ref, () => ({ goToRefused: () => path !== null && tree.current?.goTo(path) }));
  if (messages.length === 0)
    return <p className="content-note">This session holds no whole message. Its pieces are under Bytes.</p>;
  if (nodes === null)
    return (
      <>
        <p className="content-note">This is no HL7 message; it is shown as it is.</p>
        <div className="raw">
          <RawLines message={messages[0] ?? ''} isShown={isShown} />
        </div>
      </>
    );
  return <Tree ref={tree} label="Message" nodes={nodes} startAt={path} onCopy={onCopy} />;
}

export function RawView({ session, isShown, onCopy }: ContentProps) {
  return (
    <>
      {session.messages.map((message, index) => (
        <div key={`${session.id} ${index + 1}`} className="raw">
          <div className="row">
            <h3>{session.messages.length === 1 ? 'Message' : `Message ${index + 1} of ${session.messages.length}`}</h3>
            <span className="space" />
            <Button
              isSmall
              icon={<Copy aria-hidden="true" />}
              onPress={() =>
                onCopy(
                  linesOf(message, isShown)
                    .map(({ text }) => text)
                    .join('\r\n'),
                )
              }
            >
              {isShown ? 'Copy' : 'Copy without patient fields'}
            </Button>
          </div>
          <RawLines message={message} isShown={isShown} />
        </div>
      ))}
      {session.messages.length === 0 && <p className="content-note">This session holds no whole message.</p>}
    </>
  );
}
function RawLines({ message, isShown }: { message: string; isShown: boolean }) {
  const [shownCount, setShownCount] = useState(linesStep);
  const lines = useMemo(() => linesOf(message, isShown), [message, isShown]);
  return (
    <div className="raw-lines mono" tabIndex={0} role="region" aria-label="Raw message">
      {lines.slice(0, shownCount).map(({ text, isHidden }, index) => (
        <div key={`${index + 1}`}>
          <TextValue value={text} />
          {isHidden && <Masked />}
        </div>
      ))}
      {lines.length > shownCount && (
        <button type="button" className="link-button" onClick={() => setShownCount(shownCount + linesStep * 8)}>
          Show more ({count(lines.length - shownCount)} lines left)
        </button>
      )}
    </div>
  );
}

export function BytesView({ session, isShown }: Omit<ContentProps, 'onCopy'>) {
  const [shownCount, setShownCount] = useState(40);
  return (
    <div className="elements">
      {session.elements.slice(0, shownCount).map((element) => (
        <ElementBytes key={String(element.id)} element={element} isShown={isShown} />
      ))}
      {session.elements.length > shownCount && (
        <button type="button" className="link-button" onClick={() => setShownCount(shownCount + 200)}>
          Show more ({count(session.elements.length - shownCount)} left)
        </button>
      )}
    </div>
  );
}
const typeWords: Record<SessionElement['type'], string> = {
  start: 'Start',
  message: 'Message',
  ack: 'Acknowledgement',
  fragment: 'Piece',
  end: 'End',
};
function ElementBytes({ element, isShown }: { element: SessionElement; isShown: boolean }) {
  const [shownBytes, setShownBytes] = useState(hexStep);
  const size = element.hexData.length / 2;
  // Only what is shown is turned into numbers: an element can have megabytes.
  const shown = useMemo(() => bytesOf(element.hexData.slice(0, shownBytes * 2), isShown), [element.hexData, shownBytes, isShown]);
  return (
    <div className="element" role="group" aria-label={`${typeWords[element.type]}, ${bytes(size)}`}>
      <div className="row small">
        <b>{typeWords[element.type]}</b>
        <span className="text2">{element.direction === 'device-to-pc' ? 'device to LIS' : 'LIS to device'}</span>
        <span className="text3">{clockMs(element.timestamp)}</span>
        <span className="space" />
        <span className="text3">{bytes(size)}</span>
      </div>
      <pre className="hex mono" tabIndex={0} aria-label="Bytes">
        {hexLines(shown)}
      </pre>
      {size > shownBytes && (
        <button type="button" className="link-button small" onClick={() => setShownBytes(shownBytes * 8)}>
          Show more ({bytes(size - shownBytes)} left)
        </button>
      )}
    </div>
  );
}
/** `0000  4d 53 48 7c  MSH|`, sixteen a line; hidden ones as dots. */
function hexLines(values: readonly number[]): string {
  const lines: string[] = [];
  for (let start = 0; start < values.length; start += 16) {
    const line = values.slice(start, start + 16);
    const hex = line.map((value) => (value < 0 ? '··' : value.toString(16).padStart(2, '0'))).join(' ');
    const text = line
      .map((value) => (value < 0 ? '·' : value >= 0x20 && value < 0x7f ? String.fromCharCode(value) : '.'))
      .join('');
    lines.push(`${start.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines.join('\n');
}

/** The file's own fields; messages and elements have views of their own. */
export function FileView({ session, isShown, onCopy }: ContentProps) {
  const { messages, elements } = session;
  const { messages: _messages, elements: _elements, ...rest } = isShown ? session : withoutForeign(session);
  const text = JSON.stringify(
    { ...rest, messages: `${messages.length} (see Message)`, elements: `${elements.length} (see Bytes)` },
    null,
    2,
  );
  return (
    <div className="raw">
      <div className="row">
        <h3 className="mono">{session.id}.json</h3>
        <span className="space" />
        <Button isSmall icon={<Copy aria-hidden="true" />} onPress={() => onCopy(text)}>
          Copy
        </Button>
      </div>
      <pre className="raw-lines mono" tabIndex={0} aria-label="File">
        {text}
      </pre>
    </div>
  );
}
