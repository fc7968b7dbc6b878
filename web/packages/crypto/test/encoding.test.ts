import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromB64u, fromUtf8, Refused, toB64u, utf8 } from '../src/encoding.ts';

it('base64url reads back as written, at every length', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 100 }), (given) => {
    const bytes = new Uint8Array(given);
    expect(fromB64u(toB64u(bytes), bytes.length)).toEqual(bytes);
    expect(toB64u(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
  });
  fc.assert(property);
});

it('base64url of a megabyte does not exhaust the stack', () => {
  const bytes = new Uint8Array(1_048_832).fill(7);
  expect(Buffer.compare(fromB64u(toB64u(bytes)), bytes)).toBe(0);
});

it.each(['AA==', 'AA=', 'A', 'AB', 'AAB', 'A A', 'AAAA\n', 'AA+A', 'AA/A', 'ÀAAA', '🗻', 'AAAA.'])(
  'base64url refuses %j',
  (text) => {
    expect(() => fromB64u(text)).toThrow(Refused);
  },
);

it('base64url refuses any other length than the field has', () => {
  expect(() => fromB64u('AAAA', 4)).toThrow(Refused);
});

it('UTF-8 is strict both ways and keeps a byte order mark', () => {
  expect(fromUtf8(utf8('\ufeffa'))).toBe('\ufeffa');
  expect(() => utf8('a\ud800')).toThrow(Refused);
  expect(() => fromUtf8(Uint8Array.from([0xc3]))).toThrow(TypeError);
});
