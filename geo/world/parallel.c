#include "geo/world/parallel.h"

#include "data/base/limits.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* How many cores this process may run on. */
static size_t cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? (size_t)n : 1;
}

/* What the threads of one call share. */
struct parallel_loop {
    const struct parallel *work;
    size_t chunk;
    pthread_mutex_t mutex;
    size_t next;      /* first item that nobody has taken */
    size_t failed_at; /* first item of the earliest stretch that failed; SIZE_MAX: none */
    enum err_code code;
    struct err err; /* of that stretch */
    /* Under the mutex of the hands: */
    struct parallel_loop *outer; /* the next in their list */
    size_t n_wanted;             /* hands that may still come */
    size_t n_came;
    size_t n_inside;
};

/* The threads of a crew, which wait for loops between two. */
struct hands {
    pthread_mutex_t mutex;
    pthread_cond_t wanted;       /* for the hands: by a loop, or the end has come */
    pthread_cond_t left;         /* a hand has left its loop */
    struct parallel_loop *loops; /* that are going on, the last to begin first */
    size_t n_threads;
    size_t n_busy; /* of them */
    size_t most_threads;
    bool ending;
    pthread_t threads[];
};

static void hands_free(struct hands *hands);

/* The threads of a crew of n come with the first loop that wants them. */
static struct hands *hands_new(size_t n)
{
    struct hands *hands = calloc(1, sizeof *hands + (n - 1) * sizeof *hands->threads);
    if (!hands)
        return NULL;
    hands->most_threads = n - 1;
    pthread_mutex_init(&hands->mutex, NULL);
    pthread_cond_init(&hands->wanted, NULL);
    pthread_cond_init(&hands->left, NULL);
    return hands;
}

enum err_code crew_init(struct crew *crew, size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    *crew = (struct crew){.n = 0};
    size_t wanted = n ? n : cores();
    if (wanted > LIMIT_THREADS)
        wanted = LIMIT_THREADS;
    crew->workers = calloc(wanted, sizeof *crew->workers);
    crew->hands = wanted > 1 ? hands_new(wanted) : NULL;
    if (!crew->workers || (wanted > 1 && !crew->hands))
        TRY(err_nomem(err));
    for (; crew->n < wanted; crew->n++)
        TRY(worker_init(&crew->workers[crew->n], 0, err));
done:
    if (code != ERR_OK)
        crew_release(crew);
    return code;
}

void crew_reset(struct crew *crew)
{
    for (size_t i = 0; i < crew->n; i++)
        worker_reset(&crew->workers[i]);
}

void crew_release(struct crew *crew)
{
    hands_free(crew->hands);
    for (size_t i = 0; i < crew->n; i++)
        worker_release(&crew->workers[i]);
    free(crew->workers);
    *crew = (struct crew){.n = 0};
}

enum err_code crew_fit(struct crew *crew, const struct world *world, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < crew->n; i++)
        TRY(worker_fit(&crew->workers[i], world, err));
done:
    return code;
}

/* Stretches are taken in rising order, so whatever comes before a failure is already in hands
 * and will be finished: the earliest failure is known when all have ended. */
static bool take(struct parallel_loop *shared, size_t *first, size_t *end)
{
    pthread_mutex_lock(&shared->mutex);
    *first = shared->next;
    size_t left = shared->work->n_items - *first;
    bool more = left > 0 && shared->code == ERR_OK;
    *end = *first + (left < shared->chunk ? left : shared->chunk);
    if (more)
        shared->next = *end;
    pthread_mutex_unlock(&shared->mutex);
    return more;
}

static void note_failure(struct parallel_loop *shared, size_t first, enum err_code code,
                         const struct err *err)
{
    pthread_mutex_lock(&shared->mutex);
    if (first < shared->failed_at) {
        shared->failed_at = first;
        shared->code = code;
        shared->err = *err;
    }
    pthread_mutex_unlock(&shared->mutex);
}

static void work_on(struct parallel_loop *shared, struct worker *worker)
{
    const struct parallel *work = shared->work;
    size_t first = 0;
    size_t end = 0;
    while (take(shared, &first, &end)) {
        struct err err = {.code = ERR_OK};
        enum err_code code = work->run(work->context, worker, first, end, &err);
        if (code != ERR_OK)
            note_failure(shared, first, code, &err);
    }
}

/* ---- hands ---- */

static struct parallel_loop *find_loop(const struct hands *hands)
{
    struct parallel_loop *loop = hands->loops;
    while (loop && loop->n_wanted == 0)
        loop = loop->outer;
    return loop;
}

static void *be_hand(void *argument)
{
    struct hands *hands = argument;
    pthread_mutex_lock(&hands->mutex);
    while (!hands->ending) {
        struct parallel_loop *loop = find_loop(hands);
        if (!loop) {
            pthread_cond_wait(&hands->wanted, &hands->mutex);
            continue;
        }
        struct worker *worker = &loop->work->crew->workers[++loop->n_came];
        loop->n_wanted--;
        loop->n_inside++;
        hands->n_busy++;
        pthread_mutex_unlock(&hands->mutex);
        work_on(loop, worker);
        pthread_mutex_lock(&hands->mutex);
        hands->n_busy--;
        loop->n_inside--;
        loop->n_wanted = 0; /* nothing is left to take */
        pthread_cond_broadcast(&hands->left);
    }
    pthread_mutex_unlock(&hands->mutex);
    return NULL;
}

