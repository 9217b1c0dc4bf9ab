/* test_finding_pages.c - findings that were copied and changed again and again hold what a plain
 * array of slots holds, however many versions live, in whatever order they go, and wherever. */
#include "geo/findings/finding_pages.h"
#include "geo/findings/findings.h"
#include "geo/verdict/verdict.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LAYER = 2, MOST = 40000, VERSIONS = 70 };

static uint32_t draw(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((*state >> 33) % n);
}

/* What a list of a slot says here; 0: there is none. */
static struct finding_list *list_of(uint32_t says)
{
    if (says == 0)
        return NULL;
    struct finding items[3];
    memset(items, 0, sizeof items);
    for (uint32_t i = 0; i < 3; i++) {
        items[i].rule = says;
        items[i].verdict = says % 2 ? VERDICT_UNDECIDED : VERDICT_CONFLICT;
    }
    struct finding_list *list = finding_list_new(items, 1 + says % 3);
    assert_non_null(list);
    list->reach_m = (float)(says % 50);
    if (says % 4 == 1)
        list->target_reach_m[says % FINDING_TARGETS] = (float)(says % 10);
    if (says % 97 == 0) {
        list->coarse_radius_m = 1 + says % 7;
        list->coarse_cell_m = 1 + says % 5;
    }
    return list;
}

static void new_findings(size_t n, bool eager, struct findings **out)
{
    struct err err;
    const size_t n_slots[FINDING_LAYERS] = {[LAYER] = n};
    assert_int_equal(findings_new(n_slots, eager, out, &err), ERR_OK);
}

static struct findings *copy_of(const struct findings *old, size_t n)
{
    struct err err;
    struct findings *made = NULL;
    const size_t n_slots[FINDING_LAYERS] = {[LAYER] = n};
    assert_int_equal(findings_copy(old, n_slots, &made, &err), ERR_OK);
    return made;
}

static void put(struct findings *findings, uint32_t slot, uint32_t says)
{
    struct err err;
    assert_int_equal(findings_put(findings, LAYER, slot, list_of(says), &err), ERR_OK);
}

static void check_lists(const struct findings *findings, const uint32_t *says, size_t n)
{
    for (uint32_t slot = 0; slot < n; slot++) {
        const struct finding_list *list = findings_get(findings, LAYER, slot);
        assert_int_equal(list ? finding_list_at(list, 0)->rule : 0, says[slot]);
        assert_int_equal(findings_reach(findings, LAYER, slot), says[slot] % 4 == 1);
    }
    assert_null(findings_get(findings, LAYER, (uint32_t)n));
    assert_false(findings_reach(findings, LAYER, MOST * 100));
    assert_null(findings_get(findings, LAYER, MOST * 100));
    assert_null(findings_get(findings, LAYER - 1, 0));
}

/* As findings that never were others. */
static void check_totals(const struct findings *findings, const uint32_t *says, size_t n)
{
    struct findings *plain = NULL;
    new_findings(n, true, &plain);
    for (uint32_t slot = 0; slot < n; slot++)
        if (says[slot] > 0)
            findings_place(plain, LAYER, slot, list_of(says[slot]));
    findings_settle(plain);
    const struct finding_totals *a = findings_totals(findings, LAYER);
    const struct finding_totals *b = findings_totals(plain, LAYER);
    size_t n_listed = 0, n_coarse = 0;
    float reach_m = -1;
    for (uint32_t slot = 0; slot < n; slot++) {
        n_listed += says[slot] ? 1 + says[slot] % 3 : 0;
        n_coarse += says[slot] && says[slot] % 97 == 0;
        if (says[slot] && (float)(says[slot] % 50) > reach_m)
            reach_m = (float)(says[slot] % 50);
    }
    assert_true(findings_equal(findings, plain));
    assert_int_equal(findings_sums(findings).n, n_listed);
    assert_int_equal(a->sums.n_coarse, n_coarse);
    assert_true(a->reach_m >= reach_m && a->reach_m <= reach_m);
    assert_int_equal(a->sums.n, b->sums.n);
    assert_int_equal(a->sums.n_undecided, b->sums.n_undecided);
    assert_memory_equal(&a->sums.coarse_radius_m, &b->sums.coarse_radius_m, sizeof(double));
    assert_memory_equal(&a->sums.coarse_cell_m, &b->sums.coarse_cell_m, sizeof(double));
    assert_memory_equal(a->target_reach_m, b->target_reach_m, sizeof a->target_reach_m);
    findings_release(plain);
}

struct version {
    struct findings *findings;
    size_t n;
    uint32_t *says;
};

static void drop(struct version *version)
{
    findings_release(version->findings);
    free(version->says);
    *version = (struct version){.findings = NULL};
}

/* From any version, also from one from which others were made. */
static struct version derive(const struct version *from, size_t n_more, uint64_t *seed)
{
    struct version made = {.n = from->n + n_more};
    made.says = calloc(made.n, sizeof *made.says);
    assert_non_null(made.says);
    memcpy(made.says, from->says, from->n * sizeof *made.says);
    made.findings = copy_of(from->findings, made.n);
    for (uint32_t i = draw(seed, 20); i > 0; i--) {
        uint32_t slot = draw(seed, 2) ? draw(seed, 40) : draw(seed, (uint32_t)made.n);
        slot = slot < made.n ? slot : 0;
        made.says[slot] = draw(seed, 3) ? 1 + draw(seed, 1000) : 0;
        put(made.findings, slot, made.says[slot]);
    }
    findings_settle(made.findings);
    return made;
}

