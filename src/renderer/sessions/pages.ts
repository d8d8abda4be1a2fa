/**
 * The rows of the sessions table: pages of 200 fetched around the view, patched in place as sessions change. The service
 * filters and sorts; new rows do not push the view, they are counted until the operator asks for them.
 * May import: src/common.
 */
import type { EventPayload, SessionFilter, SessionSort, SessionSummary } from '../../common/contract.ts';
import type { Ask } from '../client/api.ts';

export const pageSize = 200;
/** Pages kept beside those in view; older ones are dropped, so that memory stays flat. */
const pagesMax = 24;
/** The total is asked for at once when a session comes alone, then not again for so long: longer when many came. */
const recountMs = { afterFew: 100, afterMany: 1000 };
/** Few: a steady laboratory. Many: a backlog that drains. */
const fewChanges = 20;
/** A view that follows asks for new rows as soon as it hears of them; after this long it does not. */
const followMs = 200;

export interface PagesState {
  /** How many match; null before the first answer. */
  total: number | null;
  /** How many more match now than when the rows were fetched. */
  added: number;
  /** How many fewer: of the rows that are shown, some are elsewhere now. */
  gone: number;
  /** Grows with every look that found another total: a view that follows asks for the rows each time. */
  finds: number;
  error: string | null;
  /** Grows with every change: what a view subscribes to. */
  version: number;
}

interface Page {
  /** Grows with each request: an answer that was overtaken is older than what is here. */
  number: number;
  total: number;
  sessions: SessionSummary[];
}

export class SessionPages {
  readonly #ask: Ask;
  readonly #filter: SessionFilter;
  readonly #sort: SessionSort;
  readonly #pages = new Map<number, SessionSummary[]>();
  readonly #places = new Map<string, { page: number; index: number }>();
  readonly #asked = new Set<number>();
  readonly #listeners = new Set<() => void>();
  #state: PagesState = { total: null, added: 0, gone: 0, finds: 0, error: null, version: 0 };
  /** For each page on its way what was heard meanwhile: the answer may be older than that. */
  readonly #onTheirWay = new Set<Map<string, SessionSummary>>();
  /** The rows that were asked for last. */
  #inView = { first: 0, last: 0 };
  #requests = 0;
  /** The number of the latest request whose total is told. */
  #counted = 0;
  /** By page, the number of the request whose answer is here. */
  readonly #taken = new Map<number, number>();
  /** Runs for as long as the total must not be asked for again. */
  #recount: ReturnType<typeof setTimeout> | null = null;
  #isRecountDue = false;
  #uncounted = 0;
  #hasNew = false;
  /** The first page as it came with the last total, until the view asks for it or something changes. */
  #ahead: Page | null = null;
  /** Whether the view asked for new rows when it last heard of some; not yet known while the timer runs. */
  #isFollowed = true;
  #followEnd: ReturnType<typeof setTimeout> | null = null;
  #isStopped = false;

