/*
 * wait.h - waiting for another thread no longer than so long.
 *
 *     wait_cond_init(&cond);
 *     const struct timespec until = wait_until(500);
 *     waited = pthread_cond_timedwait(&cond, &mutex, &until);
 *
 * By the clock that nobody sets (CLOCK_MONOTONIC).
 */
#ifndef SISETU_DATA_BASE_WAIT_H
#define SISETU_DATA_BASE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A condition that is waited for by that clock; pthread_cond_destroy ends it. */
void wait_cond_init(pthread_cond_t *cond);

/* The time in so many milliseconds; and whether it has come. */
struct timespec wait_until(int64_t ms);
bool wait_is_over(struct timespec until);

#endif
