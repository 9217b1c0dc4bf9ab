/* test_finding_list.c - a list that is changed in one place again and again says what a list made
 * of the same findings says, whether it is copied or in pieces. */
#include "geo/findings/finding_pages.h"
#include "geo/verdict/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 1500, FEW = 4 };

static uint32_t draw(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((*state >> 33) % n);
}

/* In order by rule. */
static struct finding some_finding(uint64_t *state, uint32_t rule)
{
    struct finding one;
    memset(&one, 0, sizeof one);
    one.kind = FINDING_DISTANCE;
    one.target_slot = 7;
    one.rule = rule;
    one.verdict = draw(state, 2) ? VERDICT_UNDECIDED : VERDICT_CONFLICT;
    one.shortfall = draw(state, 100);
    return one;
}

static struct finding_list *list_of(const struct finding *items, uint32_t n)
{
    struct finding_list *list = finding_list_new(items, n);
    assert_non_null(list);
    list->reach_m = 3;
    list->target_reach_m[2] = 2;
    list->n_judged = 5;
    list->coarse_cell_m = 11;
    return list;
}

static void check(const struct finding_list *list, const struct finding *items, uint32_t n)
{
    struct finding_list *plain = list_of(items, n);
    static struct finding copied[MOST];
    uint32_t n_run, n_walked = 0;
    assert_int_equal(list->n, n);
    assert_int_equal(list->n_undecided, plain->n_undecided);
    assert_true(finding_list_equal(list, plain));
    assert_true(finding_list_equal(plain, list));
    finding_list_copy(list, copied);
    if (n > 0)
        assert_memory_equal(copied, items, n * sizeof *items);
    for (uint32_t k = 0; k < n; k += n_run, n_walked += n_run) {
        const struct finding *run = finding_list_run(list, k, &n_run);
        assert_in_range(n_run, 1, n - k);
        assert_memory_equal(run, items + k, n_run * sizeof *run);
        assert_ptr_equal(finding_list_at(list, k), run);
    }
    assert_int_equal(n_walked, n);
    for (uint32_t k = 0; k < n; k++) {
        struct finding next = items[k];
        assert_int_equal(finding_list_place(NULL, list, &items[k]), k);
        next.rule++;
        assert_int_equal(finding_list_place(NULL, list, &next), k + 1);
    }
    finding_list_release(plain);
}

/* Up to a few findings go and come at one place; rules are ten apart where there is room. */
static struct finding_list *change(struct finding_list *list, struct finding *items, uint32_t *n,
                                   uint64_t *seed)
{
    struct finding added[FEW];
    uint32_t first = draw(seed, *n + 1);
    uint32_t n_gone = draw(seed, FEW);
    n_gone = n_gone < *n - first ? n_gone : *n - first;
    uint32_t from = first > 0 ? items[first - 1].rule + 1 : 0;
    uint32_t to = first + n_gone < *n ? items[first + n_gone].rule : from + FEW;
    uint32_t n_added = draw(seed, FEW);
    n_added = n_added < to - from ? n_added : to - from;
    for (uint32_t i = 0; i < n_added; i++)
        added[i] = some_finding(seed, from + i);
    struct finding_list *made = finding_list_splice(list, first, n_gone, added, n_added);
    assert_non_null(made);
    memmove(items + first + n_added, items + first + n_gone, (*n - first - n_gone) * sizeof *items);
    memcpy(items + first, added, n_added * sizeof *items);
    *n = *n - n_gone + n_added;
    return made;
}

static void test_a_list_changed_in_one_place_says_what_one_made_anew_says(void **state)
{
    static const uint32_t lengths[] = {0, 1, 3, 60, 400, 700};
    static struct finding items[MOST], before[MOST];
    (void)state;
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint32_t n = lengths[i];
        for (uint32_t k = 0; k < n; k++)
            items[k] = some_finding(&seed, 10 * k);
        struct finding_list *list = list_of(items, n);
        bool in_pieces = false, whole_again = false;
        for (int round = 0; round < 150; round++) {
            uint32_t n_before = n;
            memcpy(before, items, n * sizeof *items);
            struct finding_list *made = change(list, items, &n, &seed);
            whole_again = whole_again || (list->n_pieces > 0 && made->n_pieces == 0);
            in_pieces = in_pieces || made->n_pieces > 0;
            check(made, items, n);
            check(list, before, n_before);
            finding_list_release(list);
            check(made, items, n);
            list = made;
        }
        finding_list_release(list);
        assert_int_equal(in_pieces, lengths[i] > 256);
        assert_int_equal(whole_again, lengths[i] > 256);
    }
}

static void test_a_short_list_is_copied_and_a_longer_one_is_not(void **state)
{
    static struct finding items[MOST];
    (void)state;
    uint64_t seed = 3;
    for (uint32_t k = 0; k < 257; k++)
        items[k] = some_finding(&seed, k);
    for (uint32_t n = 256; n <= 257; n++) {
        struct finding_list *list = list_of(items, n);
        struct finding_list *made = finding_list_splice(list, n - 1, 1, NULL, 0);
        assert_non_null(made);
        assert_int_equal(made->n_pieces, n > 256);
        assert_ptr_equal(made->base, n > 256 ? list : NULL);
        check(made, items, n - 1);
        finding_list_release(list);
        finding_list_release(made);
    }
}

static void test_all_findings_of_a_list_may_go(void **state)
{
    static struct finding items[MOST];
    (void)state;
    uint64_t seed = 2;
    for (uint32_t k = 0; k < 400; k++)
        items[k] = some_finding(&seed, k);
    struct finding_list *list = list_of(items, 400);
    struct finding_list *none = finding_list_splice(list, 0, 400, NULL, 0);
    assert_non_null(none);
    check(none, NULL, 0);
    finding_list_release(list);
    struct finding_list *again = finding_list_splice(none, 0, 0, items, 3);
    assert_non_null(again);
    check(again, items, 3);
    finding_list_release(none);
    finding_list_release(again);
}

/* Also when one of them is in pieces of a list that its source no longer has. */
static void test_lists_of_a_shelf_outlive_who_filled_it(void **state)
{
    static struct finding items[MOST];
    (void)state;
    uint64_t seed = 4;
    for (uint32_t k = 0; k < 300; k++)
        items[k] = some_finding(&seed, k);
    struct finding_shelf *shelf = finding_shelf_new();
    assert_non_null(shelf);
    struct finding_list *list = finding_list_new_on(shelf, items, 300);
    struct finding_list *other = finding_list_new_on(shelf, items, 2);
    struct finding_list *none = finding_list_new_on(shelf, NULL, 0);
    assert_true(list && other && none);
    finding_shelf_release(shelf);
    assert_int_equal(none->n, 0);
    finding_list_release(none);
    struct finding_list *made = finding_list_splice(list, 299, 1, NULL, 0);
    assert_non_null(made);
    assert_ptr_equal(made->base, list);
    finding_list_release(list);
    finding_list_release(other);
    assert_int_equal(made->n, 299);
    assert_memory_equal(finding_list_at(made, 0), items, 299 * sizeof *items);
    finding_list_release(made);
    finding_shelf_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_changed_in_one_place_says_what_one_made_anew_says),
        cmocka_unit_test(test_a_short_list_is_copied_and_a_longer_one_is_not),
        cmocka_unit_test(test_all_findings_of_a_list_may_go),
        cmocka_unit_test(test_lists_of_a_shelf_outlive_who_filled_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
