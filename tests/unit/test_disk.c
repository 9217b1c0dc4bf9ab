/* test_disk.c - tiles in a file: over restarts, by version, under a budget; files of every kind of
 * wrong are never in the way, and never give a tile that was not put. */
#include "tests/unit/store_fixture.h"

#include "tiler/cache/disk.h"

#include <sys/stat.h>
#include <unistd.h>

struct desk {
    char path[256];
};

static int open_desk(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    snprintf(d->path, sizeof d->path, "/tmp/sisetu-disk-%d", (int)getpid());
    (void)unlink(d->path);
    *state = d;
    return d ? 0 : -1;
}

static int close_desk(void **state)
{
    struct desk *d = *state;
    (void)unlink(d->path);
    free(d);
    return 0;
}

static struct disk *open_disk(const struct desk *d, size_t budget_bytes)
{
    struct disk *disk = NULL;
    struct err err;
    assert_int_equal(disk_open(d->path, budget_bytes, &disk, &err), ERR_OK);
    return disk;
}

static struct cache_key key_of(int i)
{
    struct cache_key key = {.place = {.map = (uint8_t)(i % 3), .z = 12, .x = (uint32_t)i}};
    snprintf(key.text, sizeof key.text, "tile/%d", i);
    return key;
}

/* Bytes that follow from the number. */
static struct blob *blob_of(int i, size_t n)
{
    struct buf buf;
    struct blob *blob = NULL;
    buf_init(&buf);
    uint64_t random = (uint64_t)i + 1;
    for (size_t k = 0; k < n; k++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        char byte = (char)(random >> 56);
        buf_add(&buf, &byte, 1);
    }
    assert_int_equal(blob_new(&buf, &blob, NULL), ERR_OK);
    return blob;
}

static void keep(struct disk *disk, int i, uint64_t version, size_t n)
{
    struct cache_key key = key_of(i);
    struct blob *blob = blob_of(i, n);
    disk_keep(disk, &key, version, blob);
    blob_release(blob);
}

/* Whether it is there; if so it is what was put. */
static bool holds(struct disk *disk, int i, uint64_t version)
{
    struct cache_key key = key_of(i);
    struct blob *found = disk_find(disk, &key, version);
    if (!found)
        return false;
    struct blob *right = blob_of(i, found->n_bytes);
    assert_string_equal(found->tag, right->tag);
    blob_release(found);
    blob_release(right);
    return true;
}

static void fill(const struct desk *d, int n)
{
    struct disk *disk = open_disk(d, 1 << 20);
    for (int i = 0; i < n; i++)
        keep(disk, i, 7, 500);
    disk_close(disk);
}

static void test_tiles_outlive_the_server_under_their_version(void **state)
{
    struct desk *d = *state;
    fill(d, 20);
    struct disk *disk = open_disk(d, 1 << 20);
    for (int i = 0; i < 20; i++) {
        assert_true(holds(disk, i, 7));
        assert_false(holds(disk, i, 8));
    }
    assert_false(holds(disk, 20, 7));
    keep(disk, 3, 8, 700); /* in the place of the older one */
    disk_close(disk);
    disk = open_disk(d, 1 << 20);
    assert_true(holds(disk, 3, 8));
    assert_false(holds(disk, 3, 7));
    disk_close(disk);
}

static void test_an_empty_tile_is_kept_too(void **state)
{
    struct desk *d = *state;
    struct disk *disk = open_disk(d, 1 << 20);
    keep(disk, 1, 7, 0);
    disk_close(disk);
    disk = open_disk(d, 1 << 20);
    assert_true(holds(disk, 1, 7));
    disk_close(disk);
}

static bool stays_if_even(void *context, const struct cache_place *place)
{
    ++*(int *)context;
    return place->x % 2 == 0;
}

static int n_freed;

static void count_free(void *context)
{
    (void)context;
    n_freed++;
}

static void test_a_turn_brings_what_stays_to_the_new_versions_of_its_map(void **state)
{
    struct desk *d = *state;
    int n_asked = 0;
    uint64_t versions[CACHE_MAPS];
    struct disk_turn turn = {
        .state = 99, .context = &n_asked, .stays = stays_if_even, .free = count_free};
    n_freed = 0;
    fill(d, 300);
    for (int map = 0; map < CACHE_MAPS; map++) {
        turn.old[map] = 7;
        turn.new[map] = map == 0 ? 7 : 8; /* map 0 did not change */
    }
    struct disk *disk = open_disk(d, 1 << 20);
    keep(disk, 301, 6, 100); /* of before: goes */
    disk_turn(disk, &turn);
    disk_close(disk);
    assert_int_equal(n_freed, 1);
    assert_int_equal(n_asked, 200);
    disk = open_disk(d, 1 << 20);
    for (int i = 0; i < 300; i++) {
        bool other = i % 3 != 0;
        assert_int_equal(holds(disk, i, 7), !other);
        assert_int_equal(holds(disk, i, 8), other && i % 2 == 0);
    }
    assert_false(holds(disk, 301, 6));
    assert_true(disk_versions(disk, 99, versions));
    assert_memory_equal(versions, turn.new, sizeof versions);
    assert_false(disk_versions(disk, 98, versions));
    disk_close(disk);
}

