/**
 * What a panel shows when it has nothing to show: yet, at all, or any more.
 * May import: react.
 */
import { Component, useEffect, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { PieceMissing, reloadOnce } from './piece.tsx';

export function Empty({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {actions !== undefined && <div className="row">{actions}</div>}
    </div>
  );
}
/** What is shown is from before: the last time it was asked again, there was no answer. */
export function NotRenewed({ error }: { error: string | null }) {
  if (error === null) return null;
  return (
    <span className="small strong tone-retry" role="status" title={error}>
      Not renewed
    </span>
  );
}
/** Grey bars in place of what is coming. */
export function Bones({ lines = 4 }: { lines?: number }) {
  return (
    <div className="bones" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <i key={index} />
      ))}
    </div>
  );
}

interface BoundaryProps {
  children: ReactNode;
  /** Which part; where it is given as `key` too, another one starts afresh. */
  name: string;
  /** Whether the service, which serves the parts too, is there. */
  isLive?: boolean;
  /** For what lies over the page: shows nothing in its place, and is told. */
  onFailed?: () => void;
}
/** A part that fails leaves the rest of the page, and a way out. */
export class ErrorBoundary extends Component<BoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override componentDidCatch() {
    this.props.onFailed?.();
  }
  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    if (this.props.onFailed !== undefined) return null;
    return error instanceof PieceMissing ? (
      <Missing isLive={this.props.isLive === true} />
    ) : (
      <Failed name={this.props.name} error={error} onAgain={() => this.setState({ error: null })} />
    );
  }
}

function Failed({ name, error, onAgain }: { name: string; error: Error; onAgain: () => void }) {
  const details = `HL7 Courier console, screen ${name}\n${error.name}\n${framesOf(error).join('\n')}`;
  return (
    <div role="alert" className="column space">
      <Empty
        actions={
          <>
            <Button look="primary" onPress={onAgain}>
              Reload screen
            </Button>
            <Button onPress={() => navigator.clipboard.writeText(details)}>Copy details</Button>
          </>
        }
      >
        This screen failed. The service goes on; nothing is lost.
      </Empty>
    </div>
  );
}

const framesMax = 11;
/** Where it failed: frames name our own code only. The message, of one line or more, could quote what was shown. */
function framesOf(error: Error): string[] {
  const { stack = '' } = error;
  const said = String(error);
  const frames = stack.startsWith(said) ? stack.slice(said.length) : stack;
  return frames
    .split('\n')
    .filter((line) => /:\d+:\d+\)?$/.test(line))
    .slice(0, framesMax);
}

/** A part of the console that its host does not give: because it is away, or was replaced by another version. */
function Missing({ isLive }: { isLive: boolean }) {
  useEffect(() => {
    if (isLive) reloadOnce();
  }, [isLive]);
  return (
    <div role="status" className="column space">
      {isLive ? (
        <Empty
          actions={
            <Button look="primary" onPress={() => location.reload()}>
              Reload the console
            </Button>
          }
        >
          This part of the console could not be loaded. The service may have been renewed meanwhile.
        </Empty>
      ) : (
        <Empty>This part of the console was not loaded yet. It comes by itself when the service is back.</Empty>
      )}
    </div>
  );
}
