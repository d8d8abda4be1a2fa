/**
 * Confirmations: the title is the question, the button repeats the verb and the number, Cancel has the focus.
 * May import: react.
 */
import { createContext, Suspense, useCallback, useContext, useEffect, useState, type ReactNode } from 'react';
import { piece } from './piece.tsx';
import { ErrorBoundary } from './states.tsx';
import { toast } from './toast.tsx';

const confirmWindow = piece(() => import('./confirm-window.tsx'));
export const preloadConfirmation = confirmWindow.preload;

export interface Question {
  title: string;
  body: ReactNode;
  /** Verb and number: `Retry 412`. */
  confirm: string;
  isDangerous?: boolean;
  /** A box that must be ticked first. */
  acknowledge?: string;
}
type Confirm = (question: Question) => Promise<boolean>;
const ConfirmContext = createContext<Confirm>(() => Promise.resolve(false));
export const useConfirm = (): Confirm => useContext(ConfirmContext);

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<{ question: Question; answer: (isConfirmed: boolean) => void } | null>(null);
  const confirm = useCallback<Confirm>(
    (question) =>
      new Promise((answer) =>
        setAsked((before) => {
          // One question at a time; what is not answered is not meant.
          before?.answer(false);
          return { question, answer };
        }),
      ),
    [],
  );
  // Back, Forward or a link show something else: the question was about what was shown before.
  useEffect(() => {
    if (asked === null) return;
    const leave = () => {
      asked.answer(false);
      setAsked(null);
    };
    const moves = ['hashchange', 'popstate'];
    for (const move of moves) addEventListener(move, leave);
    return () => moves.forEach((move) => removeEventListener(move, leave));
  }, [asked]);
  const answerWith = (isConfirmed: boolean) => {
    asked?.answer(isConfirmed);
    setAsked(null);
  };
  const notLoaded = () => {
    answerWith(false);
    toast('This could not be asked, so nothing was done.', { label: 'Load the page again', run: () => location.reload() });
  };
  return (
    <ConfirmContext.Provider value={confirm}>
      {children}
      {asked !== null && (
        <ErrorBoundary name="confirmation" onFailed={notLoaded}>
          <Suspense>
            <confirmWindow.Shown question={asked.question} onAnswer={answerWith} />
          </Suspense>
        </ErrorBoundary>
      )}
    </ConfirmContext.Provider>
  );
}
