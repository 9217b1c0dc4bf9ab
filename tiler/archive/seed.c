#include "tiler/archive/seed.h"

#include "data/base/limits.h"
#include "geo/world/parallel.h"
#include "tiler/draw/deflate.h"
#include "tiler/draw/image.h"
#include "tiler/archive/archive_directory.h"
#include "tiler/tiles/vector_tile.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SAMPLE_OF_ZOOM = 12, /* tiles: half a second of drawing for fifteen zooms */
    TILES_A_STRETCH = 8, /* neighbours on the curve, which need the same features */
    TELL_EVERY_MS = 250,
    GZIP_LEVEL = 6, /* of vector tiles */
};

/* What each thread has for itself. */
struct hand {
    struct canvas *canvas;
    struct vector_room *vector;
    struct deflater *deflater;
    struct buf bytes, plain;
};

struct seeder {
    struct scenes *scenes;
    struct seed_request request;
    struct seed_plan plan;
    uint64_t *done; /* a bit a planned tile */
    struct crew crew;
    struct hand *hands; /* one a worker */
    struct buf empty;   /* a tile without anything, as it is drawn */
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool is_done(const struct seeder *s, size_t i)
{
    return s->done[i / 64] >> (i % 64) & 1;
}

static void set_done(struct seeder *s, size_t i)
{
    s->done[i / 64] |= UINT64_C(1) << (i % 64);
}

static uint64_t count_done(const struct seeder *s)
{
    uint64_t n = 0;
    for (size_t i = 0; i <= s->plan.n / 64; i++)
        n += (uint64_t)__builtin_popcountll(s->done[i]);
    return n;
}

/* ---- life ---- */

static enum err_code make_empty(struct seeder *s, struct err *err)
{
    enum err_code code = ERR_OK;
    struct image_writer *writer = NULL;
    uint32_t edge = TILE_PX * s->request.scale;
    uint32_t *pixels = calloc((size_t)edge * edge, sizeof *pixels);
    if (!pixels)
        return err_nomem(err);
    TRY(image_writer_new(&writer, err));
    const struct image image = {pixels, edge, edge, IMAGE_AUTO};
    TRY(image_write_png(writer, &image, &s->empty, err));
done:
    image_writer_free(writer);
    free(pixels);
    return code;
}

enum err_code seeder_new(struct scenes *scenes, const struct style *style,
                         const struct seed_request *request, struct seeder **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct seeder *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return err_nomem(err);
    s->scenes = scenes;
    s->request = *request;
    TRY(crew_init(&s->crew, request->n_threads, err));
    s->hands = calloc(s->crew.n, sizeof *s->hands);
    if (!s->hands) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < s->crew.n; i++) {
        TRY(canvas_new(style, &s->hands[i].canvas, err));
        TRY(vector_room_new(&s->hands[i].vector, err));
        TRY(deflater_new(GZIP_LEVEL, &s->hands[i].deflater, err));
    }
    TRY(make_empty(s, err));
    TRY(seed_plan_make(scenes, s->hands[0].canvas, request, &s->plan, err));
    s->done = calloc(s->plan.n / 64 + 1, sizeof *s->done);
    if (!s->done)
        code = err_nomem(err);
done:
    if (code == ERR_OK)
        *out = s;
    else
        seeder_free(s);
    return code;
}

void seeder_free(struct seeder *s)
{
    if (!s)
        return;
    for (size_t i = 0; s->hands && i < s->crew.n; i++) {
        canvas_free(s->hands[i].canvas);
        vector_room_free(s->hands[i].vector);
        deflater_free(s->hands[i].deflater);
        buf_release(&s->hands[i].bytes);
        buf_release(&s->hands[i].plain);
    }
    free(s->hands);
    crew_release(&s->crew);
    buf_release(&s->empty);
    free(s->plan.ids);
    free(s->done);
    free(s);
}

const struct seed_plan *seeder_plan(const struct seeder *s)
{
    return &s->plan;
}

/* ---- one tile ---- */

static enum err_code name_tile(const struct seeder *s, const struct tile_key *key, struct err *err)
{
    return err_wrap(err, "tile %u/%u/%u", seed_level(&s->request, key->z), key->x, key->y);
}

