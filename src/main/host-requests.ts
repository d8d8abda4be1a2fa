/**
 * The requests that the host answers itself, around those that the service answers.
 * May import: src/common, src/main.
 */
import type { HostOptions } from '../common/console.ts';
import type { CourierApi, Params, RequestName, Result } from '../common/contract.ts';
import { CourierError } from '../common/errors.ts';
import type { LoginItem } from './login-item.ts';

export interface HostParts {
  /** Null where it cannot be started at login. */
  login: LoginItem | null;
  /** Where the Authorization value is kept now. */
  secretStorage: () => HostOptions['secretStorage'];
  /** Asks the operator for a file; null when none was chosen. */
  chooseFile: (purpose: Params<'chooseFile'>['purpose']) => Promise<string | null>;
}

/** The service's contract, with the host's own requests answered here. */
export function withHostRequests(api: CourierApi, { login, secretStorage, chooseFile }: HostParts): CourierApi {
  const options = (): HostOptions => ({
    kind: 'desktop',
    canChooseFile: true,
    secretStorage: secretStorage(),
    ...(login === null ? {} : { launchAtLogin: login.isSet() }),
  });
  const answers: { [Name in RequestName]?: (params: Params<Name>) => Promise<Result<Name>> | Result<Name> } = {
    getHostOptions: options,
    setHostOptions({ launchAtLogin }) {
      if (login === null)
        throw new CourierError('ERR_STATE_CONFLICT', 'Only an installed HL7 Courier can be started at login; this one is not.');
      login.set(launchAtLogin);
      return options();
    },
    async chooseFile({ purpose }) {
      const path = await chooseFile(purpose);
      return path === null ? {} : { path };
    },
  };
  return {
    subscribe: (listener) => api.subscribe(listener),
    async request(name, params) {
      const answer = answers[name];
      // The handler belongs to the name; TypeScript cannot follow that through an index.
      return answer === undefined
        ? api.request(name, params)
        : await (answer as (given: typeof params) => Result<typeof name>)(params);
    },
  };
}
