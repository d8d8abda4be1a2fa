/**
 * Where an endpoint says it has moved to: of a `Location` the operator is told the origin, and of an odd one nothing.
 */
import { describe, expect, test } from 'vitest';
import { redirectOrigin } from '../../../src/service/delivery/redirect-origin.ts';

const endpoint = 'https://lab.example:9443/in/sessions';
const originOf = (location: string | undefined, httpStatus = 302) => redirectOrigin(httpStatus, location, endpoint);

describe('a redirect', () => {
  test.each([
    ['https://new.example/in', 'https://new.example'],
    ['http://new.example/in', 'http://new.example'],
    ['HTTPS://NEW.Example:443/', 'https://new.example'],
    ['https://new.example:8443/in?patient=4711#DOE', 'https://new.example:8443'],
    ['http://10.0.0.5:8080/', 'http://10.0.0.5:8080'],
    ['http://[fd00::5]:8080/', 'http://[fd00::5]:8080'],
    ['https://xn--mller-kva.example/', 'https://xn--mller-kva.example'],
    ['https://n%65w.example/', 'https://new.example'],
    ['//new.example/in', 'https://new.example'],
    ['https://lab_2.example/', 'https://lab_2.example'],
  ])('to %s points to %s', (location, origin) => {
    expect(originOf(location)).toBe(origin);
  });

  test.each(['/elsewhere', 'elsewhere?patient=4711', '?a=b', '#x', '../..'])(
    'to %s, without a host, points to the endpoint itself',
    (location) => {
      expect(originOf(location)).toBe('https://lab.example:9443');
    },
  );

  test.each([
    ['nothing', undefined],
    ['nothing at all', ''],
    ['user info, which makes one host look like another', 'https://lab.example@evil.example/'],
    ['a password', 'https://u:hush@new.example/'],
    ['another scheme', 'ftp://new.example/'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,DOE'],
    ['a file', 'file:///etc/passwd'],
    ['a blob', 'blob:https://new.example/1'],
    ['no host', 'https://'],
    ['a port there is none of', 'https://new.example:99999/'],
    ['backslashes, which parsers turn round', '\\\\evil.example\\in'],
    ['a tab, which parsers drop', 'https://new.exa\tmple/'],
    ['a line end', 'https://new.example/\r\nX: y'],
    ['a space', ' https://new.example/'],
    ['letters that look like others', 'https://n\u0435w.example/'],
    ['a direction mark', 'https://\u202Eelpmaxe.wen/'],
    ['markup', 'https://<b>new</b>.example/'],
    ['odd characters in the host', "https://doe'jane!.example/"],
    ['a name in the host that decodes to something odd', 'https://doe%20jane.example/'],
    ['a host longer than there are', `https://${'a'.repeat(60)}.${'b.'.repeat(120)}example/`],
    ['two addresses', 'https://new.example/, https://evil.example/'],
  ])('with %s is not told', (_what, location) => {
    expect(originOf(location)).toBeUndefined();
  });

  test('is one only with a status of 300 to 399', () => {
    for (const status of [201, 299, 400, 401, 503]) expect(originOf('https://new.example/', status)).toBeUndefined();
    for (const status of [300, 307, 308, 399]) expect(originOf('https://new.example/', status)).toBe('https://new.example');
  });
});