static void test_beyond_the_budget_the_oldest_go(void **state)
{
    struct desk *d = *state;
    struct disk *disk = open_disk(d, 100 * 1000);
    for (int i = 0; i < 500; i++)
        keep(disk, i, 7, 1000);
    disk_close(disk);
    disk = open_disk(d, 100 * 1000);
    int n = 0;
    for (int i = 0; i < 500; i++)
        n += holds(disk, i, 7);
    assert_int_equal(n, 100);
    assert_true(holds(disk, 499, 7));
    assert_false(holds(disk, 0, 7));
    disk_close(disk);
    struct stat status;
    assert_int_equal(stat(d->path, &status), 0);
    assert_true(status.st_size < 600 * 1000);
}

/* The file as it is now. */
static char *read_all(const struct desk *d, size_t *n)
{
    FILE *file = fopen(d->path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *n = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*n);
    assert_int_equal(fread(bytes, 1, *n, file), *n);
    fclose(file);
    return bytes;
}

static void write_file(const struct desk *d, const char *bytes, size_t n)
{
    FILE *file = fopen(d->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* Uses the file for a while: it gives right tiles or none, and keeps on working. */
static void use(const struct desk *d)
{
    struct disk *disk = open_disk(d, 1 << 20);
    int n_asked = 0;
    struct disk_turn turn = {.state = 1, .context = &n_asked, .stays = stays_if_even};
    for (int map = 0; map < CACHE_MAPS; map++)
        turn.old[map] = turn.new[map] = 7;
    for (int i = 0; i < 40; i++)
        (void)holds(disk, i, 7);
    for (int i = 30; i < 50; i++)
        keep(disk, i, 7, 500);
    disk_turn(disk, &turn);
    disk_close(disk);
}

static void test_a_file_that_is_cut_anywhere_is_made_anew_or_left(void **state)
{
    struct desk *d = *state;
    size_t n;
    fill(d, 40);
    char *bytes = read_all(d, &n);
    for (size_t cut = 0; cut < n; cut += cut < 200 ? 37 : 1777) {
        write_file(d, bytes, cut);
        use(d);
        struct disk *disk = open_disk(d, 1 << 20);
        bool is_ours = cut == 0 || cut >= 72;
        assert_int_equal(holds(disk, 45, 7), is_ours);
        disk_close(disk);
    }
    free(bytes);
}

static void test_a_file_with_other_bits_never_gives_other_tiles(void **state)
{
    struct desk *d = *state;
    uint64_t random = 5;
    size_t n;
    fill(d, 40);
    char *bytes = read_all(d, &n);
    for (int round = 0; round < 150; round++) {
        char *broken = malloc(n);
        memcpy(broken, bytes, n);
        for (int k = 0; k < 1 + round % 20; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            broken[(random >> 33) % n] ^= (char)(1 << (random >> 60) % 8);
        }
        write_file(d, broken, n);
        use(d);
        free(broken);
    }
    free(bytes);
}

static void test_a_file_of_somebody_else_is_left_as_it_is(void **state)
{
    struct desk *d = *state;
    static const char letter[] = "My dear friend, this is a letter of more than seventy-two bytes, "
                                 "and no cache of tiles at all.";
    size_t n;
    write_file(d, letter, sizeof letter);
    use(d);
    char *bytes = read_all(d, &n);
    assert_int_equal(n, sizeof letter);
    assert_memory_equal(bytes, letter, n);
    free(bytes);
}

static void test_a_file_that_another_server_has_is_left_to_it(void **state)
{
    struct desk *d = *state;
    struct disk *first = open_disk(d, 1 << 20), *second = open_disk(d, 1 << 20);
    keep(second, 1, 7, 100);
    keep(first, 2, 7, 100);
    assert_false(holds(second, 2, 7));
    disk_close(second);
    disk_close(first);
    first = open_disk(d, 1 << 20);
    assert_true(holds(first, 2, 7));
    assert_false(holds(first, 1, 7));
    disk_close(first);
}

static void test_a_path_where_nothing_can_be_keeps_nothing(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nowhere/at/all", "/tmp", "/dev/full", "/proc/version"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct disk *disk = NULL;
        struct err err;
        assert_int_equal(disk_open(paths[i], 1 << 20, &disk, &err), ERR_OK);
        keep(disk, 1, 7, 100);
        assert_false(holds(disk, 1, 7));
        disk_close(disk);
    }
}

#define DESK(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK(test_tiles_outlive_the_server_under_their_version),
        DESK(test_an_empty_tile_is_kept_too),
        DESK(test_a_turn_brings_what_stays_to_the_new_versions_of_its_map),
        DESK(test_beyond_the_budget_the_oldest_go),
        DESK(test_a_file_that_is_cut_anywhere_is_made_anew_or_left),
        DESK(test_a_file_with_other_bits_never_gives_other_tiles),
        DESK(test_a_file_of_somebody_else_is_left_as_it_is),
        DESK(test_a_file_that_another_server_has_is_left_to_it),
        DESK(test_a_path_where_nothing_can_be_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