/* So many hands may come to the loop; those that are with another loop do when that is done. */
static void call_hands(struct hands *hands, struct parallel_loop *loop, size_t n)
{
    pthread_mutex_lock(&hands->mutex);
    while (hands->n_threads - hands->n_busy < n && hands->n_threads < hands->most_threads &&
           pthread_create(&hands->threads[hands->n_threads], NULL, be_hand, hands) == 0)
        hands->n_threads++;
    loop->n_wanted = n;
    loop->outer = hands->loops;
    hands->loops = loop;
    for (size_t i = 0; i < n; i++)
        pthread_cond_signal(&hands->wanted);
    pthread_mutex_unlock(&hands->mutex);
}

/* The loop is on its caller's stack: nobody is in it afterwards. */
static void dismiss_hands(struct hands *hands, struct parallel_loop *loop)
{
    pthread_mutex_lock(&hands->mutex);
    struct parallel_loop **at = &hands->loops;
    while (*at != loop)
        at = &(*at)->outer;
    *at = loop->outer;
    while (loop->n_inside > 0)
        pthread_cond_wait(&hands->left, &hands->mutex);
    pthread_mutex_unlock(&hands->mutex);
}

static void hands_free(struct hands *hands)
{
    if (!hands)
        return;
    pthread_mutex_lock(&hands->mutex);
    hands->ending = true;
    pthread_cond_broadcast(&hands->wanted);
    pthread_mutex_unlock(&hands->mutex);
    for (size_t i = 0; i < hands->n_threads; i++)
        pthread_join(hands->threads[i], NULL);
    pthread_cond_destroy(&hands->left);
    pthread_cond_destroy(&hands->wanted);
    pthread_mutex_destroy(&hands->mutex);
    free(hands);
}

/* ---- help ---- */

void parallel_help_init(struct parallel_help *help)
{
    *help = (struct parallel_help){.loop = NULL};
    pthread_mutex_init(&help->mutex, NULL);
    pthread_cond_init(&help->changed, NULL);
}

static void set_open(struct parallel_help *help, bool open)
{
    pthread_mutex_lock(&help->mutex);
    help->open = open;
    pthread_cond_broadcast(&help->changed);
    pthread_mutex_unlock(&help->mutex);
}

void parallel_help_open(struct parallel_help *help)
{
    set_open(help, true);
}

void parallel_help_close(struct parallel_help *help)
{
    set_open(help, false);
}

void parallel_help_free(struct parallel_help *help)
{
    pthread_cond_destroy(&help->changed);
    pthread_mutex_destroy(&help->mutex);
}

void parallel_help(struct parallel_help *help, struct worker *worker)
{
    size_t seen = 0; /* of its loops */
    pthread_mutex_lock(&help->mutex);
    while (help->open) {
        if (!help->loop || help->n_loops == seen) {
            pthread_cond_wait(&help->changed, &help->mutex);
            continue;
        }
        struct parallel_loop *loop = help->loop;
        seen = help->n_loops;
        help->n_inside++;
        pthread_mutex_unlock(&help->mutex);
        work_on(loop, worker);
        pthread_mutex_lock(&help->mutex);
        help->n_inside--;
        pthread_cond_broadcast(&help->changed);
    }
    pthread_mutex_unlock(&help->mutex);
}

static void begin_help(struct parallel_help *help, struct parallel_loop *loop)
{
    pthread_mutex_lock(&help->mutex);
    help->loop = loop;
    help->n_loops++;
    pthread_cond_broadcast(&help->changed);
    pthread_mutex_unlock(&help->mutex);
}

/* The loop is on its caller's stack: nobody is in it afterwards. */
static void leave_help(struct parallel_help *help)
{
    pthread_mutex_lock(&help->mutex);
    help->loop = NULL;
    while (help->n_inside > 0)
        pthread_cond_wait(&help->changed, &help->mutex);
    pthread_mutex_unlock(&help->mutex);
}

/* ---- the loop ---- */

enum err_code parallel_for(const struct parallel *work, struct err *err)
{
    const struct crew *crew = work->crew;
    size_t n_hands = crew->n < work->n_items ? crew->n : work->n_items;
    if (work->n_items == 0)
        return ERR_OK;
    struct parallel_loop shared = {.work = work, .failed_at = SIZE_MAX, .code = ERR_OK};
    size_t sixteenth = work->n_items / (16 * n_hands);
    shared.chunk = work->chunk ? work->chunk : sixteenth ? sixteenth : 1;
    pthread_mutex_init(&shared.mutex, NULL);
    bool is_shared = crew->hands && n_hands > 1;
    if (is_shared)
        call_hands(crew->hands, &shared, n_hands - 1);
    if (work->help)
        begin_help(work->help, &shared);
    work_on(&shared, &crew->workers[0]);
    if (work->help)
        leave_help(work->help);
    if (is_shared)
        dismiss_hands(crew->hands, &shared);
    pthread_mutex_destroy(&shared.mutex);
    return shared.code == ERR_OK ? ERR_OK : err_set(err, shared.code, "%s", shared.err.message);
}
