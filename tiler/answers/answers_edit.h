/*
 * answers_edit.h - what an edit changed, as JSON and as a text for people.
 *
 *   {"generation": of the store now, "changed": whether it moved, "assessed": whether verdicts
 *    and grades followed,
 *    "records": [{"layer","id","change": "added" | "replaced" | "deleted"}],
 *    "verdicts": {"added","removed","changed","items": [{"id","kind","rule","source","target",
 *      "before","after"}],"more"},
 *    "grades": {"added","removed","changed","items": [{"subject","subject_id","name","method",
 *      "before","after"}],"more"},
 *    "segments": {..., "items": [{"pipeline_id","kind","method","from_m","to_m","before","after"}],
 *      "more"},
 *    "warnings": [text]}
 *
 * before and after of a verdict: {"verdict","grade","distance_m","required_m","margin_m",
 * "persons","reason","decides"}, null where there was or is none (what is clear is not kept); of a
 * grade: {"grade","could_be","undecided","persons","value"}; of a segment: {"verdict","class",
 * "could_be","households","persons","reason"}. At most ANSWER_EDIT_ITEMS items each;
 * "more" counts the others.
 *
 * Threads: pure. Memory that runs out shows in the buffer (buf_ok).
 */
#ifndef SISETU_TILER_ANSWERS_EDIT_H
#define SISETU_TILER_ANSWERS_EDIT_H

#include "data/base/json.h"
#include "geo/assess/editor.h"

enum { ANSWER_EDIT_ITEMS = EDIT_TOLD_CONFLICTS };

void answer_edit(struct jw *jw, const struct edit_result *result);
void answer_edit_text(struct buf *out, const struct edit_result *result);

#endif
