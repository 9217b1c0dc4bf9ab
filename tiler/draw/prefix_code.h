/*
 * prefix_code.h - the prefix codes of deflate: made of counts, told at the head of a block, and
 * written bit by bit.
 *
 * Space:   bits go into bytes from the lowest up; codes are kept turned round, so that they are
 *          written like numbers.
 * Cost:    3 us for the 286 symbols of a block and its head.
 * Source:  RFC 1951, 3.1.1, 3.2.2 and 3.2.7. The tree: Moffat and Katajainen, "In-place calculation
 *          of minimum-redundancy codes", WADS 1995; too deep a leaf is hung under the deepest place
 *          that has room, as libdeflate does.
 */
#ifndef SISETU_TILER_PREFIX_CODE_H
#define SISETU_TILER_PREFIX_CODE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum {
    LITERAL_SYMBOLS = 286,  /* bytes, the end of a block, lengths */
    DISTANCE_SYMBOLS = 30,  /* distances */
    LENGTH_SYMBOLS = 19,    /* lengths of codes */
    LONGEST_CODE = 15,      /* bits */
    LONGEST_LENGTH_CODE = 7 /* bits of a code for lengths of codes */
};

struct prefix_code {
    uint8_t lengths[LITERAL_SYMBOLS]; /* bits; 0: the symbol has no code */
    uint16_t codes[LITERAL_SYMBOLS];
};

/* The code of n symbols, at most LITERAL_SYMBOLS, that needs the fewest bits when each comes as
 * often as its count, below 65536, and no code has more than `longest` bits. At least two symbols
 * have one. */
void prefix_code_make(struct prefix_code *code, const uint32_t *counts, uint32_t n,
                      uint32_t longest);

/* How two codes are told at the head of a block. */
struct code_head {
    struct prefix_code code; /* of the steps */
    uint8_t steps[LITERAL_SYMBOLS + DISTANCE_SYMBOLS];
    uint8_t extras[LITERAL_SYMBOLS + DISTANCE_SYMBOLS];
    uint32_t n_steps, n_literals, n_distances, n_lengths;
    uint32_t n_bits; /* in all */
};

void code_head_make(struct code_head *head, const struct prefix_code *literals,
                    const struct prefix_code *distances);

/* Where bits are written: eight bytes at a time, so that there must be room for seven more than
 * are used. */
struct bits {
    uint8_t *out;
    uint64_t held;   /* those that are not written yet */
    uint32_t n_held; /* at most 7 between calls */
};

enum { BITS_AT_ONCE = 56 };

/* The n low bits of `value`, at most BITS_AT_ONCE; the others are 0. */
static inline void bits_put(struct bits *bits, uint64_t value, uint32_t n)
{
    bits->held |= value << bits->n_held;
    bits->n_held += n;
    uint64_t bytes = htole64(bits->held);
    memcpy(bits->out, &bytes, sizeof bytes);
    bits->out += bits->n_held / 8;
    bits->held >>= bits->n_held & ~UINT32_C(7);
    bits->n_held &= 7;
}

/* On to the next whole byte. */
static inline void bits_align(struct bits *bits)
{
    bits_put(bits, 0, -bits->n_held & 7);
}

void code_head_write(const struct code_head *head, struct bits *bits);

#endif
