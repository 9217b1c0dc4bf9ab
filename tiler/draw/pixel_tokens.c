#include "tiler/draw/pixel_tokens.h"

enum {
    LEAST_FAR = 4, /* bytes that are worth a distance */
    SURE = 16,     /* a match of as many is taken without another look */
};

struct match {
    uint32_t length, distance, kind;
};

/* Where two pixels, and the first of them alone, may have been before; 0: nowhere. */
struct before {
    uint32_t two, one;
};

/* Takes note of a pixel; eight bytes can be read from it on. */
static inline struct before know(struct pixel_places *places, const struct rows *rows, size_t at)
{
    const uint64_t mix = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t word = load_eight(rows->bytes + at);
    uint64_t two = word << (64 - 16 * rows->pixel_bytes),
             one = word << (64 - 8 * rows->pixel_bytes);
    uint32_t *two_at = &places->two[two * mix >> (64 - PIXEL_PLACE_BITS)];
    uint32_t *one_at = &places->one[one * mix >> (64 - PIXEL_PLACE_BITS)];
    struct before before = {*two_at, *one_at};
    *two_at = *one_at = (uint32_t)at;
    return before;
}

/* Whole pixels that are those at a distance before, at most `most` bytes. */
static inline uint32_t length_at(const struct rows *rows, size_t at, uint32_t distance,
                                 uint32_t most)
{
    uint32_t length = equal_bytes_from(rows->bytes + at, distance, 0, most);
    return rows->pixel_bytes == 4 ? length & ~UINT32_C(3) : length - length % 3;
}

static inline void try_far(const struct rows *rows, size_t at, uint32_t before, uint32_t most,
                           struct match *best)
{
    size_t distance = at - before;
    if (before == 0 || distance > MATCH_WINDOW)
        return;
    uint32_t length = length_at(rows, at, (uint32_t)distance, most);
    if (length >= LEAST_FAR && length > best->length)
        *best = (struct match){length, (uint32_t)distance, KIND_FAR};
}

/* The longest match at a pixel of the row that starts at `row`; of length 0 if there is none. */
static inline struct match find_match(struct pixel_places *places, const struct rows *rows,
                                      size_t row, size_t at)
{
    const uint32_t unit = rows->pixel_bytes, longest = MATCH_LONGEST - MATCH_LONGEST % unit;
    size_t rest = row + rows->row_bytes - at;
    uint32_t most = rest < longest ? (uint32_t)rest : longest;
    struct match best = {.kind = KIND_LEFT};
    if (at > row + unit) /* not the first of its row */
        best.length = length_at(rows, at, unit, most);
    if (row > 0 && rows->row_bytes <= MATCH_WINDOW) {
        uint32_t above = length_at(rows, at, rows->row_bytes, most);
        if (above > best.length)
            best = (struct match){above, 0, KIND_ABOVE};
    }
    if (at + 8 > rows->n_bytes)
        return best;
    struct before before = know(places, rows, at);
    if (best.length >= SURE)
        return best;
    try_far(rows, at, before.two, most, &best);
    if (best.kind != KIND_FAR)
        try_far(rows, at, before.one, most, &best);
    return best;
}

/* The second pixel of a match, and its last two. */
static inline void know_ends(struct pixel_places *places, const struct rows *rows, size_t at,
                             uint32_t length)
{
    const size_t unit = rows->pixel_bytes, end = at + length;
    if (length <= unit || end + 8 > rows->n_bytes)
        return;
    know(places, rows, at + unit);
    if (length > 3 * unit)
        know(places, rows, end - 2 * unit);
    if (length > 2 * unit)
        know(places, rows, end - unit);
}

/* The filter of a row, with as many pixels after it as are those above. Answers how many bytes. */
static inline uint32_t add_start(struct block *block, const struct rows *rows, size_t row)
{
    const uint32_t unit = rows->pixel_bytes,
                   longest = MATCH_LONGEST - 1 - (MATCH_LONGEST - 1) % unit;
    uint32_t pixels = rows->row_bytes - 1 < longest ? rows->row_bytes - 1 : longest, length = 0;
    if (row > 0 && rows->row_bytes <= MATCH_WINDOW)
        length = equal_bytes_from(rows->bytes + row, rows->row_bytes, 0, 1 + pixels);
    if (length <= unit) {
        block_add(block, KIND_LITERAL + rows->bytes[row], 0);
        return 1;
    }
    length -= (length - 1) % unit;
    block_add(block, KIND_ABOVE + length, 0);
    return length;
}

size_t pixel_tokens(struct block *block, struct pixel_places *places, const struct rows *rows,
                    size_t at)
{
    size_t row = at - at % rows->row_bytes;
    while (at < rows->n_bytes && !block_is_full(block, rows->n_bytes - at)) {
        if (at == row + rows->row_bytes)
            row = at;
        if (at == row) {
            at += add_start(block, rows, row);
            continue;
        }
        struct match match = find_match(places, rows, row, at);
        if (match.length == 0) {
            for (uint32_t i = 0; i < rows->pixel_bytes; i++)
                block_add(block, KIND_LITERAL + rows->bytes[at++], 0);
            continue;
        }
        if (match.kind == KIND_FAR)
            block_add_far(block, match.length, match.distance);
        else
            block_add(block, match.kind + match.length, 0);
        know_ends(places, rows, at, match.length);
        at += match.length;
    }
    return at;
}
