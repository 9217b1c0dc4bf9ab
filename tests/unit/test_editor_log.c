/* test_editor_log.c - edits that go by the log of the store: the store holds what a full assessment
 * of the same facts gives, as it does where each edit is written at once. */
#include "tests/unit/editor_edits.h"

static void test_after_random_edits_by_the_log_the_store_is_as_assessed_from_scratch(void **state)
{
    edit_many(*state, 5, REGION_GRID, 60, 12, BY_LOG);
}

static void test_the_same_where_people_are_known_from_a_census(void **state)
{
    edit_many(*state, 4, REGION_CENSUS, 40, 20, BY_LOG);
}

/* For a night of it: SISETU_SEEDS=100:200 tries as many regions, with people of each kind. */
static void test_the_same_for_regions_asked_for(void **state)
{
    const char *text = getenv("SISETU_SEEDS");
    unsigned from = 6, to = 6;
    if (text && sscanf(text, "%u:%u", &from, &to) != 2)
        fail_msg("SISETU_SEEDS=%s should be FROM:TO", text);
    for (unsigned seed = from; seed <= to; seed++) {
        edit_many(*state, seed, (enum region_people)(seed % 3), 60, 10, BY_LOG);
        if (seed < to) { /* an empty store for the next */
            tear_down(state);
            set_up(state);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    setenv("SISETU_STORE_WAIT_MS", "10000", 1); /* readers wait for edits on their way */
    const struct CMUnitTest tests[] = {
        TEST(test_after_random_edits_by_the_log_the_store_is_as_assessed_from_scratch),
        TEST(test_the_same_where_people_are_known_from_a_census),
        TEST(test_the_same_for_regions_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
