/*
 * site_question.h - refuses a question about a site that cannot be meant. A part of query_site.
 *
 * A qualifier that no rule knows ("kind=prodution") would meet no row and leave the site clear: so
 * what is given is held against schema.csv and industries.csv before anything is judged. An
 * outline that crosses itself encloses nobody knows what.
 */
#ifndef SISETU_GEO_SITE_QUESTION_H
#define SISETU_GEO_SITE_QUESTION_H

#include "geo/query/query.h"

/* ERR_INPUT with the field and what would be right, or with the place where the outline is
 * broken. */
enum err_code site_question_check(const struct world *world, struct worker *worker,
                                  const struct site_question *question, struct err *err);

#endif
