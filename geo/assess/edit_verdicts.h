/*
 * edit_verdicts.h - the rows of layer conflicts that an edit changes.
 *
 * Behind edit_derive.h. Of the lists that changed, the findings that they have not in common are
 * matched by the ids of their rows; only then rows are made, with what they owe to their source
 * made once (finding_row.h). What a row was before is told of as many as the list of rows asks for:
 * of others that are gone, or have another margin, it is brief (edit_rows.h).
 *
 * Cost:    under a microsecond a row between points.
 */
#ifndef SISETU_GEO_EDIT_VERDICTS_H
#define SISETU_GEO_EDIT_VERDICTS_H

#include "geo/assess/edit_rows.h"
#include "geo/findings/findings.h"

struct worker;

/* Both worlds with their findings; changed: what findings_update said of them. Adds to the rows, by
 * id; they and all that they need belong to their arena, which the caller's worker fits. */
enum err_code edit_verdicts(const struct world *old, const struct world *now,
                            const struct findings_changed *changed, struct worker *worker,
                            struct row_changes *rows, struct err *err);

#endif
