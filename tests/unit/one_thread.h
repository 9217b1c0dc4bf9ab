/*
 * one_thread.h - for a program of tests that starts no thread; it is held to that.
 *
 * ThreadSanitizer finds nothing in one thread and makes it take up to twenty times as long, so
 * tests/run.sh leaves out, under MODE=tsan, whichever program cannot start another. The library's
 * code could in most; here it would end the program.
 */
#ifndef SISETU_TESTS_ONE_THREAD_H
#define SISETU_TESTS_ONE_THREAD_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Stands before the C library's, for this program and the libraries that it loads. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    (void)thread, (void)attributes, (void)run, (void)argument;
    fputs("a thread is started: one_thread.h is not for this program\n", stderr);
    abort();
}

#endif
