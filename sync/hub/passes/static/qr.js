"use strict";
// A QR code of 25 by 25 (ISO/IEC 18004, version 2, level M, alphanumeric, mask 0): up to 38 capitals and digits.
// As small as a pass needs it, so that its page draws a new one each half minute without a line.
const SIDE = 25, DATA = 28, CHECK = 16;
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const FORMAT = 0x5412; // level M with mask 0, after its own check and mask (table C.1)

// GF(256) with x^8+x^4+x^3+x^2+1: exponents and logarithms.
const POWER = [], LOG = [];
for (let at = 0, value = 1; at < 255; at++) {
  POWER[at] = value;
  LOG[value] = at;
  value = value << 1 ^ (value & 128 ? 0x11d : 0);
}
const times = (one, other) => one && other ? POWER[(LOG[one] + LOG[other]) % 255] : 0;

function dataOf(text) {
  const bits = [];
  const put = (value, count) => { while (count--) bits.push(value >> count & 1); };
  put(2, 4);
  put(text.length, 9);
  for (let at = 0; at < text.length; at += 2) {
    const first = LETTERS.indexOf(text[at]), second = LETTERS.indexOf(text[at + 1] || "");
    if (at + 1 < text.length) put(first * 45 + second, 11); else put(first, 6);
  }
  put(0, Math.min(4, DATA * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const bytes = [];
  for (let at = 0; at < bits.length; at += 8) bytes.push(parseInt(bits.slice(at, at + 8).join(""), 2));
  for (let pad = 0xec; bytes.length < DATA; pad ^= 0xec ^ 0x11) bytes.push(pad);
  return bytes;
}

function checkOf(data) {
  let generator = [1];
  for (let at = 0; at < CHECK; at++) {
    const next = [...generator, 0];
    generator.forEach((each, place) => { next[place + 1] ^= times(each, POWER[at]); });
    generator = next;
  }
  const rest = [...data, ...new Array(CHECK).fill(0)];
  for (let at = 0; at < data.length; at++) {
    const lead = rest[at];
    generator.forEach((each, place) => { rest[at + place] ^= times(each, lead); });
  }
  return rest.slice(data.length);
}

function fixed() {
  const grid = Array.from({ length: SIDE }, () => new Array(SIDE).fill(null));
  const square = (top, left, size, dark) => {
    for (let y = -1; y <= size; y++) for (let x = -1; x <= size; x++) {
      if (grid[top + y] && left + x in grid[0]) grid[top + y][left + x] = Number(dark(x, y));
    }
  };
  const ring = (size) => (x, y) => {
    const far = Math.max(Math.abs(x - (size - 1) / 2), Math.abs(y - (size - 1) / 2));
    return far <= (size - 1) / 2 && far !== (size - 3) / 2;
  };
  for (let at = 8; at < SIDE - 8; at++) grid[6][at] = grid[at][6] = at + 1 & 1;
  for (const [top, left] of [[0, 0], [0, SIDE - 7], [SIDE - 7, 0]]) square(top, left, 7, ring(7));
  for (let y = 16; y <= 20; y++) for (let x = 16; x <= 20; x++) {
    grid[y][x] = Number(Math.max(Math.abs(x - 18), Math.abs(y - 18)) !== 1);
  }
  const bit = (at) => FORMAT >> at & 1;
  for (let at = 0; at < 15; at++) {
    const near = at < 6 ? at : at < 8 ? at + 1 : null;
    if (near !== null) grid[near][8] = bit(at);
    else grid[8][at === 8 ? 7 : 14 - at] = bit(at);
    if (at < 8) grid[8][SIDE - 1 - at] = bit(at); else grid[SIDE - 15 + at][8] = bit(at);
  }
  grid[SIDE - 8][8] = 1;
  return grid;
}

// Rows of 0 and 1, without a margin.
globalThis.welkomQr = (text) => {
  const grid = fixed(), data = dataOf(text);
  const bits = [...data, ...checkOf(data)].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((at) => byte >> at & 1));
  let next = 0, up = true;
  for (let right = SIDE - 1; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5;
    for (let step = 0; step < SIDE; step++) {
      const y = up ? SIDE - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (grid[y][x] === null) grid[y][x] = (bits[next++] || 0) ^ Number((x + y) % 2 === 0);
      }
    }
  }
  return grid;
};
