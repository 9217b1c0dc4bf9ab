#include "styles/style_set.h"

#include "data/base/file.h"
#include "data/base/limits.h"
#include "data/base/text.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct style_set {
    pthread_mutex_t mutex; /* of n_references */
    unsigned n_references;
    char *given;     /* as it was asked for; NULL: a set of one style, or the default */
    bool from_files; /* else it was made of one style */
    uint64_t stamp;  /* of the files, before they were read */
    struct style *styles[STYLE_SET_MOST];
    size_t n;
};

/* ---- the files ---- */

/* Paths to read, the first style's first. */
struct files {
    char *paths[STYLE_SET_MOST];
    size_t n;
    bool given; /* the first is the file of --style, beside styles/ */
};

static void files_release(struct files *files)
{
    for (size_t i = 0; i < files->n; i++)
        free(files->paths[i]);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err_code add_file(struct files *files, const char *directory, const char *name,
                              struct err *err)
{
    char *path = NULL;
    if (files->n == STYLE_SET_MOST)
        return err_set(err, ERR_LIMIT, "%s: more than %d styles", directory, STYLE_SET_MOST);
    if (asprintf(&path, "%s%s%s", directory, *directory ? "/" : "", name) < 0)
        return err_nomem(err);
    files->paths[files->n++] = path;
    return ERR_OK;
}

static bool is_style_file(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && name[0] != '.' && strcmp(name + n - 5, ".json") == 0;
}

static enum err_code list_directory(const char *path, struct files *files, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t first = files->n;
    DIR *directory = opendir(path);
    if (!directory)
        return err_set(err, ERR_NOT_FOUND, "%s: no such directory", path);
    for (struct dirent *entry; code == ERR_OK && (entry = readdir(directory));)
        if (is_style_file(entry->d_name))
            code = add_file(files, path, entry->d_name, err);
    closedir(directory);
    qsort(files->paths + first, files->n - first, sizeof *files->paths, by_path);
    return code;
}

/* Puts styles/NAME.json before the others. */
static enum err_code put_first(struct files *files, const char *name, struct err *err)
{
    for (size_t i = 0; i < files->n; i++) {
        char *path = files->paths[i];
        const char *base = strrchr(path, '/');
        base = base ? base + 1 : path;
        if (strlen(base) != strlen(name) + 5 || strncmp(base, name, strlen(name)) != 0)
            continue;
        memmove(files->paths + 1, files->paths, i * sizeof *files->paths);
        files->paths[0] = path;
        return ERR_OK;
    }
    return err_set(err, ERR_NOT_FOUND, "styles/%s.json: no such style", name);
}

static enum err_code list_files(const char *given, struct files *out, struct err *err)
{
    enum err_code code = ERR_OK;
    char directory[4096];
    struct err ignored = {0};
    *out = (struct files){.given = given && style_is_path(given)};
    if (out->given)
        TRY(add_file(out, "", given, err));
    /* By its file: build/ has a directory of this name too. */
    code = file_asset("styles/four-colour.json", directory, sizeof directory,
                      out->given ? &ignored : err);
    if (code != ERR_OK)
        return out->given ? ERR_OK : code; /* a style of one's own needs no others */
    *strrchr(directory, '/') = '\0';
    TRY(list_directory(directory, out, err));
    if (!out->given)
        TRY(put_first(out, given ? given : "four-colour", err));
done:
    return code;
}

static void mix(uint64_t *hash, uint64_t value)
{
    *hash = (*hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    *hash ^= *hash >> 29;
}

/* What tells one state of the files from another; never 0. */
static uint64_t stamp_of(const struct files *files)
{
    uint64_t hash = files->n + 1;
    for (size_t i = 0; i < files->n; i++) {
        struct stat status;
        for (const char *c = files->paths[i]; *c; c++)
            mix(&hash, (unsigned char)*c);
        if (stat(files->paths[i], &status) != 0)
            continue;
        mix(&hash, (uint64_t)status.st_ino);
        mix(&hash, (uint64_t)status.st_size);
        mix(&hash, (uint64_t)status.st_mtim.tv_sec);
        mix(&hash, (uint64_t)status.st_mtim.tv_nsec);
    }
    return hash ? hash : 1;
}

/* ---- the set ---- */

static enum err_code new_set(struct style_set **out, struct err *err)
{
    struct style_set *set = calloc(1, sizeof *set);
    *out = set;
    if (!set)
        return err_nomem(err);
    pthread_mutex_init(&set->mutex, NULL);
    set->n_references = 1;
    return ERR_OK;
}

/* Adds a style, which the set takes over. `own`: that of --style, which goes before a style of
 * styles/ with its name. */
static enum err_code add_style(struct style_set *set, struct style *style, const char *path,
                               struct err *err)
{
    int found = set->n ? style_set_find(set, style_name(style)) : -1;
    if (found < 0) {
        set->styles[set->n++] = style;
        return ERR_OK;
    }
    enum err_code code = ERR_OK;
    if (!(set->given && style_is_path(set->given) && found == 0))
        code = err_set(err, ERR_INPUT, "%s: another style is called \"%s\" too", path,
                       style_name(style));
    style_free(style);
    return code;
}

/* The style of a file: that of `old` if its text is the same. */
static enum err_code read_style(const char *path, const struct style_set *old, struct style **out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf text;
    buf_init(&text);
    *out = NULL;
    TRY(file_read(path, LIMIT_JSON_BYTES, &text, err));
    for (size_t i = 0; old && i < old->n; i++) {
        size_t n;
        const char *known = style_text_of(old->styles[i], &n);
        if (text_equal(style_path(old->styles[i]), path) && n == text.n_bytes &&
            memcmp(known, buf_text(&text), n) == 0) {
            *out = style_acquire(old->styles[i]);
            goto done;
        }
    }
    TRY(style_parse(path, buf_text(&text), text.n_bytes, out, err));
done:
    buf_release(&text);
    return code;
}

static enum err_code read_set(const char *given, const struct files *files,
                              const struct style_set *old, struct style_set **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct style_set *set = NULL;
    struct style *style;
    TRY(new_set(&set, err));
    set->from_files = true;
    set->stamp = stamp_of(files);
    set->given = given ? strdup(given) : NULL;
    if (given && !set->given) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < files->n; i++) {
        TRY(read_style(files->paths[i], old, &style, err));
        TRY(add_style(set, style, files->paths[i], err));
    }
    *out = set;
    set = NULL;
done:
    style_set_release(set);
    return code;
}

enum err_code style_set_load(const char *given, struct style_set **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct files files = {0};
    *out = NULL;
    TRY(list_files(given, &files, err));
    TRY(read_set(given, &files, NULL, out, err));
done:
    files_release(&files);
    return code;
}

enum err_code style_set_of(struct style *style, struct style_set **out, struct err *err)
{
    enum err_code code = new_set(out, err);
    if (code != ERR_OK) {
        style_free(style);
        return code;
    }
    (*out)->styles[(*out)->n++] = style;
    return ERR_OK;
}

enum err_code style_set_renew(const struct style_set *old, uint64_t *seen, struct style_set **out,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct files files = {0};
    *out = NULL;
    if (!old->from_files)
        return ERR_OK;
    TRY(list_files(old->given, &files, err));
    uint64_t stamp = stamp_of(&files);
    if (stamp == old->stamp || stamp == *seen)
        goto done;
    *seen = stamp;
    TRY(read_set(old->given, &files, old, out, err));
done:
    files_release(&files);
    return code;
}

struct style_set *style_set_acquire(struct style_set *set)
{
    pthread_mutex_lock(&set->mutex);
    set->n_references++;
    pthread_mutex_unlock(&set->mutex);
    return set;
}

void style_set_release(struct style_set *set)
{
    if (!set)
        return;
    pthread_mutex_lock(&set->mutex);
    unsigned left = --set->n_references;
    pthread_mutex_unlock(&set->mutex);
    if (left > 0)
        return;
    for (size_t i = 0; i < set->n; i++)
        style_free(set->styles[i]);
    pthread_mutex_destroy(&set->mutex);
    free(set->given);
    free(set);
}

size_t style_set_count(const struct style_set *set)
{
    return set->n;
}

struct style *style_set_at(const struct style_set *set, size_t index)
{
    return set->styles[index];
}

int style_set_find(const struct style_set *set, const char *name)
{
    if (!name)
        return 0;
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(style_name(set->styles[i]), name) == 0)
            return (int)i;
    return -1;
}
