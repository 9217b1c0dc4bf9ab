#include "tiler/draw/row_deflate.h"

#include "tiler/draw/deflate.h"
#include "tiler/draw/prefix_code.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    SHORTEST = 3,
    LONGEST = 258, /* of a match */
    WINDOW = 32768,
    STORED = 65535,      /* the most bytes of a stored block */
    STORED_BITS = 5 * 8, /* at most: its head */
    BLOCK_TOKENS = 4096, /* of one block: the codes of the next one fit better */
    GAP = 56,            /* the most positions that are looked at together */
    KNOWN = 5,           /* bytes that are looked up */
    PLACE_BITS = 13,     /* of the table of these */
    SHORT = 8,           /* a match of fewer bytes may give way to one from afar */
    END_OF_BLOCK = 256,
    FIRST_LENGTH = 257,
};

/*
 * What a block is made of: tokens, each a kind in the low bits and, for distances, extra bits above
 * them. A match is one token where it is from the left or from above, since its bits are always
 * the same; else two, its length and its distance.
 */
enum {
    LITERAL = 0,
    LEFT = LITERAL + 256 - SHORTEST, /* kinds are LEFT + the length */
    ABOVE = LEFT + LONGEST - SHORTEST + 1,
    FAR = ABOVE + LONGEST - SHORTEST + 1,
    DISTANCE = FAR + LONGEST + 1, /* + the symbol */
    KINDS = DISTANCE + DISTANCE_SYMBOLS,
    KIND_BITS = 11,
};

/* What is written for a kind: its bits, above them where extra bits go, and how many all are. */
enum { EXTRA_AT = 48, COUNT_AT = 56 };

struct row_deflater {
    uint32_t counts[KINDS], n_tokens;
    uint32_t tokens[BLOCK_TOKENS + 2 * GAP];
    uint64_t written[KINDS];
    struct prefix_code literals, distances;
    struct code_head head;
    /* Where KNOWN bytes were last, by their hash: 16 more bits of it, and the low 16 of where. */
    uint32_t last[1 << PLACE_BITS];
    uint8_t length_symbol[LONGEST + 1];
    /* A bit for each byte of the rows: it is the one to its left; the one above; three or more
     * from here on are the one or the other. */
    uint64_t *left, *above, *starts;
    size_t words;
};

/* The extra bits of a length or a distance, by its symbol. */
static inline uint32_t length_extra(uint32_t symbol)
{
    return symbol < FIRST_LENGTH + 8 || symbol == FIRST_LENGTH + 28
               ? 0
               : (symbol - FIRST_LENGTH) / 4 - 1;
}

static inline uint32_t distance_extra(uint32_t symbol)
{
    return symbol < 4 ? 0 : symbol / 2 - 1;
}

/* The number that symbol and extra bits stand for is the first of its symbol, and these. */
static inline uint32_t first_length(uint32_t symbol)
{
    uint32_t k = symbol - FIRST_LENGTH;
    return k < 8 ? k + 3 : k == 28 ? LONGEST : ((4 + k % 4) << (k / 4 - 1)) + 3;
}

static inline uint32_t distance_symbol(uint32_t distance)
{
    uint32_t d = distance - 1, high = 31 - (uint32_t)__builtin_clz(d | 1);
    return d < 2 ? d : 2 * high + (d >> (high - 1) & 1);
}

static inline uint32_t first_distance(uint32_t symbol)
{
    return symbol < 4 ? symbol + 1 : ((2 + symbol % 2) << (symbol / 2 - 1)) + 1;
}

