// Keccak-256, the hash of Ethereum: the sponge of FIPS 202 with its first padding (0x01, not NIST's 0x06).
//
// A lane of 64 bits is two of 32, low half first: JavaScript's numbers have fast operations on no more.

const RATE = 136;
const ROUNDS = 24;

/** Where lane x + 5y goes, and by how many bits it turns on the way: pi and rho of FIPS 202, 3.2.3 and 3.2.2. */
const PLACES = new Uint8Array(25);
const TURNS = new Uint8Array(25);
for (let step = 0, x = 1, y = 0; step < 24; step++) {
  const lane = x + 5 * y;
  [x, y] = [y, (2 * x + 3 * y) % 5];
  TURNS[lane] = (((step + 1) * (step + 2)) / 2) % 64; // never 0 or 32
  PLACES[lane] = 2 * (x + 5 * y);
}

/** What iota, 3.2.5, adds to lane 0 in each round: low half, high half. */
const CONSTANTS = constants();

/**
 * Keccak-256 of bytes.
 *
 * @param {Uint8Array} message
 * @returns {Uint8Array} 32 bytes
 */
export function keccak256(message) {
  const state = new Int32Array(50);
  const last = Math.floor(message.length / RATE) * RATE;
  for (let at = 0; at < last; at += RATE) {
    absorb(state, message.subarray(at, at + RATE));
  }
  const end = new Uint8Array(RATE);
  end.set(message.subarray(last));
  end[message.length - last] = 0x01;
  end[RATE - 1] |= 0x80;
  absorb(state, end);
  return squeeze(state);
}

function absorb(state, block) {
  for (let word = 0; word < RATE / 4; word++) {
    const at = 4 * word;
    state[word] ^= block[at] | (block[at + 1] << 8) | (block[at + 2] << 16) | (block[at + 3] << 24);
  }
  permute(state);
}

function squeeze(state) {
  const digest = new Uint8Array(32);
  for (let at = 0; at < 32; at++) {
    digest[at] = state[at >> 2] >>> (8 * (at & 3));
  }
  return digest;
}

const moved = new Int32Array(50);
const column = new Int32Array(10);

function permute(state) {
  for (let round = 0; round < ROUNDS; round++) {
    theta(state);
    rhoAndPi(state);
    chi(state);
    state[0] ^= CONSTANTS[2 * round];
    state[1] ^= CONSTANTS[2 * round + 1];
  }
}

function theta(state) {
  for (let half = 0; half < 10; half++) {
    column[half] = state[half] ^ state[half + 10] ^ state[half + 20] ^ state[half + 30] ^ state[half + 40];
  }
  for (let x = 0, before = 8, after = 2; x < 10; before = x, x += 2, after = x === 8 ? 0 : x + 2) {
    const low = column[before] ^ ((column[after] << 1) | (column[after + 1] >>> 31));
    const high = column[before + 1] ^ ((column[after + 1] << 1) | (column[after] >>> 31));
    for (let at = x; at < 50; at += 10) {
      state[at] ^= low;
      state[at + 1] ^= high;
    }
  }
}

function rhoAndPi(state) {
  moved[0] = state[0];
  moved[1] = state[1];
  for (let lane = 1; lane < 25; lane++) {
    const to = PLACES[lane];
    const turn = TURNS[lane] & 31;
    const swap = TURNS[lane] >> 5;
    const low = state[2 * lane + swap];
    const high = state[2 * lane + 1 - swap];
    moved[to] = (low << turn) | (high >>> (32 - turn));
    moved[to + 1] = (high << turn) | (low >>> (32 - turn));
  }
}

function chi(state) {
  for (let row = 0; row < 50; row += 10) {
    for (let at = row; at < row + 2; at++) {
      const a = moved[at];
      const b = moved[at + 2];
      const c = moved[at + 4];
      const d = moved[at + 6];
      const e = moved[at + 8];
      state[at] = a ^ (~b & c);
      state[at + 2] = b ^ (~c & d);
      state[at + 4] = c ^ (~d & e);
      state[at + 6] = d ^ (~e & a);
      state[at + 8] = e ^ (~a & b);
    }
  }
}

/** The bits of a shift register, 3.2.5, at the places 2^j - 1 of each constant. */
function constants() {
  const found = new Int32Array(2 * ROUNDS);
  let register = 1;
  for (let round = 0; round < ROUNDS; round++) {
    for (let j = 0; j < 7; j++) {
      const place = (1 << j) - 1;
      if (register & 1) found[2 * round + (place >> 5)] ^= 1 << (place & 31);
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1;
    }
  }
  return found;
}
