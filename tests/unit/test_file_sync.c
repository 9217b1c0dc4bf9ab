/* test_file_sync.c - which directory is made durable. */
#include "tests/unit/store_fixture.h"

#include "data/base/file.h"

#include <sys/stat.h>

static ino_t synced; /* the last file that was */

int fsync(int file)
{
    struct stat status;
    synced = fstat(file, &status) == 0 ? status.st_ino : 0;
    return (int)syscall(SYS_fsync, file);
}

/* SQLite keeps its journal beside the file itself: one that comes back when power is lost undoes
 * what was committed, and perhaps has left the log since. */
static void test_by_a_link_the_directory_of_the_file_itself_is_synced(void **state)
{
    struct fixture *f = *state;
    struct stat directory;
    const char *elsewhere = in(f, "elsewhere"), *link = in(f, "elsewhere/link.gpkg");
    assert_int_equal(mkdir(elsewhere, 0755), 0);
    assert_int_equal(symlink("../store.gpkg", link), 0);
    assert_int_equal(stat(f->directory, &directory), 0);
    file_sync_directory_of(link);
    assert_int_equal(synced, directory.st_ino);
    file_sync_directory_of(f->path);
    assert_int_equal(synced, directory.st_ino);
    assert_int_equal(stat(elsewhere, &directory), 0);
    file_sync_directory_of(in(f, "elsewhere/not-there"));
    assert_int_equal(synced, directory.st_ino);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_by_a_link_the_directory_of_the_file_itself_is_synced,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
