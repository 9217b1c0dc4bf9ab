/* import_report.c - counts, rejects, warnings: what an import tells about itself. */
#include "data/import_private.h"

#include "data/base/file.h"
#include "data/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const reason_texts[] = {
#define IMPORT_REASON_TEXT(constant, text) text,
    IMPORT_REASONS(IMPORT_REASON_TEXT)
#undef IMPORT_REASON_TEXT
};

enum err_code import_report_open(struct import_report *report, const struct import *import,
                                 struct import_summary *summary, struct err *err)
{
    const char *path = import->options->rejects_path;
    *report = (struct import_report){.arena = import->arena,
                                     .summary = summary,
                                     .rejects_path = path,
                                     .strict = import->options->strict,
                                     .edit = import->edit != NULL};
    if (!path)
        return ERR_OK;
    if (file_is_same(path, import->options->path) || file_is_same(path, import->store_path))
        return err_set(err, ERR_USAGE, "--rejects names the file that is %s, %s; name another",
                       file_is_same(path, import->store_path) ? "the store" : "imported", path);
    report->rejects = fopen(path, "w");
    if (!report->rejects)
        return err_errno(err, errno, "--rejects %s", path);
    fputs("row,field,value,reason\n", report->rejects);
    return ERR_OK;
}

/* Copies text, cut at a whole character; control characters become spaces. */
static void shorten(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);
    bool cut = n >= size;
    if (cut) {
        n = size - 4;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
            n--;
    }
    snprintf(out, size, "%.*s%s", (int)n, text, cut ? "..." : "");
    for (; *out; out++)
        if ((unsigned char)*out < 0x20 || *out == 0x7F)
            *out = ' ';
}

/* Undecodable bytes are shown as \xB0, so that every report is UTF-8. */
static void show_bytes(char *out, size_t size, const char *bytes)
{
    size_t n = 0;
    out[0] = '\0';
    for (; *bytes && n + 8 < size; bytes++)
        n += (size_t)snprintf(out + n, size - n, (unsigned char)*bytes < 0x80 ? "%c" : "\\x%02X",
                              (unsigned)(unsigned char)*bytes);
    if (*bytes)
        snprintf(out + n, size - n, "...");
}

void import_fault_set(struct import_fault *fault, enum import_reason reason, const char *field,
                      const char *value, const char *format, ...)
{
    char text[2 * FAULT_TEXT_BYTES] = "", shown[4 * FAULT_VALUE_BYTES] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fault->reason = reason;
    shorten(fault->field, sizeof fault->field, field);
    if (value && !text_is_utf8(value, strlen(value))) {
        show_bytes(shown, sizeof shown, value);
        value = shown;
    }
    shorten(fault->value, sizeof fault->value, value ? value : "");
    shorten(fault->text, sizeof fault->text, text);
}

static void write_cell(FILE *file, const char *text, char after)
{
    if (strpbrk(text, ",\"\r\n")) {
        putc('"', file);
        for (; *text; text++) {
            if (*text == '"')
                putc('"', file);
            putc(*text, file);
        }
        putc('"', file);
    } else {
        fputs(text, file);
    }
    putc(after, file);
}

static enum err_code keep(struct import_report *report, struct import_reject *slots, size_t *n,
                          const struct import_reject *one, struct err *err)
{
    if (*n == IMPORT_FIRST)
        return ERR_OK;
    struct import_reject kept = {one->row, arena_strdup(report->arena, one->field),
                                 arena_strdup(report->arena, one->value),
                                 arena_strdup(report->arena, one->reason)};
    if (!kept.field || !kept.value || !kept.reason)
        return err_nomem(err);
    slots[(*n)++] = kept;
    return ERR_OK;
}

