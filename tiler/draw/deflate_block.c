#include "tiler/draw/deflate_block.h"

enum {
    STORED = 65535, /* the most bytes that are written as they are at once */
    END_OF_BLOCK = 256,
    FIRST_LENGTH = 257,
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

/* The least length of a symbol. */
static inline uint32_t first_length(uint32_t symbol)
{
    uint32_t k = symbol - FIRST_LENGTH;
    return k < 8 ? k + 3 : k == 28 ? MATCH_LONGEST : ((4 + k % 4) << (k / 4 - 1)) + 3;
}

/* One more than the greatest. */
static inline uint32_t end_length(uint32_t symbol)
{
    return symbol < FIRST_LENGTH + 28 ? first_length(symbol + 1) : MATCH_LONGEST + 1;
}

void block_init(struct block *block, uint32_t left, uint32_t above)
{
    block->left = left;
    block->above = above;
}

void block_begin(struct block *block)
{
    memset(block->counts, 0, sizeof block->counts);
    block->n_tokens = 0;
}

/* How often each symbol comes; answers how many extra bits there are. */
static uint64_t count_symbols(const struct block *block, uint32_t *literals, uint32_t *distances)
{
    uint32_t left = distance_symbol(block->left), above = distance_symbol(block->above);
    uint64_t extra = 0;
    memcpy(literals, block->counts, 256 * sizeof *literals);
    memset(literals + 256, 0, (LITERAL_SYMBOLS - 256) * sizeof *literals);
    literals[END_OF_BLOCK] = 1;
    memcpy(distances, block->counts + KIND_DISTANCE, DISTANCE_SYMBOLS * sizeof *distances);
    for (uint32_t symbol = FIRST_LENGTH; symbol < LITERAL_SYMBOLS; symbol++) {
        uint32_t n_left = 0, n_above = 0, n_far = 0, end = end_length(symbol);
        for (uint32_t length = first_length(symbol); length < end; length++) {
            n_left += block->counts[KIND_LEFT + length];
            n_above += block->counts[KIND_ABOVE + length];
            n_far += block->counts[KIND_FAR + length];
        }
        literals[symbol] = n_left + n_above + n_far;
        distances[left] += n_left;
        distances[above] += n_above;
    }
    for (uint32_t i = FIRST_LENGTH; i < LITERAL_SYMBOLS; i++)
        extra += (uint64_t)literals[i] * length_extra(i);
    for (uint32_t i = 0; i < DISTANCE_SYMBOLS; i++)
        extra += (uint64_t)distances[i] * distance_extra(i);
    return extra;
}

struct piece {
    uint64_t bits;
    uint32_t count;
};

static inline void set_written(struct block *block, uint32_t kind, uint64_t bits, uint32_t count)
{
    block->written[kind] = bits;
    block->n_written[kind] = (uint8_t)count;
}

/* What is written for a whole distance. */
static struct piece distance_written(const struct prefix_code *distances, uint32_t distance)
{
    uint32_t symbol = distance_symbol(distance), length = distances->lengths[symbol];
    uint64_t bits = distances->codes[symbol] | (distance - first_distance(symbol)) << length;
    return (struct piece){bits, length + distance_extra(symbol)};
}

/* What is written for each kind, by the codes of the block. */
static void find_written(struct block *block)
{
    const struct prefix_code *literals = &block->literals, *distances = &block->distances;
    struct piece left = distance_written(distances, block->left);
    struct piece above = distance_written(distances, block->above);
    for (uint32_t i = 0; i < 256; i++)
        set_written(block, KIND_LITERAL + i, literals->codes[i], literals->lengths[i]);
    for (uint32_t i = 0; i < DISTANCE_SYMBOLS; i++) {
        uint32_t length = distances->lengths[i];
        set_written(block, KIND_DISTANCE + i, distances->codes[i], length + distance_extra(i));
        block->extra_at[KIND_DISTANCE + i] = (uint8_t)length;
    }
    for (uint32_t symbol = FIRST_LENGTH; symbol < LITERAL_SYMBOLS; symbol++) {
        uint32_t first = first_length(symbol), end = end_length(symbol);
        uint32_t count = literals->lengths[symbol], all = count + length_extra(symbol);
        for (uint32_t length = first; length < end; length++) {
            uint64_t bits = literals->codes[symbol] | (length - first) << count;
            set_written(block, KIND_FAR + length, bits, all);
            set_written(block, KIND_LEFT + length, bits | left.bits << all, all + left.count);
            set_written(block, KIND_ABOVE + length, bits | above.bits << all, all + above.count);
        }
    }
}

/* What is written for a token. */
static inline struct piece piece_of(const struct block *block, uint32_t token)
{
    uint32_t kind = token & ((1 << KIND_BITS) - 1);
    uint64_t extra = (uint64_t)(token >> KIND_BITS) << (block->extra_at[kind] & 63);
    return (struct piece){block->written[kind] | extra, block->n_written[kind]};
}

/* Two at a time, since one can only be put after the other; hardly any two are too long for it. */
static void write_tokens(const struct block *block, struct bits *to)
{
    struct bits bits = *to;
    uint32_t i = 0, n = block->n_tokens;
    for (; i + 2 <= n; i += 2) {
        struct piece one = piece_of(block, block->tokens[i]);
        struct piece two = piece_of(block, block->tokens[i + 1]);
        if (one.count + two.count <= BITS_AT_ONCE) {
            bits_put(&bits, one.bits | two.bits << one.count, one.count + two.count);
        } else {
            bits_put(&bits, one.bits, one.count);
            bits_put(&bits, two.bits, two.count);
        }
    }
    if (i < n) {
        struct piece last = piece_of(block, block->tokens[i]);
        bits_put(&bits, last.bits, last.count);
    }
    bits_put(&bits, block->literals.codes[END_OF_BLOCK], block->literals.lengths[END_OF_BLOCK]);
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

void block_write(struct block *block, const uint8_t *bytes, size_t n, bool is_last,
                 struct bits *bits)
{
    uint32_t literals[LITERAL_SYMBOLS], distances[DISTANCE_SYMBOLS];
    uint64_t n_bits = count_symbols(block, literals, distances);
    uint64_t n_heads = (n + STORED - 1) / STORED;
    prefix_code_make(&block->literals, literals, LITERAL_SYMBOLS, LONGEST_CODE);
    prefix_code_make(&block->distances, distances, DISTANCE_SYMBOLS, LONGEST_CODE);
    code_head_make(&block->head, &block->literals, &block->distances);
    for (uint32_t i = 0; i < LITERAL_SYMBOLS; i++)
        n_bits += (uint64_t)literals[i] * block->literals.lengths[i];
    for (uint32_t i = 0; i < DISTANCE_SYMBOLS; i++)
        n_bits += (uint64_t)distances[i] * block->distances.lengths[i];
    if (3 + block->head.n_bits + n_bits >= 8 * (n + n_heads * BLOCK_STORED_BYTES)) {
        write_stored(bytes, n, is_last, bits);
        return;
    }
    find_written(block);
    bits_put(bits, is_last | 2 << 1, 3); /* codes of its own */
    code_head_write(&block->head, bits);
    write_tokens(block, bits);
}
