/*
 * rules_bench.h - the shipped rule tables, loaded once for the tests of one program.
 */
#ifndef SISETU_TESTS_RULES_BENCH_H
#define SISETU_TESTS_RULES_BENCH_H

#include "data/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct bench {
    struct arena arena;
    struct schema schema;
    struct rules rules;
    struct rules_findings findings;
};

static inline int setup(void **state)
{
    static struct bench bench;
    struct err err;
    arena_init(&bench.arena, 0);
    if (schema_load(&bench.arena, &bench.schema, &err) != ERR_OK ||
        rules_check(NULL, &bench.schema, &bench.arena, &bench.rules, &bench.findings, &err) !=
            ERR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    *state = &bench;
    return 0;
}

static inline int teardown(void **state)
{
    struct bench *bench = *state;
    arena_release(&bench->arena);
    return 0;
}

static inline const struct spacing_rule *spacing(const struct rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->n_spacing; i++)
        if (strcmp(rules->spacing[i].source.id, id) == 0)
            return &rules->spacing[i];
    fail_msg("no spacing row %s", id);
    return NULL;
}

#endif
