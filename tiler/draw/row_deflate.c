#include "tiler/draw/row_deflate.h"

#include "tiler/draw/deflate.h"
#include "tiler/draw/deflate_block.h"
#include "tiler/draw/pixel_tokens.h"

#include <stdlib.h>

enum {
    GAP = 56,        /* the most positions that are looked at together */
    KNOWN = 5,       /* bytes that are looked up */
    PLACE_BITS = 13, /* of the table of these */
    SHORT = 4,       /* a match of fewer bytes may give way to one from afar */
};

struct row_deflater {
    struct block block;
    /* Where KNOWN bytes were last, by their hash: 16 more bits of it, and the low 16 of where. */
    uint32_t last[1 << PLACE_BITS];
    struct pixel_places places; /* of pixels of several bytes */
    /* A bit for each byte of the rows: it is the one to its left; the one above; three or more
     * from here on are the one or the other. */
    uint64_t *left, *above, *starts;
    size_t words;
};

struct row_deflater *row_deflater_new(void)
{
    return calloc(1, sizeof(struct row_deflater));
}

void row_deflater_free(struct row_deflater *d)
{
    if (d)
        free(d->left);
    free(d);
}

static bool make_room(struct row_deflater *d, size_t n)
{
    size_t words = n / 64 + 2; /* 64 bits from any position on can be read */
    if (words <= d->words)
        return true;
    free(d->left);
    d->words = 0;
    d->left = malloc(3 * words * sizeof *d->left);
    if (!d->left)
        return false;
    d->above = d->left + words;
    d->starts = d->above + words;
    d->words = words;
    return true;
}

/* ---- what is equal to what ---- */

/* A bit for each of 16 bytes that is the one `distance` before it. */
static inline uint64_t equal_bytes(const uint8_t *bytes, uint32_t distance)
{
    typedef uint8_t many __attribute__((vector_size(16)));
    typedef uint64_t halves __attribute__((vector_size(16)));
    const many bit = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint64_t all = UINT64_C(0x0101010101010101); /* times this, bytes add up in the highest */
    many here, before;
    memcpy(&here, bytes, sizeof here);
    memcpy(&before, bytes - distance, sizeof before);
    halves bits = (halves)((many)(here == before) & bit);
    return bits[0] * all >> 56 | bits[1] * all >> 56 << 8;
}

static inline void find_one(const struct rows *rows, uint32_t distance, size_t at, uint64_t *bits)
{
    uint64_t is_equal = rows->bytes[at] == rows->bytes[at - distance];
    bits[at / 64] |= is_equal << at % 64;
}

static void find_equal(const struct rows *rows, uint32_t distance, uint64_t *bits)
{
    size_t n = rows->n_bytes, at = distance;
    memset(bits, 0, (n / 64 + 2) * sizeof *bits);
    for (; at < n && at % 64; at++)
        find_one(rows, distance, at, bits);
    for (; at + 64 <= n; at += 64) {
        const uint8_t *bytes = rows->bytes + at;
        bits[at / 64] = equal_bytes(bytes, distance) | equal_bytes(bytes + 16, distance) << 16 |
                        equal_bytes(bytes + 32, distance) << 32 |
                        equal_bytes(bytes + 48, distance) << 48;
    }
    for (; at < n; at++)
        find_one(rows, distance, at, bits);
}

static inline uint64_t three_from(uint64_t bits, uint64_t next)
{
    return bits & (bits >> 1 | next << 63) & (bits >> 2 | next << 62);
}

static void find_starts(struct row_deflater *d, size_t n)
{
    for (size_t i = 0; i <= n / 64; i++)
        d->starts[i] =
            three_from(d->left[i], d->left[i + 1]) | three_from(d->above[i], d->above[i + 1]);
    d->starts[n / 64 + 1] = 0;
}

static bool find_areas(struct row_deflater *d, const struct rows *rows)
{
    if (!make_room(d, rows->n_bytes))
        return false;
    find_equal(rows, 1, d->left);
    find_equal(rows, rows->row_bytes, d->above);
    find_starts(d, rows->n_bytes);
    memset(d->last, 0, sizeof d->last);
    return true;
}

static inline uint64_t bits_from(const uint64_t *bits, size_t at)
{
    const uint64_t *word = bits + at / 64;
    return word[0] >> at % 64 | word[1] << 1 << (63 - at % 64);
}

/* How many bits are set from a position on, at most MATCH_LONGEST. */
static inline uint32_t count_from(const uint64_t *bits, size_t at)
{
    uint32_t length = 0, part = 0;
    do {
        part = (uint32_t)__builtin_ctzll(~bits_from(bits, at + length) | UINT64_C(1) << GAP);
        length += part;
    } while (part == GAP && length < MATCH_LONGEST);
    return length < MATCH_LONGEST ? length : MATCH_LONGEST;
}

/* ---- tokens ---- */

/* The first KNOWN of eight bytes, above all else. */
static inline uint64_t known_bytes(const uint8_t *bytes)
{
    return load_eight(bytes) << (64 - 8 * KNOWN);
}

/* Takes note of a position that eight bytes follow. Answers how far before it its first ones were
 * last; 0: nowhere, too far, or others have taken their place. */
