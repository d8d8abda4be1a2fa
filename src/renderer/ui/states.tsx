/**
 * What a panel shows when it has nothing to show: yet, at all, or any more.
 * May import: react.
 */
import { Component, type ReactNode } from 'react';
import { Button } from './button.tsx';

export function Empty({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {actions !== undefined && <div className="row">{actions}</div>}
    </div>
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
  /** Which screen; given as `key` too, so that another one starts afresh. */
  name: string;
}
/** A screen that fails leaves the rest of the page, and a way out. */
export class ErrorBoundary extends Component<BoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    // Stack frames name our own code only; the message could quote what was shown.
    const details = `HL7 Courier console, screen ${this.props.name}\n${error.name}\n${(error.stack ?? '').split('\n').slice(1, 12).join('\n')}`;
    return (
      <div role="alert" className="column space">
        <Empty
          actions={
            <>
              <Button look="primary" onPress={() => this.setState({ error: null })}>
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
}