struct row_deflater *row_deflater_new(void)
{
    struct row_deflater *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    uint32_t symbol = FIRST_LENGTH;
    for (uint32_t length = SHORTEST; length <= LONGEST; length++) {
        while (symbol < FIRST_LENGTH + 28 && first_length(symbol + 1) <= length)
            symbol++;
        d->length_symbol[length] = (uint8_t)(symbol - FIRST_LENGTH);
    }
    return d;
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

static inline uint64_t bits_from(const uint64_t *bits, size_t at)
{
    const uint64_t *word = bits + at / 64;
    return word[0] >> at % 64 | word[1] << 1 << (63 - at % 64);
}

/* How many bits are set from a position on, at most LONGEST. */
static inline uint32_t count_from(const uint64_t *bits, size_t at)
{
    uint32_t length = 0, part = 0;
    do {
        part = (uint32_t)__builtin_ctzll(~bits_from(bits, at + length) | UINT64_C(1) << GAP);
        length += part;
    } while (part == GAP && length < LONGEST);
    return length < LONGEST ? length : LONGEST;
}

/* ---- tokens ---- */

static inline void add_token(struct row_deflater *d, uint32_t kind, uint32_t extra)
{
    d->counts[kind]++;
    d->tokens[d->n_tokens++] = kind | extra << KIND_BITS;
}

static inline void add_far(struct row_deflater *d, uint32_t length, uint32_t distance)
{
    uint32_t symbol = distance_symbol(distance);
    add_token(d, FAR + length, 0);
    add_token(d, DISTANCE + symbol, distance - first_distance(symbol));
}

static inline uint64_t load(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

/* The first KNOWN of eight bytes, above all else. */
static inline uint64_t known_bytes(const uint8_t *bytes)
{
    return load(bytes) << (64 - 8 * KNOWN);
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
    bool is_there = distance > 0 && distance <= WINDOW && distance <= at;
    return is_there && known_bytes(rows->bytes + at - distance) == known ? distance : 0;
}

/* How many bytes from a position on are those `distance` before, the first KNOWN known to be. */
static inline uint32_t match_length(const struct rows *rows, size_t at, uint32_t distance)
{
    const uint8_t *bytes = rows->bytes + at;
    size_t most = rows->n_bytes - at < LONGEST ? rows->n_bytes - at : LONGEST, length = KNOWN;
    while (length + 8 <= most) {
        uint64_t differ = load(bytes + length) ^ load(bytes + length - distance);
        if (differ)
            return (uint32_t)length + (uint32_t)__builtin_ctzll(differ) / 8;
        length += 8;
    }
    while (length < most && bytes[length] == bytes[length - distance])
        length++;
    return (uint32_t)length;
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

/* Literals from a position up to another, or up to bytes that came before, and these. Answers
 * where it has come. */
static inline size_t add_gap(struct row_deflater *d, const struct rows *rows, size_t at, size_t end)
{
    const uint8_t *bytes = rows->bytes;
    uint32_t *token = d->tokens + d->n_tokens, distance = 0, length = 0;
    for (; at < end && at + 8 <= rows->n_bytes; at++) {
        distance = know(d, rows, at);
        if (distance)
            break;
        d->counts[LITERAL + bytes[at]]++;
        *token++ = LITERAL + bytes[at];
    }
    d->n_tokens = (uint32_t)(token - d->tokens);
    if (distance) {
        length = match_length(rows, at, distance);
        add_far(d, length, distance);
        know_ends(d, rows, at, length);
        return at + length;
    }
    for (; at < end; at++)
        add_token(d, LITERAL + bytes[at], 0);
    return at;
}

/* The match at a position where there is one from the left or from above, or a longer one from
 * afar. Answers its end. */
static inline size_t add_match(struct row_deflater *d, const struct rows *rows, size_t at)
{
    uint32_t left = count_from(d->left, at), above = count_from(d->above, at);
    /* From the left takes fewer bits. */
    bool is_above = left < SHORTEST || above > left + 1;
    uint32_t length = is_above ? above : left;
    uint32_t distance = at + 8 <= rows->n_bytes ? know(d, rows, at) : 0;
    if (distance && length < SHORT) {
        uint32_t far = match_length(rows, at, distance);
        if (far > length + 1) {
            add_far(d, far, distance);
            know_ends(d, rows, at, far);
            return at + far;
        }
    }
    add_token(d, (is_above ? ABOVE : LEFT) + length, 0);
    know_ends(d, rows, at, length);
    return at + length;
}

/* Tokens of one block. Answers where it ends. */
static size_t add_block(struct row_deflater *d, const struct rows *rows, size_t at)
{
    size_t n = rows->n_bytes;
    memset(d->counts, 0, sizeof d->counts);
    d->n_tokens = 0;
    while (at < n && d->n_tokens < BLOCK_TOKENS) {
        uint64_t starts = bits_from(d->starts, at) | UINT64_C(1) << GAP;
        size_t end = at + (size_t)__builtin_ctzll(starts);
        if (starts & 1)
            at = add_match(d, rows, at);
        else
            at = add_gap(d, rows, at, end < n ? end : n);
    }
    return at;
}

/* ---- blocks ---- */

/* How often each symbol comes; answers how many extra bits there are. */
static uint64_t count_symbols(const struct row_deflater *d, uint32_t above, uint32_t *literals,
                              uint32_t *distances)
{
    uint64_t extra = 0;
    memcpy(literals, d->counts, 256 * sizeof *literals);
    memset(literals + 256, 0, (LITERAL_SYMBOLS - 256) * sizeof *literals);
    literals[END_OF_BLOCK] = 1;
    memcpy(distances, d->counts + DISTANCE, DISTANCE_SYMBOLS * sizeof *distances);
    for (uint32_t length = SHORTEST; length <= LONGEST; length++) {
        uint32_t n_left = d->counts[LEFT + length], n_above = d->counts[ABOVE + length];
        literals[FIRST_LENGTH + d->length_symbol[length]] +=
            n_left + n_above + d->counts[FAR + length];
        distances[0] += n_left;
        distances[above] += n_above;
    }
    for (uint32_t i = FIRST_LENGTH; i < LITERAL_SYMBOLS; i++)
        extra += (uint64_t)literals[i] * length_extra(i);
    for (uint32_t i = 0; i < DISTANCE_SYMBOLS; i++)
        extra += (uint64_t)distances[i] * distance_extra(i);
    return extra;
}

static inline uint64_t write_as(uint64_t bits, uint32_t extra_at, uint32_t count)
{
    return bits | (uint64_t)extra_at << EXTRA_AT | (uint64_t)count << COUNT_AT;
}

/* What is written for each kind, by the codes of the block. */
static void find_written(struct row_deflater *d, uint32_t row_bytes)
{
    const struct prefix_code *literals = &d->literals, *distances = &d->distances;
    uint32_t above = distance_symbol(row_bytes), above_extra = row_bytes - first_distance(above);
    for (uint32_t i = 0; i < 256; i++)
        d->written[LITERAL + i] = write_as(literals->codes[i], 0, literals->lengths[i]);
    for (uint32_t i = 0; i < DISTANCE_SYMBOLS; i++)
        d->written[DISTANCE + i] = write_as(distances->codes[i], distances->lengths[i],
                                            distances->lengths[i] + distance_extra(i));
    for (uint32_t length = SHORTEST; length <= LONGEST; length++) {
        uint32_t symbol = FIRST_LENGTH + d->length_symbol[length];
        uint32_t count = literals->lengths[symbol];
        uint64_t bits = literals->codes[symbol] | (length - first_length(symbol)) << count;
        count += length_extra(symbol);
        d->written[FAR + length] = write_as(bits, 0, count);
        d->written[LEFT + length] = write_as(bits | (uint64_t)distances->codes[0] << count, 0,
                                             count + distances->lengths[0]);
        bits |= (uint64_t)distances->codes[above] << count;
        count += distances->lengths[above];
        d->written[ABOVE + length] =
            write_as(bits | (uint64_t)above_extra << count, 0, count + distance_extra(above));
    }
}

static void write_tokens(const struct row_deflater *d, struct bits *to)
{
    const uint64_t mask = (UINT64_C(1) << EXTRA_AT) - 1;
    struct bits bits = *to;
    for (uint32_t i = 0; i < d->n_tokens; i++) {
        uint32_t token = d->tokens[i];
        uint64_t written = d->written[token & ((1 << KIND_BITS) - 1)];
        uint64_t extra = (uint64_t)(token >> KIND_BITS) << (written >> EXTRA_AT & 63);
        bits_put(&bits, (written & mask) | extra, (uint32_t)(written >> COUNT_AT));
    }
    bits_put(&bits, d->literals.codes[END_OF_BLOCK], d->literals.lengths[END_OF_BLOCK]);
    *to = bits;
}

/* Bytes as they are. */
static void write_stored(const uint8_t *bytes, size_t n, bool is_last, struct bits *bits)
{
    while (n > 0) {
        size_t part = n < STORED ? n : STORED;
        bits_put(bits, is_last && part == n, 3);
        bits_align(bits);
        bits_put(bits, part | (~part & 0xFFFF) << 16, 32);
        memcpy(bits->out, bytes, part);
        bits->out += part;
        bytes += part;
        n -= part;
    }
}

static void write_block(struct row_deflater *d, const struct rows *rows, size_t from, size_t to,
                        struct bits *bits)
{
    uint32_t literals[LITERAL_SYMBOLS], distances[DISTANCE_SYMBOLS];
    uint32_t above = distance_symbol(rows->row_bytes);
    bool is_last = to == rows->n_bytes;
    uint64_t n_bits = count_symbols(d, above, literals, distances);
    prefix_code_make(&d->literals, literals, LITERAL_SYMBOLS, LONGEST_CODE);
    prefix_code_make(&d->distances, distances, DISTANCE_SYMBOLS, LONGEST_CODE);
    code_head_make(&d->head, &d->literals, &d->distances);
    for (uint32_t i = 0; i < LITERAL_SYMBOLS; i++)
        n_bits += (uint64_t)literals[i] * d->literals.lengths[i];
    for (uint32_t i = 0; i < DISTANCE_SYMBOLS; i++)
        n_bits += (uint64_t)distances[i] * d->distances.lengths[i];
    size_t n = to - from;
    if (3 + d->head.n_bits + n_bits >= 8 * n + (n + STORED - 1) / STORED * STORED_BITS) {
        write_stored(rows->bytes + from, n, is_last, bits);
        return;
    }
    find_written(d, rows->row_bytes);
    bits_put(bits, is_last | 2 << 1, 3); /* codes of its own */
    code_head_write(&d->head, bits);
    write_tokens(d, bits);
}

size_t row_deflate_bound(size_t n)
{
    /* Head and check sum; a stored block's head, at most each BLOCK_TOKENS bytes; and room to
     * write eight bytes at a time. */
    return n + 2 + 4 + (n / BLOCK_TOKENS + 1) * (STORED_BITS / 8) + 8;
}

size_t row_deflate(struct row_deflater *d, const struct rows *given, uint8_t *out)
{
    /* Of rows too long to look back from one to the other, the left is looked at twice. */
    const struct rows fit = {given->bytes, given->n_bytes, 1};
    const struct rows *rows = given->row_bytes <= WINDOW ? given : &fit;
    struct bits bits = {.out = out};
    if (!make_room(d, rows->n_bytes))
        return 0;
    find_equal(rows, 1, d->left);
    find_equal(rows, rows->row_bytes, d->above);
    find_starts(d, rows->n_bytes);
    memset(d->last, 0, sizeof d->last);
    bits_put(&bits, 0x0178, 16); /* 32 kB window, the fastest level: 0x7801 is a multiple of 31 */
    for (size_t at = 0; at < rows->n_bytes;) {
        size_t from = at;
        at = add_block(d, rows, at);
        write_block(d, rows, from, at, &bits);
    }
    bits_align(&bits);
    uint32_t sum = htobe32(adler32_of(rows->bytes, rows->n_bytes));
    memcpy(bits.out, &sum, sizeof sum);
    return (size_t)(bits.out - out) + sizeof sum;
}