static enum err_code make_vector(const struct seeder *s, struct hand *hand, struct worker *worker,
                                 const struct tile_key *key, struct buf *out, struct err *err)
{
    buf_clear(&hand->plain);
    enum err_code code = vector_tile_draw(s->scenes, hand->vector, worker, key, &hand->plain, err);
    if (code == ERR_OK && hand->plain.n_bytes > 0)
        code = deflate_gzip(hand->deflater, hand->plain.bytes, hand->plain.n_bytes, out, err);
    return code == ERR_OK ? code : name_tile(s, key, err);
}

/* The tile as it is to be stored; no bytes where it has nothing. */
static enum err_code make_tile(const struct seeder *s, struct worker *worker,
                               struct archive_tile tile, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct hand *hand = &s->hands[worker - s->crew.workers];
    buf_clear(out);
    worker_reset(worker);
    struct tile_key key = {
        .map = s->request.map, .z = tile.z, .x = tile.x, .y = tile.y, .scale = s->request.scale};
    if (s->request.format == TILE_FORMAT_MVT)
        return make_vector(s, hand, worker, &key, out, err);
    code = tile_draw(s->scenes, hand->canvas, worker, &key, out, err);
    if (code != ERR_OK)
        return name_tile(s, &key, err);
    if (out->n_bytes == s->empty.n_bytes && memcmp(out->bytes, s->empty.bytes, out->n_bytes) == 0)
        buf_clear(out);
    return ERR_OK;
}

/* ---- a sample ---- */

struct sampled {
    size_t at; /* in the plan */
    double seconds;
    size_t n_bytes;
    uint32_t crc;
};

struct sampling {
    struct seeder *seeder;
    struct archive *archive;
    struct sampled *items;
};

static enum err_code draw_sample(void *context, struct worker *worker, size_t first, size_t end,
                                 struct err *err)
{
    const struct sampling *job = context;
    const struct seeder *s = job->seeder;
    enum err_code code = ERR_OK;
    struct buf *bytes = &s->hands[worker - s->crew.workers].bytes;
    for (size_t i = first; i < end; i++) {
        struct sampled *item = &job->items[i];
        struct archive_tile tile = hilbert_tile(s->plan.ids[item->at]);
        double start = seconds_now();
        TRY(make_tile(s, worker, tile, bytes, err));
        item->seconds = seconds_now() - start;
        item->n_bytes = bytes->n_bytes;
        item->crc = crc32_of(0, bytes->bytes, bytes->n_bytes);
        if (job->archive)
            TRY(archive_put(job->archive, tile, bytes->bytes, bytes->n_bytes, err));
    }
done:
    return code;
}

/* Tiles of one zoom that are not done, evenly spread; returns how many, *n_left of so many. */
static size_t pick_sample(const struct seeder *s, size_t first, size_t end, struct sampled *out,
                          uint64_t *n_left)
{
    size_t n = 0;
    uint64_t seen = 0;
    *n_left = 0;
    for (size_t i = first; i < end; i++)
        *n_left += !is_done(s, i);
    uint64_t wanted = *n_left < SAMPLE_OF_ZOOM ? *n_left : SAMPLE_OF_ZOOM;
    for (size_t i = first; i < end && n < wanted; i++) {
        if (is_done(s, i))
            continue;
        if (seen++ == (2 * n + 1) * *n_left / (2 * wanted))
            out[n++].at = i;
    }
    return n;
}

/* What n sampled tiles of one zoom tell of all of it. The slowest is counted once: the first tile
 * of a zoom places its labels. A content that several have counts once. */
static void add_estimate(const struct sampled *items, size_t n, uint64_t n_left,
                         struct seed_estimate *out)
{
    double seconds = 0, slowest = 0, bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = items[k].crc == items[i].crc && items[k].n_bytes == items[i].n_bytes;
        bytes += again ? 0 : (double)items[i].n_bytes;
        seconds += items[i].seconds;
        slowest = fmax(slowest, items[i].seconds);
    }
    if (n == 0)
        return;
    double each = n > 1 ? (seconds - slowest) / (double)(n - 1) : seconds;
    out->seconds_left += each * (double)(n_left - n);
    out->n_bytes += bytes / (double)n * (double)n_left;
}