static inline uint32_t know(struct row_deflater *d, const struct rows *rows, size_t at)
{
    uint64_t known = known_bytes(rows->bytes + at), hash = known * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t *place = &d->last[hash >> (64 - PLACE_BITS)], before = *place;
    uint32_t entry = (uint32_t)(hash >> (48 - PLACE_BITS)) << 16 | (uint32_t)(at & 0xFFFF);
    *place = entry;
    if ((before ^ entry) >> 16)
        return 0;
    uint32_t distance = (entry - before) & 0xFFFF;
    bool is_there = distance > 0 && distance <= MATCH_WINDOW && distance <= at;
    return is_there && known_bytes(rows->bytes + at - distance) == known ? distance : 0;
}

/* Takes note of the ends of a match, but for its first position. */
static inline void know_ends(struct row_deflater *d, const struct rows *rows, size_t at,
                             uint32_t length)
{
    if (at + length + 7 > rows->n_bytes)
        return;
    know(d, rows, at + 1);
    know(d, rows, at + length - 2);
    know(d, rows, at + length - 1);
}

static inline uint32_t match_length(const struct rows *rows, size_t at, uint32_t distance)
{
    size_t most = rows->n_bytes - at;
    return equal_bytes_from(rows->bytes + at, distance, KNOWN,
                            most < MATCH_LONGEST ? (uint32_t)most : MATCH_LONGEST);
}

/* Literals from a position up to another, or up to bytes that came before, and these. Answers
 * where it has come. */
static inline size_t add_gap(struct row_deflater *d, const struct rows *rows, size_t at, size_t end)
{
    struct block *block = &d->block;
    const uint8_t *bytes = rows->bytes;
    uint32_t *token = block->tokens + block->n_tokens, distance = 0, length = 0;
    for (; at < end && at + 8 <= rows->n_bytes; at++) {
        distance = know(d, rows, at);
        if (distance)
            break;
        block->counts[KIND_LITERAL + bytes[at]]++;
        *token++ = KIND_LITERAL + bytes[at];
    }
    block->n_tokens = (uint32_t)(token - block->tokens);
    if (distance) {
        length = match_length(rows, at, distance);
        block_add_far(block, length, distance);
        know_ends(d, rows, at, length);
        return at + length;
    }
    for (; at < end; at++)
        block_add(block, KIND_LITERAL + bytes[at], 0);
    return at;
}

/* The match at a position where there is one from the left or from above, or a longer one from
 * afar. Answers its end. */
static inline size_t add_match(struct row_deflater *d, const struct rows *rows, size_t at)
{
    uint32_t left = count_from(d->left, at), above = count_from(d->above, at);
    /* From the left takes fewer bits. */
    bool is_above = left < MATCH_SHORTEST || above > left + 1;
    uint32_t length = is_above ? above : left;
    uint32_t distance = at + 8 <= rows->n_bytes ? know(d, rows, at) : 0;
    if (distance && length < SHORT) {
        uint32_t far = match_length(rows, at, distance);
        if (far > length + 1) {
            block_add_far(&d->block, far, distance);
            know_ends(d, rows, at, far);
            return at + far;
        }
    }
    block_add(&d->block, (is_above ? KIND_ABOVE : KIND_LEFT) + length, 0);
    know_ends(d, rows, at, length);
    return at + length;
}

/* Tokens of one block. Answers where it ends. */
static size_t add_tokens(struct row_deflater *d, const struct rows *rows, size_t at)
{
    size_t n = rows->n_bytes;
    while (at < n && !block_is_full(&d->block, n - at)) {
        uint64_t starts = bits_from(d->starts, at) | UINT64_C(1) << GAP;
        size_t end = at + (size_t)__builtin_ctzll(starts);
        if (starts & 1)
            at = add_match(d, rows, at);
        else
            at = add_gap(d, rows, at, end < n ? end : n);
    }
    return at;
}

/* ---- streams ---- */

size_t row_deflate_bound(size_t n)
{
    /* Head and check sum; a block's head, at most each BLOCK_TOKENS bytes; and room to write eight
     * bytes at a time. */
    return n + 2 + 4 + (n / BLOCK_TOKENS + 1) * BLOCK_STORED_BYTES + 8;
}

size_t row_deflate(struct row_deflater *d, const struct rows *given, uint8_t *out)
{
    /* Of rows too long to look back from one to the other, the left is looked at twice. */
    struct rows fit = *given;
    const struct rows *rows = &fit;
    bool has_above = given->row_bytes <= MATCH_WINDOW, is_bytes = given->pixel_bytes == 1;
    struct bits bits = {.out = out};
    if (!has_above && is_bytes)
        fit.row_bytes = 1;
    if (is_bytes && !find_areas(d, rows))
        return 0;
    if (!is_bytes)
        pixel_places_forget(&d->places);
    block_init(&d->block, rows->pixel_bytes, has_above ? rows->row_bytes : 1);
    bits_put(&bits, 0x0178, 16); /* 32 kB window, the fastest level: 0x7801 is a multiple of 31 */
    for (size_t at = 0; at < rows->n_bytes;) {
        size_t from = at;
        block_begin(&d->block);
        at = is_bytes ? add_tokens(d, rows, at) : pixel_tokens(&d->block, &d->places, rows, at);
        block_write(&d->block, rows->bytes + from, at - from, at == rows->n_bytes, &bits);
    }
    bits_align(&bits);
    uint32_t sum = htobe32(adler32_of(rows->bytes, rows->n_bytes));
    memcpy(bits.out, &sum, sizeof sum);
    return (size_t)(bits.out - out) + sizeof sum;
}
