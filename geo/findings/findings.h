/*
 * findings.h - judges everything: all findings of a world, or what an edit changes of them.
 *
 *     TRY(findings_all(world, &crew, &findings, err));
 *     world_set_findings(world, findings);        before the world is shared
 *
 * The same answer for any number of threads, and by findings_update as by findings_all.
 *
 * Threads: pure but for the caller's crew.
 * Cost:    a microsecond or two a pair in reach; an update costs the pairs of what was edited,
 *          and some microseconds a list that changes: lists that lose or get an edited target are
 *          changed in that place, however long they are.
 */
#ifndef SISETU_GEO_FINDINGS_H
#define SISETU_GEO_FINDINGS_H

#include "geo/findings/finding.h"
#include "geo/world/parallel.h"

/* What one run shares among its threads: the rows that speak of each kind of source, classes
 * of targets. Made from the world, without its findings. */
struct judging;
enum err_code judging_new(const struct world *world, struct judging **out, struct err *err);
void judging_free(struct judging *judging); /* NULL is legal */

/* One source, pure; *out NULL where no rule speaks of it. Free by finding_list_release. */
enum err_code findings_of_source(const struct judging *judging, struct worker *worker,
                                 enum layer_id layer, size_t row, struct finding_list **out,
                                 struct err *err);
void finding_list_release(struct finding_list *list); /* NULL is legal */

enum err_code findings_all(const struct world *world, struct crew *crew, struct findings **out,
                           struct err *err);

/* The findings of `now`, which is `old` after the edits: same rules, date and population. Equal
 * to findings_all(now). */
struct findings_change {
    const struct world *old; /* with its findings */
    const struct world *now;
    const struct world_edit *edits;
    size_t n_edits;
    struct crew *crew;
};

/* Where a list is another one: in place of the n_gone findings from `first` on the new one has
 * n_come others; before and after them it says the same, in full too. Not known: anything may be
 * another one. */
struct finding_splice {
    bool known;
    uint32_t first;
    uint32_t n_gone;
    uint32_t n_come;
};

/* The sources whose list is another one (those gone and those new included), or whose findings may
 * say another thing in full since they rest on more than the records that they name (risk on
 * scenarios, a red line on all areas near); ordered by layer and slot, in the arena. Equal
 * findings of kinds distance and beyond in lists of one slot are equal rows. */
struct findings_changed {
    struct finding_source *sources;
    struct finding_splice *splices; /* of each */
    size_t n;
};
enum err_code findings_update(const struct findings_change *change, struct arena *arena,
                              struct findings **out, struct findings_changed *changed,
                              struct err *err);

/* Same lists, byte by byte, of two worlds with the same slots. */
bool findings_equal(const struct findings *a, const struct findings *b);

#endif