/* Around the numbers of slots at which another level is needed. */
static void test_versions_hold_what_an_array_holds(void **state)
{
    static const size_t sizes[] = {1, 31, 32, 33, 1000, 1024, 32760};
    (void)state;
    uint64_t seed = 3;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct version versions[VERSIONS] = {{.n = sizes[s]}};
        versions[0].says = calloc(sizes[s], sizeof *versions[0].says);
        assert_non_null(versions[0].says);
        new_findings(sizes[s], s % 2 == 0, &versions[0].findings);
        findings_settle(versions[0].findings);
        for (int round = 0; round < 400; round++) {
            struct version *from = &versions[draw(&seed, VERSIONS)];
            struct version *to = &versions[draw(&seed, VERSIONS)];
            if (!from->findings || from == to)
                continue;
            if (to->findings)
                drop(to);
            *to = derive(from, draw(&seed, 2), &seed);
            if (round % 20 == 0) {
                check_lists(to->findings, to->says, to->n);
                check_lists(from->findings, from->says, from->n);
                check_totals(to->findings, to->says, to->n);
            }
        }
        for (size_t i = 0; i < VERSIONS; i++) {
            if (!versions[i].findings)
                continue;
            check_lists(versions[i].findings, versions[i].says, versions[i].n);
            drop(&versions[i]);
        }
    }
}

/* More lists of one page than it has cells at first, one a version. */
static void test_as_many_versions_of_a_page_live_as_anyone_holds(void **state)
{
    enum { HELD = 500 };
    struct findings *held[HELD];
    (void)state;
    new_findings(64, false, &held[0]);
    put(held[0], 5, 1);
    put(held[0], 6, 1000);
    for (uint32_t i = 1; i < HELD; i++) {
        held[i] = copy_of(held[i - 1], 64);
        put(held[i], 5, i + 1);
        findings_settle(held[i]);
    }
    for (uint32_t i = 0; i < HELD; i++) {
        assert_int_equal(findings_get(held[i], LAYER, 5)->items[0].rule, i + 1);
        assert_ptr_equal(findings_get(held[i], LAYER, 6), findings_get(held[0], LAYER, 6));
    }
    for (uint32_t i = 0; i < HELD; i += 2)
        findings_release(held[i]);
    for (uint32_t i = 1; i < HELD; i += 2) {
        assert_int_equal(findings_get(held[i], LAYER, 5)->items[0].rule, i + 1);
        assert_int_equal(findings_get(held[i], LAYER, 6)->items[0].rule, 1000);
        findings_release(held[i]);
    }
}

/* ---- readers ---- */

struct shared {
    pthread_mutex_t mutex;
    struct findings *now;
    bool stop;
};

static struct findings *take(struct shared *shared, bool *stop)
{
    pthread_mutex_lock(&shared->mutex);
    struct findings *findings = findings_acquire(shared->now);
    *stop = shared->stop;
    pthread_mutex_unlock(&shared->mutex);
    return findings;
}

/* Slots 0 and 40 always say the same of one version. */
static void *read_versions(void *context)
{
    struct shared *shared = context;
    size_t n_torn = 0;
    for (bool stop = false; !stop;) {
        struct findings *findings = take(shared, &stop);
        n_torn += findings_get(findings, LAYER, 0)->items[0].rule !=
                  findings_get(findings, LAYER, 40)->items[0].rule;
        findings_release(findings);
    }
    return (void *)(uintptr_t)n_torn;
}

static void test_readers_may_be_the_last_to_hold_a_version(void **state)
{
    enum { READERS = 3, ROUNDS = 3000 };
    struct shared shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t readers[READERS];
    (void)state;
    new_findings(2000, true, &shared.now);
    put(shared.now, 0, 1);
    put(shared.now, 40, 1);
    findings_settle(shared.now);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_versions, &shared), 0);
    for (uint32_t round = 2; round < ROUNDS; round++) {
        struct findings *before = shared.now;
        struct findings *next = copy_of(before, 2000);
        put(next, 0, round);
        put(next, 40, round);
        put(next, round % 2000 > 40 ? round % 2000 : 41, round);
        findings_settle(next);
        pthread_mutex_lock(&shared.mutex);
        shared.now = next;
        shared.stop = round + 1 == ROUNDS;
        pthread_mutex_unlock(&shared.mutex);
        findings_release(before);
    }
    for (int i = 0; i < READERS; i++) {
        void *n_torn = NULL;
        assert_int_equal(pthread_join(readers[i], &n_torn), 0);
        assert_null(n_torn);
    }
    findings_release(shared.now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_hold_what_an_array_holds),
        cmocka_unit_test(test_as_many_versions_of_a_page_live_as_anyone_holds),
        cmocka_unit_test(test_readers_may_be_the_last_to_hold_a_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
