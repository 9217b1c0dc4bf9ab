/*
 * style_set.h - the styles that are to be had: those of styles/ and the one of --style, by name.
 *
 * The first is the one that is drawn where none is named. A style's name is what its file says
 * ("name"), else what the file is called; of two files with one name that of --style counts, and
 * two in styles/ are an error.
 *
 * A set never changes. style_set_renew looks at the files again: where any has changed it reads
 * them all and gives a new set, in which styles that stayed the same are the same objects; if
 * any is wrong there is no new set, and the old one stays good.
 *
 * Life:    style_set_load or style_set_of, then style_set_release by whoever holds it.
 * Owner:   a set holds its styles; a style that is acquired outlives its set.
 * Threads: safe to share.
 * Cost:    a look at the files is a directory and a stat each.
 */
#ifndef SISETU_STYLES_STYLE_SET_H
#define SISETU_STYLES_STYLE_SET_H

#include "styles/style.h"

enum { STYLE_SET_MOST = 32 };

struct style_set;

/* `given`: a file, the name of a style in styles/, or NULL: four-colour. */
enum err_code style_set_load(const char *given, struct style_set **out, struct err *err);

/* A set of one style, which it takes over, also on failure. It is never renewed. */
enum err_code style_set_of(struct style *style, struct style_set **out, struct err *err);

struct style_set *style_set_acquire(struct style_set *set);
void style_set_release(struct style_set *set); /* NULL is fine */

size_t style_set_count(const struct style_set *set);
struct style *style_set_at(const struct style_set *set, size_t index);

/* The index of a style, or -1; NULL names the first. */
int style_set_find(const struct style_set *set, const char *name);

/* *out NULL: nothing has changed since `old` was made, or since *seen says that this was tried
 * and failed. *seen begins with 0. */
enum err_code style_set_renew(const struct style_set *old, uint64_t *seen, struct style_set **out,
                              struct err *err);

#endif
