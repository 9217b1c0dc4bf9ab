/* findings_update.c - what an edit changes of the findings. */
#include "geo/findings.h"

#include "geo/finding_pages.h"

/* Sources whose list is another one. */
static enum err_code compare(const struct findings *old, const struct findings *now,
                             struct arena *arena, struct finding_source **out, size_t *n,
                             struct err *err)
{
    size_t capacity = 0;
    *out = NULL;
    *n = 0;
    for (int l = 0; l < FINDING_LAYERS; l++) {
        for (uint32_t slot = 0; slot < now->n_pages[l] * FINDING_PAGE; slot++) {
            if (finding_list_equal(findings_get(old, l, slot), findings_get(now, l, slot)))
                continue;
            *out = arena_grow(arena, *out, &capacity, *n + 1, sizeof **out);
            if (!*out)
                return err_nomem(err);
            (*out)[(*n)++] = (struct finding_source){finding_layers[l], slot};
        }
    }
    return ERR_OK;
}

enum err_code findings_update(const struct findings_change *change, struct arena *arena,
                              struct findings **out, struct finding_source **changed,
                              size_t *n_changed, struct err *err)
{
    enum err_code code = ERR_OK;
    struct findings *made = NULL;
    TRY(findings_all(change->now, change->crew, &made, err));
    TRY(compare(change->old->findings, made, arena, changed, n_changed, err));
    *out = made;
    made = NULL;
done:
    findings_release(made);
    return code;
}
