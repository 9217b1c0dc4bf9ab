/*
 * deflate_block.h - one block of a deflate stream: literals and matches are added, then it is
 * written by codes of its own, or as it is where that is shorter.
 *
 * A match from the left or from above is one token, since its distance is always the same: what is
 * written for each length is found once a block, and writing takes no branches.
 *
 * Life:    block_init once a stream; block_begin, then tokens, then block_write for each block.
 * Threads: one.
 * Cost:    2 ns a token, 6 us a block.
 * Source:  RFC 1951, 3.2.3 to 3.2.7.
 */
#ifndef SISETU_TILER_DEFLATE_BLOCK_H
#define SISETU_TILER_DEFLATE_BLOCK_H

#include "tiler/draw/prefix_code.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    MATCH_SHORTEST = 3,
    MATCH_LONGEST = 258,
    MATCH_WINDOW = 32768,   /* how far back */
    BLOCK_TOKENS = 6144,    /* of a full one: the codes of the next fit better */
    BLOCK_REST = 8192,      /* bytes at the end that are no block of their own */
    BLOCK_OVER = 64,        /* as many more may be added to a full one */
    BLOCK_STORED_BYTES = 5, /* the head of a block that is written as it is, at most */
};

/* A token is a kind in the low bits and, for distances, extra bits above them. A match from afar
 * is two: its length and its distance. */
enum {
    KIND_LITERAL = 0,
    KIND_LEFT = KIND_LITERAL + 256 - MATCH_SHORTEST, /* + the length, as the next two */
    KIND_ABOVE = KIND_LEFT + MATCH_LONGEST - MATCH_SHORTEST + 1,
    KIND_FAR = KIND_ABOVE + MATCH_LONGEST - MATCH_SHORTEST + 1,
    KIND_DISTANCE = KIND_FAR + MATCH_LONGEST + 1, /* + the symbol */
    KINDS = KIND_DISTANCE + DISTANCE_SYMBOLS,
    KIND_BITS = 11,
};

struct block {
    uint32_t counts[KINDS], n_tokens;
    uint32_t tokens[BLOCK_TOKENS + BLOCK_REST + BLOCK_OVER];
    uint32_t left, above; /* distances */
    /* Of each kind, by the codes: its bits, how many with the extra ones, and where these go. */
    uint64_t written[KINDS];
    uint8_t n_written[KINDS], extra_at[KINDS];
    struct prefix_code literals, distances;
    struct code_head head;
};

/* Both distances are 1 to MATCH_WINDOW. */
void block_init(struct block *block, uint32_t left, uint32_t above);
void block_begin(struct block *block);

/* Writes the n bytes that the tokens stand for. */
void block_write(struct block *block, const uint8_t *bytes, size_t n, bool is_last,
                 struct bits *bits);

/* ---- tokens ---- */

/* Whether what follows, n_left bytes to the end, goes into another block. */
static inline bool block_is_full(const struct block *block, size_t n_left)
{
    return block->n_tokens >= BLOCK_TOKENS && n_left > BLOCK_REST;
}

static inline void block_add(struct block *block, uint32_t kind, uint32_t extra)
{
    block->counts[kind]++;
    block->tokens[block->n_tokens++] = kind | extra << KIND_BITS;
}

static inline uint32_t distance_symbol(uint32_t distance)
{
    uint32_t d = distance - 1, high = 31 - (uint32_t)__builtin_clz(d | 1);
    return d < 2 ? d : 2 * high + (d >> (high - 1) & 1);
}

/* The least distance of a symbol: extra bits are added to it. */
static inline uint32_t first_distance(uint32_t symbol)
{
    return symbol < 4 ? symbol + 1 : ((2 + symbol % 2) << (symbol / 2 - 1)) + 1;
}

static inline void block_add_far(struct block *block, uint32_t length, uint32_t distance)
{
    uint32_t symbol = distance_symbol(distance);
    block_add(block, KIND_FAR + length, 0);
    block_add(block, KIND_DISTANCE + symbol, distance - first_distance(symbol));
}

#endif