/* Marks what the archive has. */
static void look_what_is_done(struct seeder *s, struct archive *archive)
{
    if (!archive || archive_count(archive) == 0)
        return;
    for (size_t i = 0; i < s->plan.n; i++)
        if (archive_has(archive, hilbert_tile(s->plan.ids[i])))
            set_done(s, i);
}

enum err_code seeder_estimate(struct seeder *s, struct archive *archive, struct seed_estimate *out,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct sampled items[SAMPLE_OF_ZOOM * (TILE_ZOOM_MAX + 1)];
    size_t n_of[TILE_ZOOM_MAX + 1] = {0}, n = 0, first = 0;
    uint64_t n_left[TILE_ZOOM_MAX + 1] = {0};
    *out = (struct seed_estimate){.n_threads = s->crew.n};
    look_what_is_done(s, archive);
    out->n_resumed = count_done(s);
    for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++) {
        size_t end = first + s->plan.n_of_zoom[z];
        n_of[z] = pick_sample(s, first, end, items + n, &n_left[z]);
        n += n_of[z];
        first = end;
    }
    struct sampling job = {s, archive, items};
    struct parallel work = {
        .crew = &s->crew, .n_items = n, .chunk = 1, .context = &job, .run = draw_sample};
    TRY(parallel_for(&work, err));
    n = 0;
    for (uint32_t z = 0; z <= TILE_ZOOM_MAX; z++) {
        add_estimate(items + n, n_of[z], n_left[z], out);
        n += n_of[z];
    }
    out->seconds_left /= (double)s->crew.n;
    for (size_t i = 0; archive && i < n; i++)
        set_done(s, items[i].at);
    out->n_done = count_done(s);
done:
    return code;
}

/* ---- all of it ---- */

struct running {
    struct seeder *seeder;
    struct archive *archive;
    const struct seed_listener *listener;
    pthread_mutex_t lock; /* of what follows */
    uint64_t n_done, n_before;
    double started, told;
};

static void tell(struct running *job, uint32_t zoom, uint64_t n)
{
    if (!job->listener)
        return;
    pthread_mutex_lock(&job->lock);
    double now = seconds_now();
    job->n_done += n;
    if (now - job->told > 1e-3 * TELL_EVERY_MS) {
        double rate = (double)(job->n_done - job->n_before) / (now - job->started);
        struct seed_progress progress = {
            .n_done = job->n_done,
            .n_all = job->seeder->plan.n,
            .zoom = zoom,
            .tiles_a_second = rate,
            .seconds_left = (double)(job->seeder->plan.n - job->n_done) / rate,
        };
        job->told = now;
        job->listener->tell(job->listener->context, &progress);
    }
    pthread_mutex_unlock(&job->lock);
}

static enum err_code draw_some(void *context, struct worker *worker, size_t first, size_t end,
                               struct err *err)
{
    struct running *job = context;
    const struct seeder *s = job->seeder;
    enum err_code code = ERR_OK;
    struct buf *bytes = &s->hands[worker - s->crew.workers].bytes;
    uint64_t n = 0;
    for (size_t i = first; i < end; i++) {
        if (is_done(s, i))
            continue;
        struct archive_tile tile = hilbert_tile(s->plan.ids[i]);
        TRY(make_tile(s, worker, tile, bytes, err));
        TRY(archive_put(job->archive, tile, bytes->bytes, bytes->n_bytes, err));
        n++;
    }
    if (n > 0)
        tell(job, hilbert_tile(s->plan.ids[end - 1]).z, n);
done:
    return code;
}

enum err_code seeder_run(struct seeder *s, struct archive *archive,
                         const struct seed_listener *listener, struct err *err)
{
    struct running job = {.seeder = s, .archive = archive, .listener = listener};
    if (pthread_mutex_init(&job.lock, NULL) != 0)
        return err_nomem(err);
    look_what_is_done(s, archive);
    job.n_done = job.n_before = count_done(s);
    job.started = job.told = seconds_now();
    struct parallel work = {.crew = &s->crew,
                            .n_items = s->plan.n,
                            .chunk = TILES_A_STRETCH,
                            .context = &job,
                            .run = draw_some};
    enum err_code code = parallel_for(&work, err);
    pthread_mutex_destroy(&job.lock);
    return code;
}