enum err_code import_refuse(struct import_report *report, size_t row,
                            const struct import_fault *fault, struct err *err)
{
    struct import_summary *summary = report->summary;
    struct import_reject one = {row, fault->field, fault->value, fault->text};
    summary->refused++;
    report->counts[fault->reason]++;
    if (report->rejects) {
        fprintf(report->rejects, "%zu,", row);
        write_cell(report->rejects, fault->field, ',');
        write_cell(report->rejects, fault->value, ',');
        write_cell(report->rejects, fault->text, '\n');
    }
    enum err_code code = keep(report, summary->first_refused, &summary->n_first_refused, &one, err);
    if (code == ERR_OK && report->strict)
        return err_set(err, ERR_INPUT,
                       report->edit ? "%s: row %zu: %s: %s; nothing was changed"
                                    : "%s: row %zu: %s: %s (--strict: nothing was imported)",
                       summary->source, row, fault->field, fault->text);
    return code;
}

enum err_code import_repaired(struct import_report *report, size_t row, const char *what,
                              struct err *err)
{
    struct import_summary *summary = report->summary;
    struct import_reject one = {row, "geom", "", what};
    summary->repaired++;
    return keep(report, summary->first_repaired, &summary->n_first_repaired, &one, err);
}

enum err_code import_warn(struct import_report *report, struct err *err, const char *format, ...)
{
    char text[ERR_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct import_summary *summary = report->summary;
    summary->warnings = arena_grow(report->arena, summary->warnings, &report->warnings_capacity,
                                   summary->n_warnings + 1, sizeof *summary->warnings);
    const char *kept = arena_strdup(report->arena, text);
    if (!summary->warnings || !kept)
        return err_nomem(err);
    summary->warnings[summary->n_warnings++] = kept;
    return ERR_OK;
}

static int by_count(const void *a, const void *b)
{
    const struct import_count *one = a, *other = b;
    if (one->count != other->count)
        return one->count > other->count ? -1 : 1;
    return strcmp(one->reason, other->reason);
}

static enum err_code sum_up(struct import_report *report, struct err *err)
{
    struct import_summary *summary = report->summary;
    summary->reasons = arena_new(report->arena, struct import_count, IMPORT_REASON_COUNT);
    if (!summary->reasons)
        return err_nomem(err);
    summary->n_reasons = 0;
    for (size_t i = 0; i < IMPORT_REASON_COUNT; i++)
        if (report->counts[i])
            summary->reasons[summary->n_reasons++] =
                (struct import_count){reason_texts[i], report->counts[i]};
    qsort(summary->reasons, summary->n_reasons, sizeof *summary->reasons, by_count);
    return ERR_OK;
}

enum err_code import_report_flush(struct import_report *report, struct err *err)
{
    if (report->rejects && (ferror(report->rejects) || fflush(report->rejects) != 0))
        return err_errno(err, errno ? errno : EIO, "--rejects %s", report->rejects_path);
    return ERR_OK;
}

enum err_code import_report_close(struct import_report *report, struct err *err)
{
    if (!report->summary)
        return ERR_OK;
    enum err_code code = sum_up(report, err);
    if (!report->rejects)
        return code;
    bool failed = ferror(report->rejects) != 0;
    failed = fclose(report->rejects) != 0 || failed;
    report->rejects = NULL;
    if (failed && code == ERR_OK)
        return err_errno(err, errno ? errno : EIO, "--rejects %s", report->rejects_path);
    return code;
}

enum err_code import_all_refused(const struct import_report *report, struct err *err)
{
    const struct import_summary *summary = report->summary;
    size_t most = 1;
    for (size_t i = 1; i < IMPORT_REASON_COUNT; i++)
        if (report->counts[i] > report->counts[most])
            most = i;
    const struct import_reject *first = &summary->first_refused[0];
    return err_set(err, ERR_INPUT,
                   "%s: all %zu records were refused, %zu of them: %s; the first in row %zu: "
                   "%s: %s",
                   summary->source, summary->refused, report->counts[most], reason_texts[most],
                   first->row, first->field, first->reason);
}
