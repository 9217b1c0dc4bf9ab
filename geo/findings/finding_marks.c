#include "geo/findings/finding_marks.h"

#include "geo/findings/finding_pages.h"

enum { WORD_BITS = 64 };

enum err_code finding_marks_init(struct finding_marks *marks, const struct world *world,
                                 struct arena *arena, struct err *err)
{
    size_t n = 0;
    *marks = (struct finding_marks){.n_set = 0};
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        size_t n_rows = world_count(world, finding_layers[l]);
        marks->starts[l] = arena_new(arena, size_t, n_rows);
        if (!marks->starts[l])
            return err_nomem(err);
        for (size_t row = 0; row < n_rows; row++) {
            const struct finding_list *list = findings_of(world, finding_layers[l], row);
            marks->starts[l][row] = n;
            n += list ? list->n : 0;
        }
    }
    marks->bits = arena_new(arena, uint64_t, n / WORD_BITS + 1);
    return marks->bits ? ERR_OK : err_nomem(err);
}

static size_t number_of(const struct finding_marks *marks, struct finding_ref ref)
{
    return marks->starts[finding_layer_index(ref.layer)][ref.row] + ref.k;
}

void finding_marks_set(struct finding_marks *marks, struct finding_ref ref)
{
    size_t i = number_of(marks, ref);
    uint64_t bit = UINT64_C(1) << i % WORD_BITS;
    marks->n_set += !(marks->bits[i / WORD_BITS] & bit);
    marks->bits[i / WORD_BITS] |= bit;
}

bool finding_marks_get(const struct finding_marks *marks, struct finding_ref ref)
{
    size_t i = number_of(marks, ref);
    return marks->bits[i / WORD_BITS] >> i % WORD_BITS & 1;
}