  constructor(ask: Ask, filter: SessionFilter, sort: SessionSort) {
    this.#ask = ask;
    this.#filter = filter;
    this.#sort = sort;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly state = (): PagesState => this.#state;

  /** The row, if its page is here. */
  at(index: number): SessionSummary | undefined {
    return this.#pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }
  /** Numbers of the pages that are here, in no order. */
  readonly here = (): Iterable<number> => this.#pages.keys();
  /** The row's place, if its page is here. */
  indexOf(id: string): number | null {
    const place = this.#places.get(id);
    return place === undefined ? null : place.page * pageSize + place.index;
  }
  byId(id: string): SessionSummary | undefined {
    const index = this.indexOf(id);
    return index === null ? undefined : this.at(index);
  }

  /** Fetches what is missing of the rows `first` to `last`. */
  show(first: number, last: number): void {
    this.#inView = { first, last };
    const wanted = this.#pagesInView();
    for (const page of wanted) if (!this.#pages.has(page) && !this.#asked.has(page)) void this.#fetch(page);
    for (const page of [...this.#pages.keys()].slice(0, Math.max(0, this.#pages.size - pagesMax)))
      if (!wanted.includes(page)) this.#drop(page);
  }

  /** Fetches the first rows and those in view anew: the operator follows, or asked for the new ones, or the service is back. */
  async refresh(): Promise<void> {
    this.#isFollowed = true;
    if (this.#followEnd !== null) clearTimeout(this.#followEnd);
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead !== null && this.#inView.last < pageSize) {
      for (const page of this.#pages.keys()) if (page !== 0) this.#drop(page);
      this.#take(0, ahead);
      return;
    }
    const pages = new Set([0, ...this.#pagesInView()]);
    await Promise.all([...pages].map((page) => this.#fetch(page)));
    for (const page of this.#pages.keys()) if (!pages.has(page)) this.#drop(page);
  }

  patch({ added, changed, removed }: EventPayload<'onSessionsChanged'>): void {
    let isTouched = false;
    // A new session may be here already: a page that was fetched before its event came, and then what it has become is new.
    for (const summary of [...added, ...changed]) {
      for (const heard of this.#onTheirWay) heard.set(summary.sessionId, summary);
      const place = this.#places.get(summary.sessionId);
      const page = place === undefined ? undefined : this.#pages.get(place.page);
      if (place === undefined || page === undefined) continue;
      page[place.index] = summary;
      isTouched = true;
    }
    const isShorter = removed.some((id) => this.#places.has(id));
    if (isShorter) void this.#fetchAllShown();
    this.#ahead = null;
    this.#hasNew ||= added.length > 0;
    this.#uncounted += added.length + changed.length + removed.length;
    if (this.#uncounted > 0) this.#recountPaced();
    if (isTouched) this.#change({});
  }

  /** Fetches the first page; the view is there. */
  start(): void {
    this.#isStopped = false;
    this.show(0, 0);
  }
  stop(): void {
    this.#isStopped = true;
    if (this.#recount !== null) clearTimeout(this.#recount);
    if (this.#followEnd !== null) clearTimeout(this.#followEnd);
    this.#recount = null;
  }

  #pagesInView(): number[] {
    const [first, last] = [Math.floor(this.#inView.first / pageSize), Math.floor(this.#inView.last / pageSize)];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }
  async #fetchAllShown(): Promise<void> {
    await Promise.all([...this.#pages.keys()].map((page) => this.#fetch(page)));
  }
  async #fetch(page: number): Promise<void> {
    this.#asked.add(page);
    try {
      const answer = await this.#pageNow(page);
      if (this.#isStopped) return;
      if (page === 0) this.#ahead = null;
      this.#take(page, answer);
    } catch (error) {
      if (!this.#isStopped) this.#change({ error: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#asked.delete(page);
    }
  }
  /** What was heard while a page was on its way is newer than the answer. */
  async #pageNow(page: number): Promise<Page> {
    const heard = new Map<string, SessionSummary>();
    this.#onTheirWay.add(heard);
    this.#requests += 1;
    const number = this.#requests;
    try {
      const { total, sessions } = await this.#ask('getSessions', {
        filter: this.#filter,
        sort: this.#sort,
        offset: page * pageSize,
        limit: pageSize,
      });
      return { number, total, sessions: sessions.map((summary) => heard.get(summary.sessionId) ?? summary) };
    } finally {
      this.#onTheirWay.delete(heard);
    }
  }
  #take(page: number, { number, total, sessions }: Page): void {
    if (this.#pages.has(page) && number < (this.#taken.get(page) ?? 0)) return;
    this.#counted = Math.max(this.#counted, number);
    this.#drop(page);
    this.#taken.set(page, number);
    this.#pages.set(page, sessions);
    sessions.forEach(({ sessionId }, index) => this.#places.set(sessionId, { page, index }));
    this.#change({ total, added: 0, gone: 0, error: null });
  }
  #drop(page: number): void {
    for (const { sessionId } of this.#pages.get(page) ?? [])
      if (this.#places.get(sessionId)?.page === page) this.#places.delete(sessionId);
    this.#pages.delete(page);
    this.#taken.delete(page);
  }
  #recountPaced(): void {
    this.#isRecountDue = this.#recount !== null;
    if (this.#isRecountDue) return;
    const pauseMs = this.#uncounted > fewChanges ? recountMs.afterMany : recountMs.afterFew;
    this.#uncounted = 0;
    this.#recount = setTimeout(() => {
      this.#recount = null;
      if (this.#isRecountDue) this.#recountPaced();
    }, pauseMs);
    void (this.#hasNew && this.#isFollowed ? this.#fetchAhead() : this.#countAgain());
    this.#hasNew = false;
  }
  /** The page that a following view will ask for answers the total as well: one way instead of two. */
  async #fetchAhead(): Promise<void> {
    try {
      const ahead = await this.#pageNow(0);
      if (this.#isStopped) return;
      if (ahead.number > this.#counted && ahead.total > (this.#state.total ?? 0)) this.#offer(ahead);
      this.#tellAdded(ahead);
    } catch {
      // The connection is gone or going: the console says so, and all is fetched anew when it is back.
    }
  }
  #offer(ahead: Page): void {
    this.#ahead = ahead;
    if (this.#followEnd !== null) clearTimeout(this.#followEnd);
    this.#followEnd = setTimeout(() => {
      this.#isFollowed = false;
      this.#ahead = null;
    }, followMs);
  }
  async #countAgain(): Promise<void> {
    this.#requests += 1;
    const number = this.#requests;
    try {
      const { total } = await this.#ask('getSessions', { filter: this.#filter, limit: 0 });
      this.#tellAdded({ number, total });
    } catch {
      // As above.
    }
  }
  #tellAdded({ number, total }: Pick<Page, 'number' | 'total'>): void {
    if (this.#isStopped || number < this.#counted) return;
    this.#counted = number;
    const more = total - (this.#state.total ?? total);
    this.#change({ added: Math.max(0, more), gone: Math.max(0, -more), finds: this.#state.finds + (more === 0 ? 0 : 1) });
  }
  #change(change: Partial<PagesState>): void {
    this.#state = { ...this.#state, ...change, version: this.#state.version + 1 };
    for (const listener of this.#listeners) listener();
  }
}
