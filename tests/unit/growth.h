/*
 * growth.h - judges the cost of large inputs on whatever machine and however it was built: what is
 * eight times as much may take 45 times as long. Work in proportion takes eight times, sorted nine
 * or ten, by rows of a square 23, and a busy machine may double that; work by pairs takes 64 times.
 */
#ifndef SISETU_TESTS_GROWTH_H
#define SISETU_TESTS_GROWTH_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

enum { GROWTH_SHARE = 8, GROWTH_MOST = 45 };

/* Processor seconds of this thread: what others do beside it counts little. */
static inline double growth_clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* What an eighth of it took, and all of it. A hundredth of a second says nothing of growth. */
static inline void growth_check(const char *what, double eighth_s, double whole_s)
{
    print_message("%s: %.3f s, an eighth of it %.3f s\n", what, whole_s, eighth_s);
    if (whole_s > GROWTH_MOST * fmax(eighth_s, 0.01))
        fail_msg("%s took %.1f times as long as an eighth of it", what, whole_s / eighth_s);
}

#endif
