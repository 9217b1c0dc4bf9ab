#include "tiler/draw/prefix_code.h"

#include <stdbool.h>

/* ---- a code of counts ---- */

enum { SYMBOL_BITS = 9, DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };

/* By one digit of the count; what is equal keeps its order. */
static void sort_by_digit(const uint32_t *from, uint32_t n, uint32_t shift, uint32_t *to)
{
    uint32_t starts[DIGITS + 1] = {0};
    for (uint32_t i = 0; i < n; i++)
        starts[(from[i] >> shift & (DIGITS - 1)) + 1]++;
    for (uint32_t digit = 0; digit < DIGITS; digit++)
        starts[digit + 1] += starts[digit];
    for (uint32_t i = 0; i < n; i++)
        to[starts[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

/* Those that are used, rarest first: count << SYMBOL_BITS | symbol. Two at least. */
static uint32_t sort_symbols(const uint32_t *counts, uint32_t n, uint32_t *sorted)
{
    uint32_t other[LITERAL_SYMBOLS], used = 0, most = 0;
    for (uint32_t i = 0; i < n; i++) {
        other[used] = counts[i] << SYMBOL_BITS | i;
        used += counts[i] > 0;
        most = counts[i] > most ? counts[i] : most;
    }
    for (uint32_t i = 0; used < 2; i++)
        if (counts[i] == 0)
            other[used++] = 1 << SYMBOL_BITS | i;
    sort_by_digit(other, used, SYMBOL_BITS, sorted);
    if (most < DIGITS)
        return used;
    sort_by_digit(sorted, used, SYMBOL_BITS + DIGIT_BITS, other);
    memcpy(sorted, other, used * sizeof *sorted);
    return used;
}

/* Joins the two rarest until one is left. The node i is made i-th and stands in nodes[i], as its
 * weight until it is joined, then as the number of the node above it: the last one is the root. */
static void join(const uint32_t *sorted, uint32_t n, uint32_t *nodes)
{
    uint32_t leaf = 0, node = 0;
    for (uint32_t next = 0; next + 1 < n; next++) {
        uint32_t weight = 0;
        for (int k = 0; k < 2; k++) {
            if (node == next || (leaf < n && sorted[leaf] >> SYMBOL_BITS <= nodes[node])) {
                weight += sorted[leaf++] >> SYMBOL_BITS;
            } else {
                weight += nodes[node];
                nodes[node++] = next;
            }
        }
        nodes[next] = weight;
    }
}

/* How many leaves are how deep: each node puts two places one deeper for one of its own depth. */
static void count_depths(uint32_t *nodes, uint32_t n, uint32_t longest, uint32_t *n_of_depth)
{
    memset(n_of_depth, 0, (LONGEST_CODE + 1) * sizeof *n_of_depth);
    n_of_depth[1] = 2;
    nodes[n - 2] = 0; /* from here on depths */
    for (uint32_t i = n - 2; i-- > 0;) {
        uint32_t depth = nodes[nodes[i]] + 1;
        nodes[i] = depth;
        if (depth >= longest) {
            depth = longest - 1;
            while (n_of_depth[depth] == 0)
                depth--;
        }
        n_of_depth[depth]--;
        n_of_depth[depth + 1] += 2;
    }
}

/* Sixteen bits, the first one last. */
static uint32_t turn_round(uint32_t code)
{
    code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
    code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
    code = (code & 0x0F0F) << 4 | (code >> 4 & 0x0F0F);
    return (code & 0x00FF) << 8 | code >> 8;
}

void prefix_code_make(struct prefix_code *code, const uint32_t *counts, uint32_t n,
                      uint32_t longest)
{
    uint32_t sorted[LITERAL_SYMBOLS], nodes[LITERAL_SYMBOLS], n_of_depth[LONGEST_CODE + 1];
    uint32_t next[LONGEST_CODE + 1], first = 0;
    uint32_t used = sort_symbols(counts, n, sorted);
    join(sorted, used, nodes);
    count_depths(nodes, used, longest, n_of_depth);
    memset(code->lengths, 0, n);
    uint32_t at = 0;
    for (uint32_t depth = longest; depth > 0; depth--)
        for (uint32_t i = 0; i < n_of_depth[depth]; i++)
            code->lengths[sorted[at++] & ((1 << SYMBOL_BITS) - 1)] = (uint8_t)depth;
    for (uint32_t depth = 1; depth <= longest; depth++) {
        next[depth] = first;
        first = (first + n_of_depth[depth]) << 1;
    }
    next[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t length = code->lengths[i];
        code->codes[i] = (uint16_t)(turn_round(next[length]) >> (16 - length));
        next[length] += length > 0;
    }
}

/* ---- the head of a block ---- */

enum { REPEAT = 16, ZEROS = 17, MANY_ZEROS = 18 }; /* steps that stand for several lengths */

static void add_step(struct code_head *head, uint32_t step, uint32_t extra)
{
    head->steps[head->n_steps] = (uint8_t)step;
    head->extras[head->n_steps++] = (uint8_t)extra;
}

/* n times the same length. */
static void add_equal(struct code_head *head, uint32_t length, uint32_t n)
{
    if (length > 0 && n > 0) {
        add_step(head, length, 0);
        n--;
    }
    while (n >= 3) {
        uint32_t most = length > 0 ? 6 : n < 11 ? 10 : 138;
        uint32_t part = n < most ? n : most;
        if (length > 0)
            add_step(head, REPEAT, part - 3);
        else
            add_step(head, n < 11 ? ZEROS : MANY_ZEROS, part - (n < 11 ? 3 : 11));
        n -= part;
    }
    while (n-- > 0)
        add_step(head, length, 0);
}

static uint32_t n_used(const struct prefix_code *code, uint32_t n, uint32_t least)
{
    while (n > least && code->lengths[n - 1] == 0)
        n--;
    return n;
}

static uint32_t extra_bits(uint32_t step)
{
    return step < REPEAT ? 0 : step == REPEAT ? 2 : step == ZEROS ? 3 : 7;
}

static const uint8_t order[LENGTH_SYMBOLS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                              11, 4,  12, 3, 13, 2, 14, 1, 15};

void code_head_make(struct code_head *head, const struct prefix_code *literals,
                    const struct prefix_code *distances)
{
    uint8_t lengths[LITERAL_SYMBOLS + DISTANCE_SYMBOLS];
    uint32_t counts[LENGTH_SYMBOLS] = {0};
    head->n_literals = n_used(literals, LITERAL_SYMBOLS, 257);
    head->n_distances = n_used(distances, DISTANCE_SYMBOLS, 1);
    uint32_t n = head->n_literals + head->n_distances;
    memcpy(lengths, literals->lengths, head->n_literals);
    memcpy(lengths + head->n_literals, distances->lengths, head->n_distances);
    head->n_steps = 0;
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && lengths[end] == lengths[i];)
            end++;
        add_equal(head, lengths[i], end - i);
    }
    for (uint32_t i = 0; i < head->n_steps; i++)
        counts[head->steps[i]]++;
    prefix_code_make(&head->code, counts, LENGTH_SYMBOLS, LONGEST_LENGTH_CODE);
    head->n_lengths = LENGTH_SYMBOLS;
    while (head->n_lengths > 4 && head->code.lengths[order[head->n_lengths - 1]] == 0)
        head->n_lengths--;
    head->n_bits = 5 + 5 + 4 + 3 * head->n_lengths;
    for (uint32_t step = 0; step < LENGTH_SYMBOLS; step++)
        head->n_bits += counts[step] * (head->code.lengths[step] + extra_bits(step));
}

void code_head_write(const struct code_head *head, struct bits *bits)
{
    bits_put(bits, head->n_literals - 257, 5);
    bits_put(bits, head->n_distances - 1, 5);
    bits_put(bits, head->n_lengths - 4, 4);
    for (uint32_t i = 0; i < head->n_lengths; i++)
        bits_put(bits, head->code.lengths[order[i]], 3);
    for (uint32_t i = 0; i < head->n_steps; i++) {
        uint32_t step = head->steps[i], length = head->code.lengths[step];
        bits_put(bits, head->code.codes[step] | (uint32_t)head->extras[i] << length,
                 length + extra_bits(step));
    }
}
